//! Connection logs of Application Load Balancers.

use std::borrow::Cow;

use coldtrail_schema::tables::elb_connections::{self, ElbConnectionRow, ElbConnectionRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::error_class::class;
use crate::fields::{Extra, Fields, content_hash, json_hash, json_string};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject, shown};
use crate::time::{self, Instant, Years};
use crate::{load_balancer, recognise, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "elb_connections",
    title: "Load balancer connection logs",
    table: &elb_connections::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => is_test_file(head) || claims_lines(head),
        Framing::Json | Framing::Parquet => recognise::any_record(head, holds_row),
        Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
    },
    decoder: || Box::<ElbConnectionDecoder>::default(),
};

fn is_test_file(head: &Head<'_>) -> bool {
    load_balancer::is_test_file(head, "ELBConnectionLogTestFile")
}

fn claims_lines(head: &Head<'_>) -> bool {
    let good = |line: &[u8]| std::str::from_utf8(line).is_ok_and(|line| Line::of(line).is_ok());
    let (good, all) = recognise::lines(head)
        .filter(|line| !line.starts_with(b"#"))
        .fold((0, 0), |(sum, all), line| (sum + usize::from(good(line)), all + 1));
    good * 2 >= all && good > 0
}

/// The fields in the order of a line, each with its other names in logs that were exported.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html>
const FIELDS: [&[&str]; 13] = [
    &["time", "timestamp"],
    &["client_ip"],
    &["client_port"],
    &["listener_port"],
    &["tls_protocol"],
    &["tls_cipher"],
    &["tls_handshake_latency"],
    &["leaf_client_cert_subject"],
    &["leaf_client_cert_validity"],
    &["leaf_client_cert_serial_number"],
    &["tls_verify_status"],
    &["conn_trace_id"],
    &["tls_keyexchange"],
];
/// The number of those before the subject.
const LEFT: usize = 7;
/// The first logs ended with the status.
const LEAST: usize = 11;

fn is_row(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some_and(|member| !member.is_object() && !member.is_array());
    value.is_object() && has("client_ip") && has("listener_port") && has("tls_verify_status")
}

fn holds_row(value: Value<'_>) -> bool {
    value.is_object() && (is_row(value) || line_in(value).is_some() || unwrap::unwrap(value, is_row).is_some())
}

/// The line that a shipper put into a message.
fn line_in(value: Value<'_>) -> Option<(&'static str, Cow<'_, str>)> {
    let member = |name: &'static str| Some((name, value.get(name)?.text()?));
    ["message", "@message", "_raw"].into_iter().filter_map(member).find(|(_, text)| Line::of(text).is_ok())
}

/// The values of a connection; `-` where there is none.
struct Line<'a> {
    time: Instant,
    values: [&'a str; FIELDS.len()],
    /// What JSON says besides.
    elb: Option<&'a str>,
    node: Option<&'a str>,
    /// Fields behind those that are known.
    surplus: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// Only the subject may hold spaces and quotes: the client wrote it. It is what lies between the first fields and
    /// the last quote.
    fn of(line: &'a str) -> Result<Line<'a>, Reject> {
        let mut values = ["-"; FIELDS.len()];
        let mut rest = line.trim_ascii_end();
        for (value, names) in values.iter_mut().zip(FIELDS).take(LEFT) {
            let ends = || Reject::field(names[0], format!("the line ends before it: {}", shown(line)));
            (*value, rest) = rest.split_once(' ').ok_or_else(ends)?;
        }
        let time = time::iso(values[0]).ok_or_else(|| wrong(0, values[0]))?;
        for (at, value) in values.iter().enumerate().take(LEFT).skip(1) {
            let fits = match at {
                1 => value.contains(['.', ':']) && !value.contains('"'),
                2 | 3 => !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()),
                6 => *value == "-" || value.parse::<f64>().is_ok(),
                _ => !value.contains('"'),
            };
            if !fits {
                return Err(wrong(at, value));
            }
        }
        let unquoted = rest.strip_prefix('"').and_then(|inner| inner.rsplit_once("\" "));
        let (subject, tail) = unquoted
            .or_else(|| rest.split_once(' ').filter(|_| !rest.contains('"')))
            .ok_or_else(|| wrong(LEFT, rest))?;
        values[LEFT] = subject;
        let mut tail = tail.split(' ');
        let mut count = LEFT + 1;
        for (value, found) in values.iter_mut().skip(LEFT + 1).zip(tail.by_ref()) {
            *value = found;
            count += 1;
        }
        if count < LEAST {
            return Err(Reject::new(format!("only {count} fields, the least are {LEAST}: {}", shown(line))));
        }
        if values[8] != "-" && !values[8].starts_with("NotBefore=") {
            return Err(wrong(8, values[8]));
        }
        Ok(Line { time, values, elb: None, node: None, surplus: tail.filter(|field| *field != "-").collect() })
    }

    fn get(&self, at: usize) -> Option<&'a str> {
        self.values.get(at).copied().filter(|value| !matches!(*value, "-" | ""))
    }

    fn text(&self, at: usize) -> Option<Cow<'a, str>> {
        self.get(at).map(Cow::Borrowed)
    }

    fn number<T: std::str::FromStr>(&self, at: usize, extra: &mut Extra) -> Option<T> {
        let text = self.get(at)?;
        let number = text.parse().ok();
        if number.is_none() {
            extra.misfit(&[FIELDS[at][0]], &json_string(text));
        }
        number
    }
}

fn wrong(at: usize, value: &str) -> Reject {
    Reject::field(FIELDS[at][0], format!("not what such a field holds: {}", shown(value)))
}

#[derive(Default)]
struct ElbConnectionDecoder {
    account: Option<String>,
    region: Option<String>,
    elb: Option<String>,
    test_file: bool,
    form: Form,
    years: Years,
    mistyped: Mistyped,
    rows: ElbConnectionRows,
    pivots: Pivots,
    arn: String,
    canonical: Canonical,
}

impl Decoder for ElbConnectionDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = ElbConnectionDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            elb: load_balancer::named_in(head.name),
            test_file: is_test_file(head),
            years,
            rows: std::mem::take(&mut self.rows),
            ..ElbConnectionDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let text = record.text;
        if text.starts_with('{') {
            return self.json(record);
        }
        if text.starts_with('#') || (self.test_file && text.starts_with(load_balancer::TEST_SENTENCE)) {
            return Ok(Decoded::Nothing);
        }
        let mut extra = Extra::default();
        if record.lossy {
            extra.put(&["invalid_utf8"], "true");
        }
        self.push(record, &Line::of(text)?, extra, content_hash("", text))
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

impl ElbConnectionDecoder {
    /// A row by the names of its fields, or a line inside a message.
    fn json(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let outer = record.json();
        let inner = if is_row(outer) { None } else { unwrap::unwrap(outer, is_row) };
        let mut fields = Fields::of(record, self.years);
        if inner.is_some() || !record.envelope.is_empty() {
            self.form = Form::Wrapped;
        }
        if inner.is_none() && !is_row(outer) {
            let Some((name, text)) = line_in(outer) else {
                return Err(Reject::new("neither an entry of a connection log nor a message that holds one"));
            };
            self.form = Form::Wrapped;
            fields.envelope(record.envelope, &[unwrap::envelope(outer, name)]);
            return self.push(record, &Line::of(&text)?, fields.extra, content_hash("", &text));
        }
        let (value, text, tape) = match &inner {
            Some(inner) => (inner.tape.root(&inner.text), inner.text.as_str(), &inner.tape),
            None => (outer, record.text, record.tape),
        };
        fields.envelope(record.envelope, inner.as_ref().map_or(&[], |inner| inner.envelopes.as_slice()));
        let mut extra = fields.extra;
        let mut found: [Option<Cow<'_, str>>; FIELDS.len() + 2] = [const { None }; FIELDS.len() + 2];
        for (name, member) in value.entries().filter(|(_, member)| !member.is_null()) {
            let place = match name.as_ref() {
                "elb" => Some(FIELDS.len()),
                "ip_address" => Some(FIELDS.len() + 1),
                name => FIELDS.iter().position(|names| names.contains(&name)),
            };
            let plain = !member.is_object() && !member.is_array();
            match place.and_then(|at| found.get_mut(at)).filter(|slot| slot.is_none()) {
                Some(slot) if plain => *slot = Some(member.text().unwrap_or(Cow::Borrowed(member.raw()))),
                Some(_) => extra.misfit(&[&name], member.raw()),
                None => extra.put(&[&name], member.raw()),
            }
        }
        let [fields @ .., elb, node] = &found;
        let values = std::array::from_fn(|at| fields.get(at).and_then(|field| field.as_deref()).unwrap_or("-"));
        let time = time::read(values[0]).ok_or_else(|| wrong(0, values[0]))?;
        let line = Line { time, values, elb: elb.as_deref(), node: node.as_deref(), surplus: Vec::new() };
        let hash = json_hash("", text, tape, &mut self.canonical);
        self.push(record, &line, extra, hash)
    }

    fn push(&mut self, record: &Record<'_>, line: &Line<'_>, mut extra: Extra, hash: i64) -> Result<Decoded, Reject> {
        if !line.surplus.is_empty() {
            let surplus: Vec<String> = line.surplus.iter().map(|field| json_string(field)).collect();
            extra.put(&["fields"], &format!("[{}]", surplus.join(",")));
        }
        let event_time = Some(line.time.micros).filter(|time| self.years.hold(*time));
        if event_time.is_none() {
            extra.misfit(&["event_time"], &json_string(line.values[0]));
        } else if !line.time.canonical {
            extra.put(&["time"], &json_string(line.values[0]));
        }
        let elb = line.elb.or(self.elb.as_deref());
        let client = line.get(1);
        self.pivots.clear();
        self.pivots.addresses(client.unwrap_or_default());
        let is_address = self.pivots.ips.iter().next().is_some();
        self.pivots.addresses(line.node.unwrap_or_default());
        if let (Some(elb), Some(region), Some(account)) = (elb, &self.region, &self.account) {
            load_balancer::write_arn(&mut self.arn, region, account, elb);
            self.pivots.resources.push(&self.arn);
        }
        let row = ElbConnectionRow {
            elb: elb.map(Cow::Borrowed),
            client_ip: client.map(Cow::Borrowed),
            client_port: line.number(2, &mut extra),
            listener_port: line.number(3, &mut extra),
            tls_protocol: line.text(4),
            tls_cipher: line.text(5),
            tls_handshake_latency: line.number(6, &mut extra),
            leaf_client_cert_subject: line.text(7),
            leaf_client_cert_validity: line.text(8),
            leaf_client_cert_serial_number: line.text(9),
            tls_verify_status: line.text(10),
            conn_trace_id: line.text(11),
            tls_keyexchange: line.text(12),
            ip_address: line.node.map(Cow::Borrowed),
            error_class: Some(Cow::Borrowed(of_status(line.get(10)))),
            is_write: Some(false),
            // In its canonical form, where it is an address.
            session_id: self.pivots.ips.iter().next().filter(|_| is_address).or(client).map(Cow::Borrowed),
            extra: extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash,
            // A connection has one entry.
            unique: row.conn_trace_id.is_some(),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// Only failures are certain to be named: connections without TLS have no status.
fn of_status(status: Option<&str>) -> &'static str {
    match status {
        None | Some("Success") => class::SUCCESS,
        Some(failed) if failed.starts_with("Failed:ClientCert") => class::DENIED,
        Some(_) => class::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Line;

    proptest! {
        /// The subject is the client's: whatever it holds, the fields behind it stay.
        #[test]
        fn a_subject_shifts_no_column(
            subject in "(\"|\" |\" \"|NotBefore=2020-01-01T00:00:00Z| |TID_0|Success|\\\\|,|CN=){1,9}",
        ) {
            prop_assume!(subject != "-");
            let text = format!(
                "2026-03-01T09:00:01.514108Z 192.0.2.7 36280 443 TLSv1.2 ECDHE-X 4.036 \"{subject}\" - 0F \
                 Failed:ClientCertExpired TID_1"
            );
            let line = Line::of(&text).map_err(|reject| TestCaseError::fail(format!("{reject:?}: {text}")))?;
            prop_assert_eq!(line.values[7], subject);
            prop_assert_eq!((line.values[10], line.values[11]), ("Failed:ClientCertExpired", "TID_1"));
        }
    }
}
