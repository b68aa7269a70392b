//! A `<table>` to be put into a document. Numbers have the class `n`, NULL stands as a `<td class="null">`.

use std::io::Write;

use super::{Format, Options, Written, failed};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Table;

/// The entry of `html` in the list of formats.
pub static FORMAT: Format =
    Format { name: "html", about: "a table to be put into a page", extensions: &["html", "htm"], write };

fn write(table: &Table, out: &mut dyn Write, _: &Options) -> Result<Written> {
    let mut text = String::from("<table>\n<thead><tr>");
    for (at, column) in table.columns.iter().enumerate() {
        let class = if table.is_numeric(at) { " class=\"n\"" } else { "" };
        text.extend(["<th scope=\"col\"", class, ">", &escape::html(&column.name), "</th>"]);
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for cell in row {
            text.extend([opening(cell), &escape::html(&cell.text()), "</td>"]);
        }
        text.push_str("</tr>\n");
        out.write_all(text.as_bytes()).map_err(failed("html"))?;
        text.clear();
    }
    text.push_str("</tbody>\n</table>\n");
    out.write_all(text.as_bytes()).map_err(failed("html"))?;
    Ok(Written { rows: table.rows.len() as u64, ..Written::default() })
}

fn opening(cell: &Cell) -> &'static str {
    match cell {
        Cell::Null => "<td class=\"null\">",
        Cell::Int(_) | Cell::Float(_) | Cell::Decimal(_) => "<td class=\"n\">",
        Cell::Time(_) | Cell::Date(_) => "<td class=\"t\">",
        Cell::Bool(_) | Cell::Text(_) | Cell::Bytes(_) | Cell::List(_) | Cell::Struct(_) => "<td>",
    }
}
