//! Correlation: tables derived from tables. AWS Config's items become the history of each resource, CloudTrail's
//! events become sessions and chains, and both together say who made each change.
//!
//! It reads the lake and writes the lake; what it derives can be thrown away and derived again. Nothing here asks the
//! clock: the same tables give the same derived tables.

mod attribute;
mod columns;
mod config;
mod coverage;
mod error;
mod events;
mod knowledge;
mod marks;
mod names;
mod output;

use coldtrail_lake::{Lake, Snapshot};
use coldtrail_schema::Table;
use coldtrail_schema::tables::{cloudtrail, config_items, derived, ledger, sessions};

pub use attribute::Classes;
pub use error::{Error, Result};

/// Is told how far the work is.
pub trait Progress: Sync {
    /// A part of the work begins: what it does, and how many things it has to do.
    fn start(&self, what: &str, total: u64);
    fn done(&self, count: u64);
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// False when nothing had changed since the last time.
    pub derived: bool,
    pub items: u64,
    pub events: u64,
    pub resources: u64,
    pub states: u64,
    /// Rows of `config_items` that are no state of a resource: messages, compliance, items without their document.
    pub stateless: u64,
    /// Rows of `config_items` and of `cloudtrail` without a time: no derived table has anything of them.
    pub undated: u64,
    pub changes: u64,
    pub classes: Classes,
    pub sessions: u64,
    pub edges: u64,
    /// The version of the lake that has the tables.
    pub version: u64,
}

/// Derives all tables in place of those that were there, unless nothing was ingested since.
pub fn derive(lake: &Lake, again: bool, progress: &dyn Progress) -> Result<Summary> {
    let directory = lake.root();
    let mut batch = lake.begin("derive").map_err(Error::Lake)?;
    let snapshot = lake.snapshot(None).map_err(Error::Lake)?;
    let basis = basis(&snapshot);
    let mut summary = Summary {
        items: snapshot.rows(config_items::TABLE.name),
        events: snapshot.rows(cloudtrail::TABLE.name),
        version: snapshot.version,
        ..Summary::default()
    };
    if !again && snapshot.derived_from.as_deref() == Some(&*basis) {
        return Ok(summary);
    }
    let knowledge = knowledge::Knowledge::new();
    progress.start("items", summary.items);
    let mut history = config::history(directory, &snapshot, progress)?;
    let mut files = std::mem::take(&mut history.files);
    progress.start("events", summary.events);
    let mut events = events::events(&snapshot, &history, &knowledge, progress)?;
    (summary.sessions, summary.edges) = events.write(directory, &mut files)?;
    progress.start("changes", history.changes.len() as u64);
    let sides = attribute::Sides { history: &history, events: &events, knowledge: &knowledge };
    summary.classes = attribute::attribute(directory, &sides, &mut files, progress)?;
    let mut coverage = output::Output::new(directory, &sessions::COVERAGE, None);
    events.coverage.rows(&events.names, &snapshot)?.into_iter().try_for_each(|rows| coverage.push(rows))?;
    files.extend(coverage.finish()?.0);
    summary.resources = history.resources.len() as u64;
    summary.states = history.states;
    summary.stateless = history.stateless;
    summary.undated = history.undated + events.undated;
    summary.changes = history.changes.len() as u64;
    summary.derived = true;
    summary.version = batch.derive(&derived(), &files, &basis).map_err(Error::Lake)?;
    Ok(summary)
}

/// The number of the rules by which tables are derived: one more whenever this crate or `diff` comes to another result
/// from the same tables.
const RULES: u32 = 3;

/// Are the derived tables of what the lake holds now?
pub fn is_current(snapshot: &Snapshot) -> bool {
    snapshot.derived_from.as_deref() == Some(&*basis(snapshot))
}

/// What the derived tables rest on: the versions of the tables that are read, the data by which they are read, and the
/// rules. Whose accounts are ours is read from the ledger and the items, so their versions stand for that too.
fn basis(snapshot: &Snapshot) -> String {
    let version = |table: &Table| snapshot.versions.get(table.name).copied().unwrap_or_default();
    let data = names::hash(&[knowledge::APIS, coldtrail_diff::VOLATILE].concat());
    // The ledger's version is that of the lake, which deriving raises too: its files tell what it says.
    let ledger: Vec<&str> = snapshot.files(ledger::OBJECTS.name).iter().map(|file| file.sha256.as_str()).collect();
    format!(
        "rules {RULES} data {data:016x} cloudtrail {} config_items {} objects {:016x}",
        version(&cloudtrail::TABLE),
        version(&config_items::TABLE),
        names::hash(&ledger.concat())
    )
}
