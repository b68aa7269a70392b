//! Resources of AWS Config, and what is meant by a name.

use coldtrail_query::Value;
use serde::{Deserialize, Serialize};

use crate::config::history::State;
use crate::error::{Error, Result};
use crate::rows::ask;
use crate::scope::{About, Scope};

/// Histories are made of these.
pub(crate) const ABOUT: About<'_> = About { tables: &["config_items"], derived: true, timed: true };

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
    pub(crate) states: Vec<State>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(flatten)]
    resource: Resource,
    #[serde(flatten)]
    state: State,
}

/// The one resource that is called so: by ARN, id or name.
pub(crate) fn resolve(scope: &Scope<'_>, name: &str) -> Result<Found> {
    let session = scope.session;
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
    let at = one_of(scope, name, &all.iter().map(|found| found.resource.clone()).collect::<Vec<_>>())?;
    Ok(all.swap_remove(at))
}

/// Which of the resources is meant; otherwise an error that lists them.
fn one_of(scope: &Scope<'_>, name: &str, all: &[Resource]) -> Result<usize> {
    let mut found: Vec<(usize, &Resource)> = all.iter().enumerate().collect();
    // One that bears it as ARN or id is meant rather than one that has it as a name.
    let exact = |r: &Resource| r.arn.as_deref() == Some(name) || r.resourceid == name;
    if found.iter().filter(|(_, r)| exact(r)).count() == 1 {
        found.retain(|(_, r)| exact(r));
    }
    match found.as_slice() {
        [(at, _)] => Ok(*at),
        [] => Err(unknown(scope, name)?),
        several => {
            let list: Vec<String> = several.iter().map(|(_, r)| format!("{} ({})", r.short(), r.title())).collect();
            let what = format!("{} resources are called `{name}`", several.len());
            Err(Error::usage(what, format!("name it by its ARN or id: {}", list.join("; "))))
        }
    }
}

/// A name that no resource has: nearly that of one, or of nothing that was recorded.
fn unknown(scope: &Scope<'_>, name: &str) -> Result<Error> {
    let parameter = vec![("resource".to_owned(), Value::Text(Some(name.to_owned())))];
    let similar: Vec<Similar> = ask(scope.session, include_str!("config/similar.sql"), &parameter)?;
    let names: Vec<String> = similar.iter().map(|s| format!("{} ({})", s.name, s.resourcetype)).collect();
    let what = format!("AWS Config recorded no resource called `{name}` in this evidence");
    if !names.is_empty() {
        return Ok(Error::usage(what, format!("did you mean {}?", names.join(", "))));
    }
    let aside = scope.left_aside(&ABOUT)?;
    let aside = if aside.is_empty() { String::new() } else { format!("; left aside: {}", aside.sentence()) };
    let hint = "it may not be recorded, or its Config files may not be here; `coldtrail config list` shows what is, and \
                `coldtrail timeline --resource` what other logs say";
    Ok(Error::absent(format!("cannot say: {what}, among {}{aside}", scope.among(&ABOUT)), hint))
}
