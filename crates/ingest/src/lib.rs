//! Ingest: evidence to rows to Parquet, in parallel, with an account of every object.
//!
//! Objects are taken in the order of their rank, which for logs of one kind is that of their delivery, in batches of
//! bounded size. A batch is decoded in parallel, freed of duplicates in order, written as Parquet by table and day, and
//! committed as a whole; a run that is cut off leaves whole batches and goes on with the rest. What failed, was not
//! recognised or was read by an older source is taken again. Nothing is random, and the clock is asked only whether an
//! object takes too long, which fails then: so the same evidence gives the same rows, in whatever order and in however many
//! runs it came.

mod basis;
mod budget;
mod collect;
mod decode;
mod error;
mod objects;
mod plan;
mod record;
mod run;
mod seen;
mod settle;
mod state;
mod verdicts;

pub use error::{Error, Result};
pub use record::{FoundRecord, find_record};
pub use run::{Done, Options, Progress, Summary, ingest};
pub use state::{LakeState, state};
pub use verdicts::write_verdicts;
