//! What a table and a column are, as data.

use std::sync::Arc;

use arrow_schema::{Field, Schema};

use crate::kind::Kind;
use crate::tables::{common, resource};

/// One column: its name in SQL and in Parquet, what it holds, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// The meaning, one or more sentences.
    pub doc: &'static str,
}

/// One table of the lake.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Names the SQL table, the directory in the lake and the page in `docs/tables/`.
    pub name: &'static str,
    /// What one row is.
    pub doc: &'static str,
    /// What its rows are to the case.
    pub role: Role,
    /// The columns that it begins with.
    pub head: Head,
    pub(crate) own: fn() -> Vec<Column>,
}

/// What the rows of a table are to the case, and so who writes them.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    /// What a log says; `ingest` writes it, partitioned by day.
    Event(Event),
    /// What became of every object and record; `ingest` writes it.
    Ledger,
    /// What could be proven of the evidence; `verify` writes it anew each time.
    Verdict,
    /// Made of these tables; `derive` writes it anew each time.
    Derived { from: &'static [&'static Table] },
}

/// What is known of a table of events besides its columns.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// The page of AWS documentation that defines the fields; of what users define, our own, as seen from `docs/tables/`.
    pub reference: &'static str,
    /// The folders below `AWSLogs/<account>/` into which AWS delivers such logs; empty when it delivers them to a
    /// folder that the owner chooses.
    pub services: &'static [&'static str],
    /// The name of the table in AWS's examples for Athena, where it is another one.
    pub athena: Option<&'static str>,
    /// Does it stand in the view `events`?
    pub view: InEvents,
}

/// How a table of events enters the view `events`, which shows all of them through common columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InEvents {
    /// With a part of its own in `events.sql`.
    Rows,
    /// Not at all, for this reason.
    Left(&'static str),
}

/// The columns that a table begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Those of [`common`]: evidence, time, account, region, pivots.
    Common,
    /// Those of [`resource`]: the six that name a resource of AWS Config.
    Resource,
    None,
}

/// The column that holds the day of the event: not in the files, it is the partition.
pub const DATE: Column = Column {
    name: "date",
    kind: Kind::Date,
    doc: "The day of `event_time` (UTC); tables of events are partitioned by it.",
};

impl Table {
    /// Are its rows events? Then it has the common columns and is partitioned by day.
    pub const fn is_event(&self) -> bool {
        matches!(self.role, Role::Event(_))
    }

    /// Does `derive` write it?
    pub const fn is_derived(&self) -> bool {
        matches!(self.role, Role::Derived { .. })
    }

    /// Every column that stands in the files, in order; the partition column is not among them.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = self.head.columns();
        columns.extend((self.own)());
        columns
    }

    /// The Arrow schema of the files.
    pub fn arrow_schema(&self) -> Arc<Schema> {
        Arc::new(Schema::new(self.columns().iter().map(Column::field).collect::<Vec<_>>()))
    }
}

impl Role {
    /// The word for it, as `coldtrail tables` says it.
    pub const fn name(&self) -> &'static str {
        match self {
            Role::Event(_) => "event",
            Role::Ledger => "ledger",
            Role::Verdict => "verdict",
            Role::Derived { .. } => "derived",
        }
    }
}

impl Head {
    pub fn columns(self) -> Vec<Column> {
        match self {
            Head::Common => common::columns(),
            Head::Resource => resource::columns(),
            Head::None => Vec::new(),
        }
    }
}

impl Column {
    pub fn field(&self) -> Field {
        Field::new(self.name, self.kind.arrow_type(), true)
    }
}
