//! What an answer rests on, and so what it left aside.

use coldtrail_query::Session;
use coldtrail_report::{AsideKind, LeftAside};
use coldtrail_schema::Table;
use coldtrail_schema::tables::{self, config_items, ledger};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::rows::ask;

/// A session, and what is known of the case beside it.
pub struct Scope<'s> {
    pub session: &'s Session,
    /// How many objects were collected.
    pub collected: u64,
    /// Are histories and sessions derived from all that was ingested?
    pub is_current: bool,
}

/// What a question looks at.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The tables and views that it reads.
    pub tables: &'a [&'a str],
    /// Does it look at histories or sessions?
    pub derived: bool,
    /// Does it apply a period or an order of time? Then rows without a time are not in its answer.
    pub timed: bool,
}

/// What became of the objects of a source; none is for objects of no known one.
#[derive(Deserialize)]
struct Objects {
    source: Option<String>,
    failed: u64,
    unrecognised: u64,
    damaged: u64,
    rejects: u64,
}

impl Scope<'_> {
    /// Histories and sessions are derived; without them nothing can be said about either.
    pub(crate) fn derived(&self) -> Result<()> {
        match self.session.is_derived() {
            true => Ok(()),
            false => Err(Error::absent(
                "cannot say: histories and sessions were not derived yet",
                "`coldtrail derive` makes them; `coldtrail ingest` does so at its end",
            )),
        }
    }

    /// There are items of Config; without any nothing can be said about resources, least of all that there was none.
    pub(crate) fn histories(&self) -> Result<()> {
        self.derived()?;
        match self.session.rows(config_items::TABLE.name) {
            0 => Err(Error::absent(
                "cannot say: no item of AWS Config is in this evidence",
                "add Config's history and snapshot files; `coldtrail timeline --resource` looks at other logs",
            )),
            _ => Ok(()),
        }
    }

    /// What an answer over these tables does not look at.
    pub fn left_aside(&self, about: &About<'_>) -> Result<LeftAside> {
        let mut aside = LeftAside::default();
        let listed = self.session.rows(ledger::OBJECTS.name);
        let missing = self.collected.saturating_sub(listed);
        aside.add(AsideKind::NotIngested, missing, "objects were collected and are not ingested");
        if about.derived {
            self.not_derived(&mut aside);
        }
        let sources = sources(about.tables);
        let is_asked = |name: &str| sources.iter().any(|table| table.name == name);
        let objects: Vec<Objects> = ask(self.session, include_str!("scope/objects.sql"), &[])?;
        let objects: Vec<&Objects> = objects.iter().filter(|of| of.source.as_deref().is_none_or(is_asked)).collect();
        let sum = |of: fn(&Objects) -> u64| objects.iter().map(|objects| of(objects)).sum();
        aside.add(AsideKind::NotRead, sum(|of| of.failed), "objects could not be read");
        aside.add(AsideKind::NotRead, sum(|of| of.unrecognised), "objects are of no known kind");
        aside.add(AsideKind::NotRead, sum(|of| of.damaged), "objects are damaged and not read to their end");
        for of in &objects {
            let source = of.source.as_deref().unwrap_or("no known source");
            aside.add(AsideKind::Rejects, of.rejects, format!("records of {source} were not understood"));
        }
        if about.timed {
            for table in &sources {
                let what = format!("rows of {} have no time", table.name);
                aside.add(AsideKind::Undated, self.session.undated(table.name), what);
            }
        }
        Ok(aside)
    }

    /// Says so when derived tables are older than what they are made of.
    pub(crate) fn not_derived(&self, aside: &mut LeftAside) {
        let stale = u64::from(self.session.is_derived() && !self.is_current);
        aside.add(
            AsideKind::NotDerived,
            stale,
            "or more runs of `ingest` are not derived yet; `coldtrail derive` does",
        );
    }

    /// `541 rows of cloudtrail`: how many rows a question could have found something in.
    pub fn among(&self, about: &About<'_>) -> String {
        let rows: Vec<String> = sources(about.tables)
            .iter()
            .map(|table| (table.name, self.session.rows(table.name)))
            .filter(|(_, rows)| *rows > 0)
            .map(|(name, rows)| format!("{rows} rows of {name}"))
            .collect();
        if rows.is_empty() { "no row at all".to_owned() } else { rows.join(", ") }
    }
}

/// The tables of events that stand behind these names.
pub(crate) fn sources(names: &[&str]) -> Vec<&'static Table> {
    let mut found: Vec<&'static Table> = Vec::new();
    for name in names {
        let of: Vec<&'static Table> = match tables::find(name) {
            Some(table) if table.is_event() => vec![table],
            // Rows of the ledger, and what is derived, are no evidence that could be missing.
            Some(_) => Vec::new(),
            // A view over all sources.
            None => tables::TABLES.iter().copied().filter(|table| table.is_event()).collect(),
        };
        found.extend(
            of.into_iter().filter(|table| !found.iter().any(|known| known.name == table.name)).collect::<Vec<_>>(),
        );
    }
    found
}
