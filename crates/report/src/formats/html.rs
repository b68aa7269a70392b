//! A `<table>` to be put into a document. Numbers have the class `n`, NULL stands as a `<td class="null">`.

use super::{Begin, Format, Options, Out, RowWriter, Written, failed, is_numeric};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Column;

/// The entry of `html` in the list of formats.
pub static FORMAT: Format = Format {
    name: "html",
    about: "a table to be put into a page",
    extensions: &["html", "htm"],
    begin: Begin::Text(begin),
};

struct Html<'a> {
    out: Out<'a>,
    /// The names of the columns, until the head is written.
    head: Option<Vec<String>>,
    rows: u64,
}

fn begin<'a>(out: Out<'a>, columns: &[Column], _: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    let head = Some(columns.iter().map(|column| column.name.clone()).collect());
    Ok(Box::new(Html { out, head, rows: 0 }))
}

impl Html<'_> {
    /// The first rows tell which columns are numbers.
    fn head(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        let Some(names) = self.head.take() else { return Ok(()) };
        let mut text = String::from("<table>\n<thead><tr>");
        for (at, name) in names.iter().enumerate() {
            let class = if is_numeric(rows, at) { " class=\"n\"" } else { "" };
            text.extend(["<th scope=\"col\"", class, ">", &escape::html(name), "</th>"]);
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(failed("html"))
    }
}

impl RowWriter for Html<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        self.head(rows)?;
        self.rows += rows.len() as u64;
        for row in rows {
            let mut text = String::from("<tr>");
            for cell in row {
                text.extend([opening(cell), &escape::html(&cell.text()), "</td>"]);
            }
            text.push_str("</tr>\n");
            self.write(&text)?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        self.head(&[])?;
        self.write("</tbody>\n</table>\n")?;
        Ok(Written { rows: self.rows, ..Written::default() })
    }
}

fn opening(cell: &Cell) -> &'static str {
    match cell {
        Cell::Null => "<td class=\"null\">",
        Cell::Int(_) | Cell::Float(_) | Cell::Decimal(_) => "<td class=\"n\">",
        Cell::Time(_) | Cell::Date(_) => "<td class=\"t\">",
        Cell::Bool(_) | Cell::Text(_) | Cell::Bytes(_) | Cell::List(_) | Cell::Struct(_) => "<td>",
    }
}
