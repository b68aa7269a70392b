//! Completion, colours and the end of a statement, while it is written.

use std::borrow::Cow;

use anyhow::Result;
use coldtrail_query::{Catalogue, Part, Session, is_whole, parts};
use coldtrail_report::escape;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper as Help};

use super::commands::{COMMANDS, Takes, is_command};
use crate::output;

/// Words of SQL that are completed.
const KEYWORDS: &[&str] = &[
    "select",
    "from",
    "where",
    "group by",
    "order by",
    "having",
    "limit",
    "join",
    "left join",
    "on",
    "using",
    "and",
    "or",
    "not",
    "in",
    "is null",
    "is not null",
    "like",
    "ilike",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
    "as",
    "asc",
    "desc",
    "distinct",
    "union all",
    "with",
    "cast",
    "interval",
    "timestamp",
    "true",
    "false",
    "null",
    "explain",
    "show",
    "describe",
    "over",
    "partition by",
    "unnest",
];

pub(super) struct Helper<'a> {
    /// Each table with its columns and their fields.
    tables: Vec<(String, Vec<String>)>,
    functions: Vec<String>,
    catalogue: &'a Catalogue,
    files: FilenameCompleter,
    colour: bool,
}

impl<'a> Helper<'a> {
    pub(super) fn new(session: &Session, catalogue: &'a Catalogue, colour: bool) -> Result<Helper<'a>> {
        let mut tables = Vec::new();
        for name in session.names() {
            let columns = session.describe(&name)?.into_iter();
            let columns = columns.flat_map(|column| [column.name].into_iter().chain(column.fields));
            tables.push((name, columns.collect()));
        }
        let functions = session.functions();
        Ok(Helper { tables, functions, catalogue, files: FilenameCompleter::new(), colour })
    }

    /// What can stand where a word of a statement is being written.
    fn of_sql(&self, line: &str, before: &str) -> Vec<String> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let named: Vec<&str> = line.split(|c| !is_word(c)).collect();
        let last = before.split_whitespace().last().unwrap_or_default().to_lowercase();
        let tables = self.tables.iter().map(|(name, _)| name.clone());
        if matches!(last.as_str(), "from" | "join") {
            return tables.collect();
        }
        // Of the tables that the statement names, if there are any, else of all.
        let mentioned = |name: &str| named.iter().any(|word| word.eq_ignore_ascii_case(name));
        let any = self.tables.iter().any(|(name, _)| mentioned(name));
        let columns = self.tables.iter().filter(|(name, _)| !any || mentioned(name)).flat_map(|(_, all)| all.clone());
        let functions = self.functions.iter().map(|name| format!("{name}("));
        let keywords = KEYWORDS.iter().map(|word| (*word).to_owned());
        columns.chain(tables).chain(functions).chain(keywords).collect()
    }

    /// What can stand where a word after the name of a command is being written.
    fn of_command(&self, name: &str, before: &str) -> Vec<String> {
        let takes = COMMANDS.iter().find(|command| command.name == name).map(|command| command.takes);
        match takes {
            Some(Takes::Table) => self.tables.iter().map(|(name, _)| name.clone()).collect(),
            Some(Takes::Format) => output::every().filter(|f| f.is_text()).map(|f| f.name.to_owned()).collect(),
            Some(Takes::OnOff) => ["on", "off"].map(str::to_owned).to_vec(),
            Some(Takes::Area) => self.catalogue.areas().iter().map(ToString::to_string).collect(),
            Some(Takes::Question) => self.of_question(before),
            Some(Takes::Sql) => self.of_sql(before, before),
            Some(Takes::Nothing | Takes::File | Takes::Number | Takes::Row) | None => Vec::new(),
        }
    }

    /// The names of the questions, then the parameters of the one that is named, and their values where they are few.
    fn of_question(&self, before: &str) -> Vec<String> {
        let words: Vec<&str> = before.split_whitespace().skip(1).collect();
        let Some(question) = words.first().and_then(|name| self.catalogue.find(name).ok()) else {
            return self.catalogue.questions.iter().map(|question| question.name.clone()).collect();
        };
        let named = words.last().and_then(|word| word.strip_prefix("--"));
        // After the name of a parameter stands its value, which is completed where it is one of few.
        match question.parameters.iter().find(|parameter| Some(parameter.name.as_str()) == named) {
            Some(parameter) => parameter.values.clone(),
            None => question.parameters.iter().map(|parameter| format!("--{}", parameter.name)).collect(),
        }
    }
}

/// Names of files, and those of questions of a case that came from somebody else, may hold what a terminal obeys.
fn is_harmless(pair: &Pair) -> bool {
    !pair.display.chars().chain(pair.replacement.chars()).any(escape::is_active)
}

impl Completer for Helper<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let written = line.get(..at).unwrap_or(line);
        let command = written.trim_start().split_once(char::is_whitespace).filter(|_| is_command(written));
        if let Some((name, _)) = command
            && COMMANDS.iter().any(|command| command.name == name && command.takes == Takes::File)
        {
            let (start, files) = self.files.complete(line, at, context)?;
            return Ok((start, files.into_iter().filter(is_harmless).collect()));
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '\\');
        let start =
            written.rfind(|c| !is_part(c)).map_or(0, |at| at + written[at..].chars().next().map_or(1, char::len_utf8));
        let (before, word) = written.split_at(start);
        let candidates = match command {
            Some((name, _)) => self.of_command(name, before),
            None if is_command(written) => COMMANDS.iter().map(|command| command.name.to_owned()).collect(),
            None => self.of_sql(line, before),
        };
        let word = word.to_lowercase();
        let mut fitting: Vec<String> =
            candidates.into_iter().filter(|all| all.to_lowercase().starts_with(&word)).collect();
        fitting.sort_unstable();
        fitting.dedup();
        let pair = |text: String| Pair { display: text.clone(), replacement: text };
        Ok((start, fitting.into_iter().map(pair).filter(is_harmless).collect()))
    }
}

impl Highlighter for Helper<'_> {
    fn highlight<'l>(&self, line: &'l str, _at: usize) -> Cow<'l, str> {
        let Some(parts) = parts(line).filter(|_| self.colour && !is_command(line)) else { return Cow::Borrowed(line) };
        let coloured = parts.into_iter().map(|(part, text)| match part {
            Part::Keyword => format!("\u{1b}[1m{text}\u{1b}[0m"),
            Part::Text => format!("\u{1b}[32m{text}\u{1b}[0m"),
            Part::Number | Part::Parameter => format!("\u{1b}[36m{text}\u{1b}[0m"),
            Part::Comment => format!("\u{1b}[2m{text}\u{1b}[0m"),
            Part::Other => text.to_owned(),
        });
        Cow::Owned(coloured.collect())
    }

    fn highlight_char(&self, _line: &str, _at: usize, _kind: CmdKind) -> bool {
        self.colour
    }
}

/// Could more lines make a statement of it? Else what is wrong is said at once.
fn begins_sql(line: &str) -> bool {
    const FIRST: &[&str] = &["select", "with", "explain", "show", "describe", "desc", "values", "table"];
    let line = line.trim_start();
    let word = line.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    line.starts_with(['(', '-', '/']) || FIRST.contains(&word.as_str())
}

impl Validator for Helper<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let line = context.input();
        let whole = line.trim().is_empty() || is_command(line) || !begins_sql(line) || is_whole(line);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for Helper<'_> {
    type Hint = String;
}

impl Help for Helper<'_> {}
