//! The formats that a table can be written in, as one list.

pub mod csv;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod markdown;
pub mod text;

use std::io::{self, Write};

use crate::error::{Error, Result};
use crate::table::Table;

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The output is a terminal: `text` draws borders and cuts what does not fit. A cut is counted in [`Written`].
    pub tty: bool,
    /// Columns of the terminal, if known.
    pub width: Option<usize>,
    /// CSV with the values as they are: formulas not disarmed, control characters not written out. Never to a terminal.
    pub raw: bool,
}

/// What the writer did to the values beyond quoting them, to be told to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rows written.
    pub rows: u64,
    /// Cells of which the end was cut off, for want of width.
    pub cut: u64,
    /// Cells that got a `'` in front, because a spreadsheet would have taken them for formulas.
    pub disarmed: u64,
}

/// A way to write a table.
#[derive(Debug)]
pub struct Format {
    /// The value of `--output`.
    pub name: &'static str,
    /// What it is good for, in one line.
    pub about: &'static str,
    /// The file name extensions that mean it, without the dot.
    pub extensions: &'static [&'static str],
    pub write: fn(&Table, &mut dyn Write, &Options) -> Result<Written>,
}

/// Every format, in the order in which help lists them.
pub static FORMATS: &[&Format] =
    &[&text::FORMAT, &csv::FORMAT, &json::FORMAT, &jsonl::FORMAT, &markdown::FORMAT, &html::FORMAT];

/// The format of this name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// The format that this extension means, without the dot, in any case.
pub fn by_extension(extension: &str) -> Option<&'static Format> {
    let means = |format: &&Format| format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension));
    FORMATS.iter().copied().find(means)
}

/// Gives a failed write its place.
fn failed(format: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Write { format, source }
}

#[cfg(test)]
mod tests;
