//! Files of a case, opened so that nothing outside it is read or written: a case may come from somebody else, who put a
//! link to a file of the reader, a pipe or a device where a file of ours should be.

use std::io::{self, Read};
use std::path::{Component, Path};

use fs_err as fs;

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Reading; it must be there.
    Read,
    /// Reading and writing what it holds; it is made if need be.
    Change,
    /// Writing it anew.
    Anew,
    /// Writing behind what it holds; it is made if need be.
    Append,
}

/// Opens the file at `path`, which lies below `root`. Neither the file nor a folder on the way, nor `root` itself, may
/// be a link, and the file must be a regular one. A new file is for its owner only.
pub fn open(root: &Path, path: &Path, what: Use) -> io::Result<fs::File> {
    let (folders, name) = parts(root, path)?;
    let file = system::file(root, &folders, name, what)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    Ok(fs::File::from_parts(file, path))
}

/// All bytes of a file, opened like this; none when it is not there.
pub fn read(root: &Path, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match open(root, path, Use::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?.read_to_end(&mut bytes)?,
    };
    Ok(Some(bytes))
}

/// Writes a file anew, whole or not at all: beside it, and then in its place.
pub fn replace(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let unfinished = path.with_file_name(name);
    let mut file = open(root, &unfinished, Use::Anew)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_folder(path.parent().unwrap_or(root))
}

/// Makes a folder below `root`, and those above it, for their owner only; none of them may be a link.
pub fn make_folder(root: &Path, path: &Path) -> io::Result<()> {
    let (mut folders, name) = parts(root, path)?;
    folders.push(name);
    system::make(root, &folders)
}

/// Is there such a folder below `root`? An error if it, or one on the way, is a link or no folder.
pub fn has_folder(root: &Path, path: &Path) -> io::Result<bool> {
    let (mut folders, name) = parts(root, path)?;
    folders.push(name);
    match system::walk(root, &folders, false) {
        Ok(_folder) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes what a file holds last, whoever wrote it. One that is not there holds nothing.
pub fn sync_file(root: &Path, path: &Path) -> io::Result<()> {
    // Elsewhere only a file that is open for writing can be flushed; whoever writes one flushes it.
    if !cfg!(unix) {
        return Ok(());
    }
    match open(root, path, Use::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other?.sync_all(),
    }
}

/// Makes what was written into a folder last: new names, and those that are gone.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened; names are made to last with the files there.
    if !cfg!(unix) {
        return Ok(());
    }
    match fs::File::open(folder)?.sync_all() {
        // Some file systems, such as those of a network, have no such call for folders, and say so.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// The folders on the way from `root`, and the last name.
fn parts<'p>(root: &Path, path: &'p Path) -> io::Result<(Vec<&'p std::ffi::OsStr>, &'p std::ffi::OsStr)> {
    let outside = || io::Error::other("lies outside the case");
    let mut names = Vec::new();
    for part in path.strip_prefix(root).map_err(|_| outside())?.components() {
        match part {
            Component::Normal(name) => names.push(name),
            _ => return Err(outside()),
        }
    }
    let name = names.pop().ok_or_else(outside)?;
    Ok((names, name))
}

fn link(name: &std::ffi::OsStr) -> io::Error {
    io::Error::other(format!("`{}` is a symbolic link, and a case has none", name.to_string_lossy()))
}

#[cfg(unix)]
mod system {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, open, openat, statat};
    use rustix::io::Errno;

    use super::{Use, link};

    const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

    pub(super) fn file(root: &Path, folders: &[&OsStr], name: &OsStr, what: Use) -> io::Result<File> {
        let at = walk(root, folders, false)?;
        let flags = match what {
            Use::Read => OFlags::RDONLY,
            Use::Change => OFlags::RDWR | OFlags::CREATE,
            Use::Anew => OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC,
            Use::Append => OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND,
        };
        // Without waiting: who opens a pipe waits for its other end.
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match openat(&at, name, flags, Mode::RUSR | Mode::WUSR) {
            Err(Errno::LOOP) => Err(link(name)),
            other => Ok(File::from(other?)),
        }
    }

    pub(super) fn make(root: &Path, folders: &[&OsStr]) -> io::Result<()> {
        walk(root, folders, true).map(|_folder| ())
    }

    pub(super) fn walk(root: &Path, folders: &[&OsStr], make: bool) -> io::Result<OwnedFd> {
        let mut at = match open(root, FOLDER, Mode::empty()) {
            Err(Errno::LOOP | Errno::NOTDIR) => return Err(link(root.as_os_str())),
            other => other?,
        };
        for name in folders {
            let mut next = openat(&at, *name, FOLDER, Mode::empty());
            if make && matches!(next, Err(Errno::NOENT)) {
                match mkdirat(&at, *name, Mode::RWXU) {
                    // Another thread made it meanwhile.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                next = openat(&at, *name, FOLDER, Mode::empty());
            }
            at = match next {
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    let about = statat(&at, *name, AtFlags::SYMLINK_NOFOLLOW)?;
                    let is_link = FileType::from_raw_mode(about.st_mode) == FileType::Symlink;
                    return Err(if is_link { link(name) } else { Errno::NOTDIR.into() });
                }
                other => other?,
            };
        }
        Ok(at)
    }
}

#[cfg(not(unix))]
mod system {
    use std::ffi::OsStr;
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Use, link};

    pub(super) fn file(root: &Path, folders: &[&OsStr], name: &OsStr, what: Use) -> io::Result<File> {
        let path = walk(root, folders, false)?.join(name);
        refuse_link(&path)?;
        let mut options = OpenOptions::new();
        match what {
            Use::Read => options.read(true),
            Use::Change => options.read(true).write(true).create(true).truncate(false),
            Use::Anew => options.read(true).write(true).create(true).truncate(true),
            Use::Append => options.append(true).create(true),
        };
        options.open(path)
    }

    pub(super) fn make(root: &Path, folders: &[&OsStr]) -> io::Result<()> {
        walk(root, folders, true).map(|_folder| ())
    }

    pub(super) fn walk(root: &Path, folders: &[&OsStr], make: bool) -> io::Result<PathBuf> {
        let mut at = root.to_path_buf();
        refuse_link(&at)?;
        for name in folders {
            at.push(name);
            if make && !at.is_dir() {
                std::fs::create_dir(&at)?;
            }
            refuse_link(&at)?;
        }
        Ok(at)
    }

    fn refuse_link(path: &Path) -> io::Result<()> {
        match path.symlink_metadata() {
            Ok(about) if about.is_symlink() => Err(link(path.file_name().unwrap_or(path.as_os_str()))),
            _ => Ok(()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_is_no_file_of_ours_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("case"), folder.path().join("outside"));
        fs::create_dir_all(root.join("real")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), b"mine").unwrap();
        symlink(outside.join("file"), root.join("link")).unwrap();
        symlink(&outside, root.join("way")).unwrap();
        symlink(&root, folder.path().join("other")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .unwrap();
        for what in [Use::Read, Use::Change, Use::Anew, Use::Append] {
            for path in ["link", "way/file", "pipe", "real", "../outside/file", "."] {
                assert!(open(&root, &root.join(path), what).is_err(), "{path} {what:?}");
            }
            let other = folder.path().join("other");
            assert!(open(&other, &other.join("new"), what).is_err(), "the case itself is a link");
        }
        assert!(make_folder(&root, &root.join("way/new")).is_err());
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        let text = open(&root, &root.join("way/file"), Use::Read).unwrap_err().to_string();
        assert_eq!(text, "`way` is a symbolic link, and a case has none");
        make_folder(&root, &root.join("a/b")).unwrap();
        replace(&root, &root.join("a/b/c"), b"text").unwrap();
        assert_eq!(read(&root, &root.join("a/b/c")).unwrap().unwrap(), b"text");
        assert_eq!(read(&root, &root.join("a/b/d")).unwrap(), None);
        sync_file(&root, &root.join("a/b/c")).unwrap();
        sync_file(&root, &root.join("a/b/d")).unwrap();
        assert!(sync_file(&root, &root.join("link")).is_err());
        let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a"), mode("a/b"), mode("a/b/c")), (0o700, 0o700, 0o600));
    }
}
