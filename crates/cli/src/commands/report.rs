//! `coldtrail report`

use anyhow::{Result, anyhow};
use coldtrail_evidence::{Manifest, custody, hash};
use coldtrail_investigate::{Error as NoAnswer, Scope, saved};
use coldtrail_query::{Answer, Question, Session, Stream};
use coldtrail_report::{
    Answered, AreaReport, Cell, CountRow, EvidenceRef, Outcome, Table, render_html, render_markdown,
};
use serde_json::{Value, json};

use crate::args::{Report, ReportArea};
use crate::commands;
use crate::commands::query::{catalogue, cut};
use crate::diagnostics::{Status, Usage};
use crate::settings::{Done, Settings, looked, now, recorded};
use crate::{file, terminal};

/// How many records behind the rows of one answer are listed.
const EVIDENCE: usize = 500;

pub(crate) fn run(arguments: &Report, settings: &Settings) -> Result<Status> {
    let Report::Area(arguments) = arguments;
    let catalogue = catalogue(settings)?;
    let questions = catalogue.area(&arguments.area);
    if questions.is_empty() {
        let hint = Some(format!("the areas are {}", catalogue.areas().join(", ")));
        return Err(anyhow!(Usage { what: format!("no area is called `{}`", arguments.area), hint }));
    }
    if let Some(file) = &arguments.file {
        // Before the work, not after it.
        settings.refuse_own(file)?;
        file::free(file, arguments.force)?;
    }
    let case = settings.case()?;
    let lake = commands::lake_of(&case, &arguments.reading, arguments.read_only, settings)?;
    let (scope, session) = (lake.scope(), &lake.session);
    let inputs = json!({ "area": arguments.area, "lake_version": session.version() });
    let work = || -> Result<Done<()>> {
        let manifest = Manifest::load(&case)?;
        let mut answered = Vec::new();
        for (number, question) in questions.iter().enumerate() {
            if settings.progress {
                terminal::note(settings, format!("{}/{} {}", number + 1, questions.len(), question.title))?;
            }
            answered.push(answer(question, &scope, &manifest, arguments.rows)?);
        }
        let head = custody::read(&case)?.last().map(|entry| entry.hash.clone()).unwrap_or_default();
        let report = AreaReport {
            title: format!("{}: {}", case.name(), arguments.area),
            case_name: case.name().to_owned(),
            area: arguments.area.clone(),
            generated: now(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            lake_version: session.version().to_string(),
            custody_head: head,
            counts: counts(session)?,
            gaps: gaps(session)?,
            questions: answered,
        };
        let counts = json!({ "questions": report.questions.len() });
        let status = standing(&report.questions);
        let outputs = write(arguments, &report, settings)?;
        Ok(Done { status, counts, outputs, value: () })
    };
    let (inputs, read_only) = (|| Ok(inputs), arguments.read_only);
    let (status, ()) = if read_only { looked(settings, work)? } else { recorded(&case, settings, inputs, work)? };
    Ok(status)
}

/// How the report ends: nothing could be answered, something was left aside, or neither.
fn standing(questions: &[Answered]) -> Status {
    let answered = |q: &Answered| matches!(q.outcome, Outcome::Answer { .. });
    if !questions.iter().any(answered) {
        return Status::Inconclusive;
    }
    let whole = questions.iter().all(|q| q.left_aside.is_empty() && answered(q));
    if whole { Status::Clean } else { Status::Gaps }
}

/// Writes the report; what was written, for the custody log.
fn write(arguments: &ReportArea, report: &AreaReport, settings: &Settings) -> Result<Value> {
    let Some(file) = &arguments.file else {
        let text = render_markdown(report)?;
        let written = json!({ "file": "standard output", "sha256": hash::sha256(text.as_bytes()) });
        if settings.json {
            terminal::print_json(settings, &json!({ "markdown": text, "sha256": written["sha256"] }))?;
        } else {
            terminal::print(settings, &text)?;
        }
        return Ok(written);
    };
    let text = match file.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => render_html(report)?,
        Some("md" | "markdown") => render_markdown(report)?,
        _ => {
            let hint = Some("name it .html or .md".to_owned());
            return Err(anyhow!(Usage {
                what: format!("{}: the format is told by the extension", file.display()),
                hint
            }));
        }
    };
    file::into_file(file, arguments.force, |mut out| Ok(out.write_all(text.as_bytes())?))?;
    terminal::note(settings, format!("report written to {}", file.display()))?;
    let written = json!({ "file": file, "sha256": hash::sha256(text.as_bytes()) });
    if settings.json {
        terminal::print_json(settings, &written)?;
    }
    Ok(written)
}

fn answer(question: &Question, scope: &Scope<'_>, manifest: &Manifest, rows: usize) -> Result<Answered> {
    let shown = question.parameters.iter().map(|p| (p.name.clone(), p.default.clone().unwrap_or_default())).collect();
    let mut answered = Answered {
        name: question.name.clone(),
        title: question.title.clone(),
        question: question.question.clone(),
        attack: question.attack.clone(),
        sources: question.sources.clone(),
        traps: question.traps.clone(),
        parameters: shown,
        sql: question.sql.clone(),
        outcome: Outcome::CannotSay { reason: String::new() },
        none: String::new(),
        left_aside: String::new(),
        evidence: Vec::new(),
        evidence_total: 0,
    };
    let asked = match saved(scope, question, &[]) {
        Ok(asked) => asked,
        Err(NoAnswer::Absent { what, .. }) => {
            answered.outcome = Outcome::CannotSay { reason: what };
            return Ok(answered);
        }
        Err(error) => {
            answered.outcome = Outcome::Failed { message: error.to_string() };
            return Ok(answered);
        }
    };
    answered.left_aside = asked.left_aside.sentence();
    answered.traps.extend(asked.cannot_say.iter().map(|sentence| format!("Cannot say {sentence}.")));
    match scope.session.query(&asked.sql, &asked.parameters).and_then(Stream::collect) {
        Err(error) => answered.outcome = Outcome::Failed { message: error.to_string() },
        Ok(found) if found.rows() == 0 && asked.nothing => {
            answered.outcome = Outcome::CannotSay { reason: asked.cannot_say.join("; ") };
        }
        Ok(found) => {
            if found.rows() == 0 {
                answered.none = asked.empty(scope.session)?.sentence;
            }
            let table = terminal::table_of(&found)?;
            (answered.evidence, answered.evidence_total) = evidence_of(&table, manifest)?;
            let (total, sha256) = (found.rows() as u64, hash_of(&found)?);
            let table = cut(table, rows);
            answered.outcome = Outcome::Answer { shown: table.rows.len() as u64, total, sha256, table };
        }
    }
    Ok(answered)
}

/// SHA-256 of the whole answer as JSON lines, so that a repetition can be compared.
fn hash_of(answer: &Answer) -> Result<String> {
    let mut out = Vec::new();
    let format = &coldtrail_report::formats::jsonl::FORMAT;
    format.write(&terminal::table_of(answer)?, &mut out, &coldtrail_report::Options::default())?;
    Ok(hash::sha256(&out))
}

/// The records that the rows name, each once, and how many there are.
fn evidence_of(table: &Table, manifest: &Manifest) -> Result<(Vec<EvidenceRef>, u64)> {
    let names = coldtrail_schema::tables::common::columns();
    let column = |at: usize| names.get(at).and_then(|c| table.columns.iter().position(|t| t.name == c.name));
    let (Some(object), Some(record)) = (column(0), column(1)) else { return Ok((Vec::new(), 0)) };
    let offset = column(2);
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for row in &table.rows {
        let (Some(Cell::Text(object)), Some(Cell::Int(record))) = (row.get(object), row.get(record)) else { continue };
        if !seen.insert((object.clone(), *record)) || found.len() >= EVIDENCE {
            continue;
        }
        let entry = manifest.get(object)?;
        found.push(EvidenceRef {
            object: object.clone(),
            key: entry.as_ref().map_or_else(String::new, |entry| entry.key.clone()),
            sha256: entry.map_or_else(String::new, |entry| entry.sha256),
            record: u64::try_from(*record).unwrap_or_default(),
            offset: offset.and_then(|at| row.get(at)).and_then(|cell| match cell {
                Cell::Int(offset) => u64::try_from(*offset).ok(),
                _ => None,
            }),
        });
    }
    Ok((found, seen.len() as u64))
}

fn counts(session: &Session) -> Result<Vec<CountRow>> {
    let table = terminal::table_of(&session.query(include_str!("report/counts.sql"), &[])?.collect()?)?;
    let number = |cell: Option<&Cell>| match cell {
        Some(Cell::Int(number)) => u64::try_from(*number).unwrap_or_default(),
        _ => 0,
    };
    Ok(table
        .rows
        .iter()
        .map(|row| CountRow {
            table: row.first().map(|cell| cell.text().into_owned()).unwrap_or_default(),
            objects: number(row.get(1)),
            records: number(row.get(2)),
            kept: number(row.get(3)),
            duplicates: number(row.get(4)),
            rejects: number(row.get(5)),
        })
        .collect())
}

/// What the evidence cannot tell, one sentence each.
fn gaps(session: &Session) -> Result<Vec<String>> {
    let table = terminal::table_of(&session.query(include_str!("report/gaps.sql"), &[])?.collect()?)?;
    Ok(table.rows.iter().filter_map(|row| row.first()).map(|cell| cell.text().into_owned()).collect())
}
