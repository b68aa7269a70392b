//! The lake's lock: one writer at a time, which says what it is doing.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use coldtrail_evidence::Case;
use coldtrail_evidence::inside::{self, Use};

use crate::error::{Error, Result};

/// The right to be the one action that writes into the lake of a case, from its first line in the custody log to its
/// last: then the log tells whose every commit is. Held as long as it lives.
pub struct Turn {
    _file: File,
}

impl Turn {
    /// Takes it, or says which action has it; `doing` is what others are told meanwhile.
    pub fn take(case: &Case, doing: &str) -> Result<Turn> {
        take(case.root(), &case.root().join(".lake.lock"), doing).map(|file| Turn { _file: file })
    }
}

/// The lock of a batch. Held as long as it lives.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the lake in `root`, which is made if need be.
    pub(crate) fn take(root: &Path, doing: &str) -> Result<Lock> {
        if root.symlink_metadata().is_err() {
            fs_err::create_dir_all(root).map_err(|source| Error::Io { path: root.to_owned(), source })?;
        }
        take(root, &root.join(".lock"), doing).map(|file| Lock { _file: file })
    }
}

fn take(root: &Path, path: &Path, doing: &str) -> Result<File> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    // Not emptied before it is ours: whoever holds it has written into it what runs.
    let mut file = inside::open(root, path, Use::Change).map_err(failed)?.into_file();
    if file.try_lock().is_err() {
        let mut other = String::new();
        file.read_to_string(&mut other).map_err(failed)?;
        let other = if other.is_empty() { "another command" } else { other.trim() };
        return Err(Error::Locked { doing: other.chars().take(40).collect(), path: path.to_owned() });
    }
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(doing.as_bytes()));
    written.map_err(failed)?;
    Ok(file)
}
