//! What a definition would read of a sample: for whoever is writing one.

use std::io::{self, Read};
use std::sync::Arc;

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::arrow::array::{Array, RecordBatch};
use coldtrail_schema::tables::common::position;

use super::{Definition, Definitions, OWN, own_decoder};
use crate::framing::{Broken, Record, Sink, frame};
use crate::recognise::Recognised;
use crate::source::{Decoded, Decoder, Head, Mistyped};
use crate::time::Years;

/// What came of a sample.
#[derive(Debug, Default)]
pub struct Checked {
    /// The source that knows it, and would be asked before the definition.
    pub known_as: Option<&'static str>,
    /// Would the definition take it under this key, by `objects` and by its first records?
    pub taken: bool,
    pub records: u64,
    pub rows: u64,
    pub rejects: u64,
    /// Rows without a time.
    pub undated: u64,
    pub mistyped: Mistyped,
    /// The first rejects.
    pub first_rejects: Vec<RejectedRecord>,
    /// The first rows.
    pub first_rows: Option<RecordBatch>,
}

/// A record that the definition does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRecord {
    pub record: u64,
    pub offset: Option<u64>,
    pub reason: String,
    /// Its beginning.
    pub text: String,
}

/// As much as ingest looks at before it decides.
const HEAD: usize = 256 << 10;

/// So many rejects are shown.
const REJECTS: usize = 3;

/// So many characters of each.
const SHOWN: usize = 200;

/// Rows are counted when so many wait; the first of them are kept.
const ROWS: usize = 1_000;

/// Reads a sample, `head` and what comes after it, as the definition says, whoever else may know it.
pub fn check<R: Read>(
    definition: &Arc<Definition>,
    name: &str,
    head: Vec<u8>,
    rest: R,
    years: Years,
) -> io::Result<Checked> {
    let key = ObjectKey::parse(name);
    let mut checked = Checked::default();
    let start = head.get(..head.len().min(HEAD)).unwrap_or_default();
    let (whole, parquet) = (head.len() < HEAD, head.starts_with(b"PAR1"));
    match Definitions::of([Arc::clone(definition)]).recognise(name, &key, start, whole, parquet) {
        Recognised::Own(_) => checked.taken = true,
        Recognised::Source(source, _) => checked.known_as = Some(source.name),
        Recognised::Empty | Recognised::Unknown(_) => {}
    }
    let mut decoder = own_decoder(Arc::clone(definition));
    decoder.begin(&Head { name, key: &key, bytes: start, whole }, years);
    decoder.rows().begin(OWN.name);
    let entries = decoder.entries();
    let mut look = Look { decoder, checked };
    frame(head, rest, definition.framing(), entries, &mut look)?;
    look.count();
    look.checked.mistyped = look.decoder.mistyped().clone();
    Ok(look.checked)
}

struct Look {
    decoder: Box<dyn Decoder>,
    checked: Checked,
}

impl Look {
    /// Takes the rows that wait.
    fn count(&mut self) {
        if self.decoder.rows().is_empty() {
            return;
        }
        let rows = self.decoder.rows().finish().rows;
        self.checked.rows += rows.num_rows() as u64;
        self.checked.undated += rows.columns().get(position::TIME).map_or(0, |times| times.null_count()) as u64;
        if self.checked.first_rows.is_none() {
            self.checked.first_rows = Some(rows);
        }
    }

    fn reject(&mut self, record: u64, offset: Option<u64>, reason: String, text: &str) {
        self.checked.rejects += 1;
        if self.checked.first_rejects.len() < REJECTS {
            let text = text.chars().take(SHOWN).collect();
            self.checked.first_rejects.push(RejectedRecord { record, offset, reason, text });
        }
    }
}

impl Sink for Look {
    fn record(&mut self, record: &Record<'_>) {
        self.checked.records += 1;
        match self.decoder.record(record) {
            Ok(Decoded::Row) if self.decoder.rows().len() >= ROWS => self.count(),
            Ok(Decoded::Row) => {}
            Ok(Decoded::Nothing) => self.checked.records -= 1,
            Err(reject) => self.reject(record.ordinal, record.offset, reject.reason, record.text),
        }
    }

    fn broken(&mut self, broken: Broken<'_>) {
        self.checked.records += 1;
        let text = String::from_utf8_lossy(broken.bytes.get(..broken.bytes.len().min(4 * SHOWN)).unwrap_or_default());
        self.reject(broken.ordinal, broken.offset, broken.reason, &text);
    }

    fn trailer(&mut self, _text: &str) {}
}
