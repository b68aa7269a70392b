//! What was to be collected and could not be, with the reason: so that a later check does not call it deleted.

use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::io::Write;

use crate::case::Case;
use crate::error::{Error, Result};
use crate::manifest::S3Place;

/// One object that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// Where it lies in S3; none for a file on a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Place>,
    /// The path or URL.
    pub origin: String,
    /// In a word: `denied`, `archived`, `kms`, `vanished`, `delete_marker`, `unreadable`, ….
    pub reason: String,
    /// What was answered.
    pub message: String,
    /// When, RFC 3339; empty when no clock was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
}

fn path(case: &Case) -> std::path::PathBuf {
    case.evidence_dir().join("absent.jsonl")
}

/// Notes objects that could not be collected.
pub fn append(case: &Case, absent: &[Absent]) -> Result<()> {
    if absent.is_empty() {
        return Ok(());
    }
    let path = path(case);
    let mut lines = Vec::new();
    for one in absent {
        serde_json::to_writer(&mut lines, one).expect("texts are always JSON");
        lines.push(b'\n');
    }
    let mut file = fs::OpenOptions::new().append(true).create(true).open(&path).map_err(Error::io("open", &path))?;
    file.write_all(&lines).and_then(|()| file.sync_data()).map_err(Error::io("write", &path))
}

/// Everything that was noted. An unfinished last line, of a run that was cut off, is passed over.
pub fn load(case: &Case) -> Result<Vec<Absent>> {
    let path = path(case);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(Error::io("read", &path))?,
    };
    let end = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let lines = text.get(..end).unwrap_or_default().split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines
        .zip(1..)
        .map(|(line, number)| {
            serde_json::from_slice(line).map_err(|source| Error::Line { path: path.clone(), line: number, source })
        })
        .collect()
}
