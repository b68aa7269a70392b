//! What is printed: answers on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, anyhow};
use coldtrail_ingest::Done;
use coldtrail_investigate::Asked;
use coldtrail_query::{Answer, Session};
use coldtrail_report::{Answer as Findings, Claim, FORMATS, Format, Options, Table, escape, formats};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::args::Output;
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;

/// A line on standard error, unless the user wants quiet.
pub(crate) fn note(settings: &Settings, text: impl Display) -> Result<()> {
    if !settings.quiet {
        writeln!(io::stderr(), "{}", escape::terminal_lines(&text.to_string()))?;
    }
    Ok(())
}

/// A warning on standard error.
pub(crate) fn warn(settings: &Settings, text: impl Display) -> Result<()> {
    let label = if settings.colour { "\u{1b}[33mwarning\u{1b}[0m" } else { "warning" };
    writeln!(io::stderr(), "{label}: {}", escape::terminal_lines(&text.to_string()))?;
    Ok(())
}

/// Asks a person; the answer without white space around it.
pub(crate) fn ask(question: &str) -> Result<String> {
    let mut out = io::stderr();
    write!(out, "{question}? (Enter for none) ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Prints text that is escaped already, through the pager when it is long and a person reads it.
fn write_out(settings: &Settings, text: &str) -> Result<()> {
    let rows = usize::from(console::Term::stdout().size().0);
    if let Some(pager) = settings.pager.as_ref().filter(|_| text.lines().count() + 1 > rows) {
        let mut words = pager.split_whitespace();
        let program = words.next().unwrap_or("less");
        if let Ok(mut child) = Command::new(program).args(words).stdin(Stdio::piped()).spawn() {
            let written = child.stdin.take().map(|mut stdin| stdin.write_all(text.as_bytes()));
            child.wait()?;
            // Leaving the pager early closes the pipe; that is no error.
            return match written {
                Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
                _ => Ok(()),
            };
        }
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints text of our own.
pub(crate) fn print(settings: &Settings, text: &str) -> Result<()> {
    write_out(settings, text)
}

/// Prints a JSON value on one line.
pub(crate) fn print_json(settings: &Settings, value: &serde_json::Value) -> Result<()> {
    write_out(settings, &format!("{}\n", escape::json(value)))
}

/// Prints an answer of findings; how it ends.
pub(crate) fn print_answer(settings: &Settings, answer: &Findings) -> Result<Status> {
    if settings.json {
        write_out(settings, &format!("{}\n", escape::json(&answer.json())))?;
    } else {
        write_out(settings, &answer.text())?;
    }
    Ok(answer.claim().into())
}

/// Asks one statement, and prints its rows with what they leave aside; how it ends.
pub(crate) fn print_asked(settings: &Settings, session: &Session, asked: &Asked, output: &Output) -> Result<Status> {
    let found = session.query(&asked.sql, &asked.parameters)?;
    let rows = found.rows();
    let empty = (rows == 0).then(|| asked.empty(session)).transpose()?;
    let claim = empty.as_ref().map_or_else(|| asked.claim(), |empty| empty.claim);
    answer(settings, &found, output)?;
    if settings.json {
        // Rows stay an array on standard output; what is not in them is one object on standard error.
        let none = empty.map(|empty| empty.sentence);
        let about = json!({ "none": none, "cannotSay": asked.cannot_say, "leftAside": asked.left_aside });
        writeln!(io::stderr(), "{}", escape::json(&about))?;
        return Ok(claim.into());
    }
    match &empty {
        Some(empty) => warn_unless(settings, claim == Claim::Whole, &empty.sentence)?,
        None => {
            for sentence in &asked.cannot_say {
                warn(settings, format!("cannot say: {sentence}"))?;
            }
            if !asked.left_aside.is_empty() {
                warn(settings, format!("left aside: {}", asked.left_aside.sentence()))?;
            }
        }
    }
    Ok(claim.into())
}

/// A note when all is well, else a warning, which `--quiet` does not silence.
fn warn_unless(settings: &Settings, well: bool, text: &str) -> Result<()> {
    if well { note(settings, text) } else { warn(settings, text) }
}

/// A table as text for a person, or for a pipe.
pub(crate) fn as_text(settings: &Settings, table: &Table) -> Result<String> {
    let format = format_named("table")?;
    let mut out = Vec::new();
    (format.write)(table, &mut out, &Options { tty: settings.stdout_tty, width: settings.width, raw: false })?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn format_named(name: &str) -> Result<&'static Format> {
    formats::by_name(name).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).chain(["parquet"]).collect();
        let hint = Some(format!("known are {}", known.join(", ")));
        anyhow!(Usage { what: format!("`{name}` is no format of output"), hint })
    })
}

/// An answer as a table.
pub(crate) fn table_of(answer: &Answer) -> Result<Table> {
    Ok(if answer.batches.is_empty() { Table::new(&answer.schema) } else { Table::from_batches(&answer.batches)? })
}

/// Writes an answer as the user wants it.
pub(crate) fn answer(settings: &Settings, answer: &Answer, output: &Output) -> Result<()> {
    let extension = output.file.as_ref().and_then(|file| file.extension()).and_then(|e| e.to_str());
    let name = output.output.clone().or_else(|| settings.json.then(|| "json".to_owned()));
    if name.as_deref() == Some("parquet") || (name.is_none() && extension == Some("parquet")) {
        let file = output.file.as_ref().ok_or_else(|| {
            anyhow!(Usage {
                what: "Parquet is written to a file".to_owned(),
                hint: Some("add -o FILE.parquet".to_owned())
            })
        })?;
        coldtrail_lake::write_answer(file, answer.schema.clone(), &answer.batches)?;
        return note(settings, format!("{} rows written to {}", answer.rows(), file.display()));
    }
    let format = match (&name, extension) {
        (Some(name), _) => format_named(name)?,
        (None, Some(extension)) => formats::by_extension(extension).map_or_else(|| format_named("table"), Ok)?,
        (None, None) => format_named("table")?,
    };
    let table = table_of(answer)?;
    let person = settings.stdout_tty && output.file.is_none();
    if output.raw && person {
        let hint = Some("write it to a file with -o".to_owned());
        return Err(anyhow!(Usage { what: "raw values are not written to a terminal".to_owned(), hint }));
    }
    let mut out = Vec::new();
    let options = Options { tty: person, width: settings.width.filter(|_| person), raw: output.raw };
    let written = (format.write)(&table, &mut out, &options)?;
    match &output.file {
        Some(file) => {
            fs_err::write(file, &out)?;
            note(settings, format!("{} rows written to {}", answer.rows(), file.display()))?;
        }
        None => {
            print(settings, &String::from_utf8_lossy(&out))?;
            if person {
                note(settings, format!("{} rows", answer.rows()))?;
            }
        }
    }
    if written.disarmed > 0 {
        note(
            settings,
            format!(
                "{} cells that a spreadsheet would run have a ' before them; --raw leaves them as they are",
                written.disarmed
            ),
        )?;
    }
    Ok(())
}

/// A bar on standard error, and totals for the summary.
pub(crate) struct Bar {
    bar: ProgressBar,
    records: AtomicU64,
    rejects: AtomicU64,
}

impl Bar {
    pub(crate) fn new(settings: &Settings) -> Bar {
        let target = if settings.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{bar:24} {bytes}/{total_bytes} {bytes_per_sec} eta {eta} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Bar { bar, records: AtomicU64::new(0), rejects: AtomicU64::new(0) }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl coldtrail_evidence::Progress for Bar {
    fn start(&self, objects: u64, bytes: u64) {
        self.bar.set_length(bytes);
        self.bar.set_message(format!("{objects} objects"));
    }

    fn more(&self, objects: u64, bytes: u64) {
        self.bar.inc_length(bytes);
        self.bar.set_message(format!("{objects} more in an archive"));
    }

    fn object(&self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

impl coldtrail_ingest::Progress for Bar {
    fn start(&self, objects: u64, bytes: u64) {
        self.bar.set_length(bytes);
        self.bar.set_message(format!("{objects} objects"));
    }

    fn object(&self, done: Done) {
        let records = self.records.fetch_add(done.records, Ordering::Relaxed) + done.records;
        let rejects = self.rejects.fetch_add(done.rejects, Ordering::Relaxed) + done.rejects;
        self.bar.inc(done.inflated);
        self.bar.set_message(format!("{records} records, {rejects} rejects"));
    }

    fn committed(&self, _version: u64) {}
}
