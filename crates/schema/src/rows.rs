//! What all tables of events share: the common columns, and collecting rows into batches.

use std::borrow::Cow;

use arrow_array::RecordBatch;

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
