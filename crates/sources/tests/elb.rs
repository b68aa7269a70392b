//! Real logs of load balancers, which are not part of the project: what is recognised, and what others make of them.

use serde_json::{Map, Value};

use crate::decoded::Fate;
use crate::fidelity::{Log, corpora, logs};

/// What is no log: records that a document breaks over several lines, and events that were parsed by others.
const NOT_LOGS: &[&str] = &[
    "elb/awsdocs_elb-application-load-balancers-user-guide/",
    "elb/awsdocs_elb-network-load-balancers-user-guide/",
    "elb/panther-labs_panther-analysis/",
];

fn is_log(log: &Log) -> bool {
    !log.name.ends_with("-expected.json") && !NOT_LOGS.iter().any(|folder| log.name.starts_with(folder))
}

#[test]
fn every_log_of_a_load_balancer_is_recognised() {
    let Some(root) = corpora() else { return };
    let mut rows = 0;
    for log in logs(&root, &["elb"]) {
        let source = log.outcome.source.map(|source| source.name);
        assert_eq!(source, is_log(&log).then_some("elb_access"), "{}", log.name);
        rows += log.outcome.rows();
        let rejects: Vec<_> = log.outcome.rejects().map(|(seen, _)| seen.ordinal).collect();
        // Two rows of unit tests stand there as source code has them, with `\"` for each quote.
        let wanted: &[u64] = if log.name.ends_with("/alb_rows.log") { &[14, 15] } else { &[] };
        assert_eq!(rejects, wanted, "{}", log.name);
    }
    assert_eq!(rows, 61);
}

/// A record broken by a document, put together again.
#[test]
fn records_in_documents_are_understood_when_they_are_whole() {
    let Some(root) = corpora() else { return };
    let mut found = Vec::new();
    for folder in NOT_LOGS.iter().filter(|folder| folder.contains("awsdocs")) {
        for path in crate::cases::listed(&root.join(folder)) {
            let text = fs_err::read_to_string(path).unwrap();
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let outcome = crate::decoded::decode("", line.as_bytes(), false);
            assert_eq!((outcome.rows(), outcome.rejects().count()), (1, 0), "{line}");
            found.extend(outcome.seen.into_iter().filter_map(|seen| match seen.fate {
                Fate::Row { cells, .. } => cells.into_iter().find(|(name, _)| *name == "type").map(|(_, text)| text),
                _ => None,
            }));
        }
    }
    found.sort();
    assert_eq!(found, ["h2", "http", "http", "http", "https", "tls", "tls", "ws", "wss"]);
}

/// Our columns under the names of Elastic's fields.
const ELASTIC: &[(&str, &str)] = &[
    ("@timestamp", "event_time"),
    ("aws.elb.action_executed", "actions_executed"),
    ("aws.elb.backend.http.response.status_code", "target_status_code"),
    ("aws.elb.backend.ip", "target_ip"),
    ("aws.elb.backend.port", "target_port"),
    ("aws.elb.backend_processing_time.sec", "target_processing_time"),
    ("aws.elb.chosen_cert.arn", "chosen_cert_arn"),
    ("aws.elb.classification", "classification"),
    ("aws.elb.classification_reason", "classification_reason"),
    ("aws.elb.error.reason", "lambda_error_reason"),
    ("aws.elb.matched_rule_priority", "matched_rule_priority"),
    ("aws.elb.name", "elb"),
    ("aws.elb.redirect_url", "redirect_url"),
    ("aws.elb.request_processing_time.sec", "request_processing_time"),
    ("aws.elb.response_processing_time.sec", "response_processing_time"),
    ("aws.elb.ssl_cipher", "ssl_cipher"),
    ("aws.elb.ssl_protocol", "ssl_protocol"),
    ("aws.elb.target_group.arn", "target_group_arn"),
    ("aws.elb.target_port", "target_port_list"),
    ("aws.elb.target_status_code", "target_status_code_list"),
    ("aws.elb.trace_id", "trace_id"),
    ("aws.elb.type", "type"),
    ("destination.bytes", "sent_bytes"),
    ("destination.domain", "domain_name"),
    ("event.start", "request_creation_time"),
    ("http.request.body.bytes", "received_bytes"),
    ("http.request.method", "request_verb"),
    ("http.response.body.bytes", "sent_bytes"),
    ("http.response.status_code", "elb_status_code"),
    ("http.version", "request_proto"),
    ("source.bytes", "received_bytes"),
    ("source.ip", "client_ip"),
    ("source.port", "client_port"),
    ("url.domain", "request_host"),
    ("url.original", "request_url"),
    ("user_agent.original", "user_agent"),
];

/// The leaves of an object, under their dotted names.
fn flat(prefix: &str, members: &Map<String, Value>, found: &mut Vec<(String, String)>) {
    for (name, member) in members {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match member {
            Value::Object(members) => flat(&name, members, found),
            Value::Array(items) => {
                let items: Vec<_> =
                    items.iter().map(|item| item.as_str().map_or(item.to_string(), str::to_owned)).collect();
                found.push((name, items.join(",")));
            }
            Value::String(text) => found.push((name, text.clone())),
            other => found.push((name, other.to_string())),
        }
    }
}

fn equal(wanted: &str, found: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    // Elastic cuts times to milliseconds, and takes `HTTP/` off.
    let time = wanted.strip_suffix('Z').map(|time| time.trim_end_matches('0'));
    wanted == found
        // One of theirs that is null or `-` says that they read nothing.
        || wanted == "null"
        || wanted == "-" && found.is_empty()
        || number(wanted).is_some_and(|wanted| number(found) == Some(wanted))
        || found.strip_prefix("HTTP/") == Some(wanted)
        || time.is_some_and(|time| time.len() > 19 && found.starts_with(time))
}

#[test]
fn elastic_reads_the_same() {
    let Some(root) = corpora() else { return };
    let (mut compared, mut wrong) = (0, Vec::new());
    for log in logs(&root, &["elb"]).iter().filter(|log| is_log(log)) {
        let Ok(text) = fs_err::read_to_string(root.join(format!("{}-expected.json", log.name))) else { continue };
        let mut wanted: Value = serde_json::from_str(&text).unwrap();
        if let Some(inner) = wanted.get_mut("expected") {
            wanted = inner.take();
        }
        let wanted = wanted.as_array().unwrap();
        let rows = log.outcome.seen.iter().filter_map(|seen| match &seen.fate {
            Fate::Row { cells, .. } => Some(cells),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), wanted.len(), "{}", log.name);
        for (at, (cells, event)) in rows.into_iter().zip(wanted).enumerate() {
            let mut leaves = Vec::new();
            flat("", event.as_object().unwrap(), &mut leaves);
            for (name, wanted) in leaves {
                let Some((_, column)) = ELASTIC.iter().find(|(known, _)| *known == name) else { continue };
                let found = cells.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text.as_str());
                compared += 1;
                if !equal(&wanted, found) {
                    wrong.push(format!("{} row {at}: {name} is {wanted}, {column} {found}", log.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 500, "{compared} values compared");
}
