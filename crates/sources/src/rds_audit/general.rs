//! MySQL's general log: what each connection asked, as it came in, before it was even parsed.
//! <https://dev.mysql.com/doc/refman/8.4/en/query-log.html>

use std::borrow::Cow;

use super::Entry;
use crate::framing::Entries;
use crate::source::{Reject, shown};
use crate::sql_text::{self, Inside};
use crate::time;

/// What a client can ask of the server.
const COMMANDS: [&str; 35] = [
    "Sleep",
    "Quit",
    "Init DB",
    "Query",
    "Field List",
    "Create DB",
    "Drop DB",
    "Refresh",
    "Shutdown",
    "Statistics",
    "Processlist",
    "Connect Out",
    "Connect",
    "Kill",
    "Debug",
    "Ping",
    "Time",
    "Delayed insert",
    "Change user",
    "Binlog Dump GTID",
    "Binlog Dump",
    "Table Dump",
    "Register Slave",
    "Register Replica",
    "Prepare",
    "Execute",
    "Long Data",
    "Close stmt",
    "Reset stmt",
    "Set option",
    "Fetch",
    "Daemon",
    "Reset Connection",
    "clone",
    "Error",
];

/// The parts of a line that begins an entry.
struct Line<'a> {
    /// Empty where it is that of the entry before.
    stamp: &'a str,
    connection: &'a str,
    command: &'static str,
    argument: &'a str,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Option<Line<'a>> {
        let (stamp, rest) = stamp_of(line);
        let indented = rest.starts_with(char::is_whitespace);
        let rest = rest.trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (connection, rest) = rest.split_at_checked(digits).filter(|_| indented && (1..=20).contains(&digits))?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']);
        let command = COMMANDS.iter().find(|command| {
            let after = rest.strip_prefix(**command);
            after.is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
        })?;
        let argument = rest.get(command.len()..).unwrap_or_default().trim_matches([' ', '\t']);
        Some(Line { stamp, connection, command, argument })
    }
}

/// The time that begins a line, and what follows it. `2026-04-09T04:31:43.123456Z`, `260409  4:31:43`, or none.
fn stamp_of(line: &str) -> (&str, &str) {
    let end = line.find('\t').or_else(|| line.find("  ").filter(|at| *at > 6)).unwrap_or_default();
    let old = |text: &str| {
        let (day, clock) = text.split_once(' ').unwrap_or_default();
        day.len() == 6 && day.bytes().all(|b| b.is_ascii_digit()) && clock.trim().split(':').count() == 3
    };
    for end in [end, 15, 27, 20, 32, 25] {
        if let Some((stamp, rest)) = line.split_at_checked(end)
            && (time::iso(stamp.trim_end()).is_some() || old(stamp.trim_end()))
        {
            return (stamp.trim_end(), rest);
        }
    }
    ("", line)
}

pub(super) fn looks_like_one(line: &str) -> bool {
    Line::of(line).is_some_and(|line| !line.stamp.is_empty())
}

/// An entry begins with the number of a connection and a command; but not inside of a quote or comment.
#[derive(Default)]
pub(super) struct Lines {
    going: bool,
    inside: Inside,
}

impl Lines {
    /// Is the entry at hand one of a general log?
    pub(super) fn is_going(&self) -> bool {
        self.going
    }

    /// The entry at hand is none.
    pub(super) fn rest(&mut self) {
        self.going = false;
    }
}

impl Entries for Lines {
    fn begins(&self, line: &[u8], _alone: bool) -> bool {
        let line = String::from_utf8_lossy(line);
        Line::of(&line).is_some() || sql_text::begins_file(&line)
    }

    fn open(&mut self, line: &[u8], first: bool) -> bool {
        let text = String::from_utf8_lossy(line);
        if first {
            self.going = true;
            let argument = Line::of(&text).filter(|line| matches!(line.command, "Query" | "Prepare" | "Execute"));
            self.inside = argument.map_or(Inside::Nothing, |line| Inside::Nothing.over(line.argument.as_bytes()));
        } else {
            self.inside = self.inside.over(line);
        }
        self.inside != Inside::Nothing
    }
}

/// What is known from the entries before.
#[derive(Default)]
pub(super) struct State {
    time: Option<i64>,
}

impl State {
    /// Reads an entry; its time is that of the entry before, where it has none.
    pub(super) fn entry<'a>(&mut self, text: &'a str) -> Result<(Entry<'a>, Option<i64>), Reject> {
        let (first, more) = text.split_once('\n').unwrap_or((text, ""));
        let Some(line) = Line::of(first.trim_end_matches('\r')) else {
            return Err(Reject::new(format!("no entry of an audit log or general log: {}", shown(text))));
        };
        if !line.stamp.is_empty() {
            self.time = instant(line.stamp);
        }
        let argument = match more {
            "" => Cow::Borrowed(line.argument),
            more => Cow::Owned(format!("{}\n{more}", line.argument)),
        };
        let mut entry = Entry {
            log_type: "general",
            stamp: line.stamp,
            connection: Some(line.connection),
            operation: line.command,
            ..Entry::default()
        };
        match line.command {
            "Connect" => connected(&argument, &mut entry),
            "Init DB" | "Create DB" | "Drop DB" => entry.database = Some(argument),
            _ if argument.is_empty() => {}
            _ => entry.statement = Some(argument),
        }
        Ok((entry, self.time))
    }
}

/// `root@localhost on db1 using TCP/IP`, or `Access denied for user 'x'@'y' (using password: NO)`.
fn connected(argument: &str, entry: &mut Entry<'_>) {
    let own = |text: &str| (!text.is_empty()).then(|| Cow::Owned(text.to_owned()));
    if let Some(denied) = argument.strip_prefix("Access denied for user '") {
        let (who, _) = denied.rsplit_once(" (using").unwrap_or((denied, ""));
        let (user, host) = who.rsplit_once("'@'").unwrap_or((who, ""));
        (entry.user, entry.host) = (own(user), own(host.trim_end_matches('\'')));
        entry.class = Some(crate::error_class::class::LOGIN_FAILED);
        entry.statement = own(argument);
        return;
    }
    // The name of the user may hold anything; the rest is the server's.
    let (who, using) = argument.rsplit_once(" using ").unwrap_or((argument, ""));
    let (who, database) =
        who.rsplit_once(" on ").or_else(|| who.strip_suffix(" on").map(|who| (who, ""))).unwrap_or((who, ""));
    let (who, _anonymous) = who.rsplit_once(" as ").unwrap_or((who, ""));
    let (user, host) = who.rsplit_once('@').unwrap_or((who, ""));
    (entry.user, entry.host, entry.database) = (own(user), own(host.trim()), own(database.trim()));
    entry.connection_type = COMMON.iter().copied().find(|kind| *kind == using);
    entry.class = Some(crate::error_class::class::SUCCESS);
    entry.statement = own(argument);
}

const COMMON: [&str; 5] = ["TCP/IP", "Socket", "SSL/TLS", "Named Pipe", "Shared Memory"];

/// The time of an entry. Old servers write `260409  4:31:43`; RDS keeps its servers on UTC.
fn instant(stamp: &str) -> Option<i64> {
    if let Some(found) = time::iso(stamp) {
        return Some(found.micros);
    }
    let (day, clock) = stamp.split_once(' ')?;
    let iso = format!("20{}-{}-{}T{:0>8}Z", day.get(..2)?, day.get(2..4)?, day.get(4..)?, clock.trim());
    time::iso(&iso).map(|instant| instant.micros)
}
