//! Inputs after public reports by users of other tools, with what is right; they lie beside the project.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{case_of, root, run, skipped, sql};

/// The input of a case, if the cases are here.
fn input(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/cases").join(name);
    if !path.is_dir() {
        skipped(name, "the shared cases");
        return None;
    }
    Some(path)
}

fn ingested(directory: &Path, input: &Path) -> (PathBuf, i32) {
    let case = case_of(directory, &[input.to_string_lossy()], &[]);
    let status = run(&case, &["ingest"]).status;
    (case, status)
}

fn count(rows: &Value) -> usize {
    rows.as_array().map(Vec::len).unwrap_or_default()
}

#[test]
fn people_without_an_arn_are_two_sessions() {
    let Some(path) = input("03-identity-center-users-merge-into-nobody") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, _) = ingested(directory.path(), &path.join("input"));
    for (user, address, events) in [
        ("94482488-3041-7000-aaaa-111111111111", "198.51.100.10", 2),
        ("94482488-3041-7000-bbbb-222222222222", "203.0.113.99", 3),
    ] {
        let who = run(&case, &["actor", user, "--json"]);
        assert!(matches!(who.status, 0 | 3), "{}", who.stderr);
        let sessions = who.json()["sessions"].clone();
        assert_eq!(count(&sessions), 1, "{sessions}");
        assert_eq!(sessions[0]["ips"], serde_json::json!([address]), "{sessions}");
        assert_eq!(sessions[0]["events"], events, "{sessions}");
        let rows = run(&case, &["timeline", "--actor", user, "--json"]).rows();
        assert_eq!(rows.len(), events, "{rows:?}");
    }
    let nobody = sql(&case, "select count(*) as n from sessions where actor is null and chain_complete");
    assert_eq!(nobody[0]["n"], 0, "nobody known is never complete");
}

#[test]
fn times_are_understood_or_counted() {
    let Some(path) = input("04-times-not-understood-vanish-or-year-58133") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, status) = ingested(directory.path(), &path.join("input"));
    let far = sql(&case, "select count(*) as n from cloudtrail where event_time > timestamp '2030-01-01'");
    assert_eq!(far[0]["n"], 0);
    let dated = sql(&case, "select count(*) as n from cloudtrail where event_time = timestamp '2026-03-01T10:00:00'");
    let undated = sql(&case, "select count(*) as n from cloudtrail where event_time is null");
    assert!(dated[0]["n"].as_u64() >= Some(10), "{dated:?} {undated:?}");
    assert_eq!(status, if undated[0]["n"] == 0 { 0 } else { 3 });

    // A number of milliseconds, as text.
    let directory = tempfile::tempdir().unwrap();
    let (case, status) = ingested(directory.path(), &path.join("input2"));
    assert_eq!(status, 0);
    let found = run(&case, &["timeline", "--ip", "203.0.113.66", "--json"]).expect(0).rows();
    assert_eq!(found.len(), 1, "{found:?}");
}

/// A day and a month that can be taken for each other, and a year that has not come: neither is a time, and what has
/// none is not denied.
#[test]
fn rows_without_a_time_are_counted_and_not_denied() {
    let directory = tempfile::tempdir().unwrap();
    let event = |time: &str, id: &str| {
        serde_json::json!({
            "eventVersion": "1.08", "eventTime": time, "eventSource": "ec2.amazonaws.com",
            "eventName": "StopInstances", "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.66",
            "errorCode": "AccessDenied", "eventID": id, "recipientAccountId": "111122223333",
            "userIdentity": { "type": "Root", "accountId": "111122223333" },
        })
    };
    let log = serde_json::json!({ "Records": [event("03/01/2026 10:00:00", "a"), event("2033-03-01T10:00:00Z", "b")] });
    let file = directory.path().join("export.json");
    std::fs::write(&file, log.to_string()).unwrap();
    let (case, status) = ingested(directory.path(), &file);
    assert_eq!(status, 3);
    let rows = sql(&case, "select count(*) as n, count(event_time) as dated from cloudtrail");
    assert_eq!((rows[0]["n"].as_u64(), rows[0]["dated"].as_u64()), (Some(2), Some(0)), "{rows:?}");
    let none = run(&case, &["timeline", "--ip", "203.0.113.66"]).expect(3);
    assert!(none.stderr.contains("2 rows of cloudtrail have no time"), "{}", none.stderr);
    run(&case, &["query", "run", "triage/failed_actions"]).expect(3);
    let who = run(&case, &["actor", "203.0.113.66"]).expect(5);
    assert!(who.stderr.contains("2 rows of cloudtrail have no time"), "{}", who.stderr);
}

#[test]
fn a_key_is_decoded_as_often_as_it_was_encoded() {
    let Some(path) = input("07-s3-access-key-encoded-twice") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, _) = ingested(directory.path(), &path.join("input"));
    // Each object was read and deleted, under one name.
    let by = "select key_decoded as k, count(distinct operation) as n from s3_access \
              where operation <> 'S3.EXPIRE.OBJECT' group by 1";
    let names = sql(&case, by);
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(names.iter().all(|name| name["n"] == 2), "{names:?}");
    assert!(names.iter().any(|name| name["k"] == "say \"hi\".txt"), "{names:?}");
}

#[test]
fn an_error_code_of_any_type_is_no_success() {
    let Some(path) = input("08-values-of-another-type-lose-failure-and-actor") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, _) = ingested(directory.path(), &path.join("input"));
    let codes = sql(&case, "select eventname, error_class from cloudtrail where eventname like 'Code%'");
    assert_eq!(codes.len(), 4, "{codes:?}");
    assert!(codes.iter().all(|row| row["error_class"] != "success"), "{codes:?}");
    let status = run(&case, &["status", "--json"]).expect(0).json();
    assert!(count(&status["mistyped"]) > 0, "{status}");
}

#[test]
fn a_prefix_list_with_everything_is_open() {
    let Some(path) = input("12-open-through-a-prefix-list") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, _) = ingested(directory.path(), &path.join("input"));
    let exposed = run(&case, &["exposure", "--all", "--json"]).expect(3).json();
    let kinds: Vec<&str> =
        exposed["exposures"].as_array().unwrap().iter().filter_map(|one| one["kind"].as_str()).collect();
    assert!(kinds.contains(&"open_security_group"), "{exposed}");
    assert!(exposed.to_string().contains("pl-0123456789abcdef0"), "{exposed}");
}

#[test]
fn types_that_are_not_examined_are_said() {
    let Some(path) = input("13-no-exposure-claimed-of-types-not-examined") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, _) = ingested(directory.path(), &path.join("input"));
    for resource in sql(&case, "select coalesce(arn, resourceid) as name, resourcetype from config_states") {
        let name = resource["name"].as_str().unwrap();
        let exposed = run(&case, &["exposure", name]);
        let found = exposed.stdout.contains("    from ");
        let unsaid = exposed.stdout.contains("cannot say: exposure of ") && exposed.stdout.contains("is not examined");
        assert!(found || unsaid, "{resource}: {}", exposed.stdout);
        assert!(!exposed.stdout.contains("no state in which it was open"), "{resource}: {}", exposed.stdout);
        assert_eq!(exposed.status, 3, "{resource}: {}", exposed.stdout);
    }
}

#[test]
fn the_source_half_of_a_copy_is_a_read() {
    let Some(path) = input("21-copy-from-an-exposed-bucket-is-no-read") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (case, _) = ingested(directory.path(), &path.join("input"));
    let writes = sql(&case, "select count(*) as n from s3_access where is_write and operation like '%COPY.%_GET'");
    assert_eq!(writes[0]["n"], 0);
    let exposed = run(&case, &["exposure", "--all", "--json"]).expect(3).json();
    let uses = exposed["exposures"][0]["uses"][0].clone();
    assert_eq!(uses["reads"], 7, "{exposed}");
    assert!(uses["bytes"].as_i64() >= Some(5 * 5000 + 100), "{exposed}");
}
