//! Every change of a resource: when, what, who, how sure.

use coldtrail_report::Answer;
use serde_json::{Value as Json, json};

use super::diff::absence;
use super::history::{Change, History, State, tell_change};
use crate::error::Result;
use crate::resource::{self, resolve};
use crate::rows::{micros, period};
use crate::scope::Scope;

/// The changes of a resource that were captured within a period, in microseconds.
pub fn log(scope: &Scope<'_>, name: &str, from: Option<i64>, to: Option<i64>) -> Result<Answer> {
    scope.histories()?;
    period(from, to)?;
    let history = History::load(scope.session, resolve(scope, name)?)?;
    let within = |change: &&Change| {
        let time = micros(change.time()).unwrap_or_default();
        from.is_none_or(|from| time >= from) && to.is_none_or(|to| time <= to)
    };
    let changes: Vec<&Change> = history.changes.iter().filter(within).collect();
    let mut answer = Answer::about(history.resource.title());
    answer.left_aside = scope.left_aside(&resource::ABOUT)?;
    answer.set("resource", json!(history.resource));
    answer.set("states", json!(history.states.len()));
    answer.set("recording", json!(history.recording()));
    answer.set("firstCapture", json!(history.states.first().map(|state| &state.valid_from)));
    answer.set("changes", Json::Array(changes.iter().map(|change| change.as_json()).collect()));
    answer.say(0, "", format!("{}; {}", history.counts(), history.recording()), None);
    if let Some(first) = history.states.first() {
        let text = format!("first capture in the evidence: {}", first.valid_from);
        answer.say(0, "", text, [first.row.clone()]);
    }
    for change in &changes {
        answer.section("");
        tell_change(&mut answer, change);
    }
    if from.or(to).is_some() || changes.is_empty() {
        let bounds = scope.session.bounds();
        let first = history.states.first().map_or(bounds.start, State::from);
        let from = from.unwrap_or(first);
        let days = absence(scope.session, Some(&history.resource), from, to.unwrap_or(bounds.end).max(from))?;
        answer.cannot_say.extend(days.map(|days| format!("whether it changed on {days}")));
    }
    if changes.is_empty() {
        let when = if from.or(to).is_some() { " in that time" } else { "" };
        let among = format!("none among {} states that were captured", history.states.len());
        answer.say(0, "", format!("no change of it was captured{when}: {among}"), None);
    }
    Ok(answer)
}
