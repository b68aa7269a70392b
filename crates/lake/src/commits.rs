//! The list of commits: which commit files the lake is made of, and what was in them.
//!
//! Delta's log has no hashes of its own: one bit in it makes files vanish, or a commit that is taken away brings back an
//! older state, and every reader believes it. So `commits.jsonl` has a line for each version of the lake, with the
//! SHA-256 of every commit file that came with it, and each line is bound to the one before by its hash. The custody log
//! of the case names the last hash. A commit file that is in no line does not exist: its run was killed before the
//! version was whole, and the next one takes the file away.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use coldtrail_evidence::chain::{self, BEGINNING};
use coldtrail_evidence::hash::sha256;
use coldtrail_evidence::inside::{self, Use};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const NAME: &str = "commits.jsonl";

/// A state of the list, as the custody log names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many lines.
    pub lines: u64,
    /// SHA-256 of the last one.
    hash: [u8; 32],
}

impl Head {
    /// A state by its number of lines and the hash of the last one, in hexadecimal; none if it is no hash.
    pub fn new(lines: u64, hash: &str) -> Option<Head> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).ok()?;
        Some(Head { lines, hash: bytes })
    }

    /// The hash, in hexadecimal.
    pub fn hash(&self) -> String {
        hex::encode(self.hash)
    }
}

/// One line.
#[derive(Serialize, Deserialize)]
struct Line {
    seq: u64,
    /// The version of the lake.
    version: u64,
    /// By table: the versions of its commits that came with it, and the SHA-256 of their files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    commits: BTreeMap<String, BTreeMap<u64, String>>,
    /// By table: files that other engines read in place of many commits, and their SHA-256. We do not read them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    checkpoints: BTreeMap<String, BTreeMap<String, String>>,
    prev: String,
}

/// The list, read and checked.
#[derive(Debug, Default, Clone)]
pub(crate) struct Commits {
    /// The version of the lake; none when it has none yet.
    pub(crate) version: Option<u64>,
    /// By table: SHA-256 of each of its commits, from version 0 on.
    tables: BTreeMap<String, Vec<String>>,
    /// By table: its checkpoint files.
    pub(crate) checkpoints: BTreeMap<String, BTreeMap<String, String>>,
    /// The hash of each line.
    hashes: Vec<String>,
    /// Where the last whole line ends.
    end: u64,
}

/// What is to be written down together.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) version: u64,
    pub(crate) commits: BTreeMap<String, BTreeMap<u64, String>>,
    pub(crate) checkpoints: BTreeMap<String, BTreeMap<String, String>>,
}

impl Commits {
    /// Reads the list of the lake in `root`, and checks that every line is what was written and follows the one before.
    pub(crate) fn load(root: &Path) -> Result<Commits> {
        let path = root.join(NAME);
        let mut commits = Commits::default();
        // Without its folder there is no lake.
        let text = match root.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            _ => inside::read(root, &path).map_err(|source| Error::Io { path: path.to_owned(), source })?,
        };
        let text = text.unwrap_or_default();
        let (lines, torn) = chain::lines(&text);
        commits.end = (text.len() - torn.len()) as u64;
        for (seq, line) in (1..).zip(lines) {
            let broken = |what: String| Error::Commits { path: path.clone(), line: seq, what };
            let prev = commits.hashes.last().map_or(BEGINNING, String::as_str);
            let hash = chain::check(line, seq, prev).map_err(|reason| broken(reason.to_string()))?;
            let line: Line = serde_json::from_slice(line).map_err(|error| broken(error.to_string()))?;
            commits.take(News { version: line.version, commits: line.commits, checkpoints: line.checkpoints }, hash)?;
        }
        if !torn.is_empty() {
            // Of a killed run: it is no version, and goes with the next one. Anything else is of nobody.
            let seq = commits.hashes.len() as u64 + 1;
            let prev = commits.hashes.last().map_or(BEGINNING, String::as_str);
            chain::check_torn(torn, seq, prev).map_err(|reason| Error::Commits {
                path: path.clone(),
                line: seq,
                what: reason.to_string(),
            })?;
        }
        Ok(commits)
    }

    /// Waits until what was read is on the disk: another run may just be writing, and when the power fails nobody must
    /// have noted what is gone.
    pub(crate) fn settle(&self, root: &Path) -> Result<()> {
        let path = root.join(NAME);
        if self.is_empty() {
            return Ok(());
        }
        inside::sync_file(root, &path).map_err(|source| Error::Io { path, source })
    }

    fn take(&mut self, news: News, hash: String) -> Result<()> {
        for (table, versions) in news.commits {
            let known = self.tables.entry(table).or_default();
            for (version, sha256) in versions {
                if version != known.len() as u64 {
                    let what = format!("the commit after {} is {version}", known.len());
                    return Err(Error::Commits { path: NAME.into(), line: self.hashes.len() as u64 + 1, what });
                }
                known.push(sha256);
            }
        }
        for (table, files) in news.checkpoints {
            self.checkpoints.entry(table).or_default().extend(files);
        }
        self.version = self.version.max(Some(news.version));
        self.hashes.push(hash);
        Ok(())
    }

    /// The SHA-256 of a commit of a table; none when there is no such commit.
    pub(crate) fn sha256(&self, table: &str, version: u64) -> Option<&str> {
        self.tables.get(table)?.get(usize::try_from(version).ok()?).map(String::as_str)
    }

    /// How many commits a table has.
    pub(crate) fn count(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |commits| commits.len() as u64)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Its state now; none when it is empty.
    pub(crate) fn head(&self) -> Option<Head> {
        Head::new(self.hashes.len() as u64, self.hashes.last()?)
    }

    /// Was this once its state?
    pub(crate) fn has(&self, head: &Head) -> bool {
        let at = usize::try_from(head.lines).ok().and_then(|lines| lines.checked_sub(1));
        at.and_then(|at| self.hashes.get(at)).is_some_and(|hash| *hash == head.hash())
    }

    /// Writes a line, and waits until it is on the disk: from then on the version exists.
    pub(crate) fn append(&mut self, root: &Path, news: News) -> Result<()> {
        let path = root.join(NAME);
        let failed = |source| Error::Io { path: path.clone(), source };
        let line = Line {
            seq: self.hashes.len() as u64 + 1,
            version: news.version,
            commits: news.commits.clone(),
            checkpoints: news.checkpoints.clone(),
            prev: self.hashes.last().cloned().unwrap_or_else(|| BEGINNING.to_owned()),
        };
        let bare = serde_json::to_string(&line).map_err(|error| failed(error.into()))?;
        let (text, hash) = chain::seal(&bare);
        let mut file = inside::open(root, &path, Use::Change).map_err(failed)?;
        // What a run that was cut off has left of a line goes.
        let written = file
            .set_len(self.end)
            .and_then(|()| file.seek(SeekFrom::Start(self.end)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_all())
            .and_then(|()| inside::sync_folder(root));
        if let Err(source) = written {
            // Half a line would be read as one of a run that was cut off.
            let _best_effort = file.set_len(self.end);
            return Err(failed(source));
        }
        self.end += text.len() as u64;
        self.take(news, hash)
    }
}

/// The bytes of a file of the lake, if they have this hash.
pub(crate) fn read_checked(root: &Path, path: &Path, expected: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = match inside::open(root, path, Use::Read) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Gone { path: path.to_owned() });
        }
        other => other.map_err(|source| Error::Io { path: path.to_owned(), source })?,
    };
    file.read_to_end(&mut bytes).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let found = sha256(&bytes);
    if found != expected {
        return Err(Error::Altered { path: path.to_owned(), expected: expected.to_owned(), found });
    }
    Ok(bytes)
}
