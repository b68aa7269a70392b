//! Golden cases: `testdata/<source>/<case>.<log|json|jsonl|tsv|csv>` beside `<case>.txt`, which is what became of
//! it. `UPDATE_GOLDEN=1` rewrites. A case `<case>.parquet.jsonl` holds the rows of a Parquet file as ingest
//! hands them over; `<case>.key` holds the object key where the name of the case is not enough.

use std::path::{Path, PathBuf};

use crate::decoded::{Outcome, decode, listing};

pub(crate) struct Case {
    /// The folder: the source that must claim it, or `unrecognised`.
    pub(crate) source: String,
    pub(crate) path: PathBuf,
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

impl Case {
    pub(crate) fn parquet(&self) -> bool {
        self.path.to_string_lossy().ends_with(".parquet.jsonl")
    }

    pub(crate) fn decode(&self) -> Outcome {
        decode(&self.key, &self.bytes, self.parquet())
    }

    fn golden(&self) -> PathBuf {
        let name = self.path.file_name().unwrap().to_string_lossy();
        let case = name.split('.').next().unwrap();
        self.path.with_file_name(format!("{case}.txt"))
    }
}

pub(crate) fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut cases = Vec::new();
    for folder in listed(&root) {
        for path in listed(&folder) {
            let extension = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
            if !["log", "json", "jsonl", "tsv", "csv"].contains(&extension.as_str()) {
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let stem = name.split('.').next().unwrap();
            let key = fs_err::read_to_string(path.with_file_name(format!("{stem}.key")));
            cases.push(Case {
                source: folder.file_name().unwrap().to_string_lossy().into_owned(),
                key: key.map_or(name, |key| key.trim().to_owned()),
                bytes: fs_err::read(&path).unwrap(),
                path,
            });
        }
    }
    cases
}

pub(crate) fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn cases_decode_as_written_down() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in all() {
        let found = listing(&case.decode());
        if update {
            fs_err::write(case.golden(), &found).unwrap();
            continue;
        }
        let wanted = fs_err::read_to_string(case.golden()).unwrap_or_default();
        if found != wanted {
            let differs = found.lines().zip(wanted.lines()).find(|(a, b)| a != b);
            let (a, b) = differs.unwrap_or(("a different number of lines", ""));
            wrong.push(format!("{}\n  found  {a}\n  wanted {b}", case.golden().display()));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 rewrites these:\n{}", wrong.join("\n"));
}
