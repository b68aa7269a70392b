//! What an entry says, of whichever server.

use std::borrow::Cow;

use super::stamp::Stamp;
use crate::error_class::class;
use crate::fields::json_string;

/// What a client did.
pub(super) mod operation {
    pub(crate) const CONNECT: &str = "CONNECT";
    pub(crate) const FAILED_CONNECT: &str = "FAILED_CONNECT";
    pub(crate) const DISCONNECT: &str = "DISCONNECT";
    pub(crate) const RECEIVED: &str = "RECEIVED";
    pub(crate) const QUERY: &str = "QUERY";
}

#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) engine: Option<&'static str>,
    pub(super) log_type: &'static str,
    /// The time as it stands; empty when there is none.
    pub(super) stamp: &'a str,
    pub(super) time: Option<i64>,
    /// Can the stamp be made again from the time?
    pub(super) in_utc: bool,
    pub(super) severity: Option<Cow<'a, str>>,
    pub(super) code: Option<Cow<'a, str>>,
    pub(super) operation: Option<&'static str>,
    pub(super) class: Option<&'static str>,
    pub(super) user: Option<Cow<'a, str>>,
    pub(super) database: Option<Cow<'a, str>>,
    pub(super) host: Option<Cow<'a, str>>,
    pub(super) port: Option<Cow<'a, str>>,
    pub(super) connection: Option<Cow<'a, str>>,
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) application: Option<Cow<'a, str>>,
    pub(super) subsystem: Option<Cow<'a, str>>,
    pub(super) message: Option<Cow<'a, str>>,
    pub(super) detail: Option<Cow<'a, str>>,
    pub(super) hint: Option<Cow<'a, str>>,
    pub(super) context: Option<Cow<'a, str>>,
    pub(super) statement: Option<Cow<'a, str>>,
    pub(super) duration: Option<f64>,
    pub(super) audit: Audit<'a>,
    /// What has no column, as names and JSON texts.
    pub(super) others: Vec<(Cow<'a, str>, String)>,
    /// Can it be read in more than one way?
    pub(super) ambiguous: bool,
    /// Does something in it name it, so that an equal one is the same?
    pub(super) unique: bool,
}

/// What pgaudit wrote.
#[derive(Debug, Default)]
pub(super) struct Audit<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) class: Option<Cow<'a, str>>,
    pub(super) command: Option<Cow<'a, str>>,
    pub(super) object_type: Option<Cow<'a, str>>,
    pub(super) object: Option<Cow<'a, str>>,
}

/// A text that is there.
pub(super) fn present(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

impl<'a> Entry<'a> {
    pub(super) fn new(engine: &'static str, log_type: &'static str, stamp: &Stamp<'a>) -> Entry<'a> {
        Entry {
            engine: Some(engine),
            log_type,
            stamp: stamp.text,
            time: stamp.micros,
            in_utc: matches!(stamp.zone, "" | "UTC" | "Z"),
            ..Entry::default()
        }
    }

    /// Keeps a text that has no column.
    pub(super) fn other(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.others.push((Cow::Borrowed(name), json_string(text)));
        }
    }

    /// Somebody tried to log in and could not.
    pub(super) fn login_failed(&mut self) {
        (self.operation, self.class) = (Some(operation::FAILED_CONNECT), Some(class::LOGIN_FAILED));
    }

    /// Somebody logged in.
    pub(super) fn logged_in(&mut self) {
        (self.operation, self.class) = (Some(operation::CONNECT), Some(class::SUCCESS));
    }
}

/// Puts a text into a slot that is empty.
pub(super) fn fill<'a>(slot: &mut Option<Cow<'a, str>>, text: &str) {
    if slot.is_none() && !text.is_empty() {
        *slot = Some(Cow::Owned(text.to_owned()));
    }
}
