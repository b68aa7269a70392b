//! Files of the lake: what is known of one, and reading columns back.

use std::path::{Path, PathBuf};

use coldtrail_schema::arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// One Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeFile {
    pub path: PathBuf,
    pub size: u64,
    pub rows: u64,
    /// Days since 1970 of the partition; none for rows without a day, and for tables that are not partitioned.
    pub date: Option<i32>,
    /// The range of `event_time` in microseconds, widened to milliseconds; none when unknown.
    pub times: Option<(i64, i64)>,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

impl LakeFile {
    /// Reads the file and compares its hash with the one that was committed: a flipped bit in Parquet goes unnoticed
    /// otherwise.
    pub fn check(&self) -> Result<()> {
        let failed = |source| Error::Io { path: self.path.clone(), source };
        let mut file = fs_err::File::open(&self.path).map_err(failed)?;
        let mut hasher = Sha256::new();
        std::io::copy(&mut file, &mut hasher).map_err(failed)?;
        let found: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        match found == self.sha256 {
            true => Ok(()),
            false => Err(Error::Altered { path: self.path.clone(), expected: self.sha256.clone(), found }),
        }
    }
}

/// Reads the columns at these positions, in the order of the file.
pub fn read_columns(path: &Path, columns: &[usize]) -> Result<Vec<RecordBatch>> {
    read(path, columns, None)
}

/// Reads the columns at these positions, of these rows only, which are counted from 0 and ascend.
pub fn read_rows(path: &Path, columns: &[usize], rows: &[usize]) -> Result<Vec<RecordBatch>> {
    read(path, columns, Some(rows))
}

fn read(path: &Path, columns: &[usize], rows: Option<&[usize]>) -> Result<Vec<RecordBatch>> {
    let failed = |source| Error::Parquet { path: path.to_owned(), source };
    let file = fs_err::File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(file.into_file()).map_err(failed)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
    if let Some(rows) = rows {
        let total = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        let ranges = rows.chunk_by(|a, b| a + 1 == *b).filter_map(|run| Some(*run.first()?..*run.last()? + 1));
        builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, total));
    }
    let reader = builder.with_projection(mask).build().map_err(failed)?;
    reader
        .map(|batch| batch.map_err(|error| failed(parquet::errors::ParquetError::ArrowError(error.to_string()))))
        .collect()
}
