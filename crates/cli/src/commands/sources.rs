//! `coldtrail sources`

use std::io::Read;
use std::path::Path;

use anyhow::{Result, anyhow};
use coldtrail_evidence::{Limits, open_bytes};
use coldtrail_report::{Cell, Column, Table, escape};
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::own_logs::OwnLogColumn;
use coldtrail_sources::time::Years;
use coldtrail_sources::{Checked, Definition, SOURCES, check};
use serde_json::{Map, Value, json};

use crate::args::{Sources, SourcesCheck};
use crate::diagnostics::{Status, Usage};
use crate::own::{Own, OwnFile};
use crate::settings::{Settings, this_year};
use crate::terminal;

pub(crate) fn run(command: &Sources, settings: &Settings) -> Result<Status> {
    match command {
        Sources::List => list(settings),
        Sources::Check(arguments) => checked(arguments, settings),
    }
}

fn list(settings: &Settings) -> Result<Status> {
    let case = match settings.case() {
        Ok(case) => Some(case),
        Err(error) if settings.names_a_case() => return Err(error),
        Err(_no_case) => None,
    };
    let own = Own::of(case.as_ref(), settings)?;
    if settings.json {
        let known = SOURCES.iter().map(|source| json!({ "name": source.name, "title": source.title, "file": null }));
        let defined = own.files.iter().map(|file| {
            let (name, title) = (file.definition.name(), file.definition.title());
            json!({ "name": name, "title": title, "file": file.path, "sha256": file.sha256 })
        });
        terminal::print_json(settings, &json!(known.chain(defined).collect::<Vec<_>>()))?;
        return Ok(Status::Clean);
    }
    let mut text = String::new();
    for source in SOURCES {
        text.push_str(&format!("{:<26}  {}\n", source.name, source.title));
    }
    for file in &own.files {
        let path = file.path.to_string_lossy();
        let (title, path) = (escape::terminal(file.definition.title()), escape::terminal(&path));
        text.push_str(&format!("{:<26}  {title} ({path})\n", file.definition.name()));
    }
    terminal::print_list(settings, &text)?;
    Ok(Status::Clean)
}

/// So many rows are shown.
const ROWS: usize = 10;

/// Larger samples are not taken: the first lines of a log tell as much.
const LARGEST: u64 = 256 << 20;

/// How much is looked at to recognise a log.
const HEAD: usize = 256 << 10;

fn checked(arguments: &SourcesCheck, settings: &Settings) -> Result<Status> {
    let hint = Some("docs/own-sources.md tells what stands in a definition".to_owned());
    let file = OwnFile::read(&arguments.file).map_err(|what| anyhow!(Usage { what, hint }))?;
    let (mut status, mut all) = (Status::Clean, Vec::new());
    for path in &arguments.samples {
        let checked = sample(&file, path, settings)?;
        let whole = checked.rows > 0 && checked.rejects == 0 && checked.undated == 0 && checked.known_as.is_none();
        status = status.max(if whole { Status::Clean } else { Status::Gaps });
        let rows = checked.first_rows.as_ref().map(|rows| first_rows(&file.definition, rows)).transpose()?;
        if settings.json {
            all.push(as_json(path, &checked, &rows.unwrap_or_default())?);
        } else {
            tell(path, &checked, rows.as_ref(), settings)?;
        }
    }
    if settings.json {
        let value = json!({ "name": file.definition.name(), "sha256": file.sha256, "samples": all });
        terminal::print_json(settings, &value)?;
    }
    Ok(status)
}

/// Reads a sample; what is wrong with its container is said.
fn sample(file: &OwnFile, path: &Path, settings: &Settings) -> Result<Checked> {
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let hint = Some("take a part of it".to_owned());
        return Err(anyhow!(Usage { what: format!("{} has more than 256 MiB", path.display()), hint }));
    }
    let mut object = open_bytes(bytes, &Limits::default());
    let head = object.head(HEAD)?;
    let (name, years) = (path.to_string_lossy(), Years::until(this_year() + 1));
    let checked = check(&file.definition, &name, head, &mut object, years)?;
    if let Some(damage) = object.facts().damage {
        terminal::warn(settings, format!("{}: {damage}", path.display()))?;
    }
    Ok(checked)
}

/// For a person: the counts, the first rejects, the first rows.
fn tell(path: &Path, checked: &Checked, rows: Option<&Table>, settings: &Settings) -> Result<()> {
    let name = path.to_string_lossy();
    let mut text = format!(
        "{}: {} records: {} rows, {} rejects; {} rows without a time\n",
        escape::terminal(&name),
        checked.records,
        checked.rows,
        checked.rejects,
        checked.undated
    );
    for reject in &checked.first_rejects {
        let place = reject.offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
        let (reason, line) = (escape::terminal(&reject.reason), escape::terminal(&reject.text));
        text.push_str(&format!("record {}{place}: {reason}\n  {line}\n", reject.record));
    }
    if let Some(mistyped) = checked.mistyped.json() {
        text.push_str(&format!("values that are not of their type, by field: {}\n", escape::terminal(&mistyped)));
    }
    match (checked.known_as, checked.taken) {
        (Some(source), _) => {
            text.push_str(&format!("it is known as {source}, and the definition would not be asked\n"));
        }
        (None, true) => {}
        (None, false) => {
            text.push_str("`ingest` would not take it under this name: see `objects`, and the first records\n");
        }
    }
    terminal::print(settings, &text)?;
    match rows {
        Some(rows) => terminal::print_written(settings, &format!("\n{}\n", terminal::as_text(settings, rows)?)),
        None => Ok(()),
    }
}

fn as_json(path: &Path, checked: &Checked, rows: &Table) -> Result<Value> {
    let mistyped = checked.mistyped.json().map_or(Ok(Value::Null), |text| serde_json::from_str(&text))?;
    let rejects: Vec<Value> = checked
        .first_rejects
        .iter()
        .map(|one| json!({ "record": one.record, "offset": one.offset, "reason": one.reason, "text": one.text }))
        .collect();
    let mut first = Vec::new();
    for row in &rows.rows {
        let mut object = Map::new();
        for (column, cell) in rows.columns.iter().zip(row) {
            object.insert(column.name.clone(), serde_json::to_value(cell)?);
        }
        first.push(Value::Object(object));
    }
    Ok(json!({
        "sample": path.to_string_lossy(), "known_as": checked.known_as, "taken": checked.taken,
        "records": checked.records, "rows": checked.rows, "rejects": checked.rejects, "undated": checked.undated,
        "mistyped": mistyped, "first_rejects": rejects, "first_rows": first,
    }))
}

/// The first rows as the view would show them, without the columns that say nothing here.
fn first_rows(definition: &Definition, batch: &RecordBatch) -> Result<Table> {
    let all = Table::read(batch.schema_ref(), &[batch.slice(0, batch.num_rows().min(ROWS))])?;
    let objects: Vec<Map<String, Value>> = all.rows.iter().map(|row| fields_of(row)).collect::<Result<_>>()?;
    let mut names: Vec<&str> = definition.fields().map(|(name, _)| name).collect();
    for name in objects.iter().flat_map(Map::keys) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let before = [position::RECORD, position::TIME, OwnLogColumn::error_class.position()];
    let behind = [OwnLogColumn::extra.position()];
    let column = |at: &usize| all.columns.get(*at).cloned();
    let named = names.iter().map(|name| Column { name: (*name).to_owned(), data_type: "Utf8".to_owned() });
    let columns = before.iter().filter_map(column).chain(named).chain(behind.iter().filter_map(column)).collect();
    let mut rows = Vec::new();
    for (row, object) in all.rows.iter().zip(&objects) {
        let cell = |at: &usize| row.get(*at).cloned().unwrap_or(Cell::Null);
        let fields = names.iter().map(|name| object.get(*name).map_or(Cell::Null, value));
        rows.push(before.iter().map(cell).chain(fields).chain(behind.iter().map(cell)).collect());
    }
    Ok(Table { columns, rows })
}

/// The fields of a row.
fn fields_of(row: &[Cell]) -> Result<Map<String, Value>> {
    match row.get(OwnLogColumn::fields.position()) {
        Some(Cell::Text(text)) => Ok(serde_json::from_str(text)?),
        _ => Ok(Map::new()),
    }
}

fn value(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Bool(*flag),
        Value::String(text) => Cell::Text(text.clone()),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Cell::Text(number.to_string()), |number| Cell::Int(number.into()))
        }
        nested => Cell::Text(nested.to_string()),
    }
}
