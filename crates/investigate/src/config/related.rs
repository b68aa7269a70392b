//! What a resource is related to, and what of that changed about the same time.

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, AsideKind, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::history::{Attribution, History, Related, State, parsed};
use crate::error::Result;
use crate::resource::{self, Resource, resolve};
use crate::rows::{ask, micros, rfc3339};
use crate::scope::Scope;

/// A resource near another one, and how it got into the list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Neighbour {
    #[serde(flatten)]
    pub(super) resource: Resource,
    state: String,
    valid_from: String,
    #[serde(flatten)]
    pub(super) row: RowName,
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

/// Relations of a resource at an instant, and the changes on them within a window around it; both in microseconds.
pub fn related(scope: &Scope<'_>, name: &str, at: i64, depth: usize, window: i64) -> Result<Answer> {
    scope.histories()?;
    let history = History::states(resolve(scope, name)?);
    let around = Around::load(scope.session, &history, at, depth)?;
    let nearby = nearby(scope.session, at, window)?;
    let changed = |neighbour: &Neighbour| -> Vec<&Nearby> {
        nearby.iter().filter(|near| is_same(&near.resource, &neighbour.resource)).collect()
    };
    let mut answer = Answer::about(history.resource.title());
    answer.left_aside = scope.left_aside(&resource::ABOUT)?;
    around.leave_aside(&mut answer);
    answer.set("resource", json!(history.resource));
    answer.set("asOf", json!(rfc3339(at)));
    answer.set("windowSeconds", json!(window / 1_000_000));
    let all = around.neighbours.iter().map(|n| neighbour_json(n, &changed(n)));
    answer.set("related", Json::Array(all.collect()));
    answer.section(format!("related to it at {}", rfc3339(at)));
    for neighbour in &around.neighbours {
        neighbour.tell(&mut answer);
        for near in changed(neighbour) {
            let (line, rows) = change_line(near);
            answer.say(neighbour.depth + 1, "changed", line, rows);
        }
    }
    match history.state_at(at) {
        None => answer.cannot_say.push("what it is related to: no state of it was captured until then".to_owned()),
        Some(_) if around.neighbours.is_empty() => answer.say(
            1,
            "",
            format!("nothing: none among the relationships in {}", scope.among(&resource::ABOUT)),
            None,
        ),
        Some(_) => {}
    }
    Ok(answer)
}

impl Neighbour {
    pub(super) fn tell(&self, answer: &mut Answer) {
        let text = format!("{} ({})", self.resource.title(), self.how);
        answer.say(self.depth, "", text, [self.row.clone()]);
    }
}

/// When, how sure, by whom; and the rows of it.
pub(super) fn change_line(near: &Nearby) -> (String, Vec<RowName>) {
    let a = &near.attribution;
    let who = match a.event() {
        Some(_) => format!(
            "{} by {} at {} from {}",
            a.api.as_deref().unwrap_or_default(),
            a.actor.as_deref().unwrap_or("unknown"),
            a.event_time.as_deref().unwrap_or_default(),
            a.sourceipaddress.as_deref().unwrap_or("unknown"),
        ),
        None => a.why.clone().unwrap_or_else(|| "no call found".to_owned()),
    };
    let rows = [Some(a.row.clone()), a.event()].into_iter().flatten().collect();
    (format!("{} [{}] {who}", a.configurationitemcapturetime, a.class), rows)
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

/// What lies around a resource.
pub(super) struct Around {
    pub(super) neighbours: Vec<Neighbour>,
    /// Neighbours whose own relationships were not followed.
    not_followed: u64,
}

/// The relationships that the item of a state names.
#[derive(Deserialize)]
struct Relationships {
    relationships: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

/// A resource whose relationships are followed.
struct Node {
    resource: Resource,
    row: RowName,
    relationships: Vec<Related>,
}

/// A subnet or a VPC is related to everything: what lies behind very many says nothing.
const FOLLOWED: usize = 20;

impl Around {
    /// Resources that it names, that name it, and what those name in turn, to `depth`.
    pub(super) fn load(session: &Session, history: &History, at: i64, depth: usize) -> Result<Around> {
        let mut around = Around { neighbours: Vec::new(), not_followed: 0 };
        let state = history.state_at(at).filter(|state: &&State| state.state != "deleted");
        let Some(state) = state else { return Ok(around) };
        let own = &history.resource;
        let mut nodes = nodes(session, &[(own, &state.row, state.from())])?;
        for depth in 1..=depth {
            let mut found = named(session, &nodes, at)?;
            if depth == 1 {
                found.extend(pointing(session, own, at)?);
            }
            let mut next = Vec::new();
            for mut neighbour in found {
                let known = is_same(&neighbour.resource, own)
                    || around.neighbours.iter().any(|other| is_same(&other.resource, &neighbour.resource));
                if !known {
                    neighbour.depth = depth;
                    next.push(neighbour.clone());
                    around.neighbours.push(neighbour);
                }
            }
            next.retain(|neighbour| !neighbour.valid_from.is_empty());
            around.not_followed = next.len().saturating_sub(FOLLOWED) as u64;
            next.truncate(FOLLOWED);
            let places: Vec<(&Resource, &RowName, i64)> =
                next.iter().map(|n| (&n.resource, &n.row, micros(&n.valid_from).unwrap_or_default())).collect();
            nodes = self::nodes(session, &places)?;
        }
        Ok(around)
    }

    pub(super) fn leave_aside(&self, answer: &mut Answer) {
        let what = "neighbours whose own relationships were not followed";
        answer.left_aside.add(AsideKind::NotExamined, self.not_followed, what);
    }
}

/// The relationships of resources in the states that these rows are, which were captured at these instants.
fn nodes(session: &Session, places: &[(&Resource, &RowName, i64)]) -> Result<Vec<Node>> {
    let times = || places.iter().map(|(_, _, captured)| *captured);
    let Some((first, last)) = times().min().zip(times().max()) else { return Ok(Vec::new()) };
    let objects: Vec<&str> = places.iter().map(|(_, row, _)| row.evidence_object.as_str()).collect();
    let rows: Vec<String> =
        places.iter().map(|(_, row, _)| format!("{}#{}", row.evidence_object, row.evidence_record)).collect();
    let parameters = [
        ("from".to_owned(), Value::Time(Some(first))),
        ("to".to_owned(), Value::Time(Some(last))),
        ("objects".to_owned(), Value::Text(Some(objects.join("\n")))),
        ("rows".to_owned(), Value::Text(Some(rows.join("\n")))),
    ];
    let items: Vec<Relationships> = ask(session, include_str!("items_at.sql"), &parameters)?;
    let of = |(resource, row, _): &(&Resource, &RowName, i64)| {
        let item = items.iter().find(|item| item.row == **row)?;
        // A relationship that is none of the known form has nobody to point to.
        let relationships = serde_json::from_value(parsed(item.relationships.as_deref())).unwrap_or_default();
        Some(Node { resource: (*resource).clone(), row: (*row).clone(), relationships })
    };
    Ok(places.iter().filter_map(of).collect())
}

/// Those that they name.
fn named(session: &Session, of: &[Node], at: i64) -> Result<Vec<Neighbour>> {
    let wanted: Vec<(&Resource, &Related, &RowName)> = of
        .iter()
        .flat_map(|node| node.relationships.iter().map(move |related| (&node.resource, related, &node.row)))
        .collect();
    let ids: Vec<&str> = wanted.iter().filter_map(|(_, related, _)| related.id()).collect();
    let account = of.first().and_then(|node| node.resource.awsaccountid.clone());
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
            row: (*row).clone(),
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
