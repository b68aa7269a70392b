//! Evidence as a tree under its original keys, for people and programs that do not know this one.
//!
//! A key may be anything; a file name may not. What a file system cannot hold is written as `%XX`, and since `%` itself
//! is, the way back is exact. Where that is not enough (a name too long, `a` beside `a/b`, two names that differ only
//! in case), `%~…` is added, which no encoded key has, and `index.jsonl` says which file is which object.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;

use fs_err as fs;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::add::Progress;
use crate::case::{Case, close_to_others, is_open_to_others, make_private_dir, private, write_private};
use crate::error::{Error, Result};
use crate::hash::{Hasher, sha256};
use crate::manifest::{Entry, Location, Manifest};
use crate::open::{Input, Limits, Notes, stored};
use crate::sidecar;

/// The most bytes of a name: file systems take 255, and a sidecar's name is longer than that of its file.
const NAME: usize = 200;

/// The name of a file that is not whole yet; no key is written so.
const UNFINISHED: &str = "%~unfinished";

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files of evidence.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that could not be read, or are not what the manifest says, and were not written: key and why.
    pub failed: Vec<(String, String)>,
    /// May others than its owner enter the folder? Its disk keeps no rights, or it is somebody else's.
    pub is_open: bool,
}

/// Writes all objects below `dir`, which must not exist or be empty. Members of archives are in their archives.
pub fn export(case: &Case, dir: &Path, progress: &dyn Progress) -> Result<Exported> {
    make_private_dir(dir)?;
    if fs::read_dir(dir).map_err(Error::io("read", dir))?.next().is_some() {
        return Err(Error::NotEmpty { path: dir.to_path_buf() });
    }
    close_to_others(dir);
    let mut entries = Manifest::load(case)?.entries().collect::<Result<Vec<Entry>>>()?;
    entries.retain(|entry| !matches!(entry.location, Location::Member { .. }));
    entries.sort_by(|a, b| (original_key(a), &a.object).cmp(&(original_key(b), &b.object)));
    progress.start(entries.len() as u64, entries.iter().map(|entry| entry.size).sum());
    let mut names = Names::default();
    let mut exported = Exported { is_open: is_open_to_others(dir), ..Exported::default() };
    let (mut index, mut sums) = (Vec::new(), BTreeMap::new());
    for entry in &entries {
        let path = names.path(&original_key(entry));
        let target = dir.join(&path);
        if let Some(folder) = target.parent() {
            make_private_dir(folder)?;
        }
        let failed = match copy(case, entry, &target)? {
            Ok(()) => {
                exported.objects += 1;
                exported.bytes += entry.size;
                sums.insert(path.clone(), entry.sha256.clone());
                None
            }
            Err(why) => {
                exported.failed.push((entry.key.clone(), why.clone()));
                Some(why)
            }
        };
        if let Some(metadata) = &entry.metadata {
            let text = metadata.to_string();
            let beside = names.unused(&format!("{path}{}", sidecar::SUFFIX));
            write_private(&dir.join(&beside), text.as_bytes())?;
            sums.insert(beside, sha256(text.as_bytes()));
        }
        let mut line = json!({
            "path": path, "object": entry.object, "key": entry.key, "s3": entry.s3, "sha256": entry.sha256,
            "size": entry.size, "inflated_sha256": entry.inflated_sha256, "origin": entry.origin,
        });
        if let Some(why) = failed {
            (line["path"], line["failed"]) = (json!(null), json!(why));
        }
        index.extend_from_slice(format!("{line}\n").as_bytes());
        progress.object(entry.size);
    }
    write_private(&dir.join(names.unused("index.jsonl")), &index)?;
    let sums: String = sums.iter().map(|(path, sha256)| format!("{sha256}  {path}\n")).collect();
    write_private(&dir.join(names.unused("manifest-sha256.txt")), sums.as_bytes())?;
    Ok(exported)
}

/// The key by which the object was known where it came from.
fn original_key(entry: &Entry) -> String {
    entry.s3.as_ref().map_or_else(|| entry.key.clone(), |place| format!("{}/{}", place.bucket, place.key))
}

/// Copies an object, if it still is what the manifest says; the inner error is one of the evidence. Only then does it
/// get its name: nobody takes a file for evidence that is none.
fn copy(case: &Case, entry: &Entry, target: &Path) -> Result<Result<(), String>> {
    let input = match stored(case, &entry.location, &entry.sha256, &Limits::default(), &Notes::default()) {
        Ok(input) => input,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let unfinished = target.with_file_name(UNFINISHED);
    let copied = match copied(input, &unfinished) {
        Ok(copied) => copied,
        Err(error) => {
            // A full disk is what is told, and not that the half file stays.
            let _best_effort = fs::remove_file(&unfinished);
            return Err(error);
        }
    };
    let why = match copied {
        Ok(found) if found == entry.sha256 => {
            return fs::rename(&unfinished, target).map(Ok).map_err(Error::io("write", target));
        }
        Ok(found) => format!("sha256 is {found}, the manifest says {}", entry.sha256),
        Err(why) => why,
    };
    fs::remove_file(&unfinished).map_err(Error::io("remove", &unfinished))?;
    Ok(Err(why))
}

/// Copies into a new file; the SHA-256 of what came, or why it could not be read.
fn copied(mut input: Input, path: &Path) -> Result<Result<String, String>> {
    let mut output = private().create_new(true).open(path).map_err(Error::io("write", path))?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let got = match input.read(&mut buffer) {
            Ok(0) => return Ok(Ok(hasher.finish())),
            Ok(got) => got,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let bytes = buffer.get(..got).unwrap_or_default();
        hasher.update(bytes);
        output.write_all(bytes).map_err(Error::io("write", path))?;
    }
}

/// The names that were given out, in lower case: some file systems know no other.
#[derive(Default)]
struct Names {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Names {
    /// The path for a key, relative, with `/`.
    fn path(&mut self, key: &str) -> String {
        let mut parts: Vec<String> = key.split('/').map(encode).collect();
        let name = parts.pop().unwrap_or_default();
        let mut path = String::new();
        for part in parts {
            path.push_str(&part);
            // A file stands where the folder should be.
            while self.files.contains(&path.to_lowercase()) {
                path.push_str("%~folder");
            }
            self.folders.insert(path.to_lowercase());
            path.push('/');
        }
        path.push_str(&name);
        self.unused(&path)
    }

    /// This path, or one like it that was not given out yet.
    fn unused(&mut self, path: &str) -> String {
        let taken = |path: &str| {
            let path = path.to_lowercase();
            self.files.contains(&path) || self.folders.contains(&path)
        };
        let mut free = path.to_owned();
        let mut number = 1;
        while taken(&free) {
            number += 1;
            free = format!("{path}%~{number}");
        }
        self.files.insert(free.to_lowercase());
        free
    }
}

/// One component of a key as a file name that every system takes.
fn encode(part: &str) -> String {
    if part.is_empty() {
        return "%~empty".to_owned();
    }
    let dots = part.bytes().all(|b| b == b'.');
    let last = part.len() - 1;
    let mut name = String::with_capacity(part.len());
    for (at, c) in part.char_indices() {
        let unsafe_end = at == last && matches!(c, '.' | ' ');
        let reserved = matches!(c, '%' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        if c.is_control() || reserved || unsafe_end || (dots && c == '.') || (at == 0 && is_device(part)) {
            let mut bytes = [0; 4];
            name.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            name.push(c);
        }
    }
    if name.len() <= NAME {
        return name;
    }
    let mut end = NAME - 40;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let hash: String = sha256(part.as_bytes()).chars().take(32).collect();
    format!("{}%~{hash}", name.get(..end).unwrap_or_default())
}

/// Names that Windows keeps for devices, with any extension.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered.is_some_and(|rest| rest.len() == 1)
}

/// The key of an exported path; none where the path says less than the key and only the index knows it.
pub fn key_of(path: &str) -> Option<String> {
    let parts: Option<Vec<String>> = path
        .split('/')
        .map(|part| match part {
            "%~empty" => Some(String::new()),
            part if part.contains("%~") => None,
            part => match percent_decode_str(part).decode_utf8() {
                Ok(text) => Some(text.into_owned()),
                Err(_not_ours) => None,
            },
        })
        .collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    struct Quiet;
    impl Progress for Quiet {
        fn start(&self, _objects: u64, _bytes: u64) {}
        fn more(&self, _objects: u64, _bytes: u64) {}
        fn object(&self, _bytes: u64) {}
    }

    #[test]
    fn what_is_not_as_collected_is_not_written() {
        use crate::{AddOptions, NewCase, add};
        let folder = tempfile::tempdir().unwrap();
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let root = folder.path().join("case");
        let logs = folder.path().join("logs");
        fs::create_dir(&logs).unwrap();
        for name in ["a", "b"] {
            fs::write(logs.join(name), name).unwrap();
        }
        let case = Case::init(&root, &new).unwrap();
        let in_place = AddOptions { in_place: true, ..AddOptions::default() };
        add(&case, std::slice::from_ref(&logs), &in_place, &Quiet).unwrap();
        fs::write(logs.join("b"), "changed").unwrap();
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        let exported = export(&case, &out, &Quiet).unwrap();
        assert_eq!((exported.objects, exported.failed.len(), exported.is_open), (1, 1, false));
        let mut there: Vec<String> = fs::read_dir(out.join("logs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        there.sort();
        assert_eq!(there, ["a"]);
        // Opened anew, as a case from somebody else is: nothing outside it is read.
        let case = Case::open(&root).unwrap();
        let exported = export(&case, &folder.path().join("again"), &Quiet).unwrap();
        assert_eq!((exported.objects, exported.failed.len()), (0, 2));
        assert!(exported.failed[0].1.contains("coldtrail trust"), "{:?}", exported.failed);
        case.trust(vec![fs::canonicalize(&logs).unwrap()]);
        assert_eq!(export(&case, &folder.path().join("third"), &Quiet).unwrap().objects, 1);
    }

    #[test]
    fn hostile_keys_become_tame_names_and_come_back() {
        let long = "x".repeat(1024);
        let keys = [
            "a",
            "a/b",
            "A",
            "a//b",
            "/abs",
            "../../etc/passwd",
            ".",
            "..",
            "...",
            "t/",
            "a\u{0}b",
            "a\rb\nc",
            "a\\b",
            "CON",
            "con.txt",
            "COM1",
            "a:b",
            "dot.",
            "space ",
            "100%",
            "%41",
            "%~empty",
            "é",
            "e\u{301}",
            "a*?\"<>|",
            "\u{7f}",
            &long,
            "index.jsonl",
            "a.metadata.json",
        ];
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        let mut names = Names::default();
        let mut given = BTreeSet::new();
        for key in sorted {
            let path = names.path(key);
            assert!(given.insert(path.to_lowercase()), "{path} was given out twice");
            for part in path.split('/') {
                assert!(
                    !part.is_empty() && part != "." && part != ".." && part.len() <= 255,
                    "{key:?} became {path:?}"
                );
                assert!(!part.chars().any(|c| c.is_control() || c == '\\' || c == ':'), "{key:?} became {path:?}");
                assert!(!part.ends_with(['.', ' ']), "{key:?} became {path:?}");
            }
            if let Some(back) = key_of(&path) {
                assert_eq!(back, key);
            }
        }
        let folders: BTreeSet<&str> =
            given.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at])).collect();
        assert!(folders.iter().all(|folder| !given.contains(*folder)), "no file stands where a folder must be");
        assert_eq!(key_of("b/%2E%2E/c%25"), Some("b/../c%".to_owned()));
    }
}
