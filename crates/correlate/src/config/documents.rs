//! The documents of an item, kept small while they wait for the next item of the resource.

use coldtrail_diff::diff;
use serde_json::Value;

use crate::error::{Error, Result};

/// The parts of an item that make its state, under the names that AWS gives them.
pub(crate) const PARTS: [&str; 4] = ["configuration", "supplementaryConfiguration", "tags", "relationships"];

/// The parts, parsed; null where the item has none.
pub(crate) type Documents = [Value; 4];

/// The parts as text, one after the other, compressed when that pays.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    bytes: Box<[u8]>,
    compressed: bool,
    /// How long each part is; none where the item has none.
    lengths: [Option<usize>; 4],
}

/// Smaller texts hardly shrink.
const WORTH: usize = 1024;

impl Packed {
    pub(crate) fn new(parts: [Option<&str>; 4]) -> Packed {
        let lengths = parts.map(|part| part.map(str::len));
        let text = parts.map(Option::unwrap_or_default).concat();
        if text.len() > WORTH
            && let Ok(bytes) = zstd::bulk::compress(text.as_bytes(), 1)
        {
            return Packed { bytes: bytes.into(), compressed: true, lengths };
        }
        Packed { bytes: text.into_bytes().into(), compressed: false, lengths }
    }

    /// The parts again. An error means that memory does not hold what was put there.
    pub(crate) fn documents(&self) -> Result<Documents> {
        let length = self.lengths.iter().flatten().sum();
        let text = match self.compressed {
            true => zstd::bulk::decompress(&self.bytes, length).map_err(|source| Error::Unpack { source })?,
            false => self.bytes.to_vec(),
        };
        let lost = || Error::Unpack { source: std::io::ErrorKind::InvalidData.into() };
        let text = String::from_utf8(text).map_err(|_| lost())?;
        let mut rest = text.as_str();
        let mut documents = Documents::default();
        for (document, length) in documents.iter_mut().zip(self.lengths) {
            let Some(length) = length else { continue };
            let (part, after) = rest.split_at_checked(length).ok_or_else(lost)?;
            *document = parse(Some(part));
            rest = after;
        }
        Ok(documents)
    }
}

/// The documents of an item. What does not parse (nested too deeply, half of a surrogate pair) stays a text, so that
/// another text is a change and the same text none; that it was not read is said with the exposures.
pub(crate) fn parse(part: Option<&str>) -> Value {
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    part.map_or(Value::Null, read)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(4000));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for parts in [
            [Some("{\n\"a\": 1}"), None, Some("null"), Some("[]")],
            [Some(long.as_str()), Some("{}"), None, None],
            // A part that does not parse does not take those after it along.
            [Some(deep.as_str()), Some("{\"b\": \"\\ud800\"}"), Some("{\"c\": 2}"), None],
        ] {
            let documents = Packed::new(parts).documents().expect("what was packed");
            assert_eq!(documents, parts.map(parse));
            assert!(
                parts
                    .iter()
                    .zip(&documents)
                    .all(|(part, document)| part.is_none() || *part == Some("null") || !document.is_null())
            );
        }
        assert_eq!(parse(Some(&deep)), Value::String(deep.clone()));
    }

    #[test]
    fn a_broken_pack_is_an_error() {
        let mut packed = Packed::new([Some(&"x".repeat(5000)), None, None, None]);
        packed.bytes = packed.bytes[..packed.bytes.len() / 2].into();
        assert!(packed.documents().is_err());
    }
}
