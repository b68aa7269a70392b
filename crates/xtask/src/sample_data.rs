//! Writes and compares what testkit makes: the sample data, and logs for benchmarks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use coldtrail_testkit::{BenchOptions, write_bench_logs, write_sample_data};

/// The sample data of the repository is what this seed gives.
const SEED: u64 = 1;

/// Writes `sample-data/` anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let dir = root.join("sample-data");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    let summary = write_sample_data(&dir, SEED)?;
    println!("{} files, {} bytes in {}", summary.files, summary.bytes, dir.display());
    for (source, counts) in summary.counts {
        println!("  {source}: {counts:?}");
    }
    Ok(())
}

/// Compares `sample-data/` with what the seed gives now.
pub(crate) fn check(root: &Path) -> Result<()> {
    let fresh = root.join("target/xtask/sample-data");
    if fresh.exists() {
        fs_err::remove_dir_all(&fresh)?;
    }
    write_sample_data(&fresh, SEED)?;
    let differing = differences(&root.join("sample-data"), &fresh)?;
    fs_err::remove_dir_all(&fresh)?;
    match differing.first() {
        None => Ok(()),
        Some(first) => {
            let rest = differing.len() - 1;
            bail!("sample-data/{} and {rest} more differ; `cargo xtask sample-data` writes them", first.display())
        }
    }
}

/// Files that are not in both folders, or not the same in both.
fn differences(a: &Path, b: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = BTreeSet::new();
    for root in [a, b] {
        collect(root, root, &mut paths)?;
    }
    let read = |root: &Path, path: &Path| {
        let path = root.join(path);
        if path.is_file() { fs_err::read(path).map(Some) } else { Ok(None) }
    };
    let mut differing = Vec::new();
    for path in paths {
        if read(a, &path)? != read(b, &path)? {
            differing.push(path);
        }
    }
    Ok(differing)
}

fn collect(root: &Path, dir: &Path, paths: &mut BTreeSet<PathBuf>) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    for entry in fs_err::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, paths)?;
        } else {
            paths.insert(path.strip_prefix(root)?.to_path_buf());
        }
    }
    Ok(())
}

/// Writes many logs for benchmarks into an empty folder.
pub(crate) fn bench_logs(dir: &Path, events: u64) -> Result<()> {
    fs_err::create_dir_all(dir)?;
    if fs_err::read_dir(dir)?.next().is_some() {
        bail!("{} is not empty", dir.display());
    }
    let summary = write_bench_logs(dir, &BenchOptions { events, ..BenchOptions::default() })
        .with_context(|| format!("no logs in {}", dir.display()))?;
    println!(
        "{} events in {} objects: {} bytes, {} inflated",
        summary.events, summary.objects, summary.stored_bytes, summary.inflated_bytes
    );
    Ok(())
}
