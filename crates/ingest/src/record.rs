//! One record as it stands in its object: what a row, a reject or a duplicate was made from.

use std::io::Read;

use coldtrail_evidence::{Case, Entry, Limits, ObjectKey};
use coldtrail_sources::time::Years;
use coldtrail_sources::{Broken, Definitions, Framing, Head, Recognised, Record, Sink, frame};

use crate::decode::{HEAD, opened, parquet_head, parquet_rows};
use crate::error::{Error, Result};

/// A record's bytes and their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    /// Where it begins in the inflated object; none when the object is Parquet.
    pub offset: Option<u64>,
    pub bytes: Vec<u8>,
    /// How long it is; more than `bytes` holds when it is longer than a record may be.
    pub size: u64,
    /// Why it is no row, if framing found it broken.
    pub broken: Option<String>,
    /// `lines`, `json` or `parquet`.
    pub format: &'static str,
}

/// Finds a record of an object whose bytes still have the hash of the manifest. What `own` describes is framed as it says.
pub fn find_record(case: &Case, entry: &Entry, record: u64, limits: &Limits, own: &Definitions) -> Result<FoundRecord> {
    let failed = |reason: String| Error::Object { key: entry.key.clone(), reason };
    let mut object = opened(case, entry, limits).map_err(failed)?;
    let mut head = object.head(HEAD).map_err(|error| failed(error.to_string()))?;
    let parquet = head.starts_with(b"PAR1");
    let rest: Box<dyn Read> = if parquet {
        let mut rows = parquet_rows(entry, head, object, limits).map_err(failed)?;
        head = parquet_head(&mut rows).map_err(|error| failed(error.to_string()))?;
        Box::new(rows)
    } else {
        Box::new(object)
    };
    let start = head.get(..head.len().min(HEAD)).unwrap_or_default();
    let whole = head.len() < HEAD;
    let key = ObjectKey::parse(&entry.key);
    let (framing, entries) = match own.recognise(&entry.key, &key, start, whole, parquet) {
        Recognised::Source(source, framing) => {
            let mut decoder = (source.decoder)();
            decoder.begin(&Head { name: &entry.key, key: &key, bytes: start, whole }, Years::default());
            (framing, decoder.entries())
        }
        Recognised::Own(definition) => (definition.framing(), definition.entries()),
        // Nothing was made from it; its lines can be looked at all the same.
        Recognised::Empty | Recognised::Unknown(_) => (Framing::Lines, None),
    };
    let mut look = Look { wanted: record, last: 0, found: None, format: framing.name() };
    frame(head, rest, framing, entries, &mut look).map_err(|error| failed(error.to_string()))?;
    let last = look.last;
    look.found.ok_or(Error::NoRecord { key: entry.key.clone(), record, last })
}

struct Look {
    wanted: u64,
    last: u64,
    found: Option<FoundRecord>,
    format: &'static str,
}

impl Sink for Look {
    fn record(&mut self, record: &Record<'_>) {
        self.last = record.ordinal;
        if record.ordinal == self.wanted {
            let bytes = record.text.as_bytes().to_vec();
            self.found = Some(FoundRecord {
                offset: record.offset,
                size: bytes.len() as u64,
                bytes,
                broken: None,
                format: self.format,
            });
        }
    }

    fn broken(&mut self, broken: Broken<'_>) {
        self.last = broken.ordinal;
        if broken.ordinal == self.wanted {
            let (bytes, size) = (broken.bytes.to_vec(), broken.size);
            self.found = Some(FoundRecord {
                offset: broken.offset,
                bytes,
                size,
                broken: Some(broken.reason),
                format: self.format,
            });
        }
    }

    fn trailer(&mut self, _text: &str) {}
}
