//! Taking away what no version of the lake that is kept has need of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use coldtrail_evidence::inside;
use coldtrail_schema::TABLES;

use crate::delta::{Lake, versions_of};
use crate::error::{Error, Result};
use crate::lock::Lock;

/// Says which version is the oldest that can still be read.
const OLDEST: &str = ".oldest";

/// Where questions spill, as the case says.
const SPILL: &str = ".spill";

/// What was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Parquet files that no kept version names.
    pub files: u64,
    /// What killed runs left: files half written, and folders of what was spilled.
    pub leftovers: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// The newest version of the lake, and the oldest that is kept.
    pub newest: u64,
    pub oldest: u64,
}

impl Lake {
    /// Takes away every Parquet file of the tables that none of the newest `keep` versions names, and what killed runs
    /// left behind. With `dry`, only counts. Nothing outside the folders of the tables and of what is spilled is
    /// touched, and the logs of the tables stay.
    pub fn clean(&self, keep: u64, dry: bool) -> Result<Cleaned> {
        // What an interrupted commit left is taken back first, so that its files are named by nothing.
        if self.commits()?.version.is_none() {
            return Ok(Cleaned::default());
        }
        let _lock: Box<dyn Send + '_> =
            if dry { Box::new(Lock::take(&self.root, "lake clean")?) } else { Box::new(self.begin("lake clean")?) };
        // Under the lock: another command may have committed meanwhile.
        let newest = self.commits()?.version.unwrap_or(0);
        let oldest = newest.saturating_sub(keep.max(1) - 1).max(self.oldest_kept()?.unwrap_or(0));
        let named = self.named(oldest, newest)?;
        let mut cleaned = Cleaned { newest, oldest, ..Cleaned::default() };
        if !dry {
            // Written first: a run that is killed half way has told which versions may lack files.
            let path = self.root.join(OLDEST);
            inside::replace(&self.root, &path, oldest.to_string().as_bytes())
                .map_err(|source| Error::Io { path, source })?;
        }
        for table in TABLES {
            let directory = self.directory(table);
            for file in files(&directory)? {
                let leftover = file.path.extension().is_some_and(|extension| extension == "part");
                let parquet = file.path.extension().is_some_and(|extension| extension == "parquet");
                if !(leftover || parquet && !named.contains(&file.path)) {
                    continue;
                }
                cleaned.leftovers += u64::from(leftover);
                cleaned.files += u64::from(!leftover);
                cleaned.bytes += file.size;
                if !dry {
                    fs_err::remove_file(&file.path).map_err(|source| Error::Io { path: file.path, source })?;
                }
            }
        }
        let path = self.root.join(SPILL);
        let spilled = crate::spill::sweep(&path, dry).map_err(|source| Error::Io { path, source })?;
        cleaned.leftovers += spilled.folders;
        cleaned.bytes += spilled.bytes;
        Ok(cleaned)
    }

    /// The oldest version whose files are all there; none when nothing was ever cleaned away.
    pub(crate) fn oldest_kept(&self) -> Result<Option<u64>> {
        let path = self.root.join(OLDEST);
        match inside::read(&self.root, &path) {
            Ok(None) => Ok(None),
            Ok(Some(text)) => match String::from_utf8_lossy(&text).trim().parse() {
                Ok(oldest) => Ok(Some(oldest)),
                Err(_no_number) => Err(Error::NotOurs { path }),
            },
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    /// Every file that the versions from `oldest` to `newest` name.
    fn named(&self, oldest: u64, newest: u64) -> Result<BTreeSet<PathBuf>> {
        let commits = self.commits()?;
        let replay = self.replay(&commits);
        let mut wanted = BTreeSet::new();
        for version in oldest..=newest {
            wanted.extend(versions_of(&replay, version)?);
        }
        let mut named = BTreeSet::new();
        for table in TABLES.iter().copied() {
            for (_, at) in wanted.iter().filter(|(name, _)| name == table.name) {
                named.extend(replay.files(table, *at)?.into_iter().map(|file| file.path));
            }
        }
        Ok(named)
    }
}

struct LakeFile {
    path: PathBuf,
    size: u64,
}

/// The files of a table, its partitions included and its log excluded.
fn files(directory: &Path) -> Result<Vec<LakeFile>> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source| Error::Io { path: folder.clone(), source };
        let entries = match fs_err::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && folder == directory && entry.file_name().to_string_lossy().starts_with("date=") {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(LakeFile { size: entry.metadata().map_err(failed)?.len(), path: entry.path() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
