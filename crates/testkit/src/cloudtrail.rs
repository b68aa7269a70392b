//! CloudTrail records and log files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::tree::{Object, Record, gzip};
use crate::world::{DEV, Ids, ORG, PROD, Who, at, compact_minute, folder, iso};

/// The members of one CloudTrail record, as JSON texts where they are objects.
#[derive(Debug, Clone, Copy)]
pub struct CloudTrailRecord<'a> {
    pub version: &'a str,
    /// JSON text of `userIdentity`.
    pub identity: &'a str,
    /// Seconds since 1970.
    pub time: i64,
    /// The service, without `.amazonaws.com`.
    pub service: &'a str,
    pub name: &'a str,
    pub region: &'a str,
    pub ip: &'a str,
    /// JSON text, with its quotes.
    pub agent: &'a str,
    /// Code and message; a failed console login has no code.
    pub error: Option<(&'a str, &'a str)>,
    /// JSON text of `requestParameters`.
    pub request: &'a str,
    /// JSON text of `responseElements`.
    pub response: &'a str,
    /// Further members (`,"additionalEventData":{…}`), each with its comma in front.
    pub more: &'a str,
    pub request_id: &'a str,
    pub event_id: &'a str,
    pub read_only: bool,
    pub event_type: &'a str,
    pub category: &'a str,
    pub account: &'a str,
    /// Members at the end (`,"tlsDetails":{…}`), each with its comma in front.
    pub tail: &'a str,
}

impl CloudTrailRecord<'_> {
    /// Appends the record as minified JSON, its members in AWS's order.
    pub fn write(&self, out: &mut String) {
        let mut member = |parts: &[&str]| parts.iter().for_each(|part| out.push_str(part));
        member(&["{\"eventVersion\":\"", self.version, "\",\"userIdentity\":", self.identity]);
        member(&[",\"eventTime\":\"", &iso(self.time), "\",\"eventSource\":\"", self.service, ".amazonaws.com"]);
        member(&["\",\"eventName\":\"", self.name, "\",\"awsRegion\":\"", self.region]);
        member(&["\",\"sourceIPAddress\":\"", self.ip, "\",\"userAgent\":", self.agent]);
        if let Some((code, message)) = self.error {
            if !code.is_empty() {
                member(&[",\"errorCode\":\"", code, "\""]);
            }
            member(&[",\"errorMessage\":", &json!(message).to_string()]);
        }
        member(&[",\"requestParameters\":", self.request, ",\"responseElements\":", self.response, self.more]);
        member(&[",\"requestID\":\"", self.request_id, "\",\"eventID\":\"", self.event_id, "\",\"readOnly\":"]);
        member(&[if self.read_only { "true" } else { "false" }, ",\"eventType\":\"", self.event_type]);
        member(&["\",\"managementEvent\":", if self.category == "Management" { "true" } else { "false" }]);
        member(&[",\"recipientAccountId\":\"", self.account, "\",\"eventCategory\":\"", self.category, "\""]);
        member(&[self.tail, "}"]);
    }
}

/// An event on its way into a log file.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) account: &'static str,
    /// `CloudTrail`, `CloudTrail-Insight` or `CloudTrail-NetworkActivity`, …: the folder in the key.
    pub(crate) folder: &'static str,
    pub(crate) region: &'static str,
    pub(crate) time: i64,
    /// Seconds by which its delivery is late.
    pub(crate) late: i64,
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What somebody did; turned into an [`Event`] by [`Deed::event`].
#[derive(Debug, Clone)]
pub(crate) struct Deed<'a> {
    pub(crate) who: &'a Who,
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) time: i64,
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    pub(crate) request: Value,
    pub(crate) response: Value,
    pub(crate) error: Option<(&'a str, String)>,
    /// Members after `responseElements`.
    pub(crate) more: Value,
    /// Members at the end.
    pub(crate) tail: Value,
    pub(crate) read_only: bool,
    pub(crate) data: bool,
    pub(crate) request_id: String,
    pub(crate) event_type: &'a str,
    pub(crate) version: &'a str,
}

impl<'a> Deed<'a> {
    pub(crate) fn new(who: &'a Who, account: &'static str, time: i64, service: &'a str, name: &'a str) -> Deed<'a> {
        let reads = ["Get", "List", "Describe", "Head", "Lookup", "Search", "Decrypt"];
        Deed {
            who,
            account,
            region: "us-east-1",
            time,
            service,
            name,
            request: Value::Null,
            response: Value::Null,
            error: None,
            more: json!({}),
            tail: json!({}),
            read_only: reads.iter().any(|verb| name.starts_with(verb)),
            data: false,
            request_id: String::new(),
            event_type: "AwsApiCall",
            version: "1.09",
        }
    }

    pub(crate) fn denied(mut self, code: &'a str) -> Deed<'a> {
        let action = format!("{}:{}", self.service, self.name);
        let message = format!("User: {} is not authorized to perform: {action}", self.who.arn);
        self.error = Some((code, format!("{message} because no identity-based policy allows the {action} action")));
        self
    }

    pub(crate) fn event(&self, ids: &mut Ids) -> Event {
        let id = ids.uuid();
        let request_id = if self.request_id.is_empty() { ids.uuid() } else { self.request_id.clone() };
        let mut tail = members(&self.tail);
        if self.event_type == "AwsApiCall" && !self.who.ip.ends_with(".com") {
            write!(
                tail,
                ",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
                 \"clientProvidedHostHeader\":\"{}.{}.amazonaws.com\"}}",
                self.service, self.region
            )
            .expect("a string takes all");
        }
        let mut text = String::new();
        CloudTrailRecord {
            version: self.version,
            identity: &self.who.identity.to_string(),
            time: self.time,
            service: self.service,
            name: self.name,
            region: self.region,
            ip: self.who.ip,
            agent: &json!(self.who.agent).to_string(),
            error: self.error.as_ref().map(|(code, message)| (*code, message.as_str())),
            request: &self.request.to_string(),
            response: &self.response.to_string(),
            more: &members(&self.more),
            request_id: &request_id,
            event_id: &id,
            read_only: self.read_only,
            event_type: self.event_type,
            category: if self.data { "Data" } else { "Management" },
            account: self.account,
            tail: &tail,
        }
        .write(&mut text);
        let (account, region, time) = (self.account, self.region, self.time);
        Event { account, folder: "CloudTrail", region, time, late: 0, id, text }
    }
}

/// The members of an object as text, each with a comma in front.
fn members(value: &Value) -> String {
    let text = value.to_string();
    let inner = text.trim_start_matches('{').strip_suffix('}').unwrap_or_default();
    if value.as_object().is_none_or(serde_json::Map::is_empty) { String::new() } else { format!(",{inner}") }
}

/// A log file: its key below `AWSLogs/…`, and its events.
#[derive(Debug, Clone)]
pub(crate) struct LogFile {
    pub(crate) key: String,
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) delivered: i64,
    pub(crate) events: Vec<Event>,
}

impl LogFile {
    pub(crate) fn json(&self) -> String {
        let texts: Vec<&str> = self.events.iter().map(|event| event.text.as_str()).collect();
        format!("{{\"Records\":[{}]}}", texts.join(","))
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.events.iter().map(|event| Record::whole(event.text.as_str())).collect()
    }

    pub(crate) fn object(&self, bucket: &str) -> Object {
        let body = gzip(self.json().as_bytes());
        Object::new(format!("{bucket}/{}", self.key), "cloudtrail", self.delivered, body, self.records())
    }
}

/// `…/<acct>/CloudTrail/<region>/YYYY/MM/DD/<acct>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<16>.json.gz`
pub(crate) fn key(organisation: Option<&str>, account: &str, kind: &str, region: &str, time: i64, id: &str) -> String {
    let organisation = organisation.map(|name| format!("{name}/")).unwrap_or_default();
    let (day, stamp) = (folder(time), compact_minute(time));
    format!("AWSLogs/{organisation}{account}/{kind}/{region}/{day}/{account}_{kind}_{region}_{stamp}_{id}.json.gz")
}

/// How many seconds of events go into one file: an hour where digests are kept, else half a day.
fn window(event: &Event) -> i64 {
    let incident = (at("04-08 00:00:00")..at("04-12 00:00:00")).contains(&event.time);
    match (event.account, event.region) {
        (PROD, "us-east-1") if incident => 3_600,
        (PROD, "us-east-1") | (DEV, _) if incident => 3 * 3_600,
        (PROD, "us-east-1") => 6 * 3_600,
        _ => 12 * 3_600,
    }
}

/// Packs events into files, as CloudTrail delivers them: a few minutes after, unordered inside.
pub(crate) fn pack(events: Vec<Event>, seed: u64) -> Vec<LogFile> {
    let mut groups: BTreeMap<(i64, &str, &str, &str), Vec<Event>> = BTreeMap::new();
    for event in events {
        let window = window(&event);
        let end = (event.time.div_euclid(window) + 1) * window;
        groups.entry((end + event.late, event.account, event.folder, event.region)).or_default().push(event);
    }
    let mut ids = Ids::new(seed, 3);
    let mut files = Vec::new();
    for ((end, account, kind, region), mut events) in groups {
        ids.0.shuffle(&mut events);
        let delivered = end + ids.0.i64(2..7) * 60;
        let key = key(Some(ORG), account, kind, region, delivered, &ids.alnum(16));
        let (account, region) = (events[0].account, events[0].region);
        files.push(LogFile { key, account, region, delivered, events });
    }
    files
}
