//! Which folders outside a case its evidence may be read from. It is kept on the side of the user: a case may come
//! from somebody else, and would say that it may read everything.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// All that is trusted by this user.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Trusted {
    trusted: Vec<Pair>,
}

/// A case, and a folder or file that it may read; both by their real paths.
#[derive(Debug, Serialize, Deserialize)]
struct Pair {
    case: PathBuf,
    folder: PathBuf,
}

/// What the case may read; `state` is where the user's programs keep what is theirs.
pub(crate) fn of(state: &Path, case: &Path) -> Result<Vec<PathBuf>> {
    let all = load(state)?.trusted.into_iter();
    Ok(all.filter(|pair| pair.case == case).map(|pair| pair.folder).collect())
}

/// Remembers that the case may read these, or that it may no longer.
pub(crate) fn change(state: &Path, case: &Path, folders: &[PathBuf], trust: bool) -> Result<()> {
    fs_err::create_dir_all(state)?;
    // Two commands may remember something at once.
    let path = state.join("trusted.lock");
    let lock = fs_err::OpenOptions::new().write(true).create(true).truncate(false).open(&path)?.into_file();
    lock.lock().with_context(|| path.display().to_string())?;
    let mut all = load(state)?;
    for folder in folders {
        all.trusted.retain(|pair| pair.case != case || pair.folder != *folder);
        if trust {
            all.trusted.push(Pair { case: case.to_owned(), folder: folder.clone() });
        }
    }
    let mut part = tempfile::Builder::new().prefix(".trusted").tempfile_in(state)?;
    serde_json::to_writer_pretty(&mut part, &all)?;
    part.write_all(b"\n")?;
    part.persist(file(state)).map_err(|error| error.error)?;
    Ok(())
}

fn load(state: &Path) -> Result<Trusted> {
    let path = file(state);
    match fs_err::read(&path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Trusted::default()),
        Err(error) => Err(error.into()),
    }
}

fn file(state: &Path) -> PathBuf {
    state.join("trusted.json")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_trusted_is_of_one_case() {
        let state = tempfile::tempdir().unwrap();
        let state = state.path().join("deeper");
        let (one, other) = (Path::new("/cases/one"), Path::new("/cases/other"));
        assert!(of(&state, one).unwrap().is_empty());
        let folders = [PathBuf::from("/logs/a"), PathBuf::from("/logs/b")];
        change(&state, one, &folders, true).unwrap();
        change(&state, one, &folders, true).unwrap();
        change(&state, other, &folders[..1], true).unwrap();
        assert_eq!(of(&state, one).unwrap(), folders);
        change(&state, one, &folders[..1], false).unwrap();
        assert_eq!(of(&state, one).unwrap(), folders[1..]);
        assert_eq!(of(&state, other).unwrap(), folders[..1]);
        fs_err::write(file(&state), "{").unwrap();
        assert!(of(&state, one).is_err());
    }
}
