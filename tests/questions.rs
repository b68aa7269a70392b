//! Saved questions over the sample case.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{golden, root, run, sample_case};

fn questions() -> Vec<Value> {
    run(sample_case(), &["query", "list", "--json"]).expect(0).rows()
}

/// How many rows of an answer stand in its golden file; the hash is over all of them.
const SHOWN: usize = 30;

#[test]
fn every_question_answers_as_expected() {
    let questions = questions();
    assert!(questions.len() >= 20);
    for question in &questions {
        let name = question["name"].as_str().unwrap();
        let ran = run(sample_case(), &["query", "run", name, "--output", "jsonl", "--quiet"]).expect(3);
        let lines: Vec<&str> = ran.stdout.lines().collect();
        let distinct: BTreeSet<&str> = lines.iter().copied().collect();
        assert_eq!(distinct.len(), lines.len(), "{name}: a row stands twice");
        let mut text = format!("{} rows\n", lines.len());
        for line in lines.iter().take(SHOWN) {
            text.push_str(line);
            text.push('\n');
        }
        if lines.len() > SHOWN {
            text.push_str(&format!("… and {} more; hash of all: {:016x}\n", lines.len() - SHOWN, fnv(&ran.stdout)));
        }
        golden(&format!("queries/{name}.txt"), &text);
    }
}

/// FNV-1a: tells whether a long answer changed.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn answers_hold_against_the_ground_truth() {
    let checks: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("tests/golden/answers.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for check in checks.as_array().unwrap() {
        let name = check["question"].as_str().unwrap();
        let mut arguments = vec!["query".to_owned(), "run".to_owned(), name.to_owned(), "--json".to_owned()];
        for (parameter, value) in check["parameters"].as_object().into_iter().flatten() {
            arguments.extend([format!("--{parameter}"), text(value)]);
        }
        let rows = run(sample_case(), &arguments).expect(3).rows();
        if let Some(expected) = check["rows"].as_u64() {
            assert_eq!(rows.len() as u64, expected, "{check}");
        }
        for expected in check["expect"].as_array().into_iter().flatten() {
            let wanted = expected["row_contains"].as_object().unwrap();
            let found = rows
                .iter()
                .any(|row| wanted.iter().all(|(column, value)| row.get(column).map(text) == Some(text(value))));
            assert!(found, "{name}: no row has {expected}; {}", check["why"]);
        }
    }
}

#[test]
fn every_question_plans_over_an_empty_case() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["init", "case"]).expect(0);
    let case = directory.path().join("case");
    for question in questions() {
        let name = question["name"].as_str().unwrap();
        let ran = run(&case, &["query", "run", name, "--json"]);
        assert_eq!(ran.rows().len(), 0, "{name}");
        let says_so = !ran.json()["cannotSay"].as_array().unwrap().is_empty();
        let is_event = |name: &str| coldtrail_schema::tables::find(name).is_some_and(|table| table.is_event());
        let asks_events = question["sources"].as_array().unwrap().iter().any(|s| is_event(s.as_str().unwrap()));
        assert_eq!(ran.status, if asks_events || says_so { 5 } else { 0 }, "{name}");
        assert!(!asks_events || says_so, "{name} says that it cannot say: {}", ran.stdout);
    }
}

#[test]
fn questions_are_listed_shown_and_parameterised() {
    let list = run(sample_case(), &["query", "list"]).expect(0);
    assert!(list.stdout.contains("triage/key_activity"));
    let show = run(sample_case(), &["query", "show", "key_activity"]).expect(0);
    assert!(show.stdout.contains("select"));
    let wrong = run(sample_case(), &["query", "run", "triage/key_activty"]).expect(2);
    assert!(wrong.stderr.contains("did you mean `triage/key_activity`"), "{}", wrong.stderr);
    run(sample_case(), &["query", "run", "triage/key_activity", "--nonsense", "1"]).expect(2);
    run(sample_case(), &["query", "run", "triage/key_activity", "--from", "yesterday"]).expect(2);
    run(sample_case(), &["query", "run", "triage/iocs_first_last", "--kind", "bogus"]).expect(2);
    run(sample_case(), &["query", "run", "zzz/zzz"]).expect(5);
    // A key that stands nowhere is mistyped or was never logged: that is no "none".
    let nowhere =
        run(sample_case(), &["query", "run", "triage/key_activity", "--key", "AKIANOSUCHKEYEXAMPLE"]).expect(5);
    assert!(nowhere.stderr.contains("stands in no row"), "{}", nowhere.stderr);
}

#[test]
fn sql_for_athena_runs() {
    for sql in [
        "SELECT useridentity.arn, eventname, sourceipaddress, eventtime FROM cloudtrail_logs WHERE eventtime >= '2026-04-01T00:00:00Z' AND eventsource = 'iam.amazonaws.com' LIMIT 10",
        "SELECT requestdatetime, remoteip, requester, key FROM s3_access_logs WHERE bucket_name = 'acme-customer-exports' AND operation LIKE '%GET%' LIMIT 5",
        "SELECT SUM(sc_bytes) AS total_bytes FROM cloudfront_standard_logs WHERE \"date\" BETWEEN DATE '2026-04-01' AND DATE '2026-04-30' LIMIT 100",
        "SELECT eventName, userIdentity.sessionContext.sessionIssuer.userName FROM cloudtrail WHERE userIdentity.type = 'AssumedRole' LIMIT 5",
        "SELECT requestparameters->>'bucketName' AS bucket, count(*) FROM cloudtrail WHERE eventsource = 's3.amazonaws.com' GROUP BY 1",
        "SELECT count(*) FROM events WHERE ip_in_cidr(ip, '198.51.100.0/24') AND NOT ip_is_private(ip)",
        "SELECT arn_service(a), arn_account(a) FROM (SELECT unnest(resources) AS a FROM cloudtrail) LIMIT 5",
    ] {
        let ran = run(sample_case(), &["sql", sql, "--json"]).expect(0);
        assert!(!ran.rows().is_empty(), "{sql}");
    }
}
