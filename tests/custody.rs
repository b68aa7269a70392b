//! What is changed in a case by hand is noticed, and what was not checked is not called clean.

use std::path::{Path, PathBuf};

use crate::support::{case_of, root, run};

/// A small case with a lake.
fn small(directory: &Path) -> PathBuf {
    let folder = root().join("sample-data/config-bucket").to_string_lossy().into_owned();
    let case = case_of(directory, &[&folder], &[]);
    run(&case, &["ingest"]).expect(0);
    run(&case, &["verify"]).expect(0);
    case
}

fn change(path: &Path, edit: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, edit(text)).unwrap();
}

#[test]
fn a_changed_manifest_stays_contradicted() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let more = root().join("sample-data/dev-trail-bucket").to_string_lossy().into_owned();
    let manifest = case.join("evidence/manifest.jsonl");
    change(&manifest, |text| text.replacen("config-bucket", "other-bucket", 1));
    let ran = run(&case, &["verify"]).expect(4);
    assert!(ran.stdout.contains("manifest   NOT as the custody log says"), "{}", ran.stdout);
    // Collecting more does not make it right.
    run(&case, &["add", &more]);
    let ran = run(&case, &["verify"]).expect(4);
    assert!(ran.stdout.contains("manifest   NOT"), "{}", ran.stdout);
    change(&manifest, |text| text.replacen("{", "[", 1));
    run(&case, &["verify"]).expect(4);
}

#[test]
fn custody_is_part_of_the_verdict() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let log = case.join("custody.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    let head = text.lines().last().unwrap().rsplit('"').nth(1).unwrap().to_owned();
    run(&case, &["custody", "verify", "--expect-head", &head]).expect(0);
    run(&case, &["custody", "verify", "--expect-head", &"0".repeat(64)]).expect(4);
    run(&case, &["custody", "verify", "--expect-head", &head[..12]]).expect(2);
    run(&case, &["custody", "verify", "--expect-head", &head[..16]]).expect(0);
    run(&case, &["custody", "verify", "--expect-head", &"0".repeat(16)]).expect(4);
    run(&case, &["verify", "--expect-head", &head]).expect(0);
    let ran = run(&case, &["verify", "--expect-head", &"0".repeat(64)]).expect(4);
    assert!(ran.stdout.contains("the chain does not have 0000"), "{}", ran.stdout);
    // These runs of verify wrote lines of their own.
    let text = std::fs::read_to_string(&log).unwrap();
    let now = text.lines().last().unwrap().rsplit('"').nth(1).unwrap().to_owned();
    let shown = run(&case, &["custody"]).expect(0);
    assert!(shown.stdout.contains(&format!("head {now}")), "{}", shown.stdout);
    // Lines cut off at the end leave a chain without a fault: only who noted the head can tell.
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&log, format!("{}\n", lines[..lines.len() - 2].join("\n"))).unwrap();
    run(&case, &["custody", "verify"]).expect(0);
    run(&case, &["custody", "verify", "--expect-head", &now]).expect(4);
    change(&log, |text| text.replacen("tester", "nobody", 1));
    run(&case, &["custody", "verify"]).expect(4);
    let ran = run(&case, &["verify"]).expect(4);
    assert!(ran.stdout.contains("custody    NOT what was written: entry 1"), "{}", ran.stdout);
    std::fs::remove_file(&log).unwrap();
    run(&case, &["custody", "verify"]).expect(4);
    run(&case, &["verify"]).expect(4);
}

#[test]
fn rows_taken_out_of_a_table_are_missed() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let folder = case.join("lake/config_items/_delta_log");
    let mut logs: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    logs.sort();
    change(logs.last().unwrap(), |text| {
        let at = text.lines().position(|line| line.starts_with("{\"add\"")).unwrap();
        let rest: Vec<&str> = text.lines().enumerate().filter(|(number, _)| *number != at).map(|(_, l)| l).collect();
        format!("{}\n", rest.join("\n"))
    });
    let ran = run(&case, &["verify"]).expect(4);
    assert!(ran.stdout.contains("table `config_items` has"), "{}", ran.stdout);
}

/// Every file of a folder with its bytes, and when it was changed.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let changed = path.metadata().unwrap().modified().unwrap();
        if path.is_dir() {
            found.push((path.clone(), Vec::new(), changed));
            found.extend(everything(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap(), changed));
        }
    }
    found.sort();
    found
}

#[test]
fn read_only_writes_nothing_into_the_case() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let keys = root().join("sample-data/public-keys.json").to_string_lossy().into_owned();
    let before = everything(&case);
    let ran = run(&case, &["verify", "--read-only", "--keys", &keys]).expect(0);
    assert!(ran.stderr.contains("read-only: no line in the custody log"), "{}", ran.stderr);
    let ran = run(&case, &["report", "area", "triage", "--read-only"]);
    assert!(matches!(ran.status, 0 | 3 | 5), "{}", ran.stderr);
    for verb in [&["custody"][..], &["query", "list"], &["custody", "verify"]] {
        run(&case, verb).expect(0);
    }
    let after = everything(&case);
    let names = |all: &[(PathBuf, Vec<u8>, std::time::SystemTime)]| -> Vec<PathBuf> {
        all.iter().map(|(path, ..)| path.clone()).collect()
    };
    assert_eq!(names(&before), names(&after));
    assert!(before == after, "something was written");
}

#[test]
fn nothing_checked_is_not_called_verified() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["init", "case"]).expect(0);
    let case = directory.path().join("case");
    let ran = run(&case, &["verify"]).expect(5);
    assert!(ran.stdout.contains("Verdict: not checkable"), "{}", ran.stdout);
    run(&case, &["verify", "--from", "2026-04-09", "--to", "2026-04-08"]).expect(2);
}

#[test]
fn a_period_is_looked_at_by_itself() {
    let case = crate::support::sample_case();
    let keys = root().join("sample-data/public-keys.json").to_string_lossy().into_owned();
    let period = ["--from", "2026-04-08T04:14:07+02:00", "--to", "2026-04-08T12:14:07Z"];
    let ran = run(case, &[&["verify", "--keys", &keys, "--json"], &period[..]].concat());
    let found = ran.json();
    assert_eq!(found["requested"]["from"], "2026-04-08T02:14:07Z");
    assert_eq!(found["logs"]["contradicted"], 0, "{found}");
    assert_eq!(found["digests"]["verified"], 10, "{found}");
    assert!(found["lake_version"].is_null(), "the tables keep what the whole run wrote");
}

#[test]
fn what_failed_or_ran_beside_spoils_no_verdict() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    run(&case, &["add", "nosuch"]).expect(1);
    let ran = run(&case, &["verify"]).expect(0);
    assert!(ran.stdout.contains("manifest   as the custody log says"), "{}", ran.stdout);
    // An ingest that begins while an add is at work reads the manifest as it is at that moment.
    let more = root().join("sample-data/dev-trail-bucket").to_string_lossy().into_owned();
    std::thread::scope(|scope| {
        scope.spawn(|| run(&case, &["add", &more]));
        for wait in [20, 20, 20, 20] {
            std::thread::sleep(std::time::Duration::from_millis(wait));
            run(&case, &["ingest"]);
        }
    });
    let ran = run(&case, &["verify"]);
    assert!(ran.stdout.contains("manifest   as the custody log says"), "{}", ran.stdout);
}
