//! The folder into which questions spill what does not fit into memory. Each session has one of its own in it, with a
//! lock beside it that is held while the session lives; what is not held was left by a run that was killed.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

/// How the files end that say whose a folder is.
const LOCK: &str = ".lock";

/// The folders that earlier versions of the program made, without a lock.
const EARLIER: &str = "datafusion-";

/// The folder of one session. It goes with it.
#[derive(Debug)]
pub struct SpillFolder {
    path: PathBuf,
    lock: PathBuf,
    /// Locked as long as it is open.
    _held: File,
}

/// What killed runs left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    pub folders: u64,
    pub bytes: u64,
}

impl SpillFolder {
    /// Makes a folder in `spill`, which is made too if what it lies in is there.
    pub fn make(spill: &Path) -> io::Result<SpillFolder> {
        if spill.parent().is_some_and(Path::is_symlink) {
            return Err(io::Error::other("the lake is a symbolic link, and a case has none"));
        }
        match fs_err::create_dir(spill) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        if !is_folder(spill)? {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is no folder", spill.display())));
        }
        // Two programs may have one number, as in containers.
        let name = format!("{:08x}-{:016x}", std::process::id(), RandomState::new().build_hasher().finish());
        let new = spill.join(format!("{name}.new"));
        let held = fs_err::OpenOptions::new().write(true).create_new(true).open(&new)?.into_file();
        // Where the file system knows no locks, nobody can take one either, and nothing is ever swept.
        let _unknown = held.try_lock();
        // Only a file that is locked already gets the name that others look for.
        let lock = spill.join(format!("{name}{LOCK}"));
        fs_err::rename(&new, &lock)?;
        let folder = SpillFolder { path: spill.join(&name), lock, _held: held };
        fs_err::create_dir(&folder.path)?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillFolder {
    fn drop(&mut self) {
        // What cannot be removed now is swept by whoever comes next: so the lock stays as long as the folder does.
        if fs_err::remove_dir_all(&self.path).is_ok() || !self.path.exists() {
            let _swept_later = fs_err::remove_file(&self.lock);
        }
    }
}

/// Removes from `spill` what no living session holds. With `dry`, only counts. Links are not followed.
pub fn sweep(spill: &Path, dry: bool) -> io::Result<Swept> {
    let mut swept = Swept::default();
    if !is_folder(spill)? {
        return Ok(swept);
    }
    for entry in fs_err::read_dir(spill)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        let Some(name) = name.to_str() else { continue };
        if kind.is_dir() && name.starts_with(EARLIER) {
            swept.take(&entry.path(), dry)?;
        }
        let Some(owner) = name.strip_suffix(LOCK).filter(|owner| kind.is_file() && is_ours(owner)) else { continue };
        // Another sweep may have been faster.
        let Ok(lock) = fs_err::OpenOptions::new().read(true).write(true).open(entry.path()) else { continue };
        let lock = lock.into_file();
        if lock.try_lock().is_err() {
            continue;
        }
        swept.take(&spill.join(owner), dry)?;
        if !dry {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(swept)
}

impl Swept {
    /// Counts a folder and removes it, if it is one.
    fn take(&mut self, folder: &Path, dry: bool) -> io::Result<()> {
        if !is_folder(folder)? {
            return Ok(());
        }
        self.folders += 1;
        self.bytes += size(folder)?;
        if dry { Ok(()) } else { fs_err::remove_dir_all(folder) }
    }
}

/// Is it a folder itself, and no link to one?
fn is_folder(path: &Path) -> io::Result<bool> {
    // The lake that it lies in may be a link, too.
    if path.parent().is_some_and(Path::is_symlink) {
        return Ok(false);
    }
    match fs_err::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        other => Ok(other?.is_dir()),
    }
}

/// A name as [`SpillFolder::make`] gives them.
fn is_ours(name: &str) -> bool {
    let is_number = |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    name.split_once('-').is_some_and(|(process, number)| is_number(process, 8) && is_number(number, 16))
}

/// The bytes of all files in a folder.
fn size(folder: &Path) -> io::Result<u64> {
    let (mut bytes, mut folders) = (0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => bytes += fs_err::symlink_metadata(entry.path())?.len(),
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_goes_with_its_session() {
        let case = tempfile::tempdir().unwrap();
        let spill = case.path().join(".spill");
        let (one, two) = (SpillFolder::make(&spill).unwrap(), SpillFolder::make(&spill).unwrap());
        fs_err::write(one.path().join("rows"), "1234").unwrap();
        assert_eq!(sweep(&spill, false).unwrap(), Swept::default());
        assert!(one.path().is_dir() && two.path().is_dir());
        drop(one);
        assert_eq!(names(&spill).len(), 2);
        drop(two);
        assert!(names(&spill).is_empty());
        assert!(SpillFolder::make(&case.path().join("no/lake")).is_err());
    }

    #[test]
    fn what_nobody_holds_is_swept() {
        let case = tempfile::tempdir().unwrap();
        let spill = case.path().join(".spill");
        assert_eq!(sweep(&spill, false).unwrap(), Swept::default());
        let living = SpillFolder::make(&spill).unwrap();
        let left = spill.join("00000007-0123456789abcdef");
        for folder in [&left, &spill.join("datafusion-a1B2c3"), &spill.join("of somebody else")] {
            fs_err::create_dir_all(folder.join("below")).unwrap();
            fs_err::write(folder.join("below/rows"), "1234").unwrap();
        }
        fs_err::write(spill.join("00000007-0123456789abcdef.lock"), "").unwrap();
        let expected = Swept { folders: 2, bytes: 8 };
        assert_eq!(sweep(&spill, true).unwrap(), expected);
        assert!(left.is_dir());
        assert_eq!(sweep(&spill, false).unwrap(), expected);
        assert_eq!(sweep(&spill, false).unwrap(), Swept::default());
        assert!(living.path().is_dir());
        assert_eq!(names(&spill).len(), 3, "{:?}", names(&spill));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let case = tempfile::tempdir().unwrap();
        let (spill, outside) = (case.path().join(".spill"), case.path().join("outside"));
        fs_err::create_dir_all(outside.join("datafusion-a")).unwrap();
        fs_err::os::unix::fs::symlink(&outside, &spill).unwrap();
        assert_eq!(sweep(&spill, false).unwrap(), Swept::default());
        assert!(SpillFolder::make(&spill).is_err());
        assert!(outside.join("datafusion-a").is_dir());
    }
}
