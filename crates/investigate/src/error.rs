//! Why there is no answer.

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Query(#[from] coldtrail_query::Error),
    #[error(transparent)]
    Report(#[from] coldtrail_report::Error),
    /// What was asked for cannot be meant: a name that is not unique, a period that ends before it begins, a name
    /// that is nearly that of something else.
    #[error("{what}")]
    Usage { what: String, hint: Option<String> },
    /// What would have to be looked at is not here. That is no proof that it never was.
    #[error("{what}")]
    Absent { what: String, hint: Option<String> },
    #[error("an answer has other columns than are read: {source}")]
    Columns { source: serde_json::Error },
}

impl Error {
    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Query(error) => error.hint(),
            Error::Report(error) => error.hint(),
            Error::Usage { hint, .. } | Error::Absent { hint, .. } => hint.clone(),
            Error::Columns { .. } => None,
        }
    }

    pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Usage { what: what.into(), hint: Some(hint.into()) }
    }

    pub(crate) fn absent(what: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Absent { what: what.into(), hint: Some(hint.into()) }
    }
}
