//! The questions that lie with a case. It may come from somebody else: nothing of it is opened but plain files of a
//! modest size, and no link is followed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{OWN, Question, name_of};
use crate::error::{Error, Result};

/// The most bytes of a file that can be a question.
const MAX: u64 = 1 << 20;

/// The questions of a folder `<area>/<name>.sql`, by name; what is none is refused, each with the reason.
pub(super) fn all(folder: &Path, refused: &mut Vec<Error>) -> Vec<Question> {
    let mut found = Vec::new();
    for path in files(folder, refused) {
        match read(folder, &path) {
            Ok(question) => found.push(question),
            Err(error) => refused.push(error),
        }
    }
    found
}

/// The files of SQL in the folder and in the folders in it, and the links, of which nobody knows what they are.
fn files(folder: &Path, refused: &mut Vec<Error>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    match fs_err::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => refused.push(not_opened(folder, "it is a link, or no folder")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => refused.push(Error::Io { path: folder.to_owned(), source }),
    }
    if !refused.is_empty() {
        return found;
    }
    let mut areas = Vec::new();
    look(folder, &mut found, &mut areas, refused);
    let mut too_deep = Vec::new();
    areas.iter().for_each(|area| look(area, &mut found, &mut too_deep, refused));
    found.sort();
    found
}

/// What is in one folder: files that may be questions, and folders.
fn look(folder: &Path, found: &mut Vec<PathBuf>, folders: &mut Vec<PathBuf>, refused: &mut Vec<Error>) {
    let entries = match fs_err::read_dir(folder).and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(source) => return refused.push(Error::Io { path: folder.to_owned(), source }),
    };
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => folders.push(path),
            Ok(kind) if kind.is_symlink() || path.extension().is_some_and(|extension| extension == "sql") => {
                found.push(path);
            }
            Ok(_) => {}
            Err(source) => refused.push(Error::Io { path, source }),
        }
    }
}

fn read(folder: &Path, path: &Path) -> Result<Question> {
    let text = text(path)?;
    let bad = |what| Error::Head { file: path.display().to_string(), line: 1, what };
    let name = path.strip_prefix(folder).ok().and_then(name_of).ok_or_else(|| bad("the name is not UTF-8"))?;
    if !name.contains('/') {
        return Err(bad("a question lies in a folder, which is its area"));
    }
    Question::parse(&format!("{OWN}/{name}"), &text)
}

/// The text of a plain file.
fn text(path: &Path) -> Result<String> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    // It is looked at before it is opened, because to open a device may act on it, and then once more, because it may
    // have become something else.
    let metadata = fs_err::symlink_metadata(path).map_err(failed)?;
    if metadata.is_symlink() {
        return Err(not_opened(path, "it is a link"));
    }
    if !metadata.is_file() {
        return Err(not_opened(path, "it is no plain file"));
    }
    let file = open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(not_opened(path, "it is no plain file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX {
        return Err(not_opened(path, "it has more than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| not_opened(path, "it is not UTF-8"))
}

/// Opens what is there by itself, and does not wait for who writes into a pipe.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    std::fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

fn not_opened(path: &Path, what: &'static str) -> Error {
    Error::NotOpened { path: path.to_owned(), what }
}
