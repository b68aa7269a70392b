//! Which records are there already, by table and day.
//!
//! Equal records have equal times, so only the days that a batch touches are in memory; what the lake
//! holds of such a day is read back when it is first touched.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use coldtrail_lake::{Batch, LakeFile, integers, read_columns, texts};
use coldtrail_schema::TABLES;
use coldtrail_schema::tables::common::position;

use crate::error::{Error, Result};
use crate::objects::Objects;

/// How many records are kept in memory before days are forgotten that are not needed now.
const MANY: usize = 12_000_000;

/// A table and a day of it.
pub(crate) type Day = (&'static str, Option<i32>);

/// Where a record stands: the number of its object in [`Objects`], and which of its records it is. Of two copies, the
/// lesser place is the row.
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

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// There was none like it.
    New,
    /// The row is at this place, and stays.
    CopyOf(Place),
    /// It is a better copy than the row at this place, which gives way.
    BetterThan(Place),
}

#[derive(Default)]
pub(crate) struct Seen {
    days: BTreeMap<Day, Records>,
    files: BTreeMap<Day, Vec<LakeFile>>,
    records: usize,
    /// Objects whose rows in the lake will go, because they are taken again.
    stale: HashSet<u32>,
}

impl Seen {
    /// Knows the files that the lake has.
    pub(crate) fn new(lake: &Batch<'_>, stale: HashSet<u32>) -> Result<Seen> {
        let mut seen = Seen { stale, ..Seen::default() };
        for table in TABLES.iter().filter(|table| table.is_event()) {
            for file in lake.files(table).map_err(Error::Lake)? {
                seen.files.entry((table.name, file.date)).or_default().push(file);
            }
        }
        Ok(seen)
    }

    /// Reads a day's records back.
    fn load(&mut self, objects: &mut Objects, day: Day) -> Result<()> {
        let mut records = Records::default();
        let columns = [position::OBJECT, position::RECORD, position::HASH];
        for file in self.files.get(&day).into_iter().flatten() {
            for batch in read_columns(file, &columns).map_err(Error::Lake)? {
                let names = texts(&batch, 0).map_err(Error::Lake)?;
                let numbers = integers(&batch, 1).map_err(Error::Lake)?;
                let hashes = integers(&batch, 2).map_err(Error::Lake)?;
                for row in 0..batch.num_rows() {
                    let object = objects.number(names.value(row))?;
                    if !self.stale.contains(&object) {
                        let place = (object, record_number(numbers.value(row)));
                        records
                            .entry(hashes.value(row))
                            .and_modify(|there| *there = place.min(*there))
                            .or_insert(place);
                    }
                }
            }
        }
        self.records += records.len();
        self.days.insert(day, records);
        Ok(())
    }

    /// Notes a record; tells whether an equal one is there.
    pub(crate) fn insert(&mut self, objects: &mut Objects, day: Day, hash: i64, place: Place) -> Result<Sighting> {
        if !self.days.contains_key(&day) {
            self.load(objects, day)?;
        }
        Ok(match self.days.entry(day).or_default().entry(hash) {
            Entry::Occupied(there) if *there.get() <= place => Sighting::CopyOf(*there.get()),
            Entry::Occupied(mut there) => Sighting::BetterThan(there.insert(place)),
            Entry::Vacant(free) => {
                free.insert(place);
                self.records += 1;
                Sighting::New
            }
        })
    }

    /// The files of a table by day, as far as they are written and settled.
    pub(crate) fn files(&mut self) -> &mut BTreeMap<Day, Vec<LakeFile>> {
        &mut self.files
    }

    /// The old rows of these objects are gone now.
    pub(crate) fn settled(&mut self, objects: &HashSet<u32>) {
        self.stale.retain(|object| !objects.contains(object));
    }

    /// Forgets days, all of whose records are in files, when there are too many. The latest stay.
    pub(crate) fn trim(&mut self) {
        while self.records > MANY {
            let Some(oldest) = self.days.keys().min_by_key(|(_, date)| *date).copied() else { return };
            self.records -= self.days.remove(&oldest).map_or(0, |records| records.len());
        }
    }
}

/// The number of a record of an object. No object has 2^32 of them: that many would be larger than any limit.
pub(crate) fn record_number(record: i64) -> u32 {
    u32::try_from(record).unwrap_or(u32::MAX)
}
