//! One file per verb.

mod actor;
mod add;
mod config;
mod custody;
mod demo;
mod derive;
mod export_evidence;
mod exposure;
mod fetch;
mod ingest;
mod init;
mod lake;
mod query;
mod record;
mod report;
mod request;
mod shell;
mod sources;
mod sql;
mod status;
mod tables;
mod timeline;
mod trust;
mod verify;

pub(crate) use fetch::is_interruption;
pub(crate) use query::read_again;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use coldtrail_evidence::Case;
use coldtrail_investigate::Scope;
use coldtrail_lake::Lake;
use coldtrail_query::{Session, SessionOptions, instant, until};

use crate::args::{Command, Reading, with_names};
use crate::diagnostics::{Status, Usage};
use crate::own::Own;
use crate::settings::Settings;

/// Does what the user asks for.
pub(crate) fn run(command: Option<Command>, settings: &Settings) -> Result<Status> {
    let Some(command) = command.or_else(|| settings.shell()) else { crate::args::end_with_help() };
    if command.goes_on() {
        say_when_interrupted()?;
    }
    // These make a case or need none.
    let is_about_one = !matches!(command, Command::Demo(_) | Command::Init(_) | Command::Completions(_) | Command::Man);
    if command.asks() {
        crate::waiting::start(settings);
    }
    let status = run_one(command, settings)?;
    crate::waiting::stop();
    if is_about_one {
        settings.name_case()?;
    }
    Ok(status)
}

fn run_one(command: Command, settings: &Settings) -> Result<Status> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, settings),
        Command::Init(arguments) => init::run(&arguments, settings),
        Command::Add(arguments) => add::run(&arguments, settings),
        Command::Fetch(arguments) => fetch::run(&arguments, settings),
        Command::Verify(arguments) => verify::run(&arguments, settings),
        Command::ExportEvidence(arguments) => export_evidence::run(&arguments, settings),
        Command::Ingest(arguments) => ingest::run(&arguments, settings),
        Command::Derive(arguments) => derive::run(&arguments, settings),
        Command::Lake(command) => lake::run(&command, settings),
        Command::Config(arguments) => config::run(&arguments, settings),
        Command::Actor(arguments) => actor::run(&arguments, settings),
        Command::Timeline(arguments) => timeline::run(&arguments, settings),
        Command::Exposure(arguments) => exposure::run(&arguments, settings),
        Command::Request(arguments) => request::run(&arguments, settings),
        Command::Status(arguments) => status::run(&arguments, settings),
        Command::Sql(arguments) => sql::run(&arguments, settings),
        Command::Shell(arguments) => shell::run(&arguments, settings),
        Command::Query(arguments) => query::run(&arguments, settings),
        Command::Record(arguments) => record::run(&arguments, settings),
        Command::Report(arguments) => report::run(&arguments, settings),
        Command::Tables(arguments) => tables::run(&arguments, settings),
        Command::Sources(command) => sources::run(&command, settings),
        Command::Trust(arguments) => trust::run(&arguments, settings),
        Command::Custody(arguments) => custody::run(&arguments, settings),
        Command::Completions(arguments) => {
            let mut out = Vec::new();
            let mut command = with_names(&coldtrail_query::Catalogue::built_in()?);
            clap_complete::generate(arguments.shell, &mut command, "coldtrail", &mut out);
            crate::terminal::print(settings, &String::from_utf8_lossy(&out))?;
            Ok(Status::Clean)
        }
        Command::Man => {
            let mut out = Vec::new();
            crate::args::manual(&mut out)?;
            crate::terminal::print(settings, &String::from_utf8_lossy(&out))?;
            Ok(Status::Clean)
        }
    }
}

/// Ctrl-C ends the program as it always does, after a word about what to do then. What was written is whole: a commit
/// and an entry of the custody log are there or are not.
fn say_when_interrupted() -> Result<()> {
    ctrlc::set_handler(|| crate::diagnostics::end_with("\ninterrupted; run it again to go on\n", 130))?;
    Ok(())
}

/// A session over the case's lake.
fn session(settings: &Settings, reading: &Reading) -> Result<Session> {
    let case = settings.case()?;
    session_over(&case, reading, &case.spill_dir(), settings)
}

fn session_over(case: &Case, reading: &Reading, spill: &Path, settings: &Settings) -> Result<Session> {
    let options = SessionOptions {
        memory: usize::try_from(reading.memory)?,
        version: reading.at_version,
        timeout: reading.timeout,
    };
    let own = Own::of(Some(case), settings)?;
    Ok(Session::open_with(&Lake::of(case)?, spill, options, own.views())?)
}

/// Where a question may put what does not fit into memory: in the case, or where nothing of it stays.
struct Spill {
    path: PathBuf,
    _apart: Option<tempfile::TempDir>,
}

impl Spill {
    fn new(case: &Case, read_only: bool) -> Result<Spill> {
        let apart = if read_only { Some(tempfile::tempdir()?) } else { None };
        let path = apart.as_ref().map_or_else(|| case.spill_dir(), |apart| apart.path().to_owned());
        Ok(Spill { path, _apart: apart })
    }
}

/// A session, and how much evidence there is beside what it sees.
struct CaseLake {
    session: Session,
    collected: u64,
    is_current: bool,
    /// The session writes there for as long as it is open.
    _spill: Spill,
}

impl CaseLake {
    fn scope(&self) -> Scope<'_> {
        Scope { session: &self.session, collected: self.collected, is_current: self.is_current }
    }
}

fn lake(settings: &Settings, reading: &Reading) -> Result<CaseLake> {
    lake_of(&settings.case()?, reading, false, settings)
}

/// The same of a case that is open already; read-only, nothing is written into it.
fn lake_of(case: &Case, reading: &Reading, read_only: bool, settings: &Settings) -> Result<CaseLake> {
    let collected = coldtrail_evidence::Manifest::load(case)?.len() as u64;
    let spill = Spill::new(case, read_only)?;
    let session = session_over(case, reading, &spill.path, settings)?;
    let is_current = coldtrail_correlate::is_current(session.snapshot());
    Ok(CaseLake { session, collected, is_current, _spill: spill })
}

/// Microseconds of an instant as people write it; without one, the end of the data.
fn at(scope: &Scope<'_>, text: Option<&str>) -> Result<i64> {
    let bounds = scope.session.bounds();
    text.map_or(Ok(bounds.end), |text| instant(text, bounds).ok_or_else(|| no_time(text)))
}

/// The bounds of a period, in microseconds. A day as its end means all of that day.
fn within(scope: &Scope<'_>, from: Option<&str>, to: Option<&str>) -> Result<(Option<i64>, Option<i64>)> {
    let bounds = scope.session.bounds();
    let from = from.map(|text| instant(text, bounds).ok_or_else(|| no_time(text))).transpose()?;
    let to = to.map(|text| until(text, bounds).ok_or_else(|| no_time(text))).transpose()?;
    Ok((from, to))
}

fn no_time(text: &str) -> anyhow::Error {
    let hint = Some("write 2026-03-02T04:10:00Z, 2026-03-02, start, end, end-7d or 7d".to_owned());
    anyhow!(Usage { what: format!("`{text}` is no time"), hint })
}
