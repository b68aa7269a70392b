//! `coldtrail timeline`

use anyhow::Result;
use coldtrail_investigate::{Around, Timeline, timeline};

use crate::args::Timeline as Arguments;
use crate::commands::within;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::{commands, output};

pub(crate) fn run(arguments: &Arguments, settings: &Settings) -> Result<Status> {
    let lake = commands::lake(settings, &arguments.reading)?;
    let scope = lake.scope();
    let (from, to) = within(&scope, arguments.from.as_deref(), arguments.to.as_deref())?;
    let window = arguments.window.micros();
    let wanted = Timeline {
        actor: arguments.actor.as_deref(),
        ip: arguments.ip.as_deref(),
        resource: arguments.resource.as_deref(),
        around: arguments.around.as_deref().map(|event| Around { event, window }),
        from,
        to,
    };
    output::asked(settings, scope.session, &timeline(&scope, &wanted)?, &arguments.output)
}
