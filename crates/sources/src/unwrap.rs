//! Records that come wrapped: EventBridge, SNS, SQS, CloudWatch Logs, LookupEvents, log shippers.

use crate::fields::Fields;
use crate::framing::Record;
use crate::json::{Tape, Value};
use crate::source::{Form, Reject};
use crate::time::Years;

/// Members that may hold the record of interest: as an object, or as JSON text.
const WRAPPERS: &[&str] = &[
    "detail",
    "CloudTrailEvent",
    "Message",
    "message",
    "body",
    "_raw",
    "result",
    "Event",
    "event",
    "raw_event",
    "invokingEvent",
    "Sns",
    "data",
];

/// How often wrappers may be nested: SQS around SNS around EventBridge is three.
const MAX_WRAPS: usize = 4;

/// A record that was inside another one.
pub(crate) struct Unwrapped {
    pub(crate) text: String,
    pub(crate) tape: Tape,
    /// The members of each wrapper around it, outermost first, as JSON text.
    pub(crate) envelopes: Vec<String>,
}

/// A record that was framed, or the one that it wraps.
pub(crate) struct Entry<'r> {
    outer: (&'r str, &'r Tape),
    inner: Option<Unwrapped>,
    pub(crate) form: Form,
}

impl<'r> Entry<'r> {
    /// The record that `wanted` accepts, and its fields, begun with what was around it. None when there is nothing in
    /// it but the check of a destination.
    pub(crate) fn of(
        record: &Record<'r>,
        years: Years,
        wanted: fn(Value<'_>) -> bool,
    ) -> Result<Option<(Entry<'r>, Fields)>, Reject> {
        let root = record.json();
        if !root.is_object() {
            return Err(Reject::new("the record is no JSON object"));
        }
        let inner = if wanted(root) { None } else { unwrap(root, wanted) };
        let form = match &inner {
            Some(_) => Form::Wrapped,
            None if !wanted(root) && is_check(record) => return Ok(None),
            None if !wanted(root) => return Err(Reject::new("the fields that tell such a record are missing")),
            // Rows of a table have no place of their own in a file.
            None if record.offset.is_none() => Form::Export,
            None => Form::Log,
        };
        let mut fields = Fields::of(record, years);
        fields.envelope(record.envelope, inner.as_ref().map_or(&[][..], |inner| &inner.envelopes));
        Ok(Some((Entry { outer: (record.text, record.tape), inner, form }, fields)))
    }

    pub(crate) fn text(&self) -> &str {
        self.inner.as_ref().map_or(self.outer.0, |inner| &inner.text)
    }

    pub(crate) fn tape(&self) -> &Tape {
        self.inner.as_ref().map_or(self.outer.1, |inner| &inner.tape)
    }

    pub(crate) fn root(&self) -> Value<'_> {
        self.tape().root(self.text())
    }
}

/// CloudWatch Logs checks a destination before it sends anything.
pub(crate) fn is_check(record: &Record<'_>) -> bool {
    record.envelope.contains("\"CONTROL_MESSAGE\"")
}

/// Looks inside wrappers for a record that `wanted` accepts; none when there is none.
pub(crate) fn unwrap(outer: Value<'_>, wanted: fn(Value<'_>) -> bool) -> Option<Unwrapped> {
    inner(outer, wanted, MAX_WRAPS)
}

fn inner(outer: Value<'_>, wanted: fn(Value<'_>) -> bool, depth: usize) -> Option<Unwrapped> {
    if depth == 0 || !outer.is_object() {
        return None;
    }
    for (name, member) in outer.entries().filter(|(name, _)| WRAPPERS.contains(&name.as_ref())) {
        let text = match member.text() {
            Some(text) => text.into_owned(),
            None if member.is_object() => member.raw().to_owned(),
            None => continue,
        };
        let start = text.find('{').filter(|at| *at < 64).unwrap_or(0);
        let text = text.get(start..).unwrap_or_default().to_owned();
        let mut tape = Tape::default();
        let Ok(end) = tape.read(text.as_bytes()) else { continue };
        if !text.get(end..).unwrap_or_default().trim().is_empty() {
            continue;
        }
        let around = envelope(outer, &name);
        if wanted(tape.root(&text)) {
            return Some(Unwrapped { text, tape, envelopes: vec![around] });
        }
        if let Some(mut found) = inner(tape.root(&text), wanted, depth - 1) {
            found.envelopes.insert(0, around);
            return Some(found);
        }
    }
    None
}

/// The wrapper without the member that was taken out.
pub(crate) fn envelope(outer: Value<'_>, taken: &str) -> String {
    let members: Vec<String> = outer
        .entries()
        .filter(|(name, _)| name != taken)
        .map(|(name, value)| format!("{}:{}", crate::fields::json_string(&name), value.raw()))
        .collect();
    format!("{{{}}}", members.join(","))
}
