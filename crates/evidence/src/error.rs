//! What can go wrong in a case directory, and what the analyst can do about it.

use std::io;
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a case is found, filled or read. Damaged evidence is no error: see
/// [`Damage`](crate::Damage).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No directory from here upward is a case.
    #[error("{}: not a case, and no folder above it is one", start.display())]
    NoCase {
        /// Where the search began.
        start: PathBuf,
    },
    /// `init` was asked to make a case where there is one.
    #[error("{}: holds a case already", root.display())]
    CaseExists {
        /// The directory of that case.
        root: PathBuf,
    },
    /// `case.toml` cannot be understood.
    #[error("{}: not a case description", path.display())]
    CaseFile {
        /// The file.
        path: PathBuf,
        /// Where in it, and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The case was written by a later version.
    #[error("{}: the case has format {found}; this program knows {known}", path.display())]
    CaseFormat {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// Another process is adding to this case.
    #[error("{}: another process is adding evidence to this case", root.display())]
    Busy {
        /// The directory of the case.
        root: PathBuf,
    },
    /// A line of a file that only this program writes cannot be understood.
    #[error("{}: line {line} is not what was written there", path.display())]
    Line {
        /// The manifest or the custody log.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Something to be added is not there.
    #[error("{}: no such file or folder", path.display())]
    NoSuchRoot {
        /// What was named.
        path: PathBuf,
    },
    /// Nothing in the manifest has this name.
    #[error("no collected object is called `{name}`")]
    UnknownObject {
        /// An object id, a hash, the beginning of one, or a key.
        name: String,
    },
    /// More than one object in the manifest has this name.
    #[error("`{name}` may be {count} objects: {}", examples.join(", "))]
    AmbiguousObject {
        /// The beginning of an object id or of a hash, or a key.
        name: String,
        /// How many it may be.
        count: usize,
        /// Some of them.
        examples: Vec<String>,
    },
    /// Evidence that is read where it is, outside the case, and nobody here has allowed that.
    #[error("{}: outside the case, and in no folder that is trusted (see `coldtrail trust`)", path.display())]
    Untrusted {
        /// As the manifest has it.
        path: PathBuf,
    },
    /// Something that is read or waited for without end, such as a device or a pipe.
    #[error("{}: not a plain file", path.display())]
    NotPlain {
        /// Where it lies.
        path: PathBuf,
    },
    /// A folder to be filled holds something.
    #[error("{}: the folder is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file that should hold public keys.
    #[error("{}: no public keys: {message}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The object is bigger than the caller can hold.
    #[error("{key}: {size} bytes are more than the {cap} that can be held here")]
    ObjectTooBig {
        /// The object.
        key: String,
        /// Its size.
        size: u64,
        /// The cap.
        cap: u64,
    },
    /// The disk failed, is full, or does not let us.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// A verb: `read`, `write`, …
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Builds an [`Error::Io`] where the place is known.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| Error::Io { doing, path, source }
    }

    /// Is a part of the case not what was written? A line of ours that cannot be read was changed by somebody else.
    pub fn is_contradiction(&self) -> bool {
        matches!(self, Error::Line { .. })
    }

    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::NoCase { .. } => "make one with `coldtrail init DIR`, or name one with `--case DIR`".to_owned(),
            Error::CaseExists { root } => format!("use it with `--case {}`, or name another folder", root.display()),
            Error::CaseFile { .. } => {
                "repair the file by hand; `coldtrail init` in an empty folder shows how it looks".to_owned()
            }
            Error::CaseFormat { .. } => "use the version of coldtrail that wrote the case, or a later one".to_owned(),
            Error::Busy { .. } => "wait until it has ended; what it adds is kept".to_owned(),
            Error::Line { line, .. } => {
                format!("the file was changed from outside; compare line {line} with a backup. Nothing was overwritten")
            }
            Error::UnknownObject { .. } => {
                "`coldtrail sql \"select * from objects\"` lists what was collected".to_owned()
            }
            Error::Untrusted { .. } => {
                "if you know that folder: `coldtrail trust DIR` remembers it, `--trust DIR` holds for one run".to_owned()
            }
            Error::NotEmpty { .. } => "name a folder that is not there yet".to_owned(),
            Error::KeyFile { .. } => {
                "give what `aws cloudtrail list-public-keys --start-time … --end-time …` prints, or PEM".to_owned()
            }
            Error::AmbiguousObject { .. } => "give more characters of the object id".to_owned(),
            Error::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => {
                    "make room and run the command again: it goes on where it stopped".to_owned()
                }
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                    "the case must lie where you may write; evidence itself may be read-only, and `verify` and `report` \
                     write nothing with `--read-only`"
                        .to_owned()
                }
                _ => return None,
            },
            Error::NoSuchRoot { .. } | Error::NotPlain { .. } | Error::ObjectTooBig { .. } => return None,
        })
    }
}
