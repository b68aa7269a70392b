//! The alert log and the listener log of Oracle, as text.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.Oracle.html>

use std::borrow::Cow;

use super::entry::{Entry, operation, present};
use super::stamp::Stamp;
use crate::error_class::class;

const ENGINE: &str = "oracle";

/// An entry of the alert log begins with a time on a line of its own.
pub(super) fn alert_stamp(line: &str) -> Option<Stamp<'_>> {
    let line = line.trim_end();
    let alone = |stamp: &Stamp<'_>| stamp.rest.is_empty();
    let iso = || Stamp::iso(line).filter(|stamp| stamp.text.len() == 32 && alone(stamp));
    iso().or_else(|| Stamp::ctime(line).filter(alone))
}

/// Words with which lines of an alert log begin: the time alone could be anybody's.
pub(super) fn is_alert_text(line: &str) -> bool {
    const WORDS: [&str; 14] = [
        "ORA-",
        "Thread ",
        "Starting ORACLE instance",
        "Completed: ",
        "Errors in file ",
        "Archived Log entry ",
        "ALTER DATABASE ",
        "ALTER SYSTEM ",
        "ALTER TABLESPACE ",
        "LGWR ",
        "  Current log# ",
        "Beginning log switch checkpoint",
        "Shutting down ORACLE instance",
        "TNS-",
    ];
    WORDS.iter().any(|word| line.starts_with(word))
}

/// The number of an error, `ORA-00600`, in a text.
fn code<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.match_indices(prefix).find_map(|(at, _)| {
        let digits = text.get(at + prefix.len()..)?.bytes().take_while(u8::is_ascii_digit).count();
        (digits >= 4).then(|| text.get(at..at + prefix.len() + digits))?
    })
}

/// Reads an entry of the alert log.
pub(super) fn alert(text: &str) -> Option<Entry<'_>> {
    let (first, message) = text.split_once('\n').unwrap_or((text, ""));
    let stamp = alert_stamp(first)?;
    let mut entry = Entry::new(ENGINE, "alert", &stamp);
    entry.in_utc |= stamp.zone == "+00:00";
    entry.code = code(message, "ORA-").and_then(present);
    entry.class = entry.code.is_some().then_some(class::OTHER);
    entry.message = Some(Cow::Borrowed(message));
    Some(entry)
}

/// Does an entry of the listener's log begin here? `09-APR-2026 04:31:43 * …`
pub(super) fn listener_stamp(line: &str) -> Option<Stamp<'_>> {
    Stamp::listener(line).filter(|stamp| stamp.rest.trim_start().starts_with("* "))
}

/// Reads an entry of the listener's log: `time * connect data [* address] * event [* service] * code`. The client says
/// what stands in the connect data, and for which service it asks.
/// <https://docs.oracle.com/en/database/oracle/oracle-database/19/netag/analyzing-listener-logs.html>
pub(super) fn listener(text: &str) -> Option<Entry<'_>> {
    let stamp = listener_stamp(text)?;
    let mut entry = Entry::new(ENGINE, "listener", &stamp);
    let more = text.split_once('\n').map_or("", |(_, more)| more);
    let message = text.get(stamp.text.len()..)?.trim_start().trim_start_matches("* ");
    entry.message = Some(Cow::Borrowed(message));
    let fields = message.get(..message.len().saturating_sub(more.len()))?.trim_end();
    let Some((connect, rest)) = in_brackets(fields) else { return Some(entry) };
    entry.user = member(connect, "USER").and_then(present);
    entry.application = member(connect, "PROGRAM").and_then(present);
    let service = member(connect, "SERVICE_NAME").or_else(|| member(connect, "SID"));
    entry.database = service.and_then(present);
    if let Some((address, _)) = rest.strip_prefix(" * ").and_then(in_brackets) {
        entry.host = member(address, "HOST").and_then(present);
        entry.port = member(address, "PORT").and_then(present);
        entry.operation = Some(operation::RECEIVED);
    }
    // The name of the service stands before the number, and may hold anything.
    let number = rest.rsplit(" * ").next().unwrap_or_default();
    if number.bytes().all(|b| b.is_ascii_digit()) && !matches!(number, "" | "0") {
        entry.code = code(more, "TNS-").and_then(present).or_else(|| Some(Cow::Owned(format!("TNS-{number:0>5}"))));
        entry.class = Some(class::OTHER);
        entry.operation = entry.operation.map(|_| operation::FAILED_CONNECT);
    }
    Some(entry)
}

/// What stands in brackets, to the one that closes the first, and what follows. Values of Oracle's descriptors hold no
/// brackets.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return text.split_at_checked(at + 1).filter(|_| at > 0);
        }
    }
    None
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The value in `(NAME=value)`, in any case.
fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.match_indices('(').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let value = starts_with(rest, name).then(|| rest.get(name.len()..))??.strip_prefix('=')?;
        value.split_once(')').map(|(value, _)| value)
    })
}
