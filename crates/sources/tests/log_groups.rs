//! A message of a client's choice makes no row of another log, whatever it looks like.

use proptest::prelude::*;
use serde_json::json;

use crate::cases;
use crate::decoded::{Fate, decode};

/// Messages out of all cases, that make rows of some source where the log group is that source's.
fn imitations() -> Vec<String> {
    let texts = ["rds_audit", "rds_slow", "vpc_flow", "route53_queries", "waf", "cloudtrail"];
    let of = |case: &cases::Case| texts.contains(&case.source.as_str()) && !case.parquet();
    let mut all = Vec::new();
    for case in cases::all().iter().filter(|case| of(case)) {
        let rows = case.decode().seen.into_iter().filter(|seen| matches!(seen.fate, Fate::Row { .. }));
        all.extend(rows.map(|seen| seen.text).filter(|text| text.len() < 4000));
    }
    all
}

fn document(group: &str, stream: &str, messages: &[&str]) -> String {
    let events = messages.iter().enumerate();
    let events: Vec<_> = events
        .map(|(at, text)| json!({"id": format!("37{at}"), "timestamp": 1_775_709_103_123_i64, "message": text}))
        .collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": group, "logStream": stream,
           "subscriptionFilters": [], "logEvents": events})
    .to_string()
}

/// Of each record, the table of its row.
fn tables(text: &str) -> Vec<&'static str> {
    let outcome = decode("", text.as_bytes(), false);
    assert_eq!(outcome.rejects().count(), 0, "{:?}", outcome.rejects().collect::<Vec<_>>());
    outcome.seen.iter().map(|seen| seen.source).collect()
}

const AUDIT: &str = "20260409 04:31:43,shop-1,root,192.0.2.1,70558,12,QUERY,shop,'drop table customers',0";
const FLOW: &str =
    "2 111122223333 eni-0123456789abcdef0 198.51.100.7 10.0.0.5 40022 22 6 20 4249 1775709103 1775709163 ACCEPT OK";

#[test]
fn the_log_group_decides() {
    let audit = "/aws/rds/cluster/shop/audit";
    assert_eq!(tables(&document(audit, "shop-1", &[AUDIT])), ["rds_audit"]);
    assert_eq!(tables(&document("/app/web", "web-1", &[AUDIT])), ["cloudwatch_logs"]);
    assert_eq!(tables(&document("/app/web", "web-1", &[FLOW, FLOW])), ["cloudwatch_logs"; 2]);
    assert_eq!(tables(&document("/vpc/flows", "eni-0123456789abcdef0-all", &[FLOW, FLOW])), ["vpc_flow"; 2]);
    // One line that is none: the group is no flow log's.
    assert_eq!(tables(&document("/vpc/flows", "eni-0123456789abcdef0-all", &[FLOW, "x"])), ["cloudwatch_logs"; 2]);
    // Documents of several groups in one object.
    let both = document("/app/web", "web-1", &["started", AUDIT]) + &document(audit, "shop-1", &[AUDIT]);
    assert_eq!(tables(&both), ["cloudwatch_logs", "cloudwatch_logs", "rds_audit"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_forged_from_an_application(picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..12)) {
        let all = imitations();
        let messages: Vec<&str> = picks.iter().map(|pick| pick.get(&all).as_str()).collect();
        let text = document("/app/web", "web/1", &messages);
        let outcome = decode("", text.as_bytes(), false);
        for seen in &outcome.seen {
            prop_assert_eq!(seen.source, "cloudwatch_logs", "{}", seen.text);
            prop_assert!(matches!(seen.fate, Fate::Row { .. }), "{}", seen.text);
        }
    }
}
