//! Short answers as rows with names.

use coldtrail_query::{Session, Value};
use coldtrail_report::{Options, Table, formats};
use coldtrail_schema::pivots;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Asks, and reads each row into `T`, whose members are named as the columns are. Instants are RFC 3339 texts.
pub(crate) fn ask<T: DeserializeOwned>(session: &Session, sql: &str, parameters: &[(String, Value)]) -> Result<Vec<T>> {
    let answer = session.query(sql, parameters)?.collect()?;
    let mut out = Vec::new();
    formats::json::FORMAT.write(&Table::read(&answer.schema, &answer.batches)?, &mut out, &Options::default())?;
    serde_json::from_slice(&out).map_err(|source| Error::Columns { source })
}

/// An instant of a row, in microseconds.
pub(crate) fn micros(text: &str) -> Option<i64> {
    // Instants of rows are our own; what is none stands for no time.
    text.parse::<Timestamp>().map(|instant| instant.as_microsecond()).ok()
}

/// Microseconds as RFC 3339, without a fraction that says nothing.
pub(crate) fn rfc3339(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map(|instant| instant.to_string()).unwrap_or_default()
}

/// A stretch of time in words: 6 h 12 min.
pub(crate) fn span(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// An address in the one form in which pivots have it; a name stays as it is, and so does a network. What is written
/// like an address and is none is mistyped.
pub(crate) fn address(text: &str) -> Result<String> {
    if let Some(address) = pivots::address(text) {
        return Ok(address.to_string());
    }
    // `c2.de` has hexadecimal digits only, and is a name.
    let is_v6 = text.contains(':');
    let looks = text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || is_v6 && c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/'))
        && (text.contains(':') || text.split(['.', '/']).filter(|part| !part.is_empty()).count() > 1);
    let is_network = text.split_once('/').is_some_and(|(first, bits)| {
        let most = pivots::address(first).map(|address| if address.is_ipv4() { 32 } else { 128 });
        most.zip(bits.parse::<u32>().ok()).is_some_and(|(most, bits)| bits <= most)
    });
    if looks && !is_network {
        let hint = "an address such as 203.0.113.66 or 2001:db8::1, or a network such as 203.0.113.0/24";
        return Err(Error::usage(format!("`{text}` is no address and no network"), hint));
    }
    Ok(text.to_owned())
}

/// Text cut to so many characters.
pub(crate) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A period that ends before it begins is a mistake, not an empty one.
pub(crate) fn period(from: Option<i64>, to: Option<i64>) -> Result<()> {
    match from.zip(to) {
        Some((from, to)) if from > to => {
            Err(Error::Usage { what: "the period ends before it begins".to_owned(), hint: None })
        }
        _ => Ok(()),
    }
}
