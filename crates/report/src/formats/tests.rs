//! The same hostile rows through every format.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::cell::Cell;
use crate::hostile::{STRINGS, assert_quiet, codes, nodes, tags};
use crate::table::Column;

fn column(name: &str) -> Column {
    Column { name: name.to_owned(), data_type: "Utf8".to_owned() }
}

/// Each string in each place where one can stand: as text, in a list, as name and value in a struct, as bytes.
fn table(strings: &[&str]) -> Table {
    let row = |text: &&str| {
        let text = (*text).to_owned();
        vec![
            Cell::Int(-1),
            Cell::Text(text.clone()),
            Cell::List(vec![Cell::Text(text.clone()), Cell::Null]),
            Cell::Struct(vec![(text.clone(), Cell::Text(text.clone()))]),
            Cell::Bytes(text.into_bytes()),
        ]
    };
    let columns = ["number", "text", "list", "struct", "bytes"].map(column).to_vec();
    Table { columns, rows: strings.iter().map(row).collect() }
}

fn harmless() -> Table {
    table(&vec!["x"; STRINGS.len()])
}

fn write(format: &str, table: &Table, options: &Options) -> (String, Written) {
    let mut out = Vec::new();
    let written = by_name(format).unwrap().write(table, &mut out, options).unwrap();
    (String::from_utf8(out).unwrap(), written)
}

#[test]
fn nothing_loud_leaves_in_any_format() {
    let mut table = table(STRINGS);
    for (column, text) in table.columns.iter_mut().zip(STRINGS) {
        column.name = (*text).to_owned();
    }
    let terminal = Options { tty: true, width: Some(100), ..Options::default() };
    for format in FORMATS {
        for options in [Options::default(), terminal] {
            let (out, written) = write(format.name, &table, &options);
            assert_quiet(&out);
            assert_eq!(written.rows as usize, STRINGS.len());
        }
    }
}

#[test]
fn every_character_of_the_first_planes_is_quiet() {
    let all: Vec<String> = ('\0'..='\u{ffff}').collect::<Vec<_>>().chunks(64).map(|c| c.iter().collect()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for format in FORMATS {
        assert_quiet(&write(format.name, &table(&all), &Options::default()).0);
    }
}

#[test]
fn names_and_extensions_are_distinct() {
    let mut names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    let mut extensions: Vec<_> = FORMATS.iter().flat_map(|format| format.extensions).collect();
    let (all_names, all_extensions) = (names.len(), extensions.len());
    names.sort_unstable();
    names.dedup();
    extensions.sort_unstable();
    extensions.dedup();
    assert_eq!((names.len(), extensions.len()), (all_names, all_extensions));
    assert!(FORMATS.iter().filter(|format| has_extension(format, "NDJSON")).map(|format| format.name).eq(["jsonl"]));
    assert!(by_name("parquet").is_none());
}

#[test]
fn csv_parses_back_without_a_formula() {
    let table = table(STRINGS);
    let (out, written) = write("csv", &table, &Options::default());
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_bytes());
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), table.rows.len() + 1);
    let mut disarmed = 0;
    for record in &records {
        assert_eq!(record.len(), table.columns.len());
        for field in record.iter().skip(1) {
            disarmed += u64::from(field.starts_with('\''));
            assert!(field.starts_with('\'') || !crate::escape::is_formula(field), "{field:?}");
        }
    }
    assert_eq!(&records[1][0], "-1", "numbers are left alone");
    // One string begins with a quote and no formula: "' onmouseover", as text and as bytes.
    assert_eq!(written.disarmed, disarmed - 2);
}

#[test]
fn raw_csv_is_lossless() {
    let (out, written) = write("csv", &table(STRINGS), &Options { raw: true, ..Options::default() });
    let mut reader = ::csv::Reader::from_reader(out.as_bytes());
    let texts: Vec<String> = reader.records().map(|record| record.unwrap()[1].to_owned()).collect();
    assert_eq!(texts, STRINGS);
    assert_eq!(written.disarmed, 0);
}

#[test]
fn json_parses_back_to_the_same() {
    let (json, _) = write("json", &table(STRINGS), &Options::default());
    let (jsonl, _) = write("jsonl", &table(STRINGS), &Options::default());
    let array: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let lines: Vec<serde_json::Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(array, lines);
    for (object, text) in array.iter().zip(STRINGS) {
        let expected = serde_json::json!({
            "number": -1, "text": text, "list": [text, null], "struct": { *text: text }, "bytes": text
        });
        assert_eq!(object, &expected);
    }
    assert_eq!(array.len(), STRINGS.len());
}

#[test]
fn json_keeps_order_numbers_and_columns_of_the_same_name() {
    let columns = ["b", "a", "a", "a_2"].map(column).to_vec();
    let row = vec![
        Cell::Int(u64::MAX.into()),
        Cell::Float(3.0),
        Cell::Decimal("1.50".to_owned()),
        Cell::List(vec![Cell::Float(f64::NAN), Cell::Bytes(vec![0xff, 0x00])]),
    ];
    let (out, _) = write("jsonl", &Table { columns, rows: vec![row] }, &Options::default());
    assert_eq!(out, "{\"b\":18446744073709551615,\"a\":3.0,\"a_2\":1.50,\"a_2_2\":[\"NaN\",{\"hex\":\"ff00\"}]}\n");
    assert_eq!(write("json", &harmless_without_rows(), &Options::default()).0, "[]\n");
    assert_eq!(write("jsonl", &harmless_without_rows(), &Options::default()).0, "");
}

fn harmless_without_rows() -> Table {
    Table { rows: Vec::new(), ..harmless() }
}

#[test]
fn html_has_no_tag_but_its_own() {
    let (hostile, _) = write("html", &table(STRINGS), &Options::default());
    let (benign, _) = write("html", &harmless(), &Options::default());
    assert_eq!(tags(&hostile), tags(&benign));
    assert_eq!(hostile.matches('>').count(), benign.matches('>').count());
}

#[test]
fn markdown_has_no_node_but_its_own() {
    // An empty text is an empty cell, and so no code span: it is left out of the comparison.
    let strings: Vec<&str> = STRINGS.iter().copied().filter(|text| !text.is_empty()).collect();
    let (hostile, _) = write("markdown", &table(&strings), &Options::default());
    let (benign, _) = write("markdown", &table(&vec!["x"; strings.len()]), &Options::default());
    assert_eq!(nodes(&hostile), nodes(&benign));
    assert_eq!(hostile.lines().count(), strings.len() + 2);
    // A backslash before a bar, and at the end, is written out: see `escape::markdown`.
    let said: Vec<String> = codes(&hostile).into_iter().step_by(4).map(|text| text.replace("\\u{5c}", "\\")).collect();
    let expected: Vec<String> = strings.iter().map(|t| crate::escape::visible(t).replace("\\u{5c}", "\\")).collect();
    assert_eq!(said, expected);
}

#[test]
fn markdown_headings_are_text() {
    for text in STRINGS.iter().filter(|text| !text.trim().is_empty()) {
        let table = Table { columns: vec![column(text), column("b")], rows: vec![vec![Cell::Int(1), Cell::Int(2)]] };
        let benign = Table { columns: vec![column("a"), column("b")], ..table.clone() };
        let (hostile, _) = write("markdown", &table, &Options::default());
        assert_eq!(nodes(&hostile), nodes(&write("markdown", &benign, &Options::default()).0), "{text:?}");
    }
}

#[test]
fn text_is_aligned_and_plain_in_a_pipe() {
    let columns = ["n", "name"].map(column).to_vec();
    let rows = vec![vec![Cell::Int(1), Cell::Text("é".into())], vec![Cell::Int(-20), Cell::Null]];
    let (out, _) = write("table", &Table { columns, rows }, &Options::default());
    assert_eq!(out, "  n  name\n---  ----\n  1  é\n-20\n");
}

#[test]
fn text_is_cut_on_a_terminal_only_and_counted() {
    let columns = ["n", "name", "agent"].map(column).to_vec();
    let rows = vec![vec![Cell::Int(1), Cell::Text("界".repeat(30)), Cell::Text("short".into())]];
    let table = Table { columns, rows };
    let (out, written) = write("table", &table, &Options { tty: true, width: Some(40), ..Options::default() });
    assert_eq!(written.cut, 1);
    assert!(out.contains('…') && out.contains('─'), "{out}");
    assert!(out.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 40), "{out}");
    let (out, written) = write("table", &table, &Options { tty: false, width: Some(40), ..Options::default() });
    assert!(written.cut == 0 && out.contains(&"界".repeat(30)));
    let (out, written) = write("table", &table, &Options { tty: true, width: None, ..Options::default() });
    assert!(written.cut == 0 && out.contains(&"界".repeat(30)));
}

#[test]
fn numbers_and_times_are_never_cut() {
    let columns = ["time", "bytes", "key"].map(column).to_vec();
    let time = Cell::Time("2026-03-02T04:10:00.123456Z".to_owned());
    let row =
        |n: i64| vec![time.clone(), Cell::Int((i64::MAX - n).into()), Cell::Text("k".repeat(100_000 + n as usize))];
    let rows = (0..4).map(row).collect();
    let (out, written) =
        write("table", &Table { columns, rows }, &Options { tty: true, width: Some(10), ..Options::default() });
    assert_eq!(written.cut, 0);
    // Of four rows a column is left out; three would stand one column below the other. The terminal is too narrow even for one of them; what is left out is said.
    assert!(out.contains("2026-03-02T04:10:00.123456Z") && out.contains("9223372036854775807"), "{out}");
    assert!(out.contains("1 column does not fit: key"), "{out}");
}

#[test]
fn a_table_is_never_wider_than_the_terminal() {
    let names =
        ["evidence_object", "evidence_record", "event_time", "actor", "refused_actions", "error_class", "agent", "n"];
    let row = |n: i128| {
        vec![
            Cell::Text(format!("{n:032x}")),
            Cell::Int(n),
            Cell::Time(format!("2026-04-09T01:{:02}:00Z", n % 60)),
            Cell::Text("arn:aws:sts::111122223333:assumed-role/OrgAdmin/aws-cli-1775699172".to_owned()),
            Cell::Int(45),
            Cell::Text("denied".to_owned()),
            Cell::Text(format!("aws-cli/2.17.9 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0 md/arch#x86_64 {n}")),
            Cell::Int(n * 1_000_000),
        ]
    };
    let table = Table { columns: names.map(column).to_vec(), rows: (1..60).map(row).collect() };
    for width in [40, 80, 100, 160] {
        let options = Options { tty: true, width: Some(width), ..Options::default() };
        let (out, _) = write("table", &table, &options);
        assert!(out.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width), "{width}:\n{out}");
        assert!(out.contains("000000000000#17"), "the row is named at {width}:\n{out}");
    }
    let (out, _) = write("table", &table, &Options { tty: true, width: Some(100), ..Options::default() });
    for said in ["refused_actions 45", "error_class denied", "times are UTC, of 2026-04-09", "01:17:00 "] {
        assert!(out.contains(said), "{said}:\n{out}");
    }
    let (wide, _) = write("table", &table, &Options { tty: true, width: Some(40), wide: true, ..Options::default() });
    assert!(wide.contains("2026-04-09T01:17:00Z") && !wide.contains('…') && wide.contains("evidence_record"));
}

#[test]
fn columns_of_one_name_are_no_pair() {
    let names = ["evidence_object", "evidence_record", "evidence_object", "evidence_record", "text"];
    let row = |n: i128| {
        let object = |of: &str| Cell::Text(format!("{of}{n:031x}"));
        vec![object("a"), Cell::Int(n), object("b"), Cell::Int(2 * n), Cell::Text("x".repeat(n as usize * 20))]
    };
    let table = Table { columns: names.map(column).to_vec(), rows: (1..6).map(row).collect() };
    let (out, _) = write("table", &table, &Options { tty: true, width: Some(160), ..Options::default() });
    assert!(!out.contains('#') && out.contains(" 10  "), "{out}");
}

#[test]
fn what_is_said_once_cannot_say_more() {
    let row = |n: i128| {
        let agent = "curl; error_class denied".to_owned();
        vec![
            Cell::Text(agent),
            Cell::Text("y".repeat(30 + n as usize)),
            Cell::Text("https://sts.amazonaws.com:443/".to_owned()),
        ]
    };
    let table = Table { columns: ["agent", "text", "url"].map(column).to_vec(), rows: (1..6).map(row).collect() };
    let (out, _) = write("table", &table, &Options { tty: true, width: Some(60), ..Options::default() });
    assert!(out.contains("agent \"curl; error_class denied\"") && out.contains("sts.amazonaws.com:443"), "{out}");
}

#[test]
fn colours_mark_words_of_ours_only() {
    let table = Table {
        columns: ["error_class", "useragent"].map(column).to_vec(),
        rows: vec![vec![Cell::Text("denied".to_owned()), Cell::Text("denied".to_owned())]],
    };
    for format in ["table", "record"] {
        let options = Options { tty: true, width: Some(80), colour: true, ..Options::default() };
        let (out, _) = write(format, &table, &options);
        assert_eq!(out.matches("\u{1b}[31mdenied").count(), 1, "{out:?}");
        assert!(!write(format, &table, &Options { colour: false, ..options }).0.contains('\u{1b}'));
    }
}

#[test]
fn a_failed_write_names_its_format() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    for format in FORMATS {
        let error = format.write(&harmless(), &mut Full, &Options::default()).unwrap_err();
        assert!(matches!(error, Error::Write { ref source, .. } if source.kind() == io::ErrorKind::StorageFull));
        assert!(error.to_string().contains(format.name) && error.hint().is_some());
    }
}

/// Rows of Arrow with a hostile text, a number and a time.
fn batch(rows: usize) -> RecordBatch {
    use std::sync::Arc;

    use coldtrail_schema::arrow::array::{Array, Int64Array, StringArray, TimestampMicrosecondArray};
    let texts: StringArray = (0..rows).map(|at| Some(STRINGS[at % STRINGS.len()])).collect();
    let numbers: Int64Array = (0..rows as i64).map(|at| (at % 7 > 0).then_some(at)).collect();
    let times: TimestampMicrosecondArray = (0..rows as i64).map(Some).collect();
    let columns: [(&str, Arc<dyn Array>); 3] =
        [("t", Arc::new(texts)), ("n", Arc::new(numbers)), ("at", Arc::new(times))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn streamed(format: &Format, batches: &[RecordBatch], schema: &Schema, options: &Options) -> (String, Written) {
    let mut out = Vec::new();
    let mut answering = format.begin(schema, Box::new(&mut out), options).unwrap();
    batches.iter().for_each(|batch| answering.batch(batch).unwrap());
    let written = answering.end().unwrap();
    (String::from_utf8(out).unwrap(), written)
}

#[test]
fn an_answer_is_the_same_however_it_comes() {
    let whole = batch(3 * STRINGS.len());
    let table = Table::read(&whole.schema(), std::slice::from_ref(&whole)).unwrap();
    let terminal = Options { tty: true, width: Some(60), ..Options::default() };
    for format in FORMATS {
        for options in [Options::default(), terminal] {
            let expected = write(format.name, &table, &options);
            for size in [2, 10, whole.num_rows()] {
                let starts = (0..whole.num_rows()).step_by(size);
                let parts: Vec<_> = starts.map(|at| whole.slice(at, size.min(whole.num_rows() - at))).collect();
                assert_eq!(streamed(format, &parts, &whole.schema(), &options), expected, "{} by {size}", format.name);
            }
            let none = Table { rows: Vec::new(), ..table.clone() };
            assert_eq!(streamed(format, &[], &whole.schema(), &options), write(format.name, &none, &options));
        }
    }
}

/// More rows than are looked at before the widths are decided, and the widest comes last.
#[test]
fn a_long_answer_keeps_its_widths() {
    let columns = ["n", "text"].map(column).to_vec();
    let mut rows: Vec<Vec<Cell>> = (0..9_000).map(|n| vec![Cell::Int(n), Cell::Text("short".into())]).collect();
    rows.push(vec![Cell::Int(i128::from(u64::MAX)), Cell::Text("l".repeat(300))]);
    let table = Table { columns, rows };
    let (out, written) = write("table", &table, &Options { tty: true, width: Some(80), ..Options::default() });
    assert_eq!((written.rows, written.cut), (9_001, 1));
    assert_eq!(out.lines().count(), 9_001 + 2);
    assert!(out.contains("18446744073709551615"), "numbers are never cut");
    let (out, written) = write("table", &table, &Options::default());
    assert_eq!(written.cut, 0);
    assert!(out.contains(&"l".repeat(300)) && out.lines().nth(9_000).unwrap().starts_with("8998"));
}

#[test]
fn a_format_of_bytes_takes_no_cells() {
    struct Count<'a>(Out<'a>);
    impl BatchWriter for Count<'_> {
        fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
            write!(self.0, "{} ", batch.num_rows()).map_err(failed("count"))
        }
        fn end(mut self: Box<Self>) -> Result<Written> {
            self.0.write_all(b"end").map_err(failed("count"))?;
            Ok(Written::default())
        }
    }
    let begin = Begin::Binary(|out, _| Ok(Box::new(Count(out))));
    let format = Format { name: "count", about: "", extensions: &[], begin };
    assert!(!format.is_text());
    assert!(matches!(format.write(&harmless(), &mut Vec::new(), &Options::default()), Err(Error::NoText { .. })));
    let (out, written) = streamed(&format, &[batch(3), batch(4)], &batch(1).schema(), &Options::default());
    assert_eq!((out.as_str(), written.rows), ("3 4 end", 7));
}
