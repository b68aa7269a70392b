//! The tape against a reference parser.
#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn read(text: &str) -> Result<usize, Fault> {
    Tape::default().read(text.as_bytes())
}

#[test]
fn agrees_with_a_reference_parser() {
    for text in [
        "{}",
        "[]",
        "[[]]",
        "{\"a\":{}}",
        "[{},[],1,-0.5e+10,\"\",true,false,null]",
        "\"x\\u00e9\\n\"",
        "{\"a\" : [ 1 , 2 ] }",
        "{\"a\":1,}",
        "[1,]",
        "{a:1}",
        "[01]",
        "[1.]",
        "[1e]",
        "\"\\x\"",
        "[tru]",
        "\"a\nb\"",
        "[}",
        "{\"a\"}",
        "{\"a\":}",
        "nul",
        "\"\\u12g4\"",
    ] {
        let ours = read(text).is_ok_and(|end| end == text.len());
        let reference = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(ours, reference, "{text}");
    }
}

#[test]
fn every_prefix_is_incomplete() {
    let text = r#"{"a":[1.5e3,"x\u00e9\"",{"b":null,"c":[true,false]}],"long string of more than eight":{}}"#;
    assert_eq!(read(text), Ok(text.len()));
    for end in 0..text.len() {
        assert_eq!(read(&text[..end]), Err(Fault::Incomplete), "{}", &text[..end]);
    }
}

#[test]
fn members_and_items_are_found_again() {
    let text = r#"{"a":{"x":[1,{"y":2}]},"b":"q\"\u00e9\ud83d\ude00\ud800","c":[],"d":{}, "e":-1}"#;
    let mut tape = Tape::default();
    tape.read(text.as_bytes()).unwrap();
    let root = tape.root(text);
    let keys: Vec<_> = root.entries().map(|(key, value)| format!("{key}={}", value.raw())).collect();
    assert_eq!(keys, ["a={\"x\":[1,{\"y\":2}]}", "b=\"q\\\"\\u00e9\\ud83d\\ude00\\ud800\"", "c=[]", "d={}", "e=-1"]);
    assert_eq!(root.get("b").unwrap().text().unwrap(), "q\"é😀\u{fffd}");
    let x = root.get("a").unwrap().get("x").unwrap();
    assert_eq!(x.items().map(|v| v.raw()).collect::<Vec<_>>(), ["1", "{\"y\":2}"]);
}

#[test]
fn depth_is_bounded() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(read(&deep(MAX_DEPTH)).is_ok());
    assert!(matches!(read(&deep(MAX_DEPTH + 1)), Err(Fault::TooDeep { .. })));
    assert!(matches!(read(&deep(100_000)), Err(Fault::TooDeep { .. })));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_safe_and_agree(text in "[\\[\\]{}\",:\\\\a01 tfn.e-]{0,40}") {
        let ours = read(&text).is_ok_and(|end| end == text.len());
        let reference = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        // The reference skips white space around the value, and reads numbers too large for a double as errors.
        if !text.starts_with(' ') && !text.ends_with(' ') && !text.contains('e') {
            proptest::prop_assert_eq!(ours, reference, "{}", text);
        }
    }
}
