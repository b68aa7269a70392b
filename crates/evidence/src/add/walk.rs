//! Finds the files to add, in the order of their keys, folder by folder: in memory are the names of one folder and of
//! those above it.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::case::Case;
use crate::error::{Error, Result};
use crate::sidecar;

/// A file to be added.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) key: String,
    pub(super) size: u64,
    /// Where a file lies whose name says that it is metadata of this one.
    beside: Option<PathBuf>,
    /// Does its own name say that it is metadata of a file that is there?
    is_beside: bool,
}

impl Item {
    /// The path below the folder that was named; of a file that was named, its name.
    pub(super) fn below(&self) -> &str {
        self.key.split_once('/').map_or(self.key.as_str(), |(_, below)| below)
    }

    /// What the file beside it says of it, if that is metadata.
    pub(super) fn metadata(&self) -> Option<serde_json::Value> {
        read_sidecar(self.beside.as_deref()?)
    }

    /// Is it metadata of a file that is there? What only looks like it is a file like others.
    pub(super) fn is_metadata(&self) -> bool {
        self.is_beside && read_sidecar(&self.path).is_some()
    }
}

/// What is unreadable is no metadata: it is taken as a file, and the failure noted there.
fn read_sidecar(path: &Path) -> Option<serde_json::Value> {
    let Ok(mut file) = fs::File::open(path) else { return None };
    let fits = file.metadata().is_ok_and(|about| about.len() <= sidecar::MAX);
    if fits { sidecar::read(&mut file) } else { None }
}

/// What a folder holds under a name.
#[derive(Debug)]
struct Listed {
    name: OsString,
    /// None for a folder.
    size: Option<u64>,
}

impl Listed {
    /// In the order of the keys that come of it: in those, a folder's name is followed by `/`.
    fn cmp(&self, other: &Listed) -> Ordering {
        self.bytes().cmp(other.bytes())
    }

    fn bytes(&self) -> impl Iterator<Item = u8> {
        let end: &[u8] = if self.size.is_none() { b"/" } else { b"" };
        self.name.as_encoded_bytes().iter().chain(end).copied()
    }
}

/// A folder whose files are being taken.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    key: String,
    found: Vec<Listed>,
    next: usize,
}

impl Folder {
    fn has_file(&self, name: &str) -> bool {
        let wanted = Listed { name: OsString::from(name), size: Some(0) };
        self.found.binary_search_by(|found| found.cmp(&wanted)).is_ok()
    }
}

/// The files below the roots. A root may be a symbolic link, since somebody named it; nothing below is followed.
#[derive(Debug)]
pub(super) struct Walk {
    case: PathBuf,
    /// Still to come: name and path, the next one last.
    roots: Vec<(String, PathBuf)>,
    open: Vec<Folder>,
    /// What is not taken: path and why.
    pub(super) skipped: Vec<(String, String)>,
}

impl Walk {
    pub(super) fn new(case: &Case, roots: &[PathBuf]) -> Result<Walk> {
        let mut named = Vec::new();
        for root in roots {
            let path = fs::canonicalize(root).map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound => Error::NoSuchRoot { path: root.clone() },
                _ => Error::Io { doing: "read", path: root.clone(), source },
            })?;
            let name = root.file_name().or_else(|| path.file_name()).unwrap_or_default();
            named.push((name.to_string_lossy().into_owned(), path));
        }
        named.sort_by(|a, b| b.cmp(a));
        Ok(Walk { case: case.root().to_path_buf(), roots: named, open: Vec::new(), skipped: Vec::new() })
    }

    /// How many files there are and how large they are, which is known before the first is read.
    pub(super) fn measure(case: &Case, roots: &[PathBuf]) -> Result<(u64, u64)> {
        Ok(Walk::new(case, roots)?.fold((0, 0), |(files, bytes), item| (files + 1, bytes + item.size)))
    }

    fn skip(&mut self, path: &Path, why: impl ToString) {
        self.skipped.push((path.display().to_string(), why.to_string()));
    }

    /// Opens a root that is a folder; the item of one that is a file.
    fn root(&mut self, key: String, path: PathBuf) -> Option<Item> {
        let about = match fs::metadata(&path) {
            Ok(about) => about,
            Err(error) => {
                self.skip(&path, error);
                return None;
            }
        };
        if about.is_dir() {
            self.folder(path, key);
            return None;
        }
        if !about.is_file() {
            self.skip(&path, "no regular file");
            return None;
        }
        // The neighbours were not asked for: they are metadata or nothing.
        let neighbour = |name: &str| fs::symlink_metadata(path.with_file_name(name)).is_ok_and(|about| about.is_file());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = format!("{name}{}", sidecar::SUFFIX);
        let beside = neighbour(&beside).then(|| path.with_file_name(beside));
        Some(Item { key, size: about.len(), beside, is_beside: false, path })
    }

    fn folder(&mut self, path: PathBuf, key: String) {
        if path == self.case {
            self.skip(&path, "this is the case itself");
            return;
        }
        let listed = match fs::read_dir(&path) {
            Ok(listed) => listed,
            Err(error) => {
                self.skip(&path, error);
                return;
            }
        };
        let mut found = Vec::new();
        for one in listed {
            let (name, about) = match one.and_then(|one| one.metadata().map(|about| (one.file_name(), about))) {
                Ok(both) => both,
                Err(error) => {
                    self.skip(&path, error);
                    continue;
                }
            };
            if about.is_dir() || about.is_file() {
                found.push(Listed { name, size: about.is_file().then_some(about.len()) });
            } else {
                let why = if about.is_symlink() { "symbolic link, not followed" } else { "no regular file" };
                self.skip(&path.join(name), why);
            }
        }
        found.sort_unstable_by(Listed::cmp);
        self.open.push(Folder { path, key, found, next: 0 });
    }
}

impl Iterator for Walk {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let Some(folder) = self.open.last_mut() else {
                let (key, path) = self.roots.pop()?;
                match self.root(key, path) {
                    Some(item) => return Some(item),
                    None => continue,
                }
            };
            let Some(found) = folder.found.get(folder.next) else {
                self.open.pop();
                continue;
            };
            folder.next += 1;
            let (path, name) = (folder.path.join(&found.name), OsStr::to_string_lossy(&found.name));
            let key = format!("{}/{name}", folder.key);
            let Some(size) = found.size else {
                self.folder(path, key);
                continue;
            };
            let is_beside = sidecar::of(&name, |other| folder.has_file(other)).is_some();
            let beside = format!("{name}{}", sidecar::SUFFIX);
            let is_about = folder.has_file(&beside) && sidecar::of(&beside, |other| folder.has_file(other)).is_some();
            let beside = is_about.then(|| folder.path.join(beside));
            return Some(Item { path, key, size, beside, is_beside });
        }
    }
}
