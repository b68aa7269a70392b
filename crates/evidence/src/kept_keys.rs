//! Public keys that stay with the case, so that what they proved once can be proven again without asking for them.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::case::Case;
use crate::digest::KeyRing;
use crate::error::{Error, Result};
use crate::hash::sha256;
use crate::inside;

/// How the names of key files begin.
const PREFIX: &str = "public-keys";
/// How the names of those begin that somebody gave; then comes the beginning of their SHA-256.
const GIVEN: &str = "public-keys-given-";
/// So many digits of it.
const DIGITS: usize = 16;

/// A key file of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKeys {
    /// In `evidence/keys`.
    pub path: PathBuf,
    /// Of the file as it is now.
    pub sha256: String,
    /// Is it another file than the one that was given?
    pub changed: bool,
}

/// Where public keys and trail descriptions lie.
pub fn keys_dir(case: &Case) -> PathBuf {
    case.evidence_dir().join("keys")
}

/// Copies a file of public keys into the case. One without a key, or with an entry that is none, is used but not kept:
/// it would be complained of at every later check.
pub fn keep(case: &Case, file: &Path) -> Result<()> {
    let mut keys = KeyRing::default();
    keys.add_file(file)?;
    if keys.is_empty() || !keys.problems.is_empty() {
        return Ok(());
    }
    let text = fs::read(file).map_err(Error::io("read", file))?;
    let folder = keys_dir(case);
    inside::make_folder(case.root(), &folder).map_err(Error::io("make the folder", &folder))?;
    let hash: String = sha256(&text).chars().take(DIGITS).collect();
    let path = folder.join(format!("{GIVEN}{hash}.json"));
    inside::replace(case.root(), &path, &text).map_err(Error::io("write", &path))
}

/// The key files of the case, by name.
pub fn kept(case: &Case) -> Result<Vec<KeptKeys>> {
    let folder = keys_dir(case);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut kept = Vec::new();
    for file in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
        let file = file.map_err(Error::io("read", &folder))?;
        let name = file.file_name().to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) {
            continue;
        }
        let path = file.path();
        // Nobody but somebody else puts a link or a pipe there; it is not opened.
        if !file.file_type().map_err(Error::io("read", &path))?.is_file() {
            kept.push(KeptKeys { path, sha256: String::new(), changed: true });
            continue;
        }
        let Some(text) = inside::read(case.root(), &path).map_err(Error::io("read", &path))? else { continue };
        let sha256 = sha256(&text);
        let said = name.strip_prefix(GIVEN).and_then(|rest| rest.split('.').next());
        let changed = said.is_some_and(|said| said.len() < DIGITS || !sha256.starts_with(said));
        kept.push(KeptKeys { path, sha256, changed });
    }
    kept.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use coldtrail_testkit::forge::{ForgeOptions, Scenario, forge};

    use super::*;
    use crate::NewCase;

    #[test]
    fn keys_stay_and_a_change_of_them_shows() {
        let folder = tempfile::tempdir().unwrap();
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&folder.path().join("case"), &new).unwrap();
        let given = folder.path().join("keys.json");
        fs::write(&given, r#"{"PublicKeyList":[]}"#).unwrap();
        keep(&case, &given).unwrap();
        assert_eq!(kept(&case).unwrap(), []);
        fs::write(&given, forge(&ForgeOptions::default(), Scenario::Clean).store.keys).unwrap();
        keep(&case, &given).unwrap();
        keep(&case, &given).unwrap();
        let files = kept(&case).unwrap();
        assert!(files.len() == 1 && !files[0].changed);
        fs::write(&files[0].path, b"other").unwrap();
        assert!(kept(&case).unwrap()[0].changed);
    }
}
