//! A lake that somebody, or a disk, has changed: it is named, and never answers with other rows.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use coldtrail_evidence::custody::{self, Action, Outcome};
use coldtrail_evidence::noted::LAKE;
use coldtrail_evidence::{Case, NewCase};
use coldtrail_lake::{Change, Error, Lake, Order, integers, read_all, write_file};
use coldtrail_schema::tables::ledger::{DUPLICATES, DuplicateColumn, DuplicateRow, DuplicateRows};
use serde_json::{Value, json};

/// Adds a file of one row, and takes the oldest one out when there are three.
fn commit(lake: &Lake, number: i64) {
    let mut batch = lake.begin("test").unwrap();
    let mut rows = DuplicateRows::default();
    rows.push(&DuplicateRow {
        source: Some(Cow::Borrowed("cloudtrail")),
        evidence_object: Some(Cow::Owned(format!("object {number}"))),
        evidence_record: Some(number),
        kept_object: None,
        kept_record: None,
    });
    let file = write_file(lake.root(), &DUPLICATES, None, None, &[rows.finish()], &Order::from([(0, 0)])).unwrap();
    let removes =
        if number == 3 { batch.files(&DUPLICATES).unwrap().into_iter().take(1).collect() } else { Vec::new() };
    batch.commit(&Change { adds: vec![file], removes }).unwrap();
}

/// What a question would see.
fn numbers(lake: &Lake) -> Result<Vec<i64>, Error> {
    let at = DuplicateColumn::evidence_record.position();
    let mut numbers = Vec::new();
    for file in lake.snapshot(None)?.files(DUPLICATES.name) {
        for batch in read_all(file)? {
            numbers.extend(integers(&batch, at)?.iter().flatten());
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Every file of the table, of the leader's log, and the list of commits.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = vec![root.join("commits.jsonl")];
    for folder in ["duplicates", "duplicates/_delta_log", "objects/_delta_log"] {
        let entries = fs_err::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| path.is_file()));
    }
    files.sort();
    files
}

/// Which bytes a test changes, the same in each run.
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 11).unwrap()
}

fn flipped(flips: usize, seed: u64) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    (1..=4).for_each(|number| commit(&lake, number));
    let right = numbers(&lake).unwrap();
    assert_eq!(right.len(), 3);
    // The file that the newest version has no more is no part of it.
    let kept: Vec<PathBuf> =
        lake.snapshot(None).unwrap().files(DUPLICATES.name).iter().map(|f| f.path.clone()).collect();
    let mut files = files(folder.path());
    files.retain(|path| path.extension().is_none_or(|end| end != "parquet") || kept.contains(path));
    assert!(files.iter().filter(|path| kept.contains(path)).count() == 3);
    let (mut state, mut noticed, mut refused) = (seed, 0, 0);
    for _ in 0..flips {
        let path = &files[random(&mut state) % files.len()];
        let bytes = fs_err::read(path).unwrap();
        let mut changed = bytes.clone();
        let at = random(&mut state) % bytes.len();
        changed[at] ^= 1 << (random(&mut state) % 8);
        fs_err::write(path, &changed).unwrap();
        let audit = lake.audit().unwrap();
        noticed += usize::from(!audit.altered.is_empty());
        match numbers(&lake) {
            Ok(rows) => assert_eq!(rows, right, "byte {at} of {}", path.display()),
            Err(_refused) => refused += 1,
        }
        fs_err::write(path, &bytes).unwrap();
    }
    assert_eq!(numbers(&lake).unwrap(), right);
    (noticed, refused)
}

#[test]
fn no_flipped_bit_gives_other_rows() {
    let (noticed, refused) = flipped(600, 7);
    assert_eq!(noticed, 600);
    assert!(refused > 300, "{refused}");
}

#[test]
#[ignore = "10,000 flips take some minutes"]
fn no_flipped_bit_of_ten_thousand_gives_other_rows() {
    let (noticed, refused) = flipped(10_000, 2026);
    assert_eq!(noticed, 10_000);
    assert!(refused > 9_000, "{refused}");
}

struct Lab {
    _folder: tempfile::TempDir,
    case: Case,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&folder.path().join("case"), &new).unwrap();
        Lab { _folder: folder, case }
    }

    fn lake(&self) -> Lake {
        Lake::of(&self.case).unwrap()
    }

    /// An action that writes, up to its end.
    fn begin(&self) -> custody::Entry {
        let action = Action { time: "", actor: "", host: "", command: "", tool_version: "", tool_sha256: "" };
        custody::begin(&self.case, &action, || Ok(json!({ LAKE: self.state() }))).unwrap()
    }

    fn state(&self) -> Value {
        let head = Lake::new(&self.case.lake_dir()).unwrap().head().unwrap();
        head.map_or(Value::Null, |head| json!({ "commits": head.lines, "head": head.hash() }))
    }

    /// An ingest, as the custody log has it.
    fn ingest(&self, number: i64) -> Result<(), Error> {
        let begun = self.begin();
        self.lake().snapshot(None)?;
        commit(&self.lake(), number);
        let outputs = json!({ LAKE: self.state() });
        custody::end(&self.case, &begun, &Outcome { time: "", counts: Value::Null, outputs, exit: 0 }).unwrap();
        Ok(())
    }
}

#[test]
fn an_older_lake_is_not_the_one_that_was_noted() {
    let lab = Lab::new();
    lab.ingest(1).unwrap();
    let root = lab.case.lake_dir();
    let (list, log) = (root.join("commits.jsonl"), root.join("objects/_delta_log"));
    let before = fs_err::read_to_string(&list).unwrap();
    lab.ingest(2).unwrap();
    let after = fs_err::read_to_string(&list).unwrap();
    assert_eq!(numbers(&lab.lake()).unwrap(), [1, 2]);
    // The newest commits and their line are taken away, as if the second ingest had never been.
    fs_err::write(&list, &before).unwrap();
    let newest = fs_err::read(log.join(format!("{:020}.json", 2))).unwrap();
    fs_err::remove_file(log.join(format!("{:020}.json", 2))).unwrap();
    assert!(matches!(numbers(&lab.lake()), Err(Error::NotNoted { seq: 4, lines: 3, found: 2, .. })));
    assert!(lab.ingest(3).unwrap_err().is_contradiction(), "to go on does not make it right");
    assert_eq!(lab.lake().audit().unwrap().altered.len(), 1);
    // Only the commits.
    fs_err::write(&list, &after).unwrap();
    assert!(matches!(numbers(&lab.lake()), Err(Error::Gone { .. })));
    fs_err::write(log.join(format!("{:020}.json", 2)), newest).unwrap();
    assert_eq!(numbers(&lab.lake()).unwrap(), [1, 2]);
    // All of it: there was a lake, and it is not there.
    fs_err::rename(&root, root.with_extension("away")).unwrap();
    assert!(numbers(&lab.lake()).unwrap_err().is_contradiction());
    // Made anew by an action that says so, it is another one.
    lab.ingest(5).unwrap();
    assert_eq!(numbers(&lab.lake()).unwrap(), [5]);
    fs_err::remove_file(&list).unwrap();
    assert!(numbers(&lab.lake()).unwrap_err().is_contradiction(), "without its list");
}

/// A version that was forged with all its hashes, by somebody who cannot write into the custody log, or by another program.
#[test]
fn a_version_that_no_action_has_written_is_refused() {
    let lab = Lab::new();
    lab.ingest(1).unwrap();
    lab.ingest(2).unwrap();
    commit(&Lake::new(&lab.case.lake_dir()).unwrap(), 4);
    assert!(matches!(numbers(&lab.lake()), Err(Error::Unnoted { lines: 4, accounted: 3, .. })));
    assert!(lab.lake().begin("test").is_err() && lab.lake().clean(1, false).is_err());
    assert_eq!(lab.lake().audit().unwrap().altered.len(), 1);
    // An action that comes upon it does not make it right, by its beginning or its end.
    for _ in 0..2 {
        assert!(lab.ingest(3).unwrap_err().is_contradiction());
        assert!(matches!(numbers(&lab.lake()), Err(Error::Unnoted { seq: Some(5), lines: 4, accounted: 3, .. })));
    }
    // While an action is at work, or after it was killed, its versions are there.
    let lab = Lab::new();
    lab.ingest(1).unwrap();
    lab.begin();
    commit(&lab.lake(), 2);
    assert_eq!(numbers(&lab.lake()).unwrap(), [1, 2]);
    lab.ingest(5).unwrap();
    assert_eq!(numbers(&lab.lake()).unwrap(), [1, 2, 5]);
    commit(&Lake::new(&lab.case.lake_dir()).unwrap(), 6);
    assert!(numbers(&lab.lake()).unwrap_err().is_contradiction(), "that action is over");
}

/// Delta removes logs of more than thirty days behind a checkpoint, unless it is told not to.
#[test]
fn an_old_lake_keeps_its_commits() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    (10..62).for_each(|number| commit(&lake, number));
    let log = folder.path().join("objects/_delta_log");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    for entry in fs_err::read_dir(&log).unwrap() {
        std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap().set_modified(old).unwrap();
    }
    (62..64).for_each(|number| commit(&lake, number));
    assert_eq!(numbers(&lake).unwrap().len(), 54);
    assert_eq!(lake.audit().unwrap().altered, Vec::<String>::new());
    // Killed after a checkpoint and before its line: nobody is accused, and the next run goes on.
    fs_err::write(log.join("_last_checkpoint"), "{\"version\":60,\"size\":3}").unwrap();
    fs_err::write(log.join(format!("{:020}.checkpoint.parquet", 60)), "half").unwrap();
    assert_eq!(lake.audit().unwrap().altered, Vec::<String>::new());
    commit(&lake, 64);
    assert_eq!(numbers(&lake).unwrap().len(), 55);
}

#[cfg(unix)]
#[test]
fn nothing_is_removed_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    fs_err::write(outside.path().join("thesis"), "mine").unwrap();
    for place in ["sessions", "sessions/_delta_log"] {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join(place);
        fs_err::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let error = Lake::new(folder.path()).unwrap().begin("test").err().unwrap();
        assert!(error.to_string().contains("is a symbolic link"), "{error}");
        assert_eq!(fs_err::read_dir(outside.path()).unwrap().count(), 1);
    }
    // Nor is anything else read that Delta would read.
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    commit(&lake, 1);
    std::os::unix::fs::symlink(outside.path().join("thesis"), folder.path().join("objects/_delta_log/7.json")).unwrap();
    assert!(lake.begin("test").err().unwrap().to_string().contains("no regular file"));
}

#[test]
fn what_a_killed_run_has_left_is_no_version() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    (1..=2).for_each(|number| commit(&lake, number));
    let (list, log) = (folder.path().join("commits.jsonl"), folder.path().join("duplicates/_delta_log"));
    let lines = fs_err::read_to_string(&list).unwrap();
    commit(&lake, 4);
    // Killed before the line of the version was whole: its commits are there, and perhaps half of the line.
    let half = fs_err::read_to_string(&list).unwrap()[..lines.len() + 40].to_owned();
    for list_text in [&lines, &half] {
        fs_err::write(&list, list_text).unwrap();
        assert_eq!(numbers(&lake).unwrap(), [1, 2]);
        assert_eq!(lake.audit().unwrap().altered, Vec::<String>::new());
    }
    // What stands there and does not begin the next line is of no run.
    fs_err::write(&list, format!("{lines}{{\"seq\":1,")).unwrap();
    assert!(numbers(&lake).unwrap_err().is_contradiction());
    fs_err::write(&list, &half).unwrap();
    // A commit that was being written, empty or torn, and one that is not ours.
    fs_err::write(log.join(format!("{:020}.json", 4)), "").unwrap();
    fs_err::write(log.join(format!("{:020}.json#1", 5)), "half").unwrap();
    fs_err::write(log.join(format!("{:020}.checkpoint.parquet", 2)), "none").unwrap();
    assert_eq!(numbers(&lake).unwrap(), [1, 2]);
    commit(&lake, 5);
    assert_eq!(numbers(&lake).unwrap(), [1, 2, 5]);
    let left = fs_err::read_dir(&log).unwrap().count();
    assert_eq!(left, 4, "commits 0 to 3, and nothing else");
}
