//! What is printed: answers on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use coldtrail_ingest::Done;
use coldtrail_query::Answer;
use coldtrail_report::{Answer as Findings, Table, escape, fold, formats};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::diagnostics::Status;
use crate::screen::Screen;
use crate::settings::Settings;

/// A line on standard error, unless the user wants quiet. It stays one line, whatever stands in its values.
pub(crate) fn note(settings: &Settings, text: impl Display) -> Result<()> {
    if !settings.quiet {
        beside(settings, &escape::guard_line(&text.to_string()))?;
    }
    Ok(())
}

/// A line on standard error; a terminal that is narrower gets several, all but the first behind spaces.
fn beside(settings: &Settings, line: &str) -> Result<()> {
    crate::waiting::stop();
    for line in fold::lines(line, settings.beside_width, 2) {
        writeln!(io::stderr(), "{line}")?;
    }
    Ok(())
}

/// A warning on standard error, on one line.
pub(crate) fn warn(settings: &Settings, text: impl Display) -> Result<()> {
    let text = format!("warning: {}", escape::guard_line(&text.to_string()));
    let text = if settings.colour { text.replacen("warning", "\u{1b}[33mwarning\u{1b}[0m", 1) } else { text };
    beside(settings, &text)
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

/// Prints text of our own, of several lines.
pub(crate) fn print(settings: &Settings, text: &str) -> Result<()> {
    let mut screen = Screen::new(settings);
    let written = screen.write_all(escape::guard(text).as_bytes());
    screen.finish(written)
}

/// Prints a list of our own, a name and what it is on each line: a line that is wider than the terminal goes on below
/// what it says.
pub(crate) fn print_list(settings: &Settings, text: &str) -> Result<()> {
    let width = settings.look().width.filter(|_| !settings.look().wide);
    let mut folded = String::new();
    for line in text.lines() {
        let column = line.trim_end().rfind("  ").map_or(2, |at| at + 2);
        let column = if width.is_some_and(|width| column > width / 2) { 4 } else { column };
        fold::lines(line, width, column).iter().for_each(|line| folded.push_str(&format!("{line}\n")));
    }
    print(settings, &folded)
}

/// Prints text that `report` made: it is escaped, and may have colours.
pub(crate) fn print_written(settings: &Settings, text: &str) -> Result<()> {
    let mut screen = Screen::new(settings);
    let written = screen.write_all(text.as_bytes());
    screen.finish(written)
}

/// Prints a JSON value on one line, in the envelope of all commands: an object, in which an array stands as `rows`.
pub(crate) fn print_json(settings: &Settings, value: &serde_json::Value) -> Result<()> {
    let value = match value {
        serde_json::Value::Object(_) => value.clone(),
        rows => serde_json::json!({ "rows": rows }),
    };
    let mut screen = Screen::new(settings);
    let written = screen.write_all(format!("{}\n", escape::json(&value)).as_bytes());
    screen.finish(written)
}

/// Prints an answer of findings; how it ends.
pub(crate) fn print_answer(settings: &Settings, answer: &Findings) -> Result<Status> {
    if settings.json {
        print_json(settings, &answer.json())?
    } else {
        print_written(settings, &answer.text(&settings.look()))?
    }
    Ok(answer.claim().into())
}

/// A table as text for a person, or for a pipe; it is escaped, and may have colours.
pub(crate) fn as_text(settings: &Settings, table: &Table) -> Result<String> {
    let mut out = Vec::new();
    formats::text::FORMAT.write(table, &mut out, &settings.look())?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A whole answer as a table.
pub(crate) fn table_of(answer: &Answer) -> Result<Table> {
    Ok(Table::read(&answer.schema, &answer.batches)?)
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
