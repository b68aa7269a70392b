//! CloudFront requests, and the four kinds of log files that they are written to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::tree::{Object, Record, gzip};
use crate::world::{DISTRIBUTION, Ids, PROD, civil, dashed, folder, iso};

/// One request of a viewer.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) time: i64,
    pub(crate) ip: String,
    pub(crate) stem: String,
    pub(crate) query: String,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    /// URL-encoded.
    pub(crate) agent: String,
    pub(crate) referrer: String,
    pub(crate) hit: bool,
    pub(crate) request_id: String,
}

/// The fields of legacy standard logs, in their order.
const STANDARD: [&str; 33] = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
    "fle-status",
    "fle-encrypted-fields",
    "c-port",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
];
/// A selection that a user of standard logging v2 could have made, in an order of their own.
const W3C_V2: [&str; 14] = [
    "timestamp(ms)",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "cs-uri-query",
    "sc-status",
    "sc-bytes",
    "x-edge-request-id",
    "cs(User-Agent)",
    "c-country",
    "asn",
    "date",
    "time",
];
const CLOUD_DOMAIN: &str = "d111111abcdef8.cloudfront.net";
const SITE: &str = "www.acme.example";
const SECOND: &str = "E2EXAMPLE2EFGH";

impl Visit {
    pub(crate) fn new(time: i64, ip: &str, stem: &str, bytes: u64, ids: &mut Ids) -> Visit {
        Visit {
            time,
            ip: ip.to_owned(),
            stem: stem.to_owned(),
            query: "-".to_owned(),
            status: 200,
            bytes,
            agent: "Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:124.0)%20Gecko/20100101%20Firefox/124.0".to_owned(),
            referrer: "-".to_owned(),
            hit: true,
            request_id: format!("{}==", ids.alnum(54)),
        }
    }

    fn field(&self, name: &str) -> String {
        let stamp = iso(self.time);
        let result = if self.status >= 400 { "Error" } else { ["Miss", "Hit"][usize::from(self.hit)] };
        let text = match name {
            "date" => &stamp[..10],
            "time" => &stamp[11..19],
            "timestamp(ms)" => return (self.time * 1_000 + 250).to_string(),
            "x-edge-location" => "FRA60-P3",
            "sc-bytes" => return self.bytes.to_string(),
            "c-ip" => &self.ip,
            "cs-method" => "GET",
            "cs(Host)" => CLOUD_DOMAIN,
            "x-host-header" => SITE,
            "cs-uri-stem" => &self.stem,
            "cs-uri-query" => &self.query,
            "sc-status" => return format!("{:03}", self.status),
            "cs(Referer)" => &self.referrer,
            "cs(User-Agent)" => &self.agent,
            "x-edge-result-type" | "x-edge-response-result-type" | "x-edge-detailed-result-type" => result,
            "x-edge-request-id" => &self.request_id,
            "cs-protocol" => "https",
            "cs-bytes" => "312",
            "time-taken" => return format!("{:.3}", 0.012 + self.bytes as f64 / 50_000_000.0),
            "time-to-first-byte" => "0.011",
            "ssl-protocol" => "TLSv1.3",
            "ssl-cipher" => "TLS_AES_128_GCM_SHA256",
            "cs-protocol-version" => "HTTP/2.0",
            "c-port" => return (20_000 + self.time % 40_000).to_string(),
            "sc-content-type" => "text/html",
            "sc-content-len" => return self.bytes.saturating_sub(420).to_string(),
            "c-country" => "DE",
            "asn" => "64496",
            _ => "-",
        };
        text.to_owned()
    }

    fn line(&self, fields: &[&str]) -> String {
        fields.iter().map(|name| self.field(name)).collect::<Vec<_>>().join("\t")
    }

    fn json(&self, fields: &[&str]) -> String {
        let members: Map<String, Value> =
            fields.iter().map(|name| ((*name).to_owned(), json!(self.field(name)))).collect();
        Value::Object(members).to_string()
    }

    /// A row of a real-time log with its first 46 fields in AWS's order.
    fn realtime(&self) -> String {
        let seconds = format!("{}.250", self.time);
        let host_headers = format!("host:{SITE}%0Auser-agent:{}%0A", self.agent);
        [
            seconds.as_str(),
            &self.ip,
            "192.0.2.200",
            "0.011",
            &self.status.to_string(),
            &self.bytes.to_string(),
            "GET",
            "https",
            SITE,
            &self.stem,
            "312",
            "FRA60-P3",
            &self.request_id,
            CLOUD_DOMAIN,
            "0.034",
            "HTTP/2.0",
            if self.ip.contains(':') { "IPv6" } else { "IPv4" },
            &self.agent,
            &self.referrer,
            "-",
            &self.query,
            "Hit",
            "-",
            "TLSv1.3",
            "TLS_AES_128_GCM_SHA256",
            "Hit",
            "-",
            "-",
            "text/html",
            "-",
            "-",
            "-",
            "44321",
            "Hit",
            "DE",
            "gzip,%20br",
            "*/*",
            "*",
            &host_headers,
            "host%0Auser-agent%0A",
            "2",
            DISTRIBUTION,
            CLOUD_DOMAIN,
            "-",
            "-",
            "64496",
        ]
        .join("\t")
    }
}

fn object(key: String, hour: i64, head: &str, records: Vec<Record>) -> Object {
    let mut body = head.to_owned();
    for record in &records {
        body.push_str(&record.text);
        body.push('\n');
    }
    Object::new(format!("cloudfront-logs/{key}"), "cloudfront", hour, gzip(body.as_bytes()), records)
}

fn hour_name(hour: i64) -> String {
    dashed(hour)[..13].to_owned()
}

/// Packs visits into legacy files, one for each hour in which there were any.
pub(crate) fn pack(visits: &[Visit], seed: u64) -> Vec<Object> {
    let mut hours: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
    for visit in visits {
        let hour = visit.time - visit.time % 3_600;
        hours.entry(hour).or_default().push(Record::whole(visit.line(&STANDARD)));
    }
    let mut ids = Ids::new(seed, 5);
    let head = format!("#Version: 1.0\n#Fields: {}\n", STANDARD.join(" "));
    let file = |(hour, records)| {
        let key = format!("{DISTRIBUTION}.{}.{}.gz", hour_name(hour), ids.hex(8));
        object(key, hour, &head, records)
    };
    hours.into_iter().map(file).collect()
}

/// The other kinds: standard logging v2 as JSON and W3C, and a real-time log.
pub(crate) fn newer_kinds(visits: &[Visit], seed: u64) -> Vec<Object> {
    let mut ids = Ids::new(seed, 6);
    let mut objects = Vec::new();
    let share = visits.len() / 4;
    for (number, visits) in visits.chunks(share.max(1)).enumerate() {
        let hour = visits[0].time - visits[0].time % 3_600;
        let (day, name) = (folder(hour), hour_name(hour));
        let path = format!("AWSLogs/{PROD}/CloudFront/{SECOND}/{day}/{SECOND}.{name}.{}.gz", ids.hex(8));
        let each = |line: &dyn Fn(&Visit) -> String| visits.iter().map(|visit| Record::whole(line(visit))).collect();
        objects.push(match number {
            0 | 1 => object(path, hour, "", each(&|visit| visit.json(&STANDARD))),
            2 => {
                let head = format!("#Version: 1.0\n#Fields: {}\n", W3C_V2.join(" "));
                object(path, hour, &head, each(&|visit| visit.line(&W3C_V2)))
            }
            _ => {
                let stamp = dashed(hour + 65);
                let path = format!("realtime/{day}/{:02}/acme-realtime-1-{stamp}-{}.gz", civil(hour).hour, ids.uuid());
                object(path, hour + 65, "", each(&Visit::realtime))
            }
        });
    }
    objects
}
