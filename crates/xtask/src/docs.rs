//! `docs/tables/`: one page per table, out of the schema.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::{common, events, resource};
use coldtrail_schema::{Column, Head, InEvents, Role, TABLES, Table};

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

/// Headings of the list, in the order in which the tables are made: a role, and what the tables of it are.
static SECTIONS: &[(&str, &str, &str)] = &[
    ("event", "Events", "What the logs say, one row per record; written by `coldtrail ingest`."),
    ("ledger", "The ledger", "What became of every object and record; written by `coldtrail ingest`."),
    ("verdict", "Verdicts", "What of the evidence could be proven; written anew by each `coldtrail verify`."),
    ("derived", "Derived", "Made of other tables; written anew by each `coldtrail derive`, which `ingest` ends with."),
];

fn index() -> Result<String> {
    let mut out = format!("{NOTE}\n\n# Tables\n");
    let listed = |table: &&&Table| SECTIONS.iter().any(|(role, ..)| *role == table.role.name());
    if let Some(table) = TABLES.iter().find(|table| !listed(table)) {
        bail!("the table `{}` has the role `{}`, which has no section", table.name, table.role.name());
    }
    for (role, title, about) in SECTIONS {
        let made_of = *role == "derived";
        write!(out, "\n## {title}\n\n{about}\n\n")?;
        out.push_str(if made_of {
            "| table | one row is | made of |\n|---|---|---|\n"
        } else {
            "| table | one row is |\n|---|---|\n"
        });
        for table in TABLES.iter().filter(|table| table.role.name() == *role) {
            write!(out, "| [`{0}`]({0}.md) | {1} |", table.name, cell(table.doc))?;
            if let Role::Derived { from } = table.role {
                write!(out, " {} |", names(from))?;
            }
            out.push('\n');
        }
    }
    out.push_str("\n## Columns that every table of events begins with\n\n");
    columns(&mut out, &common::columns())?;
    out.push_str("\nAnd the last one, which is the partition:\n\n");
    columns(&mut out, &[DATE])?;
    out.push_str(
        "\nA row is named by `evidence_object` and `evidence_record`; `coldtrail record OBJECT RECORD` shows its bytes.\n\n\
         ## Columns that tables about a resource begin with\n\n",
    );
    columns(&mut out, &resource::columns())?;
    out.push_str("\n## Views\n\n| view | one row is |\n|---|---|\n");
    let shown: Vec<_> = events().filter(|(_, event)| event.view == InEvents::Rows).map(|(table, _)| table).collect();
    writeln!(out, "| `events` | One row of {}, through common columns. |", names(&shown))?;
    for (table, event) in events() {
        if let Some(name) = event.athena {
            writeln!(out, "| `{name}` | `{}` under the name of AWS's Athena examples. |", table.name)?;
        }
    }
    for (table, event) in events() {
        if let InEvents::Left(why) = event.view {
            write!(out, "\n`{}` is not in `events`: {why}.\n", table.name)?;
        }
    }
    out.push_str(
        "\n`coldtrail tables` lists tables, views and functions; `coldtrail tables NAME` the columns of one.\n",
    );
    Ok(out)
}

fn names(tables: &[&Table]) -> String {
    tables.iter().map(|table| format!("`{}`", table.name)).collect::<Vec<_>>().join(", ")
}

fn page(table: &Table) -> Result<String> {
    let mut out = format!("{NOTE}\n\n# `{}`\n\nOne row: {}\n\n", table.name, table.doc.trim());
    match table.role {
        Role::Event(event) => {
            match event.reference.starts_with("https://") {
                true => writeln!(out, "Fields as AWS documents them: <{}>\n", event.reference)?,
                false => writeln!(out, "Fields as [its definition]({}) says.\n", event.reference)?,
            }
            writeln!(out, "Partitioned by `{}`: {}\n", DATE.name, cell(DATE.doc))?;
        }
        Role::Ledger => {
            out.push_str("A table of the ledger, written by `coldtrail ingest`. It is not partitioned.\n\n")
        }
        Role::Verdict => out.push_str("Written by `coldtrail verify`, in place of what it wrote before.\n\n"),
        Role::Derived { from } => {
            writeln!(out, "Made of {} by `coldtrail derive`, in place of what it made before.\n", names(from))?
        }
    }
    let all = table.columns();
    let own = all.get(table.head.columns().len()..).unwrap_or_default();
    if own.iter().any(|column| column.name.starts_with("useridentity_")) && table.is_event() {
        out.push_str(
            "Columns that begin with `useridentity_`, `addendum_` or `tlsdetails_` lie flat in the files and are nested in SQL, as in\n\
             AWS's Athena table: `useridentity_sessioncontext_sessionissuer_arn` is\n\
             `useridentity.sessioncontext.sessionissuer.arn`. `eventtime` is `event_time` under AWS's name.\n\n",
        );
    }
    out.push_str("## Columns\n\n");
    match table.head {
        Head::Common => {
            out.push_str("First the columns that [every table of events](README.md#columns-that-every-table-of-events-begins-with) begins with, then:\n\n");
            columns(&mut out, own)?;
        }
        Head::Resource | Head::None => columns(&mut out, &all)?,
    }
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
