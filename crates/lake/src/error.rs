//! What can go wrong with the lake.

use std::io;
use std::path::PathBuf;

use deltalake_core::DeltaTableError;
use parquet::errors::ParquetError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: `{doing}` is running on this lake")]
    Locked { path: PathBuf, doing: String },
    #[error("table `{table}`: {source}")]
    Delta { table: &'static str, source: Box<DeltaTableError> },
    #[error("{path}: {source}")]
    Parquet { path: PathBuf, source: ParquetError },
    #[error("{object}: not readable as Parquet: {source}")]
    ParquetInput { object: String, source: ParquetError },
    #[error("{object}: its Parquet rows are not writable as JSON: {message}")]
    ParquetRows { object: String, message: String },
    #[error("{path}: sha256 is {found}, the lake says {expected}")]
    Altered { path: PathBuf, expected: String, found: String },
    #[error("{path}: it is a part of the lake and is not there")]
    Gone { path: PathBuf },
    #[error("{path}: line {line}: {what}")]
    Commits { path: PathBuf, line: u64, what: String },
    #[error(
        "{path}: entry {seq} of the custody log names line {lines} of its list of commits, which is not there or another \
         one ({found} lines are there)"
    )]
    NotNoted { path: PathBuf, seq: u64, lines: u64, found: u64 },
    #[error(
        "{path}: its list of commits has {lines} lines{}, and the custody log accounts for {accounted}: no action has \
         written the others", seq.map(|seq| format!(" at entry {seq} of the custody log")).unwrap_or_default()
    )]
    Unnoted {
        path: PathBuf,
        /// The entry of the action that came upon them; none for the one that looks now.
        seq: Option<u64>,
        lines: u64,
        accounted: u64,
    },
    #[error(transparent)]
    Custody(coldtrail_evidence::Error),
    #[error("{path}: there are commits and no list of them")]
    NoList { path: PathBuf },
    #[error("table `{table}`: its log names a file outside of it: {path}")]
    Outside { table: &'static str, path: String },
    #[error("the lake has no version {version}; its newest is {newest}")]
    NoVersion { version: u64, newest: u64 },
    #[error("table `{table}`: a file of it was written, but it is not among the tables that are replaced")]
    Unlisted { table: &'static str },
    #[error("version {version} of the lake was cleaned away; the oldest that is kept is {oldest}")]
    Cleaned { version: u64, oldest: u64 },
    #[error("{path}: the commit names no table versions")]
    NotOurs { path: PathBuf },
    #[error("{path}: it has no column `{column}` as this version of the program writes it")]
    Column { path: PathBuf, column: &'static str },
    #[error("the column `{column}` is read as another type than it has")]
    Type { column: String },
}

/// What can be done about a lake that is not what was written.
pub const ALTERED_HINT: &str = "keep a copy if it matters who did it; the lake can be made again from the evidence: \
                                delete `lake/` in the case and run `coldtrail ingest`";

impl Error {
    /// Is the lake, or a part of it, not what was written?
    pub fn is_contradiction(&self) -> bool {
        if let Error::Custody(error) = self {
            return error.is_contradiction();
        }
        matches!(
            self,
            Error::Altered { .. }
                | Error::Gone { .. }
                | Error::Commits { .. }
                | Error::NotNoted { .. }
                | Error::Unnoted { .. }
                | Error::Outside { .. }
        )
    }

    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space and run the command again: it goes on where it stopped".to_owned())
            }
            Error::Io { source, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                Some("the case must be on a disk that can be written to".to_owned())
            }
            Error::Locked { .. } => Some("wait for it to end, or end it".to_owned()),
            Error::Custody(error) => error.hint(),
            Error::NoList { .. } => Some(
                "it was made by an older version, or somebody took the list away: delete `lake/` in the case and run \
                 `coldtrail ingest`"
                    .to_owned(),
            ),
            error if error.is_contradiction() || matches!(error, Error::NotOurs { .. } | Error::Column { .. }) => {
                Some(ALTERED_HINT.to_owned())
            }
            _ => None,
        }
    }
}
