//! The run: batch after batch.

use std::ops::Range;
use std::thread::ScopedJoinHandle;

use coldtrail_evidence::{Case, Limits, Manifest};
use coldtrail_lake::{Batch, Lake};
use rayon::prelude::*;

use crate::collect::{Collector, Tally};
use crate::decode::{Outcome, Part, Workers, alone};
use crate::error::{Error, Result};
use crate::plan::{Task, plan};
use crate::seen::Seen;

/// How to ingest.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub limits: Limits,
    /// About how many inflated bytes are decoded, written and committed together.
    pub batch_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        // Larger batches make larger files, but their memory is given back to the system before it is needed again.
        Options { limits: Limits::default(), batch_bytes: 160 << 20 }
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
    /// Objects that were in the lake before.
    pub already: u64,
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
}

impl Summary {
    /// Is everything that was collected in the lake, and nothing left over?
    pub fn is_whole(&self) -> bool {
        self.rejects == 0 && self.failed == 0 && self.unrecognised == 0 && self.damaged == 0
    }

    fn count(&mut self, task: &Task, outcome: &Outcome, tally: &Tally) {
        self.objects += 1;
        match (outcome.status, &task.copy_of) {
            ("ingested", Some(_)) => self.copies += 1,
            ("ingested", None) => self.ingested += 1,
            ("empty", _) => self.empty += 1,
            ("archive", _) => self.archives += 1,
            ("unrecognised", _) => self.unrecognised += 1,
            _ => self.failed += 1,
        }
        self.damaged += u64::from(outcome.damage.is_some());
        self.records += tally.kept + tally.duplicates + outcome.rejects;
        self.kept += tally.kept;
        self.duplicates += tally.duplicates;
        self.rejects += outcome.rejects;
        self.bytes += task.entry.size;
        self.inflated += task.entry.inflated_size;
    }
}

/// Ingests everything that was collected and is not in the lake yet.
pub fn ingest(case: &Case, options: &Options, progress: &dyn Progress) -> Result<Summary> {
    let lake = Lake::new(&case.lake_dir()).map_err(Error::Lake)?;
    let batch = lake.begin().map_err(Error::Lake)?;
    let manifest = Manifest::load(case).map_err(Error::Evidence)?;
    let collected = manifest.entries.len() as u64;
    let batches = plan(manifest, &batch, options.batch_bytes)?;
    let objects: u64 = batches.iter().map(|tasks| tasks.len() as u64).sum();
    let bytes = batches.iter().flatten().map(|task| task.entry.inflated_size).sum();
    progress.start(objects, bytes);
    let mut summary = Summary { already: collected - objects, ..Summary::default() };
    let directory = case.lake_dir();
    let workers = Workers::default();
    let mut collector = Collector::new(&directory, Seen::new(&batch)?);
    // While a batch is committed, the next one is decoded.
    std::thread::scope(|scope| {
        let mut committing = Committing::Idle(batch);
        for tasks in &batches {
            if tasks.iter().any(|task| task.entry.inflated_size > options.batch_bytes) {
                // An object larger than a batch is decoded by itself, and its rows are written as they come.
                stream(case, tasks, options, progress, &mut collector, &mut summary)?;
            } else {
                gather(case, tasks, options, &workers, progress, &mut collector, &mut summary)?;
            }
            let files = collector.finish()?;
            let mut batch = committing.done(progress, &mut summary)?;
            committing = Committing::Going(scope.spawn(move || {
                let version = batch.commit(&files);
                (batch, version)
            }));
        }
        committing.done(progress, &mut summary).map(|_batch| ())
    })?;
    if batches.is_empty() {
        summary.version = lake.snapshot(None).map_err(Error::Lake)?.version;
    }
    Ok(summary)
}

/// The lake's lock, perhaps with a thread that is committing.
enum Committing<'s, 'l> {
    Idle(Batch<'l>),
    Going(ScopedJoinHandle<'s, (Batch<'l>, coldtrail_lake::Result<u64>)>),
}

impl<'l> Committing<'_, 'l> {
    /// Waits for the commit that is going on.
    fn done(self, progress: &dyn Progress, summary: &mut Summary) -> Result<Batch<'l>> {
        match self {
            Committing::Idle(batch) => Ok(batch),
            Committing::Going(thread) => {
                let (batch, version) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                summary.version = version.map_err(Error::Lake)?;
                progress.committed(summary.version);
                Ok(batch)
            }
        }
    }
}

fn report(progress: &dyn Progress, task: &Task, outcome: &Outcome) {
    let records = outcome.rows + outcome.rejects;
    progress.object(Done { inflated: task.entry.inflated_size, records, rejects: outcome.rejects });
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

/// Decodes the objects of a batch in parallel, then takes their rows in order.
fn gather(
    case: &Case,
    tasks: &[Task],
    options: &Options,
    workers: &Workers,
    progress: &dyn Progress,
    collector: &mut Collector<'_>,
    summary: &mut Summary,
) -> Result<()> {
    let decoded: Vec<(Vec<Part>, Vec<Outcome>)> = groups(tasks)
        .into_par_iter()
        .with_max_len(1)
        .map(|group| {
            let (parts, outcomes) = workers.decode(case, tasks, group.clone(), &options.limits);
            for (task, outcome) in tasks.get(group).unwrap_or_default().iter().zip(&outcomes) {
                report(progress, task, outcome);
            }
            (parts, outcomes)
        })
        .collect();
    let mut tallies = vec![Tally::default(); tasks.len()];
    let mut outcomes = Vec::with_capacity(tasks.len());
    for (parts, more) in decoded {
        for part in parts {
            collector.part(tasks, part, &mut tallies)?;
        }
        outcomes.extend(more);
    }
    for ((task, outcome), tally) in tasks.iter().zip(&outcomes).zip(&tallies) {
        collector.object(task, outcome, tally)?;
        summary.count(task, outcome, tally);
    }
    Ok(())
}

/// Decodes the objects of a batch one by one and takes their rows as they come.
fn stream(
    case: &Case,
    tasks: &[Task],
    options: &Options,
    progress: &dyn Progress,
    collector: &mut Collector<'_>,
    summary: &mut Summary,
) -> Result<()> {
    let mut tallies = vec![Tally::default(); tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        let mut failed = None;
        let outcome = alone(case, at, task, &options.limits, &mut |part| {
            if failed.is_none() {
                failed = collector.part(tasks, part, &mut tallies).err();
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        report(progress, task, &outcome);
        let tally = &tallies[at];
        collector.object(task, &outcome, tally)?;
        summary.count(task, &outcome, tally);
    }
    Ok(())
}
