//! What can stop an ingest. What is wrong with one object stops nothing: it stands in `objects`.

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
    /// A bug of ours, found before anything was committed.
    #[error("{key}: {records} records were counted, but {kept} kept, {duplicates} duplicates and {rejects} rejects")]
    Unbalanced { key: String, records: u64, kept: u64, duplicates: u64, rejects: u64 },
}

impl Error {
    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Evidence(error) => error.hint(),
            Error::Lake(error) => error.hint(),
            Error::Object { .. } => None,
            Error::NoRecord { .. } => Some("records are counted from 1".to_owned()),
            Error::Unbalanced { .. } => {
                Some("this is a bug of coldtrail; nothing of this batch was committed".to_owned())
            }
        }
    }
}
