//! Aligned columns. In a file or a pipe nothing is left out; on a terminal they are laid out so that no line is wider
//! than it, see [`Layout`].
//!
//! The first rows tell how wide the columns are. What is wider later on is cut on a terminal, and else stands out of
//! its column.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::layout::{Fits, GAP, Layout, Place};
use super::{Begin, Format, Options, Out, RowWriter, Written, failed, record};
use crate::cell::Cell;
use crate::colour;
use crate::error::Result;
use crate::fold;
use crate::table::Column;

/// The entry of `table` in the list of formats.
pub static FORMAT: Format = Format {
    name: "table",
    about: "aligned columns, for reading",
    extensions: &["txt", "text"],
    begin: Begin::Text(begin),
};

/// So few rows are shown one column below the other before a column is left out.
const FEW: usize = 3;
/// How many rows, and how many bytes of them, are looked at before the first is written.
const LOOKED_AT: usize = 2_000;
const LOOKED_AT_BYTES: usize = 4 << 20;

struct Text<'a> {
    out: Out<'a>,
    options: Options,
    columns: Vec<Column>,
    /// Rows that were looked at and not written yet.
    waiting: Vec<Vec<Cell>>,
    bytes: usize,
    /// None until the widths are decided and the head is written.
    layout: Option<Layout>,
    written: Written,
}

fn begin<'a>(out: Out<'a>, columns: &[Column], options: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    Ok(Box::new(Text {
        out,
        options: *options,
        columns: columns.to_vec(),
        waiting: Vec::new(),
        bytes: 0,
        layout: None,
        written: Written::default(),
    }))
}

impl RowWriter for Text<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        self.written.rows += rows.len() as u64;
        if self.columns.is_empty() {
            return Ok(());
        }
        for row in rows {
            if self.layout.is_some() {
                self.line(row)?;
                continue;
            }
            self.bytes += row.iter().map(|cell| cell.text().len()).sum::<usize>();
            self.waiting.push(row.clone());
            if self.waiting.len() >= LOOKED_AT || self.bytes >= LOOKED_AT_BYTES {
                self.begin(false)?;
            }
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        if self.columns.is_empty() {
            return Ok(self.written);
        }
        if self.layout.is_none() {
            self.begin(true)?;
        }
        let notes = self.layout.take().map(|layout| layout.notes).unwrap_or_default();
        for note in notes {
            for line in fold::lines(&note, self.options.fitted(), 2) {
                self.write(colour::faint(&line, self.options.colour))?;
            }
        }
        Ok(self.written)
    }
}

impl Text<'_> {
    /// Decides the widths, and writes the head and the rows that waited, which may be `all` of the answer.
    fn begin(&mut self, all: bool) -> Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        let layout = Layout::of(&self.columns, &rows, all, self.options.fitted());
        if all && layout.left_out > 0 && rows.len() <= FEW {
            return self.records(&rows);
        }
        let height = layout.places.iter().map(|place| place.heading.len()).max().unwrap_or(0);
        for line in 0..height {
            // Headings of several lines stand on the rule.
            let part = |place: &Place| {
                let above = height - place.heading.len();
                line.checked_sub(above).and_then(|line| place.heading.get(line)).cloned().unwrap_or_default()
            };
            let heading = layout.places.iter().map(|place| (part(place), None));
            self.write(colour::strong(&aligned(&layout.places, heading), self.options.colour))?;
        }
        let rule = if self.options.tty { "─" } else { "-" };
        let rule = layout.places.iter().map(|place| (rule.repeat(place.width), None));
        self.write(colour::faint(&aligned(&layout.places, rule), self.options.colour))?;
        self.layout = Some(layout);
        rows.iter().try_for_each(|row| self.line(row))
    }

    /// All of a few rows, in place of a table that has not room for them.
    fn records(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        let mut records = record::begin(Box::new(&mut self.out), &self.columns, &self.options)?;
        records.rows(rows)?;
        records.end().map(|_| ())
    }

    fn line(&mut self, row: &[Cell]) -> Result<()> {
        let Some(layout) = &self.layout else { return Ok(()) };
        let (columns, fitted, colour, mut cut) =
            (&self.columns, self.options.fitted().is_some(), self.options.colour, 0);
        let cells = layout.places.iter().map(|place| {
            let mut text = match fitted {
                true => place.text(row),
                false => place.shows.plain(row),
            };
            if fitted
                && text.width() > place.width
                && let Some(short) = shortened(&text, place.width, place.fits)
            {
                text = short;
                cut += 1;
            }
            let paint = place.shows.column().and_then(|at| columns.get(at)).filter(|_| colour);
            let paint = paint.and_then(|column| colour::of_value(&column.name, &text));
            (text, paint)
        });
        let line = aligned(&layout.places, cells);
        self.written.cut += cut;
        self.write(line)
    }

    fn write(&mut self, mut line: String) -> Result<()> {
        line.push('\n');
        self.out.write_all(line.as_bytes()).map_err(failed("table"))
    }
}

/// Cells in their columns, with nothing behind the last one.
fn aligned(places: &[Place], cells: impl Iterator<Item = (String, Option<anstyle::Style>)>) -> String {
    let mut line = String::new();
    let mut owed = 0;
    for (place, (cell, paint)) in places.iter().zip(cells) {
        let pad = place.width.saturating_sub(cell.width());
        let (before, after) = if place.right { (pad, 0) } else { (0, pad) };
        if !cell.is_empty() {
            line.extend(std::iter::repeat_n(' ', owed + before));
            line.push_str(&colour::painted(&cell, paint));
            owed = after + GAP;
        } else {
            owed += pad + GAP;
        }
    }
    line
}

/// The text in so many columns, with `…` for what is not shown; none when it must not be cut.
fn shortened(text: &str, width: usize, fits: Fits) -> Option<String> {
    let room = width.saturating_sub(1);
    match fits {
        Fits::Whole => None,
        Fits::FromTheLeft => {
            // A part of an ARN is left out as a whole where that does not cost too much.
            let end = end(text, room);
            let part = end.split_once([':', '/']).map(|(_, part)| part).filter(|part| part.width() * 2 > room);
            Some(format!("…{}", part.unwrap_or(end)))
        }
        // A sentence without its middle may say the opposite.
        Fits::InTheMiddle if text.contains(' ') => Some(format!("{}…", start(text, room))),
        Fits::InTheMiddle => {
            let tail = end(text, room / 3);
            Some(format!("{}…{tail}", start(text, room - tail.width())))
        }
    }
}

/// As much of the beginning as there is room for.
fn start(text: &str, room: usize) -> &str {
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += c.width().unwrap_or(0);
        used > room
    };
    text.char_indices().find(fits).map_or(text, |(at, _)| &text[..at])
}

/// As much of the end as there is room for.
fn end(text: &str, room: usize) -> &str {
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += c.width().unwrap_or(0);
        used > room
    };
    text.char_indices().rev().find(fits).map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}
