//! AWS Config's items as the history of each resource: states, changes, policies, exposures.
//!
//! Items are taken day by day, so that only one day and the present state of each resource are in memory; resources
//! are shared out among shards, which work in parallel and whose order is fixed.

mod documents;
mod lists;
mod plan;
mod shard;

use std::borrow::Cow;
use std::path::Path;

use coldtrail_lake::{NewFile, Snapshot};
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::config_history as history;
use coldtrail_schema::tables::config_items::{self, ConfigItemColumn as Column};
use coldtrail_schema::tables::resource::ResourceHead;
use rayon::prelude::*;

use crate::Progress;
use crate::columns::Columns;
use crate::error::Result;
use crate::names::{Names, hash};
use crate::output::Output;
use plan::Foreknowledge;
use shard::{Finished, Item, Shard};

/// How many parts the resources are shared out among; more than there are processors, and always the same.
const SHARDS: usize = 16;

/// What a resource is called.
#[derive(Debug, Default, Clone)]
pub(crate) struct Resource {
    pub(crate) account: Box<str>,
    pub(crate) region: Box<str>,
    pub(crate) kind: Box<str>,
    pub(crate) id: Box<str>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) arn: Option<Box<str>>,
}

impl Resource {
    /// The columns that name it.
    pub(crate) fn head(&self) -> ResourceHead<'_> {
        ResourceHead {
            awsaccountid: Some(Cow::Borrowed(&*self.account)),
            awsregion: Some(Cow::Borrowed(&*self.region)),
            resourcetype: Some(Cow::Borrowed(&*self.kind)),
            resourceid: Some(Cow::Borrowed(&*self.id)),
            resourcename: self.name.as_deref().map(Cow::Borrowed),
            arn: self.arn.as_deref().map(Cow::Borrowed),
        }
    }
}

/// What happened to a resource between two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Created,
    Deleted,
    Changed,
    NotRecorded,
    RecordedAgain,
}

impl ChangeKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            ChangeKind::Created => "created",
            ChangeKind::Deleted => "deleted",
            ChangeKind::Changed => "changed",
            ChangeKind::NotRecorded => "not recorded",
            ChangeKind::RecordedAgain => "recorded again",
        }
    }
}

/// A change whose maker is to be found.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) resource: u32,
    pub(crate) kind: ChangeKind,
    /// The capture after it, in microseconds.
    pub(crate) time: i64,
    /// The capture before it.
    pub(crate) previous: Option<i64>,
    /// When the resource was created, by Config's account.
    pub(crate) created: Option<i64>,
    /// How late Config may capture here, by how often it records.
    pub(crate) delay: i64,
    pub(crate) object: u32,
    pub(crate) record: i64,
    pub(crate) paths: Vec<ChangedPath>,
}

/// One path that changed, and by what its maker can be known.
#[derive(Debug)]
pub(crate) struct ChangedPath {
    /// A number of [`History::paths`].
    pub(crate) path: u32,
    /// Was something taken away, and nothing put in its place?
    pub(crate) removed: bool,
    /// Of each leaf of the changed value: the hash of the value, or 0 where it says nothing by itself, and the hash
    /// of its name with it.
    pub(crate) leaves: Box<[(u64, u64)]>,
}

/// The history of all resources.
pub(crate) struct History {
    pub(crate) resources: Vec<Resource>,
    /// By the hash of what a resource is called: its number. Sorted.
    pub(crate) identifiers: Vec<(u64, u32)>,
    /// Sorted by resource and time.
    pub(crate) changes: Vec<Change>,
    pub(crate) paths: Names,
    /// The objects of the items.
    pub(crate) objects: Names,
    /// The last capture of each resource.
    last: Vec<i64>,
    pub(crate) states: u64,
    /// Rows that are no state of a resource.
    pub(crate) stateless: u64,
    /// Rows without a time.
    pub(crate) undated: u64,
    pub(crate) files: Vec<NewFile>,
}

impl History {
    /// Is there a capture of the resource after `time`?
    pub(crate) fn captured_after(&self, resource: u32, time: i64) -> bool {
        self.last.get(resource as usize).is_some_and(|last| *last > time)
    }
}

/// The tables that come of it.
pub(crate) struct Tables<'l> {
    states: Output<'l>,
    changes: Output<'l>,
    statements: Output<'l>,
    exposures: Output<'l>,
    unknowns: Output<'l>,
}

impl<'l> Tables<'l> {
    fn new(lake: &'l Path) -> Tables<'l> {
        use history::{
            ConfigChangeColumn, ConfigStateColumn, ExposureColumn, ExposureUnknownColumn, PolicyStatementColumn,
        };
        let output = |table, time| Output::new(lake, table, Some(time));
        Tables {
            states: output(&history::CONFIG_STATES, ConfigStateColumn::valid_from.position()),
            changes: output(&history::CONFIG_CHANGES, ConfigChangeColumn::configurationitemcapturetime.position()),
            statements: output(&history::POLICY_STATEMENTS, PolicyStatementColumn::valid_from.position()),
            exposures: output(&history::EXPOSURES, ExposureColumn::valid_from.position()),
            unknowns: output(&history::EXPOSURE_UNKNOWNS, ExposureUnknownColumn::valid_from.position()),
        }
    }

    fn push(&mut self, finished: Finished) -> Result<()> {
        self.states.push(finished.states)?;
        self.changes.push(finished.changes)?;
        self.statements.push(finished.statements)?;
        self.exposures.push(finished.exposures)?;
        self.unknowns.push(finished.unknowns)
    }
}

/// The columns of `config_items` that are read.
fn columns() -> Columns {
    Columns::new([
        position::OBJECT,
        position::RECORD,
        position::ACCOUNT,
        position::REGION,
        position::TIME,
        Column::item_source.position(),
        Column::configurationitemcapturetime.position(),
        Column::configurationitemstatus.position(),
        Column::configurationstateid.position(),
        Column::resourcetype.position(),
        Column::resourceid.position(),
        Column::resourcename.position(),
        Column::arn.position(),
        Column::resourcecreationtime.position(),
        Column::tags.position(),
        Column::relationships.position(),
        Column::configuration.position(),
        Column::supplementaryconfiguration.position(),
    ])
}

/// Reads every item and writes the history of every resource.
pub(crate) fn history(lake: &Path, snapshot: &Snapshot, progress: &dyn Progress) -> Result<History> {
    let plan = Foreknowledge::new(snapshot)?;
    let mut tables = Tables::new(lake);
    let mut run = Run::default();
    let mut shards: Vec<Shard> = (0..SHARDS).map(|_| Shard::default()).collect();
    for day in snapshot.files(config_items::TABLE.name).chunk_by(|a, b| a.date == b.date) {
        let columns = columns();
        let read: Result<Vec<Vec<RecordBatch>>> = day.par_iter().map(|file| columns.read(file)).collect();
        let batches: Vec<RecordBatch> = read?.into_iter().flatten().collect();
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let parts = run.share_out(&columns, &batches);
        let resources = &run.resources;
        shards.par_iter_mut().zip(parts).try_for_each(|(shard, items)| shard.take(items, resources, &plan))?;
        run.collect(&mut shards, &mut tables, false)?;
        progress.done(rows as u64);
    }
    let resources = &run.resources;
    shards.par_iter_mut().try_for_each(|shard| shard.close(resources, &plan))?;
    run.collect(&mut shards, &mut tables, true)?;
    run.finish(tables)
}

/// What grows while the days are read.
#[derive(Default)]
struct Run {
    keys: Names,
    resources: Vec<Resource>,
    identifiers: Vec<(u64, u32)>,
    changes: Vec<Change>,
    paths: Names,
    objects: Names,
    last: Vec<i64>,
    stateless: u64,
    undated: u64,
}

impl Run {
    /// The items of a day for each shard, in order of capture, then of state id.
    fn share_out<'b>(&mut self, columns: &Columns, batches: &'b [RecordBatch]) -> Vec<Vec<Item<'b>>> {
        let mut parts: Vec<Vec<Item<'b>>> = (0..SHARDS).map(|_| Vec::new()).collect();
        for batch in batches {
            for row in 0..batch.num_rows() {
                self.undated += u64::from(columns.times(batch, position::TIME).get(row).is_none());
                let Some(mut item) = Item::read(columns, batch, row) else {
                    self.stateless += 1;
                    continue;
                };
                item.resource = self.resource(&item);
                item.object_number = self.objects.number(item.object);
                if let Some(last) = self.last.get_mut(item.resource as usize) {
                    *last = (*last).max(item.time());
                }
                if let Some(part) = parts.get_mut(item.resource as usize % SHARDS) {
                    part.push(item);
                }
            }
        }
        parts.par_iter_mut().for_each(|part| part.sort_by(Item::order));
        parts
    }

    fn resource(&mut self, item: &Item<'_>) -> u32 {
        let number = self.keys.number(&item.key());
        if number as usize == self.resources.len() {
            self.resources.push(Resource {
                account: item.account.into(),
                region: item.region().into(),
                kind: item.kind.into(),
                id: item.id.into(),
                ..Resource::default()
            });
            self.identifiers.push((hash(item.id), number));
            self.last.push(item.time());
        }
        if let Some(resource) = self.resources.get_mut(number as usize) {
            for (known, now) in [(&mut resource.name, item.name), (&mut resource.arn, item.arn)] {
                if let Some(now) = now.filter(|now| !now.is_empty() && known.as_deref() != Some(now)) {
                    *known = Some(now.into());
                    self.identifiers.push((hash(now), number));
                }
            }
        }
        number
    }

    /// Takes what the shards have finished: all of it, or what is worth a batch.
    fn collect(&mut self, shards: &mut [Shard], tables: &mut Tables<'_>, last: bool) -> Result<()> {
        for shard in shards {
            for raw in shard.changes.drain(..) {
                let paths = raw.paths.into_iter().map(|path| ChangedPath {
                    path: self.paths.number(&path.path),
                    removed: path.removed,
                    leaves: path.leaves,
                });
                self.changes.push(Change { paths: paths.collect(), ..raw.change });
            }
            if last || shard.waiting() > 4096 {
                tables.push(shard.finish())?;
            }
        }
        Ok(())
    }

    fn finish(mut self, tables: Tables<'_>) -> Result<History> {
        self.identifiers.sort_unstable();
        self.identifiers.dedup();
        self.changes.sort_by_key(|change| (change.resource, change.time));
        let mut files = Vec::new();
        let (states, count) = tables.states.finish()?;
        files.extend(states);
        for output in [tables.changes, tables.statements, tables.exposures, tables.unknowns] {
            files.extend(output.finish()?.0);
        }
        Ok(History {
            resources: self.resources,
            identifiers: self.identifiers,
            changes: self.changes,
            paths: self.paths,
            objects: self.objects,
            last: self.last,
            states: count,
            stateless: self.stateless,
            undated: self.undated,
            files,
        })
    }
}
