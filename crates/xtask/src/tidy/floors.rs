//! Which crate may depend on what.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Finding, Tree};

/// The floors of the house: a crate depends on lower floors only.
static FLOORS: &[(&str, u8)] = &[
    ("diff", 0),
    ("schema", 0),
    ("evidence", 0),
    ("sources", 1),
    ("lake", 1),
    ("fetch", 1),
    ("ingest", 2),
    ("query", 2),
    ("correlate", 2),
    ("report", 1),
    ("investigate", 3),
    ("cli", 4),
];

/// Tools for developers, which stand beside the house.
static TOOLS: &[&str] = &["testkit", "xtask"];

/// A dependency, by name or by the beginning of it (`…*`), and the crates that may have it.
static HEAVY: &[(&str, &[&str])] = &[
    ("anyhow", &["cli", "xtask"]),
    ("arrow*", &["schema", "lake", "report"]),
    ("aws-config", &["fetch"]),
    ("aws-credential-types", &["fetch"]),
    ("aws-lc-rs", &["evidence"]),
    ("aws-sdk-*", &["fetch"]),
    ("aws-smithy-*", &["fetch"]),
    ("clap*", &["cli", "xtask"]),
    ("datafusion*", &["query"]),
    ("deltalake*", &["lake"]),
    ("indicatif", &["cli"]),
    ("minijinja", &["report"]),
    ("parquet", &["lake"]),
    ("polars*", &["correlate"]),
    ("reqwest", &[]),
    ("tokio", &["lake", "query", "fetch"]),
];

/// Names under which everything ends up.
static VAGUE: &[&str] = &["common", "utils", "util", "core", "types", "shared", "base", "helpers"];

struct Package {
    /// The directory below `crates/`.
    room: String,
    manifest: String,
    /// Normal and build dependencies; what tests need is free.
    dependencies: Vec<String>,
}

fn packages(tree: &Tree) -> Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&tree.root)
        .output()
        .context("cargo metadata cannot be run")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut packages = Vec::new();
    for package in list(&metadata, "packages") {
        let path = text(&package, "manifest_path").replace('\\', "/");
        let room = path.rsplit('/').nth(1).unwrap_or_default().to_owned();
        let needed = |d: &&Value| d.get("kind").and_then(Value::as_str) != Some("dev");
        let dependencies = list(&package, "dependencies").iter().filter(needed).map(|d| text(d, "name")).collect();
        packages.push(Package { manifest: format!("crates/{room}/Cargo.toml"), room, dependencies });
    }
    Ok(packages)
}

fn line_of(tree: &Tree, manifest: &str, name: &str) -> usize {
    let text = tree.texts.iter().find(|(path, _)| path == manifest).map_or("", |(_, text)| text);
    text.lines().position(|line| line.starts_with(name)).map_or(1, |at| at + 1)
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

pub(super) fn arrows_go_down(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in packages(tree)? {
        if TOOLS.contains(&package.room.as_str()) {
            continue;
        }
        let Some(own) = floor(&package.room) else {
            findings.push(Finding::new(
                &package.manifest,
                1,
                "a crate without a floor; give it one in xtask::tidy::floors and in docs/architecture.md",
            ));
            continue;
        };
        for dependency in package.dependencies.iter().filter_map(|name| name.strip_prefix("coldtrail-")) {
            let what = match floor(dependency) {
                Some(floor) if floor < own => continue,
                Some(floor) => format!(
                    "`{}` (floor {own}) depends on `{dependency}` (floor {floor}): arrows go down",
                    package.room
                ),
                None => format!("`{}` depends on `{dependency}`, which is a tool", package.room),
            };
            let line = line_of(tree, &package.manifest, &format!("coldtrail-{dependency}"));
            findings.push(Finding::new(&package.manifest, line, what));
        }
    }
    Ok(findings)
}

pub(super) fn heavy_dependencies_stay_in_their_room(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in packages(tree)? {
        for dependency in &package.dependencies {
            let is = |pattern: &str| match pattern.strip_suffix('*') {
                Some(beginning) => dependency.starts_with(beginning),
                None => dependency == pattern,
            };
            for (_, rooms) in HEAVY.iter().filter(|(pattern, _)| is(pattern)) {
                if !rooms.contains(&package.room.as_str()) {
                    let line = line_of(tree, &package.manifest, dependency);
                    let what = format!("`{dependency}` is allowed in {rooms:?} only");
                    findings.push(Finding::new(&package.manifest, line, what));
                }
            }
        }
    }
    Ok(findings)
}

/// Types of two versions of Arrow do not meet.
pub(super) fn one_arrow(tree: &Tree) -> Result<Vec<Finding>> {
    let lock = fs_err::read_to_string(tree.root.join("Cargo.lock"))?;
    let found: Vec<usize> =
        lock.lines().enumerate().filter(|(_, line)| *line == "name = \"arrow-array\"").map(|(at, _)| at + 1).collect();
    Ok(found.iter().skip(1).map(|line| Finding::new("Cargo.lock", *line, "a second version of arrow-array")).collect())
}

pub(super) fn crates_are_named_for_what_they_do(tree: &Tree) -> Result<Vec<Finding>> {
    let packages = packages(tree)?;
    let vague = packages.iter().filter(|package| VAGUE.contains(&package.room.as_str()));
    Ok(vague
        .map(|p| Finding::new(&p.manifest, 1, format!("a crate called `{}` says nothing about what it does", p.room)))
        .collect())
}
