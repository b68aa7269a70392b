//! What the messages of PostgreSQL say about who did what.

use std::borrow::Cow;

use super::entry::{Entry, fill, operation};
use crate::error_class::class;

/// A text cut in two.
pub(super) fn cut(text: Cow<'_, str>, at: usize) -> (Cow<'_, str>, Cow<'_, str>) {
    match text {
        Cow::Borrowed(text) => {
            let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
            (Cow::Borrowed(before), Cow::Borrowed(after))
        }
        Cow::Owned(text) => {
            let (before, after) = text.split_at_checked(at).unwrap_or((&text, ""));
            (Cow::Owned(before.to_owned()), Cow::Owned(after.to_owned()))
        }
    }
}

/// Reads the message of an entry into the other columns.
pub(super) fn read(entry: &mut Entry<'_>) {
    let Some(message) = entry.message.take() else { return };
    match entry.severity.as_deref() {
        Some("ERROR" | "FATAL" | "PANIC") => failed(entry, &message),
        Some("LOG") => {
            logged(entry, message);
            return;
        }
        _ => {}
    }
    entry.message = Some(message);
}

/// What the server tells because it was told to.
fn logged<'a>(entry: &mut Entry<'a>, message: Cow<'a, str>) {
    if let Some(audit) = message.strip_prefix("AUDIT: ").or_else(|| message.strip_prefix("AUDIT:\n")) {
        let behind = audited(entry, audit).unwrap_or_default();
        let end = message.len() - behind;
        entry.message = Some(cut(message, end).0);
        return;
    } else if let Some(at) = statement_at(entry, &message) {
        let (before, statement) = cut(message, at);
        let name = before.trim_end().strip_suffix(':').map_or(before.len(), str::len);
        entry.message = Some(cut(before, name).0);
        if let Some(other) = entry.statement.replace(statement) {
            entry.other("statement", &other);
        }
        entry.operation = Some(operation::QUERY);
        return;
    } else if message.starts_with("connection received: ") {
        entry.operation = Some(operation::RECEIVED);
        fill_pairs(entry, &message);
    } else if message.starts_with("connection authorized: ")
        || message.starts_with("replication connection authorized: ")
    {
        entry.logged_in();
        fill_pairs(entry, &message);
    } else if message.starts_with("disconnection: ") {
        entry.operation = Some(operation::DISCONNECT);
        fill_pairs(entry, &message);
    }
    entry.message = Some(message);
}

/// Where the statement begins, behind `statement: `, `execute name: ` and their kin, which may stand behind a duration.
fn statement_at(entry: &mut Entry<'_>, message: &str) -> Option<usize> {
    let mut from = 0;
    if let Some(rest) = message.strip_prefix("duration: ") {
        let (millis, rest) = rest.split_once(" ms")?;
        // Read as it is written, so that no digit changes.
        let digits = !millis.is_empty() && millis.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if let (true, Ok(seconds)) = (digits, format!("{millis}e-3").parse()) {
            entry.duration = Some(seconds);
        }
        from = message.len() - rest.trim_start().len();
    }
    let rest = message.get(from..)?;
    if rest.starts_with("statement: ") {
        return Some(from + 11);
    }
    if rest.starts_with("plan:") {
        // auto_explain: `Query Text: …` stands in the plan, with the plan behind it.
        return None;
    }
    let named = ["parse ", "bind ", "execute ", "execute fetch from "].iter().any(|word| rest.starts_with(word));
    let name = rest.find(": ").filter(|_| named)?;
    Some(from + name + 2)
}

/// The members of a message: `user=a database=b application_name=c`. Nothing is taken that has a column already: what
/// the prefix says is better.
fn fill_pairs(entry: &mut Entry<'_>, message: &str) {
    const NAMES: [&str; 6] = [" user=", " database=", " application_name=", " host=", " port=", " SSL "];
    // A name that stands there twice was written by the client.
    let starts: Vec<usize> = NAMES.iter().flat_map(|name| message.match_indices(name).map(|(at, _)| at)).collect();
    let twice = NAMES.iter().any(|name| message.matches(name).count() > 1);
    let value = |name: &str| {
        let at = message.find(name).filter(|_| !twice)? + name.len();
        let end = starts.iter().copied().filter(|start| *start >= at).min().unwrap_or(message.len());
        message.get(at..end)
    };
    let slots = [&mut entry.user, &mut entry.database, &mut entry.application, &mut entry.host, &mut entry.port];
    for (slot, name) in slots.into_iter().zip(NAMES) {
        let unknown = slot.as_deref().is_some_and(|text| text == "[unknown]");
        if let Some(value) = value(name) {
            if unknown {
                *slot = None;
            }
            fill(slot, value);
        }
    }
}

/// Why nobody came in.
const REFUSALS: [&str; 9] = [
    "password authentication failed",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "no password supplied",
    "role \"",
    "database \"",
    "permission denied for database",
    "too many connections",
    "remaining connection slots",
];

fn failed(entry: &mut Entry<'_>, message: &str) {
    let fatal = entry.severity.as_deref() == Some("FATAL");
    let code = entry.code.as_deref().unwrap_or_default();
    let refused = REFUSALS.iter().take(6).any(|text| message.starts_with(text))
        || message.contains("authentication failed for user ");
    if code.starts_with("28") || fatal && (refused || matches!(code, "3D000")) {
        entry.login_failed();
        refused_names(entry, message);
        return;
    }
    let denied = code == "42501" || message.starts_with("permission denied") || message.starts_with("must be ");
    entry.class = Some(if denied { class::DENIED } else { class::OTHER });
    if fatal && REFUSALS.iter().skip(6).any(|text| message.starts_with(text)) {
        entry.operation = Some(operation::FAILED_CONNECT);
    } else if entry.statement.is_some() {
        entry.operation = Some(operation::QUERY);
    }
}

/// `… for user "root"`, `no pg_hba.conf entry for host "192.0.2.1", user "root", database "app", SSL off`. What the
/// names hold may look like the rest: they are read from both ends, and only where the prefix says nothing.
fn refused_names(entry: &mut Entry<'_>, message: &str) {
    if let Some(rest) = message.split_once(" for host \"").map(|(_, rest)| rest) {
        let Some((host, rest)) = rest.split_once("\", user \"") else { return };
        let Some((user, rest)) = rest.rsplit_once("\", database \"") else { return };
        fill(&mut entry.host, host);
        fill(&mut entry.user, user);
        fill(&mut entry.database, rest.rsplit_once('"').map_or(rest, |(database, _)| database));
    } else if let Some((_, user)) = message.split_once(" for user \"") {
        fill(&mut entry.user, user.rsplit_once('"').map_or(user, |(user, _)| user));
    }
}

/// `SESSION,1,1,READ,SELECT,TABLE,public.t,"select * from t",<none>`: cells as in CSV. How long is what begins with the
/// statement? None where it is of another form.
/// <https://github.com/pgaudit/pgaudit/blob/main/README.md#format>
fn audited(entry: &mut Entry<'_>, audit: &str) -> Option<usize> {
    let mut cells = Cells(Some(audit));
    let mut next = || cells.next().unwrap_or_default();
    let kind = next();
    if !matches!(kind.as_str(), "SESSION" | "OBJECT") {
        return None;
    }
    let owned = |text: String| (!text.is_empty()).then_some(Cow::Owned(text));
    let (number, part) = (next(), next());
    entry.audit.kind = owned(kind);
    entry.audit.class = owned(next());
    entry.audit.command = owned(next());
    entry.audit.object_type = owned(next());
    entry.audit.object = owned(next());
    let behind = cells.0.map(|rest| rest.len() + 1);
    let (statement, parameters) = (cells.next().unwrap_or_default(), cells.0.unwrap_or_default());
    if !statement.is_empty() {
        entry.statement = Some(Cow::Owned(statement));
    }
    for (name, text) in
        [("audit_statement_id", &*number), ("audit_substatement_id", &part), ("audit_parameters", parameters)]
    {
        entry.other(name, text);
    }
    entry.operation = Some(operation::QUERY);
    behind
}

struct Cells<'a>(Option<&'a str>);

impl Iterator for Cells<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let rest = self.0?;
        let mut cell = String::new();
        let mut chars = rest.char_indices().peekable();
        let mut quoted = false;
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    cell.push('"');
                    chars.next();
                }
                '"' if quoted || cell.is_empty() => quoted = !quoted,
                ',' if !quoted => {
                    self.0 = rest.get(at + 1..);
                    return Some(cell);
                }
                c => cell.push(c),
            }
        }
        self.0 = None;
        Some(cell)
    }
}
