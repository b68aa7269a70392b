//! Rows that have to go from files of the lake: those of objects that are taken again, and those of which there is a
//! better copy now. A file is never altered; one without these rows takes its place, in the same commit.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use coldtrail_lake::{Batch, Change, LakeFile, Order, integers, read_all, read_columns, texts, times, write_file};
use coldtrail_schema::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::ledger::{self, DuplicateColumn, ObjectColumn, RejectColumn};

use crate::basis::is_of_several;
use crate::collect::MICROS_PER_DAY;
use crate::error::{Error, Result};
use crate::objects::Objects;
use crate::plan::Before;
use crate::seen::{Day, Place, record_number};

/// Rows of which there is a better copy, by day: where they stand, and where the better one does.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    days: BTreeMap<Day, HashMap<Place, Place>>,
}

impl Replaced {
    pub(crate) fn insert(&mut self, day: Day, row: Place, better: Place) {
        self.days.entry(day).or_default().insert(row, better);
    }

    fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Where the better copy of each row of each table stands.
    fn better(&self) -> HashMap<(&'static str, Place), Place> {
        let rows = |((table, _), rows): (&Day, &'_ HashMap<Place, Place>)| {
            let table = *table;
            rows.iter().map(move |(row, better)| ((table, *row), *better)).collect::<Vec<_>>()
        };
        self.days.iter().flat_map(rows).collect()
    }

    /// How many rows each object loses.
    fn lost(&self) -> HashMap<u32, i64> {
        let mut lost = HashMap::new();
        for (object, _) in self.days.values().flat_map(HashMap::keys) {
            *lost.entry(*object).or_default() += 1;
        }
        lost
    }
}

/// The files of the ledger.
#[derive(Debug, Default)]
pub(crate) struct LedgerFiles {
    objects: Vec<LakeFile>,
    rejects: Vec<LakeFile>,
    duplicates: Vec<LakeFile>,
}

impl LedgerFiles {
    pub(crate) fn of(lake: &Batch<'_>) -> Result<LedgerFiles> {
        Ok(LedgerFiles {
            objects: lake.files(&ledger::OBJECTS).map_err(Error::Lake)?,
            rejects: lake.files(&ledger::REJECTS).map_err(Error::Lake)?,
            duplicates: lake.files(&ledger::DUPLICATES).map_err(Error::Lake)?,
        })
    }

    pub(crate) fn written(&mut self, file: LakeFile) {
        let files = match file.table.name {
            name if name == ledger::OBJECTS.name => &mut self.objects,
            name if name == ledger::REJECTS.name => &mut self.rejects,
            _ => &mut self.duplicates,
        };
        files.push(file);
    }
}

/// What a batch takes out of the files that were there before it.
pub(crate) struct Settling<'a> {
    pub(crate) lake: &'a Path,
    pub(crate) objects: &'a mut Objects,
    /// Objects that are taken again, with what the ledger says about them.
    pub(crate) again: &'a HashMap<u32, Before>,
    pub(crate) change: &'a mut Change,
}

impl Settling<'_> {
    /// Takes rows out of tables of events.
    pub(crate) fn events(&mut self, files: &mut BTreeMap<Day, Vec<LakeFile>>, replaced: &Replaced) -> Result<()> {
        let none = HashMap::new();
        let (mut found, mut wanted) = (0, 0);
        for (day, files) in files.iter_mut() {
            let rows = replaced.days.get(day).unwrap_or(&none);
            wanted += rows.len();
            let gone: HashSet<u32> =
                self.again.iter().filter(|(_, before)| before.may_have(*day)).map(|(object, _)| *object).collect();
            if rows.is_empty() && gone.is_empty() {
                continue;
            }
            let mut settled = Vec::with_capacity(files.len());
            for file in files.drain(..) {
                let mut goes = BTreeSet::new();
                let mut row = 0;
                for batch in read_columns(&file, &[position::OBJECT, position::RECORD]).map_err(Error::Lake)? {
                    let names = texts(&batch, 0).map_err(Error::Lake)?;
                    let records = integers(&batch, 1).map_err(Error::Lake)?;
                    for at in 0..batch.num_rows() {
                        let object = self.objects.number(names.value(at))?;
                        let better = rows.contains_key(&(object, record_number(records.value(at))));
                        found += usize::from(better);
                        if better || gone.contains(&object) {
                            goes.insert(row + at);
                        }
                    }
                    row += batch.num_rows();
                }
                settled.extend(self.without(file, &goes)?);
            }
            *files = settled;
        }
        match found == wanted && replaced.days.keys().all(|day| files.contains_key(day)) {
            true => Ok(()),
            false => Err(Error::Lost { wanted, found }),
        }
    }

    /// Takes rows out of the ledger, and corrects those that name rows which have given way.
    pub(crate) fn ledger(&mut self, files: &mut LedgerFiles, replaced: &Replaced) -> Result<()> {
        let lost = replaced.lost();
        let [kept, twice] = [ObjectColumn::kept, ObjectColumn::duplicates].map(ObjectColumn::position);
        self.table(&mut files.objects, ObjectColumn::evidence_object.position(), &lost, |batch, numbers| {
            let fewer = change_counts(&batch, kept, |row| -lost.get(&numbers[row]).copied().unwrap_or_default())?;
            change_counts(&fewer, twice, |row| lost.get(&numbers[row]).copied().unwrap_or_default())
        })?;
        if !self.again.is_empty() {
            let name = RejectColumn::evidence_object.position();
            self.table(&mut files.rejects, name, &HashMap::new(), |batch, _| Ok(batch))?;
        }
        if !(self.again.is_empty() && replaced.is_empty()) {
            self.duplicates(&mut files.duplicates, replaced)?;
        }
        Ok(())
    }

    /// Takes the rows of objects that are taken again out of a table, and alters those of the objects in `altered`.
    fn table(
        &mut self,
        files: &mut Vec<LakeFile>,
        name: usize,
        altered: &HashMap<u32, i64>,
        alter: impl Fn(RecordBatch, &[u32]) -> Result<RecordBatch>,
    ) -> Result<()> {
        if self.again.is_empty() && altered.is_empty() {
            return Ok(());
        }
        let mut settled = Vec::with_capacity(files.len());
        for file in files.drain(..) {
            let mut numbers = Vec::new();
            for batch in read_columns(&file, &[name]).map_err(Error::Lake)? {
                let names = texts(&batch, 0).map_err(Error::Lake)?;
                for row in 0..batch.num_rows() {
                    numbers.push(self.objects.number(names.value(row))?);
                }
            }
            let goes: BTreeSet<usize> =
                (0..numbers.len()).filter(|row| self.again.contains_key(&numbers[*row])).collect();
            let changes = numbers.iter().any(|number| altered.contains_key(number));
            if !changes {
                settled.extend(self.without(file, &goes)?);
                continue;
            }
            let mut from = 0;
            let alter = |batch: RecordBatch| {
                let numbers = numbers.get(from..from + batch.num_rows()).unwrap_or_default();
                from += batch.num_rows();
                alter(batch, numbers)
            };
            settled.push(self.rewritten(file, &goes, alter)?);
        }
        *files = settled;
        Ok(())
    }

    fn duplicates(&mut self, files: &mut Vec<LakeFile>, replaced: &Replaced) -> Result<()> {
        use DuplicateColumn as C;
        let columns = [C::source, C::evidence_object, C::kept_object, C::kept_record].map(C::position);
        let better = replaced.better();
        let mut settled = Vec::with_capacity(files.len());
        for file in files.drain(..) {
            let mut goes = BTreeSet::new();
            let mut moved: BTreeMap<usize, Place> = BTreeMap::new();
            let mut row = 0;
            for batch in read_columns(&file, &columns).map_err(Error::Lake)? {
                let text = |at| texts(&batch, at).map_err(Error::Lake);
                let (tables, copies, kept) = (text(0)?, text(1)?, text(2)?);
                let records = integers(&batch, 3).map_err(Error::Lake)?;
                for at in 0..batch.num_rows() {
                    if self.again.contains_key(&self.objects.number(copies.value(at))?) {
                        goes.insert(row);
                    } else if !replaced.is_empty() {
                        let place = (self.objects.number(kept.value(at))?, record_number(records.value(at)));
                        moved.extend(better.get(&(tables.value(at), place)).map(|better| (row, *better)));
                    }
                    row += 1;
                }
            }
            if moved.is_empty() {
                settled.extend(self.without(file, &goes)?);
                continue;
            }
            let moved: BTreeMap<usize, (String, i64)> = moved
                .into_iter()
                .map(|(row, (object, record))| (row, (self.objects.name(object), i64::from(record))))
                .collect();
            let mut from = 0;
            let point = |batch: RecordBatch| {
                let range = from..from + batch.num_rows();
                from = range.end;
                let (names, records) = (
                    texts(&batch, C::kept_object.position()).map_err(Error::Lake)?,
                    integers(&batch, C::kept_record.position()).map_err(Error::Lake)?,
                );
                let new = |row: usize| moved.get(&(range.start + row));
                let names: StringArray = (0..batch.num_rows())
                    .map(|row| Some(new(row).map_or(names.value(row), |(name, _)| name)))
                    .collect();
                let records: Int64Array = (0..batch.num_rows())
                    .map(|row| Some(new(row).map_or(records.value(row), |(_, record)| *record)))
                    .collect();
                let batch = with_column(&batch, C::kept_object.position(), Arc::new(names))?;
                with_column(&batch, C::kept_record.position(), Arc::new(records))
            };
            settled.push(self.rewritten(file, &goes, point)?);
        }
        *files = settled;
        Ok(())
    }

    /// The file without these rows: itself, another one, or none.
    fn without(&mut self, file: LakeFile, goes: &BTreeSet<usize>) -> Result<Option<LakeFile>> {
        if goes.is_empty() {
            return Ok(Some(file));
        }
        if goes.len() as u64 == file.rows {
            self.change.removes.push(file);
            return Ok(None);
        }
        self.rewritten(file, goes, Ok).map(Some)
    }

    /// Writes a file anew, without the rows that go.
    fn rewritten(
        &mut self,
        file: LakeFile,
        goes: &BTreeSet<usize>,
        alter: impl FnMut(RecordBatch) -> Result<RecordBatch>,
    ) -> Result<LakeFile> {
        let batches: Result<Vec<RecordBatch>> = read_all(&file).map_err(Error::Lake)?.into_iter().map(alter).collect();
        let batches = batches?;
        let mut order = Order::new();
        let mut row = 0;
        for (at, batch) in batches.iter().enumerate() {
            order.extend((0..batch.num_rows()).filter(|here| !goes.contains(&(row + here))).map(|here| (at, here)));
            row += batch.num_rows();
        }
        let range = range(&file, &batches, &order)?;
        let new = write_file(self.lake, file.table, file.date, range, &batches, &order).map_err(Error::Lake)?;
        let settled = new.in_lake(self.lake);
        self.change.removes.push(file);
        self.change.adds.push(new);
        Ok(settled)
    }
}

/// The first and the last time of the rows of a file of events; none when one has no time.
fn range(file: &LakeFile, batches: &[RecordBatch], order: &Order) -> Result<Option<(i64, i64)>> {
    if file.date.is_none() {
        return Ok(None);
    }
    let mut range: Option<(i64, i64)> = None;
    for (at, row) in order {
        let Some(batch) = batches.get(*at) else { continue };
        let instants = times(batch, position::TIME).map_err(Error::Lake)?;
        if !instants.is_valid(*row) {
            return Ok(None);
        }
        let time = instants.value(*row);
        let (first, last) = range.unwrap_or((time, time));
        range = Some((first.min(time), last.max(time)));
    }
    Ok(range)
}

impl Before {
    /// May rows of the object lie in this day of a table?
    fn may_have(&self, (table, date): Day) -> bool {
        let day = |time: i64| time.div_euclid(MICROS_PER_DAY);
        self.kept > 0
            && self.source.as_deref().is_some_and(|source| source == table || is_of_several(&self.basis))
            && match date {
                Some(date) => {
                    self.times.is_some_and(|(first, last)| (day(first)..=day(last)).contains(&i64::from(date)))
                }
                None => self.undated > 0,
            }
    }
}

fn change_counts(batch: &RecordBatch, column: usize, by: impl Fn(usize) -> i64) -> Result<RecordBatch> {
    let counts = integers(batch, column).map_err(Error::Lake)?;
    let counts: Int64Array = (0..counts.len()).map(|row| Some(counts.value(row) + by(row))).collect();
    with_column(batch, column, Arc::new(counts))
}

fn with_column(batch: &RecordBatch, at: usize, array: ArrayRef) -> Result<RecordBatch> {
    let mut columns = batch.columns().to_vec();
    if let Some(column) = columns.get_mut(at) {
        *column = array;
    }
    RecordBatch::try_new(batch.schema(), columns).map_err(Error::Columns)
}
