//! The sample case against its ground truth.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{root, run, sample_case, sql, truth};

#[test]
fn counts_are_those_of_the_truth() {
    let truth = truth();
    let found = sql(
        sample_case(),
        "select source, count(*) as objects, sum(records) as records, sum(kept) as kept, sum(duplicates) as duplicates, sum(rejects) as rejects
         from objects where source is not null group by source",
    );
    for (source, expected) in truth["counts"].as_object().unwrap() {
        let row = found.iter().find(|row| row["source"] == *source).unwrap_or_else(|| panic!("{source} is missing"));
        for count in ["records", "kept", "duplicates", "rejects"] {
            assert_eq!(row[count], expected[count], "{source} {count}");
        }
    }
    let counts: Vec<String> = coldtrail_schema::tables::events()
        .map(|(table, _)| format!("select '{0}' as source, count(*) as kept from {0}", table.name))
        .collect();
    for row in sql(sample_case(), &counts.join(" union all ")) {
        // Messages of CloudWatch Logs can be rows of another table; of the other sources the sample has nothing.
        let expected = truth["rows"][row["source"].as_str().unwrap()].as_u64().unwrap_or(0);
        assert_eq!(row["kept"], expected, "{row}");
    }
}

#[test]
fn each_object_has_its_account() {
    let truth = truth();
    let rows = sql(sample_case(), "select key, records, kept, duplicates, rejects from objects");
    let found: BTreeMap<&str, &Value> = rows.iter().map(|row| (row["key"].as_str().unwrap(), row)).collect();
    for (key, expected) in truth["records_by_object"].as_object().unwrap() {
        let row = found.get(key.as_str()).unwrap_or_else(|| panic!("{key} is not in objects"));
        for count in ["records", "kept", "duplicates", "rejects"] {
            assert_eq!(row[count], expected[count], "{key} {count}");
        }
    }
    let strangers = sql(sample_case(), "select key from objects where status = 'unrecognised'");
    for row in strangers {
        assert!(truth["unrecognised"].as_array().unwrap().contains(&row["key"]), "{row}");
    }
    let unbalanced = sql(sample_case(), "select key from objects where records <> kept + duplicates + rejects");
    assert!(unbalanced.is_empty(), "{unbalanced:?}");
}

#[test]
fn a_record_is_the_bytes_of_its_row() {
    let rows = sql(
        sample_case(),
        "select evidence_object, evidence_record, evidence_offset, eventid from cloudtrail where eventname = 'StopLogging' order by event_time limit 1",
    );
    let (object, record) = (rows[0]["evidence_object"].as_str().unwrap(), rows[0]["evidence_record"].to_string());
    let found = run(sample_case(), &["record", object, &record, "--json"]).expect(0).json();
    let text: Value = serde_json::from_str(found["text"].as_str().unwrap()).unwrap();
    assert_eq!(text["eventID"], rows[0]["eventid"]);
    assert_eq!(found["offset"], rows[0]["evidence_offset"]);
    let key = found["key"].as_str().unwrap();
    let sample = root().join("sample-data").join(key);
    assert!(sample.is_file(), "{key} names the file");
    // The bytes at that place of the file, inflated by another program's library, are the record.
    let stored = std::fs::read(sample).unwrap();
    let mut inflated = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(stored.as_slice()), &mut inflated).unwrap();
    let offset = usize::try_from(found["offset"].as_u64().unwrap()).unwrap();
    assert!(inflated[offset..].starts_with(found["text"].as_str().unwrap()));
    let short = run(sample_case(), &["record", &object[..10], &record]).expect(0);
    assert_eq!(short.stdout.trim_end(), found["text"].as_str().unwrap());
    let raw = run(sample_case(), &["record", object, &record, "--raw"]).expect(0);
    assert_eq!(raw.stdout, found["text"].as_str().unwrap(), "nothing before it, nothing behind it");
    run(sample_case(), &["record", object, &record, "--raw", "--json"]).expect(2);
    run(sample_case(), &["record", object, "100000"]).expect(1);
    run(sample_case(), &["record", "nothing-like-it", "1"]).expect(5);
}

#[test]
fn demo_answers_and_says_how_to_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(directory.path(), &["demo", "here"]).expect(0);
    for part in ["coldtrail record ", "coldtrail report area triage", "coldtrail query list", "coldtrail status"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("  coldtrail query run ").count(), 5, "five questions");
    assert!(directory.path().join("here/case.toml").is_file());
}

#[test]
fn nothing_is_ingested_twice() {
    let directory = tempfile::tempdir().unwrap();
    let folder = root().join("sample-data/config-bucket").to_string_lossy().into_owned();
    let case = crate::support::case_of(directory.path(), &[&folder], &["--in-place"]);
    run(&case, &["ingest"]).expect(0);
    let before = crate::support::rows(&case);
    let again = run(&case, &["ingest", "--json"]).expect(0).json();
    assert_eq!(again["objects"], 0);
    run(&case, &["add", &folder]).expect(0);
    run(&case, &["ingest"]).expect(0);
    assert_eq!(before, crate::support::rows(&case));
}

#[test]
fn status_and_outputs_are_for_people_and_machines() {
    let status = run(sample_case(), &["status", "--json"]).expect(0).json();
    assert_eq!(status["objects_collected"], status["objects_listed"]);
    assert!(!status["coverage"].as_array().unwrap().is_empty());
    let directory = tempfile::tempdir().unwrap();
    for format in ["table", "csv", "json", "jsonl", "markdown", "html"] {
        let ran =
            run(sample_case(), &["sql", "select eventname, useragent from cloudtrail limit 3", "--output", format])
                .expect(0);
        assert!(ran.stdout.contains("eventname"), "{format}: {}", ran.stdout);
    }
    let file = directory.path().join("x.parquet").to_string_lossy().into_owned();
    run(sample_case(), &["sql", "select * from s3_access", "-o", &file]).expect(0);
    assert!(std::fs::read(&file).unwrap().starts_with(b"PAR1"));
    run(sample_case(), &["sql", "select 1", "--output", "nonsense"]).expect(2);
    let version = status["lake_version"].to_string();
    let old = run(sample_case(), &["sql", "select count(*) as n from cloudtrail", "--at-version", "0", "--json"])
        .expect(0)
        .rows();
    assert_eq!(old[0]["n"], 0);
    run(sample_case(), &["sql", "select 1", "--at-version", &version]).expect(0);
    run(sample_case(), &["sql", "select 1", "--at-version", "99999"]).expect(1);
    run(sample_case(), &["custody", "verify"]).expect(0);
}

#[test]
fn the_terminal_never_gets_control_characters() {
    let ran = run(sample_case(), &["sql", "select useragent, referrer, key_decoded from s3_access"]).expect(0);
    assert!(ran.stdout.chars().all(|c| c == '\n' || !c.is_control()), "escaped");
    assert!(ran.stdout.contains("\\u{1b}"), "the sample data has escape sequences");
}
