//! Every field with the change that set it, and who made that.

use coldtrail_query::Value;
use coldtrail_report::{Answer, AsideKind, RowName};
use serde_json::{Value as Json, json};

use super::history::{Change, History, Item, State};
use super::show::{before_first, standing};
use crate::error::Result;
use crate::resource::{self, resolve};
use crate::rows::{ask, cut};
use crate::scope::Scope;

/// Who set each field that a resource has at an instant, in microseconds.
pub fn blame(scope: &Scope<'_>, name: &str, at: i64) -> Result<Answer> {
    scope.histories()?;
    let history = History::load(scope.session, resolve(scope, name)?)?;
    let mut parameters: Vec<_> =
        history.resource.parameters().into_iter().filter(|(name, _)| name != "region").collect();
    parameters.push(("until".to_owned(), Value::Time(Some(at))));
    let items: Vec<Item> = ask(scope.session, include_str!("items.sql"), &parameters)?;
    let (versions, missing) = versions(&history, &items, at);
    let lines = lines(&history, &versions);
    let mut answer = Answer::about(history.resource.title());
    answer.left_aside = scope.left_aside(&resource::ABOUT)?;
    answer.left_aside.add(AsideKind::NotExamined, missing, "states whose item is not in config_items");
    answer.set("resource", json!(history.resource));
    answer.set("fields", Json::Array(lines.iter().map(Line::as_json).collect()));
    answer.say(0, "", format!("{}; {}", history.counts(), history.recording()), None);
    answer.section("");
    lines.iter().for_each(|line| line.tell(&mut answer));
    match history.state_at(at) {
        None => answer.cannot_say.push(format!("who set its fields: {}", before_first(&history, at))),
        Some(state) if state.state == "deleted" => {
            answer.say(0, "", "it does not exist at that time, so no field has an author", [state.row.clone()]);
        }
        Some(state) if state.state != "exists" => {
            answer.cannot_say.push(format!("who set its fields: {}", standing(state, at)));
        }
        Some(_) if lines.is_empty() => answer.say(0, "", "its document has no field at that time", None),
        Some(_) => {}
    }
    Ok(answer)
}

/// The documents since it was made for the last time: what was deleted and made again has forgotten. And how many of
/// them have no item.
fn versions<'h>(history: &'h History, items: &[Item], at: i64) -> (Vec<(&'h State, Json)>, u64) {
    let states: Vec<&State> = history.states.iter().filter(|state| state.from() <= at).collect();
    let begin = states.iter().rposition(|state| state.state != "exists").map_or(0, |last| last + 1);
    let states = states.get(begin..).unwrap_or_default();
    let item = |state: &&'h State| Some((*state, items.iter().find(|item| item.row == state.row)?.documents()));
    let found: Vec<(&State, Json)> = states.iter().filter_map(item).collect();
    let missing = states.len() - found.len();
    (found, missing as u64)
}

fn lines<'h>(history: &'h History, versions: &[(&'h State, Json)]) -> Vec<Line<'h>> {
    let documents: Vec<&Json> = versions.iter().map(|(_, document)| document).collect();
    coldtrail_diff::blame(&documents)
        .into_iter()
        .filter_map(|blamed| {
            let (state, _) = versions.get(blamed.version)?;
            let change =
                history.changes.iter().find(|change| change.first().is_some_and(|first| first.row == state.row));
            Some(Line { path: blamed.path, value: blamed.value, state, change, first: blamed.version == 0 })
        })
        .collect()
}

/// One field and who set it.
struct Line<'h> {
    path: String,
    value: Json,
    state: &'h State,
    change: Option<&'h Change>,
    /// Was it so already when the resource was first captured?
    first: bool,
}

impl Line<'_> {
    fn tell(&self, answer: &mut Answer) {
        let value = cut(&self.value.to_string(), 80);
        let attribution = self.change.and_then(|change| change.attribution.as_ref());
        let call = attribution.and_then(|a| a.event());
        let who = match attribution {
            Some(a) if call.is_some() => format!(
                "[{}] {} by {} at {}",
                a.class,
                a.api.as_deref().unwrap_or_default(),
                a.actor.as_deref().unwrap_or("unknown"),
                a.event_time.as_deref().unwrap_or_default(),
            ),
            Some(a) => format!("[{}]", a.class),
            None if self.first => "as first captured".to_owned(),
            None => "[not attributed]".to_owned(),
        };
        let row: RowName = self.state.row.clone();
        answer.say(0, "", format!("{}  {} = {value}", self.state.valid_from, self.path), [row]);
        answer.say(2, "", who, call);
    }

    fn as_json(&self) -> Json {
        json!({
            "path": self.path, "value": self.value, "configurationItemCaptureTime": self.state.valid_from,
            "asFirstCaptured": self.first,
            "attribution": self.change.and_then(|change| change.attribution.as_ref()).map(|a| a.as_json()),
            "evidence": self.state.row.as_json(),
        })
    }
}
