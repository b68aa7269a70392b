//! CloudTrail's digest chains: every fault that a forge can make, through the real binary.

use std::path::Path;

use coldtrail_testkit::forge::{ForgeOptions, Forged, Scenario, forge};
use serde_json::Value;

use crate::support::{run, sql};

/// A case with what the forge made, each bucket added as what it is.
fn case_of(directory: &Path, forged: &Forged) -> std::path::PathBuf {
    let logs = directory.join("logs");
    forged.store.write(&logs).unwrap();
    let case = directory.join("case");
    run(directory, &["init", "case"]).expect(0);
    let buckets: std::collections::BTreeSet<&String> = forged.store.objects.keys().map(|(bucket, _)| bucket).collect();
    for bucket in buckets {
        let folder = logs.join(bucket).to_string_lossy().into_owned();
        let added = run(&case, &["add", "--in-place", &folder, "--as", &format!("s3://{bucket}/")]);
        assert!(matches!(added.status, 0 | 3), "{}", added.stderr);
    }
    case
}

fn verify(case: &Path, forged: &Forged) -> (Value, i32) {
    let keys = case.join("../logs/public-keys.json").to_string_lossy().into_owned();
    let mut arguments = vec!["verify", "--keys", &keys, "--json"];
    if let Some(from) = &forged.expected.from {
        arguments.extend(["--from", from]);
    }
    let ran = run(case, &arguments);
    (ran.json(), ran.status)
}

/// What is wrong with the answer about a scenario.
fn complaints(scenario: Scenario) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let forged = forge(&ForgeOptions::default(), scenario);
    let expected = &forged.expected;
    let case = case_of(directory.path(), &forged);
    if scenario == Scenario::LogUnreadable {
        // Root reads whatever it likes; a file in place that is gone cannot be read by anybody.
        std::fs::remove_file(directory.path().join("logs").join(&expected.affected[0])).unwrap();
    }
    let (summary, exit) = verify(&case, &forged);
    let mut wrong = Vec::new();
    if !expected.exit.contains(&exit) {
        wrong.push(format!("exit {exit}, expected {:?}", expected.exit));
    }
    let number = |part: &str, name: &str| summary[part][name].as_u64().unwrap();
    for (part, counts) in [("digests", &expected.digests), ("logs", &expected.logs)] {
        let pairs = [
            ("verified", counts.verified),
            ("contradicted", counts.contradicted),
            ("not_checkable", counts.not_checkable),
        ];
        for (name, want) in pairs {
            // Log files that are missing or that no digest lists have rows of their own here.
            let own = expected.uncovered + counts.missing.unwrap_or_default();
            let extra = if part == "logs" && name != "verified" { own } else { 0 };
            let found = number(part, name);
            if want.is_some_and(|want| found < want || found > want + extra) {
                wrong.push(format!("{part}: {found} {name}, expected {want:?}"));
            }
        }
    }
    let text = summary.to_string().to_lowercase();
    for word in expected.mentions {
        if !text.contains(word) {
            wrong.push(format!("nothing says `{word}`"));
        }
    }
    if exit == 0 && summary["proven_hours"] != summary["requested_hours"] {
        wrong.push(format!("{} of {} hours proven", summary["proven_hours"], summary["requested_hours"]));
    }
    if !wrong.is_empty() {
        wrong.push(serde_json::to_string_pretty(&summary).unwrap());
    }
    wrong
}

#[test]
fn every_forged_scenario_has_its_verdict() {
    let mut failed = Vec::new();
    // Two of them are about fetching.
    let fetching = [Scenario::FetchDenied, Scenario::FetchSlowedDown];
    for scenario in Scenario::ALL.iter().filter(|scenario| !fetching.contains(scenario)) {
        let wrong = complaints(*scenario);
        if !wrong.is_empty() {
            failed.push(format!("{}:\n  {}", scenario.name(), wrong.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn verdicts_join_rows() {
    let directory = tempfile::tempdir().unwrap();
    let forged = forge(&ForgeOptions::default(), Scenario::LogModified);
    let case = case_of(directory.path(), &forged);
    let ingested = run(&case, &["ingest"]);
    assert!(matches!(ingested.status, 0 | 3), "{}", ingested.stderr);
    let (_, exit) = verify(&case, &forged);
    assert_eq!(exit, 4);
    let rows = sql(
        &case,
        "select v.verdict, count(*) as rows from cloudtrail c join log_verdicts v using (evidence_object) group by 1 order by 1",
    );
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0]["verdict"], "contradicted");
    let of = sql(&case, "select count(*) as n from digest_verdicts where verdict = 'verified'");
    assert_eq!(of[0]["n"], 24);
    // A later verification takes the place of this one.
    let (_, exit) = verify(&case, &forged);
    assert_eq!(exit, 4);
    let of = sql(&case, "select count(*) as n from digest_verdicts where verdict = 'verified'");
    assert_eq!(of[0]["n"], 24);
}

/// The scenarios over real log files that are in the corpora, with what the AWS command line said of each.
#[test]
fn what_the_aws_command_line_finds_is_found() {
    let Some(corpora) = crate::support::corpora() else {
        crate::support::skipped("what_the_aws_command_line_finds_is_found", "the corpora");
        return;
    };
    let chain = corpora.join("cloudtrail-digest/synthetic-chain");
    // 03 is stored inflated; of 09 and 10 the signatures stand in the digests that follow; 11 it does not notice.
    let expected = [
        ("00_valid", 0),
        ("01_log_modified", 4),
        ("03_log_bad_gzip", 3),
        ("05_digest_modified", 4),
        ("06_digest_missing", 4),
        ("09_no_signature_metadata", 3),
        ("10_no_metadata_at_all", 3),
        ("11_extra_log_not_in_digest", 4),
        ("13_gap_restart", 0),
    ];
    for (name, exit) in expected {
        let about: Value =
            serde_json::from_str(&std::fs::read_to_string(chain.join(name).join("scenario.json")).unwrap()).unwrap();
        let listed = |what: &str| -> Vec<String> {
            about[what].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect()
        };
        let directory = tempfile::tempdir().unwrap();
        let bucket = directory.path().join("forensic-lab-trail");
        copy(&chain.join("00_valid/forensic-lab-trail"), &bucket);
        for key in listed("removed").iter().chain(&listed("changed")) {
            for file in [key.clone(), format!("{key}.metadata.json")] {
                let _absent = std::fs::remove_file(bucket.join(file));
            }
        }
        copy(&chain.join(name).join("forensic-lab-trail"), &bucket);
        run(directory.path(), &["init", "case"]).expect(0);
        let case = directory.path().join("case");
        run(&case, &["add", "../forensic-lab-trail", "--as", "s3://forensic-lab-trail/"]);
        let keys = chain.join("public-keys.json").to_string_lossy().into_owned();
        let ran = run(&case, &["verify", "--keys", &keys, "--json"]);
        assert_eq!(ran.status, exit, "{name}: {}", ran.stdout);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let Ok(entries) = std::fs::read_dir(from) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::write(target, std::fs::read(&path).unwrap()).unwrap();
        }
    }
}

#[test]
fn keys_that_were_given_once_stay_with_the_case() {
    let directory = tempfile::tempdir().unwrap();
    let forged = forge(&ForgeOptions::default(), Scenario::Clean);
    let case = case_of(directory.path(), &forged);
    let (first, exit) = verify(&case, &forged);
    assert_eq!(exit, 0, "{first}");
    let again = run(&case, &["verify", "--json"]).expect(0).json();
    assert_eq!((&again["digests"], &again["logs"]), (&first["digests"], &first["logs"]));
}

/// The buckets of a trail whose prefix has an empty folder, a colon and capitals, as a copy on a disk shows them.
#[test]
fn a_copy_of_a_bucket_with_odd_names_verifies() {
    let cases = crate::support::root().join("../shared/cases");
    let input = cases.join("22-empty-folder-names-make-true-digests-moved/input");
    if !input.is_dir() {
        crate::support::skipped("case 22", "the shared cases");
        return;
    }
    for folder in ["plain", "slash", "middle"] {
        for said in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            run(directory.path(), &["init", "case"]).expect(0);
            let case = directory.path().join("case");
            let from = input.join(folder).to_string_lossy().into_owned();
            let bucket = format!("s3://trail-{folder}/");
            let arguments: &[&str] = if said { &["add", &from, "--as", &bucket] } else { &["add", &from] };
            run(&case, arguments).expect(0);
            let keys = input.join("keys.json").to_string_lossy().into_owned();
            let ran = run(&case, &["verify", "--keys", &keys, "--json"]).expect(0);
            let answer = ran.json();
            assert!(answer["digests"]["verified"].as_u64() > Some(0), "{answer}");
            assert_eq!(answer["flagged"].as_array().unwrap().is_empty(), folder == "plain", "{folder}: {answer}");
        }
    }
}
