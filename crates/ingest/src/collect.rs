//! Rows of many objects: freed of duplicates, sorted by time, written by table and day.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use coldtrail_lake::{Change, NewFile, Order, integers, times, write_file};
use coldtrail_schema::arrow::array::{Array, RecordBatch};
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::ledger::{self, DuplicateRow, DuplicateRows, ObjectRow, ObjectRows};
use coldtrail_schema::{TABLES, Table};
use rayon::prelude::*;

use crate::basis::{Basis, Judge};
use crate::decode::{Chunk, Outcome, Part, Runs, Status};
use crate::error::{Error, Result};
use crate::objects::Objects;
use crate::plan::{Before, Task};
use crate::seen::{Place, Seen, Sighting, record_number};
use crate::settle::{LedgerFiles, Replaced, Settling};

/// No file has more rows.
const FILE_ROWS: usize = 1 << 20;
/// Rows are written when they take this much memory.
const FULL: usize = 512 << 20;
/// Days outside of these are not real; their rows lie in the partition without a day.
const DAYS: std::ops::Range<i32> = 13_149..47_482;

pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What became of the records of one object.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// The object of which this one is a copy.
    pub(crate) copy_of: Option<u32>,
    pub(crate) kept: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejects: u64,
    pub(crate) undated: u64,
    pub(crate) times: Option<(i64, i64)>,
}

/// A row's day, time, batch and place in the batch; sorted, they are the order of the files.
type TimedRow = (Option<i32>, i64, u32, u32);

/// Rows of a table that wait to be written.
#[derive(Default)]
struct Pending {
    batches: Vec<RecordBatch>,
    rows: Vec<TimedRow>,
}

pub(crate) struct Collector<'a> {
    lake: &'a Path,
    basis: &'a Basis,
    objects: Objects,
    seen: Seen,
    ledger_files: LedgerFiles,
    pending: BTreeMap<&'static str, Pending>,
    bytes: usize,
    object_rows: ObjectRows,
    duplicates: DuplicateRows,
    rejects: Vec<RecordBatch>,
    files: Vec<NewFile>,
    /// Rows of earlier runs of which there is a better copy now.
    replaced: Replaced,
    /// Objects of this batch that were in the lake, or are none any more, and whose old rows go.
    again: HashMap<u32, Before>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        lake: &'a Path,
        basis: &'a Basis,
        objects: Objects,
        seen: Seen,
        ledger_files: LedgerFiles,
        gone: HashMap<u32, Before>,
    ) -> Self {
        Collector {
            lake,
            basis,
            objects,
            seen,
            ledger_files,
            pending: BTreeMap::new(),
            bytes: 0,
            object_rows: ObjectRows::default(),
            duplicates: DuplicateRows::default(),
            rejects: Vec::new(),
            files: Vec::new(),
            replaced: Replaced::default(),
            again: gone,
        }
    }

    /// Takes what came out of objects among `tasks`.
    pub(crate) fn part(&mut self, tasks: &[Task], part: Part, tallies: &mut [Tally]) -> Result<()> {
        match part {
            Part::Rejects(batch, runs) => {
                self.bytes += batch.get_array_memory_size();
                self.rejects.push(batch);
                count_rejects(&runs, tallies);
            }
            Part::Rows(chunk) => self.rows(tasks, chunk, tallies)?,
        }
        if self.bytes > FULL {
            self.write()?;
        }
        Ok(())
    }

    fn rows(&mut self, tasks: &[Task], chunk: Chunk, tallies: &mut [Tally]) -> Result<()> {
        let Chunk { table, batch, runs } = chunk;
        let rows = batch.rows;
        let records = integers(&rows, position::RECORD).map_err(Error::Lake)?;
        let hashes = integers(&rows, position::HASH).map_err(Error::Lake)?;
        let instants = times(&rows, position::TIME).map_err(Error::Lake)?;
        let index = self.pending.entry(table.name).or_default().batches.len() as u32;
        let mut timed: Vec<TimedRow> = Vec::with_capacity(rows.num_rows());
        let mut row = 0;
        for (at, count) in runs {
            let (task, tally) = (&tasks[at], &mut tallies[at]);
            for row in row..row + count {
                let time = instants.is_valid(row).then(|| instants.value(row));
                if let Some(time) = time {
                    let (first, last) = tally.times.unwrap_or((time, time));
                    tally.times = Some((first.min(time), last.max(time)));
                }
                let date = time.map(|t| t.div_euclid(MICROS_PER_DAY) as i32).filter(|date| DAYS.contains(date));
                tally.undated += u64::from(date.is_none());
                let place = (task.number, record_number(records.value(row)));
                let found = if batch.unique.get(row).copied().unwrap_or(false) {
                    self.seen.insert(&mut self.objects, (table.name, date), hashes.value(row), place)?
                } else {
                    // Without an identity, only a whole object can be there twice.
                    tally.copy_of.map_or(Sighting::New, |first| Sighting::CopyOf((first, place.1)))
                };
                match found {
                    Sighting::CopyOf(there) => {
                        tally.duplicates += 1;
                        self.duplicate(table, place, there);
                        continue;
                    }
                    Sighting::BetterThan(there) => {
                        self.replaced.insert((table.name, date), there, place);
                        self.duplicate(table, there, place);
                    }
                    Sighting::New => {}
                }
                tally.kept += 1;
                // Rows without a time come last.
                timed.push((date, time.unwrap_or(i64::MAX), index, row as u32));
            }
            row += count;
        }
        if !timed.is_empty() {
            self.bytes += rows.get_array_memory_size();
            let pending = self.pending.entry(table.name).or_default();
            pending.rows.append(&mut timed);
            pending.batches.push(rows);
        }
        Ok(())
    }

    fn duplicate(&mut self, table: &'static Table, copy: Place, row: Place) {
        self.duplicates.push(&DuplicateRow {
            source: Some(Cow::Borrowed(table.name)),
            evidence_object: Some(Cow::Owned(self.objects.name(copy.0))),
            evidence_record: Some(i64::from(copy.1)),
            kept_object: Some(Cow::Owned(self.objects.name(row.0))),
            kept_record: Some(i64::from(row.1)),
        });
    }

    /// Takes the account of an object whose parts have all been taken, and compares it with what was framed.
    pub(crate) fn object(&mut self, task: Task, outcome: &Outcome, tally: &Tally) -> Result<()> {
        let Tally { kept, duplicates, rejects, .. } = *tally;
        let records = outcome.records;
        if records != kept + duplicates + rejects {
            return Err(Error::Unbalanced { key: task.entry.key, records, kept, duplicates, rejects });
        }
        let status = status(outcome, tally);
        let judge = match (outcome.source, &outcome.own) {
            (Some(_), Some(definition)) => Judge::Own(definition),
            (Some(source), None) if !outcome.mixed => Judge::Source(source),
            (None, _) if status == Status::Unrecognised => Judge::Nobody,
            _ => Judge::All,
        };
        let basis = self.basis.text(judge, outcome.cut);
        let entry = &task.entry;
        if let Some(before) = task.before {
            let same = before.status == status.name()
                && before.reason == outcome.reason
                && before.damage == outcome.damage
                && before.basis == basis
                && before.kept + before.duplicates + before.rejects + records == 0;
            if same {
                // It was looked at again, and there is nothing new to say.
                return Ok(());
            }
            self.again.insert(task.number, *before);
        }
        let text = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
        let int = |number: u64| i64::try_from(number).ok();
        self.object_rows.push(&ObjectRow {
            evidence_object: Some(Cow::Borrowed(&entry.object)),
            sha256: Some(Cow::Borrowed(&entry.sha256)),
            inflated_sha256: text(&entry.inflated_sha256),
            key: Some(Cow::Borrowed(&entry.key)),
            size: int(entry.size),
            inflated_size: int(outcome.inflated.unwrap_or_default().max(entry.inflated_size)),
            source: outcome.source.map(|source| Cow::Borrowed(source.name)),
            format: outcome.format.map(Cow::Borrowed),
            form: outcome.form.map(|form| Cow::Borrowed(form.name())),
            status: Some(Cow::Borrowed(status.name())),
            reason: text(&outcome.reason),
            damage: text(&outcome.damage),
            records: int(records),
            kept: int(kept),
            duplicates: int(duplicates),
            rejects: int(rejects),
            mistyped: text(&outcome.mistyped),
            account: text(&task.key.account),
            region: text(&task.key.region),
            delivery_time: task.key.delivery_time,
            first_event_time: tally.times.map(|(first, _)| first),
            last_event_time: tally.times.map(|(_, last)| last),
            layers: (!entry.layers.is_empty()).then(|| Cow::Owned(entry.layers.join(" "))),
            members: int(entry.members),
            metadata: entry.metadata.as_ref().map(|metadata| Cow::Owned(metadata.to_string())),
            comments: int(outcome.comments),
            undated: int(tally.undated),
            basis: Some(Cow::Owned(basis)),
        });
        Ok(())
    }

    /// Writes the rows that wait, table by table and day by day, in parallel.
    fn write(&mut self) -> Result<()> {
        let mut work: Vec<(&'static Table, &[TimedRow])> = Vec::new();
        for pending in self.pending.values_mut() {
            pending.rows.par_sort_unstable();
        }
        for table in TABLES.iter().copied().filter(|table| table.is_event()) {
            let rows = self.pending.get(table.name).map(|pending| pending.rows.as_slice()).unwrap_or_default();
            let days = rows.chunk_by(|(day, ..), (next, ..)| day == next);
            work.extend(days.flat_map(|rows| rows.chunks(FILE_ROWS)).map(|rows| (table, rows)));
        }
        let (pending, lake) = (&self.pending, self.lake);
        let files: Result<Vec<NewFile>> = work
            .into_par_iter()
            .with_max_len(1)
            .map(|(table, rows)| {
                let batches = pending.get(table.name).map(|pending| pending.batches.as_slice()).unwrap_or_default();
                write_rows(lake, table, batches, rows)
            })
            .collect();
        self.files.extend(files?);
        self.pending.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Writes everything, and anew the files from which rows have to go; the change is then to be committed.
    pub(crate) fn finish(&mut self) -> Result<Change> {
        self.write()?;
        let again = std::mem::take(&mut self.again);
        let replaced = std::mem::take(&mut self.replaced);
        let mut change = Change::default();
        let mut settling = Settling { lake: self.lake, objects: &mut self.objects, again: &again, change: &mut change };
        settling.events(self.seen.files(), &replaced)?;
        settling.ledger(&mut self.ledger_files, &replaced)?;
        for file in std::mem::take(&mut self.files) {
            self.seen.files().entry((file.table.name, file.date)).or_default().push(file.in_lake(self.lake));
            change.adds.push(file);
        }
        let ledger: [(&'static Table, Vec<RecordBatch>); 3] = [
            (&ledger::OBJECTS, vec![self.object_rows.finish()]),
            (&ledger::REJECTS, std::mem::take(&mut self.rejects)),
            (&ledger::DUPLICATES, vec![self.duplicates.finish()]),
        ];
        for (table, batches) in ledger {
            let order: Order = batches
                .iter()
                .enumerate()
                .flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row)))
                .collect();
            if !order.is_empty() {
                let file = write_file(self.lake, table, None, None, &batches, &order).map_err(Error::Lake)?;
                self.ledger_files.written(file.in_lake(self.lake));
                change.adds.push(file);
            }
        }
        self.seen.settled(&again.into_keys().collect::<HashSet<u32>>());
        self.seen.trim();
        Ok(change)
    }
}

/// What became of an object, whether it is a copy told.
pub(crate) fn status(outcome: &Outcome, tally: &Tally) -> Status {
    match (outcome.status, tally.copy_of) {
        (Status::Ingested, Some(_)) => Status::Duplicate,
        (status, _) => status,
    }
}

fn count_rejects(runs: &Runs, tallies: &mut [Tally]) {
    for (at, count) in runs {
        if let Some(tally) = tallies.get_mut(*at) {
            tally.rejects += *count as u64;
        }
    }
}

fn write_rows(lake: &Path, table: &'static Table, batches: &[RecordBatch], rows: &[TimedRow]) -> Result<NewFile> {
    let date = rows.first().and_then(|(date, ..)| *date);
    // Only the batches that the file takes from, so that a day of few rows does not carry all of them.
    let mut places = HashMap::new();
    let mut used: Vec<RecordBatch> = Vec::new();
    let mut order = Order::with_capacity(rows.len());
    for (.., batch, row) in rows {
        let at = *places.entry(*batch).or_insert_with(|| {
            used.extend(batches.get(*batch as usize).cloned());
            used.len() - 1
        });
        order.push((at, *row as usize));
    }
    let real = |time: &i64| *time != i64::MAX;
    let first = rows.first().map(|(_, time, ..)| *time).filter(real);
    let last = rows.iter().rev().map(|(_, time, ..)| *time).find(real);
    // A file with rows that have no time is never passed over because of its times.
    let all = rows.last().is_some_and(|(_, time, ..)| real(time));
    let times = first.zip(last).filter(|_| all && date.is_some());
    write_file(lake, table, date, times, &used, &order).map_err(Error::Lake)
}
