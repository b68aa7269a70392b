//! Tasks for developers: `cargo xtask tidy`, `docs`, `sample-data`, `bench-logs`, `bench`, `simulate`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for developers, which talks to them")]

mod bench;
mod docs;
mod sample_data;
mod simulate;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask TASK
  tidy                        check the rules of the house; exit status 1 when one is broken
  docs [--check]              write docs/tables/ from the schema, or compare
  sample-data [--check]       write sample-data/ anew from its seed, or compare
  bench-logs DIR --events N   write generated CloudTrail logs for benchmarks
  bench …                     measure
  simulate …                  write a simulated organisation with known truth";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let Some((task, rest)) = args.split_first() else { bail!("a task is missing\n{USAGE}") };
    match (task.as_str(), words(rest).as_slice()) {
        ("tidy", []) => tidy::run(&root()),
        ("docs", []) => docs::write(&root()),
        ("docs", ["--check"]) => docs::check(&root()),
        ("sample-data", []) => sample_data::write(&root()),
        ("sample-data", ["--check"]) => sample_data::check(&root()),
        ("bench-logs", [dir, "--events", events]) => sample_data::bench_logs(Path::new(dir), events.parse()?),
        ("bench", _) => bench::run(rest),
        ("simulate", _) => simulate::run(rest),
        _ => bail!("`{}` is no task\n{USAGE}", args.join(" ")),
    }
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// The root of the workspace.
fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).map_or_else(PathBuf::new, Path::to_path_buf)
}
