//! One object on each line, as in `json`.

use super::json::Objects;
use super::{Begin, Format, Options, Out, RowWriter};
use crate::error::Result;
use crate::table::Column;

/// The entry of `jsonl` in the list of formats.
pub static FORMAT: Format = Format {
    name: "jsonl",
    about: "one object on each line, lossless",
    extensions: &["jsonl", "ndjson"],
    begin: Begin::Text(begin),
};

fn begin<'a>(out: Out<'a>, columns: &[Column], _: &Options) -> Result<Box<dyn RowWriter + 'a>> {
    Ok(Box::new(Objects::new(out, "jsonl", columns, ["", "\n", "\n", ""])))
}
