//! Which source an object holds: by its key and its first bytes together, never by the extension.

use std::sync::Arc;

use coldtrail_evidence::ObjectKey;

use crate::framing::{Framing, Record, Sink, begins_open_telemetry, csv_names, frame};
use crate::json::Value;
use crate::own::Definition;
use crate::routing;
use crate::source::{Head, LogSource, SOURCES};

/// What an object was recognised as.
pub enum Recognised {
    Source(&'static LogSource, Framing),
    /// No source knows it, and a definition of the user's describes it.
    Own(Arc<Definition>),
    /// There is nothing in it.
    Empty,
    /// No source knows it, and why.
    Unknown(String),
}

/// Recognises an object by its key and the first bytes of its inflated content, as what the program knows by itself.
/// [`crate::Definitions::recognise`] asks the user's definitions, too.
pub fn recognise(name: &str, key: &ObjectKey, bytes: &[u8], whole: bool, parquet: bool) -> Recognised {
    let trimmed = bytes.iter().position(|b| !b.is_ascii_whitespace() && *b != 0);
    let Some(start) = trimmed else { return Recognised::Empty };
    let head = Head { name, key, bytes, whole };
    let first = &bytes[start..];
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let framing = match first.first() {
        _ if parquet => Framing::Parquet,
        Some(b'{' | b'[') if looks_like_json(first) => Framing::Json,
        Some(b'0'..=b'9') if first.get(crate::framing::export_prefix(first)) == Some(&b'{') => Framing::Json,
        _ => Framing::Lines,
    };
    if whole && is_empty_container(first) {
        // Zero-record files are legal; the folder says whose they are.
        return match key.service.as_deref() {
            Some(service) if service.starts_with("CloudTrail") && service != "CloudTrail-Digest" => {
                Recognised::Source(&crate::cloudtrail::SOURCE, framing)
            }
            _ => Recognised::Empty,
        };
    }
    if let Some((source, framing)) = claimed(&head, framing) {
        return match framing {
            Framing::Lines => lines_or_table(&head, first, source),
            _ => Recognised::Source(source, framing),
        };
    }
    if framing == Framing::Lines
        && let Some(source) = table(&head)
    {
        return Recognised::Source(source, Framing::Csv);
    }
    // An export task puts the time before JSON, too; who takes the lines takes the time.
    if framing == Framing::Json
        && first[0].is_ascii_digit()
        && let Some((source, framing)) = claimed(&head, Framing::Lines)
    {
        return Recognised::Source(source, framing);
    }
    // A file cut at its beginning has a part of a record first, and a notification of AWS Config that came by
    // mail has prose, and may be indented.
    if framing == Framing::Lines
        && let Some((start, indented)) = json_after_prose(first)
        && let rest = (Head { bytes: first.get(start..).unwrap_or_default(), ..head })
        && let Some((source, framing)) = claimed(&rest, Framing::Json)
        && (!indented || source.name == crate::config_items::SOURCE.name)
    {
        return Recognised::Source(source, framing);
    }
    Recognised::Unknown(why_unknown(first, framing))
}

/// The source that knows an object, and how it is framed: as it looks, or in a way that looks the same.
fn claimed(head: &Head<'_>, framing: Framing) -> Option<(&'static LogSource, Framing)> {
    let other = match framing {
        Framing::Json => Some(Framing::Points),
        Framing::Lines if begins_open_telemetry(head.bytes) => Some(Framing::OpenTelemetry),
        _ => None,
    };
    [Some(framing), other].into_iter().flatten().find_map(|framing| {
        let source = SOURCES.iter().copied().find(|source| (source.claims)(head, framing))?;
        let carried = routing::instead(source, head, framing);
        Some(carried.map_or((source, framing), |framing| (&crate::cloudwatch_logs::SOURCE, framing)))
    })
}

/// Whose table it is, as text: its header tells whose columns it has.
fn table(head: &Head<'_>) -> Option<&'static LogSource> {
    header(head).and_then(|_names| claimed(head, Framing::Csv)).map(|(source, _)| source)
}

/// A cell of a table may hold lines of a log: where the first line is none of them and the header of a table, it is one.
fn lines_or_table(head: &Head<'_>, first: &[u8], source: &'static LogSource) -> Recognised {
    let end = memchr::memchr(b'\n', first).unwrap_or(first.len());
    let line = Head { bytes: first.get(..end).unwrap_or_default(), whole: true, ..*head };
    match header(&line).filter(|_names| claimed(&line, Framing::Lines).is_none()).and_then(|_names| table(head)) {
        Some(table) => Recognised::Source(table, Framing::Csv),
        None => Recognised::Source(source, Framing::Lines),
    }
}

/// Where the first line stands that begins a JSON object, and whether it is indented.
fn json_after_prose(bytes: &[u8]) -> Option<(usize, bool)> {
    memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).find_map(|at| {
        let line = bytes.get(at..).unwrap_or_default();
        let trimmed = line.trim_ascii_start();
        (trimmed.first() == Some(&b'{') && looks_like_json(trimmed)).then_some((at, line.len() > trimmed.len()))
    })
}

/// A bracket also begins `[06/Feb/2019…` and other lines of text.
fn looks_like_json(bytes: &[u8]) -> bool {
    let next = bytes.iter().skip(1).find(|b| !b.is_ascii_whitespace());
    match bytes[0] {
        b'{' => matches!(next, Some(b'"' | b'}') | None),
        _ => matches!(next, Some(b'{' | b']' | b'[') | None),
    }
}

/// Is it JSON in which lists of records may be, but no record is?
fn is_empty_container(bytes: &[u8]) -> bool {
    struct Count(u64);
    impl Sink for Count {
        fn record(&mut self, record: &Record<'_>) {
            self.0 += u64::from(record.text != "{}");
        }
        fn broken(&mut self, _broken: crate::framing::Broken<'_>) {
            self.0 += 1;
        }
        fn trailer(&mut self, text: &str) {
            // A list that does not end may have had records.
            self.0 += u64::from(!text.starts_with('{'));
        }
    }
    if bytes.len() > EMPTY_BYTES || !matches!(bytes.first(), Some(b'{' | b'[')) {
        return false;
    }
    let mut count = Count(0);
    frame(Vec::new(), bytes, Framing::Json, None, &mut count).is_ok() && count.0 == 0
}

/// Files without records are not longer than this.
const EMPTY_BYTES: usize = 1 << 10;

fn why_unknown(bytes: &[u8], framing: Framing) -> String {
    let text: String = String::from_utf8_lossy(&bytes[..bytes.len().min(48)]).escape_debug().collect();
    match framing {
        Framing::Json | Framing::Points => format!("JSON of no known source, begins with `{text}`"),
        Framing::Parquet => "Parquet of no known source".to_owned(),
        Framing::Lines | Framing::Csv | Framing::OpenTelemetry => format!("no known log, begins with `{text}`"),
    }
}

/// Is any of the first whole records in the head of the wanted kind?
pub(crate) fn any_record(head: &Head<'_>, wanted: fn(Value<'_>) -> bool) -> bool {
    any_framed(head, Framing::Json, wanted)
}

/// The same of records that are framed like this.
pub(crate) fn any_framed(head: &Head<'_>, framing: Framing, wanted: impl Fn(Value<'_>) -> bool) -> bool {
    struct Look<F> {
        wanted: F,
        found: bool,
    }
    impl<F: Fn(Value<'_>) -> bool> Sink for Look<F> {
        fn record(&mut self, record: &Record<'_>) {
            self.found = self.found || (record.ordinal <= LOOKED_AT && (self.wanted)(record.json()));
        }
        fn broken(&mut self, _broken: crate::framing::Broken<'_>) {}
        fn trailer(&mut self, _text: &str) {}
    }
    // A few records are enough nearly always; only when they are not is the whole head read.
    let few = head.bytes.len().min(FEW_BYTES);
    [few, head.bytes.len()].into_iter().any(|end| {
        let mut look = Look { wanted: &wanted, found: false };
        let bytes = head.bytes.get(..end).unwrap_or_default();
        frame(Vec::new(), bytes, framing, None, &mut look).is_ok() && look.found
    })
}

/// How many bytes of the head are looked at first.
const FEW_BYTES: usize = 16 << 10;

/// How many records decide: the first may be broken, or a control message.
const LOOKED_AT: u64 = 8;

/// The names in the first line, when it is a list of names.
pub(crate) fn header(head: &Head<'_>) -> Option<Vec<String>> {
    let names = csv_names(head.bytes);
    let is_name = |name: &&String| name.chars().find(|c| c.is_alphanumeric()).is_some_and(char::is_alphabetic);
    (names.iter().filter(is_name).count() >= 2).then_some(names)
}

/// The first lines of the head that are whole, without those that are blank.
pub(crate) fn lines<'a>(head: &Head<'a>) -> impl Iterator<Item = &'a [u8]> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let end = if head.whole { bytes.len() } else { memchr::memrchr(b'\n', bytes).unwrap_or(bytes.len()) };
    bytes[..end].split(|b| *b == b'\n').map(|line| line.trim_ascii_end()).filter(|line| !line.is_empty()).take(16)
}
