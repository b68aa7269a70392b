//! RFC 4180, safe to open in a spreadsheet unless raw was asked for.

use std::io::{self, Write};

use super::{Format, Options, Written, failed};
use crate::cell::Cell;
use crate::error::Result;
use crate::escape;
use crate::table::Table;

/// The entry of `csv` in the list of formats.
pub static FORMAT: Format =
    Format { name: "csv", about: "comma-separated, safe for spreadsheets", extensions: &["csv"], write };

fn write(table: &Table, out: &mut dyn Write, options: &Options) -> Result<Written> {
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    let mut written = Written { rows: table.rows.len() as u64, ..Written::default() };
    let failed = failed("csv");
    let broken = |source: csv::Error| failed(io::Error::from(source));
    if table.columns.is_empty() {
        return Ok(written);
    }
    for column in &table.columns {
        field(&mut writer, &column.name, options.raw).map_err(broken)?;
    }
    writer.write_record(None::<&[u8]>).map_err(broken)?;
    for row in &table.rows {
        for cell in row {
            if is_safe(cell) {
                writer.write_field(cell.text().as_bytes()).map_err(broken)?;
            } else {
                written.disarmed += u64::from(field(&mut writer, &cell.text(), options.raw).map_err(broken)?);
            }
        }
        writer.write_record(None::<&[u8]>).map_err(broken)?;
    }
    writer.flush().map_err(&failed)?;
    Ok(written)
}

/// Numbers, times and days are made here, so a sign in front of them is no formula.
fn is_safe(cell: &Cell) -> bool {
    matches!(
        cell,
        Cell::Null | Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Decimal(_) | Cell::Time(_) | Cell::Date(_)
    )
}

/// Writes one text, and says whether it had to be disarmed.
fn field(writer: &mut csv::Writer<&mut dyn Write>, text: &str, raw: bool) -> csv::Result<bool> {
    if raw {
        writer.write_field(text)?;
        return Ok(false);
    }
    writer.write_field(escape::csv(text).as_bytes())?;
    Ok(escape::is_formula(text))
}
