//! Queries for public hosted zones, as Route 53 writes them to CloudWatch Logs: lines of ten fields.

use std::borrow::Cow;

use coldtrail_schema::tables::route53_queries::{self, Route53QueryRow, Route53QueryRows};
use coldtrail_schema::{Common, Pivots, Rows, pivots};

use crate::canonical::Canonical;
use crate::carried::{self, Group};
use crate::error_class::class;
use crate::fields::{Fields, content_hash, json_hash, json_string};
use crate::framing::{Framing, Record};
use crate::recognise;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject, shown};
use crate::time::{self, Years};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "route53_queries",
    title: "Route 53 queries for public hosted zones",
    table: &route53_queries::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => {
            let is_query = |line: &[u8]| {
                let line = line.get(carried::export_stamp(line)..).unwrap_or_default();
                std::str::from_utf8(line).is_ok_and(looks_like_one)
            };
            let (good, all) =
                recognise::lines(head).fold((0, 0), |(good, all), line| (good + usize::from(is_query(line)), all + 1));
            good * 2 >= all && good > 0
        }
        Framing::Json => recognise::any_framed(head, framing, |value| {
            carried::message_of(value).is_some_and(|text| looks_like_one(&text))
        }),
        Framing::Parquet | Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
    },
    decoder: || Box::<QueryDecoder>::default(),
};

/// Is this text by itself a query?
pub(crate) fn looks_like_one(text: &str) -> bool {
    Query::of(text.trim_end()).is_ok()
}

/// The fields of a line. Only the name comes from the client: what stands before and behind it is found from both ends.
struct Query<'a> {
    version: &'a str,
    stamp: &'a str,
    micros: i64,
    /// Could the text of the time be made again?
    canonical: bool,
    zone: &'a str,
    name: &'a str,
    kind: &'a str,
    answer: &'a str,
    protocol: &'a str,
    edge: &'a str,
    resolver: &'a str,
    subnet: &'a str,
}

impl<'a> Query<'a> {
    fn of(line: &'a str) -> Result<Query<'a>, Reject> {
        let short = |field| Reject::field(field, format!("the line has no such field: {}", shown(line)));
        let wrong = |field, what: &str, text: &str| Reject::field(field, format!("{what}: {}", shown(text)));
        let mut left = line.splitn(4, ' ');
        let version = left.next().unwrap_or_default();
        let number = version.split_once('.').filter(|(whole, rest)| {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits(whole) && digits(rest)
        });
        if number.is_none() {
            return Err(wrong("version", "no version begins the line", version));
        }
        let stamp = left.next().ok_or_else(|| short("query_timestamp"))?;
        let time = time::iso(stamp).ok_or_else(|| wrong("query_timestamp", "no time", stamp))?;
        let zone = left.next().ok_or_else(|| short("hosted_zone_id"))?;
        let is_zone = zone.starts_with('Z') && zone.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_zone {
            return Err(wrong("hosted_zone_id", "no id of a hosted zone", zone));
        }
        let mut right = left.next().unwrap_or_default().rsplitn(7, ' ');
        let mut next = |field| right.next().filter(|text| !text.is_empty()).ok_or_else(|| short(field));
        let (subnet, resolver) = (next("edns_client_subnet")?, next("resolver_ip")?);
        let (edge, protocol) = (next("edge_location")?, next("protocol")?);
        let (answer, kind, name) = (next("response_code")?, next("query_type")?, next("query_name")?);
        if pivots::address(resolver).is_none() {
            return Err(wrong("resolver_ip", "no address", resolver));
        }
        if !matches!(protocol, "UDP" | "TCP") {
            return Err(wrong("protocol", "neither UDP nor TCP", protocol));
        }
        let capitals = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !capitals(kind) {
            return Err(wrong("query_type", "no type of a record", kind));
        }
        if !capitals(answer) {
            return Err(wrong("response_code", "no answer", answer));
        }
        let (micros, canonical) = (time.micros, time.canonical);
        Ok(Query { version, stamp, micros, canonical, zone, name, kind, answer, protocol, edge, resolver, subnet })
    }

    fn error_class(&self) -> &'static str {
        match self.answer {
            "NOERROR" => class::SUCCESS,
            "REFUSED" | "NOTAUTH" => class::DENIED,
            "NXDOMAIN" | "FORMERR" => class::INVALID,
            _ => class::OTHER,
        }
    }
}

#[derive(Default)]
struct QueryDecoder {
    account: Option<String>,
    region: Option<String>,
    form: Form,
    group: Group,
    years: Years,
    mistyped: Mistyped,
    rows: Route53QueryRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for QueryDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = QueryDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..QueryDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        self.group.read(record);
        if self.group.control {
            return Ok(Decoded::Nothing);
        }
        let carried = carried::text_of(record).ok_or_else(|| Reject::new("no message that holds a query"))?;
        let line = carried.text.trim_end();
        let query = Query::of(line)?;
        let mut fields = Fields::of(record, self.years);
        carried::keep_around(record, &mut fields.extra);
        let (mut hash, mut unique) = (content_hash("", line), false);
        if !record.tape.is_empty() {
            self.form = self.form.max(Form::Wrapped);
            let id = ["id", "eventId"].iter().find_map(|name| record.json().get(name)?.text());
            if id.is_some_and(|id| !id.is_empty()) {
                (hash, unique) = (json_hash("", record.text, record.tape, &mut self.scratch), true);
            }
        } else if line.len() < record.text.trim_end().len() {
            let stamp = record.text.split(' ').next().unwrap_or_default();
            fields.extra.put(&["event", "timestamp"], &json_string(stamp));
        }
        let event_time = Some(query.micros).filter(|micros| self.years.hold(*micros));
        if event_time.is_none() {
            fields.extra.put(&["query_timestamp"], &json_string(query.stamp));
            fields.extra.mistype("event_time");
        } else if !query.canonical {
            fields.extra.put(&["query_timestamp"], &json_string(query.stamp));
        }
        self.pivots.clear();
        self.pivots.address(query.resolver);
        self.pivots.addresses(query.subnet);
        self.pivots.resources.push(query.zone);
        let text = |text| Some(Cow::Borrowed(text));
        let row = Route53QueryRow {
            error_class: text(query.error_class()),
            is_write: Some(false),
            session_id: None,
            version: text(query.version),
            query_timestamp: event_time,
            hosted_zone_id: text(query.zone),
            query_name: text(query.name),
            query_type: text(query.kind),
            response_code: text(query.answer),
            protocol: text(query.protocol),
            edge_location: text(query.edge),
            resolver_ip: text(query.resolver),
            edns_client_subnet: Some(query.subnet).filter(|subnet| *subnet != "-").map(Cow::Borrowed),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let account = self.group.owner.as_deref().or(self.account.as_deref());
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: account.map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash,
            unique,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
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
