//! The report of an area: its saved questions, each with its answer or the reason why there is none.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, context};
use serde::Serialize;

use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::escape;
use crate::formats::{self, Format, Options};
use crate::table::Table;

/// Everything that the document says. The caller brings it; nothing here is read from a clock or a lake.
#[derive(Debug, Clone, Serialize)]
pub struct AreaReport {
    pub title: String,
    pub case_name: String,
    pub area: String,
    /// When the report was made, RFC 3339.
    pub generated: String,
    pub tool_version: String,
    pub lake_version: String,
    /// The hash at the end of the custody log.
    pub custody_head: String,
    pub counts: Vec<CountRow>,
    /// What the evidence cannot tell, as sentences.
    pub gaps: Vec<String>,
    pub questions: Vec<Answered>,
}

/// What was taken in for one table.
#[derive(Debug, Clone, Serialize)]
pub struct CountRow {
    pub table: String,
    pub objects: u64,
    pub records: u64,
    pub kept: u64,
    pub duplicates: u64,
    pub rejects: u64,
}

/// A question with what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    pub name: String,
    pub title: String,
    pub question: String,
    /// ATT&CK ids.
    pub attack: Vec<String>,
    pub sources: Vec<String>,
    /// How the answer may mislead.
    pub traps: Vec<String>,
    pub parameters: Vec<(String, String)>,
    pub sql: String,
    pub outcome: Outcome,
    /// Without a row: among how much there was none.
    pub none: String,
    /// What the answer did not look at, as a sentence; empty when that is nothing.
    pub left_aside: String,
    /// The records behind the rows, as many as are listed.
    pub evidence: Vec<EvidenceRef>,
    /// How many records there are behind the rows.
    pub evidence_total: u64,
}

/// What came of a question.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Rows, of which `shown` out of `total` are in `table`; `sha256` is the hash of the whole answer.
    Answer { table: Table, shown: u64, total: u64, sha256: String },
    /// The evidence that it needs is not there.
    CannotSay { reason: String },
    /// The statement failed.
    Failed { message: String },
}

/// Where a row comes from: a record in an object of the evidence.
#[derive(Debug, Clone, Serialize)]
pub struct EvidenceRef {
    pub object: String,
    pub key: String,
    pub sha256: String,
    pub record: u64,
    /// Where the record begins in the inflated object, where that is known.
    pub offset: Option<u64>,
}

const HTML: &str = "area.html";
const MARKDOWN: &str = "area.md";

/// One self-contained document, without scripts and without anything fetched.
pub fn render_html(report: &AreaReport) -> Result<String> {
    render(report, HTML, include_str!("../templates/area.html"), &formats::html::FORMAT)
}

/// The same content as Markdown.
pub fn render_markdown(report: &AreaReport) -> Result<String> {
    render(report, MARKDOWN, include_str!("../templates/area.md"), &formats::markdown::FORMAT)
}

fn render(report: &AreaReport, name: &'static str, source: &'static str, format: &Format) -> Result<String> {
    let failed = |source| Error::Template { template: name, source };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(failed)?);
    environment.set_auto_escape_callback(|name| {
        if name == HTML { AutoEscape::Html } else { AutoEscape::Custom("markdown".into()) }
    });
    environment.set_formatter(formatter);
    environment.add_filter("code", |text: &str| Value::from_safe_string(escape::markdown(text)));
    environment.add_filter("block", |text: &str| Value::from_safe_string(escape::markdown_block(text, "sql")));
    environment.add_filter("pre", |text: &str| Value::from_safe_string(escape::html_lines(text)));
    environment.add_template(name, source).map_err(failed)?;
    let template = environment.get_template(name).map_err(failed)?;
    template.render(view(report, format)?).map_err(failed)
}

/// The only way from a value into the document: what is not marked safe by this crate is escaped.
fn formatter(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::Error::from(minijinja::ErrorKind::UndefinedError));
    }
    let text = value.to_string();
    let escaped = match state.auto_escape() {
        _ if value.is_safe() => text,
        AutoEscape::Html => escape::html(&text),
        _ => escape::markdown_text(&text),
    };
    out.write_str(&escaped).map_err(minijinja::Error::from)
}

fn view(report: &AreaReport, format: &Format) -> Result<Value> {
    let question = |(at, answered): (usize, &Answered)| question(at + 1, answered, format);
    let questions: Vec<Value> = report.questions.iter().enumerate().map(question).collect::<Result<_>>()?;
    let is_out = |row: &&CountRow| row.records != row.kept + row.duplicates + row.rejects;
    let unbalanced: Vec<String> = report.counts.iter().filter(is_out).map(|row| row.table.clone()).collect();
    let answers = |wanted: fn(&Outcome) -> bool| report.questions.iter().filter(|q| wanted(&q.outcome)).count();
    Ok(context! {
        title => report.title.clone(),
        case_name => report.case_name.clone(),
        area => report.area.clone(),
        generated => report.generated.clone(),
        tool_version => report.tool_version.clone(),
        lake_version => report.lake_version.clone(),
        custody_head => report.custody_head.clone(),
        gaps => report.gaps.clone(),
        counts => written(&counts(&report.counts), format)?,
        has_counts => !report.counts.is_empty(),
        unbalanced => unbalanced,
        questions => questions,
        with_rows => answers(|outcome| matches!(outcome, Outcome::Answer { total, .. } if *total > 0)),
        without_rows => answers(|outcome| matches!(outcome, Outcome::Answer { total: 0, .. })),
        cannot_say => answers(|outcome| matches!(outcome, Outcome::CannotSay { .. })),
        failed => answers(|outcome| matches!(outcome, Outcome::Failed { .. })),
    })
}

fn question(number: usize, answered: &Answered, format: &Format) -> Result<Value> {
    let parameters: Vec<Value> = answered
        .parameters
        .iter()
        .map(|(name, value)| context! { name => name.clone(), value => value.clone() })
        .collect();
    Ok(context! {
        number => number,
        name => answered.name.clone(),
        title => answered.title.clone(),
        question => answered.question.clone(),
        attack => answered.attack.clone(),
        sources => answered.sources.clone(),
        traps => answered.traps.clone(),
        parameters => parameters,
        sql => answered.sql.clone(),
        outcome => outcome(answered, format)?,
        none => answered.none.clone(),
        left_aside => answered.left_aside.clone(),
        evidence => written(&evidence(&answered.evidence), format)?,
        evidence_shown => answered.evidence.len(),
        evidence_total => answered.evidence_total.max(answered.evidence.len() as u64),
    })
}

fn outcome(answered: &Answered, format: &Format) -> Result<Value> {
    Ok(match &answered.outcome {
        Outcome::CannotSay { reason } => context! { kind => "cannot_say", reason => reason.clone() },
        Outcome::Failed { message } => context! { kind => "failed", message => message.clone() },
        Outcome::Answer { total: 0, table, sha256, .. } if table.rows.is_empty() => {
            context! { kind => "empty", sha256 => sha256.clone() }
        }
        Outcome::Answer { table, shown, total, sha256 } => {
            let (held, shown, total) = (table.rows.len() as u64, *shown, *total);
            if held != shown || shown > total {
                return Err(Error::Shown { question: answered.name.clone(), shown, total, held });
            }
            context! {
                kind => "rows", table => written(table, format)?, shown => shown, total => total,
                sha256 => sha256.clone(), rows => if total == 1 { "row" } else { "rows" },
            }
        }
    })
}

fn counts(rows: &[CountRow]) -> Table {
    let mut table = Table::of_texts(&["table", "objects", "records", "kept", "duplicates", "rejects"]);
    table.rows.extend(rows.iter().map(|row| {
        let numbers = [row.objects, row.records, row.kept, row.duplicates, row.rejects];
        let name = Cell::Text(row.table.clone());
        std::iter::once(name).chain(numbers.map(|number| Cell::Int(number.into()))).collect()
    }));
    table
}

fn evidence(refs: &[EvidenceRef]) -> Table {
    let mut table = Table::of_texts(&["object", "record", "offset", "sha256", "key"]);
    table.rows.extend(refs.iter().map(|row| {
        vec![
            Cell::Text(row.object.clone()),
            Cell::Int(row.record.into()),
            row.offset.map_or(Cell::Null, |offset| Cell::Int(offset.into())),
            Cell::Text(row.sha256.clone()),
            Cell::Text(row.key.clone()),
        ]
    }));
    table
}

/// A table as a piece of the document, escaped by its writer.
fn written(table: &Table, format: &Format) -> Result<Value> {
    let mut text = Vec::new();
    format.write(table, &mut text, &Options::default())?;
    Ok(Value::from_safe_string(String::from_utf8_lossy(&text).trim_end().to_owned()))
}

#[cfg(test)]
mod tests;
