//! `coldtrail config investigate`: when did it change, who did it, how, what does it touch, what else was changed.

use anyhow::Result;
use coldtrail_query::{Session, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{Change, History, change_text};
use super::related::{Nearby, Neighbour, change_line, is_same, nearby, nearby_json, neighbour_json, neighbours};
use super::show::{Recording, before_first, standing};
use super::{Found, at, history_session, resolve};
use crate::args::ConfigInvestigate;
use crate::diagnostics::Status;
use crate::rows::{Row, ask, cut, micros, rfc3339, safe};
use crate::settings::Settings;
use crate::terminal;

#[derive(Deserialize)]
struct Exposed {
    kind: String,
    detail: String,
    valid_from: String,
    #[serde(flatten)]
    row: Row,
}

/// A sentence and the rows that prove it.
struct Finding {
    about: &'static str,
    text: String,
    rows: Vec<Row>,
}

struct Case {
    at: i64,
    history: History,
    findings: Vec<Finding>,
    neighbours: Vec<Neighbour>,
    /// Changes about the same time, on what is related or by the same actor.
    also: Vec<(Nearby, &'static str)>,
}

pub(super) fn run(arguments: &ConfigInvestigate, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let at = at(&session, arguments.at.as_deref())?;
    let found = resolve(&session, &arguments.resource)?;
    let case = Case::investigate(&session, found, at, arguments.window.micros())?;
    if settings.json {
        terminal::print_json(settings, &case.as_json())?;
    } else {
        terminal::print(settings, &case.text())?;
    }
    Ok(Status::Clean)
}

impl Case {
    fn investigate(session: &Session, found: Found, at: i64, window: i64) -> Result<Case> {
        let history = History::load(session, found)?;
        let neighbours = neighbours(session, &history, at, 2)?;
        let mut case = Case { at, history, findings: Vec::new(), neighbours, also: Vec::new() };
        case.what_it_is();
        case.exposures(session)?;
        let when = case.last_change(at);
        match when {
            Some(when) => case.also_changed(session, when, window)?,
            None => case.find("when", "no change of it was captured until then".to_owned(), None),
        }
        case.limits(session)?;
        Ok(case)
    }

    fn find(&mut self, about: &'static str, text: String, rows: impl IntoIterator<Item = Row>) {
        self.findings.push(Finding { about, text, rows: rows.into_iter().collect() });
    }

    fn what_it_is(&mut self) {
        let (text, row) = match self.history.state_at(self.at) {
            Some(state) => (standing(state, self.at), Some(state.row.clone())),
            None => (before_first(&self.history, self.at), None),
        };
        let text = text.trim_start_matches("state").trim().to_owned();
        self.find("state", text, row);
    }

    fn exposures(&mut self, session: &Session) -> Result<()> {
        let mut parameters = self.history.resource.parameters();
        parameters.push(("at".to_owned(), Value::Time(Some(self.at))));
        let exposed: Vec<Exposed> = ask(session, include_str!("exposed.sql"), &parameters)?;
        for one in exposed {
            let text = format!("{}: {}, so captured since {}", one.kind, one.detail, one.valid_from);
            self.find("exposure", text, [one.row]);
        }
        Ok(())
    }

    /// The last change at or before the instant; when the call was made, else when it was captured.
    fn last_change(&mut self, at: i64) -> Option<i64> {
        let change = self.changes_until(at).next_back()?.clone();
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
        self.find("when", when, [first.row.clone()]);
        let Some(attribution) = change.attribution.clone() else { return Some(time) };
        let Some(event) = attribution.event() else {
            let why = attribution.why.clone().unwrap_or_default();
            self.find("who", format!("nobody can be named: {why}"), [first.row]);
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
        self.find("who", who, [event]);
        self.find("sure", attribution.why.clone().unwrap_or_default(), [first.row]);
        attribution.event_time.as_deref().and_then(micros).or(Some(time))
    }

    fn changes_until(&self, at: i64) -> impl DoubleEndedIterator<Item = &Change> {
        self.history.changes.iter().filter(move |change| micros(change.time()).is_some_and(|time| time <= at))
    }

    /// What else was changed about the same time: on what is related, or by whoever made the last change.
    fn also_changed(&mut self, session: &Session, when: i64, window: i64) -> Result<()> {
        let last = self.changes_until(self.at).next_back().and_then(|change| change.attribution.clone());
        let actor = last.as_ref().and_then(|attribution| attribution.actor.clone());
        let own = self.history.resource.clone();
        for near in nearby(session, when, window)? {
            if is_same(&near.resource, &own) {
                continue;
            }
            let related = self.neighbours.iter().any(|neighbour| is_same(&neighbour.resource, &near.resource));
            let same_actor = actor.is_some() && near.attribution.actor == actor;
            match (related, same_actor) {
                (true, true) => self.also.push((near, "related, by the same actor")),
                (true, false) => self.also.push((near, "related")),
                (false, true) => self.also.push((near, "by the same actor")),
                (false, false) => {}
            }
        }
        Ok(())
    }

    /// What the evidence cannot tell.
    fn limits(&mut self, session: &Session) -> Result<()> {
        let recording = Recording::load(session, &self.history.resource, self.at)?;
        for line in recording.lines() {
            let (about, text) = line.split_once(' ').unwrap_or(("", &line));
            let text = format!("{about}: {}", text.trim());
            self.find("limits", text, None);
        }
        let recorded = self.history.recording();
        self.find("limits", recorded, None);
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("{}\nas of {}\n\n", safe(&self.history.resource.title()), rfc3339(self.at));
        for finding in &self.findings {
            let rows: Vec<String> = finding.rows.iter().map(Row::short).collect();
            let rows = if rows.is_empty() { String::new() } else { format!("  [{}]", rows.join(", ")) };
            text.push_str(&format!("{:<9} {}{rows}\n", finding.about, safe(&finding.text)));
        }
        if let Some(change) = self.changes_until(self.at).next_back() {
            text.push_str(&format!("\nthe change\n{}", change_text(change)));
        }
        let earlier: Vec<&Change> = self.changes_until(self.at).rev().skip(1).take(5).collect();
        if !earlier.is_empty() {
            text.push_str("\nbefore it\n");
            earlier.iter().for_each(|change| text.push_str(&change_text(change)));
        }
        match self.history.state_at(self.at) {
            Some(_) => text.push_str(&format!("\nit touches {} resources\n", self.neighbours.len())),
            None => text.push_str("\ncannot say what it touches: no state of it was captured until then\n"),
        }
        for neighbour in self.neighbours.iter().take(40) {
            let indent = "  ".repeat(neighbour.depth);
            text.push_str(&format!(
                "{indent}{} ({})  [{}]\n",
                safe(&neighbour.resource.title()),
                safe(&neighbour.how),
                neighbour.row.short()
            ));
        }
        if self.neighbours.len() > 40 {
            text.push_str(&format!("  … and {} more; --json has all\n", self.neighbours.len() - 40));
        }
        if self.changes_until(self.at).next_back().is_none() {
            return text;
        }
        text.push_str("\nalso changed about that time\n");
        for (near, why) in &self.also {
            text.push_str(&format!("  {} ({why})\n    {}\n", safe(&near.resource.title()), change_line(near)));
        }
        if self.also.is_empty() {
            text.push_str(
                "  nothing that is related or by the same actor, as far as the Config files go that are here\n",
            );
        }
        text
    }

    fn as_json(&self) -> Json {
        let findings: Vec<Json> = self
            .findings
            .iter()
            .map(|f| json!({ "about": f.about, "text": f.text, "evidence": f.rows.iter().map(Row::as_json).collect::<Vec<_>>() }))
            .collect();
        let changes: Vec<Json> = self.changes_until(self.at).rev().take(6).map(Change::as_json).collect();
        let related: Vec<Json> = self.neighbours.iter().map(|neighbour| neighbour_json(neighbour, &[])).collect();
        let also: Vec<Json> = self
            .also
            .iter()
            .map(|(near, why)| {
                let mut value = nearby_json(near);
                if let Json::Object(members) = &mut value {
                    members.insert("because".to_owned(), json!(why));
                }
                value
            })
            .collect();
        json!({
            "resource": self.history.resource, "asOf": rfc3339(self.at), "findings": findings,
            "change": changes.first(), "earlierChanges": changes.get(1..).unwrap_or_default(),
            "related": related, "alsoChanged": also,
        })
    }
}
