//! The rules of the house, as far as a program can tell whether they are kept.

mod documents;
mod exceptions;
mod floors;
mod rust;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use source::SourceFile;

/// A rule that is broken, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the root of the workspace, with `/`.
    file: String,
    /// Counted from 1.
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// What the checks look at.
struct Tree {
    root: PathBuf,
    /// Every Rust file.
    rust: Vec<SourceFile>,
    /// Every file that people write, Rust included: path and text.
    texts: Vec<(String, String)>,
}

/// A rule of the house.
type Check = fn(&Tree) -> Result<Vec<Finding>>;

/// Every check.
static CHECKS: &[Check] = &[
    floors::arrows_go_down,
    floors::heavy_dependencies_stay_in_their_room,
    floors::one_arrow,
    floors::crates_are_named_for_what_they_do,
    rust::files_say_what_they_are_for,
    rust::files_are_short,
    rust::nothing_prints_or_looks_around,
    rust::columns_are_named_in_the_schema_only,
    rust::nothing_vanishes,
    exceptions::exceptions_are_needed,
    documents::no_loose_ends,
    documents::no_trailing_space,
    documents::no_machine_paths,
    documents::the_changelog_is_open,
];

/// Prints what is broken.
pub(crate) fn run(root: &Path) -> Result<()> {
    let findings = findings(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} rules of the house are broken"),
    }
}

fn findings(root: &Path) -> Result<Vec<Finding>> {
    let tree = Tree::read(root)?;
    let mut findings = Vec::new();
    for check in CHECKS {
        findings.extend(check(&tree)?);
    }
    findings.sort();
    Ok(findings)
}

/// Folders that hold no text of ours.
const FOREIGN: &[&str] = &["target", ".git", "sample-data", "testdata", "__pycache__", "node_modules"];
const EXTENSIONS: &[&str] = &["rs", "toml", "md", "sql", "html", "py", "sh", "yml", "yaml", "json", "txt"];

impl Tree {
    fn read(root: &Path) -> Result<Tree> {
        let mut tree = Tree { root: root.to_path_buf(), rust: Vec::new(), texts: Vec::new() };
        tree.walk(root)?;
        tree.texts.sort();
        tree.rust = tree
            .texts
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| SourceFile::new(path, text))
            .collect();
        source::mark_test_modules(&mut tree.rust);
        Ok(tree)
    }

    fn walk(&mut self, dir: &Path) -> Result<()> {
        for entry in fs_err::read_dir(dir)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !FOREIGN.contains(&name.as_str()) {
                    self.walk(&path)?;
                }
                continue;
            }
            let known = path.extension().and_then(|e| e.to_str()).is_some_and(|e| EXTENSIONS.contains(&e));
            if known || dir.file_name().is_some_and(|name| name == ".ci") {
                let relative = path.strip_prefix(&self.root)?.to_string_lossy().replace('\\', "/");
                self.texts.push((relative, fs_err::read_to_string(&path)?));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tidy_finds_nothing() {
        let findings = super::findings(&crate::root()).expect("the tree can be read");
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "rules of the house are broken:\n{}", lines.join("\n"));
    }
}
