//! How well answers agree with the truth of a simulation.
//!
//! It sees answers only as rows of JSON, so that it can judge any program; nothing of coldtrail's own comparing is used.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::io::{self, BufRead};
use std::path::Path;

use serde_json::Value;

/// What the truth says of one item: who made what it shows.
#[derive(Debug, Default)]
struct Item {
    /// The calls that are logged, with the root of the chain and the chain.
    calls: BTreeMap<String, (String, Vec<String>)>,
    direct: BTreeSet<String>,
    service: bool,
    unlogged: bool,
}

/// A recorded state.
#[derive(Debug)]
pub struct State {
    /// Account, region, type and id.
    pub key: String,
    pub id: String,
    pub arn: Option<String>,
    /// Milliseconds since 1970.
    pub from: i64,
    pub to: Option<i64>,
    pub status: String,
    pub documents: Value,
}

/// The truth of a simulation, as far as it is scored.
#[derive(Debug, Default)]
pub struct Truth {
    items: BTreeMap<(String, i64), Item>,
    pub states: Vec<State>,
    /// By access key: the origin.
    origins: HashMap<String, String>,
}

/// Counts, of which rates are made.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub right: u64,
    pub all: u64,
}

impl Rate {
    fn add(&mut self, right: bool) {
        self.all += 1;
        self.right += u64::from(right);
    }

    pub fn percent(&self) -> f64 {
        if self.all == 0 { 100.0 } else { self.right as f64 * 100.0 / self.all as f64 }
    }
}

/// How the answers compare.
#[derive(Debug, Default, Clone)]
pub struct Score {
    /// Of the changes called certain: those whose call is a true one.
    pub certain: Rate,
    pub likely: Rate,
    pub service: Rate,
    /// Of the true calls of all items: those among the candidates.
    pub recall: Rate,
    /// Of the true calls that no log has: items that say so, rather than name somebody for certain.
    pub unlogged: Rate,
    /// Of the certain and likely ones: the right root, and the right chain.
    pub actors: Rate,
    pub chains: Rate,
    /// Of the temporary credentials that were used: the right origin.
    pub origins: Rate,
    /// Items with a true change that have no attribution at all.
    pub missing: u64,
    pub classes: BTreeMap<String, u64>,
    /// Some of what is wrong.
    pub examples: Vec<String>,
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn millis(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().map(|instant| instant.as_millisecond()).ok()
}

/// Milliseconds since 1970 as people write them.
pub fn rfc3339(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map(|instant| instant.to_string()).unwrap_or_default()
}

fn key(resource: &Value) -> String {
    let part = |name: &str| text(resource, name).unwrap_or_default();
    format!("{} {} {} {}", part("account"), part("region"), part("type"), part("id"))
}

impl Truth {
    /// Reads `truth.jsonl`.
    pub fn read(path: &Path) -> io::Result<Truth> {
        let mut truth = Truth::default();
        for line in io::BufReader::new(fs_err::File::open(path)?).lines() {
            let line: Value = serde_json::from_str(&line?).map_err(io::Error::other)?;
            match text(&line, "kind").as_deref() {
                Some("change") => truth.change(&line),
                Some("state") => truth.state(&line),
                Some("chain") => {
                    if let (Some(key), Some(origin)) = (text(&line, "access_key"), text(&line, "origin")) {
                        truth.origins.insert(key, origin);
                    }
                }
                _ => {}
            }
        }
        Ok(truth)
    }

    fn change(&mut self, line: &Value) {
        let Some(captured) = text(line, "captured").as_deref().and_then(millis) else { return };
        let item = self.items.entry((key(&line["resource"]), captured)).or_default();
        item.service |= line["class"] == "service";
        item.unlogged |= line["class"] == "no_log";
        if let Some(event) = text(line, "event_id") {
            if line["indirect"] != true {
                item.direct.insert(event.clone());
            }
            let chain = line["chain"].as_array().cloned().unwrap_or_default();
            let chain = chain.iter().filter_map(|link| link.as_str().map(str::to_owned)).collect();
            item.calls.insert(event, (text(line, "actor").unwrap_or_default(), chain));
        }
    }

    fn state(&mut self, line: &Value) {
        let Some(from) = text(line, "from").as_deref().and_then(millis) else { return };
        let documents = ["configuration", "supplementaryConfiguration", "tags", "relationships"]
            .map(|name| (name.to_owned(), opened(line.get(name).cloned().unwrap_or_default(), 0)));
        self.states.push(State {
            key: key(&line["resource"]),
            id: text(&line["resource"], "id").unwrap_or_default(),
            arn: text(&line["resource"], "arn"),
            from,
            to: text(line, "to").as_deref().and_then(millis),
            status: text(line, "status").unwrap_or_default(),
            documents: Value::Object(documents.into_iter().collect()),
        });
    }

    /// Scores rows of `config_attribution` and of `sessions`.
    pub fn score(&self, attributions: &[Value], sessions: &[Value]) -> Score {
        let mut score = Score::default();
        let mut seen = BTreeSet::new();
        for row in attributions {
            let part = |name: &str| text(row, name).unwrap_or_default();
            let key = format!(
                "{} {} {} {}",
                part("awsaccountid"),
                part("awsregion"),
                part("resourcetype"),
                part("resourceid")
            );
            let Some(time) = millis(&part("configurationitemcapturetime")) else { continue };
            let class = part("class");
            *score.classes.entry(class.clone()).or_default() += 1;
            let item = self.items.get(&(key.clone(), time));
            seen.insert((key.clone(), time));
            score.item(row, &class, item, &format!("{key} at {}", part("configurationitemcapturetime")));
        }
        for (place, item) in &self.items {
            if !seen.contains(place) && !item.direct.is_empty() {
                score.missing += 1;
                item.direct.iter().for_each(|_| score.recall.add(false));
                score.example(format!("no row for {} at {}", place.0, place.1));
            }
        }
        for row in sessions {
            let (Some(id), Some(actor)) = (text(row, "session_id"), text(row, "actor")) else { continue };
            if let Some(origin) = self.origins.get(&id) {
                score.origins.add(*origin == actor);
                if *origin != actor {
                    score.example(format!("session {id}: {actor}, in truth {origin}"));
                }
            }
        }
        score
    }

    /// Is the document that was shown the one that was recorded?
    pub fn is_shown(&self, state: &State, shown: &Value) -> bool {
        let deleted = state.status.starts_with("ResourceDeleted");
        if deleted {
            return shown["coldtrail"]["state"] == "deleted";
        }
        let Value::Object(documents) = &state.documents else { return false };
        documents.iter().all(|(name, document)| opened(shown.get(name).cloned().unwrap_or_default(), 0) == *document)
    }
}

impl Score {
    fn example(&mut self, text: String) {
        if self.examples.len() < 40 {
            self.examples.push(text);
        }
    }

    fn item(&mut self, row: &Value, class: &str, item: Option<&Item>, place: &str) {
        let none = Item::default();
        let item = item.unwrap_or(&none);
        let event = text(row, "eventid");
        let truth = event.as_ref().and_then(|event| item.calls.get(event));
        match class {
            "certain" => self.certain.add(truth.is_some()),
            "likely" => self.likely.add(truth.is_some()),
            "service-driven" => self.service.add(truth.is_some() && item.service),
            _ => {}
        }
        if matches!(class, "certain" | "likely" | "service-driven") && truth.is_none() {
            self.example(format!(
                "{class}: {place}: {event:?} ({:?}), in truth {:?}",
                text(row, "why"),
                item.calls.keys()
            ));
        }
        let candidates = row["candidates"].as_array().cloned().unwrap_or_default();
        for call in &item.direct {
            let found = candidates.iter().any(|candidate| candidate == call.as_str());
            self.recall.add(found);
            if !found {
                self.example(format!("not among the candidates: {place}: {call}; {class}, {:?}", text(row, "why")));
            }
        }
        if item.unlogged && item.calls.is_empty() {
            self.unlogged.add(!matches!(class, "certain" | "likely"));
        }
        if let Some((actor, chain)) = truth.filter(|_| matches!(class, "certain" | "likely")) {
            self.actors.add(text(row, "actor").as_ref() == Some(actor));
            let links = row["chain"].as_array().cloned().unwrap_or_default();
            let same = links.iter().filter_map(Value::as_str).eq(chain.iter().map(String::as_str));
            self.chains.add(same);
            if !same {
                self.example(format!("chain of {place}: {links:?}, in truth {chain:?}"));
            }
        }
    }

    /// The figures, as a table in Markdown.
    pub fn table(&self) -> String {
        let mut table = "| what | right | of | % |\n|---|---:|---:|---:|\n".to_owned();
        for (what, rate) in [
            ("precision of *certain*", self.certain),
            ("precision of *likely*", self.likely),
            ("precision of *service-driven*", self.service),
            ("true calls among the candidates", self.recall),
            ("changes without a log that nobody is named for", self.unlogged),
            ("root of the chain (certain and likely)", self.actors),
            ("whole chain (certain and likely)", self.chains),
            ("origin of temporary credentials", self.origins),
        ] {
            // Writing to a text cannot fail.
            writeln!(table, "| {what} | {} | {} | {:.2} |", rate.right, rate.all, rate.percent()).unwrap_or_default();
        }
        let classes: Vec<String> = self.classes.iter().map(|(class, count)| format!("{class} {count}")).collect();
        format!("{table}\nclasses: {}; items without a row: {}\n", classes.join(", "), self.missing)
    }
}

/// A document with the documents inside its strings opened, plain or URL-encoded.
fn opened(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, opened(member, depth))).collect(),
        Value::Array(list) => list.into_iter().map(|item| opened(item, depth)).collect(),
        Value::String(text) => {
            let decoded = match text.starts_with("%7B") {
                true => percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned(),
                false => text.clone(),
            };
            let inner = decoded.starts_with(['{', '[', '"']).then(|| serde_json::from_str::<Value>(&decoded).ok());
            match inner.flatten().filter(|_| depth < 8) {
                Some(inner) => opened(inner, depth + 1),
                None => Value::String(text),
            }
        }
        other => other,
    }
}
