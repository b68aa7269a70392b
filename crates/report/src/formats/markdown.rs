//! A table of GitHub's Markdown, in which values are code spans.

use std::io::Write;

use super::{Format, Options, Written, failed};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Table;

/// The entry of `markdown` in the list of formats.
pub static FORMAT: Format =
    Format { name: "markdown", about: "a table for an issue or a wiki", extensions: &["md", "markdown"], write };

fn write(table: &Table, out: &mut dyn Write, _: &Options) -> Result<Written> {
    let written = Written { rows: table.rows.len() as u64, ..Written::default() };
    if table.columns.is_empty() {
        return Ok(written);
    }
    let mut text = String::from("|");
    for column in &table.columns {
        text.extend([" ", &escape::markdown_text(&column.name), " |"]);
    }
    text.push_str("\n|");
    for column in 0..table.columns.len() {
        text.push_str(if table.is_numeric(column) { " ---: |" } else { " --- |" });
    }
    text.push('\n');
    for row in &table.rows {
        text.push('|');
        for cell in row {
            text.extend([" ", &shown(cell), " |"]);
        }
        text.push('\n');
        out.write_all(text.as_bytes()).map_err(failed("markdown"))?;
        text.clear();
    }
    out.write_all(text.as_bytes()).map_err(failed("markdown"))?;
    Ok(written)
}

/// What is made here stands as it is; what comes from the evidence is a code span.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null
        | Cell::Bool(_)
        | Cell::Int(_)
        | Cell::Float(_)
        | Cell::Decimal(_)
        | Cell::Time(_)
        | Cell::Date(_) => cell.text().into_owned(),
        Cell::Text(_) | Cell::Bytes(_) | Cell::List(_) | Cell::Struct(_) => escape::markdown(&cell.text()),
    }
}
