//! `coldtrail config list`

use anyhow::{Result, anyhow};
use coldtrail_query::Value;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::parsed;
use super::{Resource, at, history_session};
use crate::args::ConfigList;
use crate::diagnostics::{Status, Usage};
use crate::rows::{Row, ask, rfc3339};
use crate::settings::Settings;
use crate::terminal;

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
    row: Row,
}

pub(super) fn run(arguments: &ConfigList, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let at = at(&session, arguments.at.as_deref())?;
    let tag = arguments.tag.as_deref().map(pair).transpose()?;
    let parameters = [
        ("at".to_owned(), Value::Time(Some(at))),
        ("type".to_owned(), Value::Text(arguments.resource_type.clone())),
        ("account".to_owned(), Value::Text(arguments.account.clone())),
    ];
    let mut all: Vec<Listed> = ask(&session, include_str!("list.sql"), &parameters)?;
    all.retain(|listed| tag.as_ref().is_none_or(|(key, value)| has_tag(listed.tags.as_deref(), key, value)));
    if settings.json {
        let all: Vec<Json> = all.iter().map(Listed::as_json).collect();
        terminal::print_json(settings, &json!({ "asOf": rfc3339(at), "resources": all }))?;
        return Ok(Status::Clean);
    }
    let mut table = coldtrail_report::Table::of_texts(&["type", "id", "name", "account", "region", "since", "row"]);
    for listed in &all {
        let r = &listed.resource;
        let cells = [
            Some(r.resourcetype.clone()),
            Some(r.resourceid.clone()),
            r.resourcename.clone(),
            r.awsaccountid.clone(),
            r.awsregion.clone(),
            Some(listed.valid_from.clone()),
            Some(listed.row.short()),
        ];
        let cell = |text: Option<String>| text.map_or(coldtrail_report::Cell::Null, coldtrail_report::Cell::Text);
        table.rows.push(cells.into_iter().map(cell).collect());
    }
    terminal::note(settings, format!("{} resources that Config knew of at {}", all.len(), rfc3339(at)))?;
    if !all.is_empty() {
        terminal::print(settings, &terminal::as_text(settings, &table)?)?;
    }
    Ok(Status::Clean)
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

/// `Name=web`
fn pair(text: &str) -> Result<(String, String)> {
    let (key, value) = text.split_once('=').ok_or_else(|| {
        anyhow!(Usage { what: format!("`{text}` is no tag"), hint: Some("write --tag key=value".to_owned()) })
    })?;
    Ok((key.to_owned(), value.to_owned()))
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
