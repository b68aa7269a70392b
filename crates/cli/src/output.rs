//! Answers of the query engine in every format, written as they come: no answer is held whole.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use coldtrail_investigate::Asked;
use coldtrail_lake::AnswerWriter;
use coldtrail_query::{Session, Stream};
use coldtrail_report::formats::{self, BatchWriter, Begin, Out};
use coldtrail_report::{Claim, Error, FORMATS, Format, Options, Written, escape};
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::arrow::schema::Schema;
use serde_json::json;

use crate::args::Output;
use crate::diagnostics::{Status, Usage};
use crate::screen::Screen;
use crate::settings::Settings;
use crate::terminal::{note, warn};

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

    fn end(self: Box<Self>) -> Result<(), Error> {
        self.0.end().map_err(broken)
    }
}

fn broken(source: std::io::Error) -> Error {
    Error::Write { format: "parquet", source }
}

/// Every format of output, in the order in which help lists them.
pub(crate) fn all() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().chain([&PARQUET])
}

/// The format that the user wants: by name, else by the extension of the file, else a table.
fn wanted(settings: &Settings, output: &Output) -> Result<&'static Format> {
    let table = &formats::text::FORMAT;
    let name = output.output.as_deref().or(settings.json.then_some("json"));
    if let Some(name) = name {
        return all().find(|format| format.name == name).ok_or_else(|| {
            let known: Vec<&str> = all().map(|format| format.name).collect();
            let hint = Some(format!("known are {}", known.join(", ")));
            anyhow!(Usage { what: format!("`{name}` is no format of output"), hint })
        });
    }
    let extension = output.file.as_ref().and_then(|file| file.extension()).and_then(|e| e.to_str());
    let meant = extension.and_then(|extension| all().find(|format| formats::has_extension(format, extension)));
    Ok(meant.unwrap_or(table))
}

/// Writes an answer as the user wants it; how many rows it has.
pub(crate) fn answer(settings: &Settings, answer: Stream<'_>, output: &Output) -> Result<u64> {
    let format = wanted(settings, output)?;
    let person = settings.stdout_tty && output.file.is_none();
    if output.raw && person {
        let hint = Some("write it to a file with -o".to_owned());
        return Err(anyhow!(Usage { what: "raw values are not written to a terminal".to_owned(), hint }));
    }
    let options = Options { tty: person, width: settings.width.filter(|_| person), raw: output.raw };
    let mut rows = 0;
    let written = match &output.file {
        Some(file) => {
            let written = into_file(file, |out| write(format, answer, out, &options, &mut rows))?;
            note(settings, format!("{} rows written to {}", written.rows, file.display()))?;
            written
        }
        None if !format.is_text() => {
            let hint = Some(format!("add -o FILE.{}", format.extensions.first().unwrap_or(&format.name)));
            return Err(anyhow!(Usage { what: "Parquet is written to a file".to_owned(), hint }));
        }
        None => {
            let mut screen = Screen::new(settings);
            let mut written = Written::default();
            let result = write(format, answer, Box::new(&mut screen), &options, &mut rows).map(|all| written = all);
            screen.finish(result)?;
            if person {
                note(settings, format!("{rows} rows"))?;
            }
            written
        }
    };
    if written.disarmed > 0 {
        note(
            settings,
            format!(
                "{} cells that a spreadsheet would run have a ' before them; --raw leaves them as they are",
                written.disarmed
            ),
        )?;
    }
    Ok(rows)
}

/// Asks one statement, and writes its rows with what they leave aside; how it ends.
pub(crate) fn asked(settings: &Settings, session: &Session, asked: &Asked, output: &Output) -> Result<Status> {
    let rows = answer(settings, session.query(&asked.sql, &asked.parameters)?, output)?;
    let empty = (rows == 0).then(|| asked.empty(session)).transpose()?;
    let claim = empty.as_ref().map_or_else(|| asked.claim(), |empty| empty.claim);
    if settings.json {
        // Rows stay an array on standard output; what is not in them is one object on standard error.
        let none = empty.map(|empty| empty.sentence);
        let about = json!({ "none": none, "cannotSay": asked.cannot_say, "leftAside": asked.left_aside });
        writeln!(std::io::stderr(), "{}", escape::json(&about))?;
        return Ok(claim.into());
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

/// Writes batch after batch; `rows` are those that were written so far, also when it ends early.
fn write(format: &Format, answer: Stream<'_>, out: Out<'_>, options: &Options, rows: &mut u64) -> Result<Written> {
    let mut answering = format.begin(answer.schema(), out, options)?;
    for batch in answer {
        answering.batch(&batch?)?;
        *rows = answering.rows();
    }
    Ok(answering.end()?)
}

/// Writes a file under another name and renames it, so that there is a whole one or none. What is no plain file, such
/// as a pipe, is written as it is.
pub(crate) fn into_file<T>(file: &Path, write: impl FnOnce(Out<'_>) -> Result<T>) -> Result<T> {
    // A link stays a link.
    let target = if file.exists() { fs_err::canonicalize(file)? } else { file.to_owned() };
    if target.exists() && !fs_err::metadata(&target)?.is_file() {
        let mut out = BufWriter::new(fs_err::OpenOptions::new().write(true).open(&target)?);
        let value = write(Box::new(&mut out))?;
        out.flush().with_context(|| target.display().to_string())?;
        return Ok(value);
    }
    let part = beside(&target)?;
    let written = fill(&part, write).and_then(|value| {
        fs_err::rename(&part, &target)?;
        Ok(value)
    });
    if written.is_err() && part.exists() {
        // What went wrong is the error that the user has to know.
        let _best_effort = fs_err::remove_file(&part);
    }
    written
}

fn fill<T>(part: &Path, write: impl FnOnce(Out<'_>) -> Result<T>) -> Result<T> {
    let mut out = BufWriter::with_capacity(1 << 16, fs_err::File::create(part)?);
    let value = write(Box::new(&mut out))?;
    out.flush()?;
    Ok(value)
}

/// `.x.csv.part` beside `x.csv`.
fn beside(target: &Path) -> Result<PathBuf> {
    let Some(name) = target.file_name() else {
        return Err(anyhow!(Usage { what: format!("{} is no file", target.display()), hint: None }));
    };
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(".part");
    Ok(target.with_file_name(part))
}
