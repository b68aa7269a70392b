//! Rules about Rust source.

use anyhow::Result;
use coldtrail_schema::TABLES;
use std::collections::BTreeSet;

use super::exceptions::{self, Rule};
use super::source::SourceFile;
use super::{Finding, Tree};

/// Lines that a file may have; tests may be longer.
const LINES: usize = 600;
const TEST_LINES: usize = 900;

pub(super) fn files_say_what_they_are_for(tree: &Tree) -> Result<Vec<Finding>> {
    let silent = tree.rust.iter().filter(|file| !file.lines.first().is_some_and(|line| line.starts_with("//! ")));
    Ok(silent
        .map(|file| Finding::new(&file.path, 1, "the file does not begin with `//!` and what it is for"))
        .collect())
}

pub(super) fn files_are_short(tree: &Tree) -> Result<Vec<Finding>> {
    let limit = |file: &SourceFile| if file.all_test() { TEST_LINES } else { LINES };
    let long = tree.rust.iter().filter(|file| file.lines.len() > limit(file));
    Ok(long
        .map(|file| Finding::new(&file.path, limit(file) + 1, format!("{} lines; cut the file", file.lines.len())))
        .collect())
}

/// Only `cli` prints and looks at environment and clock; `fetch` may look at the clock, and `ingest` at how long it takes.
static LOOKING_AROUND: &[(&str, &[&str])] = &[
    ("println!", &["cli"]),
    ("eprintln!", &["cli"]),
    ("print!", &["cli"]),
    ("io::stdout()", &["cli"]),
    ("io::stderr()", &["cli"]),
    ("env::var", &["cli"]),
    ("env::args", &["cli"]),
    ("env::current_dir", &["cli"]),
    ("SystemTime::now", &["cli", "fetch"]),
    ("Instant::now", &["cli", "fetch", "ingest"]),
    ("Timestamp::now", &["cli", "fetch"]),
    ("Zoned::now", &["cli", "fetch"]),
];

pub(super) fn nothing_prints_or_looks_around(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.rust.iter().filter(|file| is_of_the_house(file)) {
        for (at, line) in file.productive() {
            for (call, rooms) in LOOKING_AROUND {
                if has_word(line, call) && !rooms.contains(&file.room()) {
                    findings.push(Finding::new(&file.path, at + 1, format!("`{call}` outside {rooms:?}")));
                }
            }
        }
    }
    Ok(findings)
}

/// Is it part of the program, and neither a tool, nor a test, nor a build script?
fn is_of_the_house(file: &SourceFile) -> bool {
    file.path.contains("/src/") && !matches!(file.room(), "testkit" | "xtask")
}

/// Does the line have the word, not as the end of a longer one?
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().last());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Crates in which a column is reached by its field or its place, or in a file of SQL.
static AWAY_FROM_THE_SCHEMA: &[&str] = &["ingest", "query", "correlate", "report", "lake", "cli"];

pub(super) fn columns_are_named_in_the_schema_only(tree: &Tree) -> Result<Vec<Finding>> {
    // A short word such as `key` may be anything.
    let columns: BTreeSet<&str> = TABLES
        .iter()
        .flat_map(|table| table.columns())
        .map(|column| column.name)
        .filter(|name| name.contains('_') || name.len() > 8)
        .collect();
    let mut findings = Vec::new();
    for file in tree.rust.iter().filter(|file| is_of_the_house(file) && AWAY_FROM_THE_SCHEMA.contains(&file.room())) {
        for (at, literal) in file.literals.iter().filter(|(at, _)| !file.is_test(*at)) {
            if columns.contains(literal.as_str()) && !exceptions::covers(Rule::Column, &file.path, literal) {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    format!("the column `{literal}` is named outside the schema"),
                ));
            }
        }
    }
    Ok(findings)
}

/// Crates that read evidence.
static READERS: &[&str] = &["sources", "ingest", "evidence"];
static SWALLOWS: &[&str] = &[".ok()", "Err(_) =>", "Result::ok)", "if let Ok("];

/// An error that is thrown away may be a record that vanishes.
pub(super) fn nothing_vanishes(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.rust.iter().filter(|file| is_of_the_house(file)) {
        for (at, line) in file.productive() {
            if line.contains("#[from]") && line.contains("io::Error") {
                findings.push(Finding::new(&file.path, at + 1, "`#[from] io::Error` loses the place"));
            }
            let written = file.lines.get(at).map_or("", String::as_str);
            let swallows = SWALLOWS.iter().any(|text| line.contains(text)) && READERS.contains(&file.room());
            if swallows && !exceptions::covers(Rule::Swallow, &file.path, written) {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    format!("an error is thrown away: `{}`", written.trim()),
                ));
            }
        }
    }
    Ok(findings)
}
