//! Rows of every log in one order, each with the reason why it is there.

use coldtrail_query::Value;
use coldtrail_report::AsideKind;
use serde::Deserialize;

use crate::actor::{Meant, meant};
use crate::error::{Error, Result};
use crate::rows::{address, ask, micros, period};
use crate::saved::Asked;
use crate::scope::{About, Scope};

/// What rows are looked for: those that fit all of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeline<'a> {
    pub actor: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub resource: Option<&'a str>,
    /// Only rows of this account, and of this region.
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// Addresses, networks, access keys, ARNs or ids, one on a line: rows that name any of them.
    pub iocs: Option<&'a str>,
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
    if event.is_none()
        && wanted.actor.is_none()
        && wanted.ip.is_none()
        && wanted.resource.is_none()
        && wanted.iocs.is_none()
    {
        let hint = "give one or more of --actor, --ip, --resource, --iocs, --around";
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
    let meant = wanted.actor.map(|name| meant(scope.session, name)).transpose()?;
    let taken_for = match meant {
        Some(Meant::By(arn)) => Some(arn),
        Some(Meant::Itself) | None => None,
    };
    let actor = taken_for.clone().or_else(|| wanted.actor.map(str::to_owned));
    let iocs = wanted.iocs.map(indicators).transpose()?;
    let text = |text: Option<&str>| Value::Text(text.map(str::to_owned));
    let given = |is: bool| Value::Boolean(Some(is));
    let parameters = vec![
        ("account".to_owned(), text(wanted.account)),
        ("region".to_owned(), text(wanted.region)),
        ("needs_actor".to_owned(), given(actor.is_some())),
        ("needs_ip".to_owned(), given(ip.is_some())),
        ("needs_resource".to_owned(), given(wanted.resource.is_some())),
        ("iocs".to_owned(), Value::Text(iocs.as_ref().map(|iocs| iocs.join("\n")))),
        ("actor".to_owned(), of(actor.as_deref(), seen.map(|event| &event.actor))),
        ("session".to_owned(), Value::Text(seen.and_then(|event| event.session_id.clone()))),
        ("ip".to_owned(), of(ip.as_deref(), seen.map(|event| &event.ip))),
        ("resource".to_owned(), of(wanted.resource, seen.map(|event| &event.target))),
        ("from".to_owned(), Value::Time(Some(from))),
        ("to".to_owned(), Value::Time(Some(to))),
    ];
    let values = [
        ("--actor", actor.as_deref()),
        ("--ip", ip.as_deref()),
        ("--resource", wanted.resource),
        ("--account", wanted.account),
        ("--region", wanted.region),
    ];
    let asked = Asked::new(scope, include_str!("timeline/rows.sql"), parameters, &ABOUT, &values)?;
    let not_seen = iocs.as_ref().map(|iocs| not_seen(scope, iocs)).transpose()?.unwrap_or_default();
    let mut asked = Asked { whole: true, taken_for, ..asked };
    let what = "indicators are no address, key, actor or resource of any row; names, hosts and URLs are not looked for";
    asked.left_aside.add(AsideKind::NoSuchValue, not_seen.len() as u64, what);
    Ok(Asked { not_seen, ..asked })
}

/// The indicators of a list: one on a line, what follows a `#` is a comment, and `[.]` is a dot.
fn indicators(text: &str) -> Result<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut iocs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim().replace("[.]", ".");
        if !line.is_empty() {
            let ioc = address(&line).map_err(|error| match error {
                Error::Usage { what, hint } => Error::Usage { what: format!("line {number}: {what}"), hint },
                other => other,
            })?;
            iocs.push(ioc);
        }
    }
    if iocs.is_empty() {
        return Err(Error::usage("the list of indicators is empty", "write one on a line"));
    }
    Ok(iocs)
}

/// The indicators that stand in no row at all, whatever its time.
fn not_seen(scope: &Scope<'_>, iocs: &[String]) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Missing {
        ioc: String,
    }
    let parameters = [("iocs".to_owned(), Value::Text(Some(iocs.join("\n"))))];
    let missing: Vec<Missing> = ask(scope.session, include_str!("timeline/not_seen.sql"), &parameters)?;
    Ok(missing.into_iter().map(|missing| missing.ioc).collect())
}

/// The columns that Timesketch asks for, in front of the others: `message`, `datetime` in ISO 8601, `timestamp_desc`.
pub fn for_timesketch(asked: Asked) -> Asked {
    let sql = include_str!("timeline/timesketch.sql").replace("{rows}", &asked.sql);
    Asked { sql, ..asked }
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
