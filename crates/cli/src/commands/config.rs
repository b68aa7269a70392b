//! `coldtrail config`: AWS Config as a history, with names.

use anyhow::{Result, anyhow};
use coldtrail_investigate::config::{Wanted, blame, diff, investigate, list, log, related, show};

use crate::args::Config;
use crate::commands::{at, within};
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;
use crate::{commands, terminal};

pub(crate) fn run(arguments: &Config, settings: &Settings) -> Result<Status> {
    let reading = match arguments {
        Config::Show(a) | Config::Blame(a) => &a.reading,
        Config::Log(a) => &a.reading,
        Config::Diff(a) => &a.reading,
        Config::Related(a) => &a.reading,
        Config::List(a) => &a.reading,
        Config::Investigate(a) => &a.reading,
    };
    let lake = commands::lake(settings, reading)?;
    let scope = lake.scope();
    let answer = match arguments {
        Config::Show(a) => show(&scope, &a.resource, at(&scope, a.at.as_deref())?),
        Config::Log(a) => {
            let (from, to) = within(&scope, a.from.as_deref(), a.to.as_deref())?;
            log(&scope, &a.resource, from, to)
        }
        Config::Diff(a) => {
            let (_, to) = within(&scope, None, a.to.as_deref())?;
            let to = to.map_or_else(|| at(&scope, None), Ok)?;
            diff(&scope, a.resource.as_deref(), at(&scope, Some(&a.from))?, to)
        }
        Config::Blame(a) => blame(&scope, &a.resource, at(&scope, a.at.as_deref())?),
        Config::Related(a) => related(&scope, &a.resource, at(&scope, a.at.as_deref())?, a.depth, a.window.micros()),
        Config::List(a) => {
            let wanted = Wanted {
                resource_type: a.resource_type.as_deref(),
                account: a.account.as_deref(),
                tag: a.tag.as_deref().map(pair).transpose()?,
            };
            list(&scope, &wanted, at(&scope, a.at.as_deref())?)
        }
        Config::Investigate(a) => investigate(&scope, &a.resource, at(&scope, a.at.as_deref())?, a.window.micros()),
    };
    terminal::print_answer(settings, &answer?)
}

/// `Name=web`
fn pair(text: &str) -> Result<(&str, &str)> {
    text.split_once('=').ok_or_else(|| {
        anyhow!(Usage { what: format!("`{text}` is no tag"), hint: Some("write --tag key=value".to_owned()) })
    })
}
