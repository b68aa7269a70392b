//! Real logs from public sources, taken through the real binary, counted independently.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::support::{case_of, corpora, run, sql};

/// The folders that hold logs of the sources we read, and things that must not be taken for them.
const FOLDERS: &[&str] = &[
    "cloudtrail",
    "cloudtrail-digest",
    "cloudtrail-insight",
    "cloudtrail-lake",
    "cloudtrail-negative",
    "s3access",
    "cloudfront",
    "config",
    "containers",
    "cwlogs",
    "cwmetrics",
    "elb",
    "guardduty",
    "networkfirewall",
    "rds",
    "route53public",
    "route53resolver",
    "securityhub",
    "vpcflow",
    "waf",
];

/// Sources of which there are no real logs.
const WITHOUT: &[&str] = &["billing", "elb_connections", "own_logs", "s3_inventory"];

/// Sources whose records are no lines and no documents: the tests of `coldtrail-sources` count them by their own marks.
const OTHERWISE_COUNTED: &[&str] =
    &["cloudwatch_logs", "cloudwatch_metrics", "rds_audit", "rds_log", "rds_slow", "vpc_flow"];

#[test]
fn every_file_is_accounted_for() {
    let Some(corpora) = corpora() else {
        crate::support::skipped("every_file_is_accounted_for", "the corpora");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let folders: Vec<String> = FOLDERS.iter().map(|name| corpora.join(name).to_string_lossy().into_owned()).collect();
    let case = case_of(directory.path(), &folders, &["--in-place"]);
    let ran = run(&case, &["ingest", "--json"]).expect(3);
    let summary = ran.json();
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert_eq!(summary["failed"], 0, "{summary}");
    let objects = sql(
        &case,
        "select key, source, status, reason, format, records, kept, duplicates, rejects from objects order by key",
    );
    let mut wrong = Vec::new();
    let mut by_source: BTreeMap<String, u64> = BTreeMap::new();
    for object in &objects {
        let number = |name: &str| object[name].as_u64().unwrap();
        assert_eq!(number("records"), number("kept") + number("duplicates") + number("rejects"), "{object}");
        let key = object["key"].as_str().unwrap();
        assert!(
            !key.starts_with("cloudtrail-negative/s3__") || object["source"] != "cloudtrail",
            "an S3 notification: {object}"
        );
        if object["source"].is_null() || object["format"] == "parquet" {
            continue;
        }
        let source = object["source"].as_str().unwrap();
        *by_source.entry(source.to_owned()).or_default() += number("kept");
        if OTHERWISE_COUNTED.contains(&source) {
            continue;
        }
        let counted = count(&corpora.join(key), object["format"] == "lines");
        // Of what is no JSON as a whole, a parser of whole documents cannot tell how many records it has.
        let broken = counted.is_none() && (number("rejects") > 0 || key.contains("/invalid__"));
        if counted != Some(number("records")) && !broken {
            wrong.push(format!("{key}: we say {}, counted {counted:?}, {}", number("records"), object["reason"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} objects:\n{}", wrong.len(), objects.len(), wrong.join("\n"));
    for (table, _) in coldtrail_schema::tables::events().filter(|(table, _)| !WITHOUT.contains(&table.name)) {
        let source = table.name;
        assert!(by_source.get(source).is_some_and(|kept| *kept > 0), "{source}: {by_source:?}");
    }
    assert!(by_source["cloudtrail"] > 3000, "{by_source:?}");
    a_file_of_several_logs(&case);
}

/// One file of CloudWatch Logs holds three logs of a database cluster: each record is in the table of its log.
fn a_file_of_several_logs(case: &Path) {
    let tables = ["rds_audit", "rds_log", "rds_slow"];
    let counts = tables.map(|table| {
        let of = format!(
            "select count(*) as n from {table} join objects using (evidence_object) where objects.key like '%aws-solutions_clo/rds.log'"
        );
        sql(case, &of)[0]["n"].as_u64().unwrap()
    });
    assert!(counts.iter().all(|count| *count > 0), "{tables:?}: {counts:?}");
    let kept = sql(case, "select kept, rejects from objects where key like '%aws-solutions_clo/rds.log'");
    assert_eq!((kept[0]["kept"].as_u64(), kept[0]["rejects"].as_u64()), (Some(counts.iter().sum()), Some(0)));
}

/// Counts records by means of our own, which know nothing of the program: whole JSON by its arrays, JSON
/// documents one after the other, lines. None when the file is none of these.
fn count(path: &Path, lines: bool) -> Option<u64> {
    let mut bytes = std::fs::read(path).unwrap();
    while bytes.starts_with(&[0x1f, 0x8b]) {
        let mut inflated = Vec::new();
        // Bytes after the last member are an error here; what came before them is kept.
        if flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut inflated).is_err()
            && inflated.is_empty()
        {
            return None;
        }
        bytes = inflated;
    }
    if bytes.starts_with(&[0xff, 0xfe]) {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        bytes = String::from_utf16_lossy(&units).into_bytes();
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = text.trim_start_matches('\u{feff}');
    if lines {
        return Some(text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count() as u64);
    }
    // CloudWatch Logs' export puts a timestamp before each document.
    let prefixed = text
        .lines()
        .all(|line| line.split_once(' ').is_some_and(|(time, _)| time.ends_with('Z') && time.contains('T')));
    let stripped: String = if prefixed {
        text.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| format!("{rest}\n")).collect()
    } else {
        text.to_owned()
    };
    let mut total = 0;
    for document in serde_json::Deserializer::from_str(&stripped).into_iter::<Value>() {
        total += match document.ok()? {
            Value::Array(items) => items.len() as u64,
            Value::Object(members) => {
                let inner = ["Records", "configurationItems", "logEvents", "Events", "events", "findings", "Findings"]
                    .iter()
                    .find_map(|name| {
                        members.get(*name).or_else(|| members.get("data").and_then(|data| data.get(*name)))
                    })
                    .and_then(Value::as_array);
                inner.map_or(1, |items| items.len() as u64)
            }
            _ => 1,
        };
    }
    Some(total)
}
