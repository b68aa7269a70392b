//! Bills: every name that AWS documents is understood, and what is written in a line stays in it.

use std::path::Path;

use coldtrail_evidence::ObjectKey;
use coldtrail_sources::{Recognised, recognise};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::cases;
use crate::decoded::{Fate, Outcome, decode};

/// The columns of the row, each with its text.
fn cells(outcome: &Outcome, row: usize) -> Vec<(&'static str, String)> {
    match &outcome.seen[row].fate {
        Fate::Row { cells, .. } => cells.clone(),
        other => panic!("no row: {other:?}"),
    }
}

fn cell<'a>(cells: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
    cells.iter().find(|(column, _)| *column == name).map(|(_, text)| text.as_str())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// The owner of a resource writes its name and its tags, and everybody the name of a bucket.
    #[test]
    fn hostile_texts_stay_in_their_columns(
        texts in proptest::collection::vec("[a,;\t\"\n\r\\\\{}:=#é\u{0}\u{202e} -]{1,24}", 3),
        tag in "[a,;\t\"\\\\{}:=#é ]{1,24}",
    ) {
        let header = format!(
            "identity/LineItemId,lineItem/UsageStartDate,lineItem/ResourceId,lineItem/LineItemDescription,{},{}",
            quoted(&format!("resourceTags/{tag}")),
            "lineItem/UnblendedCost,lineItem/UsageAccountId"
        );
        let line = |n: usize| format!(
            "id{n},2026-03-02T04:00:00Z,{},{},{},1.5,111122223333\n",
            quoted(&texts[0]), quoted(&texts[1]), quoted(&texts[2])
        );
        let text = format!("{header}\n{}{}", line(0), line(1));
        let outcome = decode("x", text.as_bytes(), false);
        prop_assert_eq!(outcome.seen.len(), 2);
        for row in 0..2 {
            let cells = cells(&outcome, row);
            let get = |name| cell(&cells, name).unwrap_or_default().to_owned();
            let id = format!("id{row}");
            prop_assert_eq!(get("resource"), texts[0].as_str());
            prop_assert_eq!(get("description"), texts[1].as_str());
            let tags: Value = serde_json::from_str(&get("tags")).unwrap();
            prop_assert_eq!(tags, Value::from(Map::from_iter([(tag.clone(), Value::from(texts[2].as_str()))])));
            prop_assert_eq!(get("identity_id"), id);
            prop_assert_eq!(get("unblended_cost"), "1.5");
            prop_assert_eq!(get("account"), "111122223333");
        }
    }
}

/// The JSON of a text; half of a surrogate, which this reader refuses, is replaced.
fn parsed(text: &str) -> Value {
    serde_json::from_str(&text.replace("\\ud800", "\u{fffd}")).unwrap()
}

/// Where every field of a line is found again: in the column of one name, or in `extra` under its own.
fn missing(record: &Map<String, Value>, cells: &[(&'static str, String)]) -> Vec<String> {
    let json = |column: &str| cell(cells, column).map_or(Value::Null, parsed);
    let (extra, tags) = (json("extra"), json("tags"));
    let same = |one: &Value, other: &Value| {
        one == other
            || one.as_str().is_some_and(|text| {
                // A document that was written as text.
                serde_json::from_str::<Value>(text).is_ok_and(|document| document.is_object() && document == *other)
            })
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let in_cell = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        cells.iter().filter(|(column, _)| !matches!(*column, "extra" | "tags")).any(|(column, cell)| {
            let time = text.trim_end_matches('Z').trim_end_matches(".000");
            *cell == text
                || (number(&text).is_some() && number(cell) == number(&text))
                || (!time.is_empty()
                    && matches!(*column, "usage_start" | "usage_end" | "billing_period")
                    && cell.starts_with(time))
        })
    };
    let kept = |name: &str, value: &Value| {
        let tag = name.strip_prefix("resourceTags/").or_else(|| name.strip_prefix("resource_tags_"));
        extra.get(name).is_some_and(|found| same(value, found))
            || tag.is_some_and(|tag| tags.get(tag) == Some(value))
            || same(value, &tags)
            // A column may have the name under which the second ones are kept.
            || ["duplicate_keys", "duplicate_keys'"].iter().any(|all| extra[*all].get(name) == Some(value))
            || in_cell(value)
    };
    let is_empty = |value: &Value| value.is_null() || value.as_str() == Some("");
    record.iter().filter(|(name, value)| !is_empty(value) && !kept(name, value)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn nothing_of_a_line_is_lost() {
    let mut looked_at = 0;
    for case in cases::all().into_iter().filter(|case| case.source == "billing") {
        let outcome = case.decode();
        for seen in &outcome.seen {
            let Fate::Row { cells, .. } = &seen.fate else { continue };
            let record = parsed(&seen.text).as_object().unwrap().clone();
            let missing = missing(&record, cells);
            assert!(missing.is_empty(), "{} record {}: {missing:?}", case.path.display(), seen.ordinal);
            looked_at += 1;
        }
    }
    assert!(looked_at > 30, "{looked_at}");
}

/// The names of columns that the corpora have of reports.
fn documented() -> Option<Vec<String>> {
    let list =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/cur/awsdocs_2023-06/cur_columns.csv");
    let text = fs_err::read_to_string(list).unwrap_or_default();
    let names: Vec<String> = text.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0.to_owned())).collect();
    (!names.is_empty()).then_some(names)
}

/// A line that has every documented column, and a value of its own in each.
#[test]
fn every_documented_column_is_kept() {
    let Some(names) = documented() else { return };
    let value = |name: &str, at: usize| match name {
        _ if name.ends_with("Date") => format!("2026-03-{:02}T00:00:00Z", at % 28 + 1),
        _ if name.ends_with("Cost") || name.ends_with("Amount") => format!("{at}.2500000000"),
        _ => format!("value {at}"),
    };
    let values: Vec<String> = names.iter().enumerate().map(|(at, name)| value(name, at)).collect();
    let table = format!("{}\n{}\n", names.join(","), values.join(","));
    let snake = |name: &String| {
        let mut out = String::new();
        for c in name.replace(['/', ':'], "_").chars() {
            if c.is_ascii_uppercase() && out.ends_with(|c: char| c.is_ascii_lowercase()) {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    };
    // In this spelling some names are one.
    let row: Map<String, Value> =
        names.iter().map(snake).zip(values.iter().map(|text| Value::from(text.as_str()))).collect();
    let parquet = Value::from(row).to_string();
    for (bytes, parquet) in [(table, false), (parquet, true)] {
        let outcome = decode("x", bytes.as_bytes(), parquet);
        assert_eq!((outcome.source.map(|source| source.name), outcome.rows()), (Some("billing"), 1));
        let record: Map<String, Value> = serde_json::from_str(&outcome.seen[0].text).unwrap();
        let cells = cells(&outcome, 0);
        assert!(record.len() > 120, "{}", record.len());
        assert_eq!(missing(&record, &cells), [""; 0]);
        for column in
            ["account", "payer_account", "service", "usage_type", "resource", "usage_start", "unblended_cost", "region"]
        {
            assert!(cell(&cells, column).is_some(), "{column}");
        }
    }
}

/// Of the files of the corpora none is a bill: a list of names, and programs.
#[test]
fn files_about_bills_are_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/cur");
    if !folder.is_dir() {
        return;
    }
    for path in cases::listed(&folder).iter().flat_map(|folder| cases::listed(folder)) {
        let bytes = fs_err::read(&path).unwrap();
        let name = path.to_string_lossy();
        let found = recognise(&name, &ObjectKey::parse(&name), &bytes, true, false);
        assert!(matches!(found, Recognised::Unknown(_)), "{name}");
    }
}

/// The lines of a delivery that came twice are one; those of the next delivery are others.
#[test]
fn deliveries_are_kept_apart() {
    let text = "identity/LineItemId,lineItem/UsageStartDate,lineItem/UnblendedCost\nid,2026-03-02T04:00:00Z,1.5\n";
    let of = |key: &str| {
        let outcome = decode(key, text.as_bytes(), false);
        let Fate::Row { cells, unique } = outcome.seen[0].fate.clone() else { panic!("no row") };
        (cell(&cells, "record_hash").unwrap().to_owned(), unique)
    };
    let first = of("b/r/20260301-20260401/20260302T060000Z/r-1.csv.gz");
    assert!(first.1);
    assert_eq!(of("copy/r/20260301-20260401/20260302T060000Z/r-2.csv"), first);
    assert_ne!(of("b/r/20260301-20260401/20260303T060000Z/r-1.csv.gz").0, first.0);
    assert!(!of("b/r/20260301-20260401/r-1.csv.gz").1, "nothing tells which delivery it is of");
}
