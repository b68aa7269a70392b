//! `coldtrail config related`

use anyhow::Result;
use coldtrail_query::{Session, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{Attribution, History, Item, Related};
use super::{Resource, at, history_session, resolve};
use crate::args::ConfigRelated;
use crate::diagnostics::Status;
use crate::rows::{Row, ask, micros, rfc3339, safe};
use crate::settings::Settings;
use crate::terminal;

/// A resource near another one, and how it got into the list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Neighbour {
    #[serde(flatten)]
    pub(super) resource: Resource,
    state: String,
    valid_from: String,
    #[serde(flatten)]
    pub(super) row: Row,
    #[serde(skip)]
    pub(super) depth: usize,
    #[serde(skip)]
    pub(super) how: String,
}

/// A change near in time, with its resource.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Nearby {
    #[serde(flatten)]
    pub(super) resource: Resource,
    #[serde(flatten)]
    pub(super) attribution: Attribution,
}

pub(super) fn run(arguments: &ConfigRelated, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let at = at(&session, arguments.at.as_deref())?;
    let history = History::states(resolve(&session, &arguments.resource)?);
    let neighbours = neighbours(&session, &history, at, arguments.depth)?;
    let resource = &history.resource;
    let nearby = nearby(&session, at, arguments.window.micros())?;
    let changed = |neighbour: &Neighbour| -> Vec<&Nearby> {
        nearby.iter().filter(|near| is_same(&near.resource, &neighbour.resource)).collect()
    };
    if settings.json {
        let all: Vec<Json> = neighbours.iter().map(|n| neighbour_json(n, &changed(n))).collect();
        let value = json!({ "resource": resource, "asOf": rfc3339(at), "windowSeconds": arguments.window.micros() / 1_000_000, "related": all });
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let mut text = format!("{}\nrelated to it at {}\n", safe(&resource.title()), rfc3339(at));
    for neighbour in &neighbours {
        text.push_str(&neighbour_text(neighbour, &changed(neighbour)));
    }
    if neighbours.is_empty() {
        text.push_str(match history.state_at(at) {
            Some(_) => "  nothing, as far as the items say that are here\n",
            None => "  cannot say: no state of it was captured until then\n",
        });
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

fn neighbour_text(neighbour: &Neighbour, changed: &[&Nearby]) -> String {
    let indent = "  ".repeat(neighbour.depth);
    let mut text = format!(
        "{indent}{}  ({}; item {})\n",
        safe(&neighbour.resource.title()),
        safe(&neighbour.how),
        neighbour.row.short()
    );
    for near in changed {
        text.push_str(&format!("{indent}  changed {}\n", change_line(near)));
    }
    text
}

/// When, how sure, by whom.
pub(super) fn change_line(near: &Nearby) -> String {
    let a = &near.attribution;
    let who = match a.event() {
        Some(row) => format!(
            "{} by {} at {} from {}; call {}",
            safe(a.api.as_deref().unwrap_or_default()),
            safe(a.actor.as_deref().unwrap_or("unknown")),
            a.event_time.as_deref().unwrap_or_default(),
            safe(a.sourceipaddress.as_deref().unwrap_or("unknown")),
            row.short()
        ),
        None => safe(a.why.as_deref().unwrap_or("no call found")),
    };
    format!("{} [{}] {who}; item {}", a.configurationitemcapturetime, a.class, a.row.short())
}

pub(super) fn neighbour_json(neighbour: &Neighbour, changed: &[&Nearby]) -> Json {
    json!({
        "resource": neighbour.resource, "depth": neighbour.depth, "how": neighbour.how, "state": neighbour.state,
        "configurationItemCaptureTime": neighbour.valid_from, "evidence": neighbour.row.as_json(),
        "changes": changed.iter().map(|near| nearby_json(near)).collect::<Vec<_>>(),
    })
}

pub(super) fn nearby_json(near: &Nearby) -> Json {
    json!({
        "resource": near.resource,
        "configurationItemCaptureTime": near.attribution.configurationitemcapturetime,
        "attribution": near.attribution.as_json(),
        "evidence": near.attribution.row.as_json(),
    })
}

/// As far as a relationship tells: it names no region.
pub(super) fn is_same(a: &Resource, b: &Resource) -> bool {
    a.resourceid == b.resourceid && a.resourcetype == b.resourcetype && a.awsaccountid == b.awsaccountid
}

/// The changes within a window around an instant.
pub(super) fn nearby(session: &Session, at: i64, window: i64) -> Result<Vec<Nearby>> {
    let parameters =
        [("from".to_owned(), Value::Time(Some(at - window))), ("to".to_owned(), Value::Time(Some(at + window)))];
    ask(session, include_str!("near.sql"), &parameters)
}

/// Resources that it names, that name it, and what those name in turn, to `depth`.
pub(super) fn neighbours(session: &Session, history: &History, at: i64, depth: usize) -> Result<Vec<Neighbour>> {
    let Some(state) = history.state_at(at).filter(|state| state.state != "deleted") else { return Ok(Vec::new()) };
    let own = &history.resource;
    let mut edge = vec![(own.clone(), Item::of_state(session, &state.row, state.from())?)];
    let mut found: Vec<Neighbour> = Vec::new();
    for depth in 1..=depth {
        let mut next = Vec::new();
        let mut around = named(session, &edge, at)?;
        if depth == 1 {
            around.extend(pointing(session, own, at)?);
        }
        for mut neighbour in around {
            let known = is_same(&neighbour.resource, own)
                || found.iter().any(|other| is_same(&other.resource, &neighbour.resource));
            if !known {
                neighbour.depth = depth;
                next.push(neighbour.clone());
                found.push(neighbour);
            }
        }
        // A subnet or a VPC is related to everything: what lies behind very many says nothing.
        next.truncate(20);
        edge = Vec::new();
        for neighbour in next.into_iter().filter(|neighbour| !neighbour.valid_from.is_empty()) {
            let from = micros(&neighbour.valid_from).unwrap_or_default();
            edge.push((neighbour.resource, Item::of_state(session, &neighbour.row, from)?));
        }
    }
    Ok(found)
}

/// Those that they name.
fn named(session: &Session, of: &[(Resource, Option<Item>)], at: i64) -> Result<Vec<Neighbour>> {
    let mut wanted: Vec<(&Resource, Related, Row)> = Vec::new();
    for (resource, item) in of {
        let Some(item) = item else { continue };
        wanted.extend(item.relationships().into_iter().map(|related| (resource, related, item.row.clone())));
    }
    let ids: Vec<&str> = wanted.iter().filter_map(|(_, related, _)| related.id()).collect();
    let account = of.first().and_then(|(resource, _)| resource.awsaccountid.clone());
    let known: Vec<Neighbour> =
        if ids.is_empty() { Vec::new() } else { states(session, account, &ids.join("\n"), at)? };
    let mut found = Vec::new();
    for (of, related, row) in &wanted {
        let Some(id) = related.id() else { continue };
        let how = format!("{} {}", of.resourceid, related.name.as_deref().unwrap_or("is related to").trim());
        let is = |neighbour: &&Neighbour| {
            let r = &neighbour.resource;
            r.resourcetype == related.resource_type && (r.resourceid == id || r.resourcename.as_deref() == Some(id))
        };
        let unknown = || Neighbour {
            resource: Resource {
                awsaccountid: of.awsaccountid.clone(),
                awsregion: of.awsregion.clone(),
                resourcetype: related.resource_type.clone(),
                resourceid: id.to_owned(),
                resourcename: related.resource_name.clone(),
                arn: None,
            },
            state: "not in the items that are here".to_owned(),
            valid_from: String::new(),
            row: row.clone(),
            depth: 0,
            how: String::new(),
        };
        let neighbour = known.iter().find(is).cloned().unwrap_or_else(unknown);
        found.push(Neighbour { how, ..neighbour });
    }
    Ok(found)
}

/// The states of resources by their ids or names, one on each line.
fn states(session: &Session, account: Option<String>, ids: &str, at: i64) -> Result<Vec<Neighbour>> {
    let parameters = [
        ("account".to_owned(), Value::Text(account)),
        ("ids".to_owned(), Value::Text(Some(ids.to_owned()))),
        ("at".to_owned(), Value::Time(Some(at))),
    ];
    ask(session, include_str!("related.sql"), &parameters)
}

/// Those that name it.
fn pointing(session: &Session, to: &Resource, at: i64) -> Result<Vec<Neighbour>> {
    let parameters = [
        ("account".to_owned(), Value::Text(to.awsaccountid.clone())),
        ("id".to_owned(), Value::Text(Some(to.resourceid.clone()))),
        ("at".to_owned(), Value::Time(Some(at))),
    ];
    let mut found: Vec<Neighbour> = ask(session, include_str!("pointing.sql"), &parameters)?;
    for neighbour in &mut found {
        neighbour.how = format!("names {}", to.resourceid);
    }
    Ok(found)
}
