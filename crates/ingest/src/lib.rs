//! Ingest: evidence to rows to Parquet, in parallel, with an account of every object.
//!
//! Objects are taken in the order of their delivery, in batches of bounded size. A batch is decoded in
//! parallel, freed of duplicates in order, written as Parquet by table and day, and committed as a whole;
//! a run that is cut off leaves whole batches and goes on with the rest. Nothing asks the clock and nothing
//! is random, so the same evidence gives the same rows.

mod collect;
mod decode;
mod error;
mod plan;
mod record;
mod run;
mod seen;
mod verdicts;

pub use error::{Error, Result};
pub use record::{FoundRecord, find_record};
pub use run::{Done, Options, Progress, Summary, ingest};
pub use verdicts::write_verdicts;
