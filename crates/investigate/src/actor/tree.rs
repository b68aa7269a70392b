//! Who handed credentials to whom.

use std::collections::{BTreeMap, BTreeSet};

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Stretch;
use crate::error::Result;
use crate::rows::ask;

/// A link between two sessions.
#[derive(Debug, Clone, Deserialize)]
struct Edge {
    kind: Option<String>,
    parent_session: Option<String>,
    child_session: Option<String>,
    how: Option<String>,
    event_time: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

/// All sessions of the actors behind the ones asked for, as a tree of who handed credentials to whom.
pub(super) struct Tree {
    sessions: BTreeMap<String, Stretch>,
    /// By the session that handed out; the empty text stands for the roots.
    children: BTreeMap<String, Vec<(String, Option<Edge>)>>,
}

impl Edge {
    fn text(&self) -> String {
        format!(
            "{} at {} (known by {})",
            self.kind.as_deref().unwrap_or_default(),
            self.event_time.as_deref().unwrap_or_default(),
            self.how.as_deref().unwrap_or("nothing"),
        )
    }
}

impl Tree {
    pub(super) fn load(session: &Session, found: &[Stretch]) -> Result<Tree> {
        let mut actors: Vec<&str> = found.iter().filter_map(|stretch| stretch.actor.as_deref()).collect();
        actors.sort_unstable();
        actors.dedup();
        let mut tree = Tree { sessions: BTreeMap::new(), children: BTreeMap::new() };
        let parameters = [("actors".to_owned(), Value::Text(Some(actors.join("\n"))))];
        let sessions: Vec<Stretch> = ask(session, include_str!("of_actor.sql"), &parameters)?;
        let edges: Vec<Edge> = ask(session, include_str!("edges.sql"), &parameters)?;
        for stretch in sessions {
            let id = stretch.session_id.clone().unwrap_or_default();
            tree.sessions.entry(id).or_insert(stretch);
        }
        tree.link(&edges);
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

    pub(super) fn tell(&self, answer: &mut Answer) {
        self.branch("", 0, &mut |stretch, edge, depth| {
            let by = edge.map(|edge| (edge.text(), edge.row.clone()));
            stretch.tell(answer, depth * 2, by);
            Json::Null
        });
    }

    pub(super) fn as_json(&self) -> Json {
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
