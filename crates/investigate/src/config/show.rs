//! The whole document of a resource as of an instant, its age, and whether recording was on.

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{History, Item, State, age};
use crate::error::Result;
use crate::resource::{self, Resource, resolve};
use crate::rows::{ask, micros, rfc3339, span};
use crate::scope::Scope;

/// The state of a resource as of an instant, in microseconds.
pub fn show(scope: &Scope<'_>, name: &str, at: i64) -> Result<Answer> {
    scope.histories()?;
    let session = scope.session;
    let history = History::states(resolve(scope, name)?);
    let recording = Recording::load(session, &history.resource, at)?;
    let state = history.state_at(at);
    let item = state.map(|state| Item::of_state(session, &state.row, state.from())).transpose()?.flatten();
    let mut answer = Answer::about(history.resource.title());
    answer.left_aside = scope.left_aside(&resource::ABOUT)?;
    match as_json(&history, state, item.as_ref(), at, &recording) {
        Json::Object(members) => answer.data = members,
        other => answer.set("resource", other),
    }
    let (standing, row) = match state {
        Some(state) => (standing(state, at), Some(state.row.clone())),
        None => (before_first(&history, at), None),
    };
    answer.say(0, "state", standing, row);
    answer.say(0, "history", format!("{}; {}", history.counts(), history.recording()), None);
    recording.tell(&mut answer);
    if let Some(item) = item.filter(|_| state.is_some_and(|state| state.state != "deleted")) {
        answer.document(item.as_json());
    }
    Ok(answer)
}

/// What is known of an instant before the first capture.
pub(super) fn before_first(history: &History, at: i64) -> String {
    let Some(first) = history.states.first() else { return "no state is recorded".to_owned() };
    let created = first.resourcecreationtime.as_deref().and_then(micros);
    let what = match created {
        Some(created) if created > at => {
            format!("did not exist at {}: it was created at {}", rfc3339(at), rfc3339(created))
        }
        Some(created) => {
            format!("existed at {} (created at {}), in a state that is not known", rfc3339(at), rfc3339(created))
        }
        None => format!("cannot say whether it existed at {}", rfc3339(at)),
    };
    format!("{what}; the first capture in the evidence is of {}", first.valid_from)
}

pub(super) fn standing(state: &State, at: i64) -> String {
    let until = state
        .valid_to
        .as_deref()
        .map(|to| format!("until {to}"))
        .unwrap_or_else(|| "the last in the evidence".to_owned());
    let status = state.configurationitemstatus.as_deref().unwrap_or_default();
    match state.state.as_str() {
        "deleted" => format!("deleted at or before {} ({status}); {until}", state.valid_from),
        "not recorded" => {
            format!("unknown: Config was told not to record it since {} ({status}); {until}", state.valid_from)
        }
        _ => format!("{} ({status}); {until}", age(state, at)),
    }
}

fn as_json(history: &History, state: Option<&State>, item: Option<&Item>, at: i64, recording: &Recording) -> Json {
    let mut value = item.map(Item::as_json).unwrap_or_else(|| {
        json!({
            "resourceType": history.resource.resourcetype, "resourceId": history.resource.resourceid,
            "resourceName": history.resource.resourcename, "ARN": history.resource.arn,
            "awsAccountId": history.resource.awsaccountid, "awsRegion": history.resource.awsregion,
        })
    });
    let about = json!({
        "asOf": rfc3339(at),
        "state": state.map_or("unknown", |state| state.state.as_str()),
        "ageSeconds": state.map(|state| (at - state.from()).max(0) / 1_000_000),
        "validTo": state.and_then(|state| state.valid_to.clone()),
        "lastConfirmed": state.and_then(|state| state.last_confirmed.clone()),
        "recordingFrequency": state.and_then(|state| state.recordingfrequency.clone()),
        "confirmations": state.map(|state| state.confirmations),
        "note": state.is_none().then(|| before_first(history, at)),
        "recording": recording.as_json(),
        "evidence": state.map(|state| state.row.as_json()),
    });
    if let Json::Object(members) = &mut value {
        members.insert("coldtrail".to_owned(), about);
    }
    value
}

#[derive(Deserialize)]
struct Switch {
    event_time: String,
    eventname: String,
    arn: Option<String>,
    error_class: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

impl Switch {
    fn succeeded(&self) -> bool {
        self.error_class.as_deref() == Some("success")
    }
}

/// When recording was switched first and last, in any account.
#[derive(Deserialize)]
struct Switched {
    first_time: Option<String>,
    last_time: Option<String>,
}

#[derive(Deserialize)]
struct Deliveries {
    before: Option<String>,
    after: Option<String>,
    of_day: Option<i64>,
    cloudtrail_hours: i64,
}

/// Was Config recording, and are its deliveries here?
pub(super) struct Recording {
    at: i64,
    switches: Vec<Switch>,
    deliveries: Option<Deliveries>,
    /// Is there CloudTrail of the account, which would tell of switching?
    has_cloudtrail: bool,
}

impl Recording {
    pub(super) fn load(session: &Session, resource: &Resource, at: i64) -> Result<Recording> {
        let mut parameters: Vec<_> =
            resource.parameters().into_iter().filter(|(name, _)| name == "account" || name == "region").collect();
        let switched: Option<Switched> = ask(session, include_str!("switched.sql"), &[])?.pop();
        let switched = switched.and_then(|times| micros(&times.first_time?).zip(micros(&times.last_time?)));
        let switches = match switched {
            Some((from, to)) => {
                let times = [("from".to_owned(), Value::Time(Some(from))), ("to".to_owned(), Value::Time(Some(to)))];
                ask(session, include_str!("recording.sql"), &[parameters.as_slice(), &times].concat())?
            }
            // In no account was there such a call: the events need not be looked at.
            None => Vec::new(),
        };
        parameters.push(("at".to_owned(), Value::Time(Some(at))));
        let deliveries: Option<Deliveries> = ask(session, include_str!("deliveries.sql"), &parameters)?.pop();
        let has_cloudtrail = deliveries.as_ref().is_some_and(|deliveries| deliveries.cloudtrail_hours > 0);
        Ok(Recording { at, switches, deliveries, has_cloudtrail })
    }

    /// The last switch at or before the instant.
    fn last(&self) -> Option<&Switch> {
        let before = |switch: &&Switch| micros(&switch.event_time).is_some_and(|time| time <= self.at);
        self.switches.iter().filter(|switch| switch.succeeded()).rfind(before)
    }

    pub(super) fn is_off(&self) -> bool {
        self.last().is_some_and(|switch| switch.eventname.starts_with("Stop") || switch.eventname.starts_with("Delete"))
    }

    /// No delivery is here for the day of the instant, though there are some around it or none at all.
    pub(super) fn is_missing(&self) -> bool {
        self.deliveries.as_ref().is_none_or(|deliveries| deliveries.of_day.unwrap_or_default() == 0)
    }

    /// Whether Config recorded then, and whether what it delivered is here.
    pub(super) fn tell(&self, answer: &mut Answer) {
        let by = |switch: &Switch| {
            let arn = switch.arn.as_deref().unwrap_or("unknown");
            format!("{} by {arn} at {}", switch.eventname, switch.event_time)
        };
        match self.last() {
            Some(switch) if self.is_off() => {
                answer.say(0, "recording", format!("not recorded: {}", by(switch)), [switch.row.clone()]);
                answer.cannot_say.push("what happened while Config's recording was switched off".to_owned());
            }
            Some(switch) => answer.say(0, "recording", format!("last switched: {}", by(switch)), [switch.row.clone()]),
            None if self.has_cloudtrail => answer.say(
                0,
                "recording",
                "no successful call that switches Config's recording on or off is in the CloudTrail that is here",
                None,
            ),
            None => answer.say(
                0,
                "recording",
                "cannot say whether recording was switched on or off: no CloudTrail of this account is here",
                None,
            ),
        }
        for failed in self.switches.iter().filter(|switch| !switch.succeeded()) {
            let class = failed.error_class.as_deref().unwrap_or("unknown");
            answer.say(0, "attempt", format!("{} did not succeed ({class})", by(failed)), [failed.row.clone()]);
        }
        let Some(deliveries) = &self.deliveries else {
            answer.say(0, "delivery", "unknown", None);
            return;
        };
        let (before, after) = (&deliveries.before, &deliveries.after);
        if self.is_missing() {
            let near = |time: &Option<String>| time.clone().unwrap_or_else(|| "none".to_owned());
            // Config delivers nothing of a day without a change: no file is no gap by itself.
            answer.cannot_say.push(format!(
                "whether it changed that day: no Config file of {} is here for this account and region (the last before it: {}, the next: {})",
                rfc3339(self.at).get(..10).unwrap_or_default(),
                near(before),
                near(after)
            ));
            return;
        }
        let last = match (before.as_deref().and_then(micros), after) {
            (Some(before), None) => {
                let ago = span((self.at - before).max(0));
                format!("; the last one of {}, {ago} before, nothing after it", rfc3339(before))
            }
            _ => String::new(),
        };
        let files = deliveries.of_day.unwrap_or_default();
        answer.say(0, "delivery", format!("{files} Config files of that day are here{last}"), None);
    }

    pub(super) fn as_json(&self) -> Json {
        json!({
            "switchedOff": self.is_off(),
            "lastSwitch": self.last().map(|switch| json!({
                "eventName": switch.eventname, "eventTime": switch.event_time, "arn": switch.arn,
                "evidence": switch.row.as_json(),
            })),
            "filesOfThatDay": self.deliveries.as_ref().and_then(|deliveries| deliveries.of_day),
            "lastDeliveryBefore": self.deliveries.as_ref().and_then(|deliveries| deliveries.before.clone()),
            "nextDeliveryAfter": self.deliveries.as_ref().and_then(|deliveries| deliveries.after.clone()),
            "sayable": !self.is_off() && !self.is_missing(),
        })
    }
}
