//! The resources that Config knew of at an instant.

use coldtrail_query::Value;
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::parsed;
use crate::error::{Error, Result};
use crate::resource::{self, Resource};
use crate::rows::{ask, rfc3339};
use crate::scope::Scope;

/// Which resources are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Such as `AWS::EC2::SecurityGroup`, in any case.
    pub resource_type: Option<&'a str>,
    pub account: Option<&'a str>,
    /// Key and value.
    pub tag: Option<(&'a str, &'a str)>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(flatten)]
    resource: Resource,
    state: String,
    valid_from: String,
    last_confirmed: Option<String>,
    resourcecreationtime: Option<String>,
    tags: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

/// The resources at an instant, in microseconds.
pub fn list(scope: &Scope<'_>, wanted: &Wanted<'_>, at: i64) -> Result<Answer> {
    scope.histories()?;
    let text = |text: Option<&str>| Value::Text(text.map(str::to_owned));
    let parameters = [
        ("at".to_owned(), Value::Time(Some(at))),
        ("type".to_owned(), text(wanted.resource_type)),
        ("account".to_owned(), text(wanted.account)),
    ];
    let mut all: Vec<Listed> = ask(scope.session, include_str!("list.sql"), &parameters)?;
    all.retain(|listed| wanted.tag.is_none_or(|(key, value)| has_tag(listed.tags.as_deref(), key, value)));
    if let (true, Some(kind)) = (all.is_empty(), wanted.resource_type) {
        known_type(scope, kind)?;
    }
    let mut answer = Answer::about(format!("{} resources that Config knew of at {}", all.len(), rfc3339(at)));
    answer.left_aside = scope.left_aside(&resource::ABOUT)?;
    answer.set("asOf", json!(rfc3339(at)));
    answer.set("resources", Json::Array(all.iter().map(Listed::as_json).collect()));
    for kind in all.chunk_by(|a, b| a.resource.resourcetype == b.resource.resourcetype) {
        let Some(first) = kind.first() else { continue };
        answer.section(first.resource.resourcetype.clone());
        for listed in kind {
            let r = &listed.resource;
            let name = r.resourcename.as_deref().filter(|name| *name != r.resourceid);
            let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
            let account = r.awsaccountid.as_deref().unwrap_or("unknown");
            let region = r.awsregion.as_deref().unwrap_or("unknown region");
            let text = format!("{}{name}  {account} {region}  since {}", r.resourceid, listed.valid_from);
            answer.say(1, "", text, [listed.row.clone()]);
        }
    }
    Ok(answer)
}

/// A type of which nothing was ever captured is mistyped, or nothing can be said of it.
fn known_type(scope: &Scope<'_>, kind: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct Type {
        name: String,
        is_it: bool,
        distance: i64,
    }
    let parameter = [("type".to_owned(), Value::Text(Some(kind.to_owned())))];
    let types: Vec<Type> = ask(scope.session, include_str!("types.sql"), &parameter)?;
    if types.iter().any(|known| known.is_it) {
        return Ok(());
    }
    let what = format!("no resource of type `{kind}` was captured in this evidence");
    match types.first().filter(|nearest| nearest.distance <= 2) {
        Some(nearest) => Err(Error::usage(what, format!("did you mean {}?", nearest.name))),
        None => Err(Error::absent(format!("cannot say: {what}"), "`coldtrail config list` shows the types that were")),
    }
}

impl Listed {
    fn as_json(&self) -> Json {
        let r = &self.resource;
        json!({
            "resourceType": r.resourcetype, "resourceId": r.resourceid, "resourceName": r.resourcename, "ARN": r.arn,
            "awsAccountId": r.awsaccountid, "awsRegion": r.awsregion, "state": self.state,
            "configurationItemCaptureTime": self.valid_from, "lastConfirmed": self.last_confirmed,
            "resourceCreationTime": self.resourcecreationtime, "tags": parsed(self.tags.as_deref()),
            "evidence": self.row.as_json(),
        })
    }
}

/// Tags are an object, or a list of keys and values.
fn has_tag(tags: Option<&str>, key: &str, value: &str) -> bool {
    match parsed(tags) {
        Json::Object(tags) => tags.get(key).and_then(Json::as_str) == Some(value),
        Json::Array(tags) => tags.iter().any(|tag| {
            let member = |name: &str| tag.get(name).and_then(Json::as_str);
            member("key").or_else(|| member("Key")) == Some(key)
                && member("value").or_else(|| member("Value")) == Some(value)
        }),
        _ => false,
    }
}
