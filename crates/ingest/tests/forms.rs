//! Files in the forms in which analysts get logs, through `add` and `ingest`: nothing is neither row nor reject.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use coldtrail_evidence::add::{AddOptions, add};
use coldtrail_evidence::{Case, NewCase};
use coldtrail_ingest::{Done, Options, Progress, Summary, ingest};
use fs_err as fs;

struct Quiet;

impl Progress for Quiet {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _done: Done) {}
    fn committed(&self, _version: u64) {}
}

impl coldtrail_evidence::Progress for Quiet {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn more(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _bytes: u64) {}
}

fn ingested(path: &Path) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let new = NewCase { name: "forms", operator: None, reference: None, created: "2026-01-01T00:00:00Z" };
    let case = Case::init(&folder.path().join("case"), &new).unwrap();
    add(&case, &[path.to_path_buf()], &AddOptions::default(), &Quiet).unwrap();
    ingest(&case, &Options::default(), &Quiet).unwrap()
}

fn shared(case: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases").join(case).join("input");
    if !folder.is_dir() {
        use std::io::Write;
        // Not by `eprintln!`, which is not shown for a test that passes.
        std::io::stderr().write_all(format!("SKIPPED: there is no case {case}\n").as_bytes()).unwrap();
        return None;
    }
    Some(folder)
}

#[track_caller]
fn check(folder: &Path, files: &[(&str, u64, u64)]) {
    for (name, kept, rejects) in files {
        let summary = ingested(&folder.join(name));
        assert_eq!((summary.kept, summary.rejects), (*kept, *rejects), "{name}: {summary:?}");
    }
}

#[test]
fn many_files_in_one() {
    let Some(folder) = shared("17-several-files-in-one-json") else { return };
    let files = [
        ("cat.json", 3, 0),
        ("jq_s.json", 3, 0),
        ("lower.json", 1, 0),
        ("nested_array.json", 2, 0),
        ("records_per_line.jsonl", 6, 0),
        ("test_case.json", 1, 0),
        ("two_arrays.json", 3, 0),
        ("utf16le_without_bom.json", 1, 0),
    ];
    check(&folder, &files);
    let Some(folder) = shared("17b-two-arrays-alone") else { return };
    check(&folder, &[("two_arrays.json", 3, 0)]);
}

#[test]
fn exports() {
    let Some(folder) = shared("18-exports-of-athena-glue-lake-console-security-lake") else { return };
    let files = [
        ("athena.csv", 1, 0),
        ("athena_unload.json", 3, 0),
        ("event_history.csv", 1, 0),
        ("glue.parquet", 3, 0),
        ("ms.parquet", 3, 0),
        ("ocsf.parquet", 3, 0),
    ];
    check(&folder, &files);
}

#[test]
fn newer_deliveries() {
    let Some(folder) = shared("23-newer-deliveries-of-s3-and-cloudfront") else { return };
    check(&folder, &[("s3_cloudwatch.json", 3, 0)]);
    let logs = folder.join("AWSLogs/111122223333/CloudFront");
    let names = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in names {
        check(&logs, &[(&name, 1, 0)]);
    }
}
