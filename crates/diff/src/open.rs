//! Documents inside strings, plain or URL-encoded.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Strings in strings: S3 writes access control lists as a JSON string of a JSON string.
const DEPTH: usize = 4;

/// The value, or the document that it holds when it is a string.
pub(crate) fn opened(value: &Value) -> Cow<'_, Value> {
    match value.as_str().and_then(document) {
        Some(document) => Cow::Owned(document),
        None => Cow::Borrowed(value),
    }
}

/// The object or list that a string holds.
pub(crate) fn document(text: &str) -> Option<Value> {
    within(text, DEPTH)
}

fn within(text: &str, depth: usize) -> Option<Value> {
    if depth == 0 {
        return None;
    }
    let text = text.trim();
    let text = match text.as_bytes() {
        [b'{' | b'[' | b'"', ..] => Cow::Borrowed(text),
        [b'%', b'7', b'B' | b'b', ..] | [b'%', b'5', b'B' | b'b', ..] => percent_decode_str(text).decode_utf8().ok()?,
        _ => return None,
    };
    match serde_json::from_str(&text).ok()? {
        Value::String(inner) => within(&inner, depth - 1),
        found @ (Value::Object(_) | Value::Array(_)) => Some(found),
        _ => None,
    }
}

/// A copy in which every string that holds a document is that document.
pub(crate) fn deep(value: &Value) -> Value {
    match value {
        Value::String(text) => document(text).map_or_else(|| value.clone(), |inner| deep(&inner)),
        Value::Array(items) => items.iter().map(deep).collect(),
        Value::Object(members) => Value::Object(members.iter().map(|(name, v)| (name.clone(), deep(v))).collect()),
        _ => value.clone(),
    }
}
