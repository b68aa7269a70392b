//! One part of the resources: the present state of each, and what of its history is finished.

use std::borrow::Cow;
use std::cmp::Ordering;

use coldtrail_diff::{Change as Difference, exposure};
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::config_history::{
    ConfigChangeRow, ConfigChangeRows, ConfigStateRow, ConfigStateRows, ExposureRows, ExposureUnknownRows,
    PolicyStatementRows,
};
use coldtrail_schema::tables::config_items::ConfigItemColumn as Column;
use hashbrown::HashMap;

use super::documents::{self, Documents, PARTS, Packed};
use super::plan::Foreknowledge;
use super::{Change, ChangeKind, Resource};
use crate::columns::Columns;
use crate::error::Result;
use crate::marks;
use crate::names::hash;
use open::{Open, Place};

mod open;
#[cfg(test)]
mod tests;

/// The compliance of a resource is an item too; AWS Config makes it itself.
const COMPLIANCE: &str = "AWS::Config::ResourceCompliance";

/// How far the recorders of two regions are apart.
const ECHO: i64 = 10_000_000;

/// What kind of state an item tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Exists,
    Deleted,
    NotRecorded,
}

impl State {
    fn of(status: &str) -> State {
        match status {
            "ResourceDeleted" | "ResourceDeletedNotRecorded" => State::Deleted,
            "ResourceNotRecorded" => State::NotRecorded,
            _ => State::Exists,
        }
    }

    fn name(self) -> &'static str {
        match self {
            State::Exists => "exists",
            State::Deleted => "deleted",
            State::NotRecorded => "not recorded",
        }
    }
}

/// A configuration item.
pub(crate) struct Item<'b> {
    pub(crate) object: &'b str,
    pub(crate) record: i64,
    pub(crate) account: &'b str,
    pub(crate) kind: &'b str,
    pub(crate) id: &'b str,
    pub(crate) name: Option<&'b str>,
    pub(crate) arn: Option<&'b str>,
    pub(crate) resource: u32,
    pub(crate) object_number: u32,
    region: &'b str,
    time: i64,
    state_id: Option<&'b str>,
    status: &'b str,
    snapshot: bool,
    created: Option<i64>,
    parts: [Option<&'b str>; 4],
}

impl<'b> Item<'b> {
    /// None when the row is no state of a resource: a notification of something else, or one without the document.
    pub(crate) fn read(columns: &Columns, batch: &'b RecordBatch, row: usize) -> Option<Item<'b>> {
        let text = |column: usize| columns.texts(batch, column).get(row);
        let part = |column: Column| text(column.position());
        let status = part(Column::configurationitemstatus).unwrap_or("OK");
        let parts = [
            part(Column::configuration),
            part(Column::supplementaryconfiguration),
            part(Column::tags),
            part(Column::relationships),
        ];
        if State::of(status) == State::Exists && parts[0].is_none() && parts[1].is_none() {
            return None;
        }
        Some(Item {
            object: text(position::OBJECT)?,
            record: columns.integers(batch, position::RECORD).get(row)?,
            account: text(position::ACCOUNT).unwrap_or_default(),
            region: text(position::REGION).unwrap_or_default(),
            kind: part(Column::resourcetype)?,
            id: part(Column::resourceid).or_else(|| part(Column::arn))?,
            name: part(Column::resourcename),
            arn: part(Column::arn),
            time: columns.times(batch, Column::configurationitemcapturetime.position()).get(row)?,
            state_id: part(Column::configurationstateid),
            status,
            snapshot: part(Column::item_source) == Some("snapshot"),
            created: columns.times(batch, Column::resourcecreationtime.position()).get(row),
            resource: 0,
            object_number: 0,
            parts,
        })
    }

    /// IAM is global: its items are recorded in each region, and are of one resource all the same.
    pub(crate) fn region(&self) -> &'b str {
        if self.kind.starts_with("AWS::IAM::") { "global" } else { self.region }
    }

    pub(crate) fn time(&self) -> i64 {
        self.time
    }

    pub(crate) fn key(&self) -> String {
        // With the lengths, so that no forged name can run into its neighbour and make two resources one.
        let (account, region, kind) = (self.account, self.region(), self.kind);
        format!("{} {} {}\n{account}{region}{kind}{}", account.len(), region.len(), kind.len(), self.id)
    }

    pub(crate) fn order(&self, other: &Item<'_>) -> Ordering {
        // State ids are numbers in files; as ordinals, longer ones are greater.
        self.time
            .cmp(&other.time)
            .then_with(|| self.state_number().cmp(&other.state_number()))
            .then_with(|| (self.object, self.record).cmp(&(other.object, other.record)))
    }

    fn state_number(&self) -> (usize, &'b str) {
        self.state_id.map_or((0, ""), |id| (id.len(), id))
    }

    fn documents(&self) -> Documents {
        self.parts.map(documents::parse)
    }

    fn place(&self) -> Place {
        Place { time: self.time, object: self.object.into(), record: self.record }
    }

    /// Equal texts have equal fingerprints.
    fn fingerprint(&self) -> u64 {
        self.parts.iter().fold(0, |all: u64, part| all.rotate_left(13) ^ hash(part.unwrap_or_default()))
    }
}

/// The present state of a resource.
struct Current {
    state: State,
    from: Place,
    fingerprint: u64,
    documents: Packed,
    status: Box<str>,
    state_id: Option<Box<str>>,
    created: Option<i64>,
    confirmations: i64,
    /// When it was last said again, by a capture or by the delivery of a snapshot.
    confirmed: Option<i64>,
    /// The last capture of it.
    captured: i64,
    /// How many paths differ from the state before; none for the first.
    changes: Option<i64>,
    /// For global resources: the fingerprint of the state before, and until when it may still be repeated.
    echo: Option<(u64, i64)>,
    open: Open,
    /// The prefix lists that it refers to, and up to when their items are judged with it.
    lists: Vec<String>,
    judged: i64,
}

/// A change as a shard finds it.
pub(crate) struct RawChange {
    pub(crate) change: Change,
    pub(crate) paths: Vec<RawPath>,
}

pub(crate) struct RawPath {
    pub(crate) path: String,
    pub(crate) removed: bool,
    pub(crate) leaves: Box<[(u64, u64)]>,
}

/// Rows that are finished.
pub(crate) struct Finished {
    pub(crate) states: RecordBatch,
    pub(crate) changes: RecordBatch,
    pub(crate) statements: RecordBatch,
    pub(crate) exposures: RecordBatch,
    pub(crate) unknowns: RecordBatch,
}

#[derive(Default)]
struct Rows {
    states: ConfigStateRows,
    changes: ConfigChangeRows,
    statements: PolicyStatementRows,
    exposures: ExposureRows,
    unknowns: ExposureUnknownRows,
}

#[derive(Default)]
pub(crate) struct Shard {
    current: HashMap<u32, Current>,
    rows: Rows,
    pub(crate) changes: Vec<RawChange>,
}

impl Shard {
    pub(crate) fn take(&mut self, items: Vec<Item<'_>>, resources: &[Resource], plan: &Foreknowledge) -> Result<()> {
        for item in items {
            if let Some(resource) = resources.get(item.resource as usize) {
                self.item(&item, resource, plan)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &Item<'_>, resource: &Resource, plan: &Foreknowledge) -> Result<()> {
        let fingerprint = item.fingerprint();
        let state = State::of(item.status);
        let Some(current) = self.current.get_mut(&item.resource) else {
            let documents = Packed::new(item.parts);
            let new = Current::new(item, state, fingerprint, documents, None, None);
            if came_into_being(item, resource, plan) {
                self.created(item, resource, plan);
            }
            self.open(item, resource, new, &item.documents(), plan);
            return Ok(());
        };
        current.follow_lists(resource, Some(item.time), plan, &mut self.rows)?;
        let same_state = current.state == state;
        if same_state && (current.fingerprint == fingerprint || state != State::Exists) {
            current.confirm(item, plan);
            return Ok(());
        }
        // Each region records IAM on its own: one that lags behind repeats the state before.
        if current.echo.is_some_and(|(before, until)| before == fingerprint && item.time <= until) {
            current.confirmations += 1;
            return Ok(());
        }
        let after = Packed::new(item.parts);
        let (before_documents, after_documents) = (current.documents.documents()?, item.documents());
        if same_state && PARTS.iter().enumerate().all(|(at, _)| same(&before_documents, &after_documents, at)) {
            current.confirm(item, plan);
            return Ok(());
        }
        let differences = match (current.state, state) {
            (State::Exists, State::Exists) => documents::changes(&resource.kind, &before_documents, &after_documents),
            _ => Vec::new(),
        };
        let kind = match (current.state, state) {
            (State::Exists, State::Exists) => ChangeKind::Changed,
            (_, State::Deleted) => ChangeKind::Deleted,
            (_, State::NotRecorded) => ChangeKind::NotRecorded,
            (State::Deleted, State::Exists) => ChangeKind::Created,
            (State::NotRecorded, State::Exists) => ChangeKind::RecordedAgain,
        };
        let count = if kind == ChangeKind::Changed { differences.len() } else { 1 };
        let Some(before) = self.current.remove(&item.resource) else { return Ok(()) };
        self.rows.change(item, resource, kind, &before, &differences);
        if kind != ChangeKind::Changed || !differences.is_empty() {
            self.raw_change(item, resource, plan, (kind, Some(&before)), &differences);
        }
        let new = Current::new(item, state, fingerprint, after, Some(count as i64), Some(&before));
        self.rows.state(resource, &before, Some(item.time), plan);
        let mut new = new;
        new.open = before.open;
        self.open(item, resource, new, &after_documents, plan);
        Ok(())
    }

    /// Policies and exposures of the new state: which begin, which end.
    fn open(
        &mut self,
        item: &Item<'_>,
        resource: &Resource,
        mut new: Current,
        documents: &Documents,
        plan: &Foreknowledge,
    ) {
        let place = item.place();
        if item.snapshot {
            new.confirmed = plan.delivery(item.object);
        }
        match new.state {
            State::Exists => {
                new.lists = exposure::prefix_lists(&resource.kind, &documents[0]);
                new.open.turn(documents, resource, &place, plan, &mut self.rows);
            }
            // While it is not recorded, what was open is not known to have ended.
            State::NotRecorded => {}
            State::Deleted => std::mem::take(&mut new.open).end(resource, Some(&place), &mut self.rows),
        }
        self.current.insert(item.resource, new);
    }

    fn created(&mut self, item: &Item<'_>, resource: &Resource, plan: &Foreknowledge) {
        self.rows.changes.push(&ConfigChangeRow {
            path: Some(Cow::Borrowed("configurationItemStatus")),
            after: Some(Cow::Owned(format!("\"{}\"", item.status))),
            kind: Some(Cow::Borrowed(ChangeKind::Created.name())),
            ..change_row(item, resource)
        });
        self.raw_change(item, resource, plan, (ChangeKind::Created, None), &[]);
    }

    fn raw_change(
        &mut self,
        item: &Item<'_>,
        resource: &Resource,
        plan: &Foreknowledge,
        (kind, before): (ChangeKind, Option<&Current>),
        differences: &[Difference],
    ) {
        if &*resource.kind == COMPLIANCE {
            return;
        }
        let paths = differences.iter().map(|difference| RawPath {
            path: difference.path.clone(),
            removed: difference.after.is_none(),
            leaves: marks::of_change(difference),
        });
        let change = Change {
            resource: item.resource,
            kind,
            time: item.time,
            previous: before.map(|before| before.captured),
            created: item.created.filter(|_| kind == ChangeKind::Created),
            delay: plan.delay(&resource.account, item.region),
            object: item.object_number,
            record: item.record,
            paths: Vec::new(),
        };
        self.changes.push(RawChange { change, paths: paths.collect() });
    }

    /// No more items will come: the states that are left are the last ones.
    pub(crate) fn close(&mut self, resources: &[Resource], plan: &Foreknowledge) -> Result<()> {
        let mut left: Vec<(u32, Current)> = self.current.drain().collect();
        left.sort_by_key(|(resource, _)| *resource);
        for (number, mut current) in left {
            let Some(resource) = resources.get(number as usize) else { continue };
            current.follow_lists(resource, None, plan, &mut self.rows)?;
            self.rows.state(resource, &current, None, plan);
            current.open.end(resource, None, &mut self.rows);
        }
        Ok(())
    }

    /// How many rows are waiting.
    pub(crate) fn waiting(&self) -> usize {
        self.rows.states.len() + self.rows.changes.len() + self.rows.statements.len()
    }

    pub(crate) fn finish(&mut self) -> Finished {
        Finished {
            states: self.rows.states.finish(),
            changes: self.rows.changes.finish(),
            statements: self.rows.statements.finish(),
            exposures: self.rows.exposures.finish(),
            unknowns: self.rows.unknowns.finish(),
        }
    }
}

/// Was the resource made shortly before its first capture? What is there when recording begins is discovered too, and
/// is older.
fn came_into_being(item: &Item<'_>, resource: &Resource, plan: &Foreknowledge) -> bool {
    match item.created {
        Some(created) => item.time - created <= plan.delay(&resource.account, item.region),
        None => item.status == "ResourceDiscovered",
    }
}

fn same(before: &Documents, after: &Documents, at: usize) -> bool {
    match (before.get(at), after.get(at)) {
        (Some(before), Some(after)) => coldtrail_diff::same(before, after),
        _ => true,
    }
}

impl Current {
    fn new(
        item: &Item<'_>,
        state: State,
        fingerprint: u64,
        documents: Packed,
        changes: Option<i64>,
        before: Option<&Current>,
    ) -> Current {
        Current {
            state,
            from: item.place(),
            fingerprint,
            documents,
            status: item.status.into(),
            state_id: item.state_id.map(Into::into),
            created: item.created.or_else(|| before.and_then(|before| before.created)),
            confirmations: 0,
            confirmed: None,
            captured: item.time,
            changes,
            echo: before.filter(|_| item.region() == "global").map(|before| (before.fingerprint, item.time + ECHO)),
            open: Open::default(),
            lists: Vec::new(),
            judged: item.time,
        }
    }

    /// Judges the state anew at every item of a prefix list that it refers to, up to `until` or the end.
    fn follow_lists(
        &mut self,
        resource: &Resource,
        until: Option<i64>,
        plan: &Foreknowledge,
        rows: &mut Rows,
    ) -> Result<()> {
        while let Some(list) = plan.lists.next(&self.lists, self.judged)
            && until.is_none_or(|until| list.time < until)
        {
            self.judged = list.time;
            let place = Place { time: list.time, object: list.object.clone(), record: list.record };
            self.open.judge(&self.documents.documents()?, resource, &place, plan, rows);
        }
        Ok(())
    }

    fn confirm(&mut self, item: &Item<'_>, plan: &Foreknowledge) {
        self.confirmations += 1;
        // A snapshot repeats the item with its old time: it says that the state held when the snapshot was taken.
        let delivered = if item.snapshot { plan.delivery(item.object) } else { None };
        self.confirmed = self.confirmed.max(Some(item.time)).max(delivered);
        self.captured = self.captured.max(item.time);
    }
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn change_row<'a>(item: &'a Item<'_>, resource: &'a Resource) -> ConfigChangeRow<'a> {
    ConfigChangeRow {
        resource: resource.head(),
        configurationitemcapturetime: Some(item.time),
        previouscapturetime: None,
        kind: None,
        path: None,
        before: None,
        after: None,
        from_object: None,
        from_record: None,
        evidence_object: text(item.object),
        evidence_record: Some(item.record),
    }
}

impl Rows {
    fn change(
        &mut self,
        item: &Item<'_>,
        resource: &Resource,
        kind: ChangeKind,
        before: &Current,
        differences: &[Difference],
    ) {
        let row = || ConfigChangeRow {
            previouscapturetime: Some(before.from.time),
            kind: text(kind.name()),
            from_object: text(&before.from.object),
            from_record: Some(before.from.record),
            ..change_row(item, resource)
        };
        if kind != ChangeKind::Changed {
            self.changes.push(&ConfigChangeRow {
                path: text("configurationItemStatus"),
                before: Some(Cow::Owned(format!("\"{}\"", before.status))),
                after: Some(Cow::Owned(format!("\"{}\"", item.status))),
                ..row()
            });
        }
        for difference in differences {
            let json = |value: &Option<serde_json::Value>| value.as_ref().map(|value| Cow::Owned(value.to_string()));
            self.changes.push(&ConfigChangeRow {
                path: text(&difference.path),
                before: json(&difference.before),
                after: json(&difference.after),
                ..row()
            });
        }
    }

    fn state(&mut self, resource: &Resource, current: &Current, to: Option<i64>, plan: &Foreknowledge) {
        self.states.push(&ConfigStateRow {
            resource: resource.head(),
            valid_from: Some(current.from.time),
            valid_to: to,
            state: text(current.state.name()),
            configurationitemstatus: text(&current.status),
            configurationstateid: current.state_id.as_deref().map(Cow::Borrowed),
            resourcecreationtime: current.created,
            confirmations: Some(current.confirmations),
            last_confirmed: current.confirmed,
            recordingfrequency: plan.frequency(&resource.account, &resource.region).map(Cow::Borrowed),
            changes: current.changes,
            evidence_object: text(&current.from.object),
            evidence_record: Some(current.from.record),
        });
    }
}
