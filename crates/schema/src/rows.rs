//! What all tables of events share: the common columns, and collecting rows into batches.

use std::borrow::Cow;

use arrow_array::{ArrayRef, RecordBatch};

use crate::pivots::Pivots;

/// The values of the common columns of one row, except `evidence_object`, which is the same for
/// all rows of an object: see [`Rows::begin`].
#[derive(Debug, Clone)]
pub struct Common<'a> {
    /// Which record of the object, counted from 1.
    pub record: u64,
    /// Where the record begins in the inflated object; none when the object is Parquet.
    pub offset: Option<u64>,
    /// Microseconds since 1970, UTC.
    pub event_time: Option<i64>,
    pub account: Option<Cow<'a, str>>,
    pub region: Option<Cow<'a, str>>,
    pub pivots: &'a Pivots,
    /// 64 bits of the SHA-256 of the record's content.
    pub hash: i64,
    /// Has the record an identity, so that an equal one is the same record delivered twice?
    pub unique: bool,
}

/// A builder of batches, as `table!` makes them.
pub trait Rows: Send {
    /// How many rows are waiting.
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The rows that follow are of this object.
    fn begin(&mut self, object: &str);
    /// Takes the rows collected so far.
    fn finish(&mut self) -> Batch;
}

/// Finished rows, of one object after the other.
pub struct Batch {
    pub rows: RecordBatch,
    /// For each row: see [`Common::unique`].
    pub unique: Vec<bool>,
}

/// Collects the columns of a head.
pub trait HeadRows {
    /// How many columns.
    const COUNT: usize;
    /// How many rows are waiting.
    fn waiting(&self) -> usize;
    /// Takes the columns collected so far, in order.
    fn finish(&mut self) -> Vec<ArrayRef>;
}

/// What collects the columns of each [`Head`](crate::Head), under its name.
pub mod heads {
    pub use super::PlainRows as None;
    pub use crate::tables::common::CommonRows as Common;
    pub use crate::tables::resource::ResourceRows as Resource;
}

/// The head of a table without one: only counts.
#[derive(Default)]
pub struct PlainRows {
    len: usize,
}

impl PlainRows {
    pub fn push(&mut self) {
        self.len += 1;
    }
}

impl HeadRows for PlainRows {
    const COUNT: usize = 0;
    fn waiting(&self) -> usize {
        self.len
    }
    fn finish(&mut self) -> Vec<ArrayRef> {
        self.len = 0;
        Vec::new()
    }
}
