//! `coldtrail config show`

use anyhow::Result;
use coldtrail_query::{Session, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{History, Item, State, age};
use super::{Resource, at, history_session, resolve};
use crate::args::ConfigAt;
use crate::diagnostics::Status;
use crate::rows::{Row, ask, micros, rfc3339, safe, span};
use crate::settings::Settings;
use crate::terminal;

pub(super) fn run(arguments: &ConfigAt, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let at = at(&session, arguments.at.as_deref())?;
    let history = History::states(resolve(&session, &arguments.resource)?);
    let recording = Recording::load(&session, &history.resource, at)?;
    let state = history.state_at(at);
    let item = state.map(|state| Item::of_state(&session, &state.row, state.from())).transpose()?.flatten();
    if settings.json {
        terminal::print_json(settings, &as_json(&history, state, item.as_ref(), at, &recording))?;
        return Ok(Status::Clean);
    }
    let mut text = format!("{}\n", safe(&history.resource.title()));
    match state {
        None => text.push_str(&format!("{}\n", before_first(&history, at))),
        Some(state) => {
            text.push_str(&format!("{}\n", standing(state, at)));
            text.push_str(&format!("row      item {}\n", state.row.short()));
        }
    }
    text.push_str(&format!("history  {}; {}\n", history.counts(), history.recording()));
    for line in recording.lines() {
        text.push_str(&format!("{}\n", safe(&line)));
    }
    if let Some(item) = item.filter(|_| state.is_some_and(|state| state.state != "deleted")) {
        text.push_str(&format!("\n{}\n", pretty(&item.as_json())));
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

/// A document on several lines, each safe on a terminal.
fn pretty(document: &Json) -> String {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    coldtrail_report::escape::terminal_lines(&text).into_owned()
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
    format!("state    {what}; the first capture in the evidence is of {}", first.valid_from)
}

pub(super) fn standing(state: &State, at: i64) -> String {
    let until = state
        .valid_to
        .as_deref()
        .map(|to| format!("until {to}"))
        .unwrap_or_else(|| "the last in the evidence".to_owned());
    let status = state.configurationitemstatus.as_deref().unwrap_or_default();
    match state.state.as_str() {
        "deleted" => format!("state    deleted at or before {} ({status}); {until}", state.valid_from),
        "not recorded" => {
            format!("state    unknown: Config was told not to record it since {} ({status}); {until}", state.valid_from)
        }
        _ => format!("state    {} ({status}); {until}", age(state, at)),
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
    row: Row,
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
}

/// Was Config recording, and are its deliveries here?
pub(super) struct Recording {
    at: i64,
    switches: Vec<Switch>,
    deliveries: Option<Deliveries>,
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
        let deliveries = ask(session, include_str!("deliveries.sql"), &parameters)?.pop();
        Ok(Recording { at, switches, deliveries })
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

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.last() {
            Some(switch) if self.is_off() => lines.push(format!(
                "recording  not recorded: {} by {} at {} (row {}); what happened until it was switched on again, Config cannot say",
                switch.eventname,
                switch.arn.as_deref().unwrap_or("unknown"),
                switch.event_time,
                switch.row.short()
            )),
            Some(switch) => lines.push(format!(
                "recording  last switched by {} at {} (row {})",
                switch.eventname, switch.event_time, switch.row.short()
            )),
            None => lines.push(
                "recording  no successful call that switches Config's recording on or off is in the CloudTrail that is here"
                    .to_owned(),
            ),
        }
        for failed in self.switches.iter().filter(|switch| !switch.succeeded()) {
            lines.push(format!(
                "attempt    {} by {} at {} did not succeed ({}; row {})",
                failed.eventname,
                failed.arn.as_deref().unwrap_or("unknown"),
                failed.event_time,
                failed.error_class.as_deref().unwrap_or("unknown"),
                failed.row.short()
            ));
        }
        lines.push(match &self.deliveries {
            Some(Deliveries { before, after, of_day }) if of_day.unwrap_or_default() == 0 => {
                let near = |time: &Option<String>, none: &str| time.clone().unwrap_or_else(|| none.to_owned());
                format!(
                    "delivery   cannot say whether it changed that day: no Config file of {} is here for this account and \
                     region (the last before it: {}, the next: {})",
                    rfc3339(self.at).get(..10).unwrap_or_default(),
                    near(before, "none"),
                    near(after, "none")
                )
            }
            Some(Deliveries { before, after, of_day }) => format!(
                "delivery   {} Config files of that day are here{}",
                of_day.unwrap_or_default(),
                match (before.as_deref().and_then(micros), after) {
                    (Some(before), None) => format!("; the last one of {}, {} before, nothing after it", rfc3339(before), span((self.at - before).max(0))),
                    _ => String::new(),
                }
            ),
            None => "delivery   unknown".to_owned(),
        });
        lines
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
