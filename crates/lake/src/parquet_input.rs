//! Logs that come as Parquet: each row as a JSON object, one a line, for the decoders.
//!
//! Parquet in evidence is hostile input: a few kilobytes can tell of gigabytes. Rows are read in batches, texts are
//! views into the pages, and what comes out is counted. What the file claims to unpack to is looked at before anything
//! is unpacked.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use coldtrail_schema::arrow::array::cast::AsArray;
use coldtrail_schema::arrow::array::{Array, ArrayRef, RecordBatch};
use coldtrail_schema::arrow::schema::{DataType, Field, FieldRef, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use crate::error::{Error, Result};

/// Rows that are read together; fewer where they have lists.
const ROWS: usize = 1024;
/// Values of lists that are read together.
const VALUES: usize = 64 << 10;
/// About how much text is made at once.
const TEXT: usize = 4 << 20;
/// Longer rows are no log records.
const LONGEST_ROW: usize = 16 << 20;
/// Below this, no ratio is looked at.
const SMALL: u64 = 64 << 20;
/// Names of columns stand in every row of JSON, and equal values are stored once: text may be so many times longer
/// than what other formats may unpack to.
const REPEATED: u64 = 10;

/// How much may come out of a file.
#[derive(Debug, Clone, Copy)]
pub struct ParquetLimits {
    /// The most bytes of JSON.
    pub text: u64,
    /// The most bytes that the pages may unpack to for each byte of the file; text may be ten times as much.
    pub ratio: u64,
}

/// Why rows ended before their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParquetStop {
    TooBig,
    /// So many bytes had come out, or would come out.
    BadRatio {
        bytes: u64,
    },
    Broken {
        bytes: u64,
        message: String,
    },
}

/// The rows of a Parquet file, read as JSON lines. Reading never fails: it ends, and [`ParquetRows::stop`] says why.
pub struct ParquetRows {
    limits: ParquetLimits,
    stored: u64,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    text: Vec<u8>,
    given: usize,
    bytes: u64,
    stop: Option<ParquetStop>,
}

impl ParquetRows {
    /// Opens a file that is in memory. `object` names it in errors.
    pub fn open(object: &str, bytes: Vec<u8>, limits: ParquetLimits) -> Result<ParquetRows> {
        let stored = bytes.len() as u64;
        let opened = guarded(|| {
            let bytes = bytes::Bytes::from(bytes);
            // What a writer noted of its own types is not needed, and is one more thing that may be forged.
            let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            let metadata = ArrowReaderMetadata::load(&bytes, plain.clone())?;
            let fields: Vec<FieldRef> = metadata.schema().fields().iter().map(viewed).collect();
            let options = plain.with_schema(Arc::new(Schema::new(fields)));
            let unpacked = unpacked(metadata.metadata());
            let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, options)?;
            let rows = batch_rows(builder.metadata());
            Ok((builder.with_batch_size(rows).build()?, unpacked))
        });
        let (reader, unpacked) = opened.map_err(|source| Error::ParquetInput { object: object.to_owned(), source })?;
        let bomb = unpacked > SMALL && unpacked > stored.saturating_mul(limits.ratio);
        let stop = bomb.then_some(ParquetStop::BadRatio { bytes: unpacked });
        Ok(ParquetRows { limits, stored, reader, batch: None, text: Vec::new(), given: 0, bytes: 0, stop })
    }

    /// Why reading ended before the end of the rows, if it did.
    pub fn stop(&self) -> Option<&ParquetStop> {
        self.stop.as_ref()
    }

    /// Makes text of the next rows; false at the end.
    fn next(&mut self) -> bool {
        self.text.clear();
        self.given = 0;
        if self.stop.is_some() {
            return false;
        }
        match guarded(|| self.rows()) {
            Ok(more) => {
                self.bytes += self.text.len() as u64;
                let ratio = self.limits.ratio.saturating_mul(REPEATED);
                if self.bytes > self.limits.text {
                    self.stop = Some(ParquetStop::TooBig);
                } else if self.bytes > SMALL && self.bytes > self.stored.saturating_mul(ratio) {
                    self.stop = Some(ParquetStop::BadRatio { bytes: self.bytes });
                }
                more && self.stop.is_none()
            }
            Err(error) => {
                self.text.clear();
                self.stop = Some(ParquetStop::Broken { bytes: self.bytes, message: error.to_string() });
                false
            }
        }
    }

    fn rows(&mut self) -> std::result::Result<bool, ParquetError> {
        let batch = match self.batch.take() {
            Some(batch) => batch,
            None => match self.reader.next() {
                None => return Ok(false),
                Some(batch) => batch?,
            },
        };
        let mut count = batch.num_rows();
        while count > 1 && text_of_batch(&batch.slice(0, count)) > TEXT {
            count = count.div_ceil(8);
        }
        let now = batch.slice(0, count);
        if count == 1 && text_of_batch(&now) > LONGEST_ROW {
            return Err(ParquetError::General(format!("a row is longer than {LONGEST_ROW} bytes")));
        }
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut self.text);
        writer.write(&now)?;
        writer.finish()?;
        drop(writer);
        self.batch = (count < batch.num_rows()).then(|| batch.slice(count, batch.num_rows() - count));
        Ok(true)
    }
}

impl Read for ParquetRows {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if !self.next() {
                return Ok(0);
            }
        }
        let got = self.text.get(self.given..).unwrap_or_default().read(out)?;
        self.given += got;
        Ok(got)
    }
}

/// Readers of Parquet have panicked on crafted files; a panic is an error of this object only.
fn guarded<T>(read: impl FnOnce() -> std::result::Result<T, ParquetError>) -> std::result::Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_panic| Err(ParquetError::General("the reader gave up on it".to_owned())))
}

/// The same with texts as views, which take no room of their own where a value is repeated.
fn viewed(field: &FieldRef) -> FieldRef {
    let inner = |of: fn(FieldRef) -> DataType, field: &FieldRef| of(viewed(field));
    let kind = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::List(item) => inner(DataType::List, item),
        DataType::LargeList(item) => inner(DataType::LargeList, item),
        DataType::Map(entries, sorted) => DataType::Map(viewed(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(viewed).collect()),
        other => other.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(kind))
}

/// What the file says that its pages unpack to.
fn unpacked(metadata: &ParquetMetaData) -> u64 {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    columns.map(|column| u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
}

/// How many rows are read at once: as many as have not too many values in their lists.
fn batch_rows(metadata: &ParquetMetaData) -> usize {
    let most = metadata.row_groups().iter().flat_map(|group| {
        let rows = usize::try_from(group.num_rows()).unwrap_or(1).max(1);
        group.columns().iter().map(move |column| usize::try_from(column.num_values()).unwrap_or(0) / rows)
    });
    (VALUES / most.max().unwrap_or(1).max(1)).clamp(1, ROWS)
}

fn text_of_batch(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(text_of).fold(0, usize::saturating_add)
}

/// About how long the values are as text.
fn text_of(array: &ArrayRef) -> usize {
    let of = |arrays: &[ArrayRef]| arrays.iter().map(text_of).fold(0, usize::saturating_add);
    let list = |values: &ArrayRef, from: usize, to: usize| text_of(&values.slice(from, to.saturating_sub(from)));
    match array.data_type() {
        DataType::Utf8View => {
            let views = array.as_string_view();
            views.views().iter().map(|view| (*view as u32) as usize).fold(0, usize::saturating_add)
        }
        DataType::Binary => {
            let offsets = array.as_binary::<i32>().value_offsets();
            2 * offsets.last().zip(offsets.first()).map_or(0, |(last, first)| (last - first).unsigned_abs() as usize)
        }
        DataType::Struct(_) => of(array.as_struct().columns()),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let offsets = lists.value_offsets();
            let (from, to) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
            list(lists.values(), from.unsigned_abs() as usize, to.unsigned_abs() as usize)
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let offsets = map.value_offsets();
            let (from, to) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
            let (from, to) = (from.unsigned_abs() as usize, to.unsigned_abs() as usize);
            list(map.keys(), from, to).saturating_add(list(map.values(), from, to))
        }
        _ => array.len().saturating_mul(16),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use coldtrail_schema::arrow::array::builder::{ListBuilder, StringBuilder};
    use coldtrail_schema::arrow::array::{Int64Array, StringArray, StructArray};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    use super::*;

    fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let zstd = Compression::ZSTD(ZstdLevel::try_new(3).unwrap());
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let mut out = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        out
    }

    fn read(bytes: Vec<u8>, text: u64) -> (u64, Vec<u8>, Option<ParquetStop>, usize) {
        let mut rows = ParquetRows::open("x", bytes, ParquetLimits { text, ratio: 200 }).unwrap();
        let (mut all, mut first, mut most) = (0, Vec::new(), 0);
        let mut chunk = vec![0; 64 << 10];
        loop {
            let got = rows.read(&mut chunk).unwrap();
            if got == 0 {
                break;
            }
            if all == 0 {
                first = chunk[..got].to_vec();
            }
            all += got as u64;
            most = most.max(rows.text.capacity());
        }
        (all, first, rows.stop().cloned(), most)
    }

    #[test]
    fn rows_come_as_lines() {
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a\"b"), None]));
        let mut list = ListBuilder::new(StringBuilder::new());
        list.append_value([Some("a\"b")]);
        list.append_value([None::<&str>]);
        let list = list.finish();
        let inner = StructArray::from(vec![(
            Arc::new(Field::new("n", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef,
        )]);
        let bytes = file(vec![("name", names), ("list", Arc::new(list)), ("in", Arc::new(inner))]);
        let (_, text, stop, _) = read(bytes.clone(), 1 << 30);
        let wanted = "{\"name\":\"a\\\"b\",\"list\":[\"a\\\"b\"],\"in\":{\"n\":1}}\n{\"name\":null,\"list\":[null],\"in\":{\"n\":2}}\n";
        assert_eq!((String::from_utf8(text).unwrap().as_str(), stop), (wanted, None));
        let (all, _, stop, _) = read(bytes, 20);
        assert_eq!((all, stop), (0, Some(ParquetStop::TooBig)));
        assert!(
            ParquetRows::open("x", b"PAR1 and no more PAR1".to_vec(), ParquetLimits { text: 1, ratio: 1 }).is_err()
        );
    }

    /// Some kilobytes that would be more than a gigabyte of JSON: they are read up to the limit, in little memory.
    #[test]
    fn a_small_file_does_not_become_a_gigabyte() {
        let long = "x".repeat(512 << 10);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![long.as_str(); 2500]));
        let bytes = file(vec![("eventname", texts)]);
        assert!(bytes.len() < 64 << 10, "{} bytes", bytes.len());
        let (all, _, stop, most) = read(bytes, 64 << 20);
        assert_eq!(stop, Some(ParquetStop::TooBig));
        assert!(all > 0 && all <= 64 << 20, "{all} bytes came out");
        assert!(most < 64 << 20, "{most} bytes of text at once");
    }

    /// Pages that would unpack to far more than the file are not unpacked.
    #[test]
    fn pages_that_are_bombs_stay_packed() {
        let texts: Vec<String> = (0..200).map(|n| format!("{n}{}", "x".repeat(1 << 20))).collect();
        let bytes = file(vec![("eventname", Arc::new(StringArray::from(texts)) as ArrayRef)]);
        assert!(bytes.len() < 512 << 10, "{} bytes", bytes.len());
        let (all, _, stop, _) = read(bytes, 8 << 30);
        assert!(all == 0 && matches!(stop, Some(ParquetStop::BadRatio { .. })), "{all} {stop:?}");
    }
}
