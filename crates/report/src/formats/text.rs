//! Aligned columns: with borders on a terminal, plain in a file or a pipe.

use std::io::Write;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Format, Options, Written, failed};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Table;

/// The entry of `table` in the list of formats.
pub static FORMAT: Format =
    Format { name: "table", about: "aligned columns, for reading", extensions: &["txt", "text"], write };

/// No column is made narrower than this.
const NARROW: usize = 8;

fn write(table: &Table, out: &mut dyn Write, options: &Options) -> Result<Written> {
    if table.columns.is_empty() {
        return Ok(Written { rows: table.rows.len() as u64, ..Written::default() });
    }
    let mut written = Written { rows: table.rows.len() as u64, ..Written::default() };
    let mut header: Vec<String> =
        table.columns.iter().map(|column| escape::terminal(&column.name).into_owned()).collect();
    let mut rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(|cell| escape::terminal(&cell.text()).into_owned()).collect())
        .collect();
    let mut widths: Vec<usize> = header.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.width());
        }
    }
    if let (true, Some(available)) = (options.tty, options.width) {
        let whole: Vec<bool> = (0..widths.len()).map(|column| is_whole(table, column)).collect();
        fit(&mut widths, &whole, available);
        cut(&mut header, &widths);
        written.cut = rows.iter_mut().map(|row| cut(row, &widths)).sum();
    }
    let right: Vec<bool> = (0..table.columns.len()).map(|column| table.is_numeric(column)).collect();
    if options.tty {
        let text = drawn(header, rows, &right);
        writeln!(out, "{text}").map_err(failed("table"))?;
    } else {
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect();
        for row in [header, rule].into_iter().chain(rows) {
            line(out, &row, &widths, &right).map_err(failed("table"))?;
        }
    }
    Ok(written)
}

/// Must the column be left whole? Part of a number or of a time would be read as another one.
fn is_whole(table: &Table, column: usize) -> bool {
    let mut cells = table.rows.iter().map(|row| &row[column]);
    cells.any(|cell| cell.is_number() || matches!(cell, Cell::Time(_) | Cell::Date(_)))
}

/// Takes width from the widest columns until the table fits, or until no column has any to give: then it runs over
/// the edge rather than lose a column.
fn fit(widths: &mut [usize], whole: &[bool], available: usize) {
    // A border on the left, and a space, a space and a border for each column.
    let frame = 1 + 3 * widths.len();
    let kept: usize = widths.iter().zip(whole).filter(|(_, whole)| **whole).map(|(width, _)| width).sum();
    let room = available.saturating_sub(frame + kept);
    let mut loose: Vec<&mut usize> =
        widths.iter_mut().zip(whole).filter(|(_, whole)| !**whole).map(|(w, _)| w).collect();
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
fn cut(row: &mut [String], widths: &[usize]) -> u64 {
    let mut count = 0;
    for (text, width) in row.iter_mut().zip(widths) {
        if text.width() > *width {
            let mut used = 0;
            let fits = |c: &char| {
                used += c.width().unwrap_or(0);
                used < *width
            };
            *text = text.chars().take_while(fits).chain(['…']).collect();
            count += 1;
        }
    }
    count
}

fn drawn(header: Vec<String>, rows: Vec<Vec<String>>, right: &[bool]) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    drawn.set_header(header).add_rows(rows);
    for (column, right) in drawn.column_iter_mut().zip(right) {
        column.set_cell_alignment(if *right { CellAlignment::Right } else { CellAlignment::Left });
    }
    drawn.to_string()
}

fn line(out: &mut dyn Write, row: &[String], widths: &[usize], right: &[bool]) -> std::io::Result<()> {
    let mut text = String::new();
    for ((cell, width), right) in row.iter().zip(widths).zip(right) {
        let pad = " ".repeat(width - cell.width());
        let (before, after) = if *right { (pad.as_str(), "") } else { ("", pad.as_str()) };
        text.extend([before, cell, after, "  "]);
    }
    writeln!(out, "{}", text.trim_end_matches(' '))
}
