//! The error log and the agent log of SQL Server. Their times are in the server's zone, which is UTC on RDS unless it
//! was changed.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.SQLServer.html>

use std::borrow::Cow;

use super::entry::{Entry, fill, present};
use super::stamp::Stamp;
use crate::error_class::class;

const ENGINE: &str = "sqlserver";

/// A line of the error log that begins an entry: `2026-04-09 04:31:43.12 Logon       Login failed …`.
pub(super) struct Line<'a> {
    stamp: Stamp<'a>,
    source: &'a str,
    text: &'a str,
    /// Is it such that nobody else writes it?
    pub(super) known: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(line: &'a str) -> Option<Line<'a>> {
        let stamp = Stamp::hundredths(line)?;
        let rest = stamp.rest.strip_prefix(' ')?;
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (source, text) = rest.split_at_checked(length).filter(|(source, _)| !source.is_empty())?;
        let padded = source.len() >= 11 || rest.get(length..11).is_some_and(|room| room.trim().is_empty());
        let spid = source.strip_prefix("spid").is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
        let known = spid || matches!(source, "Server" | "Logon" | "Backup" | "Cluster");
        (text.is_empty() || text.starts_with(' ')).then(|| Line {
            stamp,
            source,
            text: text.trim_start(),
            known: known && padded,
        })
    }

    /// The first of two lines about one error, as the second begins like this: `Error: 18456, Severity: 14, State: 8.`
    pub(super) fn head(&self, line: &str) -> Option<String> {
        let before = line.get(..line.len().checked_sub(self.text.len())?)?;
        numbers(self.text).map(|_| before.to_owned())
    }
}

/// The numbers in `Error: 18456, Severity: 14, State: 8.`
fn numbers(text: &str) -> Option<(&str, &str, &str)> {
    let (error, rest) = text.trim_end().strip_prefix("Error: ")?.split_once(", Severity: ")?;
    let (severity, state) = rest.split_once(", State: ")?;
    let state = state.split('.').next()?;
    let all = [error, severity, state];
    all.iter()
        .all(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        .then_some((error, severity, state))
}

/// Reads an entry of the error log.
pub(super) fn entry(text: &str) -> Option<Entry<'_>> {
    let first = text.split('\n').next()?.trim_end_matches('\r');
    let line = Line::of(first)?;
    let mut entry = Entry::new(ENGINE, "error", &line.stamp);
    match line.source.strip_prefix("spid") {
        Some(number) => {
            let number = number.trim_end_matches('s');
            entry.connection = present(number);
            entry.subsystem = present(line.source);
        }
        None => entry.subsystem = present(line.source),
    }
    let mut message = text.get(first.len() - line.text.len()..)?;
    if let Some((error, severity, state)) = numbers(line.text) {
        (entry.code, entry.severity) = (present(error), present(severity));
        entry.other("state", state);
        entry.class = Some(class::OTHER);
        // The second line says it in words.
        if let Some((_, more)) = message.split_once('\n') {
            let line = more.split('\n').next().unwrap_or_default().trim_end_matches('\r');
            if let Some(second) = Line::of(line) {
                message = more.get(line.len() - second.text.len()..).unwrap_or_default();
            }
        }
    }
    told(&mut entry, message);
    entry.message = Some(Cow::Borrowed(message));
    Some(entry)
}

/// `Login failed for user 'sa'. Reason: … [CLIENT: 203.0.113.5]`: read from both ends, since the name may hold
/// anything.
fn told(entry: &mut Entry<'_>, message: &str) {
    let name = match message.split_once(" for user '") {
        Some(("Login failed", name)) => {
            entry.login_failed();
            name
        }
        Some(("Login succeeded", name)) => {
            entry.logged_in();
            name
        }
        _ => return,
    };
    let (name, client) = name.rsplit_once("[CLIENT: ").unwrap_or((name, ""));
    fill(&mut entry.host, client.trim_end().trim_end_matches(']'));
    let end = [". Reason: ", ". Connection made "].iter().find_map(|words| name.rfind(words)).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name).trim_end();
    fill(&mut entry.user, name.trim_end_matches('.').trim_end_matches('\''));
}

/// A line of the agent's log: `2026-04-09 04:31:43 - ! [298] SQLServer Error: 229, …`.
pub(super) struct AgentLine<'a> {
    stamp: Stamp<'a>,
    mark: &'a str,
    number: &'a str,
    text: &'a str,
}

impl<'a> AgentLine<'a> {
    pub(super) fn of(line: &'a str) -> Option<AgentLine<'a>> {
        let stamp = Stamp::plain(line)?;
        let rest = stamp.rest.strip_prefix(" - ")?;
        let (mark, rest) = rest.split_at_checked(1).filter(|(mark, _)| matches!(*mark, "!" | "?" | "+"))?;
        let (number, text) = rest.strip_prefix(" [")?.split_once(']')?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        digits.then_some(AgentLine { stamp, mark, number, text: text.trim_start() })
    }
}

/// Reads an entry of the agent's log.
pub(super) fn agent(text: &str) -> Option<Entry<'_>> {
    let first = text.split('\n').next()?.trim_end_matches('\r');
    let line = AgentLine::of(first)?;
    let mut entry = Entry::new(ENGINE, "agent", &line.stamp);
    entry.severity = present(match line.mark {
        "!" => "error",
        "+" => "warning",
        _ => "information",
    });
    entry.other("message_number", line.number);
    let message = text.get(first.len() - line.text.len()..)?;
    let number = |words: &str| {
        let (_, rest) = line.text.split_once(words)?;
        rest.get(..rest.bytes().take_while(u8::is_ascii_digit).count())
    };
    entry.code = number("SQLServer Error: ").and_then(present);
    entry.class = (line.mark == "!").then_some(class::OTHER);
    entry.message = Some(Cow::Borrowed(message));
    Some(entry)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_words_of_an_error_may_have_more_lines() {
        let at = "2026-04-09 04:31:43.12 Logon       ";
        let words = "Login failed for user 'sa'. [CLIENT: 203.0.113.5]";
        for (ending, more) in [
            ("", ""),
            ("\r", ""),
            ("", "\n\u{b}a line that is longer than all of the line before it, which is not short"),
            ("\r", "\nx"),
        ] {
            let text = format!("{at}Error: 18456, Severity: 14, State: 8.\n{at}{words}{ending}{more}");
            let message = entry(&text).unwrap().message.unwrap().into_owned();
            assert_eq!(message, format!("{words}{ending}{more}"));
        }
    }
}
