//! Entries of several lines, over a toy log: an entry begins with `> `, and its text may stand in brackets.

use std::fmt::Write as _;
use std::time::Instant;

use coldtrail_sources::{Broken, Entries, Framing, Record, Sink, frame};
use proptest::prelude::*;

struct Toy {
    inside: bool,
}

impl Entries for Toy {
    fn begins(&self, line: &[u8], _alone: bool) -> bool {
        line.starts_with(b"> ")
    }

    fn open(&mut self, line: &[u8], first: bool) -> bool {
        let last = line.iter().rev().find(|b| matches!(b, b'[' | b']'));
        self.inside = last.map_or(self.inside && !first, |bracket| *bracket == b'[');
        self.inside
    }
}

#[derive(Default)]
struct Seen(Vec<(u64, Option<u64>, String)>);

impl Sink for Seen {
    fn record(&mut self, record: &Record<'_>) {
        let more = if record.continued.is_empty() { String::new() } else { format!(" + {}", record.continued) };
        self.0.push((record.ordinal, record.offset, format!("{}{more}", record.text)));
    }
    fn broken(&mut self, broken: Broken<'_>) {
        self.0.push((broken.ordinal, broken.offset, format!("broken: {} of {} bytes", broken.reason, broken.size)));
    }
    fn trailer(&mut self, _text: &str) {}
}

fn framed(bytes: &[u8], framing: Framing) -> Vec<(u64, Option<u64>, String)> {
    let mut seen = Seen::default();
    frame(Vec::new(), bytes, framing, Some(Box::new(Toy { inside: false })), &mut seen).unwrap();
    seen.0
}

fn texts(text: &str) -> Vec<String> {
    framed(text.as_bytes(), Framing::Lines).into_iter().map(|(_, _, text)| text).collect()
}

#[test]
fn an_entry_lasts_until_the_next_begins() {
    let seen = framed(b"\xef\xbb\xbf\n\n> a\r\n  b\n\n c\n\n> d\n> e", Framing::Lines);
    let expected = [(1, 5, "> a\r\n  b\n\n c"), (2, 19, "> d"), (3, 23, "> e")];
    let expected: Vec<_> = expected.map(|(n, at, text)| (n, Some(at), text.to_owned())).into();
    assert_eq!(seen, expected);
}

#[test]
fn what_comes_before_the_first_is_one_record() {
    assert_eq!(texts("tail of\nanother\n> a\n"), ["tail of\nanother", "> a"]);
}

#[test]
fn nothing_begins_inside_brackets() {
    assert_eq!(texts("> say [x\n> forged\n] end\n> b\n"), ["> say [x\n> forged\n] end", "> b"]);
}

#[test]
fn a_bracket_that_never_closes_costs_one_entry() {
    assert_eq!(texts("> cut [x\n> b\n> c\n"), ["> cut [x", "> b", "> c"]);
    // Also when much follows, and each of many is cut.
    let mut text = String::new();
    for at in 0..40_000 {
        writeln!(text, "> [{at} {}", "x".repeat(at % 90)).unwrap();
        text.push_str("> fine\n");
    }
    let started = Instant::now();
    let seen = texts(&text);
    assert!(seen.iter().filter(|text| *text == "> fine").count() >= 39_000, "{} entries", seen.len());
    assert!(started.elapsed().as_secs() < 20, "linear, whatever stands there");
}

#[test]
fn an_entry_too_long_costs_itself() {
    let mut text = String::from("> a\n> long\n");
    while text.len() < 17 << 20 {
        text.push_str("goes on and on and on and on and on and on and on and on\n");
    }
    text.push_str("> b\n");
    let seen = texts(&text);
    assert_eq!((seen.len(), seen[0].as_str(), seen[2].as_str()), (3, "> a", "> b"));
    assert!(seen[1].starts_with("broken: the entry is longer"), "{}", seen[1]);
}

#[test]
fn events_that_go_on_are_joined() {
    let event = |id: u32, message: &str| {
        format!("{{\"id\":\"{id}\",\"timestamp\":1,\"message\":{}}}", serde_json::Value::from(message))
    };
    let document = |stream: &str, events: &[String]| {
        format!("{{\"logGroup\":\"g\",\"logStream\":\"{stream}\",\"logEvents\":[{}]}}", events.join(","))
    };
    let text = document("a", &[event(1, "> x"), event(2, "\ty"), event(3, "\tz"), event(4, "> q\n> of q")])
        + &document("b", &[event(5, "\tanother stream")]);
    let seen = framed(text.as_bytes(), Framing::Json);
    let joined = [event(1, "> x"), event(2, "\ty"), event(3, "\tz")].join("\n") + " + \ty\n\tz";
    let expected = [joined, event(4, "> q\n> of q"), event(5, "\tanother stream")];
    assert_eq!(seen.iter().map(|(_, _, text)| text.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(seen.iter().map(|(n, ..)| *n).collect::<Vec<_>>(), [1, 2, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// All bytes but blank lines at the ends stand in exactly one entry, in order.
    #[test]
    fn no_byte_is_lost(text in "([> \\[\\]a-c\n]{0,12}\n){0,12}") {
        let seen = framed(text.as_bytes(), Framing::Lines);
        let mut at = 0;
        for (_, offset, entry) in &seen {
            let offset = usize::try_from(offset.unwrap()).unwrap();
            prop_assert!(text[at..offset].trim().is_empty(), "between {at} and {offset}");
            prop_assert_eq!(&text[offset..offset + entry.len()], entry.as_str());
            at = offset + entry.len();
        }
        prop_assert!(text[at..].trim().is_empty());
    }
}
