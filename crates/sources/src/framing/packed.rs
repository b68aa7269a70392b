//! Records that carry a document packed, as base64, mostly of gzip: what CloudWatch Logs hands to Lambda, what is read
//! out of a Kinesis stream, and what Firehose hands to Lambda or to an address, or writes down as failed.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>,
//! <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html>

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coldtrail_evidence::{Limits, open_bytes};

use crate::json::Value;

/// How often one may be in another.
pub(super) const MAX_DEPTH: usize = 2;

/// A record is at most 16 MiB; CloudWatch Logs packs at most 1 MiB, and logs reach 60 bytes for each.
const LIMITS: Limits =
    Limits { inflated: 64 << 20, ratio: 200, layers: 2, stored: 64 << 20, time: Duration::from_secs(10) };

/// No record that carries data has more members.
const MEMBERS: usize = 16;

/// So long may be what stands beside the data.
const AROUND: usize = 4 << 10;

/// What is packed in a record.
pub(super) struct Packed {
    /// The documents, as far as they could be read.
    pub(super) bytes: Vec<u8>,
    /// What was wrong with the rest.
    pub(super) damage: Option<String>,
    /// The record without them.
    pub(super) around: String,
}

/// What is packed in a record; none where it carries no JSON.
pub(super) fn inside(record: Value<'_>) -> Option<Packed> {
    // The commonest record of all has no need to be looked through.
    if record.raw().starts_with("{\"eventVersion\"") || record.entries().take(MEMBERS + 1).count() > MEMBERS {
        return None;
    }
    // Text that is no base64 is text.
    let data = carried(record)?;
    let Ok(packed) = STANDARD.decode(data.text()?.as_bytes()) else { return None };
    let mut opened = open_bytes(packed, &LIMITS);
    let mut bytes = Vec::new();
    let failed = opened.read_to_end(&mut bytes).err().map(|error| error.to_string());
    let damage = opened.facts().damage.filter(|damage| !damage.is_harmless()).map(|damage| damage.to_string());
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    // It goes with every document.
    let (around, long) = match around(record, data) {
        around if around.len() <= AROUND => (around, None),
        _ => ("{}".to_owned(), Some(format!("what stands beside it is longer than {AROUND} bytes, and only here"))),
    };
    Some(Packed { bytes, damage: failed.or(damage).or(long), around })
}

/// The member that holds the data, in the forms that services give to such records.
fn carried(record: Value<'_>) -> Option<Value<'_>> {
    let within = |name: &str| record.get(name)?.get("data");
    // Lambda: by CloudWatch Logs, by Kinesis.
    if let Some(data) = within("awslogs").or_else(|| within("kinesis")) {
        return Some(data);
    }
    // Firehose: failed, and on its way; Kinesis: `get-records`.
    for (data, beside) in [("rawData", "attemptsMade"), ("data", "recordId"), ("Data", "SequenceNumber")] {
        if let Some(data) = record.get(beside).and_then(|_| record.get(data)) {
            return Some(data);
        }
    }
    // Firehose to an address: nothing else stands in the record.
    let alone = record.entries().take(2).count() == 1;
    alone.then(|| record.get("data")).flatten()
}

/// The members of a record and of the objects in it, without the data.
fn around(record: Value<'_>, data: Value<'_>) -> String {
    let mut text = String::from("{");
    let is_data = |value: &Value<'_>| std::ptr::eq(value.raw(), data.raw());
    for (name, value) in record.entries().filter(|(_, value)| !is_data(value)) {
        let value = match name.as_ref() {
            "awslogs" | "kinesis" if value.is_object() => around(value, data),
            _ => value.raw().to_owned(),
        };
        text.push_str(if text.len() > 1 { "," } else { "" });
        text.push_str(&format!("{}:{value}", serde_json::Value::from(name.as_ref())));
    }
    text + "}"
}
