//! What stops a whole fetch. What is wrong with one object stops nothing: it is listed.

use std::path::PathBuf;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What stops a fetch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The case cannot be written to.
    #[error(transparent)]
    Evidence(coldtrail_evidence::Error),
    /// The bucket cannot be listed.
    #[error("s3://{bucket}/{prefix}: cannot be listed: {code}: {message}")]
    List {
        /// The bucket.
        bucket: String,
        /// The prefix that was asked for.
        prefix: String,
        /// S3's error code, or what kind of failure it was.
        code: String,
        /// What was answered.
        message: String,
    },
    /// The credentials expired, and new ones cannot be had.
    #[error("s3://{bucket}: the credentials have expired ({code})")]
    Expired {
        /// The bucket.
        bucket: String,
        /// S3's error code.
        code: String,
    },
    /// There are no credentials.
    #[error("no credentials for AWS: {message}")]
    Credentials {
        /// What the provider says.
        message: String,
    },
    /// An inventory file cannot be understood.
    #[error("{}: line {line}: {message}", path.display())]
    Inventory {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// No such kind of logs.
    #[error("`{name}` is no source that can be chosen")]
    UnknownSource {
        /// What was written.
        name: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The user ended it.
    #[error("interrupted; what was fetched is kept, and the same command fetches the rest")]
    Interrupted,
}

impl Error {
    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::Evidence(error) => return error.hint(),
            Error::List { code, .. } => match code.as_str() {
                "NoSuchBucket" => "is the name of the bucket right?".to_owned(),
                "AccessDenied" => "the policy in docs/acquire.md is what is needed; another --profile or --role-arn may have it".to_owned(),
                "PermanentRedirect" | "AuthorizationHeaderMalformed" => "name the bucket's region with --bucket-region".to_owned(),
                "SignatureDoesNotMatch" | "InvalidAccessKeyId" => "the credentials are not valid here".to_owned(),
                "RequestTimeTooSkewed" => "set the clock of this machine".to_owned(),
                "network" => "is the network there, and --endpoint-url right? Running it again goes on".to_owned(),
                _ => return None,
            },
            Error::Expired { .. } => {
                "renew them and run the same command: what was fetched is kept, and only the rest is asked for".to_owned()
            }
            Error::Credentials { .. } => {
                "set AWS_PROFILE or --profile, or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for MFA, `aws configure export-credentials`".to_owned()
            }
            Error::Inventory { .. } => "give the columns with --inventory-schema, as `fileSchema` in the inventory's manifest.json has them".to_owned(),
            Error::UnknownSource { .. } => {
                let known: Vec<&str> = coldtrail_schema::tables::events().map(|(table, _)| table.name).collect();
                format!("known are {}", known.join(", "))
            }
            Error::Io { .. } | Error::Interrupted => return None,
        })
    }
}
