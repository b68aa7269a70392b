//! What the new logs of the sample hold, against the story.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::tree::Object;

fn told() -> (Vec<Object>, Value) {
    let (mut faults, mut facts) = (Faults::default(), Facts::default());
    let objects = all(&[], 1, &mut faults, &mut facts);
    (objects, facts.value())
}

fn texts<'a>(objects: &'a [Object], source: &'a str) -> impl Iterator<Item = &'a str> {
    let records = objects.iter().filter(move |object| object.source == source).flat_map(|object| &object.records);
    records.filter(|record| !record.broken).map(|record| record.text.as_str())
}

#[test]
fn one_trace_id_goes_through_the_firewall_the_balancer_and_the_application() {
    let (objects, facts) = told();
    let trace = facts["web"]["key_leaked_trace"].as_str().unwrap();
    for source in ["waf", "elb_access", "cloudwatch_logs"] {
        let found: Vec<&str> = texts(&objects, source).filter(|text| text.contains(trace)).collect();
        assert!(matches!(found.as_slice(), [one] if one.contains("/debug/env")), "{source}: {found:?}");
    }
    assert_eq!(facts["web"]["scanner"]["blocked"], 5);
}

#[test]
fn rows_of_the_flow_log_have_the_fields_of_the_header() {
    let (objects, facts) = told();
    let (mut loot, mut widths) = (0, BTreeSet::new());
    for row in texts(&objects, "vpc_flow") {
        let fields: Vec<&str> = row.split(' ').collect();
        widths.insert(fields.len());
        let time: i64 = fields[10].parse().unwrap();
        if fields[4] == "198.51.100.77" && time < at("04-10 05:55:00") {
            loot += fields[9].parse::<u64>().unwrap();
        }
    }
    assert_eq!(widths, BTreeSet::from([29]));
    assert_eq!(loot, network::LOOT);
    assert_eq!(facts["network"]["ssh_first_accepted"], "2026-04-09T02:03:11Z");
}

#[test]
fn what_cloudwatch_has_of_the_audit_log_the_files_have_too() {
    let (objects, facts) = told();
    let files: BTreeSet<&str> = texts(&objects, "rds_audit").collect();
    let carried = objects.iter().flat_map(|object| &object.records).filter(|record| record.table.is_some());
    let carried: Vec<&str> = carried.map(|record| record.text.as_str()).collect();
    assert_eq!(facts["database"]["audit_twice"], carried.len());
    assert_eq!(facts["database"]["audit_entries"], files.len(), "no two entries are equal");
    assert!(carried.iter().all(|text| files.contains(text)));
}

#[test]
fn every_line_of_the_bill_has_the_columns_of_its_header() {
    let (objects, _) = told();
    let report = objects.iter().find(|object| object.source == "billing").unwrap();
    let text = String::from_utf8(inflated(&report.body)).unwrap();
    let widths: BTreeSet<usize> = text.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(widths.len(), 1, "{widths:?}");
}

#[test]
fn no_two_objects_share_a_key() {
    let (objects, _) = told();
    let keys: BTreeSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys.len(), objects.len());
}
