//! CloudFront logs: legacy standard logs, standard logging v2 (W3C, JSON, Parquet) and real-time logs.

mod values;

use std::borrow::Cow;
use std::sync::Arc;

use coldtrail_schema::tables::cloudfront::{self, CloudfrontRow, CloudfrontRows};
use coldtrail_schema::{Common, Pivots, Rows, pivots};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::fields::{Extra, content_hash, json_hash};
use crate::framing::{Framing, Record};
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject, shown};
use crate::time::{self, Years};
use crate::{error_class, recognise};
use values::{Field, Layout, Slot, Values};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "cloudfront",
    title: "CloudFront standard and real-time logs",
    table: &cloudfront::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => claims_lines(head),
        Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
        Framing::Json | Framing::Parquet => {
            recognise::any_record(head, |value| {
                value.is_object() && are_ours(value.entries().map(|(name, _)| name), false)
            }) || is_named(head)
                && recognise::any_record(head, |value| {
                    value.is_object() && are_ours(value.entries().map(|(name, _)| name), true)
                })
        }
    },
    decoder: || Box::<CloudfrontDecoder>::default(),
};

/// Does the key say so?
fn is_named(head: &Head<'_>) -> bool {
    head.key.distribution.is_some() || head.key.service.as_deref() == Some("CloudFront")
}

/// Are these the names of CloudFront's fields? Other web servers share the names that begin with `cs` and
/// `sc`, so one must be CloudFront's own, unless the key tells.
fn are_ours<T: AsRef<str>>(names: impl Iterator<Item = T>, named: bool) -> bool {
    let (mut own, mut shared) = (usize::from(named), 0);
    for name in names {
        let name = normal(name.as_ref());
        if name.starts_with("x-edge-")
            || matches!(name.as_str(), "timestamp-ms" | "origin-fbl" | "origin-lbl" | "fle-status")
        {
            own += 1;
        } else if name.starts_with("cs-")
            || name.starts_with("sc-")
            || matches!(name.as_str(), "c-ip" | "x-host-header" | "time-taken")
        {
            shared += 1;
        }
    }
    own >= 1 && own + shared >= 2
}

/// The fields of standard logs, in the order that they have without a header; older logs stop earlier.
const STANDARD: &[&str] = &[
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs-host",
    "cs-uri-stem",
    "sc-status",
    "cs-referer",
    "cs-user-agent",
    "cs-uri-query",
    "cs-cookie",
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
    "distribution-tenant-id",
    "connection-id",
];

/// The widths that standard logs have had.
const STANDARD_WIDTHS: &[usize] = &[12, 15, 18, 19, 23, 24, 26, 33, 35];

/// The catalogue of real-time fields, in its fixed order. Until 2021 there was no `s-ip`.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html>
const REALTIME: &[&str] = &[
    "timestamp",
    "c-ip",
    "s-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-protocol",
    "cs-host",
    "cs-uri-stem",
    "cs-bytes",
    "x-edge-location",
    "x-edge-request-id",
    "x-host-header",
    "time-taken",
    "cs-protocol-version",
    "c-ip-version",
    "cs-user-agent",
    "cs-referer",
    "cs-cookie",
    "cs-uri-query",
    "x-edge-response-result-type",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-result-type",
    "fle-encrypted-fields",
    "fle-status",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
    "c-port",
    "x-edge-detailed-result-type",
    "c-country",
    "cs-accept-encoding",
    "cs-accept",
    "cache-behavior-path-pattern",
    "cs-headers",
    "cs-header-names",
    "cs-headers-count",
    "primary-distribution-id",
    "primary-distribution-dns-name",
    "origin-fbl",
    "origin-lbl",
    "asn",
];

/// How many fields all real-time fields were before `s-ip` came.
const REALTIME_2020: usize = 40;

/// `cs(User-Agent)`, `cs-user-agent` and `cs_user_agent` are one field.
fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['(', '_'], "-");
    name.trim_end_matches(')').to_owned()
}

fn claims_lines(head: &Head<'_>) -> bool {
    let named = is_named(head);
    recognise::lines(head).any(|line| {
        let Ok(line) = std::str::from_utf8(line) else { return false };
        if let Some(names) = line.strip_prefix("#Fields:") {
            return are_ours(header_names(names), named);
        }
        match Shape::of(line) {
            Some(Shape::Standard { width }) => STANDARD_WIDTHS.contains(&width) && is_standard(line),
            Some(Shape::Realtime) => true,
            None => named && line.starts_with("#Version: 1.0"),
        }
    })
}

/// The fourth field counts bytes, the ninth is a status.
fn is_standard(line: &str) -> bool {
    let numbers = |at: usize| split(line).nth(at).is_some_and(|f| f == "-" || f.bytes().all(|b| b.is_ascii_digit()));
    numbers(3) && numbers(8)
}

/// What a line without header looks like.
enum Shape {
    Standard { width: usize },
    Realtime,
}

impl Shape {
    fn of(line: &str) -> Option<Shape> {
        let mut fields = split(line);
        let first = fields.next()?;
        let second = fields.next()?;
        let width = fields.count() + 2;
        if time::iso(&format!("{first}T{second}Z")).is_some() {
            return Some(Shape::Standard { width });
        }
        let epoch = first.len() >= 10 && first.contains('.') && time::epoch(first).is_some();
        (epoch && line.contains('\t') && second.parse::<std::net::IpAddr>().is_ok()).then_some(Shape::Realtime)
    }
}

/// Tabs separate, or what the owner chose for logs of version 2; in copies from documents, spaces do.
fn split(line: &str) -> impl Iterator<Item = &str> {
    split_by(line, delimiter(line))
}

fn split_by(line: &str, delimiter: char) -> impl Iterator<Item = &str> {
    line.split(delimiter).filter(move |field| delimiter != ' ' || !field.is_empty())
}

/// What else than a tab or a space the owner of a distribution can choose.
const CHOSEN: [char; 3] = ['|', ',', ';'];

/// What separates the fields: what stands behind the day with which most lines begin tells.
fn delimiter(line: &str) -> char {
    let after_day = line.get(10..).and_then(|rest| rest.chars().next());
    match after_day {
        _ if line.contains('\t') => '\t',
        Some(mark) if CHOSEN.contains(&mark) && line.as_bytes().get(4) == Some(&b'-') => mark,
        _ => ' ',
    }
}

/// The names in a header: with spaces between them, or with what separates the fields.
fn header_names(names: &str) -> impl Iterator<Item = &str> {
    let spaced = names.trim().contains([' ', '\t']);
    names.split(move |c: char| c.is_whitespace() || (!spaced && CHOSEN.contains(&c))).filter(|name| !name.is_empty())
}

#[derive(Default)]
struct CloudfrontDecoder {
    account: Option<String>,
    distribution: Option<String>,
    v2: bool,
    /// The fields that the nearest header before names.
    header: Option<Arc<Layout>>,
    /// The fields of the record before, when nothing names them.
    guessed: Arc<Layout>,
    years: Years,
    mistyped: Mistyped,
    rows: CloudfrontRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for CloudfrontDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = CloudfrontDecoder {
            years,
            account: head.key.account.clone(),
            distribution: head.key.distribution.clone(),
            v2: head.key.service.as_deref() == Some("CloudFront"),
            rows: std::mem::take(&mut self.rows),
            ..CloudfrontDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let line = record.text;
        if line.starts_with('{') {
            let values = self.json(record);
            let hash = json_hash("", line, record.tape, &mut self.scratch);
            return self.push(record, values, hash);
        }
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(names) = comment.strip_prefix("Fields:") {
                self.header = Some(Arc::new(Layout::of(header_names(names))));
            }
            return Ok(Decoded::Nothing);
        }
        let values = self.line(line)?;
        self.push(record, values, content_hash("", line))
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

impl CloudfrontDecoder {
    /// The layout of fields that no header names; that of the record before when it is the same.
    fn guessed<T: AsRef<str>>(&mut self, names: impl Iterator<Item = T> + Clone) -> Arc<Layout> {
        let mut same = 0;
        let equal = names.clone().enumerate().all(|(at, name)| {
            same = at + 1;
            self.guessed.names.get(at).is_some_and(|known| known == name.as_ref())
        });
        if !equal || same != self.guessed.names.len() {
            self.guessed = Arc::new(Layout::of(names));
        }
        Arc::clone(&self.guessed)
    }

    fn json<'a>(&mut self, record: &Record<'a>) -> Values<'a> {
        let root = record.json();
        // Names are known without being unescaped: those that are escaped are none of CloudFront's.
        let names: Vec<Cow<'a, str>> = root.entries().map(|(name, _)| name).collect();
        let layout = self.guessed(names.iter());
        let fields = root.entries().map(|(_, value)| {
            if value.is_null() {
                return None;
            }
            let text = value.text();
            let raw = text.is_none().then(|| value.raw());
            Some(Field { text: text.unwrap_or(Cow::Borrowed(value.raw())), raw })
        });
        let mut values = Values { log_type: "standard_v2", layout, fields: fields.collect(), extra: Extra::default() };
        if !record.envelope.is_empty() {
            values.extra.put(&["envelope"], record.envelope);
        }
        values
    }

    /// Gives each field of a line its name.
    fn line<'a>(&mut self, line: &'a str) -> Result<Values<'a>, Reject> {
        let mut fields: Vec<&str> = split(line).collect();
        let width = |names: usize, fields: &mut Vec<&str>| {
            // A trailing tab is not a field.
            if fields.len() == names + 1 && fields.last().is_some_and(|last| last.trim().is_empty()) {
                fields.pop();
            }
            fields.len() == names
        };
        if let Some(layout) = &self.header {
            let names = &layout.names;
            if !width(names.len(), &mut fields) {
                // The first field need not be the day.
                let other = CHOSEN.iter().map(|mark| split_by(line, *mark).collect::<Vec<_>>());
                if let Some(found) = other.filter(|_| !line.contains('\t')).find(|other| other.len() == names.len()) {
                    fields = found;
                }
            }
            if !width(names.len(), &mut fields) {
                let (wanted, found) = (names.len(), fields.len());
                return Err(Reject::new(format!(
                    "the header names {wanted} fields, the line has {found}: {}",
                    shown(line)
                )));
            }
            let v2 =
                self.v2 || names.iter().any(|name| name == "timestamp(ms)" || name == "asn" || name == "c-country");
            let log_type = if v2 { "standard_v2" } else { "standard" };
            return Ok(Values::new(log_type, Arc::clone(layout), fields));
        }
        match Shape::of(line) {
            Some(Shape::Standard { .. }) => {
                if !STANDARD_WIDTHS.iter().any(|names| width(*names, &mut fields)) {
                    let found = fields.len();
                    return Err(Reject::new(format!(
                        "no header, and no standard log has {found} fields: {}",
                        shown(line)
                    )));
                }
                let log_type = if self.v2 { "standard_v2" } else { "standard" };
                let layout = self.guessed(STANDARD.iter().take(fields.len()));
                Ok(Values::new(log_type, layout, fields))
            }
            Some(Shape::Realtime) => {
                let layout = self.guessed(realtime_names(fields.len()).iter());
                Ok(Values::new("realtime", layout, fields))
            }
            None => Err(Reject::new(format!("neither a date nor a time begins the line: {}", shown(line)))),
        }
    }

    fn push(&mut self, record: &Record<'_>, mut v: Values<'_>, hash: i64) -> Result<Decoded, Reject> {
        if record.lossy {
            v.extra.put(&["invalid_utf8"], "true");
        }
        let event_time = v.event_time(self.years).ok_or_else(|| {
            Reject::field("event_time", format!("neither date and time nor a timestamp: {}", shown(record.text)))
        })?;
        // In real-time logs these two mean the opposite of what they mean in standard logs.
        let (distribution_host, viewer_host) = if v.log_type == "realtime" {
            (Slot::XHostHeader, Slot::CsHost)
        } else {
            (Slot::CsHost, Slot::XHostHeader)
        };
        let stem = v.text(Slot::CsUriStem);
        let query = v.text(Slot::CsUriQuery);
        let agent = v.text(Slot::CsUserAgent);
        let (ip, method) = (v.text(Slot::CIp), v.text(Slot::CsMethod));
        let status = v.int(Slot::ScStatus);
        let forwarded = v.text(Slot::XForwardedFor);
        let host = v.text(distribution_host);
        self.pivots.clear();
        if let Some(ip) = &ip {
            self.pivots.addresses(ip);
        }
        for part in forwarded.as_deref().unwrap_or_default().split("\\x20") {
            self.pivots.addresses(&decode(part));
        }
        if let Some(host) = &host {
            self.pivots.resources.push(host);
        }
        if let Some(distribution) = &self.distribution {
            self.pivots.resources.push(distribution);
        }
        let request_id = v.text(Slot::XEdgeRequestId);
        let unique = request_id.is_some();
        let row = CloudfrontRow {
            error_class: Some(Cow::Borrowed(match status {
                // The viewer went away.
                Some(0) => error_class::class::OTHER,
                status => error_class::of_http(status, None),
            })),
            is_write: Some(method.as_deref().is_some_and(|m| !matches!(m, "GET" | "HEAD" | "OPTIONS"))),
            session_id: ip
                .as_deref()
                .map(|ip| pivots::address(ip).map_or(Cow::Borrowed(ip), |address| Cow::Owned(address.to_string()))),
            log_type: Some(Cow::Borrowed(v.log_type)),
            distribution: self.distribution.as_deref().map(Cow::Borrowed),
            time: v.text(Slot::Time),
            x_edge_location: v.text(Slot::XEdgeLocation),
            sc_bytes: v.int(Slot::ScBytes),
            c_ip: ip.as_deref().map(Cow::Borrowed),
            cs_method: method,
            cs_host: host,
            cs_uri_stem_decoded: stem.as_deref().map(decode),

            cs_uri_stem: stem.as_deref().map(Cow::Borrowed),
            sc_status: status,
            cs_referrer: v.text(Slot::CsReferer),
            cs_user_agent_decoded: agent.as_deref().map(decode_agent),
            cs_user_agent: agent.as_deref().map(Cow::Borrowed),
            cs_uri_query_decoded: query.as_deref().map(decode),
            cs_uri_query: query.as_deref().map(Cow::Borrowed),
            cs_cookie: v.text(Slot::CsCookie),
            x_edge_result_type: v.text(Slot::XEdgeResultType),
            x_edge_request_id: request_id,
            x_host_header: v.text(viewer_host),
            cs_protocol: v.text(Slot::CsProtocol),
            cs_bytes: v.int(Slot::CsBytes),
            time_taken: v.real(Slot::TimeTaken),
            x_forwarded_for: forwarded,
            ssl_protocol: v.text(Slot::SslProtocol),
            ssl_cipher: v.text(Slot::SslCipher),
            x_edge_response_result_type: v.text(Slot::XEdgeResponseResultType),
            cs_protocol_version: v.text(Slot::CsProtocolVersion),
            fle_status: v.text(Slot::FleStatus),
            fle_encrypted_fields: v.int(Slot::FleEncryptedFields),
            c_port: v.int(Slot::CPort),
            time_to_first_byte: v.real(Slot::TimeToFirstByte),
            x_edge_detailed_result_type: v.text(Slot::XEdgeDetailedResultType),
            sc_content_type: v.text(Slot::ScContentType),
            sc_content_len: v.int(Slot::ScContentLen),
            sc_range_start: v.int(Slot::ScRangeStart),
            sc_range_end: v.int(Slot::ScRangeEnd),
            c_country: v.text(Slot::CCountry),
            asn: v.int(Slot::Asn),
            extra: v.rest(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: None,
            pivots: &self.pivots,
            hash,
            unique,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// Which fields a real-time log has was chosen by its owner and is written nowhere in it. All of them are
/// told by their number; of fewer, only the first two are sure. What has no sure name is `field 3` and so on.
fn realtime_names(count: usize) -> Vec<Cow<'static, str>> {
    let known: Vec<&str> = match count {
        REALTIME_2020 => REALTIME.iter().copied().filter(|name| *name != "s-ip").take(REALTIME_2020).collect(),
        _ if count > REALTIME_2020 => REALTIME.to_vec(),
        _ => REALTIME.iter().copied().take(2).collect(),
    };
    let name =
        |at: usize| known.get(at).map_or_else(|| format!("field {}", at + 1).into(), |name| Cow::Borrowed(*name));
    (0..count).map(name).collect()
}

/// Decoded once; what is no UTF-8 then is replaced.
fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// User agents were encoded twice for years; they hold no literal `%20`, so a second decoding is safe
/// as long as an escape is left.
fn decode_agent(text: &str) -> Cow<'_, str> {
    let once = decode(text);
    let escaped =
        once.as_bytes().windows(3).any(|w| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit());
    if escaped { Cow::Owned(decode(&once).into_owned()) } else { once }
}
