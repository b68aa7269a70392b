//! One array of objects. Nothing is lost: what a terminal would obey is written as `\u001b`, which parses back.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::{Begin, Format, Options, Out, RowWriter, Written, failed};
use crate::cell::{Cell, unique};
use crate::error::Result;
use crate::escape;
use crate::table::Column;

/// The entry of `json` in the list of formats.
pub static FORMAT: Format =
    Format { name: "json", about: "one array of objects, lossless", extensions: &["json"], begin: Begin::Text(begin) };

/// The rows as the first member of an object that whoever begins it goes on with and closes: what `--json` prints.
pub static ROWS: Format = Format { begin: Begin::Text(begin_rows), ..FORMAT };

fn begin_rows<'a>(out: Out<'a>, columns: &[Column], _: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    Ok(Box::new(Objects::new(out, "json", columns, ["{\"rows\":[\n  ", ",\n  ", "\n]", "{\"rows\":[]"])))
}

/// Objects, one after the other, with something around and between them.
pub(super) struct Objects<'a> {
    out: Out<'a>,
    format: &'static str,
    keys: Vec<String>,
    rows: u64,
    /// Before the first object, before each of the others, after the last, and instead of all when there is none.
    marks: [&'static str; 4],
}

fn begin<'a>(out: Out<'a>, columns: &[Column], _: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    Ok(Box::new(Objects::new(out, "json", columns, ["[\n  ", ",\n  ", "\n]\n", "[]\n"])))
}

impl<'a> Objects<'a> {
    pub(super) fn new(out: Out<'a>, format: &'static str, columns: &[Column], marks: [&'static str; 4]) -> Objects<'a> {
        let keys = unique(columns.iter().map(|column| column.name.as_str()));
        Objects { out, format, keys: keys.into_iter().map(|key| key.into_owned()).collect(), rows: 0, marks }
    }

    fn write(&mut self, rows: &[Vec<Cell>]) -> io::Result<()> {
        let [first, between, ..] = self.marks;
        for cells in rows {
            self.out.write_all(if self.rows == 0 { first } else { between }.as_bytes())?;
            let mut serializer = serde_json::Serializer::with_formatter(&mut self.out, Safe);
            Object { keys: &self.keys, cells }.serialize(&mut serializer)?;
            self.rows += 1;
        }
        Ok(())
    }
}

impl RowWriter for Objects<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        self.write(rows).map_err(failed(self.format))
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        let [.., last, none] = self.marks;
        self.out.write_all(if self.rows == 0 { none } else { last }.as_bytes()).map_err(failed(self.format))?;
        Ok(Written { rows: self.rows, ..Written::default() })
    }
}

/// One cell as JSON.
pub(crate) fn to_string(cell: &Cell) -> String {
    let mut out = Vec::new();
    cell.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Safe)).expect("cells have text keys");
    String::from_utf8(out).expect("JSON is UTF-8")
}

struct Object<'a> {
    keys: &'a [String],
    cells: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.keys.iter().zip(self.cells))
    }
}

/// Compact JSON that escapes what `serde_json` lets through: DEL, C1, bidi, line separators, the invisible.
struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| escape::is_active(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}
