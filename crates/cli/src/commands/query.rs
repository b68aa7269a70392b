//! `coldtrail query`

use anyhow::{Result, anyhow};
use coldtrail_investigate::saved;
use coldtrail_query::{Catalogue, Error as Refused, Question};
use coldtrail_report::{Table, escape};
use serde_json::json;

use crate::args::{Arguments, Command, Query, QueryRun, with_question};
use crate::commands;
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;
use crate::{output, terminal};

pub(crate) fn run(arguments: &Query, settings: &Settings) -> Result<Status> {
    let catalogue = catalogue(settings)?;
    match arguments {
        Query::List { area } => list(&catalogue, area.as_deref(), settings)?,
        Query::Show { name } => show(catalogue.find(name)?, settings)?,
        Query::Run(arguments) => return ask(catalogue.find(&arguments.name)?, arguments, settings),
    }
    Ok(Status::Clean)
}

/// The command line, read again once it is known which question it asks; see `args::question`.
pub(crate) fn read_again(mut first: Arguments) -> Result<Arguments> {
    let Some(Command::Query(Query::Run(run))) = &first.command else { return Ok(first) };
    let (name, case) = (run.name.clone(), run.case());
    first.common.case = case.or(first.common.case);
    let (catalogue, _) = questions(&Settings::new(&first)?)?;
    Ok(with_question(&name, catalogue.find(&name).ok())?)
}

/// The questions that come with the program, and those in the case's folder `queries`, with what is none there.
fn questions(settings: &Settings) -> Result<(Catalogue, Vec<Refused>)> {
    let mut catalogue = Catalogue::built_in()?;
    // Without a case there are the built-in ones; who needs one will be told what is wrong with it.
    let refused = settings.case().map(|case| catalogue.add(&case.root().join("queries")));
    Ok((catalogue, refused.unwrap_or_default()))
}

/// The questions; what is wrong with those of the case is said.
pub(crate) fn catalogue(settings: &Settings) -> Result<Catalogue> {
    let (catalogue, refused) = questions(settings)?;
    for error in &refused {
        terminal::warn(settings, format!("a file of the case's `queries` is left aside: {error}"))?;
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
            let whose = if question.is_own() { " (they lie with this case, and not with the program)" } else { "" };
            let space = if last.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{space}{}{whose}\n", safe(question.area())));
            last = question.area();
        }
        text.push_str(&format!("  {:<44}  {}\n", safe(&question.name), safe(&question.title)));
    }
    terminal::print_list(settings, &text)
}

fn as_json(q: &Question) -> serde_json::Value {
    let parameters: Vec<_> = q
        .parameters
        .iter()
        .map(|p| json!({ "name": p.name, "type": p.kind.name(), "default": p.default, "about": p.about }))
        .collect();
    json!({
        "name": q.name, "of_case": q.is_own(), "title": q.title, "question": q.question, "sources": q.sources, "attack": q.attack,
        "parameters": parameters, "traps": q.traps, "next": q.next, "sql": q.sql,
    })
}

fn show(q: &Question, settings: &Settings) -> Result<()> {
    if settings.json {
        return terminal::print_json(settings, &as_json(q));
    }
    let list = |items: &[String]| safe(&items.join(", "));
    let mut text = format!("{}: {}\n{}\n\n", safe(&q.name), safe(&q.title), safe(&q.question));
    if q.is_own() {
        text.push_str("from: this case, and not the program\n");
    }
    text.push_str(&format!("sources: {}\n", list(&q.sources)));
    if !q.attack.is_empty() {
        text.push_str(&format!("ATT&CK: {}\n", list(&q.attack)));
    }
    for p in &q.parameters {
        let default = p.default.as_deref().map_or("needed".to_owned(), |default| format!("default {}", safe(default)));
        text.push_str(&format!("--{} {} ({default}): {}\n", p.name, p.kind.name(), safe(&p.about)));
    }
    for trap in &q.traps {
        text.push_str(&format!("trap: {}\n", safe(trap)));
    }
    for next in &q.next {
        text.push_str(&format!("next: {}\n", safe(next)));
    }
    terminal::print(settings, &format!("{text}\n{}\n", escape::terminal_lines(&q.sql)))
}

/// A text of a question, which may be somebody else's, on one line.
fn safe(text: &str) -> String {
    escape::terminal(text).into_owned()
}

fn ask(question: &Question, arguments: &QueryRun, settings: &Settings) -> Result<Status> {
    let lake = commands::lake(settings, &arguments.reading)?;
    let asked = saved(&lake.scope(), question, &arguments.given)?;
    let status = output::asked(settings, &lake.session, &asked, &arguments.output)?;
    if settings.stdout_tty && !settings.json && arguments.output.file.is_none() {
        remarks(question, settings)?;
    }
    Ok(status)
}

/// What an answer must not be taken for, and where to go on, for a person.
pub(crate) fn remarks(question: &Question, settings: &Settings) -> Result<()> {
    for trap in &question.traps {
        terminal::note(settings, format!("trap: {trap}"))?;
    }
    if !question.next.is_empty() {
        terminal::note(settings, format!("next: {}", question.next.join(", ")))?;
    }
    Ok(())
}

/// An answer, cut to so many rows.
pub(crate) fn cut(mut table: Table, rows: usize) -> Table {
    table.rows.truncate(rows);
    table
}
