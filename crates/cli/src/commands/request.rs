//! `coldtrail request`

use anyhow::Result;
use coldtrail_investigate::request;

use crate::args::Request;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::{commands, terminal};

pub(crate) fn run(arguments: &Request, settings: &Settings) -> Result<Status> {
    let lake = commands::lake(settings, &arguments.reading)?;
    terminal::print_answer(settings, &request(&lake.scope(), &arguments.id)?)
}
