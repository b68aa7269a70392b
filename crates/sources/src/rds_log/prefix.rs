//! What PostgreSQL puts before each line, as `log_line_prefix` says: nothing in the log tells how it was set, and names
//! of users, databases and applications may hold anything. So a line is read by the forms that are known, and where a
//! second place in it would do as well, that is said.
//! <https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX>

use super::entry::{Entry, present};
use super::stamp::Stamp;

/// Words that begin an entry.
const SEVERITIES: [&str; 13] = [
    "LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4",
    "DEBUG5",
];

/// Words that begin a further line of an entry.
const FURTHER: [&str; 7] = ["DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION", "BACKTRACE"];

/// No prefix is longer: three names of 63 bytes, a host, and numbers.
const LONGEST: usize = 1024;

/// So many places of a line are tried.
const TRIED: usize = 16;

pub(super) fn is_severity(word: &str) -> bool {
    SEVERITIES.contains(&word)
}

/// A line that begins with a prefix.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) stamp: Stamp<'a>,
    /// All that stands before the label.
    pub(super) prefix: &'a str,
    pub(super) label: &'a str,
    /// What follows the label and its spaces.
    pub(super) text: &'a str,
    pub(super) who: Who<'a>,
    /// Is the form of the prefix known, and such that nobody else writes it?
    pub(super) known: bool,
}

/// What a prefix says; empty where it says nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Who<'a> {
    host: &'a str,
    port: &'a str,
    user: &'a str,
    database: &'a str,
    application: &'a str,
    pub(super) process: &'a str,
    session: &'a str,
    pub(super) line: &'a str,
    code: &'a str,
    start: &'a str,
    virtual_transaction: &'a str,
    transaction: &'a str,
    others: Vec<&'a str>,
    /// Can the names be cut in two ways?
    ambiguous: bool,
    /// Could the prefix as well end at another place of the line?
    pub(super) two_places: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(line: &'a str) -> Option<Line<'a>> {
        let stamp = Stamp::postgres(line)?;
        let found = if stamp.rest.starts_with(':') { rds(stamp.rest) } else { other(stamp.rest) };
        let Place { start, label, who, known } = found?;
        let after = stamp.rest.get(start + label.len() + 1..)?;
        let text = after.strip_prefix("  ").or_else(|| after.strip_prefix(' ')).unwrap_or(after);
        let prefix = line.get(..stamp.text.len() + start)?;
        // Without the number of a process the words must be those of PostgreSQL.
        let known = known && (!who.process.is_empty() || is_message(text));
        Some(Line { stamp, prefix, label, text, who, known })
    }

    /// Is it a further line of an entry?
    pub(super) fn goes_on(&self) -> bool {
        FURTHER.contains(&self.label)
    }
}

fn is_message(text: &str) -> bool {
    ["duration: ", "parameters: ", "statement: ", "execute ", "connection "].iter().any(|word| text.starts_with(word))
}

/// Where the label of a line stands, and what was before it.
struct Place<'a> {
    start: usize,
    label: &'a str,
    who: Who<'a>,
    known: bool,
}

/// The labels of a line, each with its place: a known word before a colon and a space.
fn labels(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let near = text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b':', near).filter_map(|at| {
        let before = text.get(..at)?;
        let word = before.bytes().rev().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
        let word = before.get(at - word..)?;
        let after = text.as_bytes().get(at + 1);
        if after.is_some_and(|byte| *byte != b' ') {
            return None;
        }
        // The name of an application may stand before it without a space.
        let known = SEVERITIES.iter().chain(&FURTHER).filter(|known| word.ends_with(**known));
        let label = known.max_by_key(|known| known.len())?;
        Some((at - label.len(), before.get(at - label.len()..)?))
    })
}

/// Behind the label stand two spaces; documents often lose one.
fn two_spaces(text: &str, start: usize, label: &str) -> bool {
    text.get(start + label.len() + 1..).is_some_and(|after| after.is_empty() || after.starts_with("  "))
}

/// RDS: `:%r:%u@%d:[%p]:`, and `:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a`.
fn rds(rest: &str) -> Option<Place<'_>> {
    let near = rest.as_bytes().get(..LONGEST).unwrap_or(rest.as_bytes());
    let mut found: Option<Place<'_>> = None;
    for at in memchr::memmem::find_iter(near, b":[").take(TRIED) {
        let Some((process, after)) = rest.get(at + 2..).and_then(|inner| inner.split_once("]:")) else { continue };
        if process.is_empty() || !process.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let Some((start, label, who)) = behind_process(rest, rest.len() - after.len()) else { continue };
        if let Some(first) = &mut found {
            first.who.two_places = true;
            break;
        }
        let who = Who { process, ..who };
        let Some(who) = who.before_process(rest.get(1..at).unwrap_or_default()) else { continue };
        found = Some(Place { start, label, who, known: true });
    }
    found
}

/// What stands from `from` on: the label, or the other fields and then the label.
fn behind_process(rest: &str, from: usize) -> Option<(usize, &str, Who<'_>)> {
    let after = rest.get(from..)?;
    let mut places = labels(after);
    let (start, label) = places.next()?;
    if start == 0 {
        return Some((from, label, Who::default()));
    }
    let (line, more) = after.split_once(':')?;
    let (code, more) = more.split_once(':')?;
    let start_time = Stamp::postgres(more)?;
    let mut fields = start_time.rest.strip_prefix(':')?.splitn(4, ':');
    let (virtual_transaction, transaction, session) = (fields.next()?, fields.next()?, fields.next()?);
    let tail = fields.next()?;
    if !all_digits(line) || code.len() != 5 || !all_digits(transaction) || !is_session(session) {
        return None;
    }
    let tail_at = after.len() - tail.len();
    // Labels before the name of the application are none of the line's.
    let mut behind = labels(tail).filter(|(start, label)| two_spaces(tail, *start, label));
    let (at, label) = behind.next()?;
    let who = Who {
        line,
        code,
        start: start_time.text,
        virtual_transaction,
        transaction,
        session,
        application: tail.get(..at)?,
        two_places: behind.any(|(_, label)| is_severity(label)),
        ..Who::default()
    };
    Some((from + tail_at + at, label, who))
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `5ff26a0c.56`
fn is_session(text: &str) -> bool {
    let hex = |text: &str| !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    text.split_once('.').is_some_and(|(start, process)| hex(start) && hex(process))
}

/// Any other prefix that begins with the time: `[%p] `, `[%p] %u@%d `, `[%p]: [%l-1] user=%u,db=%d,app=%a,client=%h `.
fn other(rest: &str) -> Option<Place<'_>> {
    let mut found: Option<Place<'_>> = None;
    let mut first = None;
    for (start, label) in labels(rest).take(TRIED) {
        let glued = rest.get(..start).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric()));
        if glued {
            continue;
        }
        first = first.or(Some((start, label)));
        let Some(who) = rest.get(..start).and_then(Who::of) else { continue };
        if let Some(found) = &mut found {
            found.who.two_places = true;
            break;
        }
        found = Some(Place { start, label, who, known: two_spaces(rest, start, label) });
    }
    found.or_else(|| {
        let (start, label) = first.filter(|(start, label)| two_spaces(rest, *start, label))?;
        let others = vec![rest.get(..start)?.trim()];
        Some(Place { start, label, who: Who { others, ..Who::default() }, known: false })
    })
}

/// The names under which prefixes put what they say.
const KEYS: [&str; 14] = [
    "user",
    "usr",
    "db",
    "database",
    "app",
    "appli",
    "application",
    "client",
    "host",
    "remote",
    "pid",
    "trx_id",
    "xid",
    "session",
];

/// The name with which a text begins, before `=`.
fn key(text: &str) -> Option<&'static str> {
    KEYS.iter().copied().find(|key| text.strip_prefix(key).is_some_and(|after| after.starts_with('=')))
}

impl<'a> Who<'a> {
    /// What stands before the process on RDS: `%r:%u@%d`.
    fn before_process(mut self, text: &'a str) -> Option<Who<'a>> {
        let (remote, names) = split_remote(text)?;
        self.set_remote(remote);
        self.set_names(names)?;
        Some(self)
    }

    fn set_remote(&mut self, remote: &'a str) {
        let port = remote.strip_suffix(')').and_then(|inner| inner.rsplit_once('('));
        (self.host, self.port) = port.filter(|(_, port)| all_digits(port)).unwrap_or((remote, ""));
    }

    /// `user@database`; both may hold an `@`.
    fn set_names(&mut self, names: &'a str) -> Option<()> {
        (self.user, self.database) = names.rsplit_once('@')?;
        self.ambiguous |= self.user.contains('@');
        Some(())
    }

    /// Reads what stands between the time and the label; none where it is of no known form.
    fn of(text: &'a str) -> Option<Who<'a>> {
        let mut who = Who::default();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches([' ', ':', '-']);
            if rest.is_empty() {
                return Some(who);
            }
            rest = match rest.strip_prefix('[') {
                Some(inner) => {
                    let numbered = matches!(key(inner), Some("trx_id" | "xid" | "pid") | None);
                    let end = if numbered { inner.find(']')? } else { inner.rfind(']')? };
                    who.bracket(inner.get(..end)?)?;
                    inner.get(end + 1..)?
                }
                None if key(rest).is_some() => {
                    let (pairs, code) = rest.trim_end().rsplit_once(" - PG-").unwrap_or((rest, ""));
                    who.code = code;
                    who.pairs(pairs.trim_end())?;
                    ""
                }
                None if rest.starts_with('(') => {
                    let end = rest.find(')')?;
                    who.others.push(rest.get(1..end)?);
                    rest.get(end + 1..)?
                }
                None => {
                    let end = rest.find(" (").unwrap_or(rest.trim_end().len());
                    who.set_names(rest.get(..end)?)?;
                    rest.get(end..)?
                }
            };
        }
    }

    /// `[1234]`, `[1234-5]`, `[5-1]` behind the process, `[5ff26a0c.56]`, `[user=…,db=…]`.
    fn bracket(&mut self, text: &'a str) -> Option<()> {
        if key(text).is_some() {
            return self.pairs(text);
        }
        let slot = match text.split_once('-') {
            Some((process, line)) if all_digits(process) && all_digits(line) => {
                if self.process.is_empty() {
                    self.process = process;
                    self.line = line;
                    return Some(());
                }
                self.line = text;
                return Some(());
            }
            Some(_) => return None,
            None if text.is_empty() => return Some(()),
            None if is_session(text) => &mut self.session,
            None if !all_digits(text) => return None,
            None if self.process.is_empty() => &mut self.process,
            None => &mut self.transaction,
        };
        *slot = text;
        Some(())
    }

    /// `user=…,db=…`: a value ends where the next known name begins.
    fn pairs(&mut self, text: &'a str) -> Option<()> {
        let mut rest = text;
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let name = key(rest)?;
            let value = rest.get(name.len() + 1..)?;
            let next = value
                .match_indices(',')
                .map(|(at, _)| at)
                .find(|at| value.get(at + 1..).is_some_and(|after| key(after).is_some()));
            let (value, more) = next.and_then(|at| value.split_at_checked(at)).unwrap_or((value, ""));
            self.ambiguous |= seen.contains(&name);
            seen.push(name);
            match name {
                "user" | "usr" => self.user = value,
                "db" | "database" => self.database = value,
                "app" | "appli" | "application" => self.application = value,
                "client" | "host" | "remote" => self.set_remote(value),
                "pid" => self.process = value,
                "session" => self.session = value,
                _ => self.transaction = value,
            }
            match more.strip_prefix(',') {
                Some(more) => rest = more,
                None => return Some(()),
            }
        }
    }

    /// Does it say anything else, but for the number of the line?
    pub(super) fn differs(&self, other: &Who<'_>) -> bool {
        Who { line: "", two_places: false, ..self.clone() } != Who { line: "", two_places: false, ..other.clone() }
    }

    /// Puts it into the columns.
    pub(super) fn give(&self, entry: &mut Entry<'a>) {
        entry.host = present(self.host);
        entry.port = present(self.port);
        entry.user = present(self.user);
        entry.database = present(self.database);
        entry.application = present(self.application);
        entry.connection = present(self.process);
        entry.session = present(self.session);
        entry.code = present(self.code);
        entry.other("line_number", self.line);
        entry.other("session_start", self.start);
        entry.other("virtual_transaction_id", self.virtual_transaction);
        entry.other("transaction_id", self.transaction);
        self.others.iter().for_each(|text| entry.other("prefix", text));
        entry.unique = !self.session.is_empty() && !self.line.is_empty();
        entry.ambiguous = self.ambiguous || self.two_places;
    }
}

/// The client, which the server writes, and the names behind it: `192.0.2.1(5432):…`, `2001:db8::1(5432):…`,
/// `[local]:…`, `192.0.2.1:…`, or nothing.
fn split_remote(text: &str) -> Option<(&str, &str)> {
    let host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'_' | b'%');
    let length = text.bytes().take_while(|b| host(*b)).count();
    if let Some((port, _)) = text.get(length..)?.strip_prefix('(').and_then(|inner| inner.split_once("):"))
        && all_digits(port)
    {
        let end = length + 1 + port.len() + 1;
        return Some((text.get(..end)?, text.get(end + 1..)?));
    }
    if let Some(names) = text.strip_prefix("[local]:") {
        return Some(("[local]", names));
    }
    text.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, String)> {
        let line = Line::of(line)?;
        let who = &line.who;
        let parts = [who.host, who.port, who.user, who.database, who.application, who.process, who.line];
        let mark = if who.ambiguous || who.two_places { "?" } else { "" };
        Some((format!("{}{mark}", parts.join("|")), format!("{}|{}", line.label, line.text)))
    }

    fn same(line: &str, who: &str, rest: &str) {
        assert_eq!(read(line), Some((who.to_owned(), rest.to_owned())), "{line}");
    }

    const T: &str = "2026-04-09 04:31:43 UTC";

    #[test]
    fn prefixes_of_rds() {
        same(&format!("{T}:192.0.2.1(5432):u@d:[12]:LOG:  m"), "192.0.2.1|5432|u|d||12|", "LOG|m");
        same(&format!("{T}:2001:db8::1(5432):u@d:[12]:LOG: m"), "2001:db8::1|5432|u|d||12|", "LOG|m");
        same(&format!("{T}:[local]:u@d:[12]:FATAL:  m"), "[local]||u|d||12|", "FATAL|m");
        same(&format!("{T}::@:[12]:LOG:  m"), "|||||12|", "LOG|m");
        let new = format!("{T}:192.0.2.1(5):u@d:[12]:3:42P01:{T}:4/5:0:6612d5ff.c:psqlERROR:  m");
        same(&new, "192.0.2.1|5|u|d|psql|12|3", "ERROR|m");
        same(&format!("{T}::@:[12]:3:00000:{T}::0:6612d5ff.c:LOG:  m"), "|||||12|3", "LOG|m");
    }

    #[test]
    fn other_prefixes() {
        same(&format!("{T} [12] LOG:  m"), "|||||12|", "LOG|m");
        same(&format!("{T} [12] u@d STATEMENT:  m"), "||u|d||12|", "STATEMENT|m");
        same(&format!("{T} [12-3] u@d LOG:  m"), "||u|d||12|3", "LOG|m");
        same(&format!("{T} [12]: [3-1] [0] usr=u,db=d,appli=a b LOG:  m"), "||u|d|a b|12|3-1", "LOG|m");
        same(
            &format!("{T} [12]: db=d,user=u,app=[unknown],client=[local] LOG:  m"),
            "[local]||u|d|[unknown]|12|",
            "LOG|m",
        );
        same(&format!("{T} [12] [user=u,db=d,app=x[0 of 5]] LOG:  m"), "||u|d|x[0 of 5]|12|", "LOG|m");
        same(&format!("{T} [12]: [3-1] user=u,db=d - PG-57014 ERROR:  m"), "||u|d||12|3-1", "ERROR|m");
        same(
            &format!("{T} [12]: [4-1] [trx_id=0] user=[unknown],db=[unknown] LOG:  m"),
            "||[unknown]|[unknown]||12|4-1",
            "LOG|m",
        );
        same(&format!("{T} LOG:  duration: 1 ms"), "||||||", "LOG|duration: 1 ms");
    }

    #[test]
    fn what_can_be_read_in_two_ways_says_so() {
        same(
            &format!("{T}:192.0.2.1(5):a@b:[1]:LOG:  x@d:[12]:FATAL:  m"),
            "192.0.2.1|5|a|b||1|?",
            "LOG|x@d:[12]:FATAL:  m",
        );
        same(&format!("{T}:192.0.2.1(5):a@b@d:[12]:FATAL:  m"), "192.0.2.1|5|a@b|d||12|?", "FATAL|m");
        same(&format!("{T} [12] [user=u,db=d,app=a] LOG:  x] FATAL:  m"), "||u|d|a|12|?", "LOG|x] FATAL:  m");
        same(&format!("{T} [12] user=u,db=d,user=v LOG:  m"), "||v|d||12|?", "LOG|m");
        same(&format!("{T}:192.0.2.1(5):u:[x@d:[12]:LOG:  m"), "192.0.2.1|5|u:[x|d||12|", "LOG|m");
    }

    #[test]
    fn other_logs_have_no_such_prefix() {
        for line in ["2026-04-09 04:31:43 [12] LOG:  m", "2026-04-09 04:31:43 UTC [main] INFO  app", "\tLOG:  m", ""] {
            assert_eq!(read(line), None, "{line}");
        }
        let known = |line: &str| Line::of(line).is_some_and(|line| line.known);
        assert!(!known(&format!("{T} [12] ERROR: one space")) && !known(&format!("{T} ERROR:  of somebody")));
        assert!(!known(&format!("{T} [worker] ERROR:  of somebody")));
    }
}
