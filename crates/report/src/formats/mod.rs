//! The formats that an answer can be written in, as one list. A format is begin, rows, end: nothing holds the whole
//! answer.

pub mod csv;
pub mod html;
pub mod json;
pub mod jsonl;
mod layout;
pub mod markdown;
pub mod record;
pub mod text;
pub mod xlsx;

use std::io::{self, Write};

use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::arrow::schema::Schema;

use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::table::{Column, Table};

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The output is a terminal: `table` and `record` are made to fit it. A cut is counted in [`Written`].
    pub tty: bool,
    /// Columns of the terminal, if known.
    pub width: Option<usize>,
    /// All columns, as wide as they are, whatever the width of the terminal.
    pub wide: bool,
    /// With colours, as a terminal obeys them.
    pub colour: bool,
    /// CSV with the values as they are: formulas not disarmed, control characters not written out. Never to a terminal.
    pub raw: bool,
}

impl Options {
    /// The width that every line has to fit into.
    pub(crate) fn fitted(&self) -> Option<usize> {
        self.width.filter(|_| self.tty && !self.wide)
    }
}

/// What the writer did to the values beyond quoting them, to be told to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rows written.
    pub rows: u64,
    /// Cells of which something was cut off, for want of room.
    pub cut: u64,
    /// Cells that got a `'` in front, because a spreadsheet would have taken them for formulas.
    pub disarmed: u64,
}

/// Where a format writes to. It need not be buffered for single cells, but rows are written one by one.
pub type Out<'a> = Box<dyn Write + Send + 'a>;

/// A way to write an answer.
#[derive(Debug)]
pub struct Format {
    /// The value of `--output`.
    pub name: &'static str,
    /// What it is good for, in one line.
    pub about: &'static str,
    /// The file name extensions that mean it, without the dot.
    pub extensions: &'static [&'static str],
    pub begin: Begin,
}

/// Begins text with these columns.
pub type BeginText = for<'a> fn(Out<'a>, &[Column], &Options) -> Result<Box<dyn RowWriter + 'a>>;
/// Begins bytes with the columns of this schema.
pub type BeginBinary = for<'a> fn(Out<'a>, &Schema) -> Result<Box<dyn BatchWriter + 'a>>;

/// How a format begins.
#[derive(Debug, Clone, Copy)]
pub enum Begin {
    /// Text, made of cells.
    Text(BeginText),
    /// Bytes, made of Arrow as it is: for a file only.
    Binary(BeginBinary),
}

/// Writes rows of cells, one lot after the other.
pub trait RowWriter {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()>;
    /// Writes what is left to be written.
    fn end(self: Box<Self>) -> Result<Written>;
}

/// Writes batches of Arrow.
pub trait BatchWriter {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()>;
    /// Writes what is left to be written.
    fn end(self: Box<Self>) -> Result<Written>;
}

/// An answer that is being written.
pub struct Answering<'a> {
    columns: Vec<Column>,
    batches: usize,
    rows: u64,
    writer: Writer<'a>,
}

enum Writer<'a> {
    Text(Box<dyn RowWriter + 'a>),
    Binary(Box<dyn BatchWriter + 'a>),
}

impl Format {
    /// Begins an answer with the columns of `schema`.
    pub fn begin<'a>(&self, schema: &Schema, out: Out<'a>, options: &Options) -> Result<Answering<'a>> {
        let columns = Table::new(schema).columns;
        let writer = match self.begin {
            Begin::Text(begin) => Writer::Text(begin(out, &columns, options)?),
            Begin::Binary(begin) => Writer::Binary(begin(out, schema)?),
        };
        Ok(Answering { columns, batches: 0, rows: 0, writer })
    }

    /// Writes a whole table of cells, which a format of bytes cannot.
    pub fn write(&self, table: &Table, out: &mut (dyn Write + Send), options: &Options) -> Result<Written> {
        let Begin::Text(begin) = self.begin else { return Err(Error::NoText { format: self.name }) };
        let mut writer = begin(Box::new(out), &table.columns, options)?;
        writer.rows(&table.rows)?;
        writer.end()
    }

    pub fn is_text(&self) -> bool {
        matches!(self.begin, Begin::Text(_))
    }
}

impl Answering<'_> {
    /// Writes the rows of a batch, which has the columns that it began with.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        match &mut self.writer {
            Writer::Text(writer) => {
                let mut table = Table { columns: std::mem::take(&mut self.columns), rows: Vec::new() };
                table.push(self.batches, batch)?;
                self.columns = table.columns;
                writer.rows(&table.rows)?;
            }
            Writer::Binary(writer) => writer.batch(batch)?,
        }
        self.batches += 1;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// How many rows were written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left to be written. Whatever buffers behind it is not flushed.
    pub fn end(self) -> Result<Written> {
        match self.writer {
            Writer::Text(writer) => writer.end(),
            Writer::Binary(writer) => writer.end().map(|written| Written { rows: self.rows, ..written }),
        }
    }
}

/// Every format of text, in the order in which help lists them. A format that takes a library of its own (Parquet) is
/// added to the list by whoever has the library.
pub static FORMATS: &[&Format] =
    &[&text::FORMAT, &record::FORMAT, &csv::FORMAT, &json::FORMAT, &jsonl::FORMAT, &markdown::FORMAT, &html::FORMAT];

/// The format of this name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// Is it one of the extensions that mean this format, in any case?
pub fn has_extension(format: &Format, extension: &str) -> bool {
    format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// Gives a failed write its place.
fn failed(format: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Write { format, source }
}

/// Does every cell of the column stand flush right? True where there is a number and nothing else but NULL.
fn is_numeric(rows: &[Vec<Cell>], column: usize) -> bool {
    let mut cells = rows.iter().filter_map(|row| row.get(column)).filter(|cell| **cell != Cell::Null).peekable();
    cells.peek().is_some() && cells.all(Cell::is_number)
}

#[cfg(test)]
mod tests;
