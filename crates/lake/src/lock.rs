//! The lake's lock: one writer at a time, which says what it is doing.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use coldtrail_evidence::inside::{self, Use};

use crate::error::{Error, Result};

/// Held as long as it lives.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the lake in `root`, which is made if need be.
    pub(crate) fn take(root: &Path, doing: &str) -> Result<Lock> {
        if root.symlink_metadata().is_err() {
            fs_err::create_dir_all(root).map_err(|source| Error::Io { path: root.to_owned(), source })?;
        }
        let path = root.join(".lock");
        let failed = |source| Error::Io { path: path.clone(), source };
        // Not emptied before it is ours: whoever holds it has written into it what runs.
        let mut file = inside::open(root, &path, Use::Change).map_err(failed)?.into_file();
        if file.try_lock().is_err() {
            let mut other = String::new();
            file.read_to_string(&mut other).map_err(failed)?;
            let other = if other.is_empty() { "another command" } else { other.trim() };
            return Err(Error::Locked { doing: other.chars().take(40).collect(), path });
        }
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(doing.as_bytes()));
        written.map_err(failed)?;
        Ok(Lock { _file: file })
    }
}
