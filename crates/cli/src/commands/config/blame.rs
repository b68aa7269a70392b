//! `coldtrail config blame`

use anyhow::Result;
use coldtrail_query::Value;
use serde_json::{Value as Json, json};

use super::history::{Change, History, Item, State};
use super::{at, history_session, resolve};
use crate::args::ConfigAt;
use crate::diagnostics::Status;
use crate::rows::{ask, cut, safe};
use crate::settings::Settings;
use crate::terminal;

pub(super) fn run(arguments: &ConfigAt, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let history = History::load(&session, resolve(&session, &arguments.resource)?)?;
    let at = at(&session, arguments.at.as_deref())?;
    let mut parameters: Vec<_> =
        history.resource.parameters().into_iter().filter(|(name, _)| name != "region").collect();
    parameters.push(("until".to_owned(), Value::Time(Some(at))));
    let items: Vec<Item> = ask(&session, include_str!("items.sql"), &parameters)?;
    // Since it was made for the last time: a resource that was deleted and made again has forgotten.
    let states: Vec<&State> = history.states.iter().filter(|state| state.from() <= at).collect();
    let begin = states.iter().rposition(|state| state.state != "exists").map_or(0, |last| last + 1);
    let states = states.get(begin..).unwrap_or_default();
    let versions: Vec<(&State, Json)> = states
        .iter()
        .filter_map(|state| Some((*state, items.iter().find(|item| item.row == state.row)?.documents())))
        .collect();
    let documents: Vec<&Json> = versions.iter().map(|(_, document)| document).collect();
    let lines: Vec<Line<'_>> = coldtrail_diff::blame(&documents)
        .into_iter()
        .filter_map(|blamed| {
            let (state, _) = versions.get(blamed.version)?;
            let change =
                history.changes.iter().find(|change| change.first().is_some_and(|first| first.row == state.row));
            Some(Line { path: blamed.path, value: blamed.value, state, change, first: blamed.version == 0 })
        })
        .collect();
    if settings.json {
        let all: Vec<Json> = lines.iter().map(Line::as_json).collect();
        terminal::print_json(settings, &json!({ "resource": history.resource, "fields": all }))?;
        return Ok(Status::Clean);
    }
    let mut text = format!("{}\n{}; {}\n\n", safe(&history.resource.title()), history.counts(), history.recording());
    for line in &lines {
        text.push_str(&line.text());
    }
    if lines.is_empty() {
        text.push_str("it does not exist at that time, so no field has an author\n");
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

/// One field and who set it.
struct Line<'h> {
    path: String,
    value: Json,
    state: &'h State,
    change: Option<&'h Change>,
    /// Was it so already when the resource was first captured?
    first: bool,
}

impl Line<'_> {
    fn text(&self) -> String {
        let value = safe(&cut(&self.value.to_string(), 80));
        let attribution = self.change.and_then(|change| change.attribution.as_ref());
        let who = match attribution {
            Some(a) if a.event().is_some() => format!(
                "[{}] {} by {} at {}, call {}",
                a.class,
                safe(a.api.as_deref().unwrap_or_default()),
                safe(a.actor.as_deref().unwrap_or("unknown")),
                a.event_time.as_deref().unwrap_or_default(),
                a.event().map(|row| row.short()).unwrap_or_default()
            ),
            Some(a) => format!("[{}]", a.class),
            None if self.first => "as first captured".to_owned(),
            None => "[not attributed]".to_owned(),
        };
        format!(
            "{}  {} = {value}\n    {who}; item {}\n",
            self.state.valid_from,
            safe(&self.path),
            self.state.row.short()
        )
    }

    fn as_json(&self) -> Json {
        json!({
            "path": self.path, "value": self.value, "configurationItemCaptureTime": self.state.valid_from,
            "asFirstCaptured": self.first,
            "attribution": self.change.and_then(|change| change.attribution.as_ref()).map(|a| a.as_json()),
            "evidence": self.state.row.as_json(),
        })
    }
}
