//! The one data model: tables, columns and the builders that turn rows into Arrow batches.
//!
//! A table is declared once, with [`table!`]; its Arrow schema, its documentation, its row type and
//! its builder are projections of that declaration. Column names stand here and in SQL, nowhere else.

pub mod column;
pub mod kind;
pub mod partition;
pub mod pivots;
pub mod rows;
mod table_macro;
pub mod tables;

pub use column::{Column, Event, Head, InEvents, Role, Table};
pub use kind::Kind;
pub use pivots::{Pivots, Words};
pub use rows::{Common, Rows};
pub use tables::TABLES;

/// Arrow, at the one version that every crate of the workspace shares.
pub mod arrow {
    pub use arrow_array as array;
    pub use arrow_schema as schema;
}
