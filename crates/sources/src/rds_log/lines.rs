//! Where entries begin, of whichever log.

use super::prefix::Line;
use super::stamp::Stamp;
use super::{mysql, oracle, postgres, sql_server};
use crate::framing::Entries;

/// So much of a line is looked at to tell.
const LOOKED_AT: usize = 4 << 10;

/// What the entry at hand is, as far as it tells what belongs to it.
#[derive(Default)]
enum Entry {
    #[default]
    Other,
    /// Lines of PostgreSQL, of this process.
    Process(String),
    /// A row of csvlog; is a quote open?
    Row(bool),
    /// SQL Server's numbers of an error, which the next line says in words: what that line begins with.
    Numbers(String),
}

#[derive(Default)]
pub(super) struct Lines {
    entry: Entry,
}

pub(super) fn near(line: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(line.get(..LOOKED_AT).unwrap_or(line))
}

/// Is it a further line of PostgreSQL, which has a prefix of its own?
pub(super) fn is_further(line: &str) -> bool {
    Line::of(line).is_some_and(|line| line.goes_on() && line.known)
}

/// The last line that RDS shows of a log.
pub(super) fn is_end(line: &str) -> bool {
    line.trim().trim_matches('-').trim() == "END OF LOG" && line.contains("-----")
}

/// Does a row of csvlog begin here, by its time alone? Names that follow may hold line breaks, in quotes.
fn is_row(line: &str) -> bool {
    let stamp = Stamp::postgres(line.strip_prefix('"').unwrap_or(line));
    stamp.is_some_and(|stamp| stamp.rest.starts_with(',') || stamp.rest.starts_with("\","))
}

/// Is the line such that only one of these logs has it?
pub(super) fn is_known(line: &str) -> bool {
    Line::of(line).is_some_and(|line| line.known)
        || postgres::begins_row(line)
        || mysql::Line::of(line).is_some_and(|line| line.known)
        || sql_server::Line::of(line).is_some_and(|line| line.known)
        || sql_server::AgentLine::of(line).is_some()
        || oracle::listener_stamp(line).is_some()
}

impl Entries for Lines {
    fn begins(&self, line: &[u8], alone: bool) -> bool {
        let line = near(line);
        if let Some(line) = Line::of(&line) {
            let same = matches!(&self.entry, Entry::Process(process) if process == line.who.process);
            return alone || !(same && line.goes_on());
        }
        if let Some(line_of) = sql_server::Line::of(&line) {
            let second = matches!(&self.entry, Entry::Numbers(head) if line.starts_with(head.as_str()));
            return alone || !second || line_of.head(&line).is_some();
        }
        alone
            || is_row(&line)
            || mysql::Line::of(&line).is_some()
            || sql_server::AgentLine::of(&line).is_some()
            || oracle::listener_stamp(&line).is_some()
            || oracle::alert_stamp(&line).is_some()
            || is_end(&line)
    }

    fn open(&mut self, line: &[u8], first: bool) -> bool {
        let quotes = || memchr::memchr_iter(b'"', line).count() % 2 == 1;
        if !first {
            if let Entry::Row(open) = &mut self.entry {
                *open ^= quotes();
                return *open;
            }
            if matches!(self.entry, Entry::Numbers(_)) {
                self.entry = Entry::Other;
            }
            return false;
        }
        let text = near(line);
        self.entry = if is_row(&text) {
            Entry::Row(quotes())
        } else if let Some(line) = Line::of(&text) {
            Entry::Process(line.who.process.to_owned())
        } else if let Some(head) = sql_server::Line::of(&text).and_then(|line| line.head(&text)) {
            Entry::Numbers(head)
        } else {
            Entry::Other
        };
        matches!(self.entry, Entry::Row(true))
    }
}
