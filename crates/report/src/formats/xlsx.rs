//! A workbook with one sheet, as spreadsheets read it.
//!
//! A text is stored as a text and never as a formula. What a sheet cannot hold is not left out in silence: a text that
//! is too long is cut and counted, and an answer with more rows than a sheet has is an error. The workbook is held in
//! memory: the library would else keep it in the system's temporary folder, outside the case.

use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::arrow::schema::Schema;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as CellFormat, Workbook, XlsxError};

use super::{BatchWriter, Begin, Format, Out, Written, failed};
use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::escape;
use crate::table::Table;

/// The entry of `xlsx` in the list of formats.
pub static FORMAT: Format = Format {
    name: "xlsx",
    about: "a workbook for spreadsheets; to a file only",
    extensions: &["xlsx"],
    begin: Begin::Binary(begin),
};

/// A sheet has no more rows, the heading included.
const ROWS: u32 = 1_048_576;
/// A cell holds no longer text, in UTF-16 units.
const TEXT: usize = 32_767;
/// Beyond it, a number of a spreadsheet is not exact.
const EXACT: i128 = 1 << 53;

struct Xlsx<'a> {
    out: Out<'a>,
    workbook: Workbook,
    table: Table,
    batches: usize,
    row: u32,
    time: CellFormat,
    day: CellFormat,
    /// Texts that were cut.
    cut: u64,
}

fn begin<'a>(out: Out<'a>, schema: &Schema) -> Result<Box<dyn BatchWriter + 'a>> {
    let mut workbook = Workbook::new();
    // The same answer gives the same bytes, whenever it is asked.
    let made = ExcelDateTime::from_ymd(2000, 1, 1).map_err(broken)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = workbook.add_worksheet();
    let table = Table::new(schema);
    let strong = CellFormat::new().set_bold();
    sheet.set_freeze_panes(1, 0).map_err(broken)?;
    for (at, column) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, at, escape::visible(&column.name), &strong).map_err(broken)?;
    }
    Ok(Box::new(Xlsx {
        out,
        workbook,
        table,
        batches: 0,
        row: 1,
        time: CellFormat::new().set_num_format("yyyy-mm-dd\"T\"hh:mm:ss.000\"Z\""),
        day: CellFormat::new().set_num_format("yyyy-mm-dd"),
        cut: 0,
    }))
}

impl BatchWriter for Xlsx<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.table.push(self.batches, batch)?;
        self.batches += 1;
        for row in std::mem::take(&mut self.table.rows) {
            if self.row >= ROWS {
                return Err(Error::TooManyRows { format: FORMAT.name, rows: u64::from(ROWS) - 1 });
            }
            for (at, cell) in (0..).zip(&row) {
                self.cell(at, cell).map_err(broken)?;
            }
            self.row += 1;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Written> {
        let bytes = self.workbook.save_to_buffer().map_err(broken)?;
        self.out.write_all(&bytes).map_err(failed(FORMAT.name))?;
        Ok(Written { cut: self.cut, ..Written::default() })
    }
}

impl Xlsx<'_> {
    fn cell(&mut self, at: u16, cell: &Cell) -> std::result::Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        match cell {
            Cell::Null => return Ok(()),
            Cell::Bool(value) => return sheet.write_boolean(self.row, at, *value).map(|_| ()),
            Cell::Int(value) if value.abs() <= EXACT => {
                return sheet.write_number(self.row, at, *value as f64).map(|_| ());
            }
            Cell::Float(value) if value.is_finite() => return sheet.write_number(self.row, at, *value).map(|_| ()),
            Cell::Time(text) => {
                // Spreadsheets count days in fractions that are exact to the millisecond, and know no other zone.
                let exact = text.len() <= "2026-03-02T04:10:00.123Z".len();
                if let Some(time) = text.strip_suffix('Z').filter(|_| exact)
                    && let Ok(time) = ExcelDateTime::parse_from_str(time)
                {
                    return sheet.write_datetime_with_format(self.row, at, &time, &self.time).map(|_| ());
                }
            }
            Cell::Date(text) => {
                if let Ok(day) = ExcelDateTime::parse_from_str(text) {
                    return sheet.write_datetime_with_format(self.row, at, &day, &self.day).map(|_| ());
                }
            }
            _ => {}
        }
        let text = cell.text();
        let mut text = escape::visible(&text).into_owned();
        if text.encode_utf16().count() > TEXT {
            text = cut(&text);
            self.cut += 1;
        }
        sheet.write_string(self.row, at, text).map(|_| ())
    }
}

/// As much of the text as a cell holds, with `…` at its end.
fn cut(text: &str) -> String {
    let mut units = 1;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= TEXT
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn broken(source: XlsxError) -> Error {
    Error::Write { format: FORMAT.name, source: std::io::Error::other(source) }
}
