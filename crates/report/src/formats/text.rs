//! Aligned columns: with borders on a terminal, plain in a file or a pipe.
//!
//! The first rows tell how wide the columns are. What is wider later on is cut on a terminal, and else stands out of
//! its column.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Begin, Format, Options, Out, RowWriter, Written, failed, is_numeric};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Column;

/// The entry of `table` in the list of formats.
pub static FORMAT: Format = Format {
    name: "table",
    about: "aligned columns, for reading",
    extensions: &["txt", "text"],
    begin: Begin::Text(begin),
};

/// No column is made narrower than this.
const NARROW: usize = 8;
/// How many rows, and how many bytes of them, are looked at before the first is written.
const LOOKED_AT: usize = 2_000;
const LOOKED_AT_BYTES: usize = 4 << 20;

struct Text<'a> {
    out: Out<'a>,
    options: Options,
    names: Vec<String>,
    /// Rows that were looked at and not written yet.
    waiting: Vec<Vec<String>>,
    bytes: usize,
    columns: Vec<Look>,
    /// Are the widths decided and the head written?
    begun: bool,
    written: Written,
}

/// What is known of a column.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    width: usize,
    right: bool,
    /// Part of a number or of a time would be read as another one: it is never cut.
    whole: bool,
}

fn begin<'a>(out: Out<'a>, columns: &[Column], options: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    let names: Vec<String> = columns.iter().map(|column| escape::terminal(&column.name).into_owned()).collect();
    let looks = names.iter().map(|name| Look { width: name.width(), right: true, whole: false }).collect();
    Ok(Box::new(Text {
        out,
        options: *options,
        names,
        waiting: Vec::new(),
        bytes: 0,
        columns: looks,
        begun: false,
        written: Written::default(),
    }))
}

impl RowWriter for Text<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        self.written.rows += rows.len() as u64;
        if self.names.is_empty() {
            return Ok(());
        }
        for lot in rows.chunks(LOOKED_AT) {
            if !self.begun {
                self.look(lot);
            }
            for row in lot {
                let row: Vec<String> = row.iter().map(|cell| escape::terminal(&cell.text()).into_owned()).collect();
                if self.begun {
                    self.line(row)?;
                } else {
                    self.wait(row);
                }
            }
            if !self.begun && (self.waiting.len() >= LOOKED_AT || self.bytes >= LOOKED_AT_BYTES) {
                self.begin()?;
            }
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        if self.names.is_empty() {
            return Ok(self.written);
        }
        if !self.begun {
            self.begin()?;
        }
        if self.options.tty {
            self.border(['└', '─', '┴', '┘'])?;
        }
        Ok(self.written)
    }
}

impl Text<'_> {
    /// A column stands flush right while every lot has nothing in it but numbers.
    fn look(&mut self, rows: &[Vec<Cell>]) {
        let empty = |at: usize| rows.iter().filter_map(|row| row.get(at)).all(|cell| *cell == Cell::Null);
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.right &= empty(at) || is_numeric(rows, at);
            let mut cells = rows.iter().filter_map(|row| row.get(at));
            let is_whole = |cell: &Cell| cell.is_number() || matches!(cell, Cell::Time(_) | Cell::Date(_));
            // `whole` of a column of numbers also says that there was a number at all.
            column.whole |= cells.any(is_whole);
        }
    }

    fn wait(&mut self, row: Vec<String>) {
        for (column, text) in self.columns.iter_mut().zip(&row) {
            column.width = column.width.max(text.width());
            self.bytes += text.len();
        }
        self.waiting.push(row);
    }

    /// Decides the widths, and writes the head and the rows that waited.
    fn begin(&mut self) -> Result<()> {
        self.begun = true;
        for column in &mut self.columns {
            column.right &= column.whole;
        }
        if let (true, Some(available)) = (self.options.tty, self.options.width) {
            fit(&mut self.columns, available);
        }
        let mut names = std::mem::take(&mut self.names);
        if self.options.tty {
            self.border(['┌', '─', '┬', '┐'])?;
            if self.options.width.is_some() {
                cut(&mut names, &self.columns);
            }
            self.drawn(&names)?;
            self.border(['╞', '═', '╪', '╡'])?;
        } else {
            self.plain(&names)?;
            self.plain(&self.columns.iter().map(|column| "-".repeat(column.width)).collect::<Vec<_>>())?;
        }
        self.names = names;
        for row in std::mem::take(&mut self.waiting) {
            self.line(row)?;
        }
        Ok(())
    }

    fn line(&mut self, mut row: Vec<String>) -> Result<()> {
        if !self.options.tty {
            return self.plain(&row);
        }
        if self.options.width.is_some() {
            self.written.cut += cut(&mut row, &self.columns);
        }
        self.drawn(&row)
    }

    fn plain(&mut self, row: &[String]) -> Result<()> {
        let mut text = String::new();
        for (cell, column) in row.iter().zip(&self.columns) {
            column.pad(cell, &mut text);
            text.push_str("  ");
        }
        text.truncate(text.trim_end_matches(' ').len());
        self.write(text)
    }

    fn drawn(&mut self, row: &[String]) -> Result<()> {
        let mut text = String::from("│");
        for (at, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
            text.push_str(if at == 0 { " " } else { "┆ " });
            column.pad(cell, &mut text);
            text.push(' ');
        }
        text.push('│');
        self.write(text)
    }

    fn border(&mut self, [left, line, cross, right]: [char; 4]) -> Result<()> {
        let mut text = String::from(left);
        for (at, column) in self.columns.iter().enumerate() {
            text.extend((at > 0).then_some(cross));
            text.extend(std::iter::repeat_n(line, column.width + 2));
        }
        text.push(right);
        self.write(text)
    }

    fn write(&mut self, mut line: String) -> Result<()> {
        line.push('\n');
        self.out.write_all(line.as_bytes()).map_err(failed("table"))
    }
}

impl Look {
    fn pad(&self, cell: &str, text: &mut String) {
        let pad = self.width.saturating_sub(cell.width());
        let (before, after) = if self.right { (pad, 0) } else { (0, pad) };
        text.extend(std::iter::repeat_n(' ', before));
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', after));
    }
}

/// Takes width from the widest columns until the table fits, or until no column has any to give: then it runs over
/// the edge rather than lose a column.
fn fit(columns: &mut [Look], available: usize) {
    // A border on the left, and a space, a space and a border for each column.
    let frame = 1 + 3 * columns.len();
    let kept: usize = columns.iter().filter(|column| column.whole).map(|column| column.width).sum();
    let room = available.saturating_sub(frame + kept);
    let mut loose: Vec<&mut usize> = columns.iter_mut().filter(|c| !c.whole).map(|c| &mut c.width).collect();
    let total = |cap: usize, loose: &[&mut usize]| loose.iter().map(|width| (**width).min(cap)).sum::<usize>();
    let mut cap = loose.iter().map(|width| **width).max().unwrap_or(0);
    // No cap above the room can fit, so a cell of a megabyte costs no million steps.
    cap = cap.min(room.max(NARROW));
    while cap > NARROW && total(cap, &loose) > room {
        cap -= 1;
    }
    // What is left over goes to the columns at the cap, from the left.
    let mut spare = room.saturating_sub(total(cap, &loose));
    for width in loose.iter_mut().filter(|width| ***width > cap) {
        let extra = usize::from(spare > 0);
        spare -= extra;
        **width = cap + extra;
    }
}

/// Cuts what is wider than its column, and says how many it cut.
fn cut(row: &mut [String], columns: &[Look]) -> u64 {
    let mut count = 0;
    for (text, column) in row.iter_mut().zip(columns) {
        if !column.whole && text.width() > column.width {
            let mut used = 0;
            let fits = |c: &char| {
                used += c.width().unwrap_or(0);
                used < column.width
            };
            *text = text.chars().take_while(fits).chain(['…']).collect();
            count += 1;
        }
    }
    count
}
