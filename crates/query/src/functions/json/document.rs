//! Looking into JSON text without building it up: digits of numbers and the order of members stay as they are written.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The document without the white space around it; none if it is not JSON. All else here is given what came from this.
pub(crate) fn document(text: &str) -> Option<&str> {
    serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
}

pub(crate) fn is_object(value: &str) -> bool {
    value.starts_with('{')
}

pub(crate) fn is_array(value: &str) -> bool {
    value.starts_with('[')
}

/// The members of an object: the name as it is written, with its quotes, and the value.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = if is_object(object) { object.get(1..).unwrap_or_default() } else { "" };
    std::iter::from_fn(move || {
        let (name, after) = value(rest)?;
        let (member, after) = value(after)?;
        rest = after;
        Some((name, member))
    })
}

/// The items of an array.
pub(crate) fn items(array: &str) -> impl Iterator<Item = &str> {
    let mut rest = if is_array(array) { array.get(1..).unwrap_or_default() } else { "" };
    std::iter::from_fn(move || {
        let (item, after) = value(rest)?;
        rest = after;
        Some(item)
    })
}

/// The next value and what is after it; none at the end of what it would be in.
fn value(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
    let end = match text.as_bytes().first()? {
        b'}' | b']' => return None,
        b'"' => string_end(text.as_bytes()),
        b'{' | b'[' => nested_end(text.as_bytes()),
        _ => text.find([' ', '\t', '\r', '\n', ',', '}', ']']).unwrap_or(text.len()),
    };
    text.split_at_checked(end)
}

/// Where a string ends that begins the text.
fn string_end(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Where an object or array ends that begins the text.
fn nested_end(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0usize, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += string_end(bytes.get(at..).unwrap_or_default());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The text that a string stands for; none for what is no string.
pub(crate) fn string(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    match inner.contains('\\') {
        false => Some(Cow::Borrowed(inner)),
        true => serde_json::from_str::<String>(value).ok().map(Cow::Owned),
    }
}

/// The text of a string, number or boolean; none for null, objects and arrays.
pub(crate) fn scalar(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first()? {
        b'"' => string(value),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// The text of a scalar, and objects and arrays as JSON; none for null.
pub(crate) fn shown(value: &str) -> Option<Cow<'_, str>> {
    if is_object(value) || is_array(value) { Some(compact(value)) } else { scalar(value) }
}

pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object).find(|(written, _)| string(written).as_deref() == Some(name)).map(|(_, value)| value)
}

/// How many members or items it has; none for a scalar.
pub(crate) fn size(value: &str) -> Option<usize> {
    match value.as_bytes().first()? {
        b'{' => Some(members(value).count()),
        b'[' => Some(items(value).count()),
        _ => None,
    }
}

/// Without white space between its parts.
pub(crate) fn compact(value: &str) -> Cow<'_, str> {
    if !value.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Cow::Borrowed(value);
    }
    let mut kept = String::with_capacity(value.len());
    let (mut quoted, mut escaped) = (false, false);
    for mark in value.chars() {
        match mark {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' | '\r' | '\n' if !quoted => continue,
            _ => {}
        }
        kept.push(mark);
    }
    Cow::Owned(kept)
}
