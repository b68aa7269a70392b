//! One object: opened, recognised, framed, decoded.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use coldtrail_evidence::hash::sha256;
use coldtrail_evidence::{Case, Damage, Entry, Facts, Limits, Opened, hash_stored, open, open_bytes, read_stored};
use coldtrail_lake::rows_as_json;
use coldtrail_schema::Table;
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::rows::Batch;
use coldtrail_schema::tables::ledger::{RejectRow, RejectRows};
use coldtrail_sources::{
    Broken, Decoded, Decoder, Framing, Head, LogSource, Recognised, Record, Reject, Sink, frame, recognise,
};

use crate::plan::Task;

/// Objects up to this size are read at once, hashed and decoded from memory.
const IN_MEMORY: u64 = 64 << 20;
/// Parquet needs its end before its beginning and is held whole.
pub(crate) const PARQUET_CAP: u64 = 1 << 30;
/// How much is looked at to recognise an object.
pub(crate) const HEAD: u64 = 256 << 10;
/// Rows are handed on when this much text has become rows.
const CHUNK: usize = 32 << 20;
/// How much of a rejected record is kept.
const KEPT: usize = 64 << 10;

/// What an object turned out to be; counts of rows are added by the collector.
#[derive(Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) status: &'static str,
    pub(crate) reason: Option<String>,
    pub(crate) source: Option<&'static LogSource>,
    pub(crate) format: Option<&'static str>,
    pub(crate) damage: Option<String>,
    pub(crate) rows: u64,
    pub(crate) rejects: u64,
}

/// Rows of one object.
pub(crate) struct Chunk {
    pub(crate) table: &'static Table,
    pub(crate) batch: Batch,
}

/// What comes out of an object, in order.
pub(crate) enum Part {
    Rows(Chunk),
    Rejects(RecordBatch),
}

/// Decodes an object. Whatever goes wrong with it is in the outcome; rows decoded before stay.
pub(crate) fn decode(case: &Case, task: &Task, limits: &Limits, emit: &mut dyn FnMut(Part)) -> Outcome {
    if task.entry.is_archive() {
        let format = task.entry.layers.last().map(|layer| if layer == "zip" { "zip" } else { "tar" });
        return Outcome { status: "archive", format, damage: task.entry.damage.clone(), ..Outcome::default() };
    }
    match catch_unwind(AssertUnwindSafe(|| decode_object(case, task, limits, emit))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(reason)) => Outcome { status: "failed", reason: Some(reason), ..Outcome::default() },
        Err(_panic) => {
            let reason = "internal error while decoding it".to_owned();
            Outcome { status: "failed", reason: Some(reason), ..Outcome::default() }
        }
    }
}

/// The object's bytes, checked against the manifest.
pub(crate) fn opened(case: &Case, entry: &Entry, limits: &Limits) -> Result<Opened, String> {
    let altered = |found: String| format!("sha256 is {found}, the manifest says {}", entry.sha256);
    if entry.size <= IN_MEMORY {
        let bytes = read_stored(case, entry, IN_MEMORY).map_err(|error| error.to_string())?;
        let found = sha256(&bytes);
        return if found == entry.sha256 { Ok(open_bytes(bytes, limits)) } else { Err(altered(found)) };
    }
    let found = hash_stored(case, entry).map_err(|error| error.to_string())?;
    if found != entry.sha256 {
        return Err(altered(found));
    }
    open(case, entry, limits).map_err(|error| error.to_string())
}

fn decode_object(case: &Case, task: &Task, limits: &Limits, emit: &mut dyn FnMut(Part)) -> Result<Outcome, String> {
    let entry = &task.entry;
    let mut object = opened(case, entry, limits)?;
    let mut head = Vec::with_capacity(HEAD as usize);
    object.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| error.to_string())?;
    if head.starts_with(b"PAR1") {
        let stored = read_stored(case, entry, PARQUET_CAP).map_err(|error| error.to_string())?;
        let json = rows_as_json(&entry.key, stored).map_err(|error| error.to_string())?;
        let head = json.get(..json.len().min(HEAD as usize)).unwrap_or_default();
        let whole = head.len() == json.len();
        return records(task, head, whole, true, Cursor::new(&json), emit).map(|(outcome, _)| outcome);
    }
    let whole = (head.len() as u64) < HEAD;
    let reader = Cursor::new(&head).chain(object);
    let (mut outcome, reader) = records(task, &head, whole, false, reader, emit)?;
    let facts = match reader {
        Some(reader) => reader.into_inner().1.facts(),
        None => Facts { damage: None, ..Facts::default() },
    };
    let damage = facts.damage.as_ref().map(Damage::to_string).or_else(|| entry.damage.clone());
    let harmless = facts.damage.as_ref().is_none_or(Damage::is_harmless);
    if damage.is_some() && !harmless && outcome.rows + outcome.rejects == 0 {
        outcome.status = "failed";
        outcome.reason = damage.clone();
    }
    outcome.damage = damage;
    Ok(outcome)
}

fn records<R: Read>(
    task: &Task,
    head: &[u8],
    whole: bool,
    parquet: bool,
    reader: R,
    emit: &mut dyn FnMut(Part),
) -> Result<(Outcome, Option<R>), String> {
    let entry = &task.entry;
    let (source, framing) = match recognise(&entry.key, &task.key, head, whole, parquet) {
        Recognised::Source(source, framing) => (source, framing),
        Recognised::Empty => return Ok((Outcome { status: "empty", ..Outcome::default() }, Some(reader))),
        Recognised::Unknown(reason) => {
            return Ok((Outcome { status: "unrecognised", reason: Some(reason), ..Outcome::default() }, Some(reader)));
        }
    };
    let decoder = (source.decoder)(&Head { name: &entry.key, key: &task.key, bytes: head, whole });
    let mut sink = ObjectSink::new(&entry.object, source, framing, decoder, emit);
    let reader = frame(reader, framing, &mut sink).map_err(|error: io::Error| error.to_string())?;
    sink.flush();
    Ok((sink.outcome, Some(reader)))
}

/// Gives records to the decoder and counts what becomes of them.
struct ObjectSink<'a> {
    object: &'a str,
    source: &'static LogSource,
    decoder: Box<dyn Decoder>,
    rejects: RejectRows,
    outcome: Outcome,
    since: usize,
    emit: &'a mut dyn FnMut(Part),
}

impl<'a> ObjectSink<'a> {
    fn new(
        object: &'a str,
        source: &'static LogSource,
        framing: Framing,
        decoder: Box<dyn Decoder>,
        emit: &'a mut dyn FnMut(Part),
    ) -> Self {
        let outcome =
            Outcome { status: "ingested", source: Some(source), format: Some(framing.name()), ..Outcome::default() };
        ObjectSink { object, source, decoder, rejects: RejectRows::default(), outcome, since: 0, emit }
    }

    fn flush(&mut self) {
        self.since = 0;
        if !self.decoder.rows().is_empty() {
            let batch = self.decoder.rows().finish(self.object);
            (self.emit)(Part::Rows(Chunk { table: self.source.table, batch }));
        }
        if !self.rejects.is_empty() {
            (self.emit)(Part::Rejects(self.rejects.finish()));
        }
    }

    fn reject(&mut self, ordinal: u64, offset: Option<u64>, bytes: &[u8], size: u64, reject: &Reject) {
        self.outcome.rejects += 1;
        self.rejects.push(&RejectRow {
            evidence_object: Some(Cow::Borrowed(self.object)),
            evidence_record: i64::try_from(ordinal).ok(),
            evidence_offset: offset.and_then(|o| i64::try_from(o).ok()),
            source: Some(Cow::Borrowed(self.source.name)),
            field: reject.field.map(Cow::Borrowed),
            reason: Some(Cow::Borrowed(&reject.reason)),
            size: i64::try_from(size).ok(),
            raw: Some(Cow::Borrowed(bytes.get(..bytes.len().min(KEPT)).unwrap_or_default())),
        });
    }

    fn add(&mut self, bytes: usize) {
        self.since += bytes;
        if self.since >= CHUNK {
            self.flush();
        }
    }
}

impl Sink for ObjectSink<'_> {
    fn record(&mut self, record: &Record<'_>) {
        match self.decoder.record(record) {
            Ok(Decoded::Row) => self.outcome.rows += 1,
            Ok(Decoded::Nothing) => {}
            Err(reject) => {
                let bytes = record.text.as_bytes();
                self.reject(record.ordinal, record.offset, bytes, bytes.len() as u64, &reject);
            }
        }
        self.add(record.text.len());
    }

    fn broken(&mut self, broken: Broken<'_>) {
        let reject = Reject::new(broken.reason);
        self.reject(broken.ordinal, broken.offset, broken.bytes, broken.size, &reject);
        self.add(broken.bytes.len());
    }

    fn trailer(&mut self, text: &str) {
        let cut: String = text.chars().take(4096).collect();
        let note = format!("after the records: {cut}");
        self.outcome.reason = Some(match self.outcome.reason.take() {
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
    }
}
