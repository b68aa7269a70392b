//! `coldtrail config log`

use anyhow::{Result, anyhow};
use serde_json::{Value as Json, json};

use super::history::{Change, History, change_text};
use super::{history_session, resolve};
use crate::args::ConfigLog;
use crate::diagnostics::{Status, Usage};
use crate::rows::{micros, safe};
use crate::settings::Settings;
use crate::terminal;

pub(super) fn run(arguments: &ConfigLog, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let history = History::load(&session, resolve(&session, &arguments.resource)?)?;
    let from = arguments.from.as_deref().map(|text| super::at(&session, Some(text))).transpose()?;
    let to = arguments.to.as_deref().map(|text| super::at(&session, Some(text))).transpose()?;
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(anyhow!(Usage { what: "the period ends before it begins".to_owned(), hint: None }));
    }
    let within = |change: &&Change| {
        let time = micros(change.time()).unwrap_or_default();
        from.is_none_or(|from| time >= from) && to.is_none_or(|to| time <= to)
    };
    let changes: Vec<&Change> = history.changes.iter().filter(within).collect();
    if settings.json {
        let all: Vec<Json> = changes.iter().map(|change| change.as_json()).collect();
        let value = json!({
            "resource": history.resource, "states": history.states.len(), "recording": history.recording(),
            "firstCapture": history.states.first().map(|state| &state.valid_from), "changes": all,
        });
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let mut text = format!("{}\n{}; {}\n", safe(&history.resource.title()), history.counts(), history.recording());
    if let Some(first) = history.states.first() {
        text.push_str(&format!("first capture in the evidence: {} (row {})\n", first.valid_from, first.row.short()));
    }
    for change in &changes {
        text.push_str(&format!("\n{}", change_text(change)));
    }
    if changes.is_empty() {
        let when = if from.or(to).is_some() { " in that time" } else { "" };
        text.push_str(&format!("\nno change of it was captured{when}, as far as the Config files go that are here\n"));
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}
