//! One object: opened, recognised, framed, decoded.

mod decoders;

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coldtrail_evidence::hash::sha256;
use coldtrail_evidence::{Case, Damage, Entry, Limits, Opened, hash_stored, open, open_examined, read_stored};
use coldtrail_lake::{ParquetLimits, ParquetRows, ParquetStop};
use coldtrail_schema::Table;
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::rows::Batch;
use coldtrail_schema::tables::ledger::{RejectRow, RejectRows};
use coldtrail_sources::{
    Broken, Decoded, Definition, Definitions, Form, Head, LogSource, OWN, Recognised, Record, Reject, Routing, Sink,
    frame, time::Years,
};

use crate::budget::Budget;
use crate::plan::Task;
use crate::run::Options;
use decoders::{Decoders, Decoding};

/// Objects up to this size are read at once, hashed and decoded from memory.
const IN_MEMORY: u64 = 64 << 20;
/// Larger Parquet files are not read.
const PARQUET_CAP: u64 = 1 << 30;
/// How much is looked at to recognise an object.
pub(crate) const HEAD: usize = 256 << 10;
/// Rows are handed on when this much text has become rows.
const CHUNK: usize = 32 << 20;
/// How much of a rejected record is kept.
const KEPT: usize = 64 << 10;
/// The same behind the first `KEPT_OF_ALL` bytes of an object.
const KEPT_THEN: usize = 1 << 10;
/// So much of the rejected records of an object is kept at that length.
const KEPT_OF_ALL: usize = 32 << 20;
/// So many rejects of an object have a row each; those behind them are told together.
const REJECTS: u64 = 100_000;
/// So many of them in one row.
const CROWD: u64 = 1_000;

/// What became of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Status {
    Ingested,
    /// It has the bytes of another object that is ingested.
    Duplicate,
    Empty,
    Archive,
    Unrecognised,
    #[default]
    Failed,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::Ingested => "ingested",
            Status::Duplicate => "duplicate",
            Status::Empty => "empty",
            Status::Archive => "archive",
            Status::Unrecognised => "unrecognised",
            Status::Failed => "failed",
        }
    }
}

/// What an object turned out to be, and the account of what was framed in it. What became of the records is counted by
/// the collector, and the two are compared.
#[derive(Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) source: Option<&'static LogSource>,
    /// The definition of the user's that describes it, where one does.
    pub(crate) own: Option<Arc<Definition>>,
    /// Were there records of other sources?
    pub(crate) mixed: bool,
    pub(crate) format: Option<&'static str>,
    pub(crate) form: Option<Form>,
    pub(crate) damage: Option<String>,
    /// Did a limit cut it?
    pub(crate) cut: bool,
    /// How many bytes came out, where that is known better than when it was collected.
    pub(crate) inflated: Option<u64>,
    /// Records, by the framing's count, without those that are none by the format's own rules.
    pub(crate) records: u64,
    /// Those: comments, headers, control messages.
    pub(crate) comments: u64,
    /// Values that their columns could not take, counted by column, as JSON.
    pub(crate) mistyped: Option<String>,
}

impl Outcome {
    /// It failed; what was read before stays in the account.
    fn fail(&mut self, reason: String) {
        self.status = Status::Failed;
        self.reason = Some(match self.reason.take() {
            Some(before) => format!("{reason}; {before}"),
            None => reason,
        });
    }

    /// What is wrong with the container: as seen now, or when it was collected.
    fn judge(&mut self, found: Option<&Damage>, entry: &Entry) {
        let harmless = found.is_none_or(Damage::is_harmless);
        // What cut it when it was collected does not cut it now, if it was read now.
        let whole = self.status == Status::Ingested;
        let collected = entry.damage.clone().filter(|text| !(whole && Damage::tells_of_limits(text)));
        self.cut = found.is_some_and(Damage::is_of_limits) || collected.as_deref().is_some_and(Damage::tells_of_limits);
        self.damage = found.map(Damage::to_string).or(collected);
        if self.damage.is_some() && !harmless && self.records == 0 {
            self.status = Status::Failed;
            self.reason = self.damage.clone();
        }
    }
}

/// The rows of a Parquet file, which needs its end before its beginning and is held whole.
pub(crate) fn parquet_rows(
    entry: &Entry,
    head: Vec<u8>,
    rest: impl Read,
    limits: &Limits,
) -> Result<ParquetRows, String> {
    let mut stored = head;
    let room = PARQUET_CAP.saturating_sub(stored.len() as u64);
    let read = rest.take(room.saturating_add(1)).read_to_end(&mut stored).map_err(|error| error.to_string())?;
    if read as u64 > room {
        return Err(format!("a Parquet file of more than {PARQUET_CAP} bytes"));
    }
    let limits = ParquetLimits { text: limits.inflated, ratio: limits.ratio };
    ParquetRows::open(&entry.key, stored, limits).map_err(|error| error.to_string())
}

/// The first rows, by which an object is recognised.
pub(crate) fn parquet_head(rows: &mut ParquetRows) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    rows.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn damage_of(stop: &ParquetStop, limits: &Limits) -> Damage {
    let layer = "parquet".to_owned();
    match stop {
        ParquetStop::TooBig => Damage::TooBig { layer, limit: limits.inflated },
        ParquetStop::BadRatio { bytes } => Damage::BadRatio { layer, limit: limits.ratio, inflated: *bytes },
        ParquetStop::Broken { bytes, message } => Damage::Corrupt { layer, read: *bytes, message: message.clone() },
    }
}

/// Rows of a table, from one object after the other.
pub(crate) struct Chunk {
    pub(crate) table: &'static Table,
    pub(crate) batch: Batch,
    pub(crate) runs: Runs,
}

/// What comes out of objects, in order for each table.
pub(crate) enum Part {
    Rows(Chunk),
    /// The rejects, and which task gave how many of them, in order.
    Rejects(RecordBatch, Runs),
}

/// Which task gave how many rows, in order.
pub(crate) type Runs = Vec<(usize, usize)>;

fn count_in(runs: &mut Runs, task: usize) {
    match runs.last_mut() {
        Some((at, rows)) if *at == task => *rows += 1,
        _ => runs.push((task, 1)),
    }
}

/// Decodes objects one after the other. Their rows share the builders of a table: most objects are small, and arrays
/// of a few rows each would need many times the memory of what is in them.
#[derive(Default)]
struct Worker {
    open: Vec<Decoding>,
    rejects: Rejects,
    /// What the user defined.
    own: Definitions,
    /// What years an event can be of.
    years: Years,
    /// How long an object may take.
    time: Duration,
}

/// Rejects that wait.
#[derive(Default)]
struct Rejects {
    rows: RejectRows,
    runs: Runs,
}

impl Rejects {
    fn flush(&mut self, emit: &mut dyn FnMut(Part)) {
        if !self.rows.is_empty() || !self.runs.is_empty() {
            emit(Part::Rejects(self.rows.finish(), std::mem::take(&mut self.runs)));
        }
    }
}

/// The inflated text of an object: its beginning, and what comes after it.
struct Text<R> {
    head: Vec<u8>,
    rest: R,
    /// Was it made from the rows of a Parquet file?
    parquet: bool,
}

impl Worker {
    /// Decodes an object, which is number `at` of the tasks. Whatever goes wrong with it is in the outcome; rows
    /// decoded before stay.
    fn decode(
        &mut self,
        case: &Case,
        at: usize,
        task: &Task,
        options: &Options,
        emit: &mut dyn FnMut(Part),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        (self.years, self.time) = (Years::until(options.last_year), options.limits.time);
        self.own = options.own.clone();
        if task.entry.is_archive() {
            outcome.status = Status::Archive;
            outcome.format = task.entry.layers.last().map(|layer| if layer == "zip" { "zip" } else { "tar" });
            outcome.damage = task.entry.damage.clone();
        } else if task.entry.is_unread() {
            // Its packed bytes are no log, whatever they look like.
            outcome.damage = task.entry.damage.clone();
            outcome.cut = outcome.damage.as_deref().is_some_and(Damage::tells_of_limits);
            outcome.reason = outcome.damage.clone();
            outcome.status = Status::Failed;
        } else if let Err(reason) = self.object(case, at, task, &options.limits, &mut outcome, emit) {
            outcome.fail(reason);
        }
        outcome
    }

    /// Hands over the rows that wait.
    fn finish(&mut self, emit: &mut dyn FnMut(Part)) {
        for open in &mut self.open {
            open.flush(emit);
        }
        self.rejects.flush(emit);
    }

    fn object(
        &mut self,
        case: &Case,
        at: usize,
        task: &Task,
        limits: &Limits,
        outcome: &mut Outcome,
        emit: &mut dyn FnMut(Part),
    ) -> Result<(), String> {
        let entry = &task.entry;
        let mut object = opened(case, entry, limits)?;
        let head = object.head(HEAD).map_err(|error| error.to_string())?;
        if head.starts_with(b"PAR1") {
            let mut rows = parquet_rows(entry, head, object, limits)?;
            let head = parquet_head(&mut rows).map_err(|error| error.to_string())?;
            let rows = self.records(at, task, Text { head, rest: rows, parquet: true }, outcome, emit)?;
            let damage = rows.stop().map(|stop| damage_of(stop, limits));
            outcome.judge(damage.as_ref(), entry);
            return Ok(());
        }
        let object = self.records(at, task, Text { head, rest: object, parquet: false }, outcome, emit)?;
        let facts = object.facts();
        outcome.inflated = Some(facts.inflated);
        outcome.judge(facts.damage.as_ref(), entry);
        Ok(())
    }

    fn records<R: Read>(
        &mut self,
        at: usize,
        task: &Task,
        text: Text<R>,
        outcome: &mut Outcome,
        emit: &mut dyn FnMut(Part),
    ) -> Result<R, String> {
        let Text { head, rest, parquet } = text;
        let (entry, budget) = (&task.entry, Budget::begin(self.time));
        let start = head.get(..head.len().min(HEAD)).unwrap_or_default();
        let whole = head.len() < HEAD;
        let (source, framing) = match self.own.recognise(&entry.key, &task.key, start, whole, parquet) {
            Recognised::Source(source, framing) => (source, framing),
            Recognised::Own(definition) => {
                let framing = definition.framing();
                outcome.own = Some(definition);
                (&OWN, framing)
            }
            Recognised::Empty => {
                outcome.status = Status::Empty;
                return Ok(rest);
            }
            Recognised::Unknown(reason) => {
                outcome.status = Status::Unrecognised;
                outcome.reason = Some(reason);
                return Ok(rest);
            }
        };
        outcome.status = Status::Ingested;
        outcome.source = Some(source);
        outcome.format = Some(framing.name());
        let routing = Routing::new(source, &Head { name: &entry.key, key: &task.key, bytes: start, whole }, framing);
        let (own, years) = (outcome.own.clone(), self.years);
        let mut decoders = Decoders { open: &mut self.open, routing, own, task, years, begun: Vec::new(), at: 0 };
        let entries = decoders.begin(source, start, whole).entries();
        let mut sink = ObjectSink {
            at,
            object: &entry.object,
            decoders,
            rejects: &mut self.rejects,
            outcome,
            emit,
            budget,
            count: 0,
            kept: 0,
            crowd: None,
        };
        let framed = frame(head, rest, framing, entries, &mut sink);
        sink.scatter();
        let rest = framed.map_err(|error: io::Error| error.to_string())?;
        if sink.budget.is_spent {
            return Err(sink.budget.reason());
        }
        (sink.outcome.form, sink.outcome.mistyped) = sink.decoders.ended();
        Ok(rest)
    }
}

/// Workers that are free, with builders that have the room which the last rows needed.
#[derive(Default)]
pub(crate) struct Workers(Mutex<Vec<Worker>>);

impl Workers {
    fn lock(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decodes the objects `range` of `tasks`: their parts, and the outcome of each.
    pub(crate) fn decode(
        &self,
        case: &Case,
        tasks: &[Task],
        range: Range<usize>,
        options: &Options,
    ) -> (Vec<Part>, Vec<Outcome>) {
        let mut worker = self.lock().pop().unwrap_or_default();
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            let mut parts = Vec::new();
            let emit = &mut |part| parts.push(part);
            let numbered = range.clone().zip(tasks.get(range.clone()).unwrap_or_default());
            let outcomes = numbered.map(|(at, task)| worker.decode(case, at, task, options, emit)).collect();
            worker.finish(emit);
            (parts, outcomes)
        }));
        match decoded {
            Ok(decoded) => {
                self.lock().push(worker);
                decoded
            }
            // What panicked has left its rows half done; by itself, each of the others is decoded all the same.
            Err(_panic) => {
                let mut parts = Vec::new();
                let numbered = range.clone().zip(tasks.get(range).unwrap_or_default());
                let emit = &mut |part| parts.push(part);
                let outcomes = numbered.map(|(at, task)| alone(case, at, task, options, emit)).collect();
                (parts, outcomes)
            }
        }
    }
}

/// Decodes an object by itself and hands its rows on as they come.
pub(crate) fn alone(case: &Case, at: usize, task: &Task, options: &Options, emit: &mut dyn FnMut(Part)) -> Outcome {
    let mut given = 0;
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let mut worker = Worker::default();
        let emit = &mut |part: Part| {
            given += match &part {
                Part::Rows(chunk) => chunk.batch.rows.num_rows() as u64,
                Part::Rejects(_, runs) => runs.iter().map(|(_, count)| *count as u64).sum(),
            };
            emit(part);
        };
        let outcome = worker.decode(case, at, task, options, emit);
        worker.finish(emit);
        outcome
    }));
    decoded.unwrap_or_else(|_panic| {
        // Only what was handed on before is there.
        let mut outcome = Outcome { records: given, ..Outcome::default() };
        outcome.fail("internal error while decoding it".to_owned());
        outcome
    })
}

/// The object's bytes, checked against the manifest.
pub(crate) fn opened(case: &Case, entry: &Entry, limits: &Limits) -> Result<Opened, String> {
    if entry.is_unread() {
        return Err(entry.damage.clone().unwrap_or_default());
    }
    let altered = |found: String| format!("sha256 is {found}, the manifest says {}", entry.sha256);
    if entry.size <= IN_MEMORY {
        let bytes = read_stored(case, entry, IN_MEMORY).map_err(|error| error.to_string())?;
        let found = sha256(&bytes);
        return if found == entry.sha256 { Ok(open_examined(entry, bytes, limits)) } else { Err(altered(found)) };
    }
    let found = hash_stored(case, entry).map_err(|error| error.to_string())?;
    if found != entry.sha256 {
        return Err(altered(found));
    }
    open(case, entry, limits).map_err(|error| error.to_string())
}

/// Gives the records of an object to the decoder and counts what was framed.
struct ObjectSink<'a> {
    at: usize,
    object: &'a str,
    decoders: Decoders<'a>,
    rejects: &'a mut Rejects,
    outcome: &'a mut Outcome,
    emit: &'a mut dyn FnMut(Part),
    budget: Budget,
    /// Rejects of this object so far, and how many of their bytes are kept.
    count: u64,
    kept: usize,
    crowd: Option<Crowd>,
}

/// A reject, or those that follow each other and are told together.
struct Crowd {
    /// Of the first one.
    ordinal: u64,
    offset: Option<u64>,
    bytes: Vec<u8>,
    reject: Reject,
    /// Where the last one ends.
    end: Option<u64>,
    size: u64,
    count: u64,
}

impl ObjectSink<'_> {
    fn reject(&mut self, ordinal: u64, offset: Option<u64>, bytes: &[u8], size: u64, reject: Reject) {
        count_in(&mut self.rejects.runs, self.at);
        self.count += 1;
        let end = offset.map(|offset| offset + size);
        let most = if self.count > REJECTS || self.kept >= KEPT_OF_ALL { KEPT_THEN } else { KEPT };
        let first = || Crowd {
            ordinal,
            offset,
            bytes: bytes.get(..bytes.len().min(most)).unwrap_or_default().to_vec(),
            reject,
            end: None,
            size: 0,
            count: 0,
        };
        let crowd = self.crowd.get_or_insert_with(first);
        (crowd.count, crowd.size, crowd.end) = (crowd.count + 1, crowd.size + size, end);
        if self.count <= REJECTS || crowd.count == CROWD {
            self.scatter();
        }
    }

    /// Writes down the rejects that are told together.
    fn scatter(&mut self) {
        let Some(Crowd { ordinal, offset, bytes, reject, end, size, count }) = self.crowd.take() else { return };
        let size = offset.zip(end).map_or(size, |(offset, end)| end - offset);
        let mut reason = reject.reason;
        if count > 1 {
            let told = format!("{count} records within these bytes, told together behind {REJECTS} others");
            reason = format!("{told}; the first: {reason}");
        }
        self.kept += bytes.len();
        self.rejects.rows.push(&RejectRow {
            evidence_object: Some(Cow::Borrowed(self.object)),
            evidence_record: i64::try_from(ordinal).ok(),
            evidence_offset: offset.and_then(|o| i64::try_from(o).ok()),
            source: Some(Cow::Borrowed(self.decoders.current().source.name)),
            field: reject.field.map(Cow::Borrowed),
            reason: Some(Cow::Owned(reason)),
            size: i64::try_from(size).ok(),
            records: i64::try_from(count).ok(),
            raw: Some(Cow::Owned(bytes)),
        });
    }

    fn add(&mut self, bytes: usize) {
        self.budget.add(bytes);
        let open = self.decoders.current();
        open.text += bytes;
        if open.text >= CHUNK {
            open.flush(self.emit);
            self.rejects.flush(self.emit);
        }
    }
}

impl Sink for ObjectSink<'_> {
    fn record(&mut self, record: &Record<'_>) {
        self.outcome.records += 1;
        let decoded = self.decoders.record(record);
        self.outcome.mixed |= self.decoders.are_several();
        match decoded {
            Ok(Decoded::Row) => count_in(&mut self.decoders.current().runs, self.at),
            Ok(Decoded::Nothing) => {
                self.outcome.records -= 1;
                self.outcome.comments += 1;
            }
            Err(reject) => {
                let bytes = record.text.as_bytes();
                self.reject(record.ordinal, record.offset, bytes, bytes.len() as u64, reject);
            }
        }
        self.add(record.text.len());
    }

    fn broken(&mut self, broken: Broken<'_>) {
        self.outcome.records += 1;
        let reject = Reject::new(broken.reason);
        self.reject(broken.ordinal, broken.offset, broken.bytes, broken.size, reject);
        self.add(broken.bytes.len());
    }

    fn enough(&mut self) -> bool {
        self.budget.check()
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
