//! Checking what the lake is made of: the list of commits, every commit and checkpoint, every file of the newest
//! version.

use coldtrail_schema::TABLES;

use crate::commits::{Commits, read_checked};
use crate::delta::{LAST_CHECKPOINT, Lake};
use crate::error::{Error, Result};
use crate::replay::{commit_file, log_folder};

/// What checking the whole lake says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Commit files and checkpoints that are what was written.
    pub commits: u64,
    /// Parquet files of the newest version that are.
    pub files: u64,
    /// What is not what was written, in a sentence each.
    pub altered: Vec<String>,
}

impl Audit {
    /// Counts what holds, and keeps what does not; an error of the disk stays one.
    fn take<T>(&mut self, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_contradiction() || matches!(error, Error::NotOurs { .. }) => {
                // A commit is come by in the logs and again on the way to the files.
                let text = error.to_string();
                if !self.altered.contains(&text) {
                    self.altered.push(text);
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Lake {
    /// Checks all of it.
    pub fn audit(&self) -> Result<Audit> {
        let mut audit = Audit::default();
        let Some(commits) = audit.take(self.commits())? else { return Ok(audit) };
        self.audit_logs(&commits, &mut audit)?;
        let Some(snapshot) = audit.take(self.snapshot(None))? else { return Ok(audit) };
        for file in snapshot.tables.values().flatten() {
            if audit.take(file.check())?.is_some() {
                audit.files += 1;
            }
        }
        Ok(audit)
    }

    fn audit_logs(&self, commits: &Commits, audit: &mut Audit) -> Result<()> {
        for table in TABLES {
            let directory = self.directory(table);
            let files = (0..commits.count(table.name))
                .filter_map(|version| Some((commit_file(&directory, version), commits.sha256(table.name, version)?)));
            // The note of the newest checkpoint may be of a run that was killed before its line.
            let checkpoints = commits.checkpoints.get(table.name).into_iter().flatten();
            let checkpoints = checkpoints.filter(|(name, _)| *name != LAST_CHECKPOINT);
            let checkpoints = checkpoints.map(|(name, sha256)| (log_folder(&directory).join(name), sha256.as_str()));
            for (path, sha256) in files.chain(checkpoints) {
                if audit.take(read_checked(self.root(), &path, sha256))?.is_some() {
                    audit.commits += 1;
                }
            }
        }
        Ok(())
    }
}
