//! Tables as CSV: what stands in a cell makes no row of its own and shifts no column, and a broken row costs itself.

use std::fmt::Write as _;

use coldtrail_evidence::ObjectKey;
use coldtrail_sources::{Broken, Framing, Recognised, Record, Sink, frame, recognise};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Each row as its JSON, or as the reason why it is none.
#[derive(Default)]
struct Rows(Vec<Result<Value, String>>);

impl Sink for Rows {
    fn record(&mut self, record: &Record<'_>) {
        self.0.push(Ok(serde_json::from_str(record.text).unwrap()));
        assert_eq!(record.ordinal, self.0.len() as u64);
    }
    fn broken(&mut self, broken: Broken<'_>) {
        self.0.push(Err(broken.reason));
        assert_eq!(broken.ordinal, self.0.len() as u64);
    }
    fn trailer(&mut self, _text: &str) {}
}

fn rows(text: &[u8]) -> Vec<Result<Value, String>> {
    let mut sink = Rows::default();
    frame(Vec::new(), text, Framing::Csv, None, &mut sink).unwrap();
    sink.0
}

fn good(text: &str) -> Vec<String> {
    rows(text.as_bytes()).into_iter().map(|row| row.map_or_else(|why| why, |json| json.to_string())).collect()
}

/// As RFC 4180 has it.
fn cell(text: &str, delimiter: char) -> String {
    match text.contains(['"', '\n', '\r', delimiter]) || text.is_empty() {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn table(rows: &[Vec<String>], delimiter: char, end: &str) -> String {
    rows.iter().fold(String::new(), |mut out, row| {
        let cells: Vec<String> = row.iter().map(|text| cell(text, delimiter)).collect();
        write!(out, "{}{end}", cells.join(&delimiter.to_string())).unwrap();
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the cells, they come back, each in its column.
    #[test]
    fn cells_come_back(
        cells in proptest::collection::vec(proptest::collection::vec("[a,;\t\"\r\n\\\\0{}:é\u{0}-]{0,9}", 3), 1..6),
        delimiter in prop_oneof![Just(','), Just(';'), Just('\t')],
        end in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let header = vec!["one".to_owned(), "t;w,o".to_owned(), "three".to_owned()];
        let text = table(&[vec![header.clone()], cells.clone()].concat(), delimiter, end);
        let found = rows(text.as_bytes());
        prop_assert_eq!(found.len(), cells.len());
        for (row, cells) in found.into_iter().zip(cells) {
            let wanted: Map<String, Value> = header.iter().cloned().zip(cells.into_iter().map(Value::from)).collect();
            prop_assert_eq!(row.unwrap(), Value::from(wanted));
        }
    }
}

#[test]
fn the_first_name_tells_what_stands_between() {
    assert_eq!(good("a,b;c;d;e;f\n1,2\n"), [r#"{"a":"1","b;c;d;e;f":"2"}"#]);
    assert_eq!(good("\"a,b\";c\n1;2,3\n"), [r#"{"a,b":"1","c":"2,3"}"#]);
    assert_eq!(good("a\tb,c,d\n1\t2\n"), [r#"{"a":"1","b,c,d":"2"}"#]);
}

#[test]
fn empty_cells_padding_and_marks() {
    assert_eq!(good("\u{feff}a,b\r\n,\"\"\r\n\r\n1,\r\n\0\0\0"), [r#"{"a":null,"b":""}"#, r#"{"a":"1","b":null}"#]);
    assert_eq!(good("a,b\n1,2\0\0"), [r#"{"a":"1","b":"2"}"#]);
    assert_eq!(good("a,b\n"), [""; 0]);
}

/// Files put behind each other.
#[test]
fn another_header_is_no_row() {
    assert_eq!(
        good("a,b,c\n1,2,3\na,b,c\n4,5,6\na,c,d,b\n7,8,9,10\n"),
        [r#"{"a":"1","b":"2","c":"3"}"#, r#"{"a":"4","b":"5","c":"6"}"#, r#"{"a":"7","c":"8","d":"9","b":"10"}"#]
    );
    // A value that is a name is a value.
    assert_eq!(good("a,b,c\na,2,3\nb,a,c\n").len(), 2);
}

#[test]
fn a_stray_quote_costs_its_row() {
    // Inside a cell it is a character.
    assert_eq!(good("a,b\n5\" disk,x\n6\" disk,y\n")[1], r#"{"a":"6\" disk","b":"y"}"#);
    // Where nothing closes it, it is one too.
    assert_eq!(
        good("a,b\n\"x,1\ny,2\nz,3\n"),
        [r#"{"a":"\"x","b":"1"}"#, r#"{"a":"y","b":"2"}"#, r#"{"a":"z","b":"3"}"#]
    );
    // The next quote opens another cell.
    let found = good("a,b\n\"x,1,2\ny,2\n\"z, z\",3\n");
    assert_eq!(found[1..], [r#"{"a":"y","b":"2"}"#, r#"{"a":"z, z","b":"3"}"#]);
    assert!(found[0].starts_with("the header names 2"), "{found:?}");
}

/// One byte that was changed or lost costs its row and, where it was a line break, the next one.
#[test]
fn one_changed_byte_costs_one_row() {
    let line = |n: usize| format!("id{n},\"a, \"\"b\"\"\",plain,\"{n} Per hour, of \"\"use\"\"\",end{n}\n");
    let lines: Vec<String> = (0..6).map(line).collect();
    for at in 0..lines[2].len() {
        for with in ["", "\"", ",", "\n", "x", "\"\""] {
            let mut changed = lines.clone();
            changed[2].replace_range(at..=at, with);
            let found = good(&format!("id,one,two,three,four\n{}", changed.concat()));
            let lost = (0..6).filter(|n| !found.iter().any(|row| row.contains(&format!("\"four\":\"end{n}\""))));
            let lost: Vec<usize> = lost.filter(|n| *n != 2).collect();
            let allowed = usize::from(at + 1 == lines[2].len());
            assert!(lost.len() <= allowed, "byte {at} is now {with:?}: lost {lost:?} in {found:?}");
        }
    }
}

#[test]
fn a_row_too_long_costs_itself() {
    let long = "x".repeat(20 << 20);
    for row in [format!("1,{long}"), format!("1,\"{long}\""), format!("1,\"{}", long.replace("xxx", "x,x"))] {
        let text = format!("a,b\n0,0\n{row}\n2,2\n");
        for found in [rows(text.as_bytes()), {
            let mut sink = Rows::default();
            frame(text.clone().into_bytes(), std::io::empty(), Framing::Csv, None, &mut sink).unwrap();
            sink.0
        }] {
            assert!(found.len() == 3 && found[0].is_ok() && found[1].is_err() && found[2].is_ok());
        }
    }
}

/// What is held of a header is bounded.
#[test]
fn a_header_without_end_is_none() {
    let found = rows(format!("a,b{}\na,b\n1,2\n", ",".repeat(1 << 17)).as_bytes());
    assert!(found[0].is_err() && found[1].is_ok() && found.len() == 2);
}

/// Time grows with the input and no faster, however many quotes nothing closes.
#[test]
fn quotes_without_end_are_passed_over_once() {
    let inputs: [fn(usize) -> String; 4] = [
        |n| "\"x,1\n".repeat(n),
        |n| "x,\"\"\"1\n".repeat(n),
        |n| format!("\"{}", "x,1\n".repeat(n)),
        |n| "a,b\n".repeat(n),
    ];
    let seconds = |text: String| {
        let begun = std::time::Instant::now();
        rows(format!("a,b\n{text}").as_bytes());
        begun.elapsed().as_secs_f64()
    };
    for (at, input) in inputs.iter().enumerate() {
        let (small, large) = (seconds(input(20_000)), seconds(input(80_000)));
        assert!(large < 9.0 * small.max(0.05), "{at}: {small:.3} s, and four times as much {large:.3} s");
    }
}

/// A list of names is no log of anybody by itself.
#[test]
fn other_tables_are_left_alone() {
    for text in ["column,doc_page\nbill/BillType,billing.md\n", "a,b\n1,2\n", "1,2\n3,4\n", "Hello, world\n", "a\n"] {
        let found = recognise("x.csv", &ObjectKey::default(), text.as_bytes(), true, false);
        assert!(matches!(found, Recognised::Unknown(_)), "{text}");
    }
}

/// What stands in a cell does not make another log of it.
#[test]
fn a_table_with_lines_of_a_log_in_it_is_a_table() {
    let of = |text: String| match recognise("x", &ObjectKey::default(), text.as_bytes(), true, false) {
        Recognised::Source(source, framing) => (source.name, framing),
        _ => panic!("unrecognised: {text}"),
    };
    let fields = "#Fields: date time x-edge-location sc-bytes c-ip cs-method\n2026-03-02\t04:00:00\tFRA\t1\t-\tGET";
    let calls = "eventVersion,eventName,eventSource,eventTime,eventID,userAgent\n";
    let call = |agent: &str| format!("1.08,RunInstances,ec2.amazonaws.com,2026-03-02T04:00:00Z,e,\"{agent}\"\n");
    assert_eq!(of(format!("{calls}{}", call(&format!("a\n{fields}\n")))), ("cloudtrail", Framing::Csv));
    let event = "{\"\"eventName\"\":\"\"A\"\",\"\"eventSource\"\":\"\"a.amazonaws.com\"\"}";
    assert_eq!(of(format!("{calls}{}", call(&format!("a\n{event}\n")))), ("cloudtrail", Framing::Csv));
    let access = |agent: &str| {
        format!(
            "79a5 bucket [02/Mar/2026:04:00:38 +0000] 198.51.100.7 - 3E57427F3EXAMPLE REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 2662992 3462992 70 10 \"-\" \"{agent}\" -\n"
        )
    };
    let (names, values) = (",eventName,eventSource,eventTime,eventID,", ",a,b.amazonaws.com,2026-03-02T04:00:00Z,e,");
    assert_eq!(of(access(names) + &access(values)), ("s3_access", Framing::Lines));
}
