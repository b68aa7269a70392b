//! What can go wrong in deriving tables.

/// The result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why tables could not be derived.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Lake(coldtrail_lake::Error),
    #[error("joining changes and calls by time: {source}")]
    Join { source: polars::prelude::PolarsError },
    #[error("unpacking a document that was held in memory: {source}")]
    Unpack { source: std::io::Error },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Lake(error) => error.hint(),
            Error::Join { .. } | Error::Unpack { .. } => None,
        }
    }
}
