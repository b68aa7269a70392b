//! Writing derived tables: rows are collected, and written as files of a useful size.

use std::path::Path;

use coldtrail_lake::{NewFile, Order, write_file};
use coldtrail_schema::Table;
use coldtrail_schema::arrow::array::{Array, RecordBatch, TimestampMicrosecondArray};

use crate::error::{Error, Result};

/// About how many rows a file gets.
const FILE: usize = 400_000;

/// The files of one derived table.
pub(crate) struct Output<'l> {
    lake: &'l Path,
    table: &'static Table,
    /// The column by which the rows of a file are sorted, if it is one of time.
    time: Option<usize>,
    waiting: Vec<RecordBatch>,
    rows: usize,
    files: Vec<NewFile>,
    total: u64,
}

impl<'l> Output<'l> {
    pub(crate) fn new(lake: &'l Path, table: &'static Table, time: Option<usize>) -> Output<'l> {
        Output { lake, table, time, waiting: Vec::new(), rows: 0, files: Vec::new(), total: 0 }
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        if batch.num_rows() > 0 {
            self.waiting.push(batch);
        }
        if self.rows >= FILE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let batches = std::mem::take(&mut self.waiting);
        let mut order: Order = batches
            .iter()
            .enumerate()
            .flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row)))
            .collect();
        if let Some(time) = self.time {
            let times: Vec<Option<&TimestampMicrosecondArray>> =
                batches.iter().map(|batch| batch.columns().get(time).and_then(|a| a.as_any().downcast_ref())).collect();
            let instant = |(batch, row): &(usize, usize)| {
                let array = times.get(*batch).copied().flatten()?;
                array.is_valid(*row).then(|| array.value(*row))
            };
            // Stable: rows of one instant keep the order in which they were found.
            order.sort_by_cached_key(instant);
        }
        self.files.push(write_file(self.lake, self.table, None, None, &batches, &order).map_err(Error::Lake)?);
        self.total += self.rows as u64;
        self.rows = 0;
        Ok(())
    }

    /// Writes what is left; the files, and how many rows they have.
    pub(crate) fn finish(mut self) -> Result<(Vec<NewFile>, u64)> {
        self.flush()?;
        Ok((self.files, self.total))
    }
}
