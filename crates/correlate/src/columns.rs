//! Reading columns of the lake's files by what they are.

use coldtrail_lake::{LakeFile, read_columns, read_rows};
use coldtrail_schema::arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

use crate::error::{Error, Result};

/// A choice of columns of one table, by their positions in its files.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    positions: Vec<usize>,
}

impl Columns {
    pub(crate) fn new(positions: impl IntoIterator<Item = usize>) -> Columns {
        let mut positions: Vec<usize> = positions.into_iter().collect();
        positions.sort_unstable();
        positions.dedup();
        Columns { positions }
    }

    /// The whole file, these columns of it.
    pub(crate) fn read(&self, file: &LakeFile) -> Result<Vec<RecordBatch>> {
        read_columns(file, &self.positions).map_err(Error::Lake)
    }

    /// These rows of the file, which ascend.
    pub(crate) fn read_rows(&self, file: &LakeFile, rows: &[usize]) -> Result<Vec<RecordBatch>> {
        read_rows(file, &self.positions, rows).map_err(Error::Lake)
    }

    /// The column that stands at `position` in the file.
    fn array<'b>(&self, batch: &'b RecordBatch, position: usize) -> Option<&'b ArrayRef> {
        let at = self.positions.binary_search(&position).ok()?;
        batch.columns().get(at)
    }

    pub(crate) fn texts<'b>(&self, batch: &'b RecordBatch, position: usize) -> Texts<'b> {
        Texts(self.array(batch, position).and_then(|array| array.as_any().downcast_ref()))
    }

    pub(crate) fn flags<'b>(&self, batch: &'b RecordBatch, position: usize) -> Flags<'b> {
        Flags(self.array(batch, position).and_then(|array| array.as_any().downcast_ref()))
    }

    pub(crate) fn times<'b>(&self, batch: &'b RecordBatch, position: usize) -> Times<'b> {
        Times(self.array(batch, position).and_then(|array| array.as_any().downcast_ref()))
    }

    pub(crate) fn integers<'b>(&self, batch: &'b RecordBatch, position: usize) -> Integers<'b> {
        Integers(self.array(batch, position).and_then(|array| array.as_any().downcast_ref()))
    }
}

macro_rules! cells {
    ($($name:ident, $array:ty, $cell:ty;)*) => {$(
        /// A column; every cell is none when the file has another type there.
        #[derive(Clone, Copy)]
        pub(crate) struct $name<'b>(Option<&'b $array>);
        impl<'b> $name<'b> {
            pub(crate) fn get(self, row: usize) -> Option<$cell> {
                self.0.filter(|array| row < array.len() && array.is_valid(row)).map(|array| array.value(row))
            }
        }
    )*};
}
cells! {
    Texts, StringArray, &'b str;
    Flags, BooleanArray, bool;
    Times, TimestampMicrosecondArray, i64;
    Integers, Int64Array, i64;
}
