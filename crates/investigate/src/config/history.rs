//! Everything about one resource: its states, what changed between them, who did it.

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::error::Result;
use crate::means::Means;
use crate::resource::{Found, Resource};
use crate::rows::{ask, cut, micros, rfc3339, span};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct State {
    pub(super) valid_from: String,
    pub(super) valid_to: Option<String>,
    pub(super) state: String,
    pub(super) configurationitemstatus: Option<String>,
    pub(super) resourcecreationtime: Option<String>,
    pub(super) confirmations: i64,
    pub(super) last_confirmed: Option<String>,
    pub(super) recordingfrequency: Option<String>,
    #[serde(flatten)]
    pub(super) row: RowName,
}

impl State {
    pub(super) fn from(&self) -> i64 {
        micros(&self.valid_from).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Changed {
    pub(super) configurationitemcapturetime: String,
    pub(super) previouscapturetime: Option<String>,
    pub(super) kind: String,
    pub(super) path: Option<String>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    from_object: Option<String>,
    from_record: Option<i64>,
    #[serde(flatten)]
    pub(super) row: RowName,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Attribution {
    pub(super) configurationitemcapturetime: String,
    pub(super) class: String,
    pub(super) score: Option<i64>,
    pub(super) eventid: Option<String>,
    pub(super) event_time: Option<String>,
    pub(super) api: Option<String>,
    pub(super) candidates: Vec<String>,
    pub(super) actor: Option<String>,
    pub(super) chain: Option<Vec<String>>,
    pub(super) session_id: Option<String>,
    pub(super) why: Option<String>,
    event_object: Option<String>,
    event_record: Option<i64>,
    pub(super) sourceipaddress: Option<String>,
    pub(super) useragent: Option<String>,
    invokedby: Option<String>,
    eventtype: Option<String>,
    console: Option<bool>,
    #[serde(flatten)]
    pub(super) row: RowName,
}

impl Attribution {
    pub(super) fn event(&self) -> Option<RowName> {
        RowName::of(self.event_object.as_deref(), self.event_record)
    }

    /// Console, CLI, SDK, or a service.
    pub(super) fn means(&self) -> Means {
        Means::of(self.useragent.as_deref(), self.console, self.invokedby.as_deref(), self.eventtype.as_deref())
    }

    /// The chain in one line, from the root to the session that called.
    pub(super) fn by(&self) -> Option<String> {
        let chain = self.chain.as_deref().unwrap_or_default();
        match (chain, &self.actor) {
            ([], actor) => actor.clone(),
            (chain, _) => Some(chain.join(" → ")),
        }
    }

    pub(super) fn as_json(&self) -> Json {
        json!({
            "class": self.class, "score": self.score, "eventID": self.eventid, "eventTime": self.event_time,
            "api": self.api, "actor": self.actor, "chain": self.chain, "sessionId": self.session_id,
            "sourceIPAddress": self.sourceipaddress, "userAgent": self.useragent,
            "means": self.event().map(|_| self.means().name()),
            "candidates": self.candidates, "why": self.why, "evidence": self.event().map(|row| row.as_json()),
        })
    }
}

/// The changes that one item shows, and who made them.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) paths: Vec<Changed>,
    pub(super) attribution: Option<Attribution>,
}

impl Change {
    pub(super) fn first(&self) -> Option<&Changed> {
        self.paths.first()
    }

    pub(super) fn time(&self) -> &str {
        self.first().map(|path| path.configurationitemcapturetime.as_str()).unwrap_or_default()
    }

    pub(super) fn as_json(&self) -> Json {
        let first = self.first();
        let paths: Vec<Json> = self
            .paths
            .iter()
            .map(|path| json!({ "path": path.path, "before": parsed(path.before.as_deref()), "after": parsed(path.after.as_deref()) }))
            .collect();
        json!({
            "configurationItemCaptureTime": self.time(),
            "previousCaptureTime": first.and_then(|path| path.previouscapturetime.clone()),
            "kind": first.map(|path| path.kind.clone()),
            "paths": paths,
            "attribution": self.attribution.as_ref().map(Attribution::as_json),
            "evidence": first.map(|path| path.row.as_json()),
            "evidenceBefore": first.and_then(before_row).map(|row| row.as_json()),
        })
    }
}

fn before_row(path: &Changed) -> Option<RowName> {
    RowName::of(path.from_object.as_deref(), path.from_record)
}

pub(super) struct History {
    pub(super) resource: Resource,
    pub(super) states: Vec<State>,
    pub(super) changes: Vec<Change>,
}

impl History {
    /// Only the states, which is what finding the resource gave already.
    pub(super) fn states(found: Found) -> History {
        History { resource: found.resource, states: found.states, changes: Vec::new() }
    }

    pub(super) fn load(session: &Session, found: Found) -> Result<History> {
        let Found { resource, states } = found;
        let parameters = resource.parameters();
        let paths: Vec<Changed> = ask(session, include_str!("changes.sql"), &parameters)?;
        let mut attributions: Vec<Attribution> = ask(session, include_str!("attributions.sql"), &parameters)?;
        let mut changes: Vec<Change> = Vec::new();
        for path in paths {
            match changes.last_mut() {
                Some(last) if last.first().is_some_and(|first| first.row == path.row) => last.paths.push(path),
                _ => {
                    let of_item = attributions.iter().position(|attribution| attribution.row == path.row);
                    let attribution = of_item.map(|at| attributions.swap_remove(at));
                    changes.push(Change { paths: vec![path], attribution });
                }
            }
        }
        Ok(History { resource, states, changes })
    }

    /// The state that held at an instant: the last that was captured until then.
    pub(super) fn state_at(&self, at: i64) -> Option<&State> {
        self.states.iter().rfind(|state| state.from() <= at)
    }

    /// What is said of how often Config records here.
    pub(super) fn recording(&self) -> String {
        match self.states.iter().find_map(|state| state.recordingfrequency.as_deref()) {
            Some("DAILY") => {
                "recorded once a day, as the captures of this account and region tell: several changes of a day are seen as one".to_owned()
            }
            Some(_) => "recorded continuously, as the captures of this account and region tell".to_owned(),
            None => "too few captures of this account and region to tell how often Config records there".to_owned(),
        }
    }

    pub(super) fn counts(&self) -> String {
        let confirmations: i64 = self.states.iter().map(|state| state.confirmations).sum();
        format!("{} states, {confirmations} confirmations", self.states.len())
    }
}

/// JSON that stands in a column; text that is none stays text.
pub(super) fn parsed(text: Option<&str>) -> Json {
    text.map_or(Json::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

/// One changed path: added, removed or changed.
pub(super) fn path_line(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    const LONG: usize = 200;
    let value = |text: &str| cut(text, LONG);
    match (before, after) {
        (None, Some(after)) => format!("+ {path}  {}", value(after)),
        (Some(before), None) => format!("- {path}  {}", value(before)),
        (Some(before), Some(after)) => format!("~ {path}  {}  →  {}", value(before), value(after)),
        (None, None) => format!("~ {path}"),
    }
}

/// A change as findings: when, what, who, how sure.
pub(super) fn tell_change(answer: &mut Answer, change: &Change) {
    let kind = change.first().map(|path| path.kind.clone()).unwrap_or_default();
    let class = change.attribution.as_ref().map(|a| a.class.clone()).filter(|class| !class.is_empty());
    let class = class.as_deref().unwrap_or("not attributed");
    let rows = change.first().into_iter().flat_map(|first| [Some(first.row.clone()), before_row(first)]).flatten();
    answer.say(0, "", format!("{}  {kind}  [{class}]", change.time()), rows);
    for path in &change.paths {
        let name = path.path.as_deref().unwrap_or_default();
        answer.say(2, "", path_line(name, path.before.as_deref(), path.after.as_deref()), None);
    }
    if let Some(attribution) = &change.attribution {
        tell_attribution(answer, attribution);
    }
}

fn tell_attribution(answer: &mut Answer, attribution: &Attribution) {
    if let Some(call) = attribution.event() {
        if let Some(by) = attribution.by() {
            answer.say(2, "by", by, None);
        }
        let delay = micros(&attribution.configurationitemcapturetime)
            .zip(attribution.event_time.as_deref().and_then(micros))
            .map(|(capture, call)| format!(", {} before the capture", span((capture - call).max(0))))
            .unwrap_or_default();
        let api = attribution.api.as_deref().unwrap_or_default();
        let time = attribution.event_time.as_deref().unwrap_or_default();
        answer.say(2, "call", format!("{api} at {time}{delay}"), [call]);
        let from = format!(
            "{}, {} ({})",
            attribution.sourceipaddress.as_deref().unwrap_or("unknown"),
            attribution.means().name(),
            cut(attribution.useragent.as_deref().unwrap_or("no user agent"), 120),
        );
        answer.say(2, "from", from, None);
    }
    if let Some(why) = &attribution.why {
        let score = attribution.score.map(|score| format!(" (score {score})")).unwrap_or_default();
        answer.say(2, "why", format!("{why}{score}"), None);
    }
    let others =
        attribution.candidates.len() - usize::from(attribution.event().is_some()).min(attribution.candidates.len());
    if attribution.class == "ambiguous" && others > 0 {
        let ids: Vec<&str> = attribution.candidates.iter().take(8).map(String::as_str).collect();
        let more = attribution.candidates.len().saturating_sub(ids.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        answer.say(2, "calls", format!("{}{more}", ids.join(", ")), None);
    } else if others > 0 {
        answer.say(2, "also", format!("{others} other calls name it in that time; --json lists them"), None);
    }
}

/// The document of an item, with its parts parsed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Item {
    configurationitemversion: Option<String>,
    pub(super) configurationitemcapturetime: String,
    configurationitemstatus: Option<String>,
    configurationstateid: Option<String>,
    awsaccountid: Option<String>,
    awsregion: Option<String>,
    availabilityzone: Option<String>,
    resourcetype: Option<String>,
    resourceid: Option<String>,
    resourcename: Option<String>,
    arn: Option<String>,
    resourcecreationtime: Option<String>,
    tags: Option<String>,
    relationships: Option<String>,
    configuration: Option<String>,
    supplementaryconfiguration: Option<String>,
    #[serde(flatten)]
    pub(super) row: RowName,
}

impl Item {
    /// The item at that place, which was captured at that instant.
    pub(super) fn of_state(session: &Session, row: &RowName, captured: i64) -> Result<Option<Item>> {
        let parameters = vec![
            ("object".to_owned(), Value::Text(Some(row.evidence_object.clone()))),
            ("record".to_owned(), Value::Integer(Some(row.evidence_record))),
            ("time".to_owned(), Value::Time(Some(captured))),
        ];
        Ok(ask(session, include_str!("item.sql"), &parameters)?.pop())
    }

    /// Under AWS's own names.
    pub(super) fn as_json(&self) -> Json {
        json!({
            "configurationItemVersion": self.configurationitemversion,
            "configurationItemCaptureTime": self.configurationitemcapturetime,
            "configurationItemStatus": self.configurationitemstatus,
            "configurationStateId": self.configurationstateid,
            "awsAccountId": self.awsaccountid, "awsRegion": self.awsregion, "availabilityZone": self.availabilityzone,
            "resourceType": self.resourcetype, "resourceId": self.resourceid, "resourceName": self.resourcename,
            "ARN": self.arn, "resourceCreationTime": self.resourcecreationtime,
            "tags": parsed(self.tags.as_deref()), "relationships": parsed(self.relationships.as_deref()),
            "configuration": parsed(self.configuration.as_deref()),
            "supplementaryConfiguration": parsed(self.supplementaryconfiguration.as_deref()),
        })
    }

    /// What makes the state: the documents, under AWS's names.
    pub(super) fn documents(&self) -> Json {
        json!({
            "configuration": parsed(self.configuration.as_deref()),
            "supplementaryConfiguration": parsed(self.supplementaryconfiguration.as_deref()),
            "tags": parsed(self.tags.as_deref()), "relationships": parsed(self.relationships.as_deref()),
        })
    }
}

/// One relationship, as AWS Config writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Related {
    pub(super) resource_type: String,
    pub(super) resource_id: Option<String>,
    pub(super) resource_name: Option<String>,
    #[serde(alias = "relationshipName")]
    pub(super) name: Option<String>,
}

impl Related {
    fn text(text: &Option<String>) -> Option<&str> {
        text.as_deref().filter(|text| !text.is_empty())
    }

    /// The id, or the name where there is none.
    pub(super) fn id(&self) -> Option<&str> {
        Related::text(&self.resource_id).or_else(|| Related::text(&self.resource_name))
    }
}

/// How old a state is at an instant, in words.
pub(super) fn age(state: &State, at: i64) -> String {
    let confirmed = state.last_confirmed.as_deref().filter(|time| micros(time).is_some_and(|time| time <= at));
    let confirmed = confirmed.map(|time| format!("; confirmed last at {time}")).unwrap_or_default();
    format!("captured at {}, {} before {}{confirmed}", state.valid_from, span((at - state.from()).max(0)), rfc3339(at))
}
