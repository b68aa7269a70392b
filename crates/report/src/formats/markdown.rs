//! A table of GitHub's Markdown, in which values are code spans.

use super::{Begin, Format, Options, Out, RowWriter, Written, failed, is_numeric};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Column;

/// The entry of `markdown` in the list of formats.
pub static FORMAT: Format = Format {
    name: "markdown",
    about: "a table for an issue or a wiki",
    extensions: &["md", "markdown"],
    begin: Begin::Text(begin),
};

struct Markdown<'a> {
    out: Out<'a>,
    /// The names of the columns, until the head is written.
    head: Option<Vec<String>>,
    rows: u64,
}

fn begin<'a>(out: Out<'a>, columns: &[Column], _: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    Ok(Box::new(Markdown { out, head: Some(names).filter(|names| !names.is_empty()), rows: 0 }))
}

impl Markdown<'_> {
    /// The first rows tell which columns are numbers.
    fn head(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        let Some(names) = self.head.take() else { return Ok(()) };
        let mut text = String::from("|");
        for name in &names {
            text.extend([" ", &escape::markdown_text(name), " |"]);
        }
        text.push_str("\n|");
        for column in 0..names.len() {
            text.push_str(if is_numeric(rows, column) { " ---: |" } else { " --- |" });
        }
        text.push('\n');
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(failed("markdown"))
    }
}

impl RowWriter for Markdown<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        self.head(rows)?;
        self.rows += rows.len() as u64;
        for row in rows.iter().filter(|row| !row.is_empty()) {
            let mut text = String::from("|");
            for cell in row {
                text.extend([" ", &shown(cell), " |"]);
            }
            text.push('\n');
            self.write(&text)?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        self.head(&[])?;
        Ok(Written { rows: self.rows, ..Written::default() })
    }
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
