//! The error log of MySQL and MariaDB. All texts stand in it as they came, line breaks included.
//! <https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html>

use std::borrow::Cow;

use super::entry::{Entry, fill, operation, present};
use super::stamp::Stamp;
use crate::error_class::class;

const LABELS: [&str; 5] = ["System", "Note", "Warning", "ERROR", "Error"];

/// A line that begins an entry.
pub(super) struct Line<'a> {
    stamp: Stamp<'a>,
    thread: &'a str,
    severity: &'a str,
    code: &'a str,
    subsystem: &'a str,
    text: &'a str,
    /// Is it such that nobody else writes it?
    pub(super) known: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(line: &'a str) -> Option<Line<'a>> {
        let threaded = Stamp::iso(line).or_else(|| Stamp::plain(line)).and_then(Line::threaded);
        threaded.or_else(|| Stamp::short(line).and_then(Line::short))
    }

    /// From 5.6 on the number of the thread stands behind the time: `0 [Note] …`, `0x2b76b6e68700InnoDB: …`.
    fn threaded(stamp: Stamp<'a>) -> Option<Line<'a>> {
        let rest = stamp.rest.strip_prefix(' ')?;
        let hex = rest.strip_prefix("0x").map_or(0, |hex| {
            let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
            if digits >= 8 { digits + 2 } else { 0 }
        });
        let length = if hex > 0 { hex } else { rest.bytes().take_while(u8::is_ascii_alphanumeric).count() };
        let (thread, rest) = rest.split_at_checked(length)?;
        let number = thread.bytes().all(|b| b.is_ascii_digit());
        let old_hex = thread.bytes().all(|b| b.is_ascii_hexdigit()) && rest.starts_with(" InnoDB: ");
        if thread.is_empty() || hex == 0 && !number && !old_hex {
            return None;
        }
        let mut line = Line { stamp, thread, severity: "", code: "", subsystem: "", text: "", known: false };
        line.labels(rest.trim_start_matches(' '));
        // Where the thread is written as a number only labels tell that it is this log.
        line.known = !line.severity.is_empty();
        (line.known || hex > 0 || old_hex).then_some(line)
    }

    /// Before: `[Note] …`, `InnoDB: …`, `mysqld_safe …`.
    fn short(stamp: Stamp<'a>) -> Option<Line<'a>> {
        let rest = stamp.rest.strip_prefix(' ')?.trim_start_matches(' ');
        let mut line = Line { stamp, thread: "", severity: "", code: "", subsystem: "", text: "", known: false };
        line.labels(rest);
        line.known = !line.severity.is_empty() || rest.starts_with("InnoDB: ") || rest.starts_with("mysqld_safe ");
        // What has tabs and numbers there is an entry of a general log.
        (!rest.starts_with(|c: char| c.is_ascii_digit() || c == '\t')).then_some(line)
    }

    /// `[Note] [MY-010116] [Server] ` before the message.
    fn labels(&mut self, rest: &'a str) {
        self.text = rest;
        let bracket = |rest: &'a str| rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        let Some((label, after)) = bracket(rest).filter(|(label, _)| LABELS.contains(label)) else { return };
        (self.severity, self.text) = (label, after.trim_start_matches(' '));
        let code = bracket(self.text).filter(|(code, _)| {
            code.strip_prefix("MY-")
                .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()))
        });
        let Some((code, after)) = code else { return };
        (self.code, self.text) = (code, after.trim_start_matches(' '));
        if let Some((subsystem, after)) = bracket(self.text) {
            (self.subsystem, self.text) = (subsystem, after.trim_start_matches(' '));
        }
    }
}

/// Reads an entry; its further lines belong to the message.
pub(super) fn entry(text: &str) -> Option<Entry<'_>> {
    let first = text.split('\n').next()?.trim_end_matches('\r');
    let line = Line::of(first)?;
    let mut entry = Entry::new("mysql", "error", &line.stamp);
    // The message begins in the first line, and goes on behind it.
    let message = text.get(first.len() - line.text.len()..)?;
    entry.severity = present(line.severity);
    entry.code = present(line.code);
    entry.subsystem = present(line.subsystem);
    if line.thread.bytes().all(|b| b.is_ascii_digit()) {
        // 0 is no connection.
        entry.connection = present(line.thread).filter(|thread| thread != "0");
    } else {
        entry.other("thread", line.thread);
    }
    told(&mut entry, message);
    entry.message = Some(Cow::Borrowed(message));
    Some(entry)
}

/// What a message says about a client. Names may hold anything; so they are read from both ends of the server's words.
fn told(entry: &mut Entry<'_>, message: &str) {
    let between = |text: &str, from: &str, to: &str| {
        let (_, rest) = text.split_once(from)?;
        rest.rsplit_once(to).map(|(inner, _)| inner.to_owned())
    };
    if let Some(rest) = message.strip_prefix("Access denied for user '") {
        entry.login_failed();
        let who = rest.rsplit_once(" (using password").map_or(rest, |(who, _)| who);
        let (who, database) = who.rsplit_once("' to database '").map_or((who, ""), |(who, name)| (who, name));
        let (user, host) = who.rsplit_once("'@'").unwrap_or((who, ""));
        fill(&mut entry.user, user);
        fill(&mut entry.host, host.trim_end_matches('\''));
        fill(&mut entry.database, database.trim_end_matches('\''));
    } else if message.starts_with("Aborted connection ") {
        (entry.operation, entry.class) = (Some(operation::DISCONNECT), Some(class::OTHER));
        for (slot, from, to) in [
            (&mut entry.database, " db: '", "' user: '"),
            (&mut entry.user, "' user: '", "' host: '"),
            (&mut entry.host, "' host: '", "' ("),
        ] {
            fill(slot, &between(message, from, to).unwrap_or_default());
        }
        if let Some(number) = message.get(19..).and_then(|rest| rest.split(' ').next()) {
            let number = number.bytes().all(|b| b.is_ascii_digit()).then_some(number);
            fill(&mut entry.connection, number.unwrap_or_default());
        }
    } else if matches!(entry.severity.as_deref(), Some("ERROR" | "Error")) {
        entry.class = Some(class::OTHER);
    }
    if let Some((_, rest)) = message.split_once("Error_code: ") {
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
        fill(&mut entry.code, rest.get(..length).unwrap_or_default());
    }
}
