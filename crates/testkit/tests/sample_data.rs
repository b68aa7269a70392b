//! The committed sample data is what the generator writes, and what is written is the same every time.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coldtrail_testkit::{BenchOptions, write_bench_logs, write_sample_data};
use fs_err as fs;

/// Every file below `root`: its path, with `/`, and its bytes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Says which files differ; the bytes themselves would fill the screen.
fn same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    let differ: Vec<&String> =
        left.keys().chain(right.keys()).filter(|name| left.get(*name) != right.get(*name)).take(10).collect();
    assert!(differ.is_empty(), "differ (write sample-data again with `cargo xtask`): {differ:#?}");
}

#[test]
fn committed_sample_data_is_what_seed_1_writes() {
    let dir = tempfile::tempdir().unwrap();
    let summary = write_sample_data(dir.path(), 1).unwrap();
    assert!(summary.bytes < 15_000_000, "{} bytes", summary.bytes);
    let written = files(dir.path());
    assert_eq!(written.len() as u64, summary.files, "no two objects share a key");
    same(&files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data")), &written);
}

#[test]
fn a_seed_decides_every_byte() {
    let dirs = [7, 7, 8].map(|seed| {
        let dir = tempfile::tempdir().unwrap();
        write_sample_data(dir.path(), seed).unwrap();
        files(dir.path())
    });
    same(&dirs[0], &dirs[1]);
    assert_ne!(dirs[0]["ground-truth.json"], dirs[2]["ground-truth.json"]);
}

#[test]
fn counts_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let summary = write_sample_data(dir.path(), 1).unwrap();
    assert_eq!(summary.counts.len(), 21);
    for (source, counts) in summary.counts {
        assert!(counts.objects > 0, "{source}");
        assert_eq!(counts.records, counts.kept + counts.duplicates + counts.rejects, "{source}");
    }
}

#[test]
fn bench_logs_are_what_was_asked_for() {
    let options = BenchOptions { events: 1_300, duplicate_every: Some(2), ..BenchOptions::default() };
    let (dir, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let summary = write_bench_logs(dir.path(), &options).unwrap();
    assert_eq!(write_bench_logs(again.path(), &options).unwrap(), summary);
    let files_written = files(dir.path());
    same(&files_written, &files(again.path()));
    assert_eq!((summary.objects, summary.events), (5, 1_300 + 500 + 300), "objects 0 and 2 are delivered twice");

    let (mut events, mut inflated) = (0, 0);
    for body in files_written.values() {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(body.as_slice()), &mut text).unwrap();
        inflated += text.len() as u64;
        let log: serde_json::Value = serde_json::from_str(&text).unwrap();
        let records = log["Records"].as_array().unwrap();
        events += records.len() as u64;
        for record in records {
            assert!(record["eventTime"].is_string() && record["userIdentity"]["type"].is_string(), "{record}");
        }
    }
    assert_eq!((events, inflated), (summary.events, summary.inflated_bytes));
}
