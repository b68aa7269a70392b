//! `coldtrail query`

use anyhow::{Result, anyhow};
use coldtrail_investigate::saved;
use coldtrail_query::{Catalogue, Question};
use coldtrail_report::Table;
use serde_json::json;

use crate::args::{Output, Query, QueryRun};
use crate::commands;
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &Query, settings: &Settings) -> Result<Status> {
    let catalogue = catalogue(settings)?;
    match arguments {
        Query::List { area } => list(&catalogue, area.as_deref(), settings)?,
        Query::Show { name } => show(catalogue.find(name)?, settings)?,
        Query::Run(arguments) => return ask(catalogue.find(&arguments.name)?, arguments, settings),
    }
    Ok(Status::Clean)
}

/// The questions that come with the program, and those in the case's folder `queries`.
pub(crate) fn catalogue(settings: &Settings) -> Result<Catalogue> {
    let mut catalogue = Catalogue::built_in()?;
    if let Ok(case) = settings.case() {
        let own = case.root().join("queries");
        if own.is_dir() {
            catalogue.add(&own)?;
        }
    }
    Ok(catalogue)
}

fn list(catalogue: &Catalogue, area: Option<&str>, settings: &Settings) -> Result<()> {
    let questions: Vec<&Question> =
        catalogue.questions.iter().filter(|q| area.is_none_or(|area| q.area() == area)).collect();
    if questions.is_empty() {
        let hint = Some(format!("the areas are {}", catalogue.areas().join(", ")));
        return Err(anyhow!(Usage { what: format!("no area is called `{}`", area.unwrap_or_default()), hint }));
    }
    if settings.json {
        let all: Vec<_> = questions.iter().map(|q| as_json(q)).collect();
        return terminal::print_json(settings, &json!(all));
    }
    let mut text = String::new();
    let mut last = "";
    for question in questions {
        if question.area() != last {
            text.push_str(&format!("{}{}\n", if last.is_empty() { "" } else { "\n" }, question.area()));
            last = question.area();
        }
        text.push_str(&format!("  {:<44} {}\n", question.name, question.title));
    }
    terminal::print(settings, &text)
}

fn as_json(q: &Question) -> serde_json::Value {
    let parameters: Vec<_> = q
        .parameters
        .iter()
        .map(|p| json!({ "name": p.name, "type": p.kind.name(), "default": p.default, "about": p.about }))
        .collect();
    json!({
        "name": q.name, "title": q.title, "question": q.question, "sources": q.sources, "attack": q.attack,
        "parameters": parameters, "traps": q.traps, "next": q.next, "sql": q.sql,
    })
}

fn show(q: &Question, settings: &Settings) -> Result<()> {
    if settings.json {
        return terminal::print_json(settings, &as_json(q));
    }
    let mut text = format!("{}: {}\n{}\n\nsources: {}\n", q.name, q.title, q.question, q.sources.join(", "));
    if !q.attack.is_empty() {
        text.push_str(&format!("ATT&CK: {}\n", q.attack.join(", ")));
    }
    for parameter in &q.parameters {
        let default = parameter.default.as_deref().map_or("needed".to_owned(), |default| format!("default {default}"));
        text.push_str(&format!("--{} {} ({default}): {}\n", parameter.name, parameter.kind.name(), parameter.about));
    }
    for trap in &q.traps {
        text.push_str(&format!("trap: {trap}\n"));
    }
    for next in &q.next {
        text.push_str(&format!("next: {next}\n"));
    }
    terminal::print(settings, &format!("{text}\n{}\n", q.sql))
}

fn ask(question: &Question, arguments: &QueryRun, settings: &Settings) -> Result<Status> {
    let lake = commands::lake(settings, &arguments.reading)?;
    let (words, output) = trailing(arguments);
    let asked = saved(&lake.scope(), question, &pairs(&words)?)?;
    terminal::print_asked(settings, &lake.session, &asked, &output)
}

/// Options of output may also stand behind the parameters of the question, unless it has one of that name.
fn trailing(arguments: &QueryRun) -> (Vec<String>, Output) {
    let given = &arguments.output;
    let mut output = Output { output: given.output.clone(), file: given.file.clone(), raw: given.raw };
    let mut rest = Vec::new();
    let mut words = arguments.parameters.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => output.output = Some("json".to_owned()),
            "--raw" => output.raw = true,
            "--output" => output.output = words.next().cloned(),
            "-o" | "--file" => output.file = words.next().map(Into::into),
            _ => {
                rest.push(word.clone());
                // The value of a parameter is never taken for an option.
                if !word.contains('=') {
                    rest.extend(words.next().cloned());
                }
            }
        }
    }
    (rest, output)
}

/// `--name value` and `--name=value`.
pub(crate) fn pairs(words: &[String]) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let usage =
            |what: String| anyhow!(Usage { what, hint: Some("parameters are written --name value".to_owned()) });
        let name = word.strip_prefix("--").ok_or_else(|| usage(format!("`{word}` is no parameter")))?;
        match name.split_once('=') {
            Some((name, value)) => pairs.push((name.to_owned(), value.to_owned())),
            None => {
                let value = words.next().ok_or_else(|| usage(format!("`{word}` has no value")))?;
                pairs.push((name.to_owned(), value.clone()));
            }
        }
    }
    Ok(pairs)
}

/// An answer, cut to so many rows.
pub(crate) fn cut(mut table: Table, rows: usize) -> Table {
    table.rows.truncate(rows);
    table
}
