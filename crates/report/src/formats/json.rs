//! One array of objects. Nothing is lost: what a terminal would obey is written as `\u001b`, which parses back.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::{Format, Options, Written, failed};
use crate::cell::{Cell, unique};
use crate::error::Result;
use crate::escape;
use crate::table::Table;

/// The entry of `json` in the list of formats.
pub static FORMAT: Format =
    Format { name: "json", about: "one array of objects, lossless", extensions: &["json"], write };

fn write(table: &Table, out: &mut dyn Write, _: &Options) -> Result<Written> {
    let failed = failed("json");
    out.write_all(b"[").map_err(&failed)?;
    write_rows(table, out, "\n  ", ",\n  ").map_err(&failed)?;
    out.write_all(if table.rows.is_empty() { b"]\n" } else { b"\n]\n" }).map_err(&failed)?;
    Ok(Written { rows: table.rows.len() as u64, ..Written::default() })
}

/// Each row as an object, with `first` before the first and `between` before the others.
pub(super) fn write_rows(table: &Table, out: &mut dyn Write, first: &str, between: &str) -> io::Result<()> {
    let keys = unique(table.columns.iter().map(|column| column.name.as_str()));
    for (number, cells) in table.rows.iter().enumerate() {
        out.write_all(if number == 0 { first } else { between }.as_bytes())?;
        let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Safe);
        Object { keys: &keys, cells }.serialize(&mut serializer)?;
    }
    Ok(())
}

/// One cell as JSON.
pub(crate) fn to_string(cell: &Cell) -> String {
    let mut out = Vec::new();
    cell.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Safe)).expect("cells have text keys");
    String::from_utf8(out).expect("JSON is UTF-8")
}

struct Object<'a> {
    keys: &'a [Cow<'a, str>],
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
