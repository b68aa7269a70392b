//! The exit status and the warnings of `ingest` tell the state of the lake; which copy is the row; cleaning up.

use std::path::{Path, PathBuf};

use crate::support::{case_of, root, rows, run, sql};

/// A CloudTrail event as one line.
fn event(id: u32, time: &str) -> String {
    format!(
        "{{\"eventVersion\":\"1.10\",\"eventTime\":\"{time}\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListBuckets\",\"awsRegion\":\"us-east-1\",\"eventID\":\"00000000-0000-4000-8000-{id:012}\",\"recipientAccountId\":\"111122223333\"}}\n"
    )
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

/// A case from public reports, if they are here.
fn shared_case(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/cases").join(name).join("input");
    if !path.is_dir() {
        // Not `eprintln!`, which the test runner keeps to itself.
        crate::support::skipped(name, "the shared cases");
        return None;
    }
    Some(path)
}

#[test]
fn an_object_that_was_altered_is_taken_again_when_it_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let text = event(1, "2026-03-01T10:00:00Z");
    let log = write(directory.path(), "logs/a.json", &text);
    write(directory.path(), "logs/b.json", &event(2, "2026-03-01T10:00:00Z"));
    let case = case_of(directory.path(), &[directory.path().join("logs").to_string_lossy()], &["--in-place"]);
    std::fs::write(&log, "altered").unwrap();
    for _ in 0..2 {
        let ran = run(&case, &["ingest"]).expect(3);
        assert!(ran.stderr.contains("1 failed"), "{}", ran.stderr);
    }
    std::fs::write(&log, &text).unwrap();
    let ran = run(&case, &["ingest", "--json"]).expect(0).json();
    assert_eq!((&ran["again"], &ran["lake"]["failed"], &ran["lake"]["kept"]), (&1.into(), &0.into(), &2.into()));
    assert_eq!(sql(&case, "select key from objects where status <> 'ingested'"), Vec::<serde_json::Value>::new());
    run(&case, &["ingest"]).expect(0);
}

#[test]
fn what_is_left_over_is_told_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{}{{\"eventTime\":broken}}\n{}", event(1, "2026-03-01T10:00:00Z"), event(2, "some day"));
    write(directory.path(), "logs/a.json", &text);
    write(directory.path(), "logs/note.txt", "this is no log\n");
    let case = case_of(directory.path(), &[directory.path().join("logs").to_string_lossy()], &[]);
    for run_ in ["first", "second"] {
        let ran = run(&case, &["ingest"]).expect(3);
        for part in ["1 records in the lake were not understood", "1 are unrecognised", "1 rows have no time"] {
            assert!(ran.stderr.contains(part), "{run_}, {part}: {}", ran.stderr);
        }
    }
    let status = run(&case, &["status", "--json"]).expect(0).json();
    assert_eq!(status["undated"][0]["rows"], 1, "{status}");
    let undated = sql(&case, "select undated, comments, basis from objects where key like '%a.json'");
    assert_eq!(undated[0]["undated"], 1);
    assert!(undated[0]["basis"].as_str().unwrap().contains("cloudtrail/"), "{undated:?}");
}

#[test]
fn the_proven_copy_is_the_row_in_any_order() {
    let Some(input) = shared_case("01-unsigned-copy-displaces-proven-log") else { return };
    let (bucket, export) = (input.join("trail-bucket"), input.join("export"));
    let keys = input.join("keys.json");
    let verdicts = "select coalesce(verdict, 'none') as v, count(*) as n from row_verdicts group by 1 order by 1";
    let mut all = Vec::new();
    for folders in [vec![&bucket], vec![&bucket, &export], vec![&export, &bucket]] {
        let directory = tempfile::tempdir().unwrap();
        let case = case_of(directory.path(), &[folders[0].to_string_lossy()], &["--in-place"]);
        for folder in &folders {
            // In runs of their own.
            run(&case, &["add", "--in-place", &folder.to_string_lossy()]);
            run(&case, &["ingest"]);
        }
        run(&case, &["verify", "--keys", &keys.to_string_lossy()]).expect(4);
        let found = sql(&case, verdicts);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((&found[0]["v"], &found[0]["n"]), (&"contradicted".into(), &1.into()), "{folders:?}");
        assert_eq!((&found[1]["v"], &found[1]["n"]), (&"verified".into(), &4.into()), "{folders:?}");
        if folders.len() == 2 {
            all.push(rows(&case));
        }
    }
    assert_eq!(all[0], all[1], "the order of runs matters");
}

#[test]
fn one_event_in_two_spellings_is_one_row() {
    let Some(input) = shared_case("02-one-event-two-spellings-counted-twice") else { return };
    let folders = ["bucket", "siem"].map(|name| input.join(name).to_string_lossy().into_owned());
    let directory = tempfile::tempdir().unwrap();
    let case = case_of(directory.path(), &folders, &["--in-place"]);
    run(&case, &["ingest"]).expect(0);
    let found = sql(
        &case,
        "select count(*) as n, count(distinct eventid) as ids, (select count(*) from duplicates) as twice from cloudtrail",
    );
    assert_eq!(found[0]["n"], found[0]["ids"], "{found:?}");
    assert_eq!(found[0]["twice"], 1, "{found:?}");
    let name = sql(
        &case,
        "select o.key from cloudtrail join objects o using (evidence_object) where eventname = 'AuthorizeSecurityGroupIngress'",
    );
    assert!(name[0]["key"].as_str().unwrap().contains("_CloudTrail_"), "{name:?}");
    let class = sql(&case, "select class from config_attribution where class = 'certain'");
    assert_eq!(class.len(), 1, "{class:?}");
}

#[test]
fn one_id_with_two_contents_is_a_finding() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "logs/a.json", &event(1, "2026-03-01T10:00:00Z"));
    write(directory.path(), "logs/b.json", &event(1, "2026-03-09T10:00:00Z"));
    let case = case_of(directory.path(), &[directory.path().join("logs").to_string_lossy()], &[]);
    run(&case, &["ingest"]).expect(0);
    let pair = run(&case, &["query", "run", "evidence/same_id_other_content", "--output", "json"]).expect(0).json();
    assert_eq!(pair.as_array().unwrap().len(), 2, "{pair}");
    let status = run(&case, &["status", "--json"]).expect(0).json();
    assert_eq!((&status["same_id"][0]["ids"], &status["same_id"][0]["rows"]), (&1.into(), &2.into()));
}

#[test]
fn cleaning_the_lake_takes_nothing_that_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    write(directory.path(), "logs/a.json", &event(1, "2026-03-01T10:00:00Z"));
    let case = case_of(directory.path(), &[logs.to_string_lossy()], &[]);
    for id in 2..5 {
        run(&case, &["ingest"]).expect(0);
        write(directory.path(), &format!("logs/{id}.json"), &event(id, "2026-03-01T10:00:00Z"));
        run(&case, &["add", &logs.to_string_lossy()]).expect(0);
    }
    run(&case, &["ingest"]).expect(0);
    let before = rows(&case);
    let manifest = std::fs::read(case.join("evidence/manifest.jsonl")).ok();
    let dry = run(&case, &["lake", "clean", "--keep", "1", "--dry-run", "--json"]).expect(0).json();
    assert!(dry["files"].as_u64().unwrap() > 5, "replaced derived files: {dry}");
    let done = run(&case, &["lake", "clean", "--keep", "1", "--json"]).expect(0).json();
    assert_eq!((&dry["files"], &dry["bytes"]), (&done["files"], &done["bytes"]));
    assert_eq!(before, rows(&case));
    run(&case, &["sql", "select 1", "--at-version", "1"]).expect(1);
    let custody = run(&case, &["custody"]).expect(0);
    assert!(custody.stdout.contains("lake clean --keep 1"), "{}", custody.stdout);
    assert!(!custody.stdout.contains("--dry-run"), "{}", custody.stdout);
    assert_eq!(manifest, std::fs::read(case.join("evidence/manifest.jsonl")).ok());
    run(&case, &["ingest"]).expect(0);
    run(&case, &["verify"]);
    run(&case, &["lake", "clean", "--keep", "0"]).expect(2);
}

/// Messages in a file of CloudWatch Logs become rows of other tables; the object's count is that of all its rows.
#[test]
fn a_case_with_messages_of_other_logs_is_not_contradicted() {
    let directory = tempfile::tempdir().unwrap();
    let audit = "1775728800123456,db-1,admin,203.0.113.66,7,12,QUERY,crm,'select * from customers',0";
    let messages = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/rds/cluster/db/audit", "logStream": "db-1.audit.log.0",
        "logEvents": [
            { "id": "1", "timestamp": 1_775_728_800_123_u64, "message": audit },
            { "id": "2", "timestamp": 1_775_728_800_124_u64, "message": "a line of no audit log" },
        ],
    });
    write(directory.path(), "logs/events.json", &messages.to_string());
    let case = case_of(directory.path(), &[directory.path().join("logs").to_string_lossy()], &[]);
    run(&case, &["ingest"]).expect(0);
    let tables: Vec<usize> = ["rds_audit", "cloudwatch_logs"]
        .iter()
        .map(|table| sql(&case, &format!("select 1 from {table}")).len())
        .collect();
    assert_eq!(tables, [1, 1]);
    let ran = run(&case, &["verify", "--json"]).expect(0).json();
    assert_eq!(ran["lake_files"]["contradicted"], serde_json::json!([]), "{ran}");
}
