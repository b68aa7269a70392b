//! A question keeps to its limits: memory, time, depth, and what it leaves on the disk. A statement that does not would
//! end the program, and this test with it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coldtrail_lake::Lake;
use coldtrail_query::{Error, Result, Session, SessionOptions};
use coldtrail_schema::arrow::array::{Array, Int64Array, RecordBatch};
use tempfile::TempDir;

/// A session over a lake in which nothing is. The folder goes after it.
fn session(options: SessionOptions) -> (Session, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (
        Session::open(&Lake::new(&folder.path().join("lake")).unwrap(), &folder.path().join("spill"), options).unwrap(),
        folder,
    )
}

/// One test after the other: what the program takes is that of all its threads.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// With little memory.
fn small() -> (Session, TempDir) {
    session(SessionOptions { memory: 64 << 20, ..SessionOptions::default() })
}

fn rows(session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(session.query(sql, &[])?.collect()?.batches)
}

/// The number that is the whole answer.
fn number(session: &Session, sql: &str) -> i64 {
    let rows = rows(session, sql).unwrap();
    let column = rows.first().unwrap().column(0);
    column.as_any().downcast_ref::<Int64Array>().unwrap().value(0)
}

#[test]
fn functions_that_make_much_of_little_are_refused() {
    let _alone = alone();
    let (session, _folder) = small();
    for sql in [
        "select repeat('a', 1000000000)",
        "select upper(repeat('a', 1000000000))",
        "select 1 where repeat('a', 1000000000) = 'b'",
        "select repeat(repeat('a', 100000), 100000)",
        "select repeat(cast(value as text), 1000000) from generate_series(1, 10000)",
        "select repeat(repeat(cast(value as text), 1000), 1000) from generate_series(1, 10000)",
        "select repeat('a', 100000), value from generate_series(1, 10000)",
        "select lpad('a', 1000000000)",
        "select lpad(cast(value as text), 1000000000) from generate_series(1, 10)",
        "select rpad(cast(value as text), 10000000, 'ü') from generate_series(1, 10)",
        "select array_repeat('a', 1000000000)",
        "select list_repeat(value, 1000000) from generate_series(1, 1000)",
        "select array_resize(make_array(1), 1000000000, 2)",
        "select range(0, 1000000000)",
        "select generate_series(1, 1000000000)",
        "select range(0, value) from generate_series(100000000, 100000010)",
        "select unnest(range(0, 1000000000))",
        "select generate_series(cast('1970-01-01T00:00:00' as timestamp), cast('2026-01-01T00:00:00' as timestamp), \
         interval '1 second')",
        "select length(replace(repeat('a', 100000), 'a', repeat('b', 10000)))",
        "select replace(repeat(cast(value as text), 1000), '1', repeat('b', 1000)) from generate_series(1, 10000)",
        "select string_agg(repeat(cast(value as text), 1000000), ',') from generate_series(1, 1000)",
    ] {
        let error = rows(&session, sql).unwrap_err();
        assert!(matches!(error, Error::Memory { accounted: false, .. }), "{sql}: {error}");
        assert!(error.hint().unwrap().contains("--memory"));
    }
    assert_eq!(number(&session, "select cast(1 as bigint) as one"), 1);
}

#[test]
fn what_they_make_of_usual_arguments_is_the_same() {
    let _alone = alone();
    let (session, _folder) = small();
    for (sql, expected) in [
        ("select cast(length(repeat('ab', 3)) as bigint)", 6),
        ("select cast(length(lpad('a', 3, 'xyz')) as bigint)", 3),
        ("select cast(strpos(rpad('a', 3, 'xyz'), 'xy') as bigint)", 2),
        ("select cast(array_length(array_repeat('a', 5)) as bigint)", 5),
        ("select cast(array_length(list_resize(make_array(1), 4, 2)) as bigint)", 4),
        ("select count(*) from (select unnest(range(0, 100000)))", 100_000),
        ("select count(*) from (select unnest(generate_series(0, 100000, 10)))", 10_001),
        ("select cast(length(replace('aab', 'a', 'xy')) as bigint)", 5),
        ("select cast(length(concat('a', null, 'bc')) as bigint)", 3),
        ("select cast(length(concat_ws(', ', 'a', null, 'bc')) as bigint)", 5),
        ("select count(*) from generate_series(1, 100) where concat('v', value) = 'v7'", 1),
        // Far less than it could be, so it is made piece by piece.
        (
            "select sum(length(regexp_replace(repeat(cast(value as text), 200), 'x', '0123456789', 'g'))) as long \
             from generate_series(1, 8192)",
            6_332_200,
        ),
        ("select count(distinct repeat(cast(value % 10 as text), 2)) from generate_series(1, 100)", 10),
    ] {
        assert_eq!(number(&session, sql), expected, "{sql}");
    }
}

#[test]
fn a_long_answer_flows() {
    let _alone = alone();
    let (session, _folder) = small();
    let mut answer = session.query("select * from generate_series(1, 1000000000)", &[]).unwrap();
    let rows: usize = answer.by_ref().take(500).map(|rows| rows.unwrap().num_rows()).sum();
    assert!(rows > 1_000_000, "{rows}");
}

#[test]
fn what_is_gathered_is_accounted_for() {
    let _alone = alone();
    let (session, _folder) = small();
    for sql in [
        "select array_agg(value) from generate_series(1, 1000000000)",
        "select string_agg(cast(value as text), ',') from generate_series(1, 1000000000)",
        "with recursive t as (select 'aaaaaaaaaa' as s, 1 as n union all select s || s, n + 1 from t where n < 40) \
         select max(length(s)) from t",
    ] {
        let error = rows(&session, sql).unwrap_err();
        assert!(matches!(error, Error::Memory { .. }), "{sql}: {error}");
    }
}

#[test]
fn time_is_bounded() {
    let _alone = alone();
    let timeout = Some(Duration::from_secs(2));
    let (session, _folder) = session(SessionOptions { timeout, ..SessionOptions::default() });
    let sql = "select sum(value % 7) from generate_series(1, 1000000000000)";
    let error = rows(&session, sql).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--timeout"));
    // It was only that question's.
    assert_eq!(number(&session, "select cast(1 as bigint) as one"), 1);
}

#[test]
fn depth_is_bounded() {
    let _alone = alone();
    let (session, _folder) = session(SessionOptions::default());
    let sum = |terms: usize| format!("select {}", vec!["cast(1 as bigint)"; terms].join(" + "));
    let either = vec!["value = 1"; 20_000].join(" or ");
    for sql in [
        sum(20_000),
        format!("select 1 from generate_series(1, 2) where {either}"),
        vec!["select 1"; 20_000].join(" union all "),
        format!("select 1{}", "::text".repeat(20_000)),
        format!("select 1 from {}", vec!["generate_series(1, 2)"; 20_000].join(", ")),
        format!("select {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("with {} select 1", vec!["a as (select 1)"; 20_000].join(", ")),
    ] {
        let error = rows(&session, &sql).unwrap_err();
        assert!(matches!(error, Error::TooDeep { .. }), "{error}");
        assert!(error.is_usage() && error.hint().is_some());
    }
    // What is let through has to fit on the stacks, and be planned in its time.
    assert_eq!(number(&session, &sum(1_000)), 1_000);
    // Other statements as long are not deep.
    let values = (0..5_000).map(|value| value.to_string()).collect::<Vec<_>>().join(", ");
    let sql = format!("select count(*) from generate_series(1, 10) where value in ({values})");
    assert_eq!(number(&session, &sql), 10);
}

#[test]
fn nothing_spilled_is_left() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (lake, spill) = (folder.path().join("lake"), folder.path().join("spill"));
    let left = spill.join("00000007-0123456789abcdef");
    fs_err::create_dir_all(&left).unwrap();
    fs_err::write(left.join("rows"), "of a run that was killed").unwrap();
    fs_err::write(spill.join("00000007-0123456789abcdef.lock"), "").unwrap();
    let open = || Session::open(&Lake::new(&lake).unwrap(), &spill, SessionOptions::default()).unwrap();
    let (one, two) = (open(), open());
    assert!(!left.exists());
    for session in [&one, &two] {
        assert_eq!(number(session, "select cast(1 as bigint) as one"), 1);
    }
    // A folder and a lock of each.
    assert_eq!(fs_err::read_dir(&spill).unwrap().count(), 4);
    drop((one, two));
    assert_eq!(fs_err::read_dir(&spill).unwrap().count(), 0);
}
