//! `coldtrail config`: AWS Config as a history, with names.

mod blame;
mod diff;
mod history;
mod investigate;
mod list;
mod log;
mod related;
mod show;

use anyhow::{Result, anyhow};
use coldtrail_query::{Session, Value, instant};
use serde::{Deserialize, Serialize};

use crate::args::Config;
use crate::commands::session;
use crate::diagnostics::{Status, Usage};
use crate::rows::ask;
use crate::settings::Settings;

pub(crate) fn run(arguments: &Config, settings: &Settings) -> Result<Status> {
    match arguments {
        Config::Show(arguments) => show::run(arguments, settings),
        Config::Log(arguments) => log::run(arguments, settings),
        Config::Diff(arguments) => diff::run(arguments, settings),
        Config::Blame(arguments) => blame::run(arguments, settings),
        Config::Related(arguments) => related::run(arguments, settings),
        Config::List(arguments) => list::run(arguments, settings),
        Config::Investigate(arguments) => investigate::run(arguments, settings),
    }
}

/// A session over histories; without any item of Config nothing can be said about resources, least of all that there
/// was none.
pub(crate) fn history_session(settings: &Settings, reading: &crate::args::Reading) -> Result<Session> {
    let session = derived_session(settings, reading)?;
    if session.rows(coldtrail_schema::tables::config_items::TABLE.name) == 0 {
        let what = "cannot say: no item of AWS Config is in this evidence".to_owned();
        let hint = Some(
            "add Config's history and snapshot files; `coldtrail timeline --resource` looks at other logs".to_owned(),
        );
        return Err(anyhow!(Usage { what, hint }));
    }
    Ok(session)
}

/// A session over a lake whose tables are derived.
pub(crate) fn derived_session(settings: &Settings, reading: &crate::args::Reading) -> Result<Session> {
    let session = session(settings, reading)?;
    if !session.is_derived() {
        let hint = Some("`coldtrail derive` makes them; `coldtrail ingest` does so at its end".to_owned());
        return Err(anyhow!(Usage { what: "histories and sessions were not derived yet".to_owned(), hint }));
    }
    Ok(session)
}

/// A resource of AWS Config.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) awsaccountid: Option<String>,
    pub(crate) awsregion: Option<String>,
    pub(crate) resourcetype: String,
    pub(crate) resourceid: String,
    pub(crate) resourcename: Option<String>,
    pub(crate) arn: Option<String>,
}

impl Resource {
    /// The parameters that name it.
    pub(crate) fn parameters(&self) -> Vec<(String, Value)> {
        let text = |name: &str, value: Option<&str>| (name.to_owned(), Value::Text(value.map(str::to_owned)));
        vec![
            text("account", self.awsaccountid.as_deref()),
            text("region", self.awsregion.as_deref()),
            text("type", Some(&self.resourcetype)),
            text("id", Some(&self.resourceid)),
        ]
    }

    /// Are both the same one?
    pub(crate) fn is(&self, other: &Resource) -> bool {
        self.resourceid == other.resourceid
            && self.resourcetype == other.resourcetype
            && self.awsaccountid == other.awsaccountid
            && self.awsregion == other.awsregion
    }

    /// One line that names it.
    pub(crate) fn title(&self) -> String {
        let name = self.resourcename.as_deref().filter(|name| *name != self.resourceid);
        format!(
            "{} {}{} in account {}, {}",
            self.resourcetype,
            self.resourceid,
            name.map(|name| format!(" ({name})")).unwrap_or_default(),
            self.awsaccountid.as_deref().unwrap_or("unknown"),
            self.awsregion.as_deref().unwrap_or("unknown region"),
        )
    }

    /// The shortest name that is unique nearly always.
    pub(crate) fn short(&self) -> &str {
        self.arn.as_deref().unwrap_or(&self.resourceid)
    }
}

#[derive(Deserialize)]
struct Similar {
    name: String,
    resourcetype: String,
}

/// A resource with its states, in order of time.
pub(crate) struct Found {
    pub(crate) resource: Resource,
    states: Vec<history::State>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(flatten)]
    resource: Resource,
    #[serde(flatten)]
    state: history::State,
}

/// The one resource that is called so: by ARN, id or name.
pub(crate) fn resolve(session: &Session, name: &str) -> Result<Found> {
    let parameter = vec![("resource".to_owned(), Value::Text(Some(name.to_owned())))];
    let rows: Vec<Named> = ask(session, include_str!("config/resolve.sql"), &parameter)?;
    let mut all: Vec<Found> = Vec::new();
    for Named { resource, state } in rows {
        match all.last_mut() {
            Some(last) if last.resource.is(&resource) => {
                // What it is called now is its name.
                last.resource = resource;
                last.states.push(state);
            }
            _ => all.push(Found { resource, states: vec![state] }),
        }
    }
    let at = one_of(session, name, &all.iter().map(|found| found.resource.clone()).collect::<Vec<_>>())?;
    Ok(all.swap_remove(at))
}

/// Which of the resources is meant; otherwise an error that lists them.
fn one_of(session: &Session, name: &str, all: &[Resource]) -> Result<usize> {
    let mut found: Vec<(usize, &Resource)> = all.iter().enumerate().collect();
    // One that bears it as ARN or id is meant rather than one that has it as a name.
    let exact = |r: &Resource| r.arn.as_deref() == Some(name) || r.resourceid == name;
    if found.iter().filter(|(_, r)| exact(r)).count() == 1 {
        found.retain(|(_, r)| exact(r));
    }
    match found.as_slice() {
        [(at, _)] => Ok(*at),
        [] => Err(anyhow!(unknown(session, name)?)),
        several => {
            let list: Vec<String> = several.iter().map(|(_, r)| format!("  {}  {}", r.short(), r.title())).collect();
            let hint = Some(format!("name it by its ARN or id:\n{}", list.join("\n")));
            Err(anyhow!(Usage { what: format!("{} resources are called `{name}`", several.len()), hint }))
        }
    }
}

fn unknown(session: &Session, name: &str) -> Result<Usage> {
    let parameter = vec![("resource".to_owned(), Value::Text(Some(name.to_owned())))];
    let similar: Vec<Similar> = ask(session, include_str!("config/similar.sql"), &parameter)?;
    let names: Vec<String> = similar.iter().map(|s| format!("{} ({})", s.name, s.resourcetype)).collect();
    let hint = match names.as_slice() {
        [] => {
            "it may not be recorded, or its Config files may not be here; `coldtrail config list` shows what is, and \
               `coldtrail timeline --resource` what other logs say"
                .to_owned()
        }
        names => format!("did you mean {}?", names.join(", ")),
    };
    Ok(Usage { what: format!("AWS Config recorded no resource called `{name}` in this evidence"), hint: Some(hint) })
}

/// Microseconds of an instant as people write it; without one, the end of the data.
pub(crate) fn at(session: &Session, text: Option<&str>) -> Result<i64> {
    let bounds = session.bounds();
    let Some(text) = text else { return Ok(bounds.end) };
    instant(text, bounds).ok_or_else(|| {
        let hint = Some("write 2026-03-02T04:10:00Z, 2026-03-02, start, end, end-7d or 7d".to_owned());
        anyhow!(Usage { what: format!("`{text}` is no time"), hint })
    })
}
