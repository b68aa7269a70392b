//! What differs between two instants, field by field.

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, RowName};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{parsed, path_line};
use crate::error::{Error, Result};
use crate::resource::{self, Resource, resolve};
use crate::rows::{ask, micros, rfc3339};
use crate::scope::Scope;

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
    row: RowName,
}

impl Step {
    fn tell(&self, answer: &mut Answer) {
        let who = match &self.api {
            Some(api) => format!(
                "{api} by {} at {}",
                self.actor.as_deref().unwrap_or("unknown"),
                self.event_time.as_deref().unwrap_or_default()
            ),
            None => "no call found".to_owned(),
        };
        let class = self.class.as_deref().unwrap_or("not attributed");
        let call = RowName::of(self.event_object.as_deref(), self.event_record);
        let rows = [Some(self.row.clone()), call].into_iter().flatten();
        answer.say(2, "", format!("{}  [{class}] {who}", self.configurationitemcapturetime), rows);
    }

    fn as_json(&self) -> Json {
        json!({
            "configurationItemCaptureTime": self.configurationitemcapturetime, "class": self.class,
            "actor": self.actor, "api": self.api, "eventTime": self.event_time, "paths": self.paths,
            "evidence": self.row.as_json(),
            "eventEvidence": RowName::of(self.event_object.as_deref(), self.event_record).map(|row| row.as_json()),
        })
    }
}

/// What differs between two instants, in microseconds: of one resource, or of all.
pub fn diff(scope: &Scope<'_>, name: Option<&str>, from: i64, to: i64) -> Result<Answer> {
    scope.histories()?;
    if from >= to {
        return Err(Error::Usage { what: "the first instant is not before the second".to_owned(), hint: None });
    }
    let session = scope.session;
    let resource = name.map(|name| resolve(scope, name)).transpose()?.map(|found| found.resource);
    let parameters = parameters(resource.as_ref(), from, to);
    let first = first_capture(session, &parameters)?.filter(|first| micros(first).is_some_and(|first| first <= to));
    let Some(first) = first else {
        return Err(Error::absent(
            "cannot say what differs: no state in this evidence was captured by then",
            "`coldtrail config log` tells when each was",
        ));
    };
    let differences: Vec<Difference> = ask(session, include_str!("diff_net.sql"), &parameters)?;
    let steps: Vec<Step> = ask(session, include_str!("between.sql"), &parameters)?;
    let groups: Vec<&[Difference]> =
        differences.chunk_by(|a, b| a.kind == b.kind && a.resource.is(&b.resource)).collect();
    let mut answer = Answer::about(format!("from {} to {}", rfc3339(from), rfc3339(to)));
    answer.left_aside = scope.left_aside(&resource::ABOUT)?;
    if micros(&first).is_some_and(|first| from < first) {
        answer.cannot_say.push(format!("what was there at the first instant: the first capture is of {first}"));
    }
    let absent = absence(session, resource.as_ref(), from, to)?;
    answer.cannot_say.extend(absent.map(|days| format!("what changed and was changed back on {days}")));
    answer.set("from", json!(rfc3339(from)));
    answer.set("to", json!(rfc3339(to)));
    answer.set("resources", Json::Array(groups.iter().map(|group| as_json(group, &steps)).collect()));
    for group in &groups {
        tell(&mut answer, group, &steps);
    }
    let put_back: Vec<&Step> = steps
        .iter()
        .filter(|step| !groups.iter().any(|group| group.first().is_some_and(|first| step.resource.is(&first.resource))))
        .collect();
    if !put_back.is_empty() {
        answer.section("changed in between, and the same at both instants");
        for step in put_back {
            answer.say(1, "", format!("{} {}", step.resource.resourcetype, step.resource.resourceid), None);
            step.tell(&mut answer);
        }
    }
    if groups.is_empty() {
        let what = "no difference between the two states, as far as the Config files go that are here";
        answer.section("");
        answer.say(0, "", format!("{what}: none among {}", scope.among(&resource::ABOUT)), None);
    }
    Ok(answer)
}

fn first_capture(session: &Session, parameters: &[(String, Value)]) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct First {
        first: Option<String>,
    }
    let first: Option<First> = ask(session, include_str!("first_capture.sql"), parameters)?.pop();
    Ok(first.and_then(|first| first.first))
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
struct Day {
    /// YYYY-MM-DD.
    day: String,
    account: String,
    region: String,
}

/// The days between two instants, in microseconds, of which no Config file is here, where there are such days: of a
/// resource's account and region, or of all.
pub(super) fn absence(session: &Session, of: Option<&Resource>, from: i64, to: i64) -> Result<Option<String>> {
    let text = |value: Option<&String>| Value::Text(value.cloned());
    // The items of IAM are taken together under a region that delivers none.
    let region = of.and_then(|of| of.awsregion.as_ref()).filter(|region| *region != "global");
    let parameters = [
        ("account".to_owned(), text(of.and_then(|of| of.awsaccountid.as_ref()))),
        ("region".to_owned(), text(region)),
        ("from".to_owned(), Value::Time(Some(from))),
        ("to".to_owned(), Value::Time(Some(to))),
    ];
    let days: Vec<Day> = ask(session, include_str!("missing_days.sql"), &parameters)?;
    Ok((!days.is_empty())
        .then(|| format!("{} days of which no Config file is here: {}", days.len(), stretches(&days).join(", "))))
}

/// Days as stretches without a hole, each with its account and region.
fn stretches(days: &[Day]) -> Vec<String> {
    let tomorrow = |day: &str| day.parse::<Date>().and_then(Date::tomorrow).map(|date| date.to_string()).ok();
    let follows = |one: &Day, next: &Day| {
        one.account == next.account && one.region == next.region && tomorrow(&one.day).as_ref() == Some(&next.day)
    };
    days.chunk_by(follows)
        .filter_map(|stretch| stretch.first().zip(stretch.last()))
        .map(|(first, last)| {
            let until = if first.day == last.day { String::new() } else { format!(" to {}", last.day) };
            format!("{} {} {}{until}", first.account, first.region, first.day)
        })
        .collect()
}

fn tell(answer: &mut Answer, group: &[Difference], steps: &[Step]) {
    let Some(first) = group.first() else { return };
    answer.section(format!("{}  {}", first.kind, first.resource.title()));
    for difference in group {
        if let Some(path) = &difference.path {
            let line = path_line(path, difference.before.as_deref(), difference.after.as_deref());
            answer.say(2, "", line, None);
        }
    }
    steps.iter().filter(|step| step.resource.is(&first.resource)).for_each(|step| step.tell(answer));
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
        "evidenceFrom": RowName::of(first.from_object.as_deref(), first.from_record).map(|row| row.as_json()),
        "evidenceTo": RowName::of(first.to_object.as_deref(), first.to_record).map(|row| row.as_json()),
    })
}
