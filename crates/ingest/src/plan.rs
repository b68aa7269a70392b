//! Which objects are to be ingested, in which order, in which batches.
//!
//! An object is done when it was read whole by what would read it now. Everything else is taken: what is new, and what
//! failed, was not recognised or was read by an older source, a second time; and what rests on such an object.

use std::collections::{BTreeSet, HashMap, HashSet};

use coldtrail_evidence::{Entry, Manifest, ObjectKey};
use coldtrail_lake::{Batch, integers, read_columns, texts, times};
use coldtrail_schema::arrow::array::{Array, StringArray};
use coldtrail_schema::tables::ledger::{self, DuplicateColumn, ObjectColumn};

use crate::basis::Basis;
use crate::decode::Status;
use crate::error::{Error, Result};
use crate::objects::{Glance, Objects, name, ranked, text_hash};

/// An object to be ingested, before its turn has come.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Its position in the manifest.
    at: u32,
    pub(crate) number: u32,
    group: Option<u32>,
    pub(crate) inflated: u64,
    /// How long its line in the manifest is.
    line: u64,
    pub(crate) before: Option<Box<Before>>,
}

/// An object to be ingested.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) entry: Entry,
    pub(crate) key: ObjectKey,
    /// Its rank, see [`Objects`].
    pub(crate) number: u32,
    /// Which objects have the same bytes under the same name, if there are others: see [`Copies`].
    pub(crate) group: Option<u32>,
    /// What the ledger says about it, when it is taken again.
    pub(crate) before: Option<Box<Before>>,
}

/// What the ledger says about an object that is taken again.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(crate) status: String,
    pub(crate) source: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) damage: Option<String>,
    pub(crate) basis: String,
    pub(crate) kept: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejects: u64,
    pub(crate) undated: u64,
    /// The times of its rows, in microseconds since 1970.
    pub(crate) times: Option<(i64, i64)>,
}

/// Of objects that have the same bytes under the same name, the one whose records are the rows. The same bytes under
/// another name may be another delivery of lines that only look alike.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    first: HashMap<u32, u32>,
}

impl Copies {
    /// The object of which this one is a copy.
    pub(crate) fn first(&self, task: &Task) -> Option<u32> {
        task.group.and_then(|group| self.first.get(&group)).copied().filter(|first| *first != task.number)
    }

    /// This one was read; those that come after it are copies.
    pub(crate) fn read(&mut self, task: &Task) {
        if let Some(group) = task.group {
            self.first.entry(group).or_insert(task.number);
        }
    }
}

/// The work of a run.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) objects: Objects,
    pub(crate) batches: Vec<Vec<Waiting>>,
    pub(crate) copies: Copies,
    /// Objects in whose place others stand in the manifest, with what the ledger still says about them.
    pub(crate) gone: HashMap<u32, Before>,
}

impl Task {
    /// The objects of a batch, whose turn has come.
    pub(crate) fn all(manifest: &Manifest, waiting: Vec<Waiting>) -> Result<Vec<Task>> {
        let entries = manifest.at(waiting.iter().map(|one| one.at).collect::<Vec<u32>>());
        let tasks = waiting.into_iter().zip(entries).map(|(Waiting { number, group, before, .. }, entry)| {
            let entry = entry.map_err(Error::Evidence)?;
            Ok(Task { key: ObjectKey::parse(&entry.key), entry, number, group, before })
        });
        tasks.collect()
    }
}

/// What is known of an object in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectState {
    /// It is not in the lake.
    New,
    /// It was read whole by what would read it now; its records are rows, or are there as other copies.
    Done,
    /// The same, as a copy of an object with the same bytes and name.
    DoneAsCopy,
    /// The same, and nothing came of it.
    DoneWithout,
    /// It is taken again, and rows may rest on what it gave before.
    Again,
    /// It is taken again, and gave nothing before.
    AgainFromNothing,
}

impl ObjectState {
    fn is_task(self) -> bool {
        matches!(self, ObjectState::New | ObjectState::Again | ObjectState::AgainFromNothing)
    }
}

/// Plans a run: everything that is not done, by rank, cut into batches of about `batch_bytes` inflated bytes.
pub(crate) fn plan(manifest: &Manifest, lake: &Batch<'_>, basis: &Basis, batch_bytes: u64) -> Result<Plan> {
    let (mut plan, mut glances) = (Plan::default(), Vec::with_capacity(manifest.len()));
    plan.objects = Objects::with_capacity(manifest.len());
    for entry in manifest.entries() {
        glances.push(Glance::of(&entry.map_err(Error::Evidence)?));
    }
    let ranked = ranked(manifest, &glances)?;
    for at in &ranked {
        plan.objects.number(&manifest.object(*at))?;
    }
    // By the number of the object, which is its rank.
    let archives: Vec<Option<u64>> =
        ranked.iter().map(|at| glances.get(*at as usize).and_then(|glance| glance.archive)).collect();
    let mut states = states(lake, basis, &archives, &mut plan.objects)?;
    let groups = groups(manifest, &ranked, &glances)?;
    plan.copies = judge_groups(&groups, &mut states);
    if states.contains(&ObjectState::Again) {
        let pairs = duplicates(lake, &mut plan.objects)?;
        states.resize(plan.objects.len(), ObjectState::New);
        // A copy that is taken with another may have been the first of its kind.
        while take_dependents(&pairs, &mut states) {
            plan.copies = judge_groups(&groups, &mut states);
        }
    }
    let mut before = before(lake, &mut plan.objects, &states)?;
    let group_of: HashMap<u32, u32> =
        (0..).zip(&groups).flat_map(|(group, numbers)| numbers.iter().map(move |number| (*number, group))).collect();
    let tasks = (0..).zip(ranked).filter(|(number, _)| state(&states, *number).is_task());
    let tasks = tasks.map(|(number, at)| Waiting {
        at,
        number,
        group: group_of.get(&number).copied(),
        inflated: glances.get(at as usize).map_or(0, |glance| glance.inflated),
        line: manifest.line_bytes(at),
        before: before.remove(&number).map(Box::new),
    });
    plan.batches = batches(tasks, batch_bytes);
    // Nothing came of them, so that there is nothing but their rows in the ledger.
    for object in manifest.replaced() {
        let number = plan.objects.number(&object)?;
        plan.gone.extend(before.remove(&number).map(|before| (number, before)));
    }
    if plan.batches.is_empty() && !plan.gone.is_empty() {
        plan.batches.push(Vec::new());
    }
    Ok(plan)
}

fn state(states: &[ObjectState], number: u32) -> ObjectState {
    states.get(number as usize).copied().unwrap_or(ObjectState::New)
}

/// The state of each object, by its number.
fn states(
    lake: &Batch<'_>,
    basis: &Basis,
    archives: &[Option<u64>],
    objects: &mut Objects,
) -> Result<Vec<ObjectState>> {
    let mut states = vec![ObjectState::New; objects.len()];
    let columns = [
        ObjectColumn::evidence_object,
        ObjectColumn::source,
        ObjectColumn::status,
        ObjectColumn::damage,
        ObjectColumn::records,
        ObjectColumn::basis,
    ];
    for file in lake.files(&ledger::OBJECTS).map_err(Error::Lake)? {
        for batch in read_columns(&file, &columns.map(ObjectColumn::position)).map_err(Error::Lake)? {
            let text = |at| texts(&batch, at).map_err(Error::Lake);
            let (names, sources, status, judged, damage) = (text(0)?, text(1)?, text(2)?, text(5)?, text(3)?);
            let records = integers(&batch, 4).map_err(Error::Lake)?;
            for row in 0..batch.num_rows() {
                let number = objects.number(names.value(row))?;
                let (status, something) = (status.value(row), records.value(row) > 0);
                let told = archives.get(number as usize).copied().flatten();
                let same = told.is_none_or(|told| told == text_hash(cell(damage, row)));
                let holds = same && basis.holds(status, cell(sources, row), judged.value(row));
                let state = match (holds, something) {
                    (true, _) if status == Status::Duplicate.name() => ObjectState::DoneAsCopy,
                    (true, _) if status == Status::Ingested.name() => ObjectState::Done,
                    (true, _) => ObjectState::DoneWithout,
                    (false, true) => ObjectState::Again,
                    (false, false) => ObjectState::AgainFromNothing,
                };
                states.resize(objects.len(), ObjectState::New);
                if let Some(slot) = states.get_mut(number as usize) {
                    *slot = state;
                }
            }
        }
    }
    Ok(states)
}

fn cell(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

/// The numbers of objects that have the same bytes under the same name, where there are several.
fn groups(manifest: &Manifest, ranked: &[u32], glances: &[Glance]) -> Result<Vec<Vec<u32>>> {
    let same = |at: u32| glances.get(at as usize).map(|glance| glance.same);
    let mut numbered: Vec<(Option<u64>, u32, u32)> = (0..).zip(ranked).map(|(n, at)| (same(*at), n, *at)).collect();
    numbered.sort_unstable();
    let mut groups = Vec::new();
    for alike in numbered.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
        let mut read = Vec::with_capacity(alike.len());
        for ((_, number, _), entry) in alike.iter().zip(manifest.at(alike.iter().map(|(.., at)| *at))) {
            let entry = entry.map_err(Error::Evidence)?;
            read.push((entry.sha256, name(&entry.key).to_owned(), *number));
        }
        read.sort_unstable();
        let same = read.chunk_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1)).filter(|group| group.len() > 1);
        groups.extend(same.map(|group| group.iter().map(|(.., number)| *number).collect::<Vec<u32>>()));
    }
    Ok(groups)
}

/// Which object of each group is the first. Where one comes before it now, all are taken again.
fn judge_groups(groups: &[Vec<u32>], states: &mut [ObjectState]) -> Copies {
    let mut copies = Copies::default();
    for (group, numbers) in (0..).zip(groups) {
        let first = numbers.iter().copied().find(|number| state(states, *number) == ObjectState::Done);
        let earlier = |number: &u32| first.is_none_or(|first| *number < first) && state(states, *number).is_task();
        if numbers.iter().any(earlier) || first.is_none() {
            for number in numbers {
                if let Some(state) = states.get_mut(*number as usize)
                    && matches!(state, ObjectState::Done | ObjectState::DoneAsCopy)
                {
                    *state = ObjectState::Again;
                }
            }
        } else if let Some(first) = first {
            copies.first.insert(group, first);
        }
    }
    copies
}

/// Pairs of objects: in the first is a copy of a record whose row is from the second.
fn duplicates(lake: &Batch<'_>, objects: &mut Objects) -> Result<BTreeSet<(u32, u32)>> {
    let columns = [DuplicateColumn::evidence_object, DuplicateColumn::kept_object].map(DuplicateColumn::position);
    let mut pairs = HashSet::new();
    for file in lake.files(&ledger::DUPLICATES).map_err(Error::Lake)? {
        for batch in read_columns(&file, &columns).map_err(Error::Lake)? {
            let (copies, kept) = (texts(&batch, 0).map_err(Error::Lake)?, texts(&batch, 1).map_err(Error::Lake)?);
            for row in 0..batch.num_rows() {
                pairs.insert((objects.number(copies.value(row))?, objects.number(kept.value(row))?));
            }
        }
    }
    Ok(pairs.into_iter().filter(|(copy, kept)| copy != kept).collect())
}

/// Objects whose records were left out because an object that is taken again had them are taken again, too: it may not
/// have them any more. False when there is none.
fn take_dependents(pairs: &BTreeSet<(u32, u32)>, states: &mut [ObjectState]) -> bool {
    let mut found = false;
    loop {
        let rest =
            |(copy, kept): &&(u32, u32)| state(states, *kept) == ObjectState::Again && !state(states, *copy).is_task();
        let more: Vec<u32> = pairs.iter().filter(rest).map(|(copy, _)| *copy).collect();
        if more.is_empty() {
            return found;
        }
        found = true;
        for number in more {
            if let Some(state) = states.get_mut(number as usize) {
                *state = ObjectState::Again;
            }
        }
    }
}

/// What the ledger says about the objects that are taken again.
fn before(lake: &Batch<'_>, objects: &mut Objects, states: &[ObjectState]) -> Result<HashMap<u32, Before>> {
    let mut all = HashMap::new();
    if !states.iter().any(|state| matches!(state, ObjectState::Again | ObjectState::AgainFromNothing)) {
        return Ok(all);
    }
    use ObjectColumn as C;
    let columns = [
        C::evidence_object,
        C::source,
        C::status,
        C::reason,
        C::damage,
        C::kept,
        C::duplicates,
        C::rejects,
        C::first_event_time,
        C::last_event_time,
        C::undated,
        C::basis,
    ];
    for file in lake.files(&ledger::OBJECTS).map_err(Error::Lake)? {
        for batch in read_columns(&file, &columns.map(C::position)).map_err(Error::Lake)? {
            let names = texts(&batch, 0).map_err(Error::Lake)?;
            for row in 0..batch.num_rows() {
                let number = objects.number(names.value(row))?;
                if !state(states, number).is_task() {
                    continue;
                }
                let text = |at| texts(&batch, at).map(|array| cell(array, row).map(str::to_owned)).map_err(Error::Lake);
                let count = |at| {
                    let array = integers(&batch, at).map_err(Error::Lake)?;
                    Ok(u64::try_from(array.value(row)).unwrap_or_default())
                };
                let time = |at| {
                    let array = times(&batch, at).map_err(Error::Lake)?;
                    Ok(array.is_valid(row).then(|| array.value(row)))
                };
                all.insert(
                    number,
                    Before {
                        source: text(1)?,
                        status: text(2)?.unwrap_or_default(),
                        reason: text(3)?,
                        damage: text(4)?,
                        kept: count(5)?,
                        duplicates: count(6)?,
                        rejects: count(7)?,
                        times: time(8)?.zip(time(9)?),
                        undated: count(10)?,
                        basis: text(11)?.unwrap_or_default(),
                    },
                );
            }
        }
    }
    Ok(all)
}

/// About what an object costs in memory beside its rows: its entry, what became of it, its row in the ledger.
const OVERHEAD: u64 = 4096;
/// The same for each byte of its line in the manifest, where that is a long one: its names stand in all of these.
const COPIES: u64 = 4;

fn batches(tasks: impl Iterator<Item = Waiting>, batch_bytes: u64) -> Vec<Vec<Waiting>> {
    let mut batches: Vec<Vec<Waiting>> = Vec::new();
    let mut bytes = u64::MAX;
    for task in tasks {
        let size = task.inflated.max(OVERHEAD).max(COPIES * task.line);
        if bytes.saturating_add(size) > batch_bytes {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(batch) = batches.last_mut() {
            batch.push(task);
        }
    }
    batches
}
