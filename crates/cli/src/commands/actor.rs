//! `coldtrail actor`

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use coldtrail_query::{Session, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::args::Actor;
use crate::commands::config::{at, derived_session};
use crate::diagnostics::{Status, Usage};
use crate::rows::{Row, address, ask, cut, safe};
use crate::settings::Settings;
use crate::terminal;

#[derive(Debug, Clone, Deserialize)]
struct Stretch {
    session_id: Option<String>,
    part: i64,
    actor: Option<String>,
    actor_kind: Option<String>,
    chain: Vec<String>,
    chain_complete: Option<bool>,
    useridentity_type: Option<String>,
    useridentity_arn: Option<String>,
    mfaauthenticated: Option<bool>,
    console: Option<bool>,
    sourceidentity: Option<String>,
    federation_subject: Option<String>,
    first_time: String,
    last_time: String,
    events: i64,
    writes: i64,
    errors: i64,
    denied: i64,
    first_evers: i64,
    ips: Vec<String>,
    useragents: Vec<String>,
    regions: Vec<String>,
    services: Option<String>,
    #[serde(flatten)]
    row: Row,
}

#[derive(Debug, Clone, Deserialize)]
struct Edge {
    kind: Option<String>,
    parent_session: Option<String>,
    child_session: Option<String>,
    how: Option<String>,
    event_time: Option<String>,
    #[serde(flatten)]
    row: Row,
}

#[derive(Debug, Clone, Deserialize)]
struct Call {
    api: String,
    error_class: Option<String>,
    events: i64,
}

/// So many sessions are shown as text; JSON has all.
const SHOWN: usize = 50;

pub(crate) fn run(arguments: &Actor, settings: &Settings) -> Result<Status> {
    let session = derived_session(settings, &arguments.reading)?;
    let bound = |text: &Option<String>| text.as_deref().map(|text| at(&session, Some(text))).transpose();
    let parameters = [
        ("who".to_owned(), Value::Text(Some(address(&arguments.who)))),
        ("from".to_owned(), Value::Time(bound(&arguments.from)?)),
        ("to".to_owned(), Value::Time(bound(&arguments.to)?)),
    ];
    let found: Vec<Stretch> = ask(&session, include_str!("actor/sessions.sql"), &parameters)?;
    if found.is_empty() {
        let hint =
            "name an access key, an ARN, a session's id or an address; `coldtrail timeline --actor` looks at every log";
        let within = if arguments.from.is_some() || arguments.to.is_some() { " in that time" } else { "" };
        let what = format!("no session of `{}`{within} is in the CloudTrail events that are here", arguments.who);
        return Err(anyhow!(Usage { what, hint: Some(hint.to_owned()) }));
    }
    let tree = if arguments.tree { Some(Tree::load(&session, &found)?) } else { None };
    if settings.json {
        let all: Vec<Json> =
            found.iter().map(|stretch| with_calls(&session, stretch, found.len() <= SHOWN)).collect::<Result<_>>()?;
        let tree = tree.map(|tree| tree.as_json());
        terminal::print_json(settings, &json!({ "who": arguments.who, "sessions": all, "tree": tree }))?;
        return Ok(Status::Clean);
    }
    let mut text = summary(&found);
    text.push_str("figures are of whole sessions, also where only a part of one fits\n");
    match tree {
        Some(tree) => text.push_str(&tree.text()),
        None => {
            for stretch in found.iter().take(SHOWN) {
                text.push_str(&stretch.text(""));
                text.push_str(&calls_text(&calls(&session, stretch)?));
            }
            if found.len() > SHOWN {
                text.push_str(&format!("\n… and {} more sessions; --from, --to or --json\n", found.len() - SHOWN));
            }
        }
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

/// Who stands behind the sessions.
fn summary(found: &[Stretch]) -> String {
    let mut actors: BTreeMap<(String, String), (usize, i64, bool)> = BTreeMap::new();
    for stretch in found {
        let who = stretch.actor.clone().unwrap_or_else(|| "nobody known".to_owned());
        let entry = actors.entry((who, stretch.actor_kind.clone().unwrap_or_default())).or_insert((0, 0, true));
        entry.0 += 1;
        entry.1 += stretch.events;
        entry.2 &= stretch.chain_complete == Some(true);
    }
    let mut text = String::new();
    for ((who, kind), (sessions, events, complete)) in actors {
        let doubt = match complete {
            true => "",
            false => "; the chain is not complete: the call that handed out the credentials is not in the evidence",
        };
        text.push_str(&format!("{} ({kind}): {sessions} sessions, {events} events{doubt}\n", safe(&who)));
    }
    text
}

fn calls(session: &Session, stretch: &Stretch) -> Result<Vec<Call>> {
    let time = |text: &str| Value::Time(crate::rows::micros(text));
    let parameters = [
        ("session".to_owned(), Value::Text(stretch.session_id.clone())),
        ("from".to_owned(), time(&stretch.first_time)),
        ("to".to_owned(), time(&stretch.last_time)),
    ];
    ask(session, include_str!("actor/calls.sql"), &parameters)
}

fn calls_text(calls: &[Call]) -> String {
    let calls: Vec<String> = calls
        .iter()
        .map(|call| {
            let class = call.error_class.as_deref().filter(|class| *class != "success");
            let class = class.map(|class| format!(" {class}")).unwrap_or_default();
            format!("{}{class} ×{}", safe(&call.api), call.events)
        })
        .collect();
    if calls.is_empty() { String::new() } else { format!("    calls    {}\n", calls.join(", ")) }
}

fn with_calls(session: &Session, stretch: &Stretch, few: bool) -> Result<Json> {
    let mut value = stretch.as_json();
    if few && let Json::Object(members) = &mut value {
        let calls: Vec<Json> = calls(session, stretch)?
            .iter()
            .map(|call| json!({ "api": call.api, "errorClass": call.error_class, "events": call.events }))
            .collect();
        members.insert("calls".to_owned(), json!(calls));
    }
    Ok(value)
}

impl Stretch {
    fn text(&self, indent: &str) -> String {
        let list = |list: &[String], most: usize| {
            let shown: Vec<String> = list.iter().take(most).map(|text| safe(&cut(text, 80))).collect();
            let more = list.len().saturating_sub(most);
            format!("{}{}", shown.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
        };
        let mut facts = vec![self.useridentity_type.clone().unwrap_or_else(|| "unknown".to_owned())];
        facts.extend((self.console == Some(true)).then(|| "console".to_owned()));
        facts.extend(self.mfaauthenticated.map(|mfa| if mfa { "MFA" } else { "no MFA" }.to_owned()));
        facts.extend(self.sourceidentity.as_ref().map(|identity| format!("source identity {}", safe(identity))));
        facts.extend(self.federation_subject.as_ref().map(|subject| format!("signed in as {}", safe(subject))));
        let chain: Vec<String> = self.chain.iter().map(|link| safe(link)).collect();
        let part = if self.part > 1 { format!(" (stretch {})", self.part) } else { String::new() };
        format!(
            "\n{indent}{}{part}  {} to {}\n{indent}    who      {}\n{indent}    chain    {}\n{indent}    what     {} events: {} writes, {} errors, {} denied; {} things for the first time\n{indent}    from     {} with {}\n{indent}    regions  {}; first row {}\n",
            safe(self.session_id.as_deref().unwrap_or("no session")),
            self.first_time,
            self.last_time,
            facts.join(", "),
            chain.join(" → "),
            self.events,
            self.writes,
            self.errors,
            self.denied,
            self.first_evers,
            list(&self.ips, 5),
            list(&self.useragents, 3),
            list(&self.regions, 6),
            self.row.short(),
        )
    }

    fn as_json(&self) -> Json {
        json!({
            "sessionId": self.session_id, "part": self.part, "actor": self.actor, "actorKind": self.actor_kind,
            "chain": self.chain, "chainComplete": self.chain_complete, "type": self.useridentity_type,
            "arn": self.useridentity_arn, "mfaAuthenticated": self.mfaauthenticated, "console": self.console,
            "sourceIdentity": self.sourceidentity, "federationSubject": self.federation_subject,
            "firstTime": self.first_time, "lastTime": self.last_time, "events": self.events, "writes": self.writes,
            "errors": self.errors, "denied": self.denied, "firstEvers": self.first_evers, "ips": self.ips,
            "userAgents": self.useragents, "regions": self.regions,
            "services": self.services.as_deref().and_then(|text| serde_json::from_str::<Json>(text).ok()),
            "evidence": self.row.as_json(),
        })
    }
}

/// All sessions of the actors behind the ones asked for, as a tree of who handed credentials to whom.
struct Tree {
    sessions: BTreeMap<String, Stretch>,
    /// By the session that handed out; the empty text stands for the roots.
    children: BTreeMap<String, Vec<(String, Option<Edge>)>>,
}

impl Tree {
    fn load(session: &Session, found: &[Stretch]) -> Result<Tree> {
        let mut actors: Vec<&str> = found.iter().filter_map(|stretch| stretch.actor.as_deref()).collect();
        actors.sort_unstable();
        actors.dedup();
        let mut tree = Tree { sessions: BTreeMap::new(), children: BTreeMap::new() };
        for actor in actors {
            let parameters = [("actor".to_owned(), Value::Text(Some(actor.to_owned())))];
            let sessions: Vec<Stretch> = ask(session, include_str!("actor/of_actor.sql"), &parameters)?;
            let edges: Vec<Edge> = ask(session, include_str!("actor/edges.sql"), &parameters)?;
            for stretch in sessions {
                let id = stretch.session_id.clone().unwrap_or_default();
                tree.sessions.entry(id).or_insert(stretch);
            }
            tree.link(&edges);
        }
        let begin = |id: &str| tree.sessions.get(id).map(|stretch| stretch.first_time.clone());
        tree.children.values_mut().for_each(|children| children.sort_by_key(|(id, _)| begin(id)));
        let kept = tree.kin(found);
        tree.children.values_mut().for_each(|children| children.retain(|(id, _)| kept.contains(id)));
        Ok(tree)
    }

    /// Puts each session below the one that handed it its credentials.
    fn link(&mut self, edges: &[Edge]) {
        for id in self.sessions.keys() {
            let edge = edges.iter().find(|edge| edge.child_session.as_deref() == Some(id)).cloned();
            let parent = edge.as_ref().and_then(|edge| edge.parent_session.clone());
            let parent = parent.filter(|parent| parent != id && self.sessions.contains_key(parent));
            let siblings = self.children.entry(parent.unwrap_or_default()).or_default();
            if !siblings.iter().any(|(known, _)| known == id) {
                siblings.push((id.clone(), edge));
            }
        }
    }

    /// The sessions asked for, those above them, and those below.
    fn kin(&self, found: &[Stretch]) -> BTreeSet<String> {
        let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
        for (parent, children) in &self.children {
            children.iter().for_each(|(child, _)| {
                parents.insert(child, parent);
            });
        }
        let mut kin: BTreeSet<String> = BTreeSet::new();
        let mut below: Vec<&str> = found.iter().filter_map(|stretch| stretch.session_id.as_deref()).collect();
        for id in &below {
            let mut at = Some(*id);
            while let Some(id) = at.filter(|id| kin.insert((*id).to_owned())) {
                at = parents.get(id).copied();
            }
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(id) = below.pop() {
            if seen.insert(id) {
                kin.insert(id.to_owned());
                below.extend(self.children.get(id).into_iter().flatten().map(|(child, _)| child.as_str()));
            }
        }
        kin
    }

    fn text(&self) -> String {
        let mut text = String::new();
        self.branch("", 0, &mut |stretch, edge, depth| {
            let indent = "    ".repeat(depth);
            if let Some(edge) = edge {
                text.push_str(&format!(
                    "\n{indent}└ {} at {} (known by {}; row {})",
                    safe(edge.kind.as_deref().unwrap_or_default()),
                    edge.event_time.as_deref().unwrap_or_default(),
                    edge.how.as_deref().unwrap_or("nothing"),
                    edge.row.short()
                ));
            }
            text.push_str(&stretch.text(&indent));
            Json::Null
        });
        text
    }

    fn as_json(&self) -> Json {
        Json::Array(self.branch("", 0, &mut |stretch, edge, _| {
            let mut value = stretch.as_json();
            if let (Some(edge), Json::Object(members)) = (edge, &mut value) {
                members.insert(
                    "by".to_owned(),
                    json!({ "kind": edge.kind, "eventTime": edge.event_time, "how": edge.how, "evidence": edge.row.as_json() }),
                );
            }
            value
        }))
    }

    fn branch(
        &self,
        parent: &str,
        depth: usize,
        visit: &mut dyn FnMut(&Stretch, Option<&Edge>, usize) -> Json,
    ) -> Vec<Json> {
        let mut all = Vec::new();
        // A chain longer than this is a circle.
        if depth > 32 {
            return all;
        }
        for (id, edge) in self.children.get(parent).map(Vec::as_slice).unwrap_or_default() {
            let Some(stretch) = self.sessions.get(id) else { continue };
            let mut value = visit(stretch, edge.as_ref(), depth);
            let children = if id.is_empty() { Vec::new() } else { self.branch(id, depth + 1, visit) };
            if let Json::Object(members) = &mut value {
                members.insert("children".to_owned(), json!(children));
            }
            all.push(value);
        }
        all
    }
}
