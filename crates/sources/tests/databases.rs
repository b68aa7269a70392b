//! Real logs of CloudWatch Logs and of databases: every file is recognised, and every entry counted on its own account.

use crate::decoded::{Fate, decode};
use crate::fidelity::{Log, corpora, logs};

/// The rows, by the table that they are in.
fn count(log: &Log, table: &str) -> usize {
    log.outcome.seen.iter().filter(|seen| seen.source == table).count() - rejects(log, table)
}

fn rejects(log: &Log, table: &str) -> usize {
    log.outcome.rejects().filter(|(seen, _)| seen.source == table).count()
}

fn nothings(log: &Log) -> usize {
    log.outcome.seen.len() - log.outcome.rows() - log.outcome.rejects().count()
}

/// Entries of slow logs, counted by the one line that all of them have.
#[test]
fn slow_logs_are_counted() {
    let Some(root) = corpora() else { return };
    let (mut files, mut entries) = (0, 0);
    for log in logs(&root, &["rds"]) {
        let text = log.text();
        let expected = text.lines().filter(|line| line.starts_with("# Query_time:")).count();
        if expected == 0 || log.name.ends_with(".txt") && log.name.contains("_test.go") || text.starts_with('{') {
            continue;
        }
        assert_eq!(log.outcome.source.map(|source| source.name), Some("rds_slow"), "{}", log.name);
        let found = log.outcome.rows();
        assert_eq!(found, expected, "{}: {:?}", log.name, log.outcome.rejects().collect::<Vec<_>>());
        (files, entries) = (files + 1, entries + found);
    }
    assert!(files >= 40, "{files} files, {entries} entries");
}

/// One file holds four logs of a cluster, one document a line: each record goes where its log belongs.
#[test]
fn a_file_of_several_logs_is_told_apart() {
    let Some(root) = corpora() else { return };
    let all = logs(&root, &["rds"]);
    let log = all.iter().find(|log| log.name.ends_with("aws-solutions_clo/rds.log")).expect("the file");
    let events = |group: &str| {
        let text = log.text();
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>().map(Result::unwrap);
        let of = documents.filter(|document| document["logGroup"].as_str().is_some_and(|name| name.ends_with(group)));
        of.map(|document| document["logEvents"].as_array().expect("events").len()).sum::<usize>()
    };
    let (slow, audit) = (events("/slowquery"), events("/audit"));
    assert!(slow > 0 && audit > 0, "{slow} {audit}");
    assert_eq!(count(log, "rds_slow") + nothings(log), slow, "entries of the slow log, and its headers");
    assert_eq!(count(log, "rds_audit"), audit);
    assert_eq!(log.outcome.rejects().count(), 0, "{:?}", log.outcome.rejects().collect::<Vec<_>>());
}

/// An entry of Aurora's audit log is one entry, whether a file of the server has it or a message of CloudWatch Logs.
#[test]
fn an_entry_of_aurora_is_the_same_in_a_file_and_in_a_message() {
    let entry = "1775798325000001,shop-1,admin,10.0.1.25,70558,12,QUERY,shop,'select\n\\'a\\', 1',0";
    let message = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/rds/cluster/shop/audit",
        "logStream": "shop-1", "subscriptionFilters": ["all"],
        "logEvents": [{"id": "37000000000000000000000000000000000000000000000000000011", "timestamp": 1775798325000_i64, "message": entry}],
    });
    let hash = |name: &str, text: &str| {
        let outcome = decode(name, text.as_bytes(), false);
        let [seen] = outcome.seen.as_slice() else { panic!("{:?}", outcome.seen) };
        let Fate::Row { cells, unique } = &seen.fate else { panic!("{seen:?}") };
        assert!(seen.source == "rds_audit" && *unique, "{seen:?}");
        cells.iter().find(|(name, _)| *name == "record_hash").expect("every row has one").1.clone()
    };
    let file = hash("audit/server_audit.log.0", &format!("{entry}\n"));
    assert_eq!(file, hash("messages/1", &message.to_string()));
    let stamped = format!("2026-04-10T05:18:45.000Z {entry}\n");
    assert_eq!(file, hash("exportedlogs/6f5a1c1e-0000-4000-8000-000000000001/shop-1/000000.gz", &stamped));
}

#[test]
fn an_export_task_is_counted() {
    let Some(root) = corpora() else { return };
    for log in logs(&root, &["cwlogs/cado-security_cloudgrep"]) {
        let text = log.text();
        let stamped = text.lines().filter(|line| line.get(10..11) == Some("T") && line.get(23..25) == Some("Z "));
        // Further lines of a stack trace are events of their own there, and one entry here.
        let indented = stamped.clone().filter(|line| line[25..].starts_with([' ', '\t'])).count();
        assert_eq!(log.outcome.rows(), stamped.count() - indented, "{}", log.name);
        assert_eq!(log.outcome.rejects().count(), 0);
    }
}
