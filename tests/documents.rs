//! The commands in the README and the documents are run.

use std::path::Path;
use std::process::Command;

use crate::support::{root, state};

/// A command of a document: the line without its prompt, and the exit status that it says it has.
fn commands(text: &str) -> Vec<(String, i32)> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            inside = !inside && language.trim() == "console";
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let (command, comment) = command.split_once("  #").unwrap_or((command, ""));
            let status = comment
                .trim()
                .strip_prefix("exit ")
                .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .unwrap_or(0);
            found.push((command.trim().to_owned(), status));
        }
    }
    found
}

fn check(document: &Path) {
    let text = std::fs::read_to_string(document).unwrap();
    let commands = commands(&text);
    if commands.is_empty() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(root().join("sample-data"), directory.path().join("sample-data")).unwrap();
    // One shell for all, so that `cd` and variables hold; each command's status is told after a mark.
    let bin = Path::new(env!("CARGO_BIN_EXE_coldtrail")).parent().unwrap();
    let mut script = String::new();
    for (command, _) in &commands {
        script.push_str(&format!("{command}\necho \"@@ $?\"\n"));
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .arg("-c")
        .arg(script)
        .current_dir(directory.path())
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", state())
        .env_remove("COLDTRAIL_CASE")
        .env_remove("COLDTRAIL_SOURCES")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let found: Vec<i32> = stdout.lines().filter_map(|line| line.strip_prefix("@@ ")?.parse().ok()).collect();
    let expected: Vec<i32> = commands.iter().map(|(_, status)| *status).collect();
    assert_eq!(found, expected, "{}: {commands:#?}\n{}", document.display(), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn commands_in_documents_run() {
    check(&root().join("README.md"));
    let mut documents: Vec<_> =
        std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.sort();
    for document in documents.iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        check(document);
    }
}

/// The page shows the definitions as they lie beside it, which the tests of the sources read real lines with.
#[test]
fn definitions_in_the_page_are_those_of_the_tests() {
    let page = std::fs::read_to_string(root().join("docs/own-sources.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("docs/own-sources")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(page.contains(&format!("```toml\n{text}```\n")), "{} is not in the page as it is", path.display());
        seen += 1;
    }
    assert_eq!(seen, page.matches("```toml\n# ").count(), "each example is a file");
}
