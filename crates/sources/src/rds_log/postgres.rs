//! Entries of PostgreSQL: lines with a prefix, csvlog, jsonlog.

use std::borrow::Cow;

use super::entry::{Entry, fill, present};
use super::message;
use super::prefix::{Line, is_severity};
use super::stamp::Stamp;
use crate::fields::json_string;
use crate::json::Value;

const ENGINE: &str = "postgresql";

/// Reads an entry of lines: the first has a prefix; further ones have one, too, and a label, or go on with the text
/// before, behind a tab.
pub(super) fn lines(text: &str) -> Option<Entry<'_>> {
    let mut physical = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let first = Line::of(physical.next()?)?;
    let mut entry = Entry::new(ENGINE, "error", &first.stamp);
    first.who.give(&mut entry);
    let mut parts: Vec<(&str, Cow<'_, str>)> = vec![(first.label, Cow::Borrowed(first.text))];
    for line in physical {
        if let Some(further) = Line::of(line).filter(Line::goes_on) {
            let label = further.label.to_ascii_lowercase();
            if further.stamp.text != first.stamp.text || further.who.differs(&first.who) {
                entry.others.push((Cow::Owned(label + "_prefix"), json_string(further.prefix)));
            } else if further.who.line != first.who.line {
                entry.others.push((Cow::Owned(label + "_line_number"), json_string(further.who.line)));
            }
            parts.push((further.label, Cow::Borrowed(further.text)));
        } else if let Some((_, part)) = parts.last_mut() {
            let part = part.to_mut();
            part.push('\n');
            part.push_str(line.strip_prefix('\t').unwrap_or(line));
        }
    }
    for (label, text) in parts {
        let slot = match label {
            "DETAIL" => &mut entry.detail,
            "HINT" => &mut entry.hint,
            "CONTEXT" => &mut entry.context,
            "STATEMENT" => &mut entry.statement,
            "QUERY" => {
                entry.other("internal_query", &text);
                continue;
            }
            "LOCATION" | "BACKTRACE" => {
                entry.other(if label == "LOCATION" { "location" } else { "backtrace" }, &text);
                continue;
            }
            severity => {
                entry.severity = present(severity);
                let (code, text) = split_code(text);
                entry.code = entry.code.or(code.map(Cow::Owned));
                entry.message = Some(text);
                continue;
            }
        };
        *slot = Some(match slot.take() {
            Some(earlier) => Cow::Owned(format!("{earlier}\n{text}")),
            None => text,
        });
    }
    message::read(&mut entry);
    if first.who.two_places {
        // Whoever chose the names may have chosen the message; what came of it is not said.
        entry.class = None;
    }
    Some(entry)
}

/// `42P01: ` before the message, where the server is verbose.
fn split_code(text: Cow<'_, str>) -> (Option<String>, Cow<'_, str>) {
    let is_code = |code: &str| {
        code.len() == 5
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && code.bytes().any(|b| b.is_ascii_digit())
    };
    match text.split_once(": ").filter(|(code, _)| is_code(code)) {
        Some((code, _)) => (Some(code.to_owned()), message::cut(text, 7).1),
        None => (None, text),
    }
}

/// The columns of csvlog, in order; later versions have more of them.
/// <https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG>
const COLUMNS: [&str; 26] = [
    "timestamp",
    "user",
    "dbname",
    "pid",
    "connection_from",
    "session_id",
    "line_num",
    "ps",
    "session_start",
    "vxid",
    "txid",
    "error_severity",
    "state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_position",
    "context",
    "statement",
    "cursor_position",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
];

/// PostgreSQL 8.4 wrote no name of the application.
const FEWEST: usize = 22;

/// The cells of one row, whatever line breaks stand in its quotes; an open quote ends with the text.
fn cells(text: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::with_capacity(COLUMNS.len());
    let mut rest = text;
    loop {
        let after = match rest.strip_prefix('"') {
            Some(inner) => {
                let (cell, after) = unquoted(inner);
                cells.push(cell);
                after
            }
            None => {
                let end = memchr::memchr(b',', rest.as_bytes()).unwrap_or(rest.len());
                cells.push(Cow::Borrowed(rest.get(..end)?));
                rest.get(end..)?
            }
        };
        if after.is_empty() {
            return Some(cells);
        }
        rest = after.strip_prefix(',')?;
        if cells.len() > COLUMNS.len() {
            return None;
        }
    }
}

/// A cell behind its first quote, and what follows its last one.
fn unquoted(inner: &str) -> (Cow<'_, str>, &str) {
    let mut cell = String::new();
    let mut rest = inner;
    loop {
        let Some((before, after)) = rest.split_once('"') else {
            return (Cow::Owned(cell + rest), "");
        };
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push_str(before);
                cell.push('"');
                rest = more;
            }
            None if cell.is_empty() => return (Cow::Borrowed(before), after),
            None => return (Cow::Owned(cell + before), after),
        }
    }
}

/// Does a line begin like a row of csvlog? The first twelve cells hold no line break, but for names that clients give.
pub(super) fn begins_row(line: &str) -> bool {
    let start = line.strip_prefix('"').unwrap_or(line);
    let Some(stamp) = Stamp::postgres(start) else { return false };
    if !stamp.rest.trim_start_matches('"').starts_with(',') {
        return false;
    }
    cells(line).is_some_and(|cells| is_row(&cells))
}

fn is_row(cells: &[Cow<'_, str>]) -> bool {
    let is = |at: usize, fits: fn(&str) -> bool| cells.get(at).is_some_and(|cell| fits(cell));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is(3, digits)
        && is(5, |session| session.contains('.') && session.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.'))
        && is(6, digits)
        && is(11, is_severity)
}

/// Reads a row of csvlog.
pub(super) fn row(text: &str) -> Result<Entry<'_>, String> {
    let cells = cells(text).ok_or("a row of csvlog has something behind a quote")?;
    if !is_row(&cells) || !(FEWEST..=COLUMNS.len()).contains(&cells.len()) {
        return Err(format!("a row of csvlog has {FEWEST} to {} cells, this has {}", COLUMNS.len(), cells.len()));
    }
    let start = text.strip_prefix('"').unwrap_or(text);
    let stamp = Stamp::postgres(start).ok_or("a row of csvlog begins with a time")?;
    let mut entry = Entry::new(ENGINE, "error", &stamp);
    for (name, cell) in COLUMNS.iter().skip(1).zip(cells.into_iter().skip(1)) {
        member(&mut entry, name, cell);
    }
    entry.unique = true;
    message::read(&mut entry);
    Ok(entry)
}

/// Puts a member of jsonlog, or a cell of csvlog, into its column.
fn member<'a>(entry: &mut Entry<'a>, name: &str, text: Cow<'a, str>) {
    if text.is_empty() {
        return;
    }
    let slot = match name {
        "user" => &mut entry.user,
        "dbname" => &mut entry.database,
        "pid" => &mut entry.connection,
        "remote_host" => &mut entry.host,
        "remote_port" => &mut entry.port,
        "session_id" => &mut entry.session,
        "error_severity" => &mut entry.severity,
        "state_code" => &mut entry.code,
        "message" => &mut entry.message,
        "detail" => &mut entry.detail,
        "hint" => &mut entry.hint,
        "context" => &mut entry.context,
        "statement" => &mut entry.statement,
        "application_name" => &mut entry.application,
        "backend_type" => &mut entry.subsystem,
        "connection_from" => {
            let (host, port) = text.rsplit_once(':').unwrap_or((&text, ""));
            fill(&mut entry.host, host);
            fill(&mut entry.port, port);
            return;
        }
        other => {
            entry.others.push((Cow::Owned(other.to_owned()), json_string(&text)));
            return;
        }
    };
    *slot = Some(text);
}

/// Is it an entry of jsonlog?
pub(super) fn is_json(value: Value<'_>) -> bool {
    let text = |name: &str| value.get(name).and_then(|value| value.text());
    text("error_severity").is_some_and(|severity| is_severity(&severity))
        && value.get("pid").is_some()
        && value.get("session_id").is_some()
        && text("timestamp").is_some_and(|stamp| Stamp::postgres(&stamp).is_some())
}

/// Reads an entry of jsonlog whose time is `stamp`.
pub(super) fn json<'a>(value: Value<'a>, stamp: &'a str) -> Option<Entry<'a>> {
    let stamp = Stamp::postgres(stamp)?;
    let mut entry = Entry::new(ENGINE, "error", &stamp);
    for (name, value) in value.entries().filter(|(name, _)| name != "timestamp") {
        match value.text() {
            Some(text) => member(&mut entry, &name, text),
            None if value.is_null() => {}
            None if matches!(name.as_ref(), "pid" | "remote_port") => {
                member(&mut entry, &name, Cow::Borrowed(value.raw()))
            }
            None => entry.others.push((name, value.raw().to_owned())),
        }
    }
    entry.unique = true;
    message::read(&mut entry);
    Some(entry)
}
