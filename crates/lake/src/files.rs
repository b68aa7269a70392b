//! Files of the lake: what is known of one, and reading columns back.

use std::path::PathBuf;

use coldtrail_schema::Table;
use coldtrail_schema::arrow::array::{Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::errors::ParquetError;

use crate::checked::{Blocks, CheckedFile};
use crate::error::{Error, Result};

/// One Parquet file of a table.
#[derive(Debug, Clone)]
pub struct LakeFile {
    pub table: &'static Table,
    pub path: PathBuf,
    pub size: u64,
    pub rows: u64,
    /// Days since 1970 of the partition; none for rows without a day, and for tables that are not partitioned.
    pub date: Option<i32>,
    /// The range of `event_time` in microseconds, widened to milliseconds; none when unknown.
    pub times: Option<(i64, i64)>,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    pub(crate) blocks: Blocks,
}

impl LakeFile {
    /// Reads the whole file and compares its hash with the one that was committed.
    pub fn check(&self) -> Result<()> {
        let found = CheckedFile::open(self)?.sha256()?;
        match found == self.sha256 {
            true => Ok(()),
            false => Err(Error::Altered { path: self.path.clone(), expected: self.sha256.clone(), found }),
        }
    }
}

/// Reads the columns at these positions of the table, which ascend, in the order of the file. A file whose columns are
/// not those of the table is an error, so a column of a batch has the type that the table says.
pub fn read_columns(file: &LakeFile, columns: &[usize]) -> Result<Vec<RecordBatch>> {
    read(file, columns, None)
}

/// Reads the columns at these positions, of these rows only, which are counted from 0 and ascend.
pub fn read_rows(file: &LakeFile, columns: &[usize], rows: &[usize]) -> Result<Vec<RecordBatch>> {
    read(file, columns, Some(rows))
}

/// Reads the whole file.
pub fn read_all(file: &LakeFile) -> Result<Vec<RecordBatch>> {
    let columns: Vec<usize> = (0..file.table.columns().len()).collect();
    read(file, &columns, None)
}

fn read(file: &LakeFile, columns: &[usize], rows: Option<&[usize]>) -> Result<Vec<RecordBatch>> {
    let path = &file.path;
    let opened = CheckedFile::open(file)?;
    let failed = |source| opened.altered().unwrap_or(Error::Parquet { path: path.clone(), source });
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(opened.clone()).map_err(failed)?;
    let declared = file.table.columns();
    for (at, column) in columns.iter().filter_map(|at| Some((*at, declared.get(*at)?))) {
        let found = builder.schema().fields().get(at);
        if !found.is_some_and(|field| field.name() == column.name && *field.data_type() == column.kind.arrow_type()) {
            return Err(Error::Column { path: path.clone(), column: column.name });
        }
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
    if let Some(rows) = rows {
        let total = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        let ranges = rows.chunk_by(|a, b| a + 1 == *b).filter_map(|run| Some(*run.first()?..*run.last()? + 1));
        builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, total));
    }
    let reader = builder.with_projection(mask).build().map_err(failed)?;
    reader.map(|batch| batch.map_err(|error| failed(ParquetError::ArrowError(error.to_string())))).collect()
}

/// The column at `at` of a batch, as texts.
pub fn texts(batch: &RecordBatch, at: usize) -> Result<&StringArray> {
    typed(batch, at)
}

/// The column at `at` of a batch, as integers.
pub fn integers(batch: &RecordBatch, at: usize) -> Result<&Int64Array> {
    typed(batch, at)
}

/// The column at `at` of a batch, as instants in microseconds since 1970.
pub fn times(batch: &RecordBatch, at: usize) -> Result<&TimestampMicrosecondArray> {
    typed(batch, at)
}

fn typed<A: Array + 'static>(batch: &RecordBatch, at: usize) -> Result<&A> {
    let array = batch.columns().get(at).and_then(|array| array.as_any().downcast_ref());
    array.ok_or_else(|| Error::Type { column: batch.schema_ref().fields().get(at).map_or("", |f| f.name()).to_owned() })
}
