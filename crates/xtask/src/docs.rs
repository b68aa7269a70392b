//! `docs/tables/`: one page per table, out of the schema.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::common;
use coldtrail_schema::{Column, TABLES, Table};

/// Written into each page, so that nobody edits it by hand.
const NOTE: &str = "<!-- Written by `cargo xtask docs` out of crates/schema; change it there. -->";

/// Writes every page.
pub(crate) fn write(root: &Path) -> Result<()> {
    let dir = directory(root);
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    fs_err::create_dir_all(&dir)?;
    for (name, text) in pages()? {
        fs_err::write(dir.join(name), text)?;
    }
    Ok(())
}

/// Fails when a page is not what would be written.
pub(crate) fn check(root: &Path) -> Result<()> {
    let dir = directory(root);
    let pages = pages()?;
    for (name, text) in &pages {
        let path = dir.join(name);
        if !path.is_file() || &fs_err::read_to_string(&path)? != text {
            bail!("docs/tables/{name} is not what the schema says; `cargo xtask docs` writes it");
        }
    }
    for entry in fs_err::read_dir(&dir)? {
        let name = entry?.file_name();
        if !pages.iter().any(|(page, _)| name.to_str() == Some(page.as_str())) {
            bail!("docs/tables/{} is the page of no table", name.display());
        }
    }
    Ok(())
}

fn directory(root: &Path) -> PathBuf {
    root.join("docs/tables")
}

fn pages() -> Result<Vec<(String, String)>> {
    let mut pages = vec![("README.md".to_owned(), index()?)];
    for table in TABLES {
        pages.push((format!("{}.md", table.name), page(table)?));
    }
    Ok(pages)
}

fn index() -> Result<String> {
    let mut out = format!("{NOTE}\n\n# Tables\n\n");
    out.push_str("Tables of events hold what the logs say, one row per record. The ledger says what became of every object and record.\n");
    for (title, events) in [("Events", true), ("The ledger", false)] {
        write!(out, "\n## {title}\n\n| table | one row is |\n|---|---|\n")?;
        for table in TABLES.iter().filter(|table| table.events == events) {
            writeln!(out, "| [`{0}`]({0}.md) | {1} |", table.name, cell(table.doc))?;
        }
    }
    out.push_str("\n## Columns that every table of events begins with\n\n");
    columns(&mut out, &common::columns())?;
    out.push_str("\nAnd the last one, which is the partition:\n\n");
    columns(&mut out, &[DATE])?;
    out.push_str(
        "\nA row is named by `evidence_object` and `evidence_record`; `coldtrail record OBJECT RECORD` shows its bytes.\n\n\
         ## Views\n\nThe view `events` shows all sources through common columns. `cloudtrail_logs`, `s3_access_logs` and\n\
         `cloudfront_standard_logs` are the tables under the names of AWS's Athena examples.\n\
         `coldtrail tables` lists tables, views and functions; `coldtrail tables NAME` the columns of one.\n",
    );
    Ok(out)
}

fn page(table: &Table) -> Result<String> {
    let all = table.columns();
    let mut out = format!("{NOTE}\n\n# `{}`\n\nOne row: {}\n\n", table.name, table.doc.trim());
    if !table.events {
        out.push_str("A table of the ledger. It is not partitioned.\n\n## Columns\n\n");
        columns(&mut out, &all)?;
        return Ok(out);
    }
    writeln!(out, "Fields as AWS documents them: <{}>\n", table.reference)?;
    writeln!(out, "Partitioned by `{}`: {}\n", DATE.name, cell(DATE.doc))?;
    let own = all.get(common::columns().len()..).unwrap_or_default();
    if own.iter().any(|column| column.name.starts_with("useridentity_")) {
        out.push_str(
            "Columns that begin with `useridentity_`, `addendum_` or `tlsdetails_` lie flat in the files and are nested in SQL, as in\n\
             AWS's Athena table: `useridentity_sessioncontext_sessionissuer_arn` is\n\
             `useridentity.sessioncontext.sessionissuer.arn`. `eventtime` is `event_time` under AWS's name.\n\n",
        );
    }
    out.push_str("## Columns\n\nFirst the columns that [every table of events](README.md) begins with, then:\n\n");
    columns(&mut out, own)?;
    Ok(out)
}

fn columns(out: &mut String, columns: &[Column]) -> Result<()> {
    out.push_str("| column | type | meaning |\n|---|---|---|\n");
    for column in columns {
        writeln!(out, "| `{}` | {} | {} |", column.name, column.kind.title(), cell(column.doc))?;
    }
    Ok(())
}

/// Text for a cell of a Markdown table.
fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn pages_are_those_of_the_schema() {
        super::check(&crate::root()).expect("docs/tables is up to date");
    }
}
