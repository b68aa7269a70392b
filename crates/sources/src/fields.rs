//! Taking known members out of a JSON record, and keeping the rest.

use std::borrow::Cow;

use coldtrail_schema::Pivots;
use sha2::{Digest, Sha256};

use crate::canonical::Canonical;
use crate::framing::Record;
use crate::json::{Tape, Value, unescape};
use crate::time::{self, Instant};

/// What a record holds beyond its columns, as a JSON object that grows.
#[derive(Default)]
pub(crate) struct Extra {
    members: Vec<(String, Node)>,
}

enum Node {
    Raw(String),
    Object(Vec<(String, Node)>),
}

impl Extra {
    /// Keeps `raw`, which is JSON text, under a path of names. What is there already under that name gets
    /// another one, so that nothing is overwritten and the last one has the name, as in JSON.
    pub(crate) fn put(&mut self, path: &[&str], raw: &str) {
        put(&mut self.members, path, raw);
    }

    /// The JSON text; none when there is nothing.
    pub(crate) fn finish(self) -> Option<String> {
        if self.members.is_empty() {
            return None;
        }
        let mut out = String::new();
        write_object(&self.members, &mut out);
        Some(out)
    }
}

fn put(members: &mut Vec<(String, Node)>, path: &[&str], raw: &str) {
    let Some((name, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        if let Some(earlier) = members.iter().position(|(other, _)| other == name) {
            let mut free = format!("{name}'");
            while members.iter().any(|(other, _)| *other == free) {
                free.push('\'');
            }
            members[earlier].0 = free;
        }
        members.push(((*name).to_owned(), Node::Raw(raw.to_owned())));
        return;
    }
    let at = members.iter().position(|(other, node)| other == name && matches!(node, Node::Object(_)));
    let at = at.unwrap_or_else(|| {
        members.push(((*name).to_owned(), Node::Object(Vec::new())));
        members.len() - 1
    });
    if let Some((_, Node::Object(inner))) = members.get_mut(at) {
        put(inner, rest, raw);
    }
}

fn write_object(members: &[(String, Node)], out: &mut String) {
    out.push('{');
    for (i, (name, node)) in members.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&json_string(name));
        out.push(':');
        match node {
            Node::Raw(raw) => out.push_str(raw),
            Node::Object(inner) => write_object(inner, out),
        }
    }
    out.push('}');
}

/// A text as JSON string.
pub(crate) fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Takes values as the kinds of their columns; what does not fit goes into the extra.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) extra: Extra,
}

impl Fields {
    /// The common beginning of all JSON records: the mark of replaced bytes.
    pub(crate) fn of(record: &Record<'_>) -> Fields {
        let mut fields = Fields::default();
        if record.lossy {
            fields.extra.put(&["invalid_utf8"], "true");
        }
        fields
    }

    /// Keeps what was around a record, outermost first: one object, or an array of them.
    pub(crate) fn envelope(&mut self, outer: &str, inner: &[String]) {
        let all = std::iter::once(outer).chain(inner.iter().map(String::as_str));
        let all: Vec<&str> = all.filter(|text| !matches!(*text, "" | "{}")).collect();
        match all.as_slice() {
            [] => {}
            [one] => self.extra.put(&["envelope"], one),
            more => self.extra.put(&["envelope"], &format!("[{}]", more.join(","))),
        }
    }

    /// Notes the value of a member; an earlier one of the same name is kept in the extra.
    pub(crate) fn set<'a>(&mut self, slot: &mut Option<Value<'a>>, name: &str, value: Value<'a>) {
        if let Some(earlier) = slot.replace(value) {
            self.extra.put(&["duplicate_keys", name], earlier.raw());
        }
    }

    #[inline]
    pub(crate) fn text<'a>(&mut self, path: &[&str], value: Option<Value<'a>>) -> Option<Cow<'a, str>> {
        let value = value?;
        match value.plain() {
            Some(text) => Some(Cow::Borrowed(text)),
            None if value.is_null() => None,
            None => self.special_text(path, value),
        }
    }

    /// With escapes, or no text at all.
    #[cold]
    fn special_text<'a>(&mut self, path: &[&str], value: Value<'a>) -> Option<Cow<'a, str>> {
        let text = value.text();
        match &text {
            None => self.extra.put(path, value.raw()),
            // A lone surrogate cannot be text.
            Some(Cow::Owned(text)) if text.contains('\u{fffd}') => self.extra.put(path, value.raw()),
            Some(_) => {}
        }
        text
    }

    /// A text, or a number as its digits.
    pub(crate) fn text_or_number<'a>(&mut self, path: &[&str], value: Option<Value<'a>>) -> Option<Cow<'a, str>> {
        match value {
            Some(number) if number.ty() == crate::json::Type::Number => Some(Cow::Borrowed(number.raw())),
            other => self.text(path, other),
        }
    }

    /// A boolean, also written as text.
    pub(crate) fn flag(&mut self, path: &[&str], value: Option<Value<'_>>) -> Option<bool> {
        let value = value.filter(|value| !value.is_null())?;
        match value.raw() {
            "true" | "\"true\"" => Some(true),
            "false" | "\"false\"" => Some(false),
            raw => {
                self.extra.put(path, raw);
                None
            }
        }
    }

    /// Any JSON but null, as it stands.
    pub(crate) fn json<'a>(&mut self, value: Option<Value<'a>>) -> Option<Cow<'a, str>> {
        value.filter(|value| !value.is_null()).map(|value| Cow::Borrowed(value.raw()))
    }

    /// An instant; a text from which it could not be made again is kept in the extra too.
    pub(crate) fn time(&mut self, path: &[&str], value: Option<Value<'_>>) -> Option<i64> {
        let value = value.filter(|value| !value.is_null())?;
        let instant = match value.text() {
            Some(text) => time::iso(&text),
            None => time::epoch_seconds(value.raw()).map(|micros| Instant { micros, canonical: false }),
        };
        if !instant.is_some_and(|i| i.canonical) {
            self.extra.put(path, value.raw());
        }
        instant.map(|i| i.micros)
    }
}

/// 64 bits of the SHA-256 of a JSON record's content; equal for all spellings of it.
pub(crate) fn json_hash(seed: &str, text: &str, tape: &Tape, canonical: &mut Canonical) -> i64 {
    match tape.is_empty() {
        // It was framed as a line.
        true => content_hash(seed, text),
        false => hash(seed, canonical.of(tape.root(text))),
    }
}

/// 64 bits of the SHA-256 of a seed and a text.
pub(crate) fn content_hash(seed: &str, text: &str) -> i64 {
    hash(seed, text.as_bytes())
}

fn hash(seed: &str, content: &[u8]) -> i64 {
    let digest = Sha256::new().chain_update(seed).chain_update(content).finalize();
    digest.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)) as i64
}

/// Sorts every string of a record into the pivots, and the words of those that hold text with
/// structure of its own: JSON inside a string, messages.
pub(crate) fn pivots_of(text: &str, tape: &Tape, pivots: &mut Pivots) {
    for (raw, escaped) in tape.strings(text) {
        if !may_pivot(raw) {
            continue;
        }
        let raw = host(raw);
        if !escaped && raw.len() < 24 {
            pivots.classify(raw);
        } else if escaped {
            words(&unescape(raw), pivots);
        } else if raw.starts_with("arn:") && !raw.contains(' ') {
            pivots.classify(raw);
        } else {
            words(raw, pivots);
        }
    }
}

/// Most strings are names, numbers, times and ids of events; a look at a few of their bytes passes them over.
#[inline]
fn may_pivot(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let &[first, ..] = bytes else { return false };
    match bytes.len() {
        0..7 => bytes.len() >= 2 && bytes.contains(&b':'),
        // `2024-05-06T07:08:09Z`
        20 if bytes[10] == b'T' && bytes[19] == b'Z' => false,
        // `0d1c0d37-5d0c-4c54-9a0f-0d6f2b2a5f6c`
        36 if bytes[8] == b'-' && bytes[13] == b'-' && bytes[18] == b'-' && bytes[23] == b'-' => false,
        24.. => true,
        _ => match first {
            b'a'..=b'z' | b'0'..=b'9' => has_mark(bytes),
            b'A' => matches!(&bytes[..4], b"AKIA" | b"ASIA" | b"AROA" | b"AIDA"),
            b':' => true,
            _ => false,
        },
    }
}

/// Is there a hyphen, a dot or a colon in these 7 to 23 bytes? Eight of them are looked at together.
#[inline]
fn has_mark(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let marked = |eight: [u8; 8]| {
        let word = u64::from_le_bytes(eight);
        // Exact about whether there is one, though not about where.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        (zero(word ^ (ONES * 0x2d)) | zero(word ^ (ONES * 0x2e)) | zero(word ^ (ONES * 0x3a))) & HIGH != 0
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().any(|word| marked(*word)) || rest.iter().any(|byte| matches!(byte, b'-' | b'.' | b':'))
}

/// A network of one address, as rules of security groups have it, is that address.
fn host(text: &str) -> &str {
    text.strip_suffix("/32").or_else(|| text.strip_suffix("/128")).unwrap_or(text)
}

/// What stands between the words of a text.
static BETWEEN: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b" \t\n\r\x0b\x0c\"',;()[]{}<>&=?";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

/// Classifies each word of a longer text.
pub(crate) fn words(text: &str, pivots: &mut Pivots) {
    let bytes = text.as_bytes();
    // A text without any of the marks of a pivot is not cut up.
    if memchr::memchr3(b':', b'-', b'.', bytes).is_none() && !text.contains("IA") && !text.contains("OA") {
        return;
    }
    let mut start = 0;
    for end in 0..=bytes.len() {
        if bytes.get(end).is_none_or(|byte| BETWEEN[usize::from(*byte)]) {
            if end - start >= 7 {
                let word = text.get(start..end).unwrap_or_default();
                pivots.classify(host(word.trim_end_matches(['.', ':'])));
            }
            start = end + 1;
        }
    }
}
