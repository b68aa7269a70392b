//! When did it change, who did it, how, what does it touch, what else was changed: in one answer.

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{Change, History, tell_change};
use super::related::{Around, Nearby, change_line, is_same, nearby, nearby_json, neighbour_json};
use super::show::{Recording, before_first, standing};
use crate::error::Result;
use crate::resource::{Resource, resolve};
use crate::rows::{ask, cut, micros, rfc3339};
use crate::scope::{About, Scope};

#[derive(Deserialize)]
struct Exposed {
    kind: String,
    detail: String,
    valid_from: String,
    #[serde(flatten)]
    row: RowName,
}

/// Rests on both sides: items for what changed, calls for who did it.
const ABOUT: About<'_> = About { tables: &["config_items", "cloudtrail"], derived: true, timed: true };

/// What was found so far.
struct Investigation<'s> {
    session: &'s Session,
    at: i64,
    history: History,
    answer: Answer,
}

/// Everything about a resource as of an instant, and changes within a window around its last change; in microseconds.
pub fn investigate(scope: &Scope<'_>, name: &str, at: i64, window: i64) -> Result<Answer> {
    scope.histories()?;
    let history = History::load(scope.session, resolve(scope, name)?)?;
    let around = Around::load(scope.session, &history, at, 2)?;
    let mut answer = Answer::about(format!("{} as of {}", history.resource.title(), rfc3339(at)));
    answer.left_aside = scope.left_aside(&ABOUT)?;
    around.leave_aside(&mut answer);
    let mut case = Investigation { session: scope.session, at, history, answer };
    case.what_it_is();
    case.exposures()?;
    let when = case.last_change();
    let also = match when {
        Some(when) => case.also_changed(&around, when, window)?,
        None => Vec::new(),
    };
    if when.is_none() {
        case.answer.say(0, "when", "no change of it was captured until then", None);
    }
    Recording::load(scope.session, &case.history.resource, at)?.tell(&mut case.answer);
    let recorded = case.history.recording();
    case.answer.say(0, "limits", recorded, None);
    case.changes();
    case.touches(&around);
    case.tell_also(&also);
    case.data(&around, &also);
    Ok(case.answer)
}

impl Investigation<'_> {
    fn what_it_is(&mut self) {
        let (text, row) = match self.history.state_at(self.at) {
            Some(state) => (standing(state, self.at), Some(state.row.clone())),
            None => (before_first(&self.history, self.at), None),
        };
        self.answer.say(0, "state", text, row);
    }

    fn exposures(&mut self) -> Result<()> {
        let mut parameters = self.history.resource.parameters();
        parameters.push(("at".to_owned(), Value::Time(Some(self.at))));
        let exposed: Vec<Exposed> = ask(self.session, include_str!("exposed.sql"), &parameters)?;
        for one in exposed {
            let text = format!("{}: {}, so captured since {}", one.kind, one.detail, one.valid_from);
            self.answer.say(0, "exposure", text, [one.row]);
        }
        Ok(())
    }

    fn changes_until(&self) -> impl DoubleEndedIterator<Item = &Change> {
        let at = self.at;
        self.history.changes.iter().filter(move |change| micros(change.time()).is_some_and(|time| time <= at))
    }

    /// The last change at or before the instant; when the call was made, else when it was captured.
    fn last_change(&mut self) -> Option<i64> {
        let change = self.changes_until().next_back()?.clone();
        let time = micros(change.time())?;
        let first = change.first()?.clone();
        let since = first.previouscapturetime.clone();
        let before = self.history.states.iter().find(|state| state.valid_to.as_deref() == Some(change.time()));
        let confirmed = before.and_then(|state| state.last_confirmed.clone());
        let confirmed = confirmed.filter(|confirmed| micros(confirmed).is_some_and(|confirmed| confirmed < time));
        let confirmed =
            confirmed.map(|at| format!(" (the state before was confirmed last at {at})")).unwrap_or_default();
        let when = match since {
            Some(since) => format!("the change lies between the captures of {since} and {}{confirmed}", change.time()),
            None => format!("it was captured first at {}", change.time()),
        };
        self.answer.say(0, "when", when, [first.row.clone()]);
        let Some(attribution) = change.attribution.clone() else { return Some(time) };
        let Some(event) = attribution.event() else {
            let why = attribution.why.clone().unwrap_or_default();
            self.answer.say(0, "who", format!("nobody can be named: {why}"), [first.row]);
            return Some(time);
        };
        let who = format!(
            "{} ({}), by {} at {}, from {} with {} ({})",
            attribution.by().unwrap_or_else(|| "unknown".to_owned()),
            attribution.class,
            attribution.api.as_deref().unwrap_or_default(),
            attribution.event_time.as_deref().unwrap_or_default(),
            attribution.sourceipaddress.as_deref().unwrap_or("unknown"),
            attribution.means().name(),
            cut(attribution.useragent.as_deref().unwrap_or("no user agent"), 100),
        );
        self.answer.say(0, "who", who, [event]);
        self.answer.say(0, "sure", attribution.why.clone().unwrap_or_default(), [first.row]);
        attribution.event_time.as_deref().and_then(micros).or(Some(time))
    }

    /// What else was changed about the same time: on what is related, or by whoever made the last change.
    fn also_changed(&self, around: &Around, when: i64, window: i64) -> Result<Vec<(Nearby, &'static str)>> {
        let last = self.changes_until().next_back().and_then(|change| change.attribution.clone());
        let actor = last.as_ref().and_then(|attribution| attribution.actor.clone());
        let own: &Resource = &self.history.resource;
        let mut also = Vec::new();
        for near in nearby(self.session, when, window)? {
            if is_same(&near.resource, own) {
                continue;
            }
            let related = around.neighbours.iter().any(|neighbour| is_same(&neighbour.resource, &near.resource));
            let same_actor = actor.is_some() && near.attribution.actor == actor;
            match (related, same_actor) {
                (true, true) => also.push((near, "related, by the same actor")),
                (true, false) => also.push((near, "related")),
                (false, true) => also.push((near, "by the same actor")),
                (false, false) => {}
            }
        }
        Ok(also)
    }

    /// The last change, and the five before it.
    fn changes(&mut self) {
        let changes: Vec<Change> = self.changes_until().rev().take(6).cloned().collect();
        for (at, change) in changes.iter().enumerate() {
            self.answer.section(["the change", "before it"].get(at).copied().unwrap_or_default());
            tell_change(&mut self.answer, change);
        }
    }

    fn touches(&mut self, around: &Around) {
        const SHOWN: usize = 40;
        if self.history.state_at(self.at).is_none() {
            let what = "what it touches: no state of it was captured until then";
            self.answer.cannot_say.push(what.to_owned());
            return;
        }
        self.answer.section(format!("it touches {} resources", around.neighbours.len()));
        around.neighbours.iter().take(SHOWN).for_each(|neighbour| neighbour.tell(&mut self.answer));
        if around.neighbours.len() > SHOWN {
            let more = around.neighbours.len() - SHOWN;
            self.answer.say(1, "", format!("… and {more} more; --json has all"), None);
        }
    }

    fn tell_also(&mut self, also: &[(Nearby, &'static str)]) {
        if self.changes_until().next_back().is_none() {
            return;
        }
        self.answer.section("also changed about that time");
        for (near, why) in also {
            let (line, rows) = change_line(near);
            self.answer.say(1, "", format!("{} ({why})", near.resource.title()), None);
            self.answer.say(2, "", line, rows);
        }
        if also.is_empty() {
            let what = "nothing that is related or by the same actor, as far as the Config files go that are here";
            self.answer.say(1, "", what, None);
        }
    }

    fn data(&mut self, around: &Around, also: &[(Nearby, &'static str)]) {
        let changes: Vec<Json> = self.changes_until().rev().take(6).map(Change::as_json).collect();
        let related = around.neighbours.iter().map(|neighbour| neighbour_json(neighbour, &[]));
        let also = also.iter().map(|(near, why)| {
            let mut value = nearby_json(near);
            if let Json::Object(members) = &mut value {
                members.insert("because".to_owned(), json!(why));
            }
            value
        });
        let (related, also) = (Json::Array(related.collect()), Json::Array(also.collect()));
        self.answer.set("resource", json!(self.history.resource));
        self.answer.set("asOf", json!(rfc3339(self.at)));
        self.answer.set("change", json!(changes.first()));
        self.answer.set("earlierChanges", json!(changes.get(1..).unwrap_or_default()));
        self.answer.set("related", related);
        self.answer.set("alsoChanged", also);
    }
}
