//! Writing one Parquet file: rows in the given order, columns in parallel, the same bytes each time.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_select::interleave::interleave;
use coldtrail_evidence::inside::{self, Use};
use coldtrail_schema::arrow::array::{Array, RecordBatch, new_null_array};
use coldtrail_schema::{Column, Kind, Table};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::actions::day_text;
use crate::checked::Blocks;
use crate::error::{Error, Result};
use crate::files::LakeFile;

/// Which rows, in which order: pairs of batch and row.
pub type Order = Vec<(usize, usize)>;

/// Rows per row group: small enough to skip by time and by Bloom filter, large enough to compress.
const ROW_GROUP: usize = 128 << 10;

/// A file that was written and is not yet committed.
#[derive(Debug, Clone)]
pub struct NewFile {
    pub table: &'static Table,
    /// Relative to the table's directory.
    pub path: String,
    pub date: Option<i32>,
    pub size: u64,
    pub rows: u64,
    pub times: Option<(i64, i64)>,
    pub sha256: String,
    pub(crate) blocks: Blocks,
}

impl NewFile {
    /// The same file as one of the lake in this directory, which it is once it is committed.
    pub fn in_lake(&self, lake: &Path) -> LakeFile {
        LakeFile {
            table: self.table,
            path: lake.join(self.table.name).join(&self.path),
            size: self.size,
            rows: self.rows,
            date: self.date,
            times: self.times,
            sha256: self.sha256.clone(),
            blocks: self.blocks.clone(),
        }
    }
}

/// Writes a file into `lake` for a table and a day. Its name is the hash of its bytes.
pub fn write_file(
    lake: &Path,
    table: &'static Table,
    date: Option<i32>,
    times: Option<(i64, i64)>,
    batches: &[RecordBatch],
    order: &Order,
) -> Result<NewFile> {
    let bytes =
        encode(table, batches, order).map_err(|source| Error::Parquet { path: lake.join(table.name), source })?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let folder = match (table.is_event(), date.and_then(day_text)) {
        (true, Some(day)) => format!("date={day}/"),
        (true, None) => "date=__HIVE_DEFAULT_PARTITION__/".to_owned(),
        (false, _) => String::new(),
    };
    let path = format!("{folder}{sha256}.parquet");
    let full = lake.join(table.name).join(&path);
    let failed = |source| Error::Io { path: full.clone(), source };
    let parent = full.parent().unwrap_or(lake);
    inside::make_folder(lake, parent).map_err(failed)?;
    let part = full.with_extension("part");
    let written = inside::open(lake, &part, Use::Anew)
        .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs_err::rename(&part, &full))
        .and_then(|()| inside::sync_folder(parent));
    written.map_err(failed)?;
    let (size, blocks) = (bytes.len() as u64, Blocks::of(&bytes));
    Ok(NewFile { table, path, date, size, rows: order.len() as u64, times, sha256, blocks })
}

fn encode(table: &'static Table, batches: &[RecordBatch], order: &Order) -> ParquetResult<Vec<u8>> {
    let schema = table.arrow_schema();
    let properties = properties(&table.columns(), order.len().min(ROW_GROUP), table.is_event());
    let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
    let (mut file, factory) = writer.into_serialized_writer()?;
    for (index, rows) in order.chunks(ROW_GROUP).enumerate() {
        // Every column has one leaf, lists included; the largest ones are begun first.
        let columns: Vec<(usize, ArrowColumnWriter)> =
            factory.create_column_writers(index)?.into_iter().enumerate().collect();
        let chunks: ParquetResult<Vec<ArrowColumnChunk>> = columns
            .into_par_iter()
            .with_max_len(1)
            .map(|(column, mut writer)| {
                let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(column).as_ref()).collect();
                let array = if arrays.iter().all(|array| array.null_count() == array.len()) {
                    new_null_array(schema.field(column).data_type(), rows.len())
                } else {
                    interleave(&arrays, rows).map_err(|error| ParquetError::ArrowError(error.to_string()))?
                };
                for leaf in compute_leaves(schema.field(column), &array)? {
                    writer.write(&leaf)?;
                }
                writer.close()
            })
            .collect();
        let mut group = file.next_row_group()?;
        for chunk in chunks? {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
    }
    file.into_inner()
}

/// The same for each file, so that the same rows give the same bytes.
fn properties(columns: &[Column], rows: usize, events: bool) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by("coldtrail".to_owned())
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(64))
        .set_data_page_row_count_limit(16 << 10)
        .set_write_batch_size(4096);
    for column in columns {
        let path = ColumnPath::from(column.name);
        if !column.kind.has_dictionary() {
            properties = properties.set_column_dictionary_enabled(path.clone(), false);
        }
        if column.kind.has_bloom_filter() {
            properties = properties
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_fpp(path.clone(), 0.01)
                .set_column_bloom_filter_max_ndv(path.clone(), rows as u64);
        }
        // Rows are sorted by time, so the least and greatest text of a page say next to nothing about the rest,
        // and finding them costs a comparison per value; equality is what the Bloom filters are for.
        if !matches!(column.kind, Kind::Time | Kind::Int | Kind::Real | Kind::Flag) {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    if events {
        let time = columns.iter().position(|column| column.kind == Kind::Time).unwrap_or_default();
        let sorting = SortingColumn { column_idx: time as i32, descending: false, nulls_first: false };
        properties = properties.set_sorting_columns(Some(vec![sorting]));
    }
    properties.build()
}
