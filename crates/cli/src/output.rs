//! Answers of the query engine in every format, written as they come: no answer is held whole.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result, anyhow};
use coldtrail_investigate::Asked;
use coldtrail_lake::AnswerWriter;
use coldtrail_query::{Session, Stream};
use coldtrail_report::formats::{self, Answering, BatchWriter, Begin, Out};
use coldtrail_report::{Claim, Error, FORMATS, Format, Options, Written, escape};
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::arrow::schema::Schema;
use serde_json::json;

use crate::args::Output;
use crate::diagnostics::{Midway, Status, Usage};
use crate::file::{into_file, is_special};
use crate::screen::Screen;
use crate::settings::Settings;
use crate::terminal::{note, print_json, warn};

/// The entry of `parquet` in the list of formats; it is here because only `lake` writes Parquet.
static PARQUET: Format = Format {
    name: "parquet",
    about: "columns with their types, for other engines; to a file only",
    extensions: &["parquet"],
    begin: Begin::Binary(parquet),
};

struct Parquet<'a>(AnswerWriter<Out<'a>>);

fn parquet<'a>(out: Out<'a>, schema: &Schema) -> Result<Box<dyn BatchWriter + 'a>, Error> {
    Ok(Box::new(Parquet(AnswerWriter::begin(out, schema).map_err(broken)?)))
}

impl BatchWriter for Parquet<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.0.batch(batch).map_err(broken)
    }

    fn end(self: Box<Self>) -> Result<Written, Error> {
        self.0.end().map_err(broken)?;
        Ok(Written::default())
    }
}

fn broken(source: std::io::Error) -> Error {
    Error::Write { format: "parquet", source }
}

/// Every format of output, in the order in which help lists them.
pub(crate) fn every() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().chain([&formats::xlsx::FORMAT, &PARQUET])
}

/// The format that the user wants: by name, else by the extension of the file, else a table.
fn wanted(settings: &Settings, output: &Output) -> Result<&'static Format> {
    if let Some(name) = output.output.as_deref() {
        return known(name);
    }
    let Some(file) = &output.file else {
        return Ok(if settings.json { &formats::json::ROWS } else { &formats::text::FORMAT });
    };
    let extension = file.extension().and_then(|extension| extension.to_str());
    let meant = extension.and_then(|extension| every().find(|format| formats::has_extension(format, extension)));
    match meant {
        Some(format) => Ok(format),
        // A pipe or a device has a name that says nothing.
        None if is_special(file) => Ok(&formats::text::FORMAT),
        None => {
            let extensions: Vec<String> =
                every().flat_map(|format| format.extensions).map(|e| format!(".{e}")).collect();
            let hint = format!("name it {}; or say --output with one of {}", extensions.join(", "), names());
            Err(usage(format!("{}: its extension tells no format", file.display()), hint))
        }
    }
}

/// The format of this name.
pub(crate) fn known(name: &str) -> Result<&'static Format> {
    let found = every().find(|format| format.name == name);
    found.ok_or_else(|| usage(format!("`{name}` is no format of output"), format!("known are {}", names())))
}

fn names() -> String {
    every().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

fn usage(what: String, hint: impl Into<String>) -> anyhow::Error {
    anyhow!(Usage { what, hint: Some(hint.into()) })
}

/// What came of writing an answer.
pub(crate) struct Answered {
    pub(crate) rows: u64,
    /// Are the rows in an object on standard output that is still open?
    envelope: bool,
    /// There are rows that were not written, because no more were wanted.
    more: bool,
}

/// Writes an answer as the user wants it.
fn answer(settings: &Settings, answer: Stream<'_>, output: &Output) -> Result<Answered> {
    let format = wanted(settings, output)?;
    let person = settings.stdout_tty && output.file.is_none();
    if output.raw && person {
        return Err(usage("raw values are not written to a terminal".to_owned(), "write it to a file with -o"));
    }
    let look = if output.file.is_none() { settings.look() } else { Options::default() };
    let options = Options { raw: output.raw, ..look };
    if let Some(file) = &output.file {
        settings.refuse_own(file)?;
    }
    let mut rows = Rows { most: output.max_rows.unwrap_or(u64::MAX), ..Rows::default() };
    let written = match &output.file {
        Some(file) if output.append => {
            if ![formats::text::FORMAT.name, "record", "jsonl", "markdown"].contains(&format.name) {
                let what = format!("{} cannot go on at the end of a file", format.name);
                return Err(usage(what, "write one answer into a file, or take table, record, jsonl or markdown"));
            }
            let mut out = BufWriter::new(fs_err::OpenOptions::new().create(true).append(true).open(file)?);
            let written = write(format, answer, Box::new(&mut out), &options, &mut rows)?;
            out.flush()?;
            written
        }
        Some(file) => {
            let write = |out: Out<'_>| write(format, answer, out, &options, &mut rows);
            let written = into_file(file, output.force, write)?;
            note(settings, format!("{} rows written to {}", written.rows, file.display()))?;
            written
        }
        None if !format.is_text() => {
            let hint = format!("add -o FILE.{}", format.extensions.first().unwrap_or(&format.name));
            return Err(usage(format!("{} is written to a file", format.name), hint));
        }
        None => {
            let mut screen = Screen::new(settings);
            let mut written = Written::default();
            let result = write(format, answer, Box::new(&mut screen), &options, &mut rows).map(|all| written = all);
            screen.finish(result)?;
            written
        }
    };
    told(settings, person && !settings.json, &written)?;
    if rows.more {
        let text = format!("only the first {} rows; there are more", rows.written);
        if person { note(settings, text)? } else { warn(settings, text)? }
    }
    Ok(Answered { rows: rows.written, envelope: is_envelope(format), more: rows.more })
}

/// Says what the writer did to the values.
fn told(settings: &Settings, person: bool, written: &Written) -> Result<()> {
    let count = |count: u64, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    let cut = count(written.cut, "value");
    if person {
        let cut = if written.cut > 0 { format!("; {cut} shortened, --wide shows all") } else { String::new() };
        note(settings, format!("{}{cut}", count(written.rows, "row")))?;
    } else if written.cut > 0 {
        warn(settings, format!("{cut} cut, being longer than the format holds"))?;
    }
    if written.disarmed > 0 {
        let cells = count(written.disarmed, "cell");
        note(settings, format!("{cells} that a spreadsheet would run: a ' stands before; --raw leaves it out"))?;
    }
    Ok(())
}

/// Writes the rows of a statement of which only is known what its tables leave out.
pub(crate) fn plain(settings: &Settings, rows: Stream<'_>, left_out: &[String], output: &Output) -> Result<()> {
    let answered = answer(settings, rows, output)?;
    let mut about = json!({ "more": answered.more });
    if !left_out.is_empty() {
        about["leftOut"] = json!(left_out);
    }
    finish(settings, &answered, output, about)?;
    left_out.iter().try_for_each(|sentence| warn(settings, sentence))
}

/// Asks one statement, and writes its rows with what they leave aside; how it ends.
pub(crate) fn asked(settings: &Settings, session: &Session, asked: &Asked, output: &Output) -> Result<Status> {
    let answered = answer(settings, session.query(&asked.sql, &asked.parameters)?, output)?;
    let is_empty = answered.rows == 0 && !answered.more;
    let empty = is_empty.then(|| asked.empty(session)).transpose();
    let empty = if answered.envelope { empty.context(Midway)? } else { empty? };
    let claim = empty.as_ref().map_or_else(|| asked.claim(), |empty| empty.claim);
    if settings.json && (answered.envelope || output.file.is_some()) {
        let mut about = json!({
            "none": null, "cannotSay": asked.cannot_say, "leftAside": asked.left_aside, "notSeen": asked.not_seen,
            "takenFor": asked.taken_for, "more": answered.more,
        });
        // That nothing can be said is no "none".
        match empty {
            Some(empty) if empty.claim == Claim::Nothing => {
                let sentence = empty.sentence.strip_prefix("cannot say: ").unwrap_or(&empty.sentence);
                about["cannotSay"] = json!([sentence]);
            }
            Some(empty) => about["none"] = json!(empty.sentence),
            None => {}
        }
        finish(settings, &answered, output, about)?;
        return Ok(claim.into());
    }
    if !asked.not_seen.is_empty() {
        warn(settings, format!("as address, key, actor or resource in no row: {}", asked.not_seen.join(", ")))?;
    }
    if let Some(arn) = &asked.taken_for {
        warn(settings, format!("the name of the actor is taken for {arn}"))?;
    }
    match &empty {
        Some(empty) if claim == Claim::Whole => note(settings, &empty.sentence)?,
        Some(empty) => warn(settings, &empty.sentence)?,
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

/// What is to be known about rows: behind them in their object, or by itself when they are in a file.
fn finish(settings: &Settings, answered: &Answered, output: &Output, mut about: serde_json::Value) -> Result<()> {
    if answered.envelope {
        let about = escape::json(&about);
        writeln!(std::io::stdout(), ",{}", about.strip_prefix('{').unwrap_or(&about))?;
    } else if let Some(file) = output.file.as_ref().filter(|_| settings.json) {
        about["file"] = json!(file);
        about["written"] = json!(answered.rows);
        print_json(settings, &about)?;
    }
    Ok(())
}

/// How many rows were written, also when it ended early.
#[derive(Default)]
struct Rows {
    most: u64,
    written: u64,
    more: bool,
}

/// Writes batch after batch.
fn write(format: &Format, answer: Stream<'_>, out: Out<'_>, options: &Options, rows: &mut Rows) -> Result<Written> {
    let mut answering = format.begin(answer.schema(), out, options)?;
    match all(&mut answering, answer, rows) {
        Ok(()) => Ok(answering.end()?),
        Err(error) if is_envelope(format) => {
            // The rows end, and what went wrong comes after them in the same object.
            answering.end()?;
            Err(error.context(Midway))
        }
        Err(error) => Err(error),
    }
}

fn all(answering: &mut Answering<'_>, answer: Stream<'_>, rows: &mut Rows) -> Result<()> {
    for batch in answer {
        let batch = batch?;
        let room = usize::try_from(rows.most - rows.written).unwrap_or(usize::MAX);
        rows.more = batch.num_rows() > room;
        answering.batch(&batch.slice(0, batch.num_rows().min(room)))?;
        rows.written = answering.rows();
        if rows.more {
            break;
        }
    }
    Ok(())
}

/// Are the rows the beginning of an object that is closed later?
fn is_envelope(format: &Format) -> bool {
    std::ptr::eq(format, &formats::json::ROWS)
}
