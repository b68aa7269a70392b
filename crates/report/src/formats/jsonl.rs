//! One object on each line, as in `json`.

use std::io::Write;

use super::{Format, Options, Written, failed, json};
use crate::error::Result;
use crate::table::Table;

/// The entry of `jsonl` in the list of formats.
pub static FORMAT: Format =
    Format { name: "jsonl", about: "one object on each line, lossless", extensions: &["jsonl", "ndjson"], write };

fn write(table: &Table, out: &mut dyn Write, _: &Options) -> Result<Written> {
    json::write_rows(table, out, "", "\n").map_err(failed("jsonl"))?;
    if !table.rows.is_empty() {
        out.write_all(b"\n").map_err(failed("jsonl"))?;
    }
    Ok(Written { rows: table.rows.len() as u64, ..Written::default() })
}
