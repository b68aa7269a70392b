//! Every table of the lake, one module each, and the one list of them.

pub mod billing;
pub mod cloudfront;
pub mod cloudtrail;
pub mod cloudtrail_digests;
pub mod cloudwatch_logs;
pub mod cloudwatch_metrics;
pub mod common;
pub mod config_history;
pub mod config_items;
pub mod elb_access;
pub mod elb_connections;
pub mod eventbridge_events;
pub mod guardduty;
pub mod ledger;
pub mod network_firewall;
pub mod own_logs;
pub mod rds_audit;
pub mod rds_log;
pub mod rds_slow;
pub mod resource;
pub mod route53_queries;
pub mod route53_resolver;
pub mod s3_access;
pub mod s3_inventory;
pub mod securityhub;
pub mod sessions;
pub mod verdicts;
pub mod vpc_flow;
pub mod waf;

use std::cmp::Reverse;

use crate::column::{Event, Role, Table};

/// Every table, sources first. Ingest, derive, fetch, SQL with its views, and the documentation read this list, or a
/// test compares them with it.
pub static TABLES: &[&Table] = &[
    &cloudtrail::TABLE,
    &cloudtrail_digests::TABLE,
    &s3_access::TABLE,
    &cloudfront::TABLE,
    &config_items::TABLE,
    &vpc_flow::TABLE,
    &route53_queries::TABLE,
    &cloudwatch_logs::TABLE,
    &rds_audit::TABLE,
    &rds_log::TABLE,
    &rds_slow::TABLE,
    &billing::TABLE,
    &waf::TABLE,
    &route53_resolver::TABLE,
    &network_firewall::TABLE,
    &guardduty::TABLE,
    &securityhub::TABLE,
    &eventbridge_events::TABLE,
    &elb_access::TABLE,
    &elb_connections::TABLE,
    &cloudwatch_metrics::TABLE,
    &s3_inventory::TABLE,
    &own_logs::TABLE,
    &ledger::OBJECTS,
    &ledger::REJECTS,
    &ledger::DUPLICATES,
    &verdicts::DIGEST_VERDICTS,
    &verdicts::LOG_VERDICTS,
    &config_history::CONFIG_STATES,
    &config_history::CONFIG_CHANGES,
    &config_history::CONFIG_ATTRIBUTION,
    &config_history::CONFIG_CALLS,
    &config_history::POLICY_STATEMENTS,
    &config_history::EXPOSURES,
    &config_history::EXPOSURE_UNKNOWNS,
    &sessions::SESSIONS,
    &sessions::SESSION_EDGES,
    &sessions::FIRST_SEEN,
    &sessions::COVERAGE,
];

/// The table of that name.
pub fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// The tables of events, each with what is known of it as such.
pub fn events() -> impl Iterator<Item = (&'static Table, Event)> {
    TABLES.iter().filter_map(|table| match table.role {
        Role::Event(event) => Some((*table, event)),
        Role::Ledger | Role::Verdict | Role::Derived { .. } => None,
    })
}

/// The tables that `derive` replaces.
pub fn derived() -> Vec<&'static Table> {
    TABLES.iter().copied().filter(|table| table.is_derived()).collect()
}

/// The tables that `verify` replaces.
pub fn verdicts() -> Vec<&'static Table> {
    TABLES.iter().copied().filter(|table| matches!(table.role, Role::Verdict)).collect()
}

/// The table of events for which AWS delivers to this folder below `AWSLogs/<account>/`. A folder whose name goes on
/// with a `-` after one that is known (`CloudTrail-…`) is of the same kind. Of tables that share a folder, the first.
pub fn of_service(folder: &str) -> Option<&'static Table> {
    let begins = |service: &str| {
        let rest = folder.strip_prefix(service);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let all = events().flat_map(|(table, event)| event.services.iter().map(move |service| (table, *service)));
    all.filter(|(_, service)| begins(service)).min_by_key(|(_, service)| Reverse(service.len())).map(|(table, _)| table)
}

/// The table of events that a user means: by its name, by that of Athena's examples, or by that of AWS's folder, in
/// any case, with or without `_` and `-`.
pub fn source_named(name: &str) -> Option<&'static Table> {
    let plain =
        |text: &str| text.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(name);
    let names = |table: &Table, event: &Event| {
        [table.name]
            .into_iter()
            .chain(event.athena)
            .chain(event.services.iter().copied())
            .any(|known| plain(known) == wanted)
    };
    events().find(|(table, event)| names(table, event)).map(|(table, _)| table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Head, InEvents};

    #[test]
    fn columns_stand_where_their_names_say() {
        let name = |table: &Table, at: usize| table.columns().get(at).map(|column| column.name);
        assert_eq!(common::columns().len(), common::COUNT);
        assert_eq!(name(&cloudtrail::TABLE, cloudtrail::CloudtrailColumn::eventname.position()), Some("eventname"));
        assert_eq!(name(&ledger::OBJECTS, ledger::ObjectColumn::delivery_time.position()), Some("delivery_time"));
        let (states, from) = (&config_history::CONFIG_STATES, config_history::ConfigStateColumn::valid_from);
        assert_eq!(name(states, from.position()), Some("valid_from"));
        assert_eq!(name(states, resource::ResourceColumn::arn.position()), Some("arn"));
    }

    #[test]
    fn every_table_is_well_formed() {
        for (at, table) in TABLES.iter().enumerate() {
            let columns = table.columns();
            assert!(!table.doc.trim().is_empty(), "{} says what a row is", table.name);
            assert!(TABLES.iter().take(at).all(|other| other.name != table.name), "{} is listed twice", table.name);
            for (i, column) in columns.iter().enumerate() {
                assert!(!column.doc.trim().is_empty(), "{}.{} is documented", table.name, column.name);
                assert!(columns.iter().take(i).all(|c| c.name != column.name), "{}.{} twice", table.name, column.name);
            }
            assert_eq!(table.is_event(), table.head == Head::Common, "{}: events have the common columns", table.name);
            match table.role {
                Role::Event(event) => {
                    // What users define is documented here.
                    let pages = ["https://docs.aws.amazon.com/", "../own-sources.md"];
                    assert!(pages.iter().any(|page| event.reference.starts_with(page)), "{}", table.name);
                    if let InEvents::Left(why) = event.view {
                        assert!(!why.is_empty(), "{} says why it is not in `events`", table.name);
                    }
                }
                Role::Derived { from } => {
                    assert!(!from.is_empty(), "{} says what it is made of", table.name);
                    assert!(from.iter().all(|other| find(other.name).is_some()), "{}", table.name);
                }
                Role::Ledger | Role::Verdict => {}
            }
        }
    }

    /// A module whose table is not in the list would be written by nobody and seen by nobody.
    #[test]
    fn every_declared_table_is_in_the_list() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables");
        let mut declared = 0;
        for entry in std::fs::read_dir(dir).expect("the folder of the tables") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file of Rust");
            declared += text.lines().filter(|line| *line == "table! {").count();
        }
        assert_eq!(declared, TABLES.len(), "`table!` is called once for each line of TABLES");
    }

    #[test]
    fn sources_are_found_by_folder_and_by_name() {
        let folder = |name| of_service(name).map(|table| table.name);
        assert_eq!(folder("CloudTrail"), Some("cloudtrail"));
        assert_eq!(folder("CloudTrail-Digest"), Some("cloudtrail_digests"));
        assert_eq!(folder("CloudTrail-Digest-Backfill"), Some("cloudtrail_digests"));
        assert_eq!(folder("CloudTrail-WhatMayCome"), Some("cloudtrail"));
        assert_eq!((folder("CloudTrails"), folder("vpcflowlogs")), (None, Some("vpc_flow")));
        let named = |name| source_named(name).map(|table| table.name);
        assert_eq!((named("config"), named("Config_Items")), (Some("config_items"), Some("config_items")));
        assert_eq!((named("s3access"), named("s3_access_logs")), (Some("s3_access"), Some("s3_access")));
        assert_eq!((named("objects"), named("nonsense")), (None, None));
        for (table, event) in events() {
            assert_eq!(named(table.name), Some(table.name));
            for service in event.services {
                let first = match *service {
                    "elasticloadbalancing" => "elb_access",
                    _ => table.name,
                };
                assert_eq!(folder(service), Some(first), "{service} is claimed twice");
            }
        }
    }
}
