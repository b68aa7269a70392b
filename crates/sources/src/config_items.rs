//! AWS Config: items of history files and snapshots, notifications of every kind, answers of its API.

use std::borrow::Cow;

use coldtrail_schema::tables::config_items::{self, ConfigItemRow, ConfigItemRows};
use coldtrail_schema::{Common, Pivots, Rows};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::error_class::class;
use crate::fields::{Fields, json_hash, json_string, pivots_of};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Type, Value};
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::{eventbridge_events, recognise, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "config_items",
    title: "AWS Config items and notifications",
    table: &config_items::TABLE,
    version: 1,
    claims: |head, framing| {
        let any = framing == Framing::Json && (recognise::any_record(head, holds) || named(head));
        any && !eventbridge_events::is_ours(head)
    },
    decoder: || Box::<ConfigDecoder>::default(),
};

pub(crate) fn holds(value: Value<'_>) -> bool {
    is_ours(value) || unwrap::unwrap(value, is_ours).is_some()
}

pub(crate) fn is_ours(value: Value<'_>) -> bool {
    is_item(value) || is_message(value)
}

/// A configuration item says when it was captured, or what state which type of resource is in.
fn is_item(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some();
    has("configurationItemCaptureTime")
        || has("configurationItemStatus")
        || (has("resourceType") && has("resourceId") && has("configuration"))
}

fn is_message(value: Value<'_>) -> bool {
    let kind = value.get("messageType").and_then(|v| v.text());
    kind.is_some_and(|kind| {
        ["Configuration", "Compliance", "ConfigRules", "ScheduledNotification"].iter().any(|part| kind.contains(part))
    })
}

/// The first item of a snapshot can be longer than the head; its wrapper tells.
fn named(head: &Head<'_>) -> bool {
    memchr::memmem::find(head.bytes, b"\"configurationItems\"").is_some_and(|at| at < 400)
}

#[derive(Default)]
struct ConfigDecoder {
    account: Option<String>,
    region: Option<String>,
    oversized: bool,
    years: Years,
    mistyped: Mistyped,
    rows: ConfigItemRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for ConfigDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = ConfigDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            oversized: head.name.contains("OversizedChangeNotification"),
            rows: std::mem::take(&mut self.rows),
            ..ConfigDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let (text, tape) = (record.text, record.tape);
        if !record.json().is_object() {
            return Err(Reject::new("a configuration item or notification is a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        let envelope = Envelope::of(record.envelope);
        if is_ours(tape.root(text)) {
            fields.envelope(if envelope.known { "" } else { record.envelope }, &[]);
            return self.entry(record, fields, &envelope, text, tape);
        }
        match unwrap::unwrap(tape.root(text), is_ours) {
            Some(inner) => {
                fields.envelope(record.envelope, &inner.envelopes);
                self.entry(record, fields, &envelope, &inner.text, &inner.tape)
            }
            None => Err(Reject::new("neither a configuration item nor a message of AWS Config")),
        }
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// What the file around an item says.
#[derive(Default)]
struct Envelope {
    in_file: bool,
    /// Has it nothing but what has columns?
    known: bool,
    version: Option<String>,
    snapshot: Option<String>,
}

impl Envelope {
    fn of(text: &str) -> Envelope {
        let mut tape = Tape::default();
        if text.is_empty() || tape.read(text.as_bytes()).is_err() {
            return Envelope::default();
        }
        let member = |name: &str| tape.root(text).get(name).and_then(|v| v.text()).map(Cow::into_owned);
        let version = member("fileVersion");
        let known = tape.root(text).entries().all(|(name, value)| {
            matches!(name.as_ref(), "fileVersion" | "configSnapshotId")
                && matches!(value.ty(), Type::Plain | Type::Escaped)
        });
        Envelope { in_file: version.is_some(), known, version, snapshot: member("configSnapshotId") }
    }
}

/// The members of an item, by whichever of their names.
#[derive(Default)]
struct Item<'a> {
    version: Option<Value<'a>>,
    captured: Option<Value<'a>>,
    status: Option<Value<'a>>,
    state_id: Option<Value<'a>>,
    md5: Option<Value<'a>>,
    account: Option<Value<'a>>,
    region: Option<Value<'a>>,
    zone: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    id: Option<Value<'a>>,
    name: Option<Value<'a>>,
    arn: Option<Value<'a>>,
    created: Option<Value<'a>>,
    tags: Option<Value<'a>>,
    events: Option<Value<'a>>,
    relationships: Option<Value<'a>>,
    configuration: Option<Value<'a>>,
    supplementary: Option<Value<'a>>,
    change: Option<Value<'a>>,
}

impl<'a> Item<'a> {
    fn read(&mut self, item: Value<'a>, path: &[&str], fields: &mut Fields) {
        for (key, value) in item.entries() {
            let slot = match key.as_ref() {
                "configurationItemVersion" | "version" => &mut self.version,
                "configurationItemCaptureTime" => &mut self.captured,
                "configurationItemStatus" => &mut self.status,
                "configurationStateId" | "configurationStateID" => &mut self.state_id,
                "configurationStateMd5Hash" | "configurationItemMD5Hash" => &mut self.md5,
                "awsAccountId" | "accountId" => &mut self.account,
                "awsRegion" => &mut self.region,
                "availabilityZone" | "availibilityZone" => &mut self.zone,
                "resourceType" => &mut self.kind,
                "resourceId" => &mut self.id,
                "resourceName" => &mut self.name,
                "ARN" | "arn" => &mut self.arn,
                "resourceCreationTime" => &mut self.created,
                "tags" => &mut self.tags,
                "relatedEvents" => &mut self.events,
                "relationships" => &mut self.relationships,
                "configuration" => &mut self.configuration,
                "supplementaryConfiguration" => &mut self.supplementary,
                "changeType" => &mut self.change,
                other => {
                    let path: Vec<&str> = path.iter().copied().chain([other]).collect();
                    fields.extra.put(&path, value.raw());
                    continue;
                }
            };
            fields.set(slot, &key, value);
        }
    }
}

/// The members of a notification around an item.
#[derive(Default)]
struct Message<'a> {
    kind: Option<Value<'a>>,
    created: Option<Value<'a>>,
    diff: Option<Value<'a>>,
    delivery: Option<Value<'a>>,
    rule: Option<Value<'a>>,
    new: Option<Value<'a>>,
    old: Option<Value<'a>>,
}

impl ConfigDecoder {
    fn entry(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        around: &Envelope,
        text: &str,
        tape: &Tape,
    ) -> Result<Decoded, Reject> {
        let f = &mut fields;
        let root = tape.root(text);
        let (mut item, mut message) = (Item::default(), Message::default());
        if is_message(root) {
            for (key, value) in root.entries() {
                let slot = match key.as_ref() {
                    "configurationItem" | "configurationItemSummary" if value.is_object() => {
                        item.read(value, &[&key], f);
                        continue;
                    }
                    "messageType" => &mut message.kind,
                    "notificationCreationTime" => &mut message.created,
                    "configurationItemDiff" => &mut message.diff,
                    "s3DeliverySummary" => &mut message.delivery,
                    "configRuleName" => &mut message.rule,
                    "newEvaluationResult" => &mut message.new,
                    "oldEvaluationResult" => &mut message.old,
                    "awsAccountId" if item.account.is_none() => &mut item.account,
                    "awsRegion" if item.region.is_none() => &mut item.region,
                    "resourceType" if item.kind.is_none() => &mut item.kind,
                    "resourceId" if item.id.is_none() => &mut item.id,
                    other => {
                        f.extra.put(&[other], value.raw());
                        continue;
                    }
                };
                f.set(slot, &key, value);
            }
        } else {
            item.read(root, &[], f);
        }
        let kind = f.text(&["messageType"], message.kind);
        let item_source = match kind.as_deref() {
            Some(_) if self.oversized => "oversized",
            Some("ConfigurationItemChangeNotification") => "notification",
            Some("OversizedConfigurationItemChangeNotification") => "oversized",
            Some("ComplianceChangeNotification") => "compliance",
            Some(kind) if kind.contains("Rules") || kind.contains("Scheduled") => "evaluation",
            Some(_) => "status",
            None if around.snapshot.is_some() => "snapshot",
            None if around.in_file => "history",
            None if item.account.is_some_and(|_| root.get("accountId").is_some()) => "api",
            None => "item",
        };
        let captured = f.time(&["configurationItemCaptureTime"], item.captured);
        let created = f.time(&["notificationCreationTime"], message.created);
        let account = f.account(&["awsAccountId"], item.account);
        let region = f.text(&["awsRegion"], item.region);
        let configuration = Document::of(item.configuration, false);
        let supplementary = Document::of(item.supplementary, true);
        let evaluation = message.new.and_then(|new| new.get("resultRecordedTime"));
        let evaluated = evaluation.and_then(|recorded| f.instant(recorded));
        self.pivots.clear();
        pivots_of(text, tape, &mut self.pivots);
        for document in [&configuration, &supplementary] {
            document.pivots(&mut self.pivots);
        }
        let id = f.text_or_number(&["resourceId"], item.id);
        if let Some(id) = id.as_deref().filter(|id| id.len() <= 512) {
            self.pivots.resources.push(id);
        }
        let change = item.change.or_else(|| message.diff.and_then(|diff| diff.get("changeType")));
        let row = ConfigItemRow {
            error_class: Some(Cow::Borrowed(class::SUCCESS)),
            is_write: Some(true),
            session_id: None,
            item_source: Some(Cow::Borrowed(item_source)),
            messagetype: kind,
            fileversion: around.version.as_deref().map(Cow::Borrowed),
            configsnapshotid: around.snapshot.as_deref().map(Cow::Borrowed),
            configurationitemversion: f.text_or_number(&["configurationItemVersion"], item.version),
            configurationitemcapturetime: captured,
            configurationitemstatus: f.text(&["configurationItemStatus"], item.status),
            configurationstateid: f.text_or_number(&["configurationStateId"], item.state_id),
            configurationstatemd5hash: f.text(&["configurationStateMd5Hash"], item.md5),
            awsaccountid: account.clone(),
            awsregion: region.clone(),
            availabilityzone: f.text(&["availabilityZone"], item.zone),
            resourcetype: f.text(&["resourceType"], item.kind),
            resourceid: id,
            resourcename: f.text(&["resourceName"], item.name),
            arn: f.text(&["ARN"], item.arn),
            resourcecreationtime: f.time(&["resourceCreationTime"], item.created),
            tags: f.json(item.tags),
            relatedevents: f.json(item.events),
            relationships: f.json(item.relationships),
            configuration: configuration.decoded,
            supplementaryconfiguration: supplementary.decoded,
            configurationitemdiff: f.json(message.diff),
            changetype: f.text(&["changeType"], change),
            s3deliverysummary: f.json(message.delivery),
            configrulename: f.text(&["configRuleName"], message.rule),
            compliancetype: message.new.and_then(|new| new.get("complianceType")).and_then(|v| v.text()),
            newevaluationresult: f.json(message.new),
            oldevaluationresult: f.json(message.old),
            notificationcreationtime: created,
            configuration_raw: configuration.raw,
            supplementaryconfiguration_raw: supplementary.raw,
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let seed = format!("{item_source} {}", around.snapshot.as_deref().unwrap_or_default());
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: captured.or(created).or(evaluated),
            account: account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash(&seed, text, tape, &mut self.scratch),
            unique: true,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// A document as decoded, and as it was when decoding changed it.
#[derive(Default)]
struct Document<'a> {
    decoded: Option<Cow<'a, str>>,
    raw: Option<Cow<'a, str>>,
}

impl<'a> Document<'a> {
    /// `embedded`: strings at any depth that hold JSON become documents. In `configuration` only the
    /// whole of it may be a string, and URL-encoded policies are decoded.
    fn of(value: Option<Value<'a>>, embedded: bool) -> Document<'a> {
        let Some(value) = value.filter(|v| !v.is_null()) else { return Document::default() };
        let mut out = String::new();
        if rewrite(value, embedded, true, 4, &mut out) {
            Document { decoded: Some(Cow::Owned(out)), raw: Some(Cow::Borrowed(value.raw())) }
        } else {
            Document { decoded: Some(Cow::Borrowed(value.raw())), raw: None }
        }
    }

    fn pivots(&self, pivots: &mut Pivots) {
        if let (Some(decoded), Some(_)) = (&self.decoded, &self.raw) {
            let mut tape = Tape::default();
            if tape.read(decoded.as_bytes()).is_ok() {
                pivots_of(decoded, &tape, pivots);
            }
        }
    }
}

/// Writes a value with the documents inside its strings decoded; true when anything changed.
fn rewrite(value: Value<'_>, embedded: bool, outermost: bool, depth: usize, out: &mut String) -> bool {
    let mut changed = false;
    if value.is_object() {
        out.push('{');
        for (at, (key, member)) in value.entries().enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str(&json_string(&key));
            out.push(':');
            changed |= rewrite(member, embedded, false, depth, out);
        }
        out.push('}');
    } else if value.is_array() {
        out.push('[');
        for (at, item) in value.items().enumerate() {
            if at > 0 {
                out.push(',');
            }
            changed |= rewrite(item, embedded, false, depth, out);
        }
        out.push(']');
    } else {
        match value.text().and_then(|text| document_in(&text, embedded || outermost)).filter(|_| depth > 0) {
            Some(document) => {
                let mut tape = Tape::default();
                if tape.read(document.as_bytes()).is_ok() {
                    rewrite(tape.root(&document), embedded, outermost, depth - 1, out);
                }
                changed = true;
            }
            None => out.push_str(value.raw()),
        }
    }
    changed
}

/// The JSON document that a string holds, URL-encoded or, when `plain` ones count, as it is.
fn document_in(text: &str, plain: bool) -> Option<String> {
    let text: Cow<'_, str> = match text.get(..3) {
        Some("%7B" | "%7b" | "%5B" | "%5b") => percent_decode_str(text).decode_utf8().ok()?,
        _ if plain && matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[' | b'"')) => Cow::Borrowed(text),
        _ => return None,
    };
    let text = text.trim();
    let mut tape = Tape::default();
    (tape.read(text.as_bytes()) == Ok(text.len())).then(|| text.to_owned())
}
