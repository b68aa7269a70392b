//! `coldtrail actor`

use anyhow::Result;
use coldtrail_investigate::{Who, who};

use crate::args::Actor;
use crate::commands::within;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::{commands, terminal};

pub(crate) fn run(arguments: &Actor, settings: &Settings) -> Result<Status> {
    let lake = commands::lake(settings, &arguments.reading)?;
    let scope = lake.scope();
    let (from, to) = within(&scope, arguments.from.as_deref(), arguments.to.as_deref())?;
    let wanted = Who { name: &arguments.who, from, to, tree: arguments.tree };
    terminal::print_answer(settings, &who(&scope, &wanted)?)
}
