//! `coldtrail config log`

use anyhow::Result;
use serde_json::{Value as Json, json};

use super::history::{Change, History, change_text};
use super::{derived_session, resolve};
use crate::args::ConfigLog;
use crate::diagnostics::Status;
use crate::rows::{micros, safe};
use crate::settings::Settings;
use crate::terminal;

pub(super) fn run(arguments: &ConfigLog, settings: &Settings) -> Result<Status> {
    let session = derived_session(settings, &arguments.reading)?;
    let history = History::load(&session, resolve(&session, &arguments.resource)?)?;
    let from = arguments.from.as_deref().map(|text| super::at(&session, Some(text))).transpose()?;
    let to = arguments.to.as_deref().map(|text| super::at(&session, Some(text))).transpose()?;
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
        text.push_str("\nno change of it was captured in that time, as far as the Config files go that are here\n");
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}
