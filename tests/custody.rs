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
fn a_repair_stands_in_the_custody_log() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("one.log");
    std::fs::write(&log, "as it was").unwrap();
    let case = case_of(directory.path(), &[log.to_string_lossy()], &[]);
    let manifest = std::fs::read_to_string(case.join("evidence/manifest.jsonl")).unwrap();
    let object: serde_json::Value = serde_json::from_str(manifest.lines().next().unwrap()).unwrap();
    let sha256 = object["sha256"].as_str().unwrap();
    let stored = case.join("evidence/objects").join(&sha256[..2]).join(sha256);
    std::fs::remove_file(&stored).unwrap();
    std::fs::write(&stored, "as it is.").unwrap();
    let ran = run(&case, &["add".to_owned(), log.to_string_lossy().into_owned()]).expect(0);
    assert!(ran.stderr.contains("repaired: one.log: its 9 bytes were altered"), "{}", ran.stderr);
    let entries = run(&case, &["custody", "--json"]).expect(0).rows();
    let repaired = &entries.last().unwrap()["counts"]["repaired"][0];
    assert_eq!(repaired["sha256"], sha256);
    let found = coldtrail_evidence::hash::sha256(b"as it is.");
    assert_eq!(repaired["found"], found.as_str());
    let kept = case.join(repaired["kept"].as_str().unwrap());
    assert_eq!(std::fs::read(kept).unwrap(), b"as it is.");
}

/// As a run leaves it that is killed while it writes its last line.
#[test]
fn half_a_last_line_is_told_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let log = case.join("custody.jsonl");
    let whole = std::fs::read_to_string(&log).unwrap();
    let count = whole.lines().count();
    let torn = &whole.lines().last().unwrap()[..100];
    change(&log, |text| text[..text.len() - text.lines().last().unwrap().len() - 1 + 100].to_owned());
    let says = format!("entry {count} is unfinished (100 bytes)");
    for (verb, status) in [(&["custody", "verify"][..], 0), (&["custody"], 0), (&["verify", "--read-only"], 0)] {
        let ran = run(&case, verb).expect(status);
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(&says), "{verb:?}: {} {}", ran.stdout, ran.stderr);
    }
    run(&case, &["verify"]).expect(0);
    let entries = run(&case, &["custody", "--json"]).expect(0).rows();
    assert_eq!(entries[count - 1]["torn_text"], torn.escape_default().to_string());
    let ran = run(&case, &["custody", "verify"]).expect(0);
    assert!(ran.stdout.contains(&format!("entry {count} has 100 bytes of an unfinished line")), "{}", ran.stdout);
    // Half a line before others is of no run.
    change(&log, |text| text.replacen(',', "\n", 1));
    run(&case, &["custody", "verify"]).expect(4);
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

/// One bit in a log of Delta made tables empty, and nobody said a word.
#[test]
fn an_altered_lake_answers_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let log = |table: &str| case.join("lake").join(table).join("_delta_log").join(format!("{:020}.json", 1));
    let list = case.join("lake/commits.jsonl");
    let last_line = |text: &str| text.lines().last().map(|line| line.len() + 1).unwrap_or_default();
    type Damage = (&'static str, &'static dyn Fn(&str) -> String);
    let ways: [Damage; 4] = [
        ("an action is none any more", &|text| text.replacen("{\"add\":", "{\"adf\":", 1)),
        ("another day", &|text| text.replacen("\"date\":\"2026", "\"date\":\"2025", 1)),
        ("empty", &|_| String::new()),
        ("torn", &|text| text[..text.len() / 2].to_owned()),
    ];
    let wrong = |what: &str, file: &Path, says: &str| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let ran = run(&case, &["sql", "select count(*) from objects"]).expect(4);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(says), "{what} {name}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: ") && ran.stderr.contains("can be made again"), "{what}: {}", ran.stderr);
        let ran = run(&case, &["verify"]).expect(4);
        assert!(ran.stdout.contains(says), "{what} {name}: {}", ran.stdout);
        run(&case, &["ingest"]).expect(4);
    };
    for table in ["config_items", "objects", "config_states"] {
        for (what, damage) in ways {
            let before = std::fs::read_to_string(log(table)).unwrap();
            if damage(&before) != before {
                change(&log(table), |text| damage(&text));
                wrong(what, &log(table), "the lake says");
                std::fs::write(log(table), before).unwrap();
            }
        }
    }
    run(&case, &["verify"]).expect(0);
    // What a log says is no word about the lake.
    let ran = run(&case, &["sql", "select cast('a, the lake says b' as int)"]);
    assert!(ran.status != 4 && !ran.stderr.contains("made again"), "{}", ran.stderr);
    // The newest state is taken away, as if it had never been.
    let before = std::fs::read_to_string(&list).unwrap();
    change(&list, |text| text[..text.len() - last_line(&text)].to_owned());
    wrong("rolled back", &list, "of the custody log names line");
    std::fs::write(&list, before).unwrap();
    run(&case, &["sql", "select count(*) from objects"]).expect(0);
    // All of it: what was ingested is not there.
    std::fs::rename(case.join("lake"), directory.path().join("away")).unwrap();
    for verb in [&["verify"][..], &["derive"], &["lake", "clean"], &["sql", "select count(*) from objects"]] {
        let ran = run(&case, verb).expect(4);
        assert!(
            format!("{}{}", ran.stdout, ran.stderr).contains("of the custody log names line"),
            "{verb:?}: {}",
            ran.stderr
        );
    }
    // As the hint says. The custody log has that it was made from nothing.
    run(&case, &["ingest"]).expect(0);
    run(&case, &["verify"]).expect(0);
    // The lake of a copy that went on elsewhere: no command makes it this one's, whichever comes first.
    let copy = directory.path().join("copy");
    let copied = std::process::Command::new("cp").args(["-a".as_ref(), case.as_os_str(), copy.as_os_str()]).status();
    assert!(copied.unwrap().success());
    run(&copy, &["add", &root().join("sample-data/resolver-logs").to_string_lossy()]).expect(0);
    run(&copy, &["ingest"]);
    std::fs::remove_dir_all(case.join("lake")).unwrap();
    std::fs::rename(copy.join("lake"), case.join("lake")).unwrap();
    for verb in [&["verify", "--read-only"][..], &["verify"], &["derive"], &["ingest"], &["verify"]] {
        let ran = run(&case, verb).expect(4);
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains("no action has written the others"), "{verb:?}");
    }
    run(&case, &["sql", "select count(*) from objects"]).expect(4);
    std::fs::remove_dir_all(case.join("lake")).unwrap();
    run(&case, &["ingest"]).expect(0);
    run(&case, &["verify"]).expect(0);
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
    // Whoever would write into the lake meanwhile is refused, and no word of his is about what was being written.
    std::thread::scope(|scope| {
        let ingest = scope.spawn(|| run(&case, &["ingest"]));
        while !ingest.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let beside = run(&case, &["verify"]);
            assert!(beside.status != 4, "{}{}", beside.stdout, beside.stderr);
        }
        let ran = ingest.join().unwrap();
        assert!(ran.status == 0 || ran.stderr.contains("is running on this lake"), "{}", ran.stderr);
    });
    let ran = run(&case, &["verify"]);
    assert!(ran.stdout.contains("manifest   as the custody log says") && ran.status != 4, "{}", ran.stdout);
}
