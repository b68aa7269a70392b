//! The lake: where Parquet lies, how it is written, committed and read back.
//!
//! One Delta table per source and one for each part of the ledger. Files are written here and committed
//! as Delta commits; the commit of `objects`, which comes last, makes a batch visible in all tables at
//! once: it names the version of every table that belongs to it. That number is the lake's version.

mod actions;
mod answer;
mod audit;
mod checked;
mod clean;
mod commits;
mod delta;
mod error;
mod files;
mod lock;
mod parquet_input;
mod parquet_output;
mod replay;
mod spill;

pub use answer::AnswerWriter;
pub use audit::Audit;
pub use checked::CheckedFile;
pub use clean::Cleaned;
pub use commits::Head;
pub use delta::{Batch, Change, Lake, Snapshot};
pub use error::{ALTERED_HINT, Error, Result};
pub use files::{LakeFile, integers, read_all, read_columns, read_rows, texts, times};
pub use lock::Turn;
pub use parquet_input::{ParquetLimits, ParquetRows, ParquetStop};
pub use parquet_output::{NewFile, Order, write_file};
pub use spill::{SpillFolder, Swept, sweep};
