//! Events of EventBridge whose detail is of no other log, and the history of CloudWatch alarms.

use std::borrow::Cow;

use coldtrail_schema::tables::eventbridge_events::{self, EventbridgeRow, EventbridgeRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::fields::{Fields, Opened, json_hash, pivots_of};
use crate::framing::{Broken, Framing, Record, Sink, frame};
use crate::json::{Tape, Value};
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::{cloudtrail, config_items, guardduty, recognise, securityhub, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "eventbridge_events",
    title: "EventBridge events and alarm history",
    table: &eventbridge_events::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines | Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
        Framing::Json | Framing::Parquet => is_ours(head) || recognise::any_record(head, is_alarm_item),
    },
    decoder: || Box::<EventbridgeDecoder>::default(),
};

/// Who takes an event by what its detail is. A source that unwraps events has a line here, and leaves alone what
/// `is_ours`.
const OWNERS: &[(&str, Takes)] = &[
    ("cloudtrail", cloudtrail::is_event),
    ("config_items", config_items::is_ours),
    ("guardduty", guardduty::is_finding),
    ("securityhub", securityhub::is_list),
];

/// Is this detail one of the source's records?
type Takes = fn(Value<'_>) -> bool;

/// The owner of events that nobody else takes.
const NOBODY: &str = "";

/// Does the head hold an event of EventBridge that nobody else takes, or events of more than one owner? Then the
/// object is ours, and each event of another owner goes to its table.
pub(crate) fn is_ours(head: &Head<'_>) -> bool {
    // Also inside a text, where a backslash stands before the closing quote.
    if !NAMES.iter().any(|name| memchr::memmem::find(head.bytes, name.as_bytes()).is_some()) {
        return false;
    }
    let mut owners = Owners::default();
    frame(Vec::new(), head.bytes, Framing::Json, None, &mut owners).is_ok() && owners.several
}

/// How the type of the detail is named: by EventBridge, by notifications of developer tools, and as columns of tables.
const NAMES: [&str; 3] = ["detail-type", "detailType", "detail_type"];

#[derive(Default)]
struct Owners {
    first: Option<&'static str>,
    several: bool,
}

impl Sink for Owners {
    fn record(&mut self, record: &Record<'_>) {
        if let Some(owner) = owner_of(record.json()) {
            let first = *self.first.get_or_insert(owner);
            self.several = self.several || owner == NOBODY || owner != first;
        }
    }
    fn broken(&mut self, _broken: Broken<'_>) {}
    fn trailer(&mut self, _text: &str) {}
}

/// Who takes the event that a record is or wraps; none when there is none.
pub(crate) fn owner_of(value: Value<'_>) -> Option<&'static str> {
    if is_event(value) {
        return Some(owner(value));
    }
    // Framing has taken it out of its event.
    if securityhub::is_finding(value) {
        return Some(securityhub::SOURCE.name);
    }
    let inner = unwrap::unwrap(value, is_event)?;
    Some(owner(inner.tape.root(&inner.text)))
}

fn owner(event: Value<'_>) -> &'static str {
    let kind = detail_type(event).and_then(|kind| kind.text());
    if kind.is_some_and(|kind| kind.ends_with(" via CloudTrail")) {
        return cloudtrail::SOURCE.name;
    }
    let detail = Opened::of(event.get("detail"));
    let detail = detail.value();
    OWNERS.iter().find(|(_, takes)| detail.is_some_and(takes)).map_or(NOBODY, |(name, _)| *name)
}

fn detail_type(value: Value<'_>) -> Option<Value<'_>> {
    NAMES.iter().find_map(|name| value.get(name))
}

/// An event says its type, who sent it, what happened, and in which account, when, or under which id.
fn is_event(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some_and(|value| value.text().is_some());
    detail_type(value).is_some_and(|kind| kind.text().is_some())
        && value.get("detail").is_some()
        && has("source")
        && ["account", "time", "id"].iter().any(|name| has(name))
}

/// Is it one, or does it wrap one?
pub(crate) fn holds(value: Value<'_>) -> bool {
    is_event(value) || is_alarm_item(value) || unwrap::unwrap(value, is_event).is_some()
}

/// An item of `describe-alarm-history`.
fn is_alarm_item(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some_and(|value| value.text().is_some());
    has("AlarmName") && has("HistoryItemType") && value.get("Timestamp").is_some()
}

#[derive(Default)]
struct EventbridgeDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: EventbridgeRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for EventbridgeDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = EventbridgeDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..EventbridgeDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let root = record.json();
        if !root.is_object() {
            return Err(Reject::new("an event of EventBridge is a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        if is_event(root) {
            if record.offset.is_none() {
                self.form = Form::Export;
            }
            fields.envelope(record.envelope, &[]);
            return self.event(record, fields, record.text, record.tape);
        }
        if is_alarm_item(root) {
            fields.envelope(record.envelope, &[]);
            return self.alarm_item(record, fields);
        }
        if securityhub::is_finding(root) {
            return self.finding(record, fields);
        }
        match unwrap::unwrap(root, is_event) {
            Some(inner) => {
                self.form = self.form.max(Form::Wrapped);
                fields.envelope(record.envelope, &inner.envelopes);
                self.event(record, fields, &inner.text, &inner.tape)
            }
            // CloudWatch Logs checks a destination before it sends anything.
            None if record.envelope.contains("\"CONTROL_MESSAGE\"") => Ok(Decoded::Nothing),
            None => {
                Err(Reject::new("no event of EventBridge (detail-type, source, detail) and no item of alarm history"))
            }
        }
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

/// The members of an event.
#[derive(Default)]
struct Event<'a> {
    version: Option<Value<'a>>,
    id: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    source: Option<Value<'a>>,
    account: Option<Value<'a>>,
    time: Option<Value<'a>>,
    region: Option<Value<'a>>,
    resources: Option<Value<'a>>,
    detail: Option<Value<'a>>,
    replay: Option<Value<'a>>,
}

impl<'a> Event<'a> {
    fn of(event: Value<'a>, fields: &mut Fields) -> Event<'a> {
        let mut found = Event::default();
        for (key, value) in event.entries() {
            let slot = match key.as_ref() {
                "version" => &mut found.version,
                "id" => &mut found.id,
                "detail-type" | "detailType" | "detail_type" => &mut found.kind,
                "source" => &mut found.source,
                "account" => &mut found.account,
                "time" => &mut found.time,
                "region" => &mut found.region,
                "resources" => &mut found.resources,
                "detail" => &mut found.detail,
                "replay-name" => &mut found.replay,
                other => {
                    fields.extra.put(&[other], value.raw());
                    continue;
                }
            };
            fields.set(slot, &key, value);
        }
        found
    }
}

/// What the rows of all kinds need besides their cells.
struct Place<'a> {
    time: Option<i64>,
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    /// What tells equal records apart.
    seed: Option<Cow<'a, str>>,
    /// Has the record an identity?
    unique: bool,
}

impl EventbridgeDecoder {
    fn event(&mut self, record: &Record<'_>, mut fields: Fields, text: &str, tape: &Tape) -> Result<Decoded, Reject> {
        let f = &mut fields;
        let event = Event::of(tape.root(text), f);
        let (detail, resources) = (Opened::of(event.detail), Opened::of(event.resources));
        let row = EventbridgeRow {
            version: f.text_or_number(&["version"], event.version),
            id: f.text(&["id"], event.id),
            detail_type: f.text(&["detail-type"], event.kind),
            source: f.text(&["source"], event.source),
            event_resources: f.opened(&resources),
            detail: f.opened(&detail),
            replay_name: f.text(&["replay-name"], event.replay),
            extra: None,
        };
        let place = Place {
            time: f.time(&["time"], event.time),
            account: f.account(&["account"], event.account),
            region: f.text(&["region"], event.region),
            seed: None,
            unique: row.id.is_some(),
        };
        self.push(record, fields, row, place, (text, tape))
    }

    /// An item of the history of an alarm, as the API gives it. It has no id; the alarm, the millisecond and what is
    /// said of it tell it from others.
    fn alarm_item(&mut self, record: &Record<'_>, mut fields: Fields) -> Result<Decoded, Reject> {
        let stamp = record.json().get("Timestamp");
        let time = stamp.and_then(|stamp| fields.instant(stamp));
        if time.is_none() {
            fields.extra.misfit(&["time"], stamp.map_or("null", |stamp| stamp.raw()));
        }
        let row = EventbridgeRow {
            version: None,
            id: None,
            detail_type: Some(Cow::Borrowed("CloudWatch Alarm History")),
            source: Some(Cow::Borrowed("aws.cloudwatch")),
            event_resources: None,
            detail: Some(Cow::Borrowed(record.text)),
            replay_name: None,
            extra: None,
        };
        let place = Place { time, account: None, region: None, seed: None, unique: time.is_some() };
        self.push(record, fields, row, place, (record.text, record.tape))
    }

    /// A finding that framing took out of an event of Security Hub; what is left of the event is around it.
    fn finding(&mut self, record: &Record<'_>, mut fields: Fields) -> Result<Decoded, Reject> {
        let mut around = Tape::default();
        let known = !record.envelope.is_empty() && around.read(record.envelope.as_bytes()).is_ok();
        let f = &mut fields;
        let event = if known { Event::of(around.root(record.envelope), f) } else { Event::default() };
        // It stands for the event and what is left of its detail.
        if let Some(detail) = event.detail.filter(|detail| detail.raw() != "{}") {
            f.extra.put(&["envelope", "detail"], detail.raw());
        }
        let finding = record.json();
        let row = EventbridgeRow {
            version: f.text_or_number(&["version"], event.version),
            id: f.text(&["id"], event.id),
            detail_type: f.text(&["detail-type"], event.kind),
            source: f.text(&["source"], event.source),
            event_resources: f.json(event.resources),
            detail: Some(Cow::Borrowed(record.text)),
            replay_name: f.text(&["replay-name"], event.replay),
            extra: None,
        };
        let place = Place {
            time: f
                .time(&["time"], event.time)
                .or_else(|| finding.get("UpdatedAt").and_then(|updated| f.instant(updated))),
            account: f.account(&["account"], event.account.or_else(|| finding.get("AwsAccountId"))),
            region: f.text(&["region"], event.region.or_else(|| finding.get("Region"))),
            // The same finding is in other events again.
            seed: row.id.clone(),
            unique: true,
        };
        self.push(record, fields, row, place, (record.text, record.tape))
    }

    fn push(
        &mut self,
        record: &Record<'_>,
        fields: Fields,
        mut row: EventbridgeRow<'_>,
        place: Place<'_>,
        (text, tape): (&str, &Tape),
    ) -> Result<Decoded, Reject> {
        row.extra = fields.extra.finish(&mut self.mistyped).map(Cow::Owned);
        self.pivots.clear();
        // The names of alarms have spaces; what the sender named comes first.
        for resource in tape.root(text).get("resources").into_iter().flat_map(|list| list.items()) {
            self.pivots.classify(&resource.text().unwrap_or_default());
        }
        pivots_of(text, tape, &mut self.pivots);
        if securityhub::is_finding(tape.root(text)) {
            securityhub::resources_of(tape.root(text), &mut self.pivots);
        }
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: place.time,
            account: place.account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: place.region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash(place.seed.as_deref().unwrap_or_default(), text, tape, &mut self.scratch),
            unique: place.unique,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}
