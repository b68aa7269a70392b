//! The one door through which values leave: tables and reports as text, CSV, JSON, Markdown and HTML, escaped.
//!
//! What a log says was written by whoever called the service. A value is read from Arrow into a [`Cell`], and every
//! writer in this crate makes a cell harmless for its reader (terminal, spreadsheet, browser, parser) in [`escape`].
//! The crate sees no query engine, no lake and no clock: it is handed batches and sentences.

pub mod answer;
pub mod area_report;
pub mod cell;
mod colour;
pub mod error;
pub mod escape;
pub mod fold;
pub mod formats;
#[cfg(test)]
mod hostile;
pub mod table;
mod time;

pub use answer::{Answer, AsideKind, Claim, LeftAside, RowName};
pub use area_report::{Answered, AreaReport, CountRow, EvidenceRef, Outcome, render_html, render_markdown};
pub use cell::Cell;
pub use error::{Error, Result};
pub use formats::{Answering, BatchWriter, Begin, FORMATS, Format, Options, Out, Written};
pub use table::{Column, Table};
