//! Replacing the files of tables.
#![allow(clippy::unwrap_used, reason = "tests")]

use coldtrail_lake::{Error, Lake, write_file};
use coldtrail_schema::tables::ledger::{DUPLICATES, DuplicateRow, DuplicateRows, OBJECTS};
use coldtrail_schema::tables::{derived, verdicts};

/// Written and not committed, its rows would be seen by nobody, and nobody would know.
#[test]
fn a_file_of_a_table_that_is_not_replaced_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::new(dir.path()).unwrap();
    let mut rows = DuplicateRows::default();
    rows.push(&DuplicateRow {
        source: None,
        evidence_object: None,
        evidence_record: Some(1),
        kept_object: None,
        kept_record: None,
    });
    let file = write_file(dir.path(), &DUPLICATES, None, None, &[rows.finish()], &vec![(0, 0)]).unwrap();
    let mut batch = lake.begin("testing").unwrap();
    for tables in [derived(), verdicts(), vec![&OBJECTS], Vec::new()] {
        let refused = batch.replace(&tables, std::slice::from_ref(&file)).unwrap_err();
        assert!(matches!(refused, Error::Unlisted { table: "duplicates" }), "{refused}");
    }
    batch.replace(&[&DUPLICATES], &[file]).unwrap();
    drop(batch);
    assert_eq!(lake.snapshot(None).unwrap().rows("duplicates"), 1);
}
