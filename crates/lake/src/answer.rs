//! An answer as a Parquet file of its own, written batch by batch.

use std::io::{self, Write};
use std::sync::Arc;

use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::arrow::schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// A row group is written out when it holds about so many bytes in memory.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// Writes Parquet; the footer comes with [`AnswerWriter::end`].
pub struct AnswerWriter<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> AnswerWriter<W> {
    pub fn begin(out: W, schema: &Schema) -> io::Result<AnswerWriter<W>> {
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer = ArrowWriter::try_new(out, Arc::new(schema.clone()), Some(properties)).map_err(failed)?;
        Ok(AnswerWriter(writer))
    }

    pub fn batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.0.write(batch).map_err(failed)?;
        if self.0.memory_size() > ROW_GROUP_BYTES {
            self.0.flush().map_err(failed)?;
        }
        Ok(())
    }

    pub fn end(self) -> io::Result<()> {
        self.0.close().map(drop).map_err(failed)
    }
}

/// An error of the disk stays one, so that a full disk is said to be full.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}
