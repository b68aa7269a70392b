//! `coldtrail config diff`

use anyhow::{Result, anyhow};
use coldtrail_query::{Session, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{parsed, path_line};
use super::{Resource, at, history_session, resolve};
use crate::args::ConfigDiff;
use crate::diagnostics::{Status, Usage};
use crate::rows::{Row, ask, rfc3339, safe};
use crate::settings::Settings;
use crate::terminal;

#[derive(Deserialize)]
struct Difference {
    #[serde(flatten)]
    resource: Resource,
    kind: String,
    path: Option<String>,
    before: Option<String>,
    after: Option<String>,
    from_object: Option<String>,
    from_record: Option<i64>,
    to_object: Option<String>,
    to_record: Option<i64>,
}

/// A change between the two instants, and who made it.
#[derive(Deserialize)]
struct Step {
    #[serde(flatten)]
    resource: Resource,
    configurationitemcapturetime: String,
    class: Option<String>,
    actor: Option<String>,
    api: Option<String>,
    event_time: Option<String>,
    paths: Vec<Option<String>>,
    event_object: Option<String>,
    event_record: Option<i64>,
    #[serde(flatten)]
    row: Row,
}

impl Step {
    fn text(&self) -> String {
        let who = match &self.api {
            Some(api) => format!(
                "{} by {} at {}",
                safe(api),
                safe(self.actor.as_deref().unwrap_or("unknown")),
                self.event_time.as_deref().unwrap_or_default()
            ),
            None => "no call found".to_owned(),
        };
        let call = Row::of(self.event_object.as_deref(), self.event_record);
        let call = call.map(|row| format!(", call {}", row.short())).unwrap_or_default();
        format!(
            "    {}  [{}] {who}; item {}{call}\n",
            self.configurationitemcapturetime,
            self.class.as_deref().unwrap_or("not attributed"),
            self.row.short()
        )
    }

    fn as_json(&self) -> Json {
        json!({
            "configurationItemCaptureTime": self.configurationitemcapturetime, "class": self.class,
            "actor": self.actor, "api": self.api, "eventTime": self.event_time, "paths": self.paths,
            "evidence": self.row.as_json(),
            "eventEvidence": Row::of(self.event_object.as_deref(), self.event_record).map(|row| row.as_json()),
        })
    }
}

pub(super) fn run(arguments: &ConfigDiff, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let (from, to) = (at(&session, Some(&arguments.from))?, at(&session, arguments.to.as_deref())?);
    if from >= to {
        return Err(anyhow!(Usage { what: "the first instant is not before the second".to_owned(), hint: None }));
    }
    let resource =
        arguments.resource.as_deref().map(|name| resolve(&session, name)).transpose()?.map(|found| found.resource);
    let parameters = parameters(resource.as_ref(), from, to);
    let differences: Vec<Difference> = ask(&session, include_str!("diff_net.sql"), &parameters)?;
    let steps: Vec<Step> = ask(&session, include_str!("between.sql"), &parameters)?;
    let groups: Vec<&[Difference]> =
        differences.chunk_by(|a, b| a.kind == b.kind && a.resource.is(&b.resource)).collect();
    if settings.json {
        let all: Vec<Json> = groups.iter().map(|group| as_json(group, &steps)).collect();
        let value =
            json!({ "from": rfc3339(from), "to": rfc3339(to), "resources": all, "note": absence(&session, from, to)? });
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let mut text = format!("from {} to {}\n", rfc3339(from), rfc3339(to));
    for group in &groups {
        text.push_str(&group_text(group, &steps));
    }
    let put_back: Vec<&Step> = steps
        .iter()
        .filter(|step| !groups.iter().any(|group| group.first().is_some_and(|first| step.resource.is(&first.resource))))
        .collect();
    if !put_back.is_empty() {
        text.push_str("\nchanged in between, and the same at both instants\n");
        for step in put_back {
            text.push_str(&format!(
                "  {} {}\n{}",
                safe(&step.resource.resourcetype),
                safe(&step.resource.resourceid),
                step.text()
            ));
        }
    }
    if groups.is_empty() {
        text.push_str("no difference between the two states, as far as the Config files go that are here\n");
    }
    if let Some(note) = absence(&session, from, to)? {
        text.push_str(&format!("\n{note}\n"));
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

fn parameters(resource: Option<&Resource>, from: i64, to: i64) -> Vec<(String, Value)> {
    let mut parameters = match resource {
        Some(resource) => resource.parameters(),
        None => ["account", "region", "type", "id"].map(|name| (name.to_owned(), Value::Text(None))).to_vec(),
    };
    parameters.push(("from".to_owned(), Value::Time(Some(from))));
    parameters.push(("to".to_owned(), Value::Time(Some(to))));
    parameters
}

#[derive(Deserialize)]
struct Days {
    days: i64,
    missing: Option<String>,
}

/// Days between the two instants of which no Config file is here.
fn absence(session: &Session, from: i64, to: i64) -> Result<Option<String>> {
    let parameters = [("from".to_owned(), Value::Time(Some(from))), ("to".to_owned(), Value::Time(Some(to)))];
    let days: Option<Days> = ask(session, include_str!("missing_days.sql"), &parameters)?.pop();
    Ok(days.filter(|days| days.days > 0).map(|days| {
        format!(
            "cannot say what changed and was changed back on {} days of which no Config file is here: {}",
            days.days,
            days.missing.unwrap_or_default()
        )
    }))
}

fn group_text(group: &[Difference], steps: &[Step]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let mut text = format!("\n{}  {}\n", first.kind, safe(&first.resource.title()));
    for difference in group.iter() {
        if let Some(path) = &difference.path {
            text.push_str(&format!(
                "    {}\n",
                path_line(path, difference.before.as_deref(), difference.after.as_deref())
            ));
        }
    }
    steps.iter().filter(|step| step.resource.is(&first.resource)).for_each(|step| text.push_str(&step.text()));
    text
}

fn as_json(group: &[Difference], steps: &[Step]) -> Json {
    let Some(first) = group.first() else { return Json::Null };
    let paths: Vec<Json> = group
        .iter()
        .filter(|difference| difference.path.is_some())
        .map(|d| json!({ "path": d.path, "before": parsed(d.before.as_deref()), "after": parsed(d.after.as_deref()) }))
        .collect();
    let steps: Vec<Json> = steps.iter().filter(|step| step.resource.is(&first.resource)).map(Step::as_json).collect();
    json!({
        "resource": first.resource, "kind": first.kind, "paths": paths, "changes": steps,
        "evidenceFrom": Row::of(first.from_object.as_deref(), first.from_record).map(|row| row.as_json()),
        "evidenceTo": Row::of(first.to_object.as_deref(), first.to_record).map(|row| row.as_json()),
    })
}
