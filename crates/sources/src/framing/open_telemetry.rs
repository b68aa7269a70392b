//! Metric streams in the OpenTelemetry formats 1.0 and 0.7: messages of Protocol Buffers, each behind its length.
//!
//! A record is a data point, as a JSON object with the names that streams in JSON have. This reads what CloudWatch
//! writes and no more: what holds another field is broken, so that nothing is passed over. A tag is the number of a
//! field times eight, and 1 where eight bytes follow, 2 where a length does.
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/v1.0.0/opentelemetry/proto/metrics/v1/metrics.proto>

use std::io::{self, Read};

use super::{Broken, MAX_RECORD, Record, Sink};
use crate::fields::json_string;
use crate::json::Tape;
use crate::window::Window;

/// What all points of a metric share stands in each of them: so many bytes at most, and points are not shorter than two
/// names and two times, or a few megabytes could become gigabytes.
const SHARED: usize = 1 << 11;
const SHORTEST: usize = 48;

/// Do they begin like a stream of AWS's: a length, and a resource whose attributes name the metric stream?
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let first = |at: usize| varint(bytes, at + 1).filter(|_| bytes.get(at) == Some(&0x0a)).map(|(_length, at)| at);
    varint(bytes, 0).and_then(|(_length, at)| first(at)).and_then(first).and_then(first).is_some()
        && memchr::memmem::find(bytes.get(..4096).unwrap_or(bytes), b"aws.exporter.arn").is_some()
}

pub(super) fn frame<R: Read>(window: &mut Window<R>, sink: &mut dyn Sink) -> io::Result<()> {
    let mut points = DataPoints { sink, tape: Tape::default(), ordinal: 0, base: 0 };
    while window.any()? && !points.sink.enough() {
        while window.bytes().len() < 10 && window.fill()? {}
        points.base = window.offset();
        let (length, at) = varint(window.bytes(), 0).unwrap_or((u64::MAX, 0));
        let end = at.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        while window.bytes().len() < end && end - at <= MAX_RECORD && window.fill()? {}
        if window.bytes().len() >= end && end - at <= MAX_RECORD {
            points.message(Span { bytes: window.bytes(), at, end });
            window.consume(end);
            continue;
        }
        let bytes = window.bytes().get(..1 << 16).unwrap_or(window.bytes()).to_vec();
        let mut size = 0;
        while window.any()? {
            size += window.bytes().len() as u64;
            window.consume(window.bytes().len());
        }
        points.broken(0, &bytes, size, "no message, one that is too long, or one that has no end");
    }
    Ok(())
}

/// A number of seven bits a byte, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, at + place + 1));
        }
    }
    None
}

/// A message, or the value of a field: where it stands in `bytes`.
#[derive(Clone, Copy)]
struct Span<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Span<'a> {
    /// Hands over the tag and the value of each field. None when it is no message, or when `field` says none.
    fn each(self, mut field: impl FnMut(u64, Span<'a>) -> Option<()>) -> Option<()> {
        let mut at = self.at;
        while at < self.end {
            let (tag, value) = varint(self.bytes, at)?;
            let (start, length) = match tag & 7 {
                1 => (value, 8),
                2 => varint(self.bytes, value).map(|(length, start)| (start, length))?,
                _ => return None,
            };
            at = start.checked_add(usize::try_from(length).ok()?).filter(|end| *end <= self.end)?;
            field(tag, Span { bytes: self.bytes, at: start, end: at })?;
        }
        Some(())
    }

    fn raw(self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    fn number(self) -> u64 {
        self.raw().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.raw()).ok()
    }

    /// The key of an attribute and its value as JSON: a text or, where `list`, others; of a `label` of 0.7, plain text.
    fn pair(self, label: bool, list: bool) -> Option<(&'a str, String)> {
        let (mut key, mut json) = ("", String::from("\"\""));
        self.each(|tag, field| match tag {
            0x0a => field.text().map(|text| key = text),
            0x12 if label => field.text().map(|text| json = json_string(text)),
            0x12 => field.each(|tag, value| match tag {
                0x0a => value.text().map(|text| json = json_string(text)),
                0x32 if list => {
                    json = String::from("{");
                    value.attributes(&mut json).map(|()| json.push('}'))
                }
                _ => None,
            }),
            _ => None,
        })?;
        Some((key, json))
    }

    /// Adds the attributes of a resource, or of a list.
    fn attributes(self, json: &mut String) -> Option<()> {
        self.each(|tag, pair| {
            let (key, value) = if tag == 0x0a { pair.pair(false, false) } else { None }?;
            put(json, key, &value)
        })
    }

    /// Hands over each data point of a request, with the members that it shares with others.
    fn points(self, mut point: impl FnMut(Span<'a>, &str)) -> Option<()> {
        self.each(|tag, metrics| {
            let mut shared = String::from("{");
            metrics.each(|tag, resource| if tag == 0x0a { resource.attributes(&mut shared) } else { Some(()) })?;
            metrics.each(|inner, scope| match (tag, inner) {
                (0x0a, 0x0a) => Some(()),
                (0x0a, 0x12) => scope.each(|tag, metric| {
                    let mut shared = shared.clone();
                    metric.each(|inner, field| match (tag, inner) {
                        (0x12, 0x0a) => put(&mut shared, "name", &json_string(field.text()?)),
                        (0x12, 0x1a) => put(&mut shared, "unit", &json_string(field.text()?)),
                        (0x12, 0x5a) => Some(()),
                        _ => None,
                    })?;
                    let shared = Some(shared).filter(|shared| shared.len() <= SHARED)?;
                    metric.each(|tag, summary| match tag {
                        0x5a => summary.each(|tag, span| (tag == 0x0a).then(|| point(span, &shared))),
                        _ => Some(()),
                    })
                }),
                _ => None,
            })
        })
    }

    /// Adds the members of a data point. A number that is zero is not written.
    fn point(self, json: &mut String) -> Option<()> {
        let (mut start, mut time, mut count, mut sum) = (0, 0, 0, 0.0);
        let (mut labels, mut statistics) = (String::from("{"), String::from("{"));
        Some(self).filter(|point| point.raw().len() >= SHORTEST)?.each(|tag, field| {
            match tag {
                0x0a | 0x3a => match (field.pair(tag == 0x0a, true)?, tag) {
                    (("Namespace", value), _) => put(json, "namespace", &value)?,
                    (("MetricName", value), _) => put(json, "metric_name", &value)?,
                    (("Dimensions", value), 0x3a) => put(json, "dimensions", &value)?,
                    ((other, value), 0x3a) => put(json, other, &value)?,
                    ((label, value), _) => put(&mut labels, label, &value)?,
                },
                0x11 => start = field.number(),
                0x19 => time = field.number(),
                0x21 => count = field.number(),
                0x29 => sum = f64::from_bits(field.number()),
                0x32 => field.quantile(&mut statistics)?,
                _ => return None,
            }
            Some(())
        })?;
        if labels.len() > 1 {
            put(json, "dimensions", &(labels + "}"))?;
        }
        let millis = if start.is_multiple_of(1_000_000) { start / 1_000_000 } else { start };
        put(json, "timestamp", &millis.to_string())?;
        put(json, "period", &(time.wrapping_sub(start) as f64 / 1e9).to_string())?;
        put(&mut statistics, "count", &count.to_string())?;
        put(&mut statistics, "sum", &real(sum))?;
        put(json, "value", &(statistics + "}"))
    }

    fn quantile(self, json: &mut String) -> Option<()> {
        let (mut quantile, mut value) = (0.0, 0.0);
        self.each(|tag, field| {
            match tag {
                0x09 => quantile = f64::from_bits(field.number()),
                0x11 => value = f64::from_bits(field.number()),
                _ => return None,
            }
            Some(())
        })?;
        let name = match quantile {
            0.0 => "min".to_owned(),
            1.0 => "max".to_owned(),
            // 0.999 is p99.9, though not a hundred times it in binary.
            other => format!("p{}", (other * 1e11).round() / 1e9),
        };
        put(json, &name, &real(value))
    }
}

/// Adds a member to an object that is not closed.
fn put(json: &mut String, name: &str, value: &str) -> Option<()> {
    json.extend([if json.ends_with('{') { "" } else { "," }, &json_string(name), ":", value]);
    Some(())
}

/// A number; what JSON has no number for, as text.
fn real(number: f64) -> String {
    if number.is_finite() { format!("{number:?}") } else { json_string(&number.to_string()) }
}

struct DataPoints<'s> {
    sink: &'s mut dyn Sink,
    tape: Tape,
    ordinal: u64,
    /// Where the window begins in the stream.
    base: u64,
}

impl DataPoints<'_> {
    fn message(&mut self, request: Span<'_>) {
        // It is looked through before anything is made of it.
        if request.points(|_, _| {}).is_none() {
            return self.broken(request.at, request.raw(), request.raw().len() as u64, "no metrics of CloudWatch");
        }
        request.points(|point, shared| {
            let mut json = shared.to_owned();
            let read = point.point(&mut json);
            json.push('}');
            if read.is_none() || self.tape.read(json.as_bytes()).is_err() {
                return self.broken(point.at, point.raw(), point.raw().len() as u64, "no data point of CloudWatch");
            }
            self.ordinal += 1;
            let (ordinal, offset) = (self.ordinal, Some(self.base + point.at as u64));
            self.sink.record(&Record {
                ordinal,
                offset,
                text: &json,
                tape: &self.tape,
                envelope: "",
                continued: "",
                lossy: false,
            });
        });
    }

    fn broken(&mut self, at: usize, bytes: &[u8], size: u64, reason: &str) {
        self.ordinal += 1;
        let (ordinal, offset) = (self.ordinal, Some(self.base + at as u64));
        self.sink.broken(Broken { ordinal, offset, bytes, size, reason: reason.to_owned() });
    }
}
