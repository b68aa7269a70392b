//! Flow logs of VPCs and transit gateways: lines of fields that a header names, rows of Parquet, and what CloudWatch
//! Logs carries, which has no header.

mod layout;

use std::borrow::Cow;

use coldtrail_schema::tables::common::EVENT_TIME;
use coldtrail_schema::tables::vpc_flow::{self, VpcFlowColumn as Column, VpcFlowRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::carried::{self, Group};
use crate::error_class::class;
use crate::fields::{Extra, Fields, content_hash, json_hash, json_string};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Type, Value};
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject, shown};
use crate::time::{self, Years};
use crate::{recognise, unwrap};
use layout::{Known, Layout, MAX_FIELDS, Spans, What};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "vpc_flow",
    title: "VPC and transit gateway flow logs",
    table: &vpc_flow::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => claims_lines(head),
        Framing::Json => {
            let carries = |value: Value<'_>| carried::message_of(value).is_some_and(|text| looks_like_one(&text));
            recognise::any_record(head, holds_row) || recognise::any_framed(head, framing, carries)
        }
        Framing::Points | Framing::OpenTelemetry => false,
        Framing::Parquet | Framing::Csv => recognise::any_framed(head, framing, is_row),
    },
    decoder: || Box::<FlowDecoder>::default(),
};

/// Does the key say so?
fn is_named(head: &Head<'_>) -> bool {
    head.key.service.as_deref() == Some("vpcflowlogs")
}

/// The first line must be a header, or half of the lines rows: by their form alone, or by the number of their fields.
fn claims_lines(head: &Head<'_>) -> bool {
    let named = is_named(head);
    let (mut good, mut all, mut width) = (0, 0, 0);
    let mut spans = Spans::new();
    for line in recognise::lines(head) {
        all += 1;
        let line = line.get(carried::export_stamp(line)..).unwrap_or_default();
        let Ok(line) = std::str::from_utf8(line) else { continue };
        if !layout::split(line, &mut spans) {
            continue;
        }
        let header = layout::is_header(line, &spans, named);
        if header && all == 1 {
            return true;
        }
        if header {
            width = spans.len();
        }
        let fits = || Layout::of_row(line, &spans).is_some() || (named && has_id(line, &spans));
        good += usize::from(header || spans.len() == width || fits());
    }
    good * 2 >= all && good > 0
}

/// Does it name an interface or an attachment, as nearly all rows do?
fn has_id(line: &str, spans: &Spans) -> bool {
    spans.iter().map(|span| layout::at(line, *span)).any(|text| text.starts_with("eni-") || text.starts_with("tgw-"))
}

/// Is this text by itself a row, or a header?
pub(crate) fn looks_like_one(text: &str) -> bool {
    let mut spans = Spans::new();
    let line = text.trim_end();
    layout::split(line, &mut spans)
        && (Layout::of_row(line, &spans).is_some() || layout::is_header(line, &spans, false))
}

/// Is it a row as an object, as Parquet and tools have it?
fn is_row(value: Value<'_>) -> bool {
    if !value.is_object() {
        return false;
    }
    let names: Vec<Cow<'_, str>> = value.entries().map(|(name, _)| name).collect();
    layout::are_ours(names.iter().map(AsRef::as_ref), false)
}

pub(crate) fn holds_row(value: Value<'_>) -> bool {
    is_row(value) || unwrap::unwrap(value, is_row).is_some()
}

#[derive(Default)]
struct FlowDecoder {
    account: Option<String>,
    region: Option<String>,
    named: bool,
    form: Form,
    /// The fields that the nearest header before names.
    header: Option<Layout>,
    /// The members of the object before.
    members: Layout,
    spans: Spans,
    group: Group,
    years: Years,
    mistyped: Mistyped,
    rows: VpcFlowRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for FlowDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = FlowDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            named: is_named(head),
            years,
            rows: std::mem::take(&mut self.rows),
            ..FlowDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        if record.tape.is_empty() {
            return match carried::export_stamp(record.text.as_bytes()) {
                0 => self.line(record, record.text, Around::default()),
                _ => self.carried(record),
            };
        }
        self.group.read(record);
        if self.group.control {
            return Ok(Decoded::Nothing);
        }
        let value = record.json();
        if self.is_like_before(value) || is_row(value) {
            // AWS itself writes Parquet.
            self.form = self.form.max(if record.offset.is_some() { Form::Export } else { Form::Log });
            return Ok(self.object(record, record.text, record.tape, &[]));
        }
        if let Some(inner) = unwrap::unwrap(value, is_row) {
            self.form = self.form.max(Form::Wrapped);
            return Ok(self.object(record, &inner.text, &inner.tape, &inner.envelopes));
        }
        self.form = self.form.max(Form::Wrapped);
        self.carried(record)
    }

    fn form(&self) -> Form {
        self.form
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// What stands around a line, and what follows from it.
#[derive(Default)]
struct Around {
    extra: Option<Extra>,
    /// When CloudWatch Logs says that it was.
    time: Option<i64>,
    /// The hash of a record that has an id.
    hash: Option<i64>,
}

impl FlowDecoder {
    /// A line that CloudWatch Logs carries.
    fn carried(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let Some(carried) = carried::text_of(record) else {
            return Err(Reject::new("neither a row of a flow log nor a message that holds one"));
        };
        let line = carried.text.trim_end();
        if line.contains('\n') {
            return Err(Reject::new(format!("a message of several lines: {}", shown(line))));
        }
        let mut extra = Extra::default();
        carried::keep_around(record, &mut extra);
        let mut around = Around { extra: None, time: carried.time.filter(|time| self.years.hold(*time)), hash: None };
        if !record.tape.is_empty() {
            let id = ["id", "eventId"].iter().find_map(|name| record.json().get(name)?.text());
            if id.is_some_and(|id| !id.is_empty()) {
                around.hash = Some(json_hash("", record.text, record.tape, &mut self.scratch));
            }
        } else {
            let stamp = record.text.split(' ').next().unwrap_or_default();
            extra.put(&["event", "timestamp"], &json_string(stamp));
        }
        around.extra = Some(extra);
        self.line(record, line, around)
    }

    fn line(&mut self, record: &Record<'_>, line: &str, around: Around) -> Result<Decoded, Reject> {
        let spans = &mut self.spans;
        if !layout::split(line, spans) {
            return Err(Reject::new(format!("more than {MAX_FIELDS} fields: {}", shown(line))));
        }
        if layout::is_header(line, spans, self.named) {
            self.header = Some(Layout::of_header(line, spans));
            return Ok(Decoded::Nothing);
        }
        let found = spans.len();
        let layout = match &self.header {
            Some(layout) if layout.fields.len() == found => layout,
            Some(layout) => {
                let (wanted, line) = (layout.fields.len(), shown(line));
                return Err(Reject::new(format!("the header names {wanted} fields, the line has {found}: {line}")));
            }
            None => Layout::of_row(line, spans).ok_or_else(|| {
                let line = shown(line);
                Reject::new(format!("no header, and no one documented set of {found} fields fits: {line}"))
            })?,
        };
        let mut row = Row::of(&mut self.rows, &mut self.pivots, self.years, around.extra);
        for ((name, field), span) in layout.fields.iter().zip(&*spans) {
            let text = layout::at(line, *span);
            if text != "-" {
                row.take(name, *field, Cow::Borrowed(text), None);
            }
        }
        if record.lossy {
            row.extra().put(&["invalid_utf8"], "true");
        }
        let found = row.found;
        let hash = around.hash.unwrap_or_else(|| content_hash("", line));
        self.end(record, found, around.time, hash, around.hash.is_some());
        Ok(Decoded::Row)
    }

    /// A row as an object; `text` is what it was read from.
    fn object(&mut self, record: &Record<'_>, text: &str, tape: &Tape, envelopes: &[String]) -> Decoded {
        let value = tape.root(text);
        // A header in the middle of a table as text.
        if value.entries().all(|(name, value)| value.text().is_some_and(|text| text == name)) {
            return Decoded::Nothing;
        }
        let extra = (record.lossy || !record.envelope.is_empty() || !envelopes.is_empty()).then(|| {
            let mut fields = Fields::of(record, self.years);
            fields.envelope(record.envelope, envelopes);
            fields.extra
        });
        let mut row = Row::of(&mut self.rows, &mut self.pivots, self.years, extra);
        let mut count = 0;
        for (place, (name, value)) in value.entries().enumerate() {
            count = place + 1;
            let field = self.members.at(place, &name);
            let text = match value.ty() {
                Type::Null => continue,
                Type::Plain | Type::Escaped => value.text().unwrap_or_default(),
                Type::Number | Type::True | Type::False => Cow::Borrowed(value.raw()),
                Type::Object | Type::Array => {
                    row.misfit(&name, value.raw());
                    continue;
                }
            };
            // A lone surrogate cannot be text.
            if value.ty() == Type::Escaped && text.contains('\u{fffd}') {
                row.keep(&name, &text, Some(value));
            }
            if !matches!(text.as_ref(), "" | "-") {
                row.take(&name, field, text, Some(value));
            }
        }
        self.members.fields.truncate(count);
        let found = row.found;
        let hash = json_hash("", text, tape, &mut self.scratch);
        self.end(record, found, None, hash, false);
        Decoded::Row
    }

    /// Has this object the members of the one before?
    fn is_like_before(&self, value: Value<'_>) -> bool {
        let mut known = self.members.fields.iter();
        value.is_object()
            && !self.members.fields.is_empty()
            && value.entries().all(|(name, _)| known.next().is_some_and(|(known, _)| *known == name))
            && known.next().is_none()
    }

    fn end(&mut self, record: &Record<'_>, found: Found<'_>, carried: Option<i64>, hash: i64, unique: bool) {
        let Found { account, region, start, end, extra } = found;
        if let Some(extra) = extra.and_then(|extra| extra.finish(&mut self.mistyped)) {
            self.rows.set_text(Column::extra, &extra);
        }
        let around = self.group.owner.as_deref().or(self.account.as_deref());
        let event_time = match start {
            Time::Read(micros) => Some(micros),
            Time::Unreadable => None,
            Time::Absent => end.or(carried),
        };
        self.rows.end_row(&Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: account.or(around.map(Cow::Borrowed)),
            region: region.or(self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash,
            unique,
        });
    }
}

/// When the window began.
#[derive(Default)]
enum Time {
    #[default]
    Absent,
    Unreadable,
    Read(i64),
}

/// What is found in a row for the common columns, and what no column takes.
#[derive(Default)]
struct Found<'a> {
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    start: Time,
    end: Option<i64>,
    extra: Option<Extra>,
}

/// Takes the values of a row, one by one.
struct Row<'d, 'a> {
    rows: &'d mut VpcFlowRows,
    pivots: &'d mut Pivots,
    years: Years,
    found: Found<'a>,
}

impl<'d, 'a> Row<'d, 'a> {
    fn of(rows: &'d mut VpcFlowRows, pivots: &'d mut Pivots, years: Years, extra: Option<Extra>) -> Row<'d, 'a> {
        pivots.clear();
        Row { rows, pivots, years, found: Found { extra, ..Found::default() } }
    }

    /// Takes a value; `value` is what it was read from, if it was JSON.
    #[inline]
    fn take(&mut self, name: &str, field: Option<&'static Known>, text: Cow<'a, str>, value: Option<Value<'_>>) {
        let Some(field) = field else { return self.keep(name, &text, value) };
        match field.what {
            What::Text(column) => self.rows.set_text(column, &text),
            What::Id(column) => {
                self.rows.set_text(column, &text);
                self.pivots.classify(&text);
            }
            What::Address(column) => {
                self.rows.set_text(column, &text);
                self.pivots.address(&text);
            }
            What::Int(column) => match integer(&text) {
                Some(number) => self.rows.set_int(column, number),
                None => self.misfit(name, &json(&text, value)),
            },
            What::Action => {
                self.rows.set_text(Column::action, &text);
                match text.as_ref() {
                    "ACCEPT" => self.rows.set_text(Column::error_class, class::SUCCESS),
                    "REJECT" => self.rows.set_text(Column::error_class, class::DENIED),
                    _ => {}
                }
            }
            // Interfaces that a service has made may be of an account that is not told.
            What::Account if text == "unknown" => self.keep(name, &text, value),
            What::Account => {
                let number = value.is_some_and(|value| value.ty() == Type::Number);
                // As a number it has lost the zeros that it begins with.
                self.found.account = Some(if number { Cow::Owned(format!("{text:0>12}")) } else { text });
            }
            What::Region => self.found.region = Some(text),
            What::Start => match self.instant(name, &text, value) {
                Some(micros) => {
                    self.found.start = Time::Read(micros);
                    self.rows.set_time(Column::start_time, micros);
                }
                None => {
                    self.found.start = Time::Unreadable;
                    self.keep(name, &text, value);
                    self.extra().mistype(EVENT_TIME);
                }
            },
            What::End => match self.instant(name, &text, value) {
                Some(micros) => {
                    self.found.end = Some(micros);
                    self.rows.set_time(Column::end_time, micros);
                }
                None => self.misfit(name, &json(&text, value)),
            },
        }
    }

    /// Seconds since 1970; what is written in another way is kept as it stood.
    #[inline]
    fn instant(&mut self, name: &str, text: &str, value: Option<Value<'_>>) -> Option<i64> {
        const SECOND: i64 = 1_000_000;
        if text.len() == 10
            && let Some(seconds) = integer(text)
        {
            return Some(seconds * SECOND).filter(|micros| self.years.hold(*micros));
        }
        let found = time::read(text).filter(|found| self.years.hold(found.micros))?;
        if !found.canonical {
            self.keep(name, text, value);
        }
        Some(found.micros)
    }

    fn extra(&mut self) -> &mut Extra {
        self.found.extra.get_or_insert_default()
    }

    #[cold]
    fn keep(&mut self, name: &str, text: &str, value: Option<Value<'_>>) {
        self.extra().put(&[name], &json(text, value));
    }

    #[cold]
    fn misfit(&mut self, name: &str, raw: &str) {
        self.extra().misfit(&[name], raw);
    }
}

/// A value as JSON.
fn json(text: &str, value: Option<Value<'_>>) -> String {
    value.map_or_else(|| json_string(text), |value| value.raw().to_owned())
}

/// A number from which the text could be made again.
#[inline]
fn integer(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let plain = matches!(bytes, [b'0'] | [b'1'..=b'9', ..]) && bytes.len() <= 18;
    if !plain {
        return text.parse().ok().filter(|number: &i64| number.to_string() == text);
    }
    bytes.iter().try_fold(0, |sum: i64, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}
