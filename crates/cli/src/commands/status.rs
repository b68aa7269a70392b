//! `coldtrail status`

use anyhow::Result;
use coldtrail_query::Session;
use coldtrail_report::{escape, fold};
use coldtrail_schema::Table;
use coldtrail_schema::tables::events;
use serde_json::{Map, Value, json};

use crate::args::Status as Arguments;
use crate::commands::session;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal;

/// A part of the status: its heading and its question.
struct Part {
    name: &'static str,
    heading: &'static str,
    sql: &'static str,
    /// Around it, with `{all}` in its place: fewer lines for a person.
    brief: Option<&'static str>,
    /// What an empty answer means.
    empty: &'static str,
}

/// Rows without a time, of `{rows}`.
const UNDATED: &str = include_str!("status/undated.sql");

impl Part {
    /// The statement. `{rows}` are the rows of all tables of events, with the table's name as `source`.
    fn sql(&self) -> String {
        let one = |table: &Table| {
            let name = table.name;
            format!("select '{name}' as source, evidence_object, evidence_record, date from lake.{name}")
        };
        let rows: Vec<String> = events().map(|(table, _)| one(table)).collect();
        self.sql.replace("{rows}", &rows.join("\n  union all\n  "))
    }
}

static PARTS: &[Part] = &[
    Part {
        name: "sources",
        heading: "Objects by source and status",
        sql: include_str!("status/sources.sql"),
        brief: None,
        empty: "nothing was ingested yet; `coldtrail ingest` does",
    },
    Part {
        name: "coverage",
        heading: "Events by source, account and region",
        sql: include_str!("status/coverage.sql"),
        brief: None,
        empty: "no events",
    },
    Part {
        name: "rejects",
        heading: "Records that were not understood, by reason",
        sql: include_str!("status/rejects.sql"),
        brief: None,
        empty: "no rejects",
    },
    Part {
        name: "undated",
        heading: "Rows without a time, which no answer about a period has",
        sql: UNDATED,
        brief: None,
        empty: "every row has a time",
    },
    Part {
        name: "mistyped",
        heading: "Values that their column could not take, by source and column; they stand in `extra`",
        sql: include_str!("status/mistyped.sql"),
        brief: None,
        empty: "every value fits its column",
    },
    Part {
        name: "same_id",
        heading: "CloudTrail events whose id stands for different contents",
        sql: include_str!("status/same_id.sql"),
        brief: None,
        empty: "no such events",
    },
    Part {
        name: "problems",
        heading: "Objects that are damaged, failed or unrecognised",
        sql: include_str!("status/problems.sql"),
        brief: None,
        empty: "no such objects",
    },
    Part {
        name: "integrity",
        heading: "CloudTrail's digests and log files, as `coldtrail verify` found them",
        sql: include_str!("status/integrity.sql"),
        brief: None,
        empty: "no verdict about a file of CloudTrail; `coldtrail verify` makes them",
    },
    Part {
        name: "missing_days",
        heading: "Days without an event between the first and the last, by source, account and region",
        sql: include_str!("status/missing_days.sql"),
        brief: Some(include_str!("status/missing_days_brief.sql")),
        empty: "no such day; days before the first and after the last event cannot be judged",
    },
];

pub(crate) fn run(arguments: &Arguments, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let collected = coldtrail_evidence::Manifest::load(&case)?.len() as u64;
    let session = session(settings, &arguments.reading)?;
    let listed = session.rows(coldtrail_schema::tables::ledger::OBJECTS.name);
    if settings.json {
        let value = as_json(&session, case.name(), collected, listed)?;
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let mut text = format!(
        "case {}, lake version {}: {collected} objects collected, {listed} in the lake\n",
        escape::terminal(case.name()),
        session.version()
    );
    if collected > listed {
        text.push_str(&format!("{} objects are not ingested yet; `coldtrail ingest` goes on\n", collected - listed));
    }
    for part in PARTS {
        let sql = part.brief.map_or_else(|| part.sql(), |brief| brief.replace("{all}", part.sql));
        let answer = session.query(&sql, &[])?.collect()?;
        text.push('\n');
        let width = settings.look().width;
        fold::lines(part.heading, width, 2).iter().for_each(|line| text.push_str(&format!("{line}\n")));
        if answer.rows() == 0 {
            fold::lines(&format!("  {}", part.empty), width, 2)
                .iter()
                .for_each(|line| text.push_str(&format!("{line}\n")));
        } else {
            text.push_str(&terminal::as_text(settings, &terminal::table_of(&answer)?)?);
        }
    }
    terminal::print_written(settings, &text)?;
    Ok(Status::Clean)
}

fn as_json(session: &Session, name: &str, collected: u64, listed: u64) -> Result<Value> {
    let mut all = Map::new();
    all.insert("case".to_owned(), json!(name));
    all.insert("lake_version".to_owned(), json!(session.version()));
    all.insert("objects_collected".to_owned(), json!(collected));
    all.insert("objects_listed".to_owned(), json!(listed));
    for part in PARTS {
        let table = terminal::table_of(&session.query(&part.sql(), &[])?.collect()?)?;
        let mut out = Vec::new();
        coldtrail_report::formats::json::FORMAT.write(&table, &mut out, &coldtrail_report::Options::default())?;
        all.insert(part.name.to_owned(), serde_json::from_slice(&out).unwrap_or_default());
    }
    Ok(Value::Object(all))
}
