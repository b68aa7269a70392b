//! Commits, versions, and what is taken away.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::borrow::Cow;
use std::path::Path;

use coldtrail_lake::{Change, Error, Lake, LakeFile, NewFile, Order, integers, read_all, write_file};
use coldtrail_schema::Table;
use coldtrail_schema::tables::ledger::{DUPLICATES, DuplicateColumn, DuplicateRow, DuplicateRows, OBJECTS};
use coldtrail_schema::tables::ledger::{ObjectRows, REJECTS};

/// A file of one row, told apart by its number.
fn file(lake: &Path, number: i64) -> NewFile {
    let mut rows = DuplicateRows::default();
    rows.push(&DuplicateRow {
        source: Some(Cow::Borrowed("cloudtrail")),
        evidence_object: None,
        evidence_record: Some(number),
        kept_object: None,
        kept_record: None,
    });
    write_file(lake, &DUPLICATES, None, None, &[rows.finish()], &Order::from([(0, 0)])).unwrap()
}

fn numbers(files: &[LakeFile]) -> Vec<i64> {
    let at = DuplicateColumn::evidence_record.position();
    let batches = files.iter().flat_map(|file| read_all(file).unwrap());
    let mut numbers: Vec<i64> = batches.map(|batch| integers(&batch, at).unwrap().value(0)).collect();
    numbers.sort_unstable();
    numbers
}

fn parquet_files(lake: &Path, table: &Table) -> usize {
    let entries = fs_err::read_dir(lake.join(table.name)).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "parquet")).count()
}

#[test]
fn versions_stay_readable_across_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    let mut batch = lake.begin("test").unwrap();
    for number in 1..=60 {
        // Each replaces the one before.
        let removes = batch.files(&DUPLICATES).unwrap();
        let change = Change { adds: vec![file(folder.path(), number)], removes };
        assert_eq!(batch.commit(&change).unwrap(), number as u64);
    }
    drop(batch);
    let log = folder.path().join(DUPLICATES.name).join("_delta_log");
    let checkpoints = fs_err::read_dir(log).unwrap();
    let checkpoints =
        checkpoints.filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().contains("checkpoint"));
    assert!(checkpoints.count() >= 2, "a checkpoint and the note of the last one");
    for version in [1, 49, 50, 51, 60] {
        let snapshot = lake.snapshot(Some(version)).unwrap();
        assert_eq!(numbers(snapshot.files(DUPLICATES.name)), [version as i64]);
        snapshot.files(DUPLICATES.name).iter().for_each(|file| file.check().unwrap());
    }
    // Written again after the checkpoint, from what it says.
    let mut batch = lake.begin("test").unwrap();
    let removes = batch.files(&DUPLICATES).unwrap();
    batch.commit(&Change { adds: vec![file(folder.path(), 61)], removes }).unwrap();
    assert_eq!(numbers(lake.snapshot(None).unwrap().files(DUPLICATES.name)), [61]);
}

#[test]
fn what_no_kept_version_names_is_cleaned_away() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    assert_eq!(lake.clean(1, false).unwrap().files, 0, "there is no lake yet");
    let mut batch = lake.begin("test").unwrap();
    for number in 1..=5 {
        let removes = batch.files(&DUPLICATES).unwrap();
        batch.commit(&Change { adds: vec![file(folder.path(), number)], removes }).unwrap();
    }
    drop(batch);
    // Left by killed runs: a file that was never committed, and half of one.
    file(folder.path(), 99);
    fs_err::write(folder.path().join("objects/half.part"), b"12345").unwrap();
    fs_err::write(folder.path().join("not-of-a-table.parquet"), b"stays").unwrap();
    let dry = lake.clean(2, true).unwrap();
    assert_eq!((dry.files, dry.leftovers, dry.oldest, dry.newest), (4, 1, 4, 5));
    assert_eq!(parquet_files(folder.path(), &DUPLICATES), 6, "nothing was removed");
    assert_eq!(lake.clean(2, false).unwrap(), dry);
    assert_eq!(parquet_files(folder.path(), &DUPLICATES), 2);
    assert!(folder.path().join("not-of-a-table.parquet").exists());
    for version in [4, 5] {
        assert_eq!(numbers(lake.snapshot(Some(version)).unwrap().files(DUPLICATES.name)), [version as i64]);
    }
    assert!(matches!(lake.snapshot(Some(3)), Err(Error::Cleaned { version: 3, oldest: 4 })));
    let again = lake.clean(10, false).unwrap();
    assert_eq!((again.files, again.oldest), (0, 4), "what is gone does not come back");
}

#[test]
fn a_file_that_goes_and_comes_again_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    let mut batch = lake.begin("test").unwrap();
    batch.commit(&Change { adds: vec![file(folder.path(), 1)], removes: Vec::new() }).unwrap();
    let removes = batch.files(&DUPLICATES).unwrap();
    batch.commit(&Change { adds: vec![file(folder.path(), 1)], removes }).unwrap();
    assert_eq!(numbers(lake.snapshot(None).unwrap().files(DUPLICATES.name)), [1]);
}

#[test]
fn who_holds_the_lock_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::new(folder.path()).unwrap();
    let batch = lake.begin("derive").unwrap();
    let error = lake.begin("ingest").err().unwrap();
    assert!(error.to_string().ends_with("`derive` is running on this lake"), "{error}");
    drop(batch);
    lake.begin("ingest").unwrap();
}

#[test]
fn a_file_of_another_form_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = ObjectRows::default();
    let written = write_file(folder.path(), &OBJECTS, None, None, &[rows.finish()], &Order::new()).unwrap();
    let mut lying = written.in_lake(folder.path());
    lying.table = &REJECTS;
    assert!(matches!(read_all(&lying), Err(Error::Column { .. })));
}
