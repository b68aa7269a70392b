//! The run: batch after batch.

use std::ops::Range;
use std::thread::{Scope, ScopedJoinHandle};

use coldtrail_evidence::{Case, Limits, Manifest};
use coldtrail_lake::{Batch, Change, Lake};
use coldtrail_sources::Definitions;
use coldtrail_sources::time::LAST_YEAR;
use rayon::prelude::*;

use crate::basis::Basis;
use crate::collect::{Collector, Tally, status};
use crate::decode::{Outcome, Part, Status, Workers, alone};
use crate::error::{Error, Result};
use crate::plan::{Copies, Plan, Task, plan};
use crate::seen::Seen;
use crate::settle::LedgerFiles;
use crate::state::{LakeState, state};

/// How to ingest.
#[derive(Debug, Clone)]
pub struct Options {
    pub limits: Limits,
    /// About how many inflated bytes are decoded, written and committed together.
    pub batch_bytes: u64,
    /// The last year that an event can be of. Whoever knows a clock says the next one; the ledger does not remember it,
    /// so a new year makes nothing be read again.
    pub last_year: i16,
    /// What the user defined, for objects that no source knows.
    pub own: Definitions,
}

impl Default for Options {
    fn default() -> Self {
        // Larger batches make larger files, but their memory is given back to the system before it is needed again.
        Options { limits: Limits::default(), batch_bytes: 160 << 20, last_year: LAST_YEAR, own: Definitions::default() }
    }
}

/// An object that was decoded.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub inflated: u64,
    pub records: u64,
    pub rejects: u64,
}

/// Is told how far the work is.
pub trait Progress: Sync {
    /// How many objects and inflated bytes there are to do.
    fn start(&self, objects: u64, bytes: u64);
    fn object(&self, done: Done);
    fn committed(&self, version: u64);
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Objects that were in the lake before and are done.
    pub already: u64,
    /// Of the objects looked at, those that were in the lake before.
    pub again: u64,
    /// Objects looked at: the sum of the next six.
    pub objects: u64,
    pub ingested: u64,
    pub copies: u64,
    pub empty: u64,
    pub archives: u64,
    pub unrecognised: u64,
    pub failed: u64,
    /// Objects with damage in their container, whatever else became of them.
    pub damaged: u64,
    pub records: u64,
    pub kept: u64,
    pub duplicates: u64,
    pub rejects: u64,
    /// Bytes as stored, and inflated.
    pub bytes: u64,
    pub inflated: u64,
    /// The version of the lake after it.
    pub version: u64,
    /// What is in the lake after it, of all runs.
    pub lake: LakeState,
}

impl Summary {
    fn count(&mut self, task: &Task, outcome: &Outcome, tally: &Tally) {
        self.objects += 1;
        self.again += u64::from(task.before.is_some());
        let counter = match status(outcome, tally) {
            Status::Ingested => &mut self.ingested,
            Status::Duplicate => &mut self.copies,
            Status::Empty => &mut self.empty,
            Status::Archive => &mut self.archives,
            Status::Unrecognised => &mut self.unrecognised,
            Status::Failed => &mut self.failed,
        };
        *counter += 1;
        self.damaged += u64::from(outcome.damage.is_some());
        self.records += outcome.records;
        self.kept += tally.kept;
        self.duplicates += tally.duplicates;
        self.rejects += tally.rejects;
        self.bytes += task.entry.size;
        self.inflated += task.entry.inflated_size;
    }
}

/// Ingests everything that was collected and is not done: what is new, and what has to be looked at again.
pub fn ingest(case: &Case, options: &Options, progress: &dyn Progress) -> Result<Summary> {
    let directory = case.lake_dir();
    let lake = Lake::of(case).map_err(Error::Lake)?;
    let batch = lake.begin("ingest").map_err(Error::Lake)?;
    let basis = Basis::new(&options.limits, &options.own);
    let manifest = Manifest::load(case).map_err(Error::Evidence)?;
    let Plan { objects, batches, mut copies, gone } = plan(&manifest, &batch, &basis, options.batch_bytes)?;
    let waiting = || batches.iter().flatten();
    progress.start(waiting().count() as u64, waiting().map(|one| one.inflated).sum());
    let mut summary = Summary { already: (manifest.len() - waiting().count()) as u64, ..Summary::default() };
    let again = waiting().filter(|one| one.before.is_some()).map(|one| one.number);
    let stale = again.chain(gone.keys().copied()).collect();
    let workers = Workers::default();
    let (seen, ledger) = (Seen::new(&batch, stale)?, LedgerFiles::of(&batch)?);
    let mut run = Run {
        case,
        options,
        progress,
        collector: Collector::new(&directory, &basis, objects, seen, ledger, gone),
        copies: &mut copies,
        summary: &mut summary,
    };
    // While a batch is committed, the next one is decoded.
    std::thread::scope(|scope| {
        let mut committing = Committing::Idle(batch);
        for waiting in batches {
            let tasks = Task::all(&manifest, waiting)?;
            if tasks.iter().any(|task| task.entry.inflated_size > options.batch_bytes) {
                // An object larger than a batch is decoded by itself, and its rows are written as they come.
                run.stream(tasks)?;
            } else {
                run.gather(tasks, &workers)?;
            }
            let change = run.collector.finish()?;
            let batch = committing.done(progress)?;
            committing =
                if change.is_empty() { Committing::Idle(batch) } else { Committing::begin(scope, batch, change) };
        }
        committing.done(progress).map(|_batch| ())
    })?;
    let snapshot = lake.snapshot(None).map_err(Error::Lake)?;
    summary.version = snapshot.version;
    summary.lake = state(&snapshot)?;
    Ok(summary)
}

/// The lake's lock, perhaps with a thread that is committing.
enum Committing<'s, 'l> {
    Idle(Batch<'l>),
    Going(ScopedJoinHandle<'s, (Batch<'l>, coldtrail_lake::Result<u64>)>),
}

impl<'s, 'l> Committing<'s, 'l> {
    fn begin(scope: &'s Scope<'s, '_>, mut batch: Batch<'l>, change: Change) -> Self
    where
        'l: 's,
    {
        Committing::Going(scope.spawn(move || {
            let version = batch.commit(&change);
            (batch, version)
        }))
    }

    /// Waits for the commit that is going on.
    fn done(self, progress: &dyn Progress) -> Result<Batch<'l>> {
        match self {
            Committing::Idle(batch) => Ok(batch),
            Committing::Going(thread) => {
                let (batch, version) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                progress.committed(version.map_err(Error::Lake)?);
                Ok(batch)
            }
        }
    }
}

fn report(progress: &dyn Progress, task: &Task, outcome: &Outcome, rejects: u64) {
    progress.object(Done { inflated: task.entry.inflated_size, records: outcome.records, rejects });
}

/// About how many inflated bytes a worker decodes before it hands over their rows.
const GROUP: u64 = 4 << 20;

/// Neighbouring tasks, together about as large as a group.
fn groups(tasks: &[Task]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut bytes = GROUP;
    for (at, task) in tasks.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if bytes < GROUP => group.end = at + 1,
            _ => {
                groups.push(at..at + 1);
                bytes = 0;
            }
        }
        bytes += task.entry.inflated_size;
    }
    groups
}

/// A run, batch after batch.
struct Run<'a> {
    case: &'a Case,
    options: &'a Options,
    progress: &'a dyn Progress,
    collector: Collector<'a>,
    copies: &'a mut Copies,
    summary: &'a mut Summary,
}

impl Run<'_> {
    /// Decodes the objects of a batch in parallel, then takes their rows in order.
    fn gather(&mut self, tasks: Vec<Task>, workers: &Workers) -> Result<()> {
        let (case, options, progress) = (self.case, self.options, self.progress);
        let decoded: Vec<(Vec<Part>, Vec<Outcome>)> = groups(&tasks)
            .into_par_iter()
            .with_max_len(1)
            .map(|group| {
                let (parts, outcomes) = workers.decode(case, &tasks, group.clone(), options);
                let rejects = rejects(&parts, &group);
                for ((task, outcome), rejects) in
                    tasks.get(group).unwrap_or_default().iter().zip(&outcomes).zip(rejects)
                {
                    report(progress, task, outcome, rejects);
                }
                (parts, outcomes)
            })
            .collect();
        let (parts, outcomes): (Vec<Vec<Part>>, Vec<Vec<Outcome>>) = decoded.into_iter().unzip();
        let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
        let mut tallies: Vec<Tally> =
            tasks.iter().zip(&outcomes).map(|(task, outcome)| begin(self.copies, task, Some(outcome))).collect();
        for part in parts.into_iter().flatten() {
            self.collector.part(&tasks, part, &mut tallies)?;
        }
        for ((task, outcome), tally) in tasks.into_iter().zip(&outcomes).zip(&tallies) {
            self.summary.count(&task, outcome, tally);
            self.collector.object(task, outcome, tally)?;
        }
        Ok(())
    }

    /// Decodes the objects of a batch one by one and takes their rows as they come.
    fn stream(&mut self, tasks: Vec<Task>) -> Result<()> {
        let mut tallies = vec![Tally::default(); tasks.len()];
        let mut outcomes = Vec::with_capacity(tasks.len());
        for (at, task) in tasks.iter().enumerate() {
            tallies[at] = begin(self.copies, task, None);
            let mut failed = None;
            let outcome = alone(self.case, at, task, self.options, &mut |part| {
                if failed.is_none() {
                    failed = self.collector.part(&tasks, part, &mut tallies).err();
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            report(self.progress, task, &outcome, tallies[at].rejects);
            if outcome.status == Status::Ingested {
                self.copies.read(task);
            }
            outcomes.push(outcome);
        }
        for ((task, outcome), tally) in tasks.into_iter().zip(&outcomes).zip(&tallies) {
            self.summary.count(&task, outcome, tally);
            self.collector.object(task, outcome, tally)?;
        }
        Ok(())
    }
}

/// The tally of an object whose records come next. When it is known what became of it, those after it may be copies.
fn begin(copies: &mut Copies, task: &Task, outcome: Option<&Outcome>) -> Tally {
    let tally = Tally { copy_of: copies.first(task), ..Tally::default() };
    if outcome.is_some_and(|outcome| outcome.status == Status::Ingested) {
        copies.read(task);
    }
    tally
}

/// How many rejects each task of a group has.
fn rejects(parts: &[Part], group: &Range<usize>) -> Vec<u64> {
    let mut counts = vec![0; group.len()];
    let runs = parts.iter().filter_map(|part| match part {
        Part::Rejects(_, runs) => Some(runs),
        Part::Rows(_) => None,
    });
    for (at, count) in runs.flatten() {
        if let Some(slot) = at.checked_sub(group.start).and_then(|at| counts.get_mut(at)) {
            *slot += *count as u64;
        }
    }
    counts
}
