//! The documents of an item, kept small while they wait for the next item of the resource.

use coldtrail_diff::diff;
use serde_json::Value;

/// The parts of an item that make its state, under the names that AWS gives them.
pub(crate) const PARTS: [&str; 4] = ["configuration", "supplementaryConfiguration", "tags", "relationships"];

/// The parts, parsed; null where the item has none.
pub(crate) type Documents = [Value; 4];

/// The parts as text, compressed when that pays.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    bytes: Box<[u8]>,
    compressed: bool,
}

/// Smaller texts hardly shrink.
const WORTH: usize = 1024;

impl Packed {
    pub(crate) fn new(parts: [Option<&str>; 4]) -> Packed {
        let mut text = String::with_capacity(parts.iter().map(|part| part.map_or(4, str::len) + 1).sum());
        for part in parts {
            text.push_str(part.unwrap_or("null"));
            text.push('\n');
        }
        if text.len() > WORTH
            && let Ok(bytes) = zstd::bulk::compress(text.as_bytes(), 1)
        {
            return Packed { bytes: bytes.into(), compressed: true };
        }
        Packed { bytes: text.into_bytes().into(), compressed: false }
    }

    pub(crate) fn documents(&self) -> Documents {
        let text = if self.compressed {
            // What this program compressed a moment ago; the cap is that of a record.
            zstd::bulk::decompress(&self.bytes, 1 << 30).unwrap_or_default()
        } else {
            self.bytes.to_vec()
        };
        let text = String::from_utf8(text).unwrap_or_default();
        let mut stream = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        std::array::from_fn(|_| parsed(stream.next()))
    }
}

/// Ingest lets nothing but JSON through; what is none counts as no document.
fn parsed(part: Option<serde_json::Result<Value>>) -> Value {
    part.and_then(Result::ok).unwrap_or_default()
}

/// What differs between two states of a resource, without what changes by itself.
pub(crate) fn changes(kind: &str, before: &Documents, after: &Documents) -> Vec<coldtrail_diff::Change> {
    let mut all = Vec::new();
    for ((part, before), after) in PARTS.iter().zip(before).zip(after) {
        all.extend(
            diff(part, before, after).into_iter().filter(|change| !coldtrail_diff::is_volatile(kind, &change.path)),
        );
    }
    all
}
