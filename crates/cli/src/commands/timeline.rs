//! `coldtrail timeline`

use anyhow::{Result, anyhow};
use coldtrail_query::{Session, Value};
use serde::Deserialize;

use crate::args::Timeline;
use crate::commands::config::{at, derived_session};
use crate::diagnostics::{Status, Usage};
use crate::rows::{address, ask, micros};
use crate::settings::Settings;
use crate::terminal;

/// An event around which others are looked for.
#[derive(Deserialize)]
struct Around {
    event_time: String,
    actor: Option<String>,
    session_id: Option<String>,
    ip: Option<String>,
    target: Option<String>,
}

pub(crate) fn run(arguments: &Timeline, settings: &Settings) -> Result<Status> {
    let session = derived_session(settings, &arguments.reading)?;
    let around = arguments.around.as_deref().map(|event| find(&session, event)).transpose()?;
    if around.is_none() && arguments.actor.is_none() && arguments.ip.is_none() && arguments.resource.is_none() {
        let hint = Some("give one or more of --actor, --ip, --resource, --around".to_owned());
        return Err(anyhow!(Usage { what: "a timeline of everything is the table `events`".to_owned(), hint }));
    }
    let bounds = session.bounds();
    let middle = around.as_ref().and_then(|around| micros(&around.event_time));
    let window = arguments.window.micros();
    let limit =
        |text: &Option<String>, default: i64| text.as_deref().map_or(Ok(default), |text| at(&session, Some(text)));
    let from = limit(&arguments.from, middle.map_or(bounds.start, |middle| middle - window))?;
    let to = limit(&arguments.to, middle.map_or(bounds.end, |middle| middle + window))?;
    if from > to {
        return Err(anyhow!(Usage { what: "the period ends before it begins".to_owned(), hint: None }));
    }
    let of = |given: &Option<String>, found: Option<&Option<String>>| {
        Value::Text(given.clone().or_else(|| found.cloned().flatten()))
    };
    let seen = around.as_ref();
    let parameters = [
        ("actor".to_owned(), of(&arguments.actor, seen.map(|event| &event.actor))),
        ("session".to_owned(), Value::Text(seen.and_then(|event| event.session_id.clone()))),
        ("ip".to_owned(), of(&arguments.ip.as_deref().map(address), seen.map(|event| &event.ip))),
        ("resource".to_owned(), of(&arguments.resource, seen.map(|event| &event.target))),
        ("around".to_owned(), Value::Text(arguments.around.clone())),
        ("from".to_owned(), Value::Time(Some(from))),
        ("to".to_owned(), Value::Time(Some(to))),
    ];
    let answer = session.query(include_str!("timeline/rows.sql"), &parameters)?;
    terminal::answer(settings, &answer, &arguments.output)?;
    if answer.rows() == 0 {
        terminal::note(settings, "no such row in the evidence that is here")?;
    }
    Ok(Status::Clean)
}

/// The event of that id, or of that place: `object#record`.
fn find(session: &Session, event: &str) -> Result<Around> {
    let (object, record) = match event.split_once('#') {
        Some((object, record)) => (Some(format!("{object}%")), record.parse::<i64>().ok()),
        None => (None, None),
    };
    let parameters = [
        ("event".to_owned(), Value::Text(Some(event.to_owned()))),
        ("object".to_owned(), Value::Text(object)),
        ("record".to_owned(), Value::Integer(record)),
    ];
    let mut found: Vec<Around> = ask(session, include_str!("timeline/around.sql"), &parameters)?;
    found.pop().ok_or_else(|| {
        let hint = Some("name it by its eventID, or by its row: object#record".to_owned());
        anyhow!(Usage { what: format!("no event `{event}` is in the evidence"), hint })
    })
}
