//! Route 53 Resolver: query logs of VPCs, from S3, Firehose or CloudWatch Logs.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use coldtrail_schema::tables::route53_resolver::{self, ResolverRow, ResolverRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::error_class::class;
use crate::fields::{json_hash, pivots_of};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::members::members;
use crate::recognise;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::unwrap::{Entry, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "route53_resolver",
    title: "Route 53 Resolver query logs",
    table: &route53_resolver::TABLE,
    version: 1,
    claims: |head, framing| {
        matches!(framing, Framing::Json | Framing::Parquet) && (recognise::any_record(head, holds) || named(head))
    },
    decoder: || Box::<ResolverDecoder>::default(),
};

pub(crate) fn holds(value: Value<'_>) -> bool {
    is_one(value) || unwrap(value, is_one).is_some()
}

/// A query has a name and a type, and came from an address or a VPC.
fn is_one(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some();
    has("query_name") && has("query_type") && (has("srcaddr") || has("vpc_id"))
}

/// Where the first records are broken, key and content tell together.
fn named(head: &Head<'_>) -> bool {
    head.key.service.as_deref() == Some("vpcdnsquerylogs")
        && memchr::memmem::find(head.bytes, b"\"query_name\"").is_some()
}

members! {
    /// A query.
    Query {
        version: "version",
        account: "account_id",
        region: "region",
        vpc: "vpc_id",
        time: "query_timestamp",
        name: "query_name",
        kind: "query_type",
        class: "query_class",
        rcode: "rcode",
        answers: "answers",
        address: "srcaddr",
        port: "srcport",
        transport: "transport",
        ids: "srcids",
        action: "firewall_rule_action",
        group: "firewall_rule_group_id",
        list: "firewall_domain_list_id",
        more: "additional_properties",
    }
}

members! {
    /// `srcids`: what asked.
    Asker {
        instance: "instance",
        endpoint: "resolver_endpoint",
        interface: "resolver_network_interface",
        /// As it was written at first.
        hyphen_endpoint: "resolver-endpoint",
    }
}

#[derive(Default)]
struct ResolverDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: ResolverRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for ResolverDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = ResolverDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..ResolverDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let Some((entry, mut fields)) = Entry::of(record, self.years, is_one)? else { return Ok(Decoded::Nothing) };
        self.form = self.form.max(entry.form);
        let f = &mut fields;
        let q = Query::of(Some(entry.root()), &[], &mut f.extra);
        const IDS: &str = "srcids";
        let ids = Asker::of(q.ids, &[IDS], &mut f.extra);
        if let (Some(_), Some(second)) = (ids.endpoint, ids.hyphen_endpoint) {
            f.extra.put(&[IDS, "resolver-endpoint"], second.raw());
        }
        let event_time = f.time(&["query_timestamp"], q.time);
        let account = f.account(&["account_id"], q.account);
        let region = f.text(&["region"], q.region);
        let vpc = f.text(&["vpc_id"], q.vpc);
        let name = f.text(&["query_name"], q.name);
        let rcode = f.text(&["rcode"], q.rcode);
        let address = f.text(&["srcaddr"], q.address);
        let instance = f.text(&[IDS, "instance"], ids.instance);
        let endpoint = f.text(&[IDS, "resolver_endpoint"], ids.endpoint.or(ids.hyphen_endpoint));
        let interface = f.text(&[IDS, "resolver_network_interface"], ids.interface);
        let action = f.text(&["firewall_rule_action"], q.action);
        let group = f.text(&["firewall_rule_group_id"], q.group);
        let list = f.text(&["firewall_domain_list_id"], q.list);

        self.pivots.clear();
        pivots_of(entry.text(), entry.tape(), &mut self.pivots);
        for id in [&vpc, &instance, &endpoint, &interface, &group, &list].into_iter().flatten() {
            self.pivots.resources.push(id);
        }
        let domain = name.as_deref().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        if let Some(address) = domain.as_deref().and_then(reverse) {
            self.pivots.ips.push(&address.to_string());
        }
        let row = ResolverRow {
            error_class: ended(rcode.as_deref(), action.as_deref()).map(Cow::Borrowed),
            is_write: Some(false),
            session_id: session(instance.as_deref(), address.as_deref(), vpc.as_deref()).map(Cow::Owned),
            domain: domain.map(Cow::Owned),
            version: f.text_or_number(&["version"], q.version),
            vpc_id: vpc,
            query_name: name,
            query_type: f.text_or_number(&["query_type"], q.kind),
            query_class: f.text_or_number(&["query_class"], q.class),
            rcode,
            answers: f.json(q.answers),
            srcaddr: address,
            srcport: f.int(&["srcport"], q.port),
            transport: f.text(&["transport"], q.transport),
            srcids_instance: instance,
            srcids_resolver_endpoint: endpoint,
            srcids_resolver_network_interface: interface,
            firewall_rule_action: action,
            firewall_rule_group_id: group,
            firewall_domain_list_id: list,
            additional_properties: f.json(q.more),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash("", entry.text(), entry.tape(), &mut self.scratch),
            // A query has no id, and one asked again in the same second looks the same.
            unique: false,
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

/// The class of an answer; the DNS firewall may answer NOERROR to what it blocks.
fn ended(rcode: Option<&str>, action: Option<&str>) -> Option<&'static str> {
    if action == Some("BLOCK") {
        return Some(class::DENIED);
    }
    Some(match rcode? {
        "NOERROR" => class::SUCCESS,
        "REFUSED" => class::DENIED,
        "NXDOMAIN" | "FORMERR" => class::INVALID,
        _ => class::OTHER,
    })
}

/// Every VPC may have the same private addresses.
fn session(instance: Option<&str>, address: Option<&str>, vpc: Option<&str>) -> Option<String> {
    let address = || address.map(|address| vpc.map_or(address.to_owned(), |vpc| format!("{vpc}/{address}")));
    instance.filter(|id| !id.is_empty()).map(str::to_owned).or_else(address)
}

/// The address that a reverse query asks about: `7.100.51.198.in-addr.arpa`, or 32 digits before `.ip6.arpa`.
fn reverse(domain: &str) -> Option<IpAddr> {
    if let Some(labels) = domain.strip_suffix(".in-addr.arpa") {
        let mut octets = [0; 4];
        let mut labels = labels.split('.');
        for octet in octets.iter_mut().rev() {
            *octet = labels.next()?.parse().ok()?;
        }
        return labels.next().is_none().then(|| Ipv4Addr::from(octets).into());
    }
    let labels = domain.strip_suffix(".ip6.arpa")?;
    let mut bits = 0u128;
    let mut count = 0;
    for label in labels.split('.').rev() {
        let digit = if label.len() == 1 { u128::from_str_radix(label, 16).ok()? } else { return None };
        (bits, count) = ((bits << 4) | digit, count + 1);
    }
    (count == 32).then(|| Ipv6Addr::from_bits(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverse_names_are_addresses() {
        let found = |domain: &str| reverse(domain).map(|address| address.to_string());
        assert_eq!(found("7.100.51.198.in-addr.arpa").as_deref(), Some("198.51.100.7"));
        let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(found(six).as_deref(), Some("2001:db8::1"));
        for domain in ["100.51.198.in-addr.arpa", "1.2.3.4.5.in-addr.arpa", "in-addr.arpa", "1.0.ip6.arpa", "x.arpa"] {
            assert_eq!(found(domain), None, "{domain}");
        }
    }
}
