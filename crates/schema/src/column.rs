//! What a table and a column are, as data.

use std::sync::Arc;

use arrow_schema::{Field, Schema};

use crate::kind::Kind;

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
    /// The page of AWS documentation that defines the fields; empty for tables of our own.
    pub reference: &'static str,
    /// True when rows are events: the table has the common columns and is partitioned by day.
    pub events: bool,
    columns: fn() -> Vec<Column>,
}

/// The column that holds the day of the event: not in the files, it is the partition.
pub const DATE: Column = Column {
    name: "date",
    kind: Kind::Date,
    doc: "The day of `event_time` (UTC); tables of events are partitioned by it.",
};

impl Table {
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        reference: &'static str,
        events: bool,
        columns: fn() -> Vec<Column>,
    ) -> Table {
        Table { name, doc, reference, events, columns }
    }

    /// Every column that stands in the files, in order; the partition column is not among them.
    pub fn columns(&self) -> Vec<Column> {
        (self.columns)()
    }

    /// The Arrow schema of the files.
    pub fn arrow_schema(&self) -> Arc<Schema> {
        Arc::new(Schema::new(self.columns().iter().map(Column::field).collect::<Vec<_>>()))
    }
}

impl Column {
    pub fn field(&self) -> Field {
        Field::new(self.name, self.kind.arrow_type(), true)
    }
}
