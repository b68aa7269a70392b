//! Log files: small ones, of realistic events.

use std::ops::Range;

use serde_json::{Value, json};

use super::chain::Line;
use crate::catalogue::{Fill, SHAPES};
use crate::cloudtrail::{self, CloudTrailRecord};
use crate::digests::sha256;
use crate::world::{CI_AGENT, CI_IP, INTRUDER_IP, Ids, Who, iso};

/// A log file before it is compressed.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) bucket: String,
    pub(super) key: String,
    /// JSON: `{"Records":[…]}`.
    pub(super) text: String,
    /// Of its events, in seconds since 1970.
    newest: i64,
    oldest: i64,
}

impl Log {
    /// A log delivered at some time of `hour`, which must be an hour long, of events that are younger than its start.
    pub(super) fn new(line: &Line, bucket: &str, hour: Range<i64>, events: u32, ids: &mut Ids) -> Log {
        // So far from both ends that the minute in its name is of the hour, too.
        let delivered = hour.start + ids.0.i64(600..3_480);
        let organisation = line.organisation.as_deref();
        let key = cloudtrail::key(organisation, &line.account, "CloudTrail", &line.region, delivered, &ids.alnum(16));
        let times: Vec<i64> = (0..events.max(1)).map(|_| delivered - ids.0.i64(60..540)).collect();
        let records: Vec<String> = times.iter().map(|time| random_event(line, *time, ids)).collect();
        Log {
            bucket: bucket.to_owned(),
            key,
            text: format!("{{\"Records\":[{}]}}", records.join(",")),
            newest: times.iter().copied().fold(i64::MIN, i64::max),
            oldest: times.iter().copied().fold(i64::MAX, i64::min),
        }
    }

    /// What a digest says of it.
    pub(super) fn entry(&self) -> Value {
        json!({
            "s3Bucket": self.bucket, "s3Object": self.key, "hashValue": sha256(self.text.as_bytes()),
            "hashAlgorithm": "SHA-256", "newestEventTime": iso(self.newest), "oldestEventTime": iso(self.oldest),
        })
    }

    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    pub(super) fn oldest(&self) -> i64 {
        self.oldest
    }

    /// Adds an event that switches the trail, at the time of the newest one.
    pub(super) fn add_switch(&mut self, line: &Line, name: &'static str, ids: &mut Ids) {
        let trail = format!("arn:aws:cloudtrail:{}:{}:trail/{}", line.home, line.account, line.trail);
        let request = json!({ "name": trail }).to_string();
        let call = Call { service: "cloudtrail", name, version: "1.09", read_only: false, category: "Management" };
        let event = event(line, self.newest, &call, [&request, "null", ""], ids);
        self.text.truncate(self.text.len() - "]}".len());
        self.text.push_str(&format!(",{event}]}}"));
    }

    /// The text after somebody has altered it: the first event comes from another address.
    pub(super) fn altered(&self) -> String {
        self.text.replacen(CI_IP, INTRUDER_IP, 1)
    }
}

struct Call {
    service: &'static str,
    name: &'static str,
    version: &'static str,
    read_only: bool,
    category: &'static str,
}

fn random_event(line: &Line, time: i64, ids: &mut Ids) -> String {
    let shape = &SHAPES[ids.0.usize(..SHAPES.len())];
    let (pick, key_pick) = (ids.0.u32(..200), ids.0.u32(..1_000_000));
    let fill = Fill { account: &line.account, region: &line.region, time, pool: 200, pick, key_pick };
    let mut parts: [String; 3] = Default::default();
    for (part, template) in parts.iter_mut().zip([shape.request, shape.response, shape.more]) {
        fill.write(part, template, ids);
    }
    let category = if shape.data { "Data" } else { "Management" };
    let call =
        Call { service: shape.service, name: shape.name, version: shape.version, read_only: shape.read_only, category };
    event(line, time, &call, [&parts[0], &parts[1], &parts[2]], ids)
}

/// The parts are the JSON texts of request and response, and the members after them.
fn event(line: &Line, time: i64, call: &Call, [request, response, more]: [&str; 3], ids: &mut Ids) -> String {
    let since = time - time.rem_euclid(3_600);
    let role = format!("app-role-{}", ids.0.u32(..8));
    let who = Who::role(&line.account, &role, &since.to_string(), &ids.asia(), since);
    let mut text = String::new();
    CloudTrailRecord {
        version: call.version,
        identity: &who.identity.to_string(),
        time,
        service: call.service,
        name: call.name,
        region: &line.region,
        ip: who.ip,
        agent: &json!(CI_AGENT).to_string(),
        error: None,
        request,
        response,
        more,
        request_id: &ids.uuid(),
        event_id: &ids.uuid(),
        read_only: call.read_only,
        event_type: "AwsApiCall",
        category: call.category,
        account: &line.account,
        tail: "",
    }
    .write(&mut text);
    text
}
