//! What can go wrong when values leave, each with its place.

use std::io;

use coldtrail_schema::arrow::schema::ArrowError;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of a type that cannot be shown.
    #[error("column '{column}', row {row}: a value of type {data_type} cannot be shown")]
    Value { column: String, row: usize, data_type: String, source: ArrowError },
    /// Batches that are not parts of one table.
    #[error("batch {batch} has columns {found}, the table has {expected}")]
    Columns { batch: usize, expected: String, found: String },
    /// A table of cells for a format that writes Arrow.
    #[error("{format} is written out of Arrow only")]
    NoText { format: &'static str },
    /// The output could not be written.
    #[error("writing {format}")]
    Write { format: &'static str, source: io::Error },
    /// An answer that the format has no room for.
    #[error("{format} has room for {rows} rows, and the answer has more")]
    TooManyRows { format: &'static str, rows: u64 },
    /// A report says that it shows another number of rows than it holds.
    #[error("question '{question}' says that it shows {shown} rows of {total}, but holds {held}")]
    Shown { question: String, shown: u64, total: u64, held: u64 },
    /// A template of this crate failed.
    #[error("template '{template}'")]
    Template { template: &'static str, source: minijinja::Error },
}

impl Error {
    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Value { column, .. } => {
                Some(format!("convert it in the statement: arrow_cast({column}, 'Utf8'), or leave the column out"))
            }
            Error::TooManyRows { .. } => {
                Some("ask for fewer rows, or write it as .csv or .parquet, which hold any number".to_owned())
            }
            Error::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("the disk is full: write the output to another one".to_owned())
            }
            _ => None,
        }
    }
}
