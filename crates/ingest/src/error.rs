//! What can stop an ingest. What is wrong with one object stops nothing: it stands in `objects`.

use coldtrail_schema::arrow::schema::ArrowError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Evidence(coldtrail_evidence::Error),
    #[error(transparent)]
    Lake(coldtrail_lake::Error),
    #[error("{key}: {reason}")]
    Object { key: String, reason: String },
    #[error("{key} has no record {record}; its last is {last}")]
    NoRecord { key: String, record: u64, last: u64 },
    #[error("`{name}` is no name of an object; it has 32 hexadecimal digits")]
    NotAnObject { name: String },
    /// A bug of ours, found before anything was committed.
    #[error("{key}: {records} records were counted, but {kept} kept, {duplicates} duplicates and {rejects} rejects")]
    Unbalanced { key: String, records: u64, kept: u64, duplicates: u64, rejects: u64 },
    /// A bug of ours, found before anything was committed.
    #[error("{wanted} rows of the lake have better copies now, but {found} of them were found")]
    Lost { wanted: usize, found: usize },
    /// A bug of ours, found before anything was committed.
    #[error("a file of the lake cannot be written anew: {0}")]
    Columns(ArrowError),
}

impl Error {
    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Evidence(error) => error.hint(),
            Error::Lake(error) => error.hint(),
            Error::Object { .. } | Error::NotAnObject { .. } => None,
            Error::NoRecord { .. } => Some("records are counted from 1".to_owned()),
            Error::Unbalanced { .. } | Error::Lost { .. } | Error::Columns(_) => {
                Some("this is a bug of coldtrail; nothing of this batch was committed".to_owned())
            }
        }
    }
}
