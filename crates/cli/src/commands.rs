//! One file per verb.

mod actor;
mod add;
pub(crate) mod config;
mod custody;
mod demo;
mod derive;
mod export_evidence;
mod exposure;
mod fetch;
mod ingest;
mod init;
mod query;
mod record;
mod report;
mod sql;
mod status;
mod tables;
mod timeline;
mod verify;

pub(crate) use fetch::is_interruption;

use anyhow::Result;
use clap::CommandFactory;
use coldtrail_query::{Session, SessionOptions};

use crate::args::{Arguments, Command, Reading};
use crate::diagnostics::Status;
use crate::settings::Settings;

/// Does what the user asks for.
pub(crate) fn run(command: Command, settings: &Settings) -> Result<Status> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, settings),
        Command::Init(arguments) => init::run(&arguments, settings),
        Command::Add(arguments) => add::run(&arguments, settings),
        Command::Fetch(arguments) => fetch::run(&arguments, settings),
        Command::Verify(arguments) => verify::run(&arguments, settings),
        Command::ExportEvidence(arguments) => export_evidence::run(&arguments, settings),
        Command::Ingest(arguments) => ingest::run(&arguments, settings),
        Command::Derive(arguments) => derive::run(&arguments, settings),
        Command::Config(arguments) => config::run(&arguments, settings),
        Command::Actor(arguments) => actor::run(&arguments, settings),
        Command::Timeline(arguments) => timeline::run(&arguments, settings),
        Command::Exposure(arguments) => exposure::run(&arguments, settings),
        Command::Status(arguments) => status::run(&arguments, settings),
        Command::Sql(arguments) => sql::run(&arguments, settings),
        Command::Query(arguments) => query::run(&arguments, settings),
        Command::Record(arguments) => record::run(&arguments, settings),
        Command::Report(arguments) => report::run(&arguments, settings),
        Command::Tables(arguments) => tables::run(&arguments, settings),
        Command::Custody(arguments) => custody::run(&arguments, settings),
        Command::Completions(arguments) => {
            let mut out = Vec::new();
            clap_complete::generate(arguments.shell, &mut Arguments::command(), "coldtrail", &mut out);
            crate::terminal::print(settings, &String::from_utf8_lossy(&out))?;
            Ok(Status::Clean)
        }
    }
}

/// A session over the case's lake.
fn session(settings: &Settings, reading: &Reading) -> Result<Session> {
    let case = settings.case()?;
    let options = SessionOptions { memory: usize::try_from(reading.memory)?, version: reading.at_version };
    Ok(Session::open(&case.lake_dir(), &case.spill_dir(), options)?)
}
