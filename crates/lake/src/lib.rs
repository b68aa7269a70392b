//! The lake: where Parquet lies, how it is written, committed and read back.
//!
//! One Delta table per source and one for each part of the ledger. Files are written here and committed
//! as Delta commits; the commit of `objects`, which comes last, makes a batch visible in all tables at
//! once: it names the version of every table that belongs to it. That number is the lake's version.

mod delta;
mod error;
mod files;
mod parquet_input;
mod parquet_output;

pub use delta::{Batch, Lake, Snapshot};
pub use error::{Error, Result};
pub use files::{LakeFile, read_columns, read_rows};
pub use parquet_input::rows_as_json;
pub use parquet_output::{NewFile, Order, write_answer, write_file};
