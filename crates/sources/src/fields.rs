//! Taking known members out of a JSON record, and keeping the rest.

use std::borrow::Cow;
use std::collections::HashMap;

use coldtrail_schema::Pivots;
use coldtrail_schema::tables::common::EVENT_TIME;
use sha2::{Digest, Sha256};

use crate::canonical::Canonical;
use crate::framing::Record;
use crate::json::{Tape, Type, Value, unescape};
use crate::source::Mistyped;
use crate::time::{self, Instant, Years};

/// What a record holds beyond its columns, as a JSON object that grows.
#[derive(Default)]
pub(crate) struct Extra {
    members: Members,
    /// The columns that could not take their values as these were.
    mistyped: Vec<String>,
    /// Are the columns named in snake case?
    snake: bool,
}

enum Node {
    Raw(String),
    Object(Members),
}

impl Extra {
    /// Keeps `raw`, which is JSON text, under a path of names. What is there already under that name gets
    /// another one, so that nothing is overwritten and the last one has the name, as in JSON.
    pub(crate) fn put(&mut self, path: &[&str], raw: &str) {
        self.members.put(path, raw);
    }

    /// Keeps a value that the column of that path cannot take, because it is of another type or not understood.
    #[cold]
    pub(crate) fn misfit(&mut self, path: &[&str], raw: &str) {
        self.put(path, raw);
        self.mistyped.push(if self.snake { snake(path) } else { column(path) });
    }

    /// The columns of the table have names in snake case: `ProductArn` is `product_arn`.
    pub(crate) fn snake_case(&mut self) {
        self.snake = true;
    }

    /// Counts a column whose value stays among what is left.
    pub(crate) fn mistype(&mut self, column: &str) {
        self.mistyped.push(column.to_owned());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.list.is_empty()
    }

    /// The JSON text; none when there is nothing. What did not fit is counted.
    pub(crate) fn finish(self, mistyped: &mut Mistyped) -> Option<String> {
        self.mistyped.into_iter().for_each(|column| mistyped.add(column));
        if self.members.list.is_empty() {
            return None;
        }
        let mut out = String::new();
        self.members.write(&mut out);
        Some(out)
    }
}

/// The column of a member: its names in lower case, joined as Athena nests them.
fn column(path: &[&str]) -> String {
    match path {
        ["eventTime" | "time" | "timestamp" | "query_timestamp"] | ["event", "timestamp"] => EVENT_TIME.to_owned(),
        ["resources"] => "event_resources".to_owned(),
        _ => path.join("_").to_ascii_lowercase().replace(['-', '('], "_").replace(')', ""),
    }
}

/// The column of a member where columns are named in snake case.
fn snake(path: &[&str]) -> String {
    let mut name = String::new();
    for (at, c) in path.join("_").char_indices() {
        if c.is_ascii_uppercase() && at > 0 && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// The members of an object, in order.
#[derive(Default)]
struct Members {
    list: Vec<(String, Node)>,
    /// Where each is, once there are many: a record may have a million.
    places: HashMap<String, usize>,
    renamed: usize,
}

/// So many names are looked through one by one.
const FEW: usize = 16;

impl Members {
    fn place(&mut self, name: &str) -> Option<usize> {
        if self.list.len() <= FEW {
            return self.list.iter().position(|(other, _)| other == name);
        }
        for (at, (name, _)) in self.list.iter().enumerate().skip(self.places.len()) {
            self.places.insert(name.clone(), at);
        }
        self.places.get(name).copied()
    }

    /// Gives a member another name.
    fn rename(&mut self, at: usize, name: &str) {
        self.renamed += 1;
        let mut free = format!("{name}'");
        while self.place(&free).is_some() {
            // One quote more each time would make long names of many.
            free = if free.ends_with("''") { format!("{name}'{}", self.renamed) } else { free + "'" };
            self.renamed += 1;
        }
        if self.places.remove(name).is_some() {
            self.places.insert(free.clone(), at);
        }
        if let Some((name, _)) = self.list.get_mut(at) {
            *name = free;
        }
    }

    fn push(&mut self, name: &str, node: Node) {
        // The index is filled up in order.
        if !self.places.is_empty() && self.places.len() == self.list.len() {
            self.places.insert(name.to_owned(), self.list.len());
        }
        self.list.push((name.to_owned(), node));
    }

    fn put(&mut self, path: &[&str], raw: &str) {
        let Some((name, rest)) = path.split_first() else { return };
        let there = self.place(name);
        if rest.is_empty() {
            if let Some(earlier) = there {
                self.rename(earlier, name);
            }
            self.push(name, Node::Raw(raw.to_owned()));
            return;
        }
        let object = there.filter(|at| matches!(self.list.get(*at), Some((_, Node::Object(_)))));
        let at = object.unwrap_or_else(|| {
            if let Some(earlier) = there {
                self.rename(earlier, name);
            }
            self.push(name, Node::Object(Members::default()));
            self.list.len() - 1
        });
        if let Some((_, Node::Object(inner))) = self.list.get_mut(at) {
            inner.put(rest, raw);
        }
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        for (i, (name, node)) in self.list.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            out.push_str(&json_string(name));
            out.push(':');
            match node {
                Node::Raw(raw) => out.push_str(raw),
                Node::Object(inner) => inner.write(out),
            }
        }
        out.push('}');
    }
}

/// A text as JSON string.
pub(crate) fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Takes values as the kinds of their columns; what does not fit goes into the extra.
pub(crate) struct Fields {
    pub(crate) extra: Extra,
    years: Years,
}

impl Fields {
    /// The common beginning of all JSON records: the mark of replaced bytes.
    pub(crate) fn of(record: &Record<'_>, years: Years) -> Fields {
        let mut fields = Fields { extra: Extra::default(), years };
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

    /// With escapes, or no text at all. What another type evidently says is taken; how it stood is kept and counted.
    #[cold]
    fn special_text<'a>(&mut self, path: &[&str], value: Value<'a>) -> Option<Cow<'a, str>> {
        let Some(text) = value.text() else {
            self.extra.misfit(path, value.raw());
            return evident(value);
        };
        // A lone surrogate cannot be text.
        if text.contains('\u{fffd}') {
            self.extra.put(path, value.raw());
        }
        Some(text)
    }

    /// An account: 12 digits, of which the first ones are lost where it was written as a number.
    pub(crate) fn account<'a>(&mut self, path: &[&str], value: Option<Value<'a>>) -> Option<Cow<'a, str>> {
        let text = self.text(path, value)?;
        let number = value.is_some_and(|value| value.ty() == Type::Number) && text.bytes().all(|b| b.is_ascii_digit());
        Some(if number && text.len() < 12 { Cow::Owned(format!("{text:0>12}")) } else { text })
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
                let word = raw.trim_matches('"');
                let flag = if word.eq_ignore_ascii_case("true") {
                    Some(true)
                } else {
                    word.eq_ignore_ascii_case("false").then_some(false)
                };
                match flag {
                    // Nothing was said.
                    None if word.is_empty() => self.extra.put(path, raw),
                    None => self.extra.misfit(path, raw),
                    Some(_) => self.extra.put(path, raw),
                }
                flag
            }
        }
    }

    /// A whole number, also written as text.
    pub(crate) fn int(&mut self, path: &[&str], value: Option<Value<'_>>) -> Option<i64> {
        let value = value.filter(|value| !value.is_null())?;
        let digits = value.plain().unwrap_or(value.raw());
        let number = digits.parse().ok();
        match number {
            Some(0..=9) if digits.len() == 1 => {}
            Some(_) if !digits.starts_with(['0', '+', '-']) => {}
            // Nothing was said, or it could not be written again as it was.
            None if !digits.is_empty() => self.extra.misfit(path, value.raw()),
            _ => self.extra.put(path, value.raw()),
        }
        number
    }

    /// Any JSON but null, as it stands.
    pub(crate) fn json<'a>(&mut self, value: Option<Value<'a>>) -> Option<Cow<'a, str>> {
        value.filter(|value| !value.is_null()).map(|value| Cow::Borrowed(value.raw()))
    }

    /// The same of a value that exporters write as text: the document in it, where there is one.
    pub(crate) fn opened<'a>(&mut self, opened: &Opened<'a>) -> Option<Cow<'a, str>> {
        match &opened.document {
            Some((text, _)) => Some(Cow::Owned(text.trim().to_owned())),
            None => self.json(opened.value),
        }
    }

    /// An instant of the years that a record can be of.
    pub(crate) fn instant(&self, value: Value<'_>) -> Option<i64> {
        instant(value, 3).map(|found| found.micros).filter(|micros| self.years.hold(*micros))
    }

    /// The same as [`Fields::time`] where the log has a form of its own for it.
    pub(crate) fn stamp(&mut self, path: &[&str], value: Option<Value<'_>>, form: Stamp) -> Option<i64> {
        let own = value.filter(|value| form.is(*value)).and_then(|value| self.instant(value));
        own.or_else(|| self.time(path, value))
    }

    /// An instant of the years that a record can be of; a text from which it could not be made again is kept in the
    /// extra too.
    pub(crate) fn time(&mut self, path: &[&str], value: Option<Value<'_>>) -> Option<i64> {
        let value = value.filter(|value| !value.is_null())?;
        match instant(value, 3).filter(|instant| self.years.hold(instant.micros)) {
            Some(instant) => {
                if !instant.canonical {
                    self.extra.put(path, value.raw());
                }
                Some(instant.micros)
            }
            None => {
                self.extra.misfit(path, value.raw());
                None
            }
        }
    }
}

/// How a log always writes a time, so that it can be made again although it is no usual text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// `1632420429309`
    Millis,
    /// `1636381332` or `"1636381332"`
    Seconds,
    /// `"2021-11-08T14:22:12.637611+0000"`
    Offset,
}

impl Stamp {
    fn is(self, value: Value<'_>) -> bool {
        let text = value.plain().unwrap_or(value.raw());
        let digits = |count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Stamp::Millis => digits(13) && value.ty() == Type::Number,
            Stamp::Seconds => digits(10),
            Stamp::Offset => text.len() == 31 && text.ends_with("+0000"),
        }
    }
}

/// A time as text, as number, or wrapped as databases export it: `{"$date": …}` of MongoDB, `{"S": …}` of DynamoDB,
/// a list of one.
fn instant(value: Value<'_>, depth: usize) -> Option<Instant> {
    match value.ty() {
        Type::Plain | Type::Escaped => time::read(&value.text()?),
        Type::Number => time::read(value.raw()),
        Type::Array | Type::Object if depth > 0 => {
            const WRAPPERS: [&str; 4] = ["$date", "$numberLong", "N", "S"];
            let mut members = value.entries();
            let member = members.next().filter(|(name, _)| WRAPPERS.contains(&name.as_ref()));
            let mut items = value.items();
            let inner = member.map(|(_, inner)| inner).or_else(|| items.next())?;
            let alone = members.next().is_none() && items.next().is_none();
            if alone { instant(inner, depth - 1).map(|found| Instant { canonical: false, ..found }) } else { None }
        }
        _ => None,
    }
}

/// What a value that is no text says all the same: a number or flag its letters, a list of one what is in it.
fn evident(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.ty() {
        Type::Number | Type::True | Type::False => Some(Cow::Borrowed(value.raw())),
        Type::Array => {
            let mut items = value.items();
            let first = items.next().filter(|_| items.next().is_none())?;
            first.text().or_else(|| if first.is_array() { None } else { evident(first) })
        }
        _ => None,
    }
}

/// A value; where exporters wrote a document as text, the document in it.
pub(crate) struct Opened<'a> {
    value: Option<Value<'a>>,
    document: Option<(String, Tape)>,
}

impl<'a> Opened<'a> {
    #[inline]
    pub(crate) fn of(value: Option<Value<'a>>) -> Opened<'a> {
        let text = value.filter(|value| matches!(value.ty(), Type::Plain | Type::Escaped));
        Opened { value, document: text.and_then(document) }
    }

    #[inline]
    pub(crate) fn value(&self) -> Option<Value<'_>> {
        match &self.document {
            Some((text, tape)) => Some(tape.root(text)),
            None => self.value,
        }
    }
}

/// The one JSON object, or array, that a text is.
fn document(value: Value<'_>) -> Option<(String, Tape)> {
    let text = value.text()?;
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut tape = Tape::default();
    (tape.read(text.as_bytes()) == Ok(text.len())).then(|| (text.to_owned(), tape))
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
        pivots_in(raw, escaped, pivots);
    }
}

/// The same of one string.
#[inline]
pub(crate) fn pivots_in(raw: &str, escaped: bool, pivots: &mut Pivots) {
    if !may_pivot(raw) {
        return;
    }
    if escaped {
        one_or_words(&unescape(raw), pivots);
    } else if raw.len() < 24 && !raw.contains([' ', ',']) {
        pivots.classify(host(raw));
    } else {
        one_or_words(raw, pivots);
    }
}

/// An ARN is taken whole. The key of an S3 object may hold spaces, quotes and all else; other ARNs hold none, and a
/// text that begins with one and goes on is a message.
fn one_or_words(text: &str, pivots: &mut Pivots) {
    let arn = text
        .strip_prefix("arn:")
        .filter(|rest| !rest.contains(' ') || rest.split_once(':').is_some_and(|(_, rest)| rest.starts_with("s3:::")));
    if arn.is_some() {
        pivots.classify(text);
    } else {
        words(text, pivots);
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
            b'A'..=b'F' => matches!(&bytes[..4], b"AKIA" | b"ASIA" | b"AROA" | b"AIDA") || bytes[..5].contains(&b':'),
            b':' | b'[' => true,
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
    // A backslash stands before the quotes of a document inside a document.
    let marks = b" \t\n\r\x0b\x0c\"'\\,;()[]{}<>&=?";
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
