//! RFC 4180, safe to open in a spreadsheet unless raw was asked for.

use std::io;

use super::{Begin, Format, Options, Out, RowWriter, Written, failed};
use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::escape;
use crate::table::Column;

/// The entry of `csv` in the list of formats.
pub static FORMAT: Format = Format {
    name: "csv",
    about: "comma-separated, safe for spreadsheets",
    extensions: &["csv"],
    begin: Begin::Text(begin),
};

struct Csv<'a> {
    writer: csv::Writer<Out<'a>>,
    raw: bool,
    written: Written,
}

fn begin<'a>(out: Out<'a>, columns: &[Column], options: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    let writer = csv::WriterBuilder::new().from_writer(out);
    let mut csv = Csv { writer, raw: options.raw, written: Written::default() };
    if !columns.is_empty() {
        columns.iter().try_for_each(|column| csv.field(&column.name).map(drop)).map_err(broken)?;
        csv.line().map_err(broken)?;
    }
    Ok(Box::new(csv))
}

impl RowWriter for Csv<'_> {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<()> {
        self.written.rows += rows.len() as u64;
        for row in rows.iter().filter(|row| !row.is_empty()) {
            for cell in row {
                if is_safe(cell) {
                    self.writer.write_field(cell.text().as_bytes()).map_err(broken)?;
                } else {
                    self.written.disarmed += u64::from(self.field(&cell.text()).map_err(broken)?);
                }
            }
            self.line().map_err(broken)?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        self.writer.flush().map_err(failed("csv"))?;
        Ok(self.written)
    }
}

impl Csv<'_> {
    fn line(&mut self) -> csv::Result<()> {
        self.writer.write_record(None::<&[u8]>)
    }

    /// Writes one text, and says whether it had to be disarmed.
    fn field(&mut self, text: &str) -> csv::Result<bool> {
        if self.raw {
            self.writer.write_field(text)?;
            return Ok(false);
        }
        self.writer.write_field(escape::csv(text).as_bytes())?;
        Ok(escape::is_formula(text))
    }
}

fn broken(source: csv::Error) -> Error {
    failed("csv")(io::Error::from(source))
}

/// Numbers, times and days are made here, so a sign in front of them is no formula.
fn is_safe(cell: &Cell) -> bool {
    matches!(
        cell,
        Cell::Null | Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Decimal(_) | Cell::Time(_) | Cell::Date(_)
    )
}
