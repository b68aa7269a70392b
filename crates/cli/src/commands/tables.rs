//! `coldtrail tables`

use anyhow::Result;
use coldtrail_lake::Lake;
use coldtrail_query::{FUNCTIONS, Session, SessionOptions, TABLE_FUNCTIONS, View, views};
use coldtrail_schema::tables;
use serde_json::json;

use crate::args::Tables;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &Tables, settings: &Settings) -> Result<Status> {
    // Without a case there are the same tables, with nothing in them.
    let nothing = tempfile::tempdir()?;
    let (lake, spill) = match settings.case() {
        Ok(case) => (Lake::of(&case)?, case.spill_dir()),
        Err(error) if settings.names_a_case() => return Err(error),
        Err(_no_case) => (Lake::new(&nothing.path().join("lake"))?, nothing.path().join("spill")),
    };
    let session = Session::open(&lake, &spill, SessionOptions::default())?;
    match &arguments.name {
        None => list(&session, settings)?,
        Some(name) => columns(&session, name, settings)?,
    }
    Ok(Status::Clean)
}

/// Tables and functions.
pub(crate) fn list(session: &Session, settings: &Settings) -> Result<()> {
    if settings.json {
        let all: Vec<_> = views()
            .iter()
            .map(|view| json!({ "name": view.name, "role": view.role(), "rows": rows(view, session), "about": view.about }))
            .collect();
        return terminal::print_json(settings, &json!(all));
    }
    let mut text = String::new();
    for view in views() {
        let rows = rows(view, session).map_or_else(String::new, |rows| rows.to_string());
        let about = view.about.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{:<26} {:<8} {rows:>12}  {about}\n", view.name, view.role()));
    }
    text.push('\n');
    for function in FUNCTIONS {
        text.push_str(&format!("{:<39}  {}\n", function.usage, function.about));
    }
    for function in TABLE_FUNCTIONS {
        text.push_str(&format!("{:<39}  {}\n", format!("from {}", function.usage), function.about));
    }
    terminal::print_list(settings, &text)
}

/// The columns of a table.
pub(crate) fn columns(session: &Session, name: &str, settings: &Settings) -> Result<()> {
    let columns = session.describe(name)?;
    let docs = tables::find(name).map(|table| table.columns()).unwrap_or_default();
    let doc = |column: &str| docs.iter().find(|c| c.name == column).map_or("", |c| c.doc.trim()).to_owned();
    if settings.json {
        let all: Vec<_> =
            columns.iter().map(|c| json!({ "name": c.name, "type": c.data_type, "about": doc(&c.name) })).collect();
        return terminal::print_json(settings, &json!(all));
    }
    let mut text = String::new();
    for column in columns {
        text.push_str(&format!("{:<28} {}\n", column.name, doc(&column.name)));
    }
    terminal::print_list(settings, &text)
}

/// How many rows a view has, as far as the ledger of the lake tells without reading it.
fn rows(view: &View, session: &Session) -> Option<u64> {
    view.table.map(|table| session.rows(table.name))
}
