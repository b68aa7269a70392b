//! `coldtrail exposure`

use anyhow::Result;
use coldtrail_investigate::{Exposed, exposure};

use crate::args::Exposure;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::{commands, terminal};

pub(crate) fn run(arguments: &Exposure, settings: &Settings) -> Result<Status> {
    let lake = commands::lake(settings, &arguments.reading)?;
    let wanted = Exposed { resource: arguments.resource.as_deref(), kind: arguments.kind.as_deref() };
    terminal::print_answer(settings, &exposure(&lake.scope(), &wanted)?)
}
