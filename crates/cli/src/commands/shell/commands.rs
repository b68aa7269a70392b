//! The commands of the shell that are no SQL: a dot and a name.

use std::path::Path;

use anyhow::{Result, anyhow};
use coldtrail_investigate::saved;

use super::{Next, Shell};
use crate::args::{NAMES_BEFORE, Query, Record};
use crate::commands::{query, record, tables};
use crate::diagnostics::Usage;
use crate::{file, output, terminal};

/// What can follow the name of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Area,
    File,
    Format,
    Number,
    OnOff,
    Question,
    Row,
    Sql,
    Table,
}

/// So many files may read each other.
const DEEP: usize = 16;

/// A command, for the help and for completion.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    usage: &'static str,
    about: &'static str,
}

const fn command(name: &'static str, takes: Takes, usage: &'static str, about: &'static str) -> Command {
    Command { name, takes, usage, about }
}

pub(super) static COMMANDS: &[Command] = &[
    command(".tables", Takes::Nothing, "", "list tables and functions (also \\d)"),
    command(".schema", Takes::Table, "TABLE", "the columns of a table (also \\d TABLE)"),
    command(".questions", Takes::Area, "[AREA]", "list the saved questions"),
    command(".run", Takes::Question, "NAME [--PARAMETER VALUE]…", "ask a saved question"),
    command(".record", Takes::Row, "OBJECT#RECORD", "the original bytes of a row"),
    command(".explain", Takes::Sql, "SQL", "how a statement would be run"),
    command(".read", Takes::File, "FILE", "run the lines of a file"),
    command(".mode", Takes::Format, "FORMAT", "how answers are written: table, record, csv, json …"),
    command("\\x", Takes::Nothing, "", "one column below the other, or a table again"),
    command(".once", Takes::File, "FILE", "the next answer into a file; its extension tells the format"),
    command(".output", Takes::File, "[FILE]", "all answers to the end of a file; without one, to the screen again"),
    command(".maxrows", Takes::Number, "N", "show no more rows than that; 0 shows all"),
    command(".width", Takes::Number, "N", "lines are no longer than that; 0 is as wide as the terminal"),
    command(".timer", Takes::OnOff, "on|off", "say how long each answer took"),
    command(".help", Takes::Nothing, "", "this (also \\?)"),
    command(".quit", Takes::Nothing, "", "leave (also \\q, exit, Ctrl-D)"),
];

/// Is it a command, and no SQL?
pub(super) fn is_command(line: &str) -> bool {
    line.trim_start().starts_with(['.', '\\'])
}

impl Shell<'_> {
    pub(super) fn command(&mut self, line: &str, depth: usize) -> Result<Next> {
        let line = line.trim().trim_end_matches(';');
        let (name, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(name, rest)| (name, rest.trim()));
        match (name, rest) {
            (".quit" | ".exit" | "\\q", _) => return Ok(Next::Quit),
            (".help" | "\\?", _) => self.help()?,
            (".tables" | "\\d" | "\\dt", "") => {
                tables::list(&self.lake.session, &self.settings)?;
            }
            (".schema" | "\\d", table) => {
                tables::columns(&self.lake.session, needed(name, table)?, &self.settings)?;
            }
            (".questions", area) => {
                let area = (!area.is_empty()).then(|| area.to_owned());
                query::run(&Query::List { area }, &self.settings)?;
            }
            (".run", words) => self.question(needed(name, words)?)?,
            (".record", row) => {
                let mut words = needed(name, row)?.split_whitespace();
                let object = words.next().unwrap_or_default().to_owned();
                let record = words.next().map(|word| number(name, word)).transpose()?;
                record::run(&Record { object, record, raw: false }, &self.settings)?;
            }
            (".explain", sql) => self.ask(&format!("explain {}", needed(name, sql)?))?,
            (".read", _) if depth >= DEEP => {
                let what = format!("files that read files, {DEEP} deep");
                return Err(anyhow!(Usage { what, hint: Some("does one read itself?".to_owned()) }));
            }
            (".read", file) => return self.lines(&fs_err::read_to_string(needed(name, file)?)?, depth + 1),
            (".mode", format) => self.output.output = Some(output::known(needed(name, format)?)?.name.to_owned()),
            ("\\x", _) => {
                let is_record = self.output.output.as_deref() == Some("record");
                self.output.output = Some(if is_record { "table" } else { "record" }.to_owned());
                terminal::note(&self.settings, if is_record { "as a table" } else { "one column below the other" })?;
            }
            (".once", file) => {
                self.settings.refuse_own(Path::new(needed(name, file)?))?;
                file::free(Path::new(file), false)?;
                self.once = Some(file.into());
            }
            (".output", file) => {
                self.settings.refuse_own(Path::new(file))?;
                self.output.append = true;
                self.output.file = (!file.is_empty()).then(|| file.into());
            }
            (".maxrows", count) => self.output.max_rows = Some(number(name, count)?).filter(|count| *count > 0),
            (".width", width) => self.settings.set_width(usize::try_from(number(name, width)?)?),
            (".timer", "on") => self.timer = true,
            (".timer", "off") => self.timer = false,
            (".timer", _) => return Err(wrong(name)),
            _ => {
                let names: Vec<String> = COMMANDS.iter().map(|command| command.name.to_owned()).collect();
                let hint = match coldtrail_query::similar(name, &names).first() {
                    Some(similar) => format!("did you mean `{similar}`? .help tells all"),
                    None => ".help tells what there is".to_owned(),
                };
                return Err(anyhow!(Usage { what: format!("`{name}` is no command"), hint: Some(hint) }));
            }
        }
        Ok(Next::GoOn)
    }

    fn help(&self) -> Result<()> {
        let mut text =
            "SQL ends with ; and may go over several lines. Tab completes, the arrows go through what was asked \
                        before, Ctrl-C ends a question.\n\n"
                .to_owned();
        for command in COMMANDS {
            text.push_str(&format!("{:<38} {}\n", format!("{} {}", command.name, command.usage), command.about));
        }
        terminal::print_list(&self.settings, &text)
    }

    /// `NAME --parameter value --other=value`
    fn question(&mut self, words: &str) -> Result<()> {
        let mut words = words_of(words)?.into_iter();
        let question = self.catalogue.find(&words.next().unwrap_or_default())?;
        let mut given = Vec::new();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                let hint = Some("write --name value".to_owned());
                return Err(anyhow!(Usage { what: format!("`{word}` is no parameter"), hint }));
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => {
                    let value = words
                        .next()
                        .ok_or_else(|| anyhow!(Usage { what: format!("--{name} needs a value"), hint: None }))?;
                    (name.to_owned(), value)
                }
            };
            let known = |wanted: &str| question.parameters.iter().any(|parameter| parameter.name == wanted);
            let meant = NAMES_BEFORE.iter().find(|(_, before)| *before == name && !known(&name));
            given.push((meant.map_or(name.clone(), |(now, _)| (*now).to_owned()), value));
        }
        self.timed(|shell, output| {
            let asked = saved(&shell.lake.scope(), question, &given)?;
            let status = output::asked(&shell.settings, &shell.lake.session, &asked, output)?;
            if shell.settings.stdout_tty && output.file.is_none() {
                query::remarks(question, &shell.settings)?;
            }
            Ok(status)
        })
    }
}

/// Words as a shell has them: quotes hold what has spaces together.
fn words_of(text: &str) -> Result<Vec<String>> {
    let unclosed = || anyhow!(Usage { what: "a quote is not closed".to_owned(), hint: None });
    shlex::split(text).ok_or_else(unclosed)
}

fn needed<'t>(name: &str, rest: &'t str) -> Result<&'t str> {
    if rest.is_empty() { Err(wrong(name)) } else { Ok(rest) }
}

fn number(name: &str, text: &str) -> Result<u64> {
    text.parse().map_err(|_| wrong(name))
}

fn wrong(name: &str) -> anyhow::Error {
    let usage = COMMANDS.iter().find(|command| command.name == name).map_or("", |command| command.usage);
    anyhow!(Usage { what: format!("`{name}` takes {usage}"), hint: Some(".help tells what there is".to_owned()) })
}
