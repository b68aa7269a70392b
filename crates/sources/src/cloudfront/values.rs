//! The values of one CloudFront row by their fields, in whatever order the log has them.

use std::borrow::Cow;
use std::sync::Arc;

use super::normal;
use crate::fields::{Extra, json_string};
use crate::source::Mistyped;
use crate::time::{self, Years};

/// The fields that have columns.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Date,
    TimestampMs,
    Timestamp,
    Asn,
    CCountry,
    CIp,
    CPort,
    CsBytes,
    CsCookie,
    CsHost,
    CsMethod,
    CsProtocol,
    CsProtocolVersion,
    CsReferer,
    CsUriQuery,
    CsUriStem,
    CsUserAgent,
    FleEncryptedFields,
    FleStatus,
    ScBytes,
    ScContentLen,
    ScContentType,
    ScRangeEnd,
    ScRangeStart,
    ScStatus,
    SslCipher,
    SslProtocol,
    Time,
    TimeTaken,
    TimeToFirstByte,
    XEdgeDetailedResultType,
    XEdgeLocation,
    XEdgeRequestId,
    XEdgeResponseResultType,
    XEdgeResultType,
    XForwardedFor,
    XHostHeader,
}

/// Their names, in the same order.
const SLOTS: [&str; 37] = [
    "date",
    "timestamp-ms",
    "timestamp",
    "asn",
    "c-country",
    "c-ip",
    "c-port",
    "cs-bytes",
    "cs-cookie",
    "cs-host",
    "cs-method",
    "cs-protocol",
    "cs-protocol-version",
    "cs-referer",
    "cs-uri-query",
    "cs-uri-stem",
    "cs-user-agent",
    "fle-encrypted-fields",
    "fle-status",
    "sc-bytes",
    "sc-content-len",
    "sc-content-type",
    "sc-range-end",
    "sc-range-start",
    "sc-status",
    "ssl-cipher",
    "ssl-protocol",
    "time",
    "time-taken",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "x-edge-location",
    "x-edge-request-id",
    "x-edge-response-result-type",
    "x-edge-result-type",
    "x-forwarded-for",
    "x-host-header",
];

/// Which field stands where.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) names: Vec<String>,
    places: Vec<Option<usize>>,
}

impl Layout {
    pub(super) fn of<T: AsRef<str>>(names: impl Iterator<Item = T>) -> Layout {
        let names: Vec<String> = names.map(|name| name.as_ref().to_owned()).collect();
        let normal: Vec<String> = names.iter().map(|name| normal(name)).collect();
        let places = SLOTS.iter().map(|slot| normal.iter().position(|name| name == slot)).collect();
        Layout { names, places }
    }
}

/// One value: its text and, where it was JSON but no string, its JSON.
pub(super) struct Field<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) raw: Option<&'a str>,
}

impl Field<'_> {
    fn json(&self) -> String {
        self.raw.map_or_else(|| json_string(&self.text), str::to_owned)
    }

    fn is_null(&self) -> bool {
        matches!(self.text.trim(), "-" | "")
    }
}

/// The values of a row; what is not asked for goes into the extra.
pub(super) struct Values<'a> {
    pub(super) log_type: &'static str,
    pub(super) layout: Arc<Layout>,
    pub(super) fields: Vec<Option<Field<'a>>>,
    pub(super) extra: Extra,
}

impl<'a> Values<'a> {
    pub(super) fn new(log_type: &'static str, layout: Arc<Layout>, fields: Vec<&'a str>) -> Self {
        let fields = fields.into_iter().map(|text| Some(Field { text: Cow::Borrowed(text), raw: None })).collect();
        Values { log_type, layout, fields, extra: Extra::default() }
    }

    fn peek(&self, slot: Slot) -> Option<&str> {
        let place = self.layout.places.get(slot as usize).copied()??;
        self.fields.get(place)?.as_ref().map(|field| field.text.as_ref())
    }

    fn take(&mut self, slot: Slot) -> Option<(usize, Field<'a>)> {
        let place = self.layout.places.get(slot as usize).copied()??;
        let field = self.fields.get_mut(place)?.take()?;
        (!field.is_null()).then_some((place, field))
    }

    /// `-` and an empty field are null.
    pub(super) fn text(&mut self, slot: Slot) -> Option<Cow<'a, str>> {
        self.take(slot).map(|(_, field)| field.text)
    }

    fn parsed<T: std::str::FromStr>(&mut self, slot: Slot, fits: fn(&T) -> bool) -> Option<T> {
        let (place, field) = self.take(slot)?;
        let parsed = field.text.parse().ok().filter(fits);
        if parsed.is_none() {
            let name = self.layout.names.get(place).map_or("", String::as_str);
            self.extra.misfit(&[name], &field.json());
        }
        parsed
    }

    pub(super) fn int(&mut self, slot: Slot) -> Option<i64> {
        self.parsed(slot, |_| true)
    }

    pub(super) fn real(&mut self, slot: Slot) -> Option<f64> {
        self.parsed(slot, |number: &f64| number.is_finite())
    }

    /// When the request was answered. None when nothing in the line is a time; none inside when there is one that is of
    /// no year that a record can be of: its fields stay in the extra then.
    pub(super) fn event_time(&mut self, years: Years) -> Option<Option<i64>> {
        let taken: &[Slot];
        let micros;
        if let Some(stamp) = self.peek(Slot::TimestampMs).and_then(time::epoch) {
            // Date and time say the same, less exactly.
            (micros, taken) = (stamp, &[Slot::TimestampMs, Slot::Date]);
        } else if let Some(stamp) = self.peek(Slot::Timestamp).and_then(time::read) {
            (micros, taken) = (stamp.micros, &[Slot::Timestamp]);
        } else {
            let date = self.peek(Slot::Date)?;
            (micros, taken) = match self.peek(Slot::Time) {
                Some(clock) => (day_and_time(date, clock)?, [Slot::Date].as_slice()),
                // Only the day is known; the field stays, to say so.
                None => (day_and_time(date, "00:00:00")?, [].as_slice()),
            };
        }
        if !years.hold(micros) {
            self.extra.mistype("event_time");
            return Some(None);
        }
        for slot in taken {
            self.take(*slot);
        }
        Some(Some(micros))
    }

    pub(super) fn rest(mut self, mistyped: &mut Mistyped) -> Option<String> {
        for (name, field) in self.layout.names.iter().zip(&self.fields) {
            if let Some(field) = field.as_ref().filter(|field| !field.is_null()) {
                self.extra.put(&[name], &field.json());
            }
        }
        self.extra.finish(mistyped)
    }
}

fn day_and_time(date: &str, clock: &str) -> Option<i64> {
    let mut text = [0; 20];
    for (to, from) in text.iter_mut().zip(date.bytes().chain([b'T']).chain(clock.bytes()).chain([b'Z'])) {
        *to = from;
    }
    let fits = date.len() == 10 && clock.len() == 8;
    let instant = time::iso(std::str::from_utf8(&text).ok()?);
    instant.filter(|_| fits).map(|instant| instant.micros)
}
