//! What CloudWatch Logs puts around messages: the documents of a subscription, and what Firehose makes of them.

use serde_json::{Value, json};

use crate::tree::{Object, Record, gzip};
use crate::world::{Ids, PROD, civil, dashed, folder};

/// An event of a log group.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Milliseconds since 1970.
    pub(crate) millis: i64,
    pub(crate) message: String,
    /// The table of another source, if the message is an entry of its log.
    pub(crate) table: Option<&'static str>,
}

/// A log group, its stream, and the subscription filter that sends its events on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub(crate) group: &'static str,
    pub(crate) stream: &'static str,
    pub(crate) filter: &'static str,
}

const DIGITS: &[u8] = b"0123456789";

impl Stream {
    /// A document with some events, and its records.
    fn document(&self, events: &[Event], ids: &mut Ids) -> (String, Vec<Record>) {
        let (mut texts, mut records) = (Vec::new(), Vec::new());
        for event in events {
            let mut id = "3".to_owned();
            ids.push(&mut id, DIGITS, 55);
            let value = json!({"id": id, "timestamp": event.millis, "message": event.message});
            records.push(match event.table {
                Some(table) => Record::of_table(table, event.message.clone()),
                None => Record::whole(value.to_string()),
            });
            texts.push(value);
        }
        (self.around("DATA_MESSAGE", self.group, self.stream, texts), records)
    }

    fn around(&self, kind: &str, group: &str, stream: &str, events: Vec<Value>) -> String {
        json!({
            "messageType": kind, "owner": PROD, "logGroup": group, "logStream": stream,
            "subscriptionFilters": [self.filter], "logEvents": events,
        })
        .to_string()
    }

    /// The document with which CloudWatch Logs tries whether it can deliver: it holds no event of a log.
    fn control(&self, time: i64, ids: &mut Ids) -> String {
        let mut id = "3".to_owned();
        ids.push(&mut id, DIGITS, 55);
        let message = "CWL CONTROL MESSAGE: Checking health of destination Firehose.";
        let event = json!({"id": id, "timestamp": time * 1_000, "message": message});
        self.around("CONTROL_MESSAGE", "", "", vec![event])
    }

    /// A file of Firehose: documents of a few events each, compressed one by one, with nothing between them.
    pub(crate) fn file(&self, delivery: &str, time: i64, events: &[Event], control: bool, ids: &mut Ids) -> Object {
        let (mut body, mut records) = (Vec::new(), Vec::new());
        if control {
            body.extend(gzip(self.control(time, ids).as_bytes()));
        }
        for events in events.chunks(25) {
            let (text, of_these) = self.document(events, ids);
            body.extend(gzip(text.as_bytes()));
            records.extend(of_these);
        }
        Object::new(firehose(delivery, time, ids), "cloudwatch_logs", time, body, records)
    }
}

/// The key that Firehose gives a file: `<prefix>/2026/04/10/05/<stream>-1-2026-04-10-05-15-02-<uuid>.gz`
pub(crate) fn firehose(delivery: &str, time: i64, ids: &mut Ids) -> String {
    let name = delivery.rsplit('/').next().unwrap_or(delivery);
    format!("{delivery}/{}/{:02}/{name}-1-{}-{}.gz", folder(time), civil(time).hour, dashed(time), ids.uuid())
}
