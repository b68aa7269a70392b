//! `coldtrail tables`

use anyhow::Result;
use coldtrail_query::{FUNCTIONS, Session, SessionOptions, TABLE_FUNCTIONS};
use coldtrail_schema::tables;
use serde_json::json;

use crate::args::Tables;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &Tables, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let session = Session::open(&case.lake_dir(), &case.spill_dir(), SessionOptions::default())?;
    let Some(name) = &arguments.name else {
        let all: Vec<_> = session.names().into_iter().map(|name| (about(&name), session.rows(&name), name)).collect();
        if settings.json {
            let all: Vec<_> =
                all.iter().map(|(about, rows, name)| json!({ "name": name, "rows": rows, "about": about })).collect();
            terminal::print_json(settings, &json!(all))?;
            return Ok(Status::Clean);
        }
        let mut text = String::new();
        for (about, rows, name) in all {
            let rows = if tables::find(&name).is_some() { rows.to_string() } else { "view".to_owned() };
            text.push_str(&format!("{name:<26} {rows:>12}  {about}\n"));
        }
        text.push('\n');
        for function in FUNCTIONS {
            text.push_str(&format!("{:<39}  {}\n", function.usage, function.about));
        }
        for function in TABLE_FUNCTIONS {
            text.push_str(&format!("{:<39}  {}\n", format!("from {}", function.usage), function.about));
        }
        terminal::print(settings, &text)?;
        return Ok(Status::Clean);
    };
    let columns = session.describe(name)?;
    let docs = tables::find(name).map(|table| table.columns()).unwrap_or_default();
    let doc = |column: &str| docs.iter().find(|c| c.name == column).map_or("", |c| c.doc.trim()).to_owned();
    if settings.json {
        let all: Vec<_> =
            columns.iter().map(|c| json!({ "name": c.name, "type": c.data_type, "about": doc(&c.name) })).collect();
        terminal::print_json(settings, &json!(all))?;
        return Ok(Status::Clean);
    }
    let mut text = String::new();
    for column in columns {
        text.push_str(&format!("{:<28} {}\n", column.name, doc(&column.name)));
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

fn about(name: &str) -> String {
    match tables::find(name) {
        Some(table) => table.doc.trim().to_owned(),
        None if name == "events" => "All sources as one.".to_owned(),
        None => "A table under the name of AWS's Athena examples.".to_owned(),
    }
}
