//! What was to be collected and could not be, with the reason: so that a later check does not call it deleted.

use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::error::{Error, Result};
use crate::inside::{self, Use};
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
    let mut file = inside::open(case.root(), &path, Use::Append).map_err(Error::io("open", &path))?;
    file.write_all(&lines).and_then(|()| file.sync_data()).map_err(Error::io("write", &path))
}

/// Everything that was noted. An unfinished last line, of a run that was cut off, is passed over.
pub fn load(case: &Case) -> Result<Vec<Absent>> {
    let path = path(case);
    let text = inside::read(case.root(), &path).map_err(Error::io("read", &path))?.unwrap_or_default();
    crate::chain::lines(&text)
        .0
        .zip(1..)
        .map(|(line, number)| {
            serde_json::from_slice(line).map_err(|source| Error::Line { path: path.clone(), line: number, source })
        })
        .collect()
}
