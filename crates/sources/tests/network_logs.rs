//! Logs of WAF, of the Route 53 Resolver and of Network Firewall: real ones, compared with what another program made
//! of them, and what an attacker writes into them.

use std::path::Path;

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::pivots;
use coldtrail_sources::{Framing, Head, SOURCES};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::decoded::{Fate, Outcome, run};
use crate::fidelity::{corpora, logs};

/// The folder, the source, and how many rows and rejects its files have.
const FOLDERS: &[(&str, &str, usize, usize)] = &[
    ("waf", "waf", 286, 0),
    // Among the cases of a rule for all DNS logs are seven of other products, and of OCSF.
    ("route53resolver", "route53_resolver", 48, 7),
    ("networkfirewall", "network_firewall", 2, 0),
];

/// What programs made of logs is none: their expected results, and test cases in YAML.
fn is_log(name: &str) -> bool {
    !name.ends_with("-expected.json") && !name.ends_with(".yml")
}

#[test]
fn every_real_file_is_recognised() {
    let Some(root) = corpora() else { return };
    for (folder, source, rows, rejects) in FOLDERS {
        let mut found = (0, 0);
        for log in logs(&root, &[folder]) {
            let name = log.outcome.source.map(|source| source.name);
            assert_eq!(name, is_log(&log.name).then_some(*source), "{}", log.name);
            found.0 += log.outcome.rows();
            found.1 += log.outcome.rejects().count();
        }
        assert_eq!(found, (*rows, *rejects), "{folder}");
    }
}

/// Where Elastic's fields stand, and the columns that say the same.
type Same = (&'static str, &'static str);

const WAF: &[Same] = &[
    ("/aws/waf/arn", "webaclid"),
    ("/aws/waf/source/name", "httpsourcename"),
    ("/aws/waf/source/id", "httpsourceid"),
    ("/aws/waf/request/headers/Host", "host"),
    ("/aws/waf/request/headers/User-Agent", "useragent"),
    ("/cloud/region", "region"),
    ("/event/action", "action"),
    ("/http/request/id", "httprequest_requestid"),
    ("/http/request/method", "httprequest_httpmethod"),
    ("/rule/id", "terminatingruleid"),
    ("/rule/ruleset", "terminatingruletype"),
    ("/source/ip", "httprequest_clientip"),
    ("/url/path", "httprequest_uri"),
];

const RESOLVER: &[Same] = &[
    ("/aws/vpc_id", "vpc_id"),
    ("/aws/instance_id", "srcids_instance"),
    ("/aws/route53/firewall/action", "firewall_rule_action"),
    ("/aws/route53/firewall/domain_list/id", "firewall_domain_list_id"),
    ("/aws/route53/firewall/rule_group/id", "firewall_rule_group_id"),
    ("/cloud/account/id", "account"),
    ("/cloud/region", "region"),
    ("/dns/question/class", "query_class"),
    ("/dns/question/name", "domain"),
    ("/dns/question/type", "query_type"),
    ("/dns/response_code", "rcode"),
    ("/network/transport", "transport"),
    ("/source/ip", "srcaddr"),
    ("/source/port", "srcport"),
];

const FIREWALL: &[Same] = &[
    ("/aws/firewall/flow/id", "event_flow_id"),
    ("/aws/firewall/flow/age", "event_netflow_age"),
    ("/aws/firewall/flow/bytes", "event_netflow_bytes"),
    ("/aws/firewall/flow/pkts", "event_netflow_pkts"),
    ("/aws/firewall/flow/min_ttl", "event_netflow_min_ttl"),
    ("/aws/firewall/flow/max_ttl", "event_netflow_max_ttl"),
    ("/aws/firewall/flow/start", "event_netflow_start"),
    ("/aws/firewall/flow/end", "event_netflow_end"),
    ("/cloud/availability_zone", "availability_zone"),
    ("/cloud/region", "region"),
    ("/destination/domain", "hostname"),
    ("/destination/ip", "event_dest_ip"),
    ("/destination/port", "event_dest_port"),
    ("/event/severity", "event_alert_severity"),
    ("/http/request/method", "event_http_http_method"),
    ("/network/protocol", "event_app_proto"),
    ("/network/transport", "event_proto"),
    ("/observer/name", "firewall_name"),
    ("/rule/id", "event_alert_signature_id"),
    ("/rule/name", "event_alert_signature"),
    ("/source/ip", "event_src_ip"),
    ("/source/port", "event_src_port"),
    ("/url/original", "event_http_url"),
    ("/user_agent/original", "event_http_http_user_agent"),
];

/// Each row of a file says what Elastic's test of it expects.
fn compare(root: &Path, folder: &str, same: &[Same]) {
    let all = logs(root, &[folder]);
    let (peer, log) = all
        .iter()
        .find_map(|peer| {
            let name = peer.name.strip_suffix("-expected.json")?;
            Some((peer, all.iter().find(|log| log.name == name)?))
        })
        .unwrap_or_else(|| panic!("{folder} has an expected result"));
    let expected: Value = serde_json::from_slice(&peer.bytes).unwrap();
    let expected = expected["expected"].as_array().unwrap();
    let rows = rows(&log.outcome);
    assert_eq!(rows.len(), expected.len(), "{}", log.name);
    let mut compared = 0;
    for (cells, expected) in rows.iter().zip(expected) {
        let cell = |name: &str| cells.iter().find(|(column, _)| *column == name).map(|(_, text)| text.as_str());
        for (pointer, column) in same {
            let Some(wanted) = expected.pointer(pointer) else { continue };
            let wanted = wanted.as_str().map_or_else(|| wanted.to_string(), |text| text.replace("+0000", "Z"));
            let found = cell(column).unwrap_or_default();
            if wanted == "unknown" && found.is_empty() {
                // A word of Elastic's own for what is not there.
                continue;
            }
            assert!(found.eq_ignore_ascii_case(&wanted), "{} {pointer}: {wanted}, {column}: {found}", log.name);
            compared += 1;
        }
        // Elastic has milliseconds.
        let time = expected["@timestamp"].as_str().unwrap();
        let found = cell("event_time").unwrap();
        let seconds = &time[..19];
        assert!(found.starts_with(seconds) && millis(found) == millis(time), "{time} {found}");
        let ips = cell("ips").unwrap_or_default();
        for ip in expected.pointer("/related/ip").into_iter().flat_map(|list| list.as_array().unwrap()) {
            let ip = pivots::address(ip.as_str().unwrap()).unwrap().to_string();
            assert!(ips.trim_matches(['[', ']']).split(", ").any(|found| found == ip), "{ip} is not among {ips}");
        }
    }
    assert!(compared > rows.len() * 8, "{folder}: {compared}");
}

fn millis(time: &str) -> String {
    let fraction = time.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('Z'));
    format!("{fraction:0<3}")[..3].to_owned()
}

#[test]
fn real_logs_say_what_a_peer_says() {
    let Some(root) = corpora() else { return };
    compare(&root, "waf", WAF);
    compare(&root, "route53resolver", RESOLVER);
    compare(&root, "networkfirewall", FIREWALL);
}

type Cells = Vec<(&'static str, String)>;

fn rows(outcome: &Outcome) -> Vec<&Cells> {
    outcome
        .seen
        .iter()
        .filter_map(|seen| if let Fate::Row { cells, .. } = &seen.fate { Some(cells) } else { None })
        .collect()
}

fn decode_as(source: &str, text: &str, framing: Framing) -> Outcome {
    let source = SOURCES.iter().find(|known| known.name == source).unwrap();
    let head = Head { name: "", key: &ObjectKey::default(), bytes: text.as_bytes(), whole: true };
    run(source, framing, &head, text.as_bytes())
}

/// A record of each source into which `text` was written by somebody else, and the columns that hold it then.
fn written(text: &str) -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let waf = json!({
        "timestamp": 1772359200123u64, "webaclId": "acl", "action": "BLOCK",
        "httpRequest": {
            "clientIp": "192.0.2.1", "uri": text, "args": text, "httpMethod": text, "requestId": "r",
            "headers": [
                {"name": "User-Agent", "value": text},
                {"name": "Host", "value": text},
                {"name": text, "value": text},
            ],
        },
    });
    let resolver = json!({
        "query_timestamp": "2026-03-01T10:00:00Z", "query_name": text, "query_type": "TXT", "rcode": "NOERROR",
        "answers": [{"Rdata": text, "Type": "TXT", "Class": "IN"}], "srcaddr": "192.0.2.1", "srcport": "53",
    });
    let firewall = json!({
        "firewall_name": "f", "event_timestamp": "1772359200",
        "event": {
            "event_type": "alert", "src_ip": "192.0.2.1", "timestamp": "2026-03-01T10:00:00.000000+0000",
            "alert": {"action": "allowed", "signature": "s"}, "tls": {"sni": text, "subject": text},
            "http": {"hostname": text, "url": text, "http_user_agent": text, "http_method": text},
        },
    });
    vec![
        ("waf", waf, vec!["httprequest_uri", "httprequest_args", "httprequest_httpmethod", "useragent", "host"]),
        ("route53_resolver", resolver, vec!["query_name"]),
        (
            "network_firewall",
            firewall,
            vec![
                "event_tls_sni",
                "event_tls_subject",
                "event_http_hostname",
                "event_http_url",
                "event_http_http_user_agent",
                "event_http_http_method",
            ],
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a client writes is in its column, makes no row and moves nothing into another column.
    #[test]
    fn what_others_write_stays_where_it_is(
        text in prop_oneof![
            "\\PC{0,60}",
            "[\"'\\\\,;{}\\[\\]:\r\n\t\u{0}\u{1b}\u{2028} a-c#%=&/]{0,80}",
            Just("\"}}\n{\"timestamp\":1,\"webaclId\":\"x\",\"httpRequest\":{}}\n".to_owned()),
            Just("{\"Records\":[{\"eventName\":\"x\",\"eventSource\":\"y.amazonaws.com\"}]}".to_owned()),
            Just("2026-03-01T10:00:00.000Z {\"query_name\":\"x\",\"query_type\":\"A\",\"srcaddr\":\"y\"}".to_owned()),
        ],
        framing in prop_oneof![Just(Framing::Json), Just(Framing::Parquet)],
    ) {
        // Of what is replaced, the original is kept as well.
        prop_assume!(!text.contains('\u{fffd}'));
        for ((source, record, columns), (_, plain, _)) in written(&text).into_iter().zip(written("plain")) {
            let document = format!("{plain}\n{record}\n{plain}\n");
            let outcome = decode_as(source, &document, framing);
            let rows = rows(&outcome);
            prop_assert_eq!(rows.len(), 3, "{} of {}", source, &document);
            prop_assert_eq!(outcome.seen.len(), 3);
            for column in &columns {
                let found = rows[1].iter().find(|(name, _)| name == column).map(|(_, found)| found.as_str());
                prop_assert_eq!(found, Some(text.as_str()), "{}", column);
            }
            // All other columns are those of the records around it, but those that are made of it.
            let made = ["record_hash", "domain", "hostname", "is_write", "answers", "httprequest_headers"];
            let pivots = ["ips", "actors", "keys", "resources"];
            let others = |cells: &Cells| {
                let own = |name: &str| ![columns.as_slice(), &made, &pivots].concat().contains(&name);
                let kept = cells.iter().filter(|(name, _)| own(name));
                kept.cloned().collect::<Vec<_>>()
            };
            prop_assert_eq!(others(rows[1]), others(rows[0]));
        }
    }
}
