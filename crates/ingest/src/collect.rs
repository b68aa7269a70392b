//! Rows of many objects: freed of duplicates, sorted by time, written by table and day.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use coldtrail_lake::{NewFile, Order, write_file};
use coldtrail_schema::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::ledger::{self, DuplicateRow, DuplicateRows, ObjectRow, ObjectRows};
use coldtrail_schema::{TABLES, Table};
use rayon::prelude::*;

use crate::decode::{Chunk, Outcome, Part};
use crate::error::{Error, Result};
use crate::plan::Task;
use crate::seen::Seen;

/// No file has more rows.
const FILE_ROWS: usize = 1 << 20;
/// Rows are written when they take this much memory.
const FULL: usize = 512 << 20;
/// Days outside of these are not real; their rows lie in the partition without a day.
const DAYS: std::ops::Range<i32> = 13_149..47_482;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What became of the rows of one object.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) kept: u64,
    pub(crate) duplicates: u64,
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
    pub(crate) seen: Seen,
    pending: BTreeMap<&'static str, Pending>,
    bytes: usize,
    objects: ObjectRows,
    duplicates: DuplicateRows,
    ledger: Vec<(&'static Table, RecordBatch)>,
    files: Vec<NewFile>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(lake: &'a Path, seen: Seen) -> Self {
        Collector {
            lake,
            seen,
            pending: BTreeMap::new(),
            bytes: 0,
            objects: ObjectRows::default(),
            duplicates: DuplicateRows::default(),
            ledger: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Takes what came out of objects among `tasks`.
    pub(crate) fn part(&mut self, tasks: &[Task], part: Part, tallies: &mut [Tally]) -> Result<()> {
        match part {
            Part::Rejects(batch) => {
                self.bytes += batch.get_array_memory_size();
                self.ledger.push((&ledger::REJECTS, batch));
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
        let (records, hashes) = (ints(&rows, position::RECORD), ints(&rows, position::HASH));
        let times = rows.column(position::TIME).as_any().downcast_ref::<TimestampMicrosecondArray>().cloned();
        let pending = self.pending.entry(table.name).or_default();
        let index = pending.batches.len() as u32;
        let (mut row, mut kept) = (0, 0);
        for (at, count) in runs {
            let (task, tally) = (&tasks[at], &mut tallies[at]);
            let object = self.seen.object(&task.entry.object);
            for row in row..row + count {
                let time = times.as_ref().filter(|times| times.is_valid(row)).map(|times| times.value(row));
                if let Some(time) = time {
                    let (first, last) = tally.times.unwrap_or((time, time));
                    tally.times = Some((first.min(time), last.max(time)));
                }
                let date = time.map(|t| t.div_euclid(MICROS_PER_DAY) as i32).filter(|date| DAYS.contains(date));
                let record = records.value(row);
                let twice = if let Some(first) = &task.copy_of {
                    Some((first.clone(), record))
                } else if batch.unique.get(row).copied().unwrap_or(false) {
                    let there = self.seen.insert((table.name, date), hashes.value(row), (object, record as u32))?;
                    there.map(|(object, record)| (self.seen.name(object).to_owned(), i64::from(record)))
                } else {
                    None
                };
                match twice {
                    Some((kept_object, kept_record)) => {
                        tally.duplicates += 1;
                        self.duplicates.push(&DuplicateRow {
                            source: Some(Cow::Borrowed(table.name)),
                            evidence_object: Some(Cow::Borrowed(&task.entry.object)),
                            evidence_record: Some(record),
                            kept_object: Some(Cow::Owned(kept_object)),
                            kept_record: Some(kept_record),
                        });
                    }
                    None => {
                        tally.kept += 1;
                        kept += 1;
                        // Rows without a time come last.
                        pending.rows.push((date, time.unwrap_or(i64::MAX), index, row as u32));
                    }
                }
            }
            row += count;
        }
        if kept > 0 {
            self.bytes += rows.get_array_memory_size();
            pending.batches.push(rows);
        }
        Ok(())
    }

    /// Takes the account of an object whose parts have all been taken.
    pub(crate) fn object(&mut self, task: &Task, outcome: &Outcome, tally: &Tally) -> Result<()> {
        let entry = &task.entry;
        let (records, kept, duplicates, rejects) =
            (outcome.rows + outcome.rejects, tally.kept, tally.duplicates, outcome.rejects);
        if outcome.rows != kept + duplicates && outcome.status != "failed" {
            return Err(Error::Unbalanced { key: entry.key.clone(), records, kept, duplicates, rejects });
        }
        let status = if task.copy_of.is_some() && outcome.status == "ingested" { "duplicate" } else { outcome.status };
        let text = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
        let int = |number: u64| i64::try_from(number).ok();
        self.objects.push(&ObjectRow {
            evidence_object: Some(Cow::Borrowed(&entry.object)),
            sha256: Some(Cow::Borrowed(&entry.sha256)),
            inflated_sha256: text(&entry.inflated_sha256),
            key: Some(Cow::Borrowed(&entry.key)),
            size: int(entry.size),
            inflated_size: int(entry.inflated_size),
            source: outcome.source.map(|source| Cow::Borrowed(source.name)),
            format: outcome.format.map(Cow::Borrowed),
            status: Some(Cow::Borrowed(status)),
            reason: text(&outcome.reason),
            damage: text(&outcome.damage),
            records: int(kept + duplicates + rejects),
            kept: int(kept),
            duplicates: int(duplicates),
            rejects: int(rejects),
            account: text(&task.key.account),
            region: text(&task.key.region),
            delivery_time: task.key.delivery_time,
            first_event_time: tally.times.map(|(first, _)| first),
            last_event_time: tally.times.map(|(_, last)| last),
            layers: (!entry.layers.is_empty()).then(|| Cow::Owned(entry.layers.join(" "))),
            members: int(entry.members),
            metadata: entry.metadata.as_ref().map(|metadata| Cow::Owned(metadata.to_string())),
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
        for file in files? {
            self.seen.written(file.table, file.date, lake.join(file.table.name).join(&file.path));
            self.files.push(file);
        }
        self.pending.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Writes everything; the files are then to be committed.
    pub(crate) fn finish(&mut self) -> Result<Vec<NewFile>> {
        self.write()?;
        self.ledger.push((&ledger::OBJECTS, self.objects.finish()));
        self.ledger.push((&ledger::DUPLICATES, self.duplicates.finish()));
        let ledger = std::mem::take(&mut self.ledger);
        for table in [&ledger::OBJECTS, &ledger::REJECTS, &ledger::DUPLICATES] {
            let batches: Vec<RecordBatch> =
                ledger.iter().filter(|(of, _)| of.name == table.name).map(|(_, batch)| batch.clone()).collect();
            let order: Order = batches
                .iter()
                .enumerate()
                .flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row)))
                .collect();
            if !order.is_empty() {
                self.files.push(write_file(self.lake, table, None, None, &batches, &order).map_err(Error::Lake)?);
            }
        }
        self.seen.trim();
        Ok(std::mem::take(&mut self.files))
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

fn ints(batch: &RecordBatch, column: usize) -> Int64Array {
    let array: &ArrayRef = batch.column(column);
    array.as_any().downcast_ref::<Int64Array>().cloned().unwrap_or_else(|| Int64Array::from(vec![0; batch.num_rows()]))
}
