//! Bad input: a clear message, the right exit status, and nothing lost.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::support::{case_of, run, sample_case, sql};

fn event(id: usize) -> String {
    json!({
        "eventVersion": "1.08", "eventTime": "2026-01-02T03:04:05Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.1", "eventID": format!("id-{id}"), "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}
    })
    .to_string()
}

fn records(count: usize) -> String {
    format!("{{\"Records\":[{}]}}", (0..count).map(event).collect::<Vec<_>>().join(","))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A case with one file, ingested; the summary and the exit status.
fn one(directory: &Path, name: &str, bytes: &[u8]) -> (std::path::PathBuf, serde_json::Value, i32) {
    std::fs::write(directory.join(name), bytes).unwrap();
    let case = case_of(directory, &[directory.join(name).to_string_lossy()], &[]);
    let ran = run(&case, &["ingest", "--json"]);
    let summary = ran.json();
    (case, summary, ran.status)
}

#[test]
fn a_truncated_object_keeps_what_came_before_the_cut() {
    let directory = tempfile::tempdir().unwrap();
    let whole = gzip(records(1000).as_bytes());
    let (case, summary, status) = one(directory.path(), "cut.json.gz", &whole[..whole.len() / 2]);
    assert_eq!(status, 3);
    let kept = summary["kept"].as_u64().unwrap();
    assert!(kept > 100 && kept < 1000, "{summary}");
    assert_eq!(summary["rejects"], 1);
    let objects = sql(&case, "select damage from objects");
    assert!(objects[0]["damage"].as_str().unwrap().contains("ends early"), "{objects:?}");
}

/// Behind the first 100,000 of an object, a row of `rejects` tells of many records: they are counted, and not the rows.
#[test]
fn status_counts_rejected_records_and_not_their_rows() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{}\n{}", event(1), "{\"eventVersion\":tru}\n".repeat(101_500));
    let (case, summary, status) = one(directory.path(), "many.jsonl", text.as_bytes());
    assert_eq!((summary["rejects"].as_u64(), status), (Some(101_500), 3), "{summary}");
    // Without its first line: a comment would be taken for an option.
    let (_comment, statement) = include_str!("../crates/cli/src/commands/status/rejects.sql").split_once('\n').unwrap();
    let kinds = sql(&case, statement);
    let counted: u64 = kinds.iter().filter_map(|kind| kind["rejects"].as_u64()).sum();
    assert_eq!(counted, 101_500, "{kinds:?}");
}

#[test]
fn a_bomb_is_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let (case, summary, status) = one(directory.path(), "bomb.json.gz", &gzip(&vec![b' '; 300 << 20]));
    assert_eq!(status, 3, "{summary}");
    let objects = sql(&case, "select status, damage from objects");
    assert!(objects[0]["damage"].as_str().unwrap().contains("yields more than"), "{objects:?}");
}

#[test]
fn invalid_utf8_loses_no_record() {
    let directory = tempfile::tempdir().unwrap();
    let mut bytes = records(3).into_bytes();
    let at = bytes.windows(9).position(|w| w == b"GetObject").unwrap();
    bytes[at] = 0xff;
    let (case, summary, status) = one(directory.path(), "bytes.json", &bytes);
    assert_eq!((summary["kept"].as_u64(), status), (Some(3), 0), "{summary}");
    let rows = sql(&case, "select eventname from cloudtrail where extra is not null");
    assert_eq!(rows[0]["eventname"], "\u{fffd}etObject");
}

#[test]
fn deep_nesting_rejects_that_record_only() {
    let directory = tempfile::tempdir().unwrap();
    let deep =
        format!("{{\"eventVersion\":\"1.08\",\"requestParameters\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("{{\"Records\":[{},{deep},{}]}}", event(1), event(2));
    let (case, summary, status) = one(directory.path(), "deep.json", text.as_bytes());
    assert_eq!((summary["kept"].as_u64(), summary["rejects"].as_u64(), status), (Some(2), Some(1), 3), "{summary}");
    let rejects = sql(&case, "select reason, size from rejects");
    assert!(rejects[0]["reason"].as_str().unwrap().contains("nested deeper"), "{rejects:?}");
}

#[test]
fn a_record_too_long_is_rejected_and_its_neighbours_stay() {
    let directory = tempfile::tempdir().unwrap();
    let long = format!("{{\"eventVersion\":\"1.08\",\"userAgent\":\"{}\"}}", "x".repeat(100 << 20));
    let text = format!("{}\n{long}\n{}\n", event(1), event(2));
    let (case, summary, status) = one(directory.path(), "long.jsonl", text.as_bytes());
    assert_eq!((summary["kept"].as_u64(), summary["rejects"].as_u64(), status), (Some(2), Some(1), 3), "{summary}");
    let rejects = sql(&case, "select evidence_record, size from rejects");
    assert_eq!(rejects[0]["evidence_record"], 2);
    assert_eq!(rejects[0]["size"].as_u64().unwrap(), long.len() as u64);
}

#[test]
fn what_is_no_log_is_listed() {
    let directory = tempfile::tempdir().unwrap();
    let (case, summary, status) = one(directory.path(), "notes.txt", b"these are no logs\nat all\n");
    assert_eq!((summary["unrecognised"].as_u64(), status), (Some(1), 3));
    let objects = sql(&case, "select status, reason from objects");
    assert_eq!(objects[0]["status"], "unrecognised");
}

#[test]
fn a_folder_without_files() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("empty")).unwrap();
    run(directory.path(), &["init", "case"]).expect(0);
    let case = directory.path().join("case");
    let ran = run(&case, &["add", "../empty"]).expect(3);
    assert!(ran.stderr.contains("no file to collect"), "{}", ran.stderr);
    let ran = run(&case, &["ingest"]).expect(0);
    assert!(ran.stderr.contains("there is no evidence yet"), "{}", ran.stderr);
    let ran = run(&case, &["add", "../not-there"]).expect(1);
    assert!(ran.stderr.contains("not-there"), "{}", ran.stderr);
}

#[test]
fn an_unknown_case() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(directory.path(), &["status"]).expect(1);
    assert!(ran.stderr.contains("hint: ") && ran.stderr.contains("coldtrail init"), "{}", ran.stderr);
    let ran = run(directory.path(), &["status", "--case", "nowhere"]).expect(1);
    assert!(ran.stderr.contains("nowhere"), "{}", ran.stderr);
}

#[test]
fn an_unknown_column_is_answered_with_a_guess() {
    // A comment first is a statement, a word behind hyphens is not.
    run(sample_case(), &["sql", "-- how many\nselect count(*) from objects"]).expect(0);
    let ran = run(sample_case(), &["sql", "--jsno"]).expect(2);
    assert!(ran.stderr.contains("there is no such option"), "{}", ran.stderr);
    let ran = run(sample_case(), &["sql", "select evntname from cloudtrail"]).expect(2);
    assert!(ran.stderr.contains("did you mean `eventname`"), "{}", ran.stderr);
    let ran = run(sample_case(), &["sql", "select 1 from cloudtrial"]).expect(2);
    assert!(ran.stderr.contains("did you mean `cloudtrail`"), "{}", ran.stderr);
}

#[test]
fn only_reading_is_possible() {
    for sql in [
        "create table t as select 1",
        "drop view cloudtrail",
        "insert into objects select * from objects",
        "copy (select 1) to 'out.csv'",
        "create external table t stored as csv location 'Cargo.toml'",
        "set datafusion.execution.batch_size = 1",
        "select * from 'Cargo.toml'",
        "explain analyze copy (select 1) to 'out.csv'",
    ] {
        let ran = run(sample_case(), &["sql", sql]);
        assert_eq!(ran.status, 2, "{sql}: {}", ran.stdout);
    }
    assert!(!sample_case().join("out.csv").exists());
}

#[test]
fn a_parameter_is_bound_and_not_pasted() {
    let hostile = "key=x' or 1=1 --";
    let ran = run(
        sample_case(),
        &[
            "sql",
            "select count(*) as n from cloudtrail where useridentity.accesskeyid = $key",
            "--param",
            hostile,
            "--json",
        ],
    );
    assert_eq!(ran.expect(0).rows()[0]["n"], 0);
}

#[test]
fn an_altered_object_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.json"), records(5)).unwrap();
    let case = case_of(directory.path(), &[directory.path().join("a.json").to_string_lossy()], &["--in-place"]);
    std::fs::write(directory.path().join("a.json"), records(6)).unwrap();
    let ran = run(&case, &["ingest", "--json"]).expect(3);
    assert_eq!(ran.json()["failed"], 1);
    let objects = sql(&case, "select reason from objects");
    assert!(objects[0]["reason"].as_str().unwrap().contains("the manifest says"), "{objects:?}");
}

/// A file system of its own, where the test may mount one; otherwise the test says that it was skipped.
#[cfg(target_os = "linux")]
#[test]
fn full_and_read_only_disks() {
    let directory = tempfile::tempdir().unwrap();
    let disk = directory.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).output()
    };
    if !mount("size=1m").is_ok_and(|output| output.status.success()) {
        crate::support::skipped("full_and_read_only_disks", "to be allowed to mount a tmpfs");
        return;
    }
    let unmounted = || std::process::Command::new("umount").arg(&disk).status();
    let logs = directory.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    for i in 0..40u32 {
        let noise: String = (0..4000u32).map(|j| event(usize::try_from(i * 4000 + j).unwrap()) + "\n").collect();
        std::fs::write(logs.join(format!("{i}.jsonl")), noise).unwrap();
    }
    let full = {
        run(&disk, &["init", "case"]).expect(0);
        let case = disk.join("case");
        run(&case, &["add", "--in-place", &logs.to_string_lossy()]).expect(0);
        run(&case, &["ingest"])
    };
    // Room is made: the same command goes on.
    let remounted = std::process::Command::new("mount").args(["-o", "remount,size=200m"]).arg(&disk).status();
    let resumed = run(&disk.join("case"), &["ingest", "--json"]);
    let again = std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status();
    let read_only = run(&disk.join("case"), &["ingest"]);
    let reads = run(&disk.join("case"), &["sql", "select count(*) as n from cloudtrail", "--json"]);
    assert!(unmounted().is_ok_and(|status| status.success()));
    assert!(remounted.is_ok_and(|s| s.success()) && again.is_ok_and(|s| s.success()));
    assert_eq!(full.status, 1, "{}", full.stderr);
    assert!(full.stderr.contains("No space left"), "{}", full.stderr);
    assert_eq!(resumed.expect(0).json()["kept"], 160_000);
    assert_eq!(read_only.status, 1);
    assert!(read_only.stderr.contains("Read-only"), "{}", read_only.stderr);
    assert_eq!(reads.expect(0).rows()[0]["n"], 160_000, "reading needs no writing");
}
