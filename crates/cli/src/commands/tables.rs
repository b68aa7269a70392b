//! `coldtrail tables`

use anyhow::Result;
use coldtrail_lake::Lake;
use coldtrail_query::{FUNCTIONS, Session, SessionOptions, TABLE_FUNCTIONS, View, views};
use coldtrail_report::escape;
use coldtrail_schema::tables::{self, own_logs};
use serde_json::json;

use crate::args::Tables;
use crate::diagnostics::Status;
use crate::own::Own;
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &Tables, settings: &Settings) -> Result<Status> {
    // Without a case there are the same tables, with nothing in them.
    let nothing = tempfile::tempdir()?;
    let (lake, spill, own) = match settings.case() {
        Ok(case) => (Lake::of(&case)?, case.spill_dir(), Own::of(Some(&case), settings)?),
        Err(error) if settings.names_a_case() => return Err(error),
        Err(_no_case) => {
            let lake = Lake::new(&nothing.path().join("lake"))?;
            (lake, nothing.path().join("spill"), Own::of(None, settings)?)
        }
    };
    let session = Session::open_with(&lake, &spill, SessionOptions::default(), own.views())?;
    match &arguments.name {
        None => list(&session, settings)?,
        Some(name) => columns(&session, name, settings)?,
    }
    Ok(Status::Clean)
}

/// What a view of the user's is to the case.
const OWN_ROLE: &str = "own";

/// Tables and functions.
pub(crate) fn list(session: &Session, settings: &Settings) -> Result<()> {
    let known = views().iter().map(|view| (view.name, view.role(), rows(view, session), &*view.about));
    let own = session.own().iter().map(|view| (view.name(), OWN_ROLE, None, view.about()));
    let all = known.chain(own);
    if settings.json {
        let all: Vec<_> = all
            .map(|(name, role, rows, about)| json!({ "name": name, "role": role, "rows": rows, "about": about }))
            .collect();
        return terminal::print_json(settings, &json!(all));
    }
    let mut text = String::new();
    for (name, role, rows, about) in all {
        let rows = rows.map_or_else(String::new, |rows| rows.to_string());
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{name:<26} {role:<8} {rows:>12}  {}\n", escape::terminal(&about)));
    }
    text.push('\n');
    for function in FUNCTIONS.iter().copied().flatten() {
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
    // The columns of a definition are the user's; the others are those of the table of all of them.
    let is_own = session.own().iter().any(|view| view.name() == name);
    let table = if is_own { Some(&own_logs::TABLE) } else { tables::find(name) };
    let docs = table.map(|table| table.columns()).unwrap_or_default();
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
