//! Which records are there already, by table and day.
//!
//! Equal records have equal times, so only the days that a batch touches are in memory; what the lake
//! holds of such a day is read back when it is first touched.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::path::PathBuf;

use coldtrail_lake::{Batch, read_columns};
use coldtrail_schema::arrow::array::{Array, Int64Array};
use coldtrail_schema::tables::common::position;
use coldtrail_schema::{TABLES, Table};

use crate::error::{Error, Result};
use crate::plan::texts;

/// How many records are kept in memory before days are forgotten that are not needed now.
const MANY: usize = 12_000_000;

/// A table and a day of it.
pub(crate) type Day = (&'static str, Option<i32>);

/// Where a row stands: the number of its object in [`Seen`], and its record.
pub(crate) type Place = (u32, u32);

/// Where the record of each hash stands.
type Records = HashMap<i64, Place, BuildHasherDefault<AsItIs>>;

/// Hashes of records are evenly spread as they are.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_i64(&mut self, hash: i64) {
        self.0 = hash as u64;
    }
}

#[derive(Default)]
pub(crate) struct Seen {
    days: BTreeMap<Day, Records>,
    files: HashMap<Day, Vec<PathBuf>>,
    objects: Vec<String>,
    records: usize,
}

impl Seen {
    /// Knows the files that the lake has.
    pub(crate) fn new(lake: &Batch<'_>) -> Result<Seen> {
        let mut seen = Seen::default();
        for table in TABLES.iter().filter(|table| table.is_event()) {
            for file in lake.files(table).map_err(Error::Lake)? {
                seen.files.entry((table.name, file.date)).or_default().push(file.path);
            }
        }
        Ok(seen)
    }

    pub(crate) fn object(&mut self, name: &str) -> u32 {
        self.objects.push(name.to_owned());
        self.objects.len() as u32 - 1
    }

    pub(crate) fn name(&self, object: u32) -> &str {
        self.objects.get(object as usize).map_or("", String::as_str)
    }

    /// Reads a day's records back.
    fn load(&mut self, day: Day) -> Result<()> {
        let mut records = Records::default();
        for path in self.files.get(&day).cloned().unwrap_or_default() {
            let columns = [position::OBJECT, position::RECORD, position::HASH];
            for batch in read_columns(&path, &columns).map_err(Error::Lake)? {
                let ints = |column: usize| batch.column(column).as_any().downcast_ref::<Int64Array>().cloned();
                let (Some(numbers), Some(hashes)) = (ints(1), ints(2)) else { continue };
                for (row, object) in texts(&batch, 0).enumerate() {
                    let object = match self.objects.last() {
                        Some(last) if last == object => self.objects.len() as u32 - 1,
                        _ => self.object(object),
                    };
                    records.entry(hashes.value(row)).or_insert((object, numbers.value(row) as u32));
                }
            }
        }
        self.records += records.len();
        self.days.insert(day, records);
        Ok(())
    }

    /// Notes a record; tells where an equal one stands, if there is one.
    pub(crate) fn insert(&mut self, day: Day, hash: i64, place: Place) -> Result<Option<Place>> {
        if !self.days.contains_key(&day) {
            self.load(day)?;
        }
        Ok(match self.days.entry(day).or_default().entry(hash) {
            Entry::Occupied(there) => Some(*there.get()),
            Entry::Vacant(free) => {
                free.insert(place);
                self.records += 1;
                None
            }
        })
    }

    pub(crate) fn written(&mut self, table: &'static Table, date: Option<i32>, path: PathBuf) {
        self.files.entry((table.name, date)).or_default().push(path);
    }

    /// Forgets days, all of whose records are in files, when there are too many. The latest stay.
    pub(crate) fn trim(&mut self) {
        while self.records > MANY {
            let Some(oldest) = self.days.keys().min_by_key(|(_, date)| *date).copied() else { return };
            self.records -= self.days.remove(&oldest).map_or(0, |records| records.len());
        }
    }
}
