//! Each row by itself, one column below the other: for rows that are wider than a screen.

use unicode_width::UnicodeWidthStr;

use super::{Begin, Format, Options, Out, RowWriter, Written, failed};
use crate::cell::Cell;
use crate::colour;
use crate::error::Result;
use crate::table::Column;
use crate::{escape, fold};

/// The entry of `record` in the list of formats.
pub static FORMAT: Format = Format {
    name: "record",
    about: "each row by itself, one column below the other",
    extensions: &[],
    begin: Begin::Text(begin),
};

struct Records<'a> {
    out: Out<'a>,
    options: Options,
    names: Vec<String>,
    /// The width of the widest name.
    width: usize,
    written: Written,
}

pub(super) fn begin<'a>(out: Out<'a>, columns: &[Column], options: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    let names: Vec<String> = columns.iter().map(|column| escape::terminal(&column.name).into_owned()).collect();
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
    Ok(Box::new(Records { out, options: *options, names, width, written: Written::default() }))
}

impl RowWriter for Records<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        rows.iter().try_for_each(|row| self.row(row))
    }

    fn end(self: Box<Self>) -> Result<Written> {
        Ok(self.written)
    }
}

impl Records<'_> {
    /// Columns without a value are left out: what is not there is NULL.
    fn row(&mut self, row: &[Cell]) -> Result<()> {
        self.written.rows += 1;
        let options = self.options;
        let title = format!("── row {} ──", self.written.rows);
        let mut text = colour::strong(&title, options.colour);
        text.push('\n');
        for (name, cell) in self.names.iter().zip(row).filter(|(_, cell)| **cell != Cell::Null) {
            let value = escape::terminal(&cell.text()).into_owned();
            let pad = " ".repeat(self.width - name.width());
            let style = options.colour.then(|| colour::of_value(name, &value)).flatten();
            let folded = fold::lines(&format!("{name}{pad}  {value}"), options.fitted(), self.width + 2);
            for (at, line) in folded.iter().enumerate() {
                let head = if at == 0 { name.len() + pad.len() + 2 } else { 0 };
                let (head, tail) = line.split_at_checked(head).unwrap_or(("", line));
                text.push_str(&colour::faint(head, options.colour));
                text.push_str(&colour::painted(tail, style));
                text.push('\n');
            }
        }
        self.out.write_all(text.as_bytes()).map_err(failed("record"))
    }
}
