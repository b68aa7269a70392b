//! Logs that come as Parquet: each row as a JSON object, one a line, for the decoders.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use crate::error::{Error, Result};

/// The rows of a Parquet file, as JSON lines. `object` names it in errors.
///
/// Parquet in evidence is hostile input, and readers of it have panicked on crafted files; a panic is an
/// error of this object only.
pub fn rows_as_json(object: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
    match catch_unwind(AssertUnwindSafe(|| convert(object, bytes))) {
        Ok(result) => result,
        Err(_panic) => {
            let source = ParquetError::General("the reader gave up on it".to_owned());
            Err(Error::ParquetInput { object: object.to_owned(), source })
        }
    }
}

fn convert(object: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let unreadable = |source| Error::ParquetInput { object: object.to_owned(), source };
    let not_json =
        |error: &dyn std::fmt::Display| Error::ParquetRows { object: object.to_owned(), message: error.to_string() };
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).map_err(unreadable)?;
    let reader = builder.build().map_err(unreadable)?;
    let mut out = Vec::new();
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut out);
    for batch in reader {
        let batch = batch.map_err(|error| not_json(&error))?;
        writer.write(&batch).map_err(|error| not_json(&error))?;
    }
    writer.finish().map_err(|error| not_json(&error))?;
    drop(writer);
    Ok(out)
}
