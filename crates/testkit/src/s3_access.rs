//! S3 server access log lines and the files they are delivered in.

use std::collections::BTreeMap;

use crate::tree::{Object, Record};
use crate::world::{ASSETS, BUCKET_OWNER, EXPORTS, HOME, Ids, PROD, at, civil, dashed, folder};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// One request to a bucket, as S3 logs it. Texts are written as they are: S3 escapes nothing.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) time: i64,
    pub(crate) bucket: &'static str,
    pub(crate) ip: String,
    /// `-` when anonymous.
    pub(crate) requester: String,
    pub(crate) request_id: String,
    pub(crate) host_id: String,
    pub(crate) operation: &'static str,
    /// URL-encoded.
    pub(crate) key: String,
    /// The request line; empty for operations of S3 itself, which have none.
    pub(crate) uri: String,
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) sent: u64,
    pub(crate) size: u64,
    pub(crate) referrer: String,
    pub(crate) agent: String,
    /// AuthHeader, QueryString or `-`.
    pub(crate) auth: &'static str,
}

impl Line {
    pub(crate) fn get(time: i64, bucket: &'static str, key: &str, size: u64, ids: &mut Ids) -> Line {
        Line {
            time,
            bucket,
            ip: "-".to_owned(),
            requester: "-".to_owned(),
            request_id: ids.upper_hex(16),
            host_id: ids.host_id(),
            operation: "REST.GET.OBJECT",
            key: key.to_owned(),
            uri: format!("GET /{key} HTTP/1.1"),
            status: 200,
            error: "-",
            sent: size,
            size,
            referrer: "-".to_owned(),
            agent: "-".to_owned(),
            auth: "AuthHeader",
        }
    }

    /// The line with its first `width` fields: AWS appended fields over the years.
    pub(crate) fn render(&self, width: usize) -> String {
        let c = civil(self.time);
        let month = MONTHS[c.month as usize - 1];
        let number = |n: u64| if n == 0 { "-".to_owned() } else { n.to_string() };
        let quoted = |text: &str| if self.uri.is_empty() { "-".to_owned() } else { format!("\"{text}\"") };
        let signed = self.auth != "-";
        let total = 12 + self.sent / 90_000;
        let fields = [
            BUCKET_OWNER.to_owned(),
            self.bucket.to_owned(),
            format!("[{:02}/{month}/{}:{:02}:{:02}:{:02} +0000]", c.day, c.year, c.hour, c.minute, c.second),
            self.ip.clone(),
            self.requester.clone(),
            self.request_id.clone(),
            self.operation.to_owned(),
            self.key.clone(),
            quoted(&self.uri),
            self.status.to_string(),
            self.error.to_owned(),
            number(self.sent),
            number(self.size),
            total.to_string(),
            if self.uri.is_empty() { "-".to_owned() } else { (total - 3).to_string() },
            quoted(&self.referrer),
            quoted(&self.agent),
            "-".to_owned(),
            self.host_id.clone(),
            if signed { "SigV4" } else { "-" }.to_owned(),
            "TLS_AES_128_GCM_SHA256".to_owned(),
            self.auth.to_owned(),
            format!("{}.s3.us-east-1.amazonaws.com", self.bucket),
            "TLSv1.3".to_owned(),
            "-".to_owned(),
            if signed { "-" } else { "Yes" }.to_owned(),
            HOME.to_owned(),
        ];
        fields[..width.min(fields.len())].join(" ")
    }

    pub(crate) fn record(&self, width: usize) -> Record {
        let never_duplicate = self.operation.starts_with("BATCH.DELETE.") || self.request_id == "-";
        Record { never_duplicate, ..Record::whole(self.render(width)) }
    }
}

/// A file of lines, with its records (the broken ones too).
pub(crate) fn object(key: String, delivered: i64, records: Vec<Record>) -> Object {
    let mut body = String::new();
    for record in &records {
        body.push_str(&record.text);
        body.push('\n');
    }
    Object::new(format!("s3-access-logs/{key}"), "s3_access", delivered, body.into_bytes(), records)
}

/// How wide lines are at this time: every generation occurs in the flat bucket, the newest two in the other.
fn width(line: &Line) -> usize {
    match line.bucket {
        ASSETS => 18 + (line.time / 86_400 % 10) as usize,
        _ if line.time < at("04-01 00:00:00") => 26,
        _ => 27,
    }
}

/// Packs lines into files: flat keys for one bucket, keys by date for the other.
pub(crate) fn pack(lines: &[Line], seed: u64) -> Vec<Object> {
    let mut groups: BTreeMap<(&str, i64), Vec<&Line>> = BTreeMap::new();
    let incident = at("04-08 00:00:00")..at("04-12 00:00:00");
    for line in lines {
        let window = if incident.contains(&line.time) && line.bucket == EXPORTS { 3_600 } else { 86_400 };
        let end = (line.time / window + 1) * window;
        groups.entry((line.bucket, end)).or_default().push(line);
    }
    let mut ids = Ids::new(seed, 4);
    let mut objects = Vec::new();
    for ((bucket, end), mut lines) in groups {
        lines.sort_by_key(|line| line.time);
        let delivered = end + ids.0.i64(900..2_700);
        let name = format!("{}-{}", dashed(delivered), ids.upper_hex(16));
        let key = match bucket {
            ASSETS => format!("access/{name}"),
            _ => format!("{PROD}/{HOME}/{bucket}/{}/{name}", folder(end - 1)),
        };
        let records = lines.iter().map(|line| line.record(width(line))).collect();
        objects.push(object(key, delivered, records));
    }
    objects
}
