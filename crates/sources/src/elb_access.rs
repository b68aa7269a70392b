//! Access logs of Application, Network and Classic Load Balancers.

mod line;
mod slots;

use std::borrow::Cow;

use coldtrail_evidence::object_key::is_account;
use coldtrail_schema::tables::elb_access::{self, ElbAccessRow, ElbAccessRows};
use coldtrail_schema::{Common, Pivots, Rows};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::error_class::{self, class};
use crate::fields::{Extra, Fields, content_hash, json_hash, json_string};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::s3_access::presigned_key;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject, shown};
use crate::time::{self, Years};
use crate::{load_balancer, recognise, unwrap};
use line::{Balancer, Line};
use slots::{COUNT, NAMES, Slot};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "elb_access",
    title: "Load balancer access logs",
    table: &elb_access::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => is_test_file(head) || claims_lines(head),
        Framing::Json | Framing::Parquet => recognise::any_record(head, holds_row),
        Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
    },
    decoder: || Box::<ElbAccessDecoder>::default(),
};

fn is_test_file(head: &Head<'_>) -> bool {
    load_balancer::is_test_file(head, "ELBAccessLogTestFile")
}

/// Some lines may be broken; in a text about such logs most lines are prose.
fn claims_lines(head: &Head<'_>) -> bool {
    let good = |line: &[u8]| std::str::from_utf8(line).is_ok_and(|line| Line::of(line).is_ok());
    let (good, all) = recognise::lines(head)
        .filter(|line| !line.starts_with(b"#"))
        .fold((0, 0), |(sum, all), line| (sum + usize::from(good(line)), all + 1));
    good * 2 >= all && good > 0
}

/// Has it the fields of an access log by their names?
fn is_row(value: Value<'_>) -> bool {
    let mut found = [false; COUNT];
    if !value.is_object() {
        return false;
    }
    for (name, member) in value.entries() {
        if let Some(slot) = slots::named(&name) {
            found[slot as usize] |= !member.is_object() && !member.is_array();
        }
    }
    let has = |slot: Slot| found[slot as usize];
    has(Slot::Elb)
        && has(Slot::ReceivedBytes)
        && has(Slot::SentBytes)
        && [Slot::Client, Slot::ClientIp, Slot::ClientPort].into_iter().any(has)
}

/// The line that a shipper put into a message.
fn line_in(value: Value<'_>) -> Option<(&'static str, Cow<'_, str>)> {
    let member = |name: &'static str| Some((name, value.get(name)?.text()?));
    ["message", "@message", "_raw"].into_iter().filter_map(member).find(|(_, text)| Line::of(text).is_ok())
}

pub(crate) fn holds_row(value: Value<'_>) -> bool {
    value.is_object() && (is_row(value) || line_in(value).is_some() || unwrap::unwrap(value, is_row).is_some())
}

#[derive(Default)]
struct ElbAccessDecoder {
    account: Option<String>,
    region: Option<String>,
    test_file: bool,
    form: Form,
    years: Years,
    mistyped: Mistyped,
    rows: ElbAccessRows,
    pivots: Pivots,
    arn: String,
    canonical: Canonical,
}

impl Decoder for ElbAccessDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = ElbAccessDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            test_file: is_test_file(head),
            years,
            rows: std::mem::take(&mut self.rows),
            ..ElbAccessDecoder::default()
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
        let line = Line::of(text)?;
        if line.ambiguous {
            extra.put(&["line"], &json_string(text));
        }
        self.push(record, &line, extra, content_hash("", text))
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

/// The values of a row, each taken as the kind of its column.
struct Values<'a, 'b> {
    values: &'b [&'a str; COUNT],
    extra: Extra,
    years: Years,
}

impl<'a> Values<'a, '_> {
    fn get(&self, slot: Slot) -> Option<&'a str> {
        Some(self.values[slot as usize]).filter(|value| !matches!(*value, "-" | ""))
    }

    fn text(&self, slot: Slot) -> Option<Cow<'a, str>> {
        self.get(slot).map(Cow::Borrowed)
    }

    fn parsed<T>(&mut self, slot: Slot, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.get(slot)?;
        let parsed = parse(text);
        if parsed.is_none() {
            self.extra.misfit(&[NAMES[slot as usize]], &json_string(text));
        }
        parsed
    }

    fn int(&mut self, slot: Slot) -> Option<i64> {
        self.parsed(slot, |text| text.parse().ok())
    }

    fn real(&mut self, slot: Slot) -> Option<f64> {
        self.parsed(slot, |text| text.parse().ok().filter(|number: &f64| number.is_finite()))
    }

    fn time(&mut self, slot: Slot, zoned: bool) -> Option<i64> {
        let years = self.years;
        let instant = self.parsed(slot, |text| time::iso(text).filter(|instant| years.hold(instant.micros)))?;
        if !instant.canonical && zoned {
            self.extra.put(&[NAMES[slot as usize]], &json_string(self.values[slot as usize]));
        }
        Some(instant.micros)
    }
}

impl ElbAccessDecoder {
    /// A row by the names of its fields, or a line inside a message.
    fn json(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let outer = record.json();
        let inner = if is_row(outer) { None } else { unwrap::unwrap(outer, is_row) };
        let mut fields = Fields::of(record, self.years);
        if inner.is_some() || !record.envelope.is_empty() {
            self.form = Form::Wrapped;
        }
        let (value, text, tape) = match &inner {
            Some(inner) => (inner.tape.root(&inner.text), inner.text.as_str(), &inner.tape),
            None => (outer, record.text, record.tape),
        };
        if inner.is_none() && !is_row(outer) {
            let Some((name, text)) = line_in(outer) else {
                return Err(Reject::new("neither an entry of an access log nor a message that holds one"));
            };
            self.form = Form::Wrapped;
            fields.envelope(record.envelope, &[unwrap::envelope(outer, name)]);
            let line = Line::of(&text)?;
            if line.ambiguous {
                fields.extra.put(&["line"], &json_string(&text));
            }
            return self.push(record, &line, fields.extra, content_hash("", &text));
        }
        fields.envelope(record.envelope, inner.as_ref().map_or(&[], |inner| inner.envelopes.as_slice()));
        let mut extra = fields.extra;
        let mut found: [Option<Cow<'_, str>>; COUNT] = [const { None }; COUNT];
        for (name, member) in value.entries().filter(|(_, member)| !member.is_null()) {
            let plain = !member.is_object() && !member.is_array();
            match slots::named(&name).and_then(|slot| found.get_mut(slot as usize)).filter(|slot| slot.is_none()) {
                Some(slot) if plain => *slot = Some(member.text().unwrap_or(Cow::Borrowed(member.raw()))),
                Some(_) => extra.misfit(&[&name], member.raw()),
                None => extra.put(&[&name], member.raw()),
            }
        }
        let mut values = ["-"; COUNT];
        for (value, found) in values.iter_mut().zip(&found) {
            *value = found.as_deref().unwrap_or("-");
        }
        // Logs that are delivered through CloudWatch Logs may name address and port by the port alone.
        for (both, port) in [(Slot::Client, Slot::ClientPort), (Slot::Target, Slot::TargetPort)] {
            if values[port as usize].contains(':') {
                values.swap(both as usize, port as usize);
            }
        }
        line::spread(&mut values);
        let stamp = values[Slot::Time as usize];
        let time = time::read(stamp).ok_or_else(|| Reject::field("time", format!("no time: {}", shown(stamp))))?;
        let balancer = Balancer::of_name(values[Slot::Elb as usize]);
        let line = Line { balancer, time, values, surplus: Vec::new(), ambiguous: false };
        let hash = json_hash("", text, tape, &mut self.canonical);
        self.push(record, &line, extra, hash)
    }

    /// The event's time; `v` keeps what it does not tell.
    fn event_time(&self, line: &Line<'_>, v: &mut Values<'_, '_>) -> Option<i64> {
        let stamp = line.values[Slot::Time as usize];
        if !self.years.hold(line.time.micros) {
            v.extra.misfit(&["event_time"], &json_string(stamp));
            return None;
        }
        // Network Load Balancers write no zone.
        if !line.time.canonical && (line.balancer != Balancer::Net || stamp.len() != 19) {
            v.extra.put(&["time"], &json_string(stamp));
        }
        Some(line.time.micros)
    }

    fn push(&mut self, record: &Record<'_>, line: &Line<'_>, extra: Extra, hash: i64) -> Result<Decoded, Reject> {
        let mut values = Values { values: &line.values, extra, years: self.years };
        let v = &mut values;
        let event_time = self.event_time(line, v);
        if !line.surplus.is_empty() {
            let surplus: Vec<String> = line.surplus.iter().map(|field| json_string(field)).collect();
            v.extra.put(&["fields"], &format!("[{}]", surplus.join(",")));
        }
        let (verb, proto) = (v.get(Slot::RequestVerb), v.get(Slot::RequestProto));
        if let Some(request) = v.get(Slot::Request).filter(|request| !line::is_kept(request)) {
            v.extra.put(&["request"], &json_string(request));
        }
        let url = v.get(Slot::RequestUrl).map(Url::of).unwrap_or_default();
        let arns = [Slot::TargetGroupArn, Slot::ChosenCertArn];
        let (region, account) = match arns.into_iter().find_map(|slot| home(v.get(slot)?)) {
            Some((region, account)) => (Some(region), Some(account)),
            None => (self.region.as_deref(), self.account.as_deref()),
        };
        self.pivots.clear();
        let client = v.get(Slot::ClientIp);
        self.pivots.addresses(client.unwrap_or_default());
        let is_address = self.pivots.ips.iter().next().is_some();
        find_pivots(&mut self.pivots, &mut self.arn, v, &url, (region, account));
        let status = v.int(Slot::ElbStatusCode);
        let alert = v.int(Slot::IncomingTlsAlert);
        let zoned = line.balancer != Balancer::Net;
        let row = ElbAccessRow {
            lb_type: Some(Cow::Borrowed(line.balancer.name())),
            r#type: v.text(Slot::Type),
            version: v.text(Slot::Version),
            elb: v.text(Slot::Elb),
            listener_id: v.text(Slot::ListenerId),
            client_ip: v.text(Slot::ClientIp),
            client_port: v.int(Slot::ClientPort),
            target_ip: v.text(Slot::TargetIp),
            target_port: v.int(Slot::TargetPort),
            request_processing_time: v.real(Slot::RequestProcessingTime),
            target_processing_time: v.real(Slot::TargetProcessingTime),
            response_processing_time: v.real(Slot::ResponseProcessingTime),
            tcp_connection_time_ms: v.real(Slot::TcpConnectionTimeMs),
            tls_handshake_time_ms: v.real(Slot::TlsHandshakeTimeMs),
            elb_status_code: status,
            target_status_code: v.int(Slot::TargetStatusCode),
            received_bytes: v.int(Slot::ReceivedBytes),
            sent_bytes: v.int(Slot::SentBytes),
            request_verb: verb.map(Cow::Borrowed),
            request_url: v.text(Slot::RequestUrl),
            request_proto: proto.map(Cow::Borrowed),
            user_agent: v.text(Slot::UserAgent),
            ssl_cipher: v.text(Slot::SslCipher),
            ssl_protocol: v.text(Slot::SslProtocol),
            target_group_arn: v.text(Slot::TargetGroupArn),
            trace_id: v.text(Slot::TraceId),
            domain_name: v.text(Slot::DomainName),
            chosen_cert_arn: v.text(Slot::ChosenCertArn),
            matched_rule_priority: v.int(Slot::MatchedRulePriority),
            request_creation_time: v.time(Slot::RequestCreationTime, true),
            actions_executed: v.text(Slot::ActionsExecuted),
            redirect_url: v.text(Slot::RedirectUrl),
            lambda_error_reason: v.text(Slot::LambdaErrorReason),
            target_port_list: v.text(Slot::TargetPortList),
            target_status_code_list: v.text(Slot::TargetStatusCodeList),
            classification: v.text(Slot::Classification),
            classification_reason: v.text(Slot::ClassificationReason),
            conn_trace_id: v.text(Slot::ConnTraceId),
            transformed_host: v.text(Slot::TransformedHost),
            transformed_uri: v.text(Slot::TransformedUri),
            request_transform_status: v.text(Slot::RequestTransformStatus),
            ip_address: v.text(Slot::IpAddress),
            incoming_tls_alert: alert,
            certificate_serial: v.text(Slot::CertificateSerial),
            tls_named_group: v.text(Slot::TlsNamedGroup),
            alpn_fe_protocol: v.text(Slot::AlpnFeProtocol),
            alpn_be_protocol: v.text(Slot::AlpnBeProtocol),
            alpn_client_preference_list: v.text(Slot::AlpnClientPreferenceList),
            tls_connection_creation_time: v.time(Slot::TlsConnectionCreationTime, zoned),
            request_host: url.host.map(Cow::Borrowed),
            request_path: url.path.map(|path| percent_decode_str(path).decode_utf8_lossy()),
            parse_ambiguous: Some(line.ambiguous),
            error_class: Some(Cow::Borrowed(match line.balancer {
                Balancer::Net => of_tls(v.get(Slot::SslCipher), alert),
                // TCP has no status: what reached a target went well.
                Balancer::Classic if v.get(Slot::ElbStatusCode).is_none() && v.get(Slot::TargetIp).is_some() => {
                    class::SUCCESS
                }
                Balancer::App | Balancer::Classic => of_status(status),
            })),
            is_write: Some(verb.is_some_and(|verb| !matches!(verb, "GET" | "HEAD" | "OPTIONS"))),
            // In its canonical form, where it is an address.
            session_id: self.pivots.ips.iter().next().filter(|_| is_address).or(client).map(Cow::Borrowed),
            extra: values.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: account.map(Cow::Borrowed),
            region: region.map(Cow::Borrowed),
            pivots: &self.pivots,
            hash,
            // Each request to an Application Load Balancer has a trace id of its own; the others have no id.
            unique: line.balancer == Balancer::App && row.trace_id.is_some(),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// Region and account of a row.
type Home<'a> = (Option<&'a str>, Option<&'a str>);

/// Addresses, ARNs and the key of a presigned URL. The client's address, where it is one, comes first.
fn find_pivots(pivots: &mut Pivots, arn: &mut String, v: &Values<'_, '_>, url: &Url<'_>, home: Home<'_>) {
    let target = v.get(Slot::TargetIp);
    let host = url.host.filter(|host| host.contains(':') || host.starts_with(|c: char| c.is_ascii_digit()));
    for address in [target, v.get(Slot::IpAddress), host].into_iter().flatten() {
        pivots.addresses(address);
    }
    if let Some(list) = v.get(Slot::TargetPortList).filter(|list| list.contains(' ') || target.is_none()) {
        pivots.addresses(list);
    }
    // The shortest that has a key: `X-Amz-Credential=` and 16 letters.
    if let Some(key) = url.query.filter(|query| query.len() >= 31).and_then(presigned_key) {
        pivots.keys.push(&key);
    }
    if let (Some(elb), (Some(region), Some(account))) = (v.get(Slot::Elb), home) {
        load_balancer::write_arn(arn, region, account, elb);
        pivots.resources.push(arn);
    }
    for arn in [v.get(Slot::TargetGroupArn), v.get(Slot::ChosenCertArn)].into_iter().flatten() {
        pivots.classify(arn);
    }
}

/// Region and account of an ARN.
fn home(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':').skip(2);
    let (region, account) = (parts.next()?, parts.next()?);
    (!region.is_empty() && is_account(account)).then_some((region, account))
}

/// 460 says that the client went away, 561 that the identity provider refused it.
fn of_status(status: Option<i64>) -> &'static str {
    match status {
        None | Some(460) => class::OTHER,
        Some(561) => class::DENIED,
        status => error_class::of_http(status, None),
    }
}

/// Without a cipher there was no TLS connection; alert 0 is the end of one.
fn of_tls(cipher: Option<&str>, alert: Option<i64>) -> &'static str {
    match (cipher, alert) {
        (Some(_), None | Some(0)) => class::SUCCESS,
        _ => class::OTHER,
    }
}

/// The parts of a URL.
#[derive(Default)]
struct Url<'a> {
    host: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn of(text: &'a str) -> Url<'a> {
        let find = |byte: u8, text: &str| memchr::memchr(byte, text.as_bytes()).unwrap_or(text.len());
        let (before, query) = text.split_at(find(b'?', text));
        let query = query.strip_prefix('?');
        let (scheme, rest) = before.split_at(find(b':', before));
        let (authority, path) = match rest.strip_prefix("://") {
            Some(rest) => rest.split_at(find(b'/', rest)),
            None if scheme.starts_with('/') => ("", before),
            None => ("", ""),
        };
        let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, _)) => host,
            None => authority.get(..find(b':', authority)).unwrap_or_default(),
        };
        let present = |part: &'a str| (!part.is_empty()).then_some(part);
        Url { host: present(host), path: present(path), query }
    }
}

#[cfg(test)]
mod tests;
