//! Spellings of one value are one; values of different meaning are not.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, Value as Json};

use super::{Canonical, number};
use crate::json::Tape;

fn canonical(text: &str) -> Vec<u8> {
    let mut tape = Tape::default();
    tape.read(text.as_bytes()).unwrap();
    Canonical::default().of(tape.root(text)).to_vec()
}

#[track_caller]
fn same(texts: &[&str]) {
    let first = canonical(texts[0]);
    texts.iter().for_each(|text| assert_eq!(canonical(text), first, "{text} is {}", texts[0]));
}

#[track_caller]
fn different(texts: &[&str]) {
    let all: std::collections::BTreeSet<Vec<u8>> = texts.iter().map(|text| canonical(text)).collect();
    assert_eq!(all.len(), texts.len(), "{texts:?}");
}

#[test]
fn spellings_are_one() {
    same(&[r#"{"a":1,"b":{"c":[1,2],"d":"x/y"}}"#, r#"{ "b" : {"d":"x\/y", "c":[1, 2]} , "\u0061":1.0 }"#]);
    same(&[r#""é😀""#, r#""\u00e9\ud83d\ude00""#, r#""\u00E9\uD83D\uDE00""#]);
    same(&["10", "10.0", "1e1", "1E+1", "100e-1", "0.10e2"]);
    same(&["0", "-0", "0.0", "0e7", "-0.00"]);
    same(&["1e60", "10e59", "1.0e+60"]);
    same(&[r#"{"a":1}"#, r#"{"b":null,"a":1}"#]);
    // Names that only differ after their eighth byte.
    same(&[r#"{"resourceType":1,"resourceId":2}"#, r#"{"resourceId":2,"resourceType":1}"#]);
}

#[test]
fn content_is_told_apart() {
    different(&[
        "1", r#""1""#, "true", "null", "[]", "{}", "[1]", "[[1]]", r#"["1"]"#, "10", "-1", "1.5", "15", "1e-1",
    ]);
    different(&["[1,2]", "[2,1]", "[12]", r#"["1,2"]"#]);
    different(&[r#"{"a":"b"}"#, r#"{"ab":""}"#, r#"["a","b"]"#, r#"{"a":{"b":1}}"#, r#"{"a":1,"b":1}"#]);
    different(&[r#""\ud800""#, r#""\ud801""#, r#""\ufffd""#, r#""�""#]);
    different(&[r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#, r#"{"a":2}"#]);
    different(&["[null]", "[]", "[0]"]);
    different(&["9007199254740993", "9007199254740992", "9007199254740993.5"]);
    assert_eq!(number("1e99999999999999999999"), "1e99999999999999999999");
}

/// A value with its members the other way round, its strings escaped and white space between.
fn respelled(value: &Json, out: &mut String) {
    let string = |text: &str, out: &mut String| {
        out.push('"');
        text.encode_utf16().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
        out.push('"');
    };
    match value {
        Json::String(text) => string(text, out),
        Json::Array(items) => {
            out.push_str("[ ");
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { " ,\n" } else { "" });
                respelled(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push_str("{\t");
            for (at, (name, member)) in members.iter().rev().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                string(name, out);
                out.push_str(" : ");
                respelled(member, out);
            }
            out.push('}');
        }
        Json::Number(number) if number.is_i64() => out.push_str(&format!("{number}.0e0")),
        other => out.push_str(&other.to_string()),
    }
}

/// The value without members that are null.
fn meaning(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(meaning).collect(),
        Json::Object(members) => {
            let sorted: std::collections::BTreeMap<&String, Json> =
                members.iter().filter(|(_, member)| !member.is_null()).map(|(name, v)| (name, meaning(v))).collect();
            Json::Object(sorted.into_iter().map(|(name, v)| (name.clone(), v)).collect())
        }
        other => other.clone(),
    }
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "[a-c\"\\\\/é😀\n]{0,4}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec(("[a-c]{0,2}", inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect::<Map<String, Json>>())),
        ]
    })
}

proptest! {
    #[test]
    fn any_spelling_is_the_same(value in values()) {
        let mut other = String::new();
        respelled(&value, &mut other);
        prop_assert_eq!(canonical(&value.to_string()), canonical(&other), "{}", other);
    }

    #[test]
    fn other_meanings_are_different(a in values(), b in values()) {
        let equal = canonical(&a.to_string()) == canonical(&b.to_string());
        prop_assert_eq!(equal, meaning(&a) == meaning(&b), "{} {}", a, b);
    }
}
