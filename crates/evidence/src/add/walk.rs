//! Finds the files to add, in the order of their keys, and the metadata that lies beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rayon::prelude::*;

use crate::case::Case;
use crate::error::{Error, Result};
use crate::sidecar;

/// A file to be added.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) metadata: Option<serde_json::Value>,
}

impl Item {
    /// The path below the folder that was named; of a file that was named, its name.
    pub(super) fn below(&self) -> &str {
        self.key.split_once('/').map_or(self.key.as_str(), |(_, below)| below)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) items: Vec<Item>,
    pub(super) skipped: Vec<(String, String)>,
}

impl Walk {
    fn skip(&mut self, path: &Path, why: impl ToString) {
        self.skipped.push((path.display().to_string(), why.to_string()));
    }
}

/// Walks the roots. A root may be a symbolic link, since somebody named it; nothing below is followed.
pub(super) fn walk(case: &Case, roots: &[PathBuf]) -> Result<Walk> {
    let mut walk = Walk::default();
    for root in roots {
        let path = fs::canonicalize(root).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NoSuchRoot { path: root.clone() },
            _ => Error::Io { doing: "read", path: root.clone(), source },
        })?;
        let name = root.file_name().or_else(|| path.file_name()).unwrap_or_default().to_string_lossy().into_owned();
        let metadata = fs::metadata(&path).map_err(Error::io("read", &path))?;
        if metadata.is_dir() {
            folders(case, &path, &name, &mut walk);
        } else if metadata.is_file() {
            let mut files = vec![Item { key: name.clone(), path: path.clone(), size: metadata.len(), metadata: None }];
            let beside = path.with_file_name(format!("{name}{}", sidecar::SUFFIX));
            if let Ok(about) = fs::symlink_metadata(&beside)
                && about.is_file()
            {
                let key = format!("{name}{}", sidecar::SUFFIX);
                files.push(Item { key, path: beside, size: about.len(), metadata: None });
            }
            // The neighbour was not asked for: it is metadata or nothing.
            let mut items = pair(files);
            items.retain(|item| item.path == path);
            walk.items.append(&mut items);
        } else {
            walk.skip(root, "no regular file");
        }
    }
    walk.items.sort_by(|a, b| (&a.key, &a.path).cmp(&(&b.key, &b.path)));
    walk.skipped.sort();
    Ok(walk)
}

fn folders(case: &Case, root: &Path, name: &str, walk: &mut Walk) {
    let mut waiting = vec![(root.to_path_buf(), name.to_owned())];
    while let Some((folder, key)) = waiting.pop() {
        if folder == case.root() {
            walk.skip(&folder, "this is the case itself");
            continue;
        }
        let mut files = Vec::new();
        let listed = match fs::read_dir(&folder) {
            Ok(listed) => listed,
            Err(error) => {
                walk.skip(&folder, error);
                continue;
            }
        };
        for found in listed {
            let (path, about) = match found.and_then(|found| found.metadata().map(|about| (found.path(), about))) {
                Ok(both) => both,
                Err(error) => {
                    walk.skip(&folder, error);
                    continue;
                }
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if about.is_dir() {
                waiting.push((path, format!("{key}/{name}")));
            } else if !about.is_file() {
                let why = if about.is_symlink() { "symbolic link, not followed" } else { "no regular file" };
                walk.skip(&path, why);
            } else {
                files.push(Item { key: format!("{key}/{name}"), path, size: about.len(), metadata: None });
            }
        }
        walk.items.append(&mut pair(files));
    }
}

/// Puts the metadata of a folder to the files it is about. What only looks like metadata is a file like others.
fn pair(files: Vec<Item>) -> Vec<Item> {
    let keys: BTreeSet<&str> = files.iter().map(|item| item.key.as_str()).collect();
    let found: Vec<(String, serde_json::Value)> = files
        .par_iter()
        .filter(|item| item.size <= sidecar::MAX)
        .filter_map(|item| {
            let about = sidecar::of(&item.key, |other| keys.contains(other))?;
            // Unreadable: it stays in the list of files, where the failure is noted.
            let Ok(mut file) = fs::File::open(&item.path) else { return None };
            Some((about.to_owned(), sidecar::read(&mut file)?))
        })
        .collect();
    let mut metadata: BTreeMap<String, serde_json::Value> = found.into_iter().collect();
    let sidecars: BTreeSet<String> = metadata.keys().map(|key| format!("{key}{}", sidecar::SUFFIX)).collect();
    let mut items: Vec<Item> = files.into_iter().filter(|item| !sidecars.contains(&item.key)).collect();
    for item in &mut items {
        item.metadata = metadata.remove(&item.key);
    }
    items
}
