//! AWS Network Firewall: alert, flow and TLS logs, which carry the events of Suricata.
//! <https://docs.suricata.io/en/latest/output/eve/eve-json-format.html>

use std::borrow::Cow;

use coldtrail_evidence::object_key::is_region;
use coldtrail_schema::tables::network_firewall::{self, FirewallRow, FirewallRows};
use coldtrail_schema::{Common, Pivots, Rows, pivots};

use crate::canonical::Canonical;
use crate::error_class::class;
use crate::fields::{Fields, Stamp, json_hash, pivots_of};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::members::members;
use crate::recognise;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::unwrap::{Entry, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "network_firewall",
    title: "AWS Network Firewall alert, flow and TLS logs",
    table: &network_firewall::TABLE,
    version: 1,
    claims: |head, framing| {
        matches!(framing, Framing::Json | Framing::Parquet) && (recognise::any_record(head, holds) || named(head))
    },
    decoder: || Box::<FirewallDecoder>::default(),
};

pub(crate) fn holds(value: Value<'_>) -> bool {
    is_one(value) || unwrap(value, is_one).is_some()
}

fn is_one(value: Value<'_>) -> bool {
    value.get("firewall_name").is_some()
        && value.get("event").is_some_and(|event| {
            event.is_object() && ["timestamp", "event_type", "src_ip"].iter().any(|name| event.get(name).is_some())
        })
}

/// Where the first records are broken, key and content tell together.
fn named(head: &Head<'_>) -> bool {
    head.key.service.as_deref() == Some("network-firewall")
        && memchr::memmem::find(head.bytes, b"\"firewall_name\"").is_some()
}

members! {
    /// What AWS writes around the event.
    Outer {
        firewall: "firewall_name",
        zone: "availability_zone",
        written: "event_timestamp",
        event: "event",
        categories: "aws_category",
    }
}

members! {
    /// The event, as Suricata writes it; the last three are AWS's own.
    Event {
        time: "timestamp",
        flow: "flow_id",
        kind: "event_type",
        src_ip: "src_ip",
        src_port: "src_port",
        dest_ip: "dest_ip",
        dest_port: "dest_port",
        proto: "proto",
        alert: "alert",
        http: "http",
        app_proto: "app_proto",
        netflow: "netflow",
        tcp: "tcp",
        tls: "tls",
        dns: "dns",
        verdict: "verdict",
        direction: "direction",
        sni: "sni",
        inspected: "tls_inspected",
        tls_error: "tls_error",
        revocation: "revocation_check",
    }
}

members! {
    Alert {
        action: "action",
        signature_id: "signature_id",
        rev: "rev",
        signature: "signature",
        category: "category",
        severity: "severity",
    }
}

members! {
    Netflow {
        packets: "pkts",
        bytes: "bytes",
        start: "start",
        end: "end",
        age: "age",
        min_ttl: "min_ttl",
        max_ttl: "max_ttl",
    }
}

members! {
    Http {
        hostname: "hostname",
        url: "url",
        agent: "http_user_agent",
        method: "http_method",
        status: "status",
    }
}

members! {
    Tls {
        subject: "subject",
        issuer: "issuerdn",
        fingerprint: "fingerprint",
        sni: "sni",
        version: "version",
        ja3: "ja3",
    }
}

members! {
    Ja3 {
        hash: "hash",
    }
}

members! {
    Verdict {
        action: "action",
    }
}

members! {
    TlsError {
        message: "error_message",
    }
}

members! {
    Revocation {
        fingerprint: "leaf_cert_fpr",
        status: "status",
        action: "action",
    }
}

#[derive(Default)]
struct FirewallDecoder {
    account: Option<String>,
    region: Option<String>,
    /// The kind of log, by the key.
    kind: Option<&'static str>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: FirewallRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for FirewallDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        let told = |kind: &&str| {
            ["/network-firewall/", "_network-firewall_"].iter().any(|before| {
                let after = head.name.split_once(before).map(|(_, after)| after);
                after.and_then(|after| after.strip_prefix(kind)).is_some_and(|rest| rest.starts_with(['/', '_']))
            })
        };
        *self = FirewallDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            kind: ["alert", "flow", "tls"].into_iter().find(told),
            years,
            rows: std::mem::take(&mut self.rows),
            ..FirewallDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let Some((entry, fields)) = Entry::of(record, self.years, is_one)? else { return Ok(Decoded::Nothing) };
        self.form = self.form.max(entry.form);
        self.event(record, &entry, fields);
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

/// The member of the record that holds the event.
const EVENT: &str = "event";

impl FirewallDecoder {
    fn event(&mut self, record: &Record<'_>, entry: &Entry<'_>, mut fields: Fields) {
        let f = &mut fields;
        let outer = Outer::of(Some(entry.root()), &[], &mut f.extra);
        let e = Event::of(outer.event, &[EVENT], &mut f.extra);
        let alert = Alert::of(e.alert, &[EVENT, "alert"], &mut f.extra);
        let flow = Netflow::of(e.netflow, &[EVENT, "netflow"], &mut f.extra);
        let http = Http::of(e.http, &[EVENT, "http"], &mut f.extra);
        let tls = Tls::of(e.tls, &[EVENT, "tls"], &mut f.extra);
        let ja3 = Ja3::of(tls.ja3, &[EVENT, "tls", "ja3"], &mut f.extra);
        let verdict = Verdict::of(e.verdict, &[EVENT, "verdict"], &mut f.extra);
        let failure = TlsError::of(e.tls_error, &[EVENT, "tls_error"], &mut f.extra);
        let revocation = Revocation::of(e.revocation, &[EVENT, "revocation_check"], &mut f.extra);

        let written = f.stamp(&["event_timestamp"], outer.written, Stamp::Seconds);
        let event_time = f.stamp(&[EVENT, "timestamp"], e.time, Stamp::Offset).or(written);
        let zone = f.text(&["availability_zone"], outer.zone);
        let kind = f.text(&[EVENT, "event_type"], e.kind);
        let firewall = f.text(&["firewall_name"], outer.firewall);
        let src_ip = f.text(&[EVENT, "src_ip"], e.src_ip);
        let dest_ip = f.text(&[EVENT, "dest_ip"], e.dest_ip);
        let sni = f.text(&[EVENT, "sni"], e.sni);
        let tls_sni = f.text(&[EVENT, "tls", "sni"], tls.sni);
        let http_host = f.text(&[EVENT, "http", "hostname"], http.hostname);
        let method = f.text(&[EVENT, "http", "http_method"], http.method);
        let alert_action = f.text(&[EVENT, "alert", "action"], alert.action);
        let verdict_action = f.text(&[EVENT, "verdict", "action"], verdict.action);
        let revocation_action = f.text(&[EVENT, "revocation_check", "action"], revocation.action);
        let hostname = http_host.clone().or_else(|| tls_sni.clone()).or_else(|| sni.clone()).or_else(|| asked(e.dns?));
        let log_type = match kind.as_deref() {
            _ if e.tls_error.is_some() || e.revocation.is_some() => Some("tls"),
            Some("netflow") => Some("flow"),
            Some("alert") => Some("alert"),
            _ => self.kind,
        };
        self.pivots.clear();
        pivots_of(entry.text(), entry.tape(), &mut self.pivots);
        for ip in [&src_ip, &dest_ip].into_iter().flatten() {
            self.pivots.addresses(ip);
        }
        if let Some(firewall) = &firewall {
            self.pivots.resources.push(firewall);
        }
        let action = verdict_action.as_deref().or(revocation_action.as_deref()).or(alert_action.as_deref());
        let row = FirewallRow {
            error_class: Some(Cow::Borrowed(ended(action, e.tls_error.is_some()))),
            is_write: method.as_deref().map(|method| !matches!(method, "GET" | "HEAD" | "OPTIONS")),
            session_id: src_ip
                .clone()
                .map(|ip| pivots::address(&ip).map_or(ip, |address| Cow::Owned(address.to_string()))),
            log_type: log_type.map(Cow::Borrowed),
            hostname,
            firewall_name: firewall,
            availability_zone: zone.clone(),
            event_timestamp: written,
            event_event_type: kind,
            event_flow_id: f.text_or_number(&[EVENT, "flow_id"], e.flow),
            event_src_ip: src_ip,
            event_src_port: f.int(&[EVENT, "src_port"], e.src_port),
            event_dest_ip: dest_ip,
            event_dest_port: f.int(&[EVENT, "dest_port"], e.dest_port),
            event_proto: f.text(&[EVENT, "proto"], e.proto),
            event_app_proto: f.text(&[EVENT, "app_proto"], e.app_proto),
            event_direction: f.text(&[EVENT, "direction"], e.direction),
            event_sni: sni,
            event_tls_inspected: f.flag(&[EVENT, "tls_inspected"], e.inspected),
            event_alert_action: alert_action,
            event_alert_signature_id: f.int(&[EVENT, "alert", "signature_id"], alert.signature_id),
            event_alert_rev: f.int(&[EVENT, "alert", "rev"], alert.rev),
            event_alert_signature: f.text(&[EVENT, "alert", "signature"], alert.signature),
            event_alert_category: f.text(&[EVENT, "alert", "category"], alert.category),
            event_alert_severity: f.int(&[EVENT, "alert", "severity"], alert.severity),
            event_verdict_action: verdict_action,
            event_netflow_pkts: f.int(&[EVENT, "netflow", "pkts"], flow.packets),
            event_netflow_bytes: f.int(&[EVENT, "netflow", "bytes"], flow.bytes),
            event_netflow_start: f.stamp(&[EVENT, "netflow", "start"], flow.start, Stamp::Offset),
            event_netflow_end: f.stamp(&[EVENT, "netflow", "end"], flow.end, Stamp::Offset),
            event_netflow_age: f.int(&[EVENT, "netflow", "age"], flow.age),
            event_netflow_min_ttl: f.int(&[EVENT, "netflow", "min_ttl"], flow.min_ttl),
            event_netflow_max_ttl: f.int(&[EVENT, "netflow", "max_ttl"], flow.max_ttl),
            event_tcp: f.json(e.tcp),
            event_http_hostname: http_host,
            event_http_url: f.text(&[EVENT, "http", "url"], http.url),
            event_http_http_user_agent: f.text(&[EVENT, "http", "http_user_agent"], http.agent),
            event_http_http_method: method,
            event_http_status: f.int(&[EVENT, "http", "status"], http.status),
            event_tls_sni: tls_sni,
            event_tls_subject: f.text(&[EVENT, "tls", "subject"], tls.subject),
            event_tls_issuerdn: f.text(&[EVENT, "tls", "issuerdn"], tls.issuer),
            event_tls_fingerprint: f.text(&[EVENT, "tls", "fingerprint"], tls.fingerprint),
            event_tls_version: f.text(&[EVENT, "tls", "version"], tls.version),
            event_tls_ja3_hash: f.text(&[EVENT, "tls", "ja3", "hash"], ja3.hash),
            event_dns: f.json(e.dns),
            event_tls_error_error_message: f.text(&[EVENT, "tls_error", "error_message"], failure.message),
            event_revocation_check_leaf_cert_fpr: f
                .text(&[EVENT, "revocation_check", "leaf_cert_fpr"], revocation.fingerprint),
            event_revocation_check_status: f.text(&[EVENT, "revocation_check", "status"], revocation.status),
            event_revocation_check_action: revocation_action,
            aws_category: f.json(outer.categories),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let region = zone.as_deref().and_then(region_of).or(self.region.as_deref());
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: region.map(Cow::Borrowed),
            pivots: &self.pivots,
            hash: json_hash("", entry.text(), entry.tape(), &mut self.scratch),
            // The time of an event has microseconds.
            unique: row.event_flow_id.is_some(),
        };
        self.rows.push(&common, &row);
    }
}

/// The class of what was done: the verdict, where there is one, is what became of the packet.
fn ended(action: Option<&str>, failed: bool) -> &'static str {
    match action.unwrap_or_default() {
        action if ["drop", "reject", "blocked"].iter().any(|word| action.eq_ignore_ascii_case(word)) => class::DENIED,
        _ if failed => class::OTHER,
        _ => class::SUCCESS,
    }
}

/// The name in a DNS query, of version 1 or 3 of the format.
fn asked(dns: Value<'_>) -> Option<Cow<'_, str>> {
    let query = dns.get("queries").or_else(|| dns.get("query")).and_then(|list| list.items().next());
    query.unwrap_or(dns).get("rrname")?.text()
}

/// `us-east-1a` lies in `us-east-1`.
fn region_of(zone: &str) -> Option<&str> {
    zone.strip_suffix(|letter: char| letter.is_ascii_lowercase()).filter(|region| is_region(region))
}
