//! Reading a table's log: the files that its commits, up to a version, have put in and not taken out again. Every commit
//! is compared with the list of commits before a word of it is believed.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use coldtrail_schema::Table;
use deltalake_core::kernel::Add;
use serde::Deserialize;
use serde_json::Value;

use crate::actions::{lake_file, plain_path};
use crate::commits::{Commits, read_checked};
use crate::error::{Error, Result};
use crate::files::LakeFile;

/// One line of a commit. Other actions tell nothing of files.
#[derive(Deserialize)]
struct Action {
    add: Option<Add>,
    remove: Option<Removed>,
    #[serde(rename = "commitInfo")]
    information: Option<Value>,
}

#[derive(Deserialize)]
struct Removed {
    path: String,
}

/// A lake directory and the list of its commits.
pub(crate) struct Replay<'a> {
    pub(crate) root: &'a Path,
    pub(crate) commits: &'a Commits,
}

impl Replay<'_> {
    pub(crate) fn directory(&self, table: &Table) -> PathBuf {
        self.root.join(table.name)
    }

    fn actions(&self, table: &Table, version: u64) -> Result<Vec<Action>> {
        let path = commit_file(&self.directory(table), version);
        let Some(expected) = self.commits.sha256(table.name, version) else {
            return Err(Error::Gone { path });
        };
        let bytes = read_checked(self.root, &path, expected)?;
        let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let parsed: std::result::Result<_, _> = lines.map(serde_json::from_slice).collect();
        parsed.map_err(|_no_action| Error::NotOurs { path })
    }

    /// The files of a table at a version, as its log has them.
    pub(crate) fn adds(&self, table: &Table, version: u64) -> Result<Vec<Add>> {
        let mut adds: BTreeMap<String, Add> = BTreeMap::new();
        for version in 0..=version {
            for action in self.actions(table, version)? {
                if let Some(removed) = action.remove {
                    adds.remove(&plain_path(&removed.path));
                }
                if let Some(add) = action.add {
                    let path = plain_path(&add.path);
                    refuse_outside(table, &path)?;
                    adds.insert(path, add);
                }
            }
        }
        Ok(adds.into_values().collect())
    }

    /// The same, in order of time.
    pub(crate) fn files(&self, table: &'static Table, version: u64) -> Result<Vec<LakeFile>> {
        let directory = self.directory(table);
        let mut files: Vec<LakeFile> =
            self.adds(table, version)?.iter().map(|add| lake_file(table, &directory, add)).collect();
        files.sort_by(|a, b| (a.date, a.times, &a.path).cmp(&(b.date, b.times, &b.path)));
        Ok(files)
    }

    /// What a commit says about itself.
    pub(crate) fn information(&self, table: &Table, version: u64) -> Result<Value> {
        let actions = self.actions(table, version)?;
        Ok(actions.into_iter().filter_map(|action| action.information).next_back().unwrap_or_default())
    }
}

/// A file of the lake lies below its table.
fn refuse_outside(table: &Table, path: &str) -> Result<()> {
    let parts = || Path::new(path).components();
    match !path.contains("://") && parts().all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(()),
        false => Err(Error::Outside { table: table.name, path: path.to_owned() }),
    }
}

pub(crate) fn log_folder(table: &Path) -> PathBuf {
    table.join("_delta_log")
}

pub(crate) fn commit_file(table: &Path, version: u64) -> PathBuf {
    log_folder(table).join(format!("{version:020}.json"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use coldtrail_schema::tables::ledger::DUPLICATES;

    use super::*;

    #[test]
    fn a_file_lies_below_its_table() {
        for path in ["a.parquet", "date=2026-03-01/a.parquet"] {
            refuse_outside(&DUPLICATES, path).unwrap();
        }
        for path in
            ["/etc/passwd", "../objects/a.parquet", "a/../../b", "file:///etc/passwd", "s3://b/k", "./a.parquet"]
        {
            let error = refuse_outside(&DUPLICATES, path).unwrap_err();
            assert!(error.is_contradiction(), "{error}");
        }
    }
}
