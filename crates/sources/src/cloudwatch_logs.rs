//! CloudWatch Logs: what no other source here knows by its messages.

use std::borrow::Cow;

use coldtrail_schema::tables::cloudwatch_logs::{self, CloudwatchLogRow, CloudwatchLogRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::carried::{self, Carried, Group};
use crate::fields::{Fields, content_hash, json_hash, json_string, pivots_of, words};
use crate::framing::{Entries, Framing, Record};
use crate::json::{Tape, Value};
use crate::recognise;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject, shown};
use crate::time::Years;

pub(crate) static SOURCE: LogSource = LogSource {
    name: "cloudwatch_logs",
    title: "CloudWatch Logs",
    table: &cloudwatch_logs::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Json => recognise::any_record(head, is_event),
        Framing::Lines => {
            // The first event may have begun in another file.
            let looked_at = if exported_stream(head.name).is_some() { usize::MAX } else { 1 };
            recognise::lines(head).take(looked_at).any(|line| carried::export_stamp(line) > 0)
        }
        Framing::Parquet | Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
    },
    decoder: || Box::<CloudwatchDecoder>::default(),
};

/// An event has a message and a time, and a third member that only CloudWatch Logs writes.
pub(crate) fn is_event(value: Value<'_>) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| value.get(name).is_some());
    carried::message_of(value).is_some()
        && has(&["timestamp", "@timestamp"])
        && (has(&["ingestionTime", "eventId", "logStreamName", "@ptr"])
            || value.get("id").and_then(|id| id.text()).is_some_and(|id| id.bytes().all(|b| b.is_ascii_digit())))
}

#[derive(Default)]
struct CloudwatchDecoder {
    account: Option<String>,
    region: Option<String>,
    /// The stream, where the key tells it.
    folder: Option<String>,
    group: Group,
    years: Years,
    mistyped: Mistyped,
    rows: CloudwatchLogRows,
    pivots: Pivots,
    scratch: Canonical,
    tape: Tape,
}

/// An exported event begins with its time; its other lines do not. And agents send an entry of several lines as one event
/// for each line: those that are indented go on with the one before.
pub(crate) struct Events;

impl Entries for Events {
    fn begins(&self, line: &[u8], alone: bool) -> bool {
        let stamp = carried::export_stamp(line);
        let message = line.get(stamp..).unwrap_or_default();
        (alone || stamp > 0) && !carried::goes_on(message)
    }
}

impl Decoder for CloudwatchDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = CloudwatchDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            folder: exported_stream(head.name).map(str::to_owned),
            years,
            rows: std::mem::take(&mut self.rows),
            ..CloudwatchDecoder::default()
        };
    }

    fn entries(&self) -> Option<Box<dyn Entries>> {
        Some(Box::new(Events))
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        self.group.read(record);
        if self.group.control {
            return Ok(Decoded::Nothing);
        }
        match record.tape.is_empty() {
            true => self.line(record),
            false => self.event(record),
        }
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// The folder of a stream in the key of an export task: `prefix/<task>/<stream>/000000.gz`.
pub(crate) fn exported_stream(name: &str) -> Option<&str> {
    let mut parts = name.rsplit('/');
    let file = parts.next()?.split('.').next()?;
    let stream = parts.next()?;
    let is_task = parts.next()?.len() == 36;
    (is_task && file.len() == 6 && file.bytes().all(|b| b.is_ascii_digit())).then_some(stream)
}

/// What a row has beside the message.
#[derive(Default)]
struct About<'a> {
    time: Option<i64>,
    stream: Option<Cow<'a, str>>,
    group: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    ingested: Option<i64>,
    filters: Option<Cow<'a, str>>,
}

impl CloudwatchDecoder {
    fn line(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let Some(event) = carried::text_of(record).filter(|event| !event.stamp.is_empty()) else {
            return Err(Reject::field("event_time", format!("no time before the message: {}", shown(record.text))));
        };
        let mut fields = Fields::of(record, self.years);
        let time = event.time.filter(|time| self.years.hold(*time));
        if time.is_none() {
            fields.extra.misfit(&["event_time"], &json_string(event.stamp));
        }
        let about = About { time, ..About::default() };
        self.push(record, fields, &about, &event.text, content_hash("", record.text), false)
    }

    fn event(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let value = record.json();
        if !value.is_object() {
            return Err(Reject::new("an event of CloudWatch Logs is a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        let (mut message, mut time, mut id, mut ingested) = (None, None, None, None);
        let (mut stream, mut group) = (None, None);
        for (name, member) in value.entries() {
            let slot = match name.as_ref() {
                "message" | "Message" | "@message" => &mut message,
                "timestamp" | "@timestamp" => &mut time,
                "id" | "eventId" => &mut id,
                "ingestionTime" | "@ingestionTime" => &mut ingested,
                "logStreamName" | "logStream" | "@logStream" => &mut stream,
                "logGroupName" | "logGroup" | "logGroupIdentifier" | "@log" => &mut group,
                other => {
                    fields.extra.put(&[other], member.raw());
                    continue;
                }
            };
            fields.set(slot, &name, member);
        }
        if message.is_none() {
            return Err(Reject::field("message", "an event without a message"));
        }
        let Some(Carried { text, .. }) = carried::text_of(record) else {
            return Err(Reject::field("message", "the message is no text"));
        };
        self.group.keep_rest(record, &mut fields.extra);
        carried::keep_continued(record, &mut fields.extra);
        let filters = self.group.filters.clone();
        let about = About {
            // Milliseconds since 1970, always: the form is not worth keeping.
            time: epoch(&mut fields, "event_time", time),
            id: fields.text_or_number(&["event_id"], id),
            ingested: epoch(&mut fields, "ingestion_time", ingested),
            stream: fields.text(&["log_stream"], stream),
            group: fields.text(&["log_group"], group),
            filters: filters.map(Cow::Owned),
        };
        let hash = json_hash(record.continued, record.text, record.tape, &mut self.scratch);
        let unique = about.id.as_deref().is_some_and(|id| !id.is_empty());
        self.push(record, fields, &about, &text, hash, unique)
    }

    fn push(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        about: &About<'_>,
        message: &str,
        hash: i64,
        unique: bool,
    ) -> Result<Decoded, Reject> {
        self.pivots.clear();
        let json = document(&mut self.tape, message);
        match json {
            Some(json) => pivots_of(json, &self.tape, &mut self.pivots),
            None => words(message, &mut self.pivots),
        }
        // It would have gone to that table where its log group is one of such logs.
        if let Some(source) = carried::resembles(message, json.map(|json| self.tape.root(json))) {
            fields.extra.put(&["looks_like"], &json_string(source));
        }
        let stream = about.stream.as_deref().or(self.group.stream.as_deref()).or(self.folder.as_deref());
        let group = about.group.as_deref().or(self.group.group.as_deref());
        for name in [stream, group].into_iter().flatten() {
            self.pivots.classify(name);
        }
        let row = CloudwatchLogRow {
            error_class: None,
            is_write: None,
            session_id: None,
            log_group: group.map(Cow::Borrowed),
            log_stream: stream.map(Cow::Borrowed),
            event_id: about.id.as_deref().map(Cow::Borrowed),
            ingestion_time: about.ingested,
            message: Some(Cow::Borrowed(message)),
            message_json: json.map(Cow::Borrowed),
            subscription_filters: about.filters.as_deref().map(Cow::Borrowed),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let account = self.group.owner.as_deref().or(self.account.as_deref());
        self.rows.push(
            &Common {
                record: record.ordinal,
                offset: record.offset,
                event_time: about.time,
                account: account.map(Cow::Borrowed),
                region: self.region.as_deref().map(Cow::Borrowed),
                pivots: &self.pivots,
                hash,
                unique,
            },
            &row,
        );
        Ok(Decoded::Row)
    }
}

/// The message without space around it, if it is one JSON object; the tape then holds its tokens.
fn document<'a>(tape: &mut Tape, message: &'a str) -> Option<&'a str> {
    let text = message.trim();
    (text.starts_with('{') && tape.read(text.as_bytes()) == Ok(text.len())).then_some(text)
}

/// A number of milliseconds since 1970; any other form of a time is kept as it stood.
fn epoch(fields: &mut Fields, column: &'static str, value: Option<Value<'_>>) -> Option<i64> {
    match value.filter(|value| value.raw().bytes().all(|b| b.is_ascii_digit())) {
        Some(value) if fields.instant(value).is_some() => fields.instant(value),
        _ => fields.time(&[column], value),
    }
}
