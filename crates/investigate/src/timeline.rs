//! Rows of every log in one order, each with the reason why it is there.

use coldtrail_query::Value;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::rows::{address, ask, micros, period};
use crate::saved::Asked;
use crate::scope::{About, Scope};

/// What rows are looked for: those that fit any of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeline<'a> {
    pub actor: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub resource: Option<&'a str>,
    /// An event, and how long before and after it, in microseconds.
    pub around: Option<Around<'a>>,
    /// The period, in microseconds.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// An event and a window around it.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Its eventID, or its row: `object#record`.
    pub event: &'a str,
    /// Microseconds before and after.
    pub window: i64,
}

/// What the event around which others are looked for says.
#[derive(Deserialize)]
struct Event {
    event_time: Option<String>,
    actor: Option<String>,
    session_id: Option<String>,
    ip: Option<String>,
    target: Option<String>,
}

const ABOUT: About<'_> = About { tables: &["events"], derived: true, timed: true };

/// The statement for a timeline, and what it leaves aside.
pub fn timeline(scope: &Scope<'_>, wanted: &Timeline<'_>) -> Result<Asked> {
    let event = wanted.around.map(|around| find(scope, around.event)).transpose()?;
    if event.is_none() && wanted.actor.is_none() && wanted.ip.is_none() && wanted.resource.is_none() {
        let hint = "give one or more of --actor, --ip, --resource, --around";
        return Err(Error::usage("a timeline of everything is the table `events`", hint));
    }
    let bounds = scope.session.bounds();
    let window = wanted.around.map_or(0, |around| around.window);
    let middle = event.as_ref().and_then(|event| event.event_time.as_deref()).and_then(micros);
    if event.is_some() && middle.is_none() {
        return Err(Error::absent(
            "cannot say what lies around the event: it has no time",
            "`coldtrail record` shows it",
        ));
    }
    let from = wanted.from.unwrap_or_else(|| middle.map_or(bounds.start, |middle| middle - window));
    // A beginning after the end of the data is no mistake: of that time there is nothing.
    let to = wanted.to.unwrap_or_else(|| middle.map_or(bounds.end.max(from), |middle| middle + window));
    period(Some(from), Some(to))?;
    let of = |given: Option<&str>, found: Option<&Option<String>>| {
        Value::Text(given.map(str::to_owned).or_else(|| found.cloned().flatten()))
    };
    let seen = event.as_ref();
    let ip = wanted.ip.map(address).transpose()?;
    let parameters = vec![
        ("actor".to_owned(), of(wanted.actor, seen.map(|event| &event.actor))),
        ("session".to_owned(), Value::Text(seen.and_then(|event| event.session_id.clone()))),
        ("ip".to_owned(), of(ip.as_deref(), seen.map(|event| &event.ip))),
        ("resource".to_owned(), of(wanted.resource, seen.map(|event| &event.target))),
        ("from".to_owned(), Value::Time(Some(from))),
        ("to".to_owned(), Value::Time(Some(to))),
    ];
    let values = [("--actor", wanted.actor), ("--ip", ip.as_deref()), ("--resource", wanted.resource)];
    let asked = Asked::new(scope, include_str!("timeline/rows.sql"), parameters, &ABOUT, &values)?;
    Ok(Asked { whole: true, ..asked })
}

/// The event of that id, or of that place: `object#record`.
fn find(scope: &Scope<'_>, event: &str) -> Result<Event> {
    let (object, record) = match event.split_once('#') {
        Some((object, record)) => (Some(format!("{object}%")), record.parse::<i64>().ok()),
        None => (None, None),
    };
    let parameters = [
        ("event".to_owned(), Value::Text(Some(event.to_owned()))),
        ("object".to_owned(), Value::Text(object)),
        ("record".to_owned(), Value::Integer(record)),
    ];
    let mut found: Vec<Event> = ask(scope.session, include_str!("timeline/around.sql"), &parameters)?;
    found.pop().ok_or_else(|| {
        let hint = "name it by its eventID, or by its row: object#record";
        Error::absent(format!("no event `{event}` is in the evidence"), hint)
    })
}
