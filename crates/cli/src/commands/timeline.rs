//! `coldtrail timeline`

use anyhow::Result;
use coldtrail_investigate::{Around, Timeline, for_timesketch, timeline};

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
    let iocs = arguments.iocs.as_ref().map(fs_err::read_to_string).transpose()?;
    let wanted = Timeline {
        iocs: iocs.as_deref(),
        account: arguments.account.as_deref(),
        region: arguments.region.as_deref(),
        actor: arguments.actor.as_deref(),
        ip: arguments.ip.as_deref(),
        resource: arguments.resource.as_deref(),
        around: arguments.around.as_deref().map(|event| Around { event, window }),
        from,
        to,
    };
    let asked = timeline(&scope, &wanted)?;
    let asked = if arguments.format.is_some() { for_timesketch(asked) } else { asked };
    output::asked(settings, scope.session, &asked, &arguments.output)
}
