//! What every source must do, whatever it is.

use std::collections::BTreeSet;

use coldtrail_evidence::ObjectKey;
use coldtrail_sources::{Framing, Head, OWN, Recognised, SOURCES, frame, recognise};
use proptest::prelude::*;

use crate::cases;
use crate::decoded::{Fate, Outcome, run};

#[test]
fn names_are_those_of_the_tables() {
    let mut names = BTreeSet::new();
    for source in SOURCES {
        assert_eq!(source.name, source.table.name);
        let mut bytes = source.name.bytes();
        assert!(bytes.next().is_some_and(|b| b.is_ascii_lowercase()), "{}", source.name);
        assert!(bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{}", source.name);
        assert!(!source.title.is_empty() && source.table.is_event(), "{}", source.name);
        assert!(names.insert(source.name), "{} twice", source.name);
    }
    // What users define has no source in the list: its objects are told by the definitions.
    assert!(names.insert(OWN.name) && OWN.name == OWN.table.name);
    let tables: BTreeSet<&str> = coldtrail_schema::tables::events().map(|(table, _)| table.name).collect();
    assert_eq!(names, tables, "every table of events has a source, and every source a table");
}

#[test]
fn every_source_has_a_case_with_rows_and_one_with_a_reject() {
    let cases = cases::all();
    for source in SOURCES {
        let outcomes: Vec<Outcome> = cases.iter().filter(|c| c.source == source.name).map(|c| c.decode()).collect();
        assert!(outcomes.iter().any(|o| o.rows() > 0), "{} has a case with rows", source.name);
        assert!(outcomes.iter().any(|o| o.rejects().count() > 0), "{} has a case with a reject", source.name);
    }
}

#[test]
fn every_case_is_claimed_by_its_own_source_only() {
    for case in cases::all() {
        let key = ObjectKey::parse(&case.key);
        let claimed = match recognise(&case.key, &key, &case.bytes, true, case.parquet()) {
            Recognised::Source(source, framing) => {
                let head = Head { name: &case.key, key: &key, bytes: &case.bytes, whole: true };
                let all: Vec<_> = SOURCES.iter().filter(|s| (s.claims)(&head, framing)).map(|s| s.name).collect();
                // What carries the logs of others may claim what it would carry.
                let carries = |name: &str| SOURCES.iter().any(|source| source.name == name && source.carries());
                // A file of several logs is of each of them.
                let mixed = case.path.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("mixed"));
                let others = all.iter().filter(|name| **name != source.name && !carries(name) && !mixed);
                assert_eq!(others.count(), 0, "{} is claimed by {all:?}", case.path.display());
                source.name
            }
            _ => "unrecognised",
        };
        assert_eq!(claimed, case.source, "{}", case.path.display());
    }
}

const FRAMINGS: [Framing; 6] =
    [Framing::Lines, Framing::Json, Framing::Parquet, Framing::Csv, Framing::Points, Framing::OpenTelemetry];

/// Frames and decodes bytes as every source; every framed record must be accounted for, in order.
fn nothing_is_lost(bytes: &[u8]) {
    let key = ObjectKey::default();
    for source in SOURCES {
        for framing in FRAMINGS {
            let head = Head { name: "", key: &key, bytes, whole: true };
            let outcome = run(source, framing, &head, bytes);
            let entries = || {
                let mut decoder = (source.decoder)();
                decoder.begin(&head, coldtrail_sources::time::Years::default());
                decoder.entries()
            };
            for (at, seen) in outcome.seen.iter().enumerate() {
                assert_eq!(seen.ordinal, at as u64 + 1, "records are counted from 1");
            }
            let offsets: Vec<u64> = outcome.seen.iter().filter_map(|seen| seen.offset).collect();
            // What is packed into one record (`framing::packed`) has the place of that record.
            assert!(offsets.is_sorted(), "records follow each other: {offsets:?}");
            // What is framed must not depend on how the bytes come in.
            let mut slow = Count::default();
            frame(Vec::new(), OneByOne(bytes), framing, entries(), &mut slow).unwrap();
            assert_eq!(slow.0, offsets_of(&outcome), "framing depends on the reader");
        }
        let _claimed = recognise("", &key, bytes, true, false);
    }
}

fn offsets_of(outcome: &Outcome) -> Vec<(u64, Option<u64>)> {
    outcome.seen.iter().map(|seen| (seen.ordinal, seen.offset)).collect()
}

#[derive(Default)]
struct Count(Vec<(u64, Option<u64>)>);

impl coldtrail_sources::Sink for Count {
    fn record(&mut self, record: &coldtrail_sources::Record<'_>) {
        self.0.push((record.ordinal, record.offset));
    }
    fn broken(&mut self, broken: coldtrail_sources::Broken<'_>) {
        self.0.push((broken.ordinal, broken.offset));
    }
    fn trailer(&mut self, _text: &str) {}
}

/// A reader that gives one byte at a time.
struct OneByOne<'a>(&'a [u8]);

impl std::io::Read for OneByOne<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), out.first_mut()) {
            (Some((byte, rest)), Some(slot)) => {
                *slot = *byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_accounted_for(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        nothing_is_lost(&bytes);
    }

    #[test]
    fn random_text_is_accounted_for(text in "[\\[\\]{}\":,\\\\#\n\t 0-9a-e%\"-]{0,200}") {
        nothing_is_lost(text.as_bytes());
    }

    #[test]
    fn mutated_cases_are_accounted_for(
        case in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        count in 0usize..40,
        with in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'{'), Just(b'}'), Just(b'\n'), Just(b'\t')], 0..6),
    ) {
        let cases = cases::all();
        let case = case.get(&cases);
        prop_assume!(!case.bytes.is_empty() && case.bytes.len() < 20_000);
        let mut bytes = case.bytes.clone();
        let start = at.index(bytes.len());
        let end = (start + count).min(bytes.len());
        bytes.splice(start..end, with);
        nothing_is_lost(&bytes);
    }
}

/// Text in an array, with a line break and nothing after it, was once looked at for ever.
#[test]
fn text_in_an_array_comes_to_an_end() {
    for text in ["[x\n", "[\nx\n\n", "{\"Records\":[x\n", "x\n", "[x", "[[x\n"] {
        nothing_is_lost(text.as_bytes());
    }
}

/// A mutation inside one record of many must not cost the others.
#[test]
fn a_broken_record_costs_only_itself() {
    let record = |n: usize| {
        format!(
            "{{\"eventVersion\":\"1.08\",\"eventName\":\"N{n}\",\"eventSource\":\"s3.amazonaws.com\",\"x\":{{\"y\":[1,\"a}}\"]}}}}"
        )
    };
    let breaks: [fn(&str) -> String; 6] = [
        |r| r.replacen(":\"1.08\"", ":\"1.08", 1),
        |r| r.replacen("}}", "}", 1),
        |r| r.replacen("{\"y\"", "{y", 1),
        |r| r.replacen("[1", "[01", 1),
        |r| r.replacen("\"a}\"", "\"a\u{1}}\"", 1),
        |r| r.replacen("\"x\":{", "\"x\":", 1),
    ];
    for (number, damage) in breaks.iter().enumerate() {
        let records: Vec<String> = (0..9).map(|n| if n == 4 { damage(&record(n)) } else { record(n) }).collect();
        let forms = [
            format!("{{\"Records\":[{}]}}", records.join(",")),
            format!("[\n  {}\n]", records.join(",\n  ")),
            records.join("\n"),
            records.join("\r\n") + "\r\n",
            records.concat(),
        ];
        for text in forms {
            let key = ObjectKey::default();
            let Recognised::Source(source, framing) = recognise("", &key, text.as_bytes(), true, false) else {
                panic!("unrecognised: {text}")
            };
            let head = Head { name: "", key: &key, bytes: text.as_bytes(), whole: true };
            let outcome = run(source, framing, &head, text.as_bytes());
            let good = outcome.rows();
            assert!(
                good == 8,
                "break {number}: {good} rows of 8, {:?} in {text}",
                outcome.rejects().collect::<Vec<_>>()
            );
        }
    }
}

/// One byte that was changed or lost costs the record in which it stood, and none of those behind it.
#[test]
fn one_changed_byte_costs_one_record() {
    const COUNT: usize = 6;
    let record = |n: usize| {
        format!(
            "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"Root\"}},\"eventName\":\"N{n}\",\"eventSource\":\"s3.amazonaws.com\",\"resources\":[{{\"ARN\":\"a\"}},{{\"ARN\":\"b\"}}]}}"
        )
    };
    let records: Vec<String> = (0..COUNT).map(record).collect();
    let key = ObjectKey::default();
    for broken in [0, 2] {
        for at in 0..records[broken].len() {
            for with in ["", "\"", "{", "}", "[", "]", ",", "x", "\n", "\\"] {
                let mut changed = records.clone();
                changed[broken].replace_range(at..=at, with);
                let text = format!("{{\"Records\":[{}]}}", changed.join(","));
                let source = SOURCES.iter().find(|source| source.name == "cloudtrail").unwrap();
                let head = Head { name: "", key: &key, bytes: text.as_bytes(), whole: true };
                let outcome = run(source, Framing::Json, &head, text.as_bytes());
                let named = |n: usize| {
                    let name = ("eventname", format!("N{n}"));
                    outcome
                        .seen
                        .iter()
                        .any(|seen| matches!(&seen.fate, Fate::Row { cells, .. } if cells.contains(&name)))
                };
                let lost: Vec<usize> = (0..COUNT).filter(|n| *n != broken && !named(*n)).collect();
                assert!(lost.is_empty(), "byte {at} of record {broken} is now `{with}`: lost {lost:?} in {text}");
            }
        }
    }
}

/// Whoever takes the records can say that it is enough, in every framing.
#[test]
fn reading_ends_when_it_is_enough() {
    #[derive(Default)]
    struct Three(u64);
    impl coldtrail_sources::Sink for Three {
        fn record(&mut self, _record: &coldtrail_sources::Record<'_>) {
            self.0 += 1;
        }
        fn broken(&mut self, _broken: coldtrail_sources::Broken<'_>) {
            self.0 += 1;
        }
        fn trailer(&mut self, _text: &str) {}
        fn enough(&mut self) -> bool {
            self.0 == 3
        }
    }
    let texts = [
        (Framing::Lines, "line\n".repeat(9)),
        (Framing::Json, "{\"a\":1}\n".repeat(9)),
        (Framing::Json, format!("{{\"Records\":[{}]}}", "{\"a\":x},".repeat(9))),
        (Framing::Csv, format!("a,b\n{}", "1,2\n".repeat(9))),
    ];
    for (framing, text) in texts {
        let mut sink = Three::default();
        frame(text.into_bytes(), std::io::empty(), framing, None, &mut sink).unwrap();
        assert_eq!(sink.0, 3, "{framing:?}");
    }
}
