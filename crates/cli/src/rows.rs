//! Answers as rows with names, for commands that say something about them.

use anyhow::{Context, Result};
use coldtrail_query::{Session, Value};
use coldtrail_report::{Options, escape, formats};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::terminal;

/// Asks, and reads each row into `T`, whose members are named as the columns are. Instants are RFC 3339 texts.
pub(crate) fn ask<T: DeserializeOwned>(session: &Session, sql: &str, parameters: &[(String, Value)]) -> Result<Vec<T>> {
    let table = terminal::table_of(&session.query(sql, parameters)?)?;
    let mut out = Vec::new();
    if let Some(format) = formats::by_name("json") {
        (format.write)(&table, &mut out, &Options::default())?;
    }
    serde_json::from_slice(&out).context("an answer has other columns than this command reads")
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
    pub(crate) evidence_object: String,
    pub(crate) evidence_record: i64,
}

impl Row {
    pub(crate) fn of(object: Option<&str>, record: Option<i64>) -> Option<Row> {
        Some(Row { evidence_object: object?.to_owned(), evidence_record: record? })
    }

    /// `3fa2c19e#17`, as `coldtrail record 3fa2c19e 17` takes it.
    pub(crate) fn short(&self) -> String {
        format!("{}#{}", self.evidence_object.get(..12).unwrap_or(&self.evidence_object), self.evidence_record)
    }

    pub(crate) fn as_json(&self) -> serde_json::Value {
        json!({ "evidence_object": self.evidence_object, "evidence_record": self.evidence_record })
    }
}

/// A value of a log, safe on a terminal, and on one line.
pub(crate) fn safe(text: &str) -> String {
    escape::terminal(text).into_owned()
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

/// An address in the one way in which logs write it; what is none stays as it is.
pub(crate) fn address(text: &str) -> String {
    text.parse::<std::net::IpAddr>().map_or_else(|_| text.to_owned(), |address| address.to_string())
}

/// Text cut to so many characters.
pub(crate) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
