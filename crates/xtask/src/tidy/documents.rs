//! Rules about every text in the tree.

use anyhow::Result;

use super::{Finding, Tree};

/// Words that stand for work that was not done. Cut in two, so that this file does not find itself.
static LOOSE: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("dbg", "!(")];

/// Where somebody's machine shows.
static MACHINES: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

pub(super) fn no_loose_ends(tree: &Tree) -> Result<Vec<Finding>> {
    let code = |path: &str| [".rs", ".sql", ".toml", ".md"].iter().any(|extension| path.ends_with(extension));
    Ok(search(tree, code, |line| LOOSE.iter().find(|word| alone(line, word)).map(|word| format!("`{word}`"))))
}

pub(super) fn no_trailing_space(tree: &Tree) -> Result<Vec<Finding>> {
    // Tables and golden files are written by the program, with their columns filled up.
    let written = |path: &str| !path.contains("golden/") && !path.ends_with(".txt");
    Ok(search(tree, written, |line| {
        line.ends_with([' ', '\t', '\r']).then(|| "space at the end of the line".to_owned())
    }))
}

pub(super) fn no_machine_paths(tree: &Tree) -> Result<Vec<Finding>> {
    Ok(search(
        tree,
        // The invented logs hold paths of the machines in them.
        |path| !path.starts_with("crates/testkit/") && !path.contains("golden/"),
        |line| MACHINES.iter().find(|path| line.contains(**path)).map(|path| format!("a path of a machine: `{path}…`")),
    ))
}

pub(super) fn the_changelog_is_open(tree: &Tree) -> Result<Vec<Finding>> {
    let text = tree.texts.iter().find(|(path, _)| path == "CHANGELOG.md").map_or("", |(_, text)| text);
    let head = text.lines().find(|line| line.starts_with("## "));
    let open = head.is_some_and(|line| line.starts_with("## Unreleased"));
    Ok(if open {
        Vec::new()
    } else {
        vec![Finding::new("CHANGELOG.md", 1, "the first section is not `## Unreleased`")]
    })
}

/// Is the word in the line, not as part of a longer one?
fn alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().last());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        ![before, after].into_iter().flatten().any(|c| c.is_alphanumeric() || c == '_')
    })
}

fn search(tree: &Tree, files: impl Fn(&str) -> bool, find: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts.iter().filter(|(path, _)| files(path)) {
        for (at, line) in text.split('\n').enumerate() {
            findings.extend(find(line).map(|what| Finding::new(path, at + 1, what)));
        }
    }
    findings
}
