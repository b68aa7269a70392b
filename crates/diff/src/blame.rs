//! Which version of a document set what the newest says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::changes::distinct;
use crate::identity::{self, Identity};
use crate::node::{Node, is_nothing, is_ordered, node, same_at, telling};
use crate::policy::{self, Document, Statement};
use crate::{open, path};

/// A value of the newest version, and the version that set it.
#[derive(Debug, Clone, PartialEq)]
pub struct Blamed {
    /// Where, as in [`crate::diff`].
    pub path: String,
    /// A scalar, a list whose order counts, or the conditions of a statement.
    pub value: Value,
    /// The place among the versions.
    pub version: usize,
}

static NULL: Value = Value::Null;

/// For every value of the newest of the versions, which stand oldest first, the version that set
/// it: the first of those without a break that say the same at the same path. Ordered by path.
pub fn blame(versions: &[&Value]) -> Vec<Blamed> {
    let opened: Vec<Value> = versions.iter().map(|version| open::deep(version)).collect();
    let mut backwards = opened.iter().rev();
    let Some(newest) = backwards.next() else { return Vec::new() };
    let older: Vec<&Value> = backwards.collect();
    let mut found = Found::default();
    found.walk("", "", newest, &Older { list: older, first: 0 });
    let mut list = found.list;
    list.sort_by_cached_key(|blamed| (blamed.path.clone(), blamed.value.to_string(), blamed.version));
    list
}

/// What stood at a place in older versions, newest of them first; null where there was nothing.
struct Older<'a> {
    list: Vec<&'a Value>,
    /// The version of the last of them.
    first: usize,
}

impl<'a> Older<'a> {
    /// The version since when it holds without a break.
    fn since(&self, holds: impl FnMut(&&'a Value) -> bool) -> usize {
        self.first + self.list.len() - self.list.iter().copied().take_while(holds).count()
    }

    fn map(&self, step: impl Fn(&'a Value) -> Option<&'a Value>) -> Older<'a> {
        Older { list: self.list.iter().map(|value| step(value).unwrap_or(&NULL)).collect(), first: self.first }
    }
}

/// Since which version a statement's partners pass a test without a break.
type Since<'a> = dyn Fn(&dyn Fn(&Statement) -> bool) -> usize + 'a;

#[derive(Default)]
struct Found {
    list: Vec<Blamed>,
}

impl Found {
    fn push(&mut self, path: String, value: Value, version: usize) {
        self.list.push(Blamed { path, value, version });
    }

    fn walk<'a>(&mut self, path: &str, name: &str, newest: &'a Value, older: &Older<'a>) {
        if is_nothing(newest) {
            return;
        }
        if let Some(document) = Document::read(newest) {
            return self.policy(path, newest, &document, older);
        }
        match newest {
            Value::Object(members) => {
                for (key, value) in members {
                    let older = older.map(|old| old.get(key));
                    self.walk(&path::member(path, key), telling(name, key), value, &older);
                }
            }
            Value::Array(list) if !is_ordered(name) => self.elements(path, list, older),
            value => {
                let since = older.since(|old| same_at(name, value, old));
                self.push(path.to_owned(), value.clone(), since);
            }
        }
    }

    fn elements<'a>(&mut self, path: &str, newest: &'a [Value], older: &Older<'a>) {
        if let [one] = newest
            && policy::is_document(one)
        {
            let older = older.map(|old| old.as_array().and_then(|list| list.first()));
            return self.walk(&path::element(path, ""), "", one, &older);
        }
        let lists = older.list.iter().filter_map(|old| old.as_array()).map(Vec::as_slice);
        let lists: Vec<&[Value]> = std::iter::once(newest).chain(lists).collect();
        if let Some(identity) = identity::choose(&lists) {
            return self.labelled(path, &identity, newest.iter(), older);
        }
        let apart: Vec<Vec<Value>> = lists.iter().map(|list| distinct(list)).collect();
        match identity::choose(&apart.iter().map(Vec::as_slice).collect::<Vec<&[Value]>>()) {
            // Twins have one label, so that the first of them stands for both.
            Some(identity) => {
                let mut labels = BTreeSet::new();
                let once = newest.iter().filter(|element| labels.insert(identity.label(element)));
                self.labelled(path, &identity, once.filter(|element| !is_nothing(element)), older);
            }
            None => self.unlabelled(path, newest, older),
        }
    }

    fn labelled<'a>(
        &mut self,
        path: &str,
        identity: &Identity,
        newest: impl Iterator<Item = &'a Value>,
        older: &Older<'a>,
    ) {
        for element in newest {
            let label = identity.label(element);
            let older = older.map(|old| old.as_array()?.iter().find(|other| identity.label(other) == label));
            self.walk(&path::element(path, label.as_deref().unwrap_or_default()), "", element, &older);
        }
    }

    /// An element is as old as the versions that have an equal one.
    fn unlabelled(&mut self, path: &str, newest: &[Value], older: &Older<'_>) {
        let nodes = |old: &&Value| -> BTreeSet<Node> {
            old.as_array().into_iter().flatten().map(|element| node("", element)).collect()
        };
        let before: Vec<BTreeSet<Node>> = older.list.iter().map(nodes).collect();
        let path = path::element(path, "");
        let mut seen = BTreeSet::from([Node::Null]);
        for element in newest {
            let node = node("", element);
            if seen.contains(&node) {
                continue;
            }
            let unbroken = before.iter().take_while(|nodes| nodes.contains(&node));
            let version = older.first + before.len() - unbroken.count();
            self.walk(&path, "", element, &Older { list: Vec::new(), first: version });
            seen.insert(node);
        }
    }

    fn policy<'a>(&mut self, path: &str, newest: &'a Value, document: &Document<'_>, older: &Older<'a>) {
        let before: Vec<Option<Document<'a>>> = older.list.iter().map(|old| Document::read(old)).collect();
        let since = |holds: &dyn Fn(usize, &Document<'a>) -> bool| {
            let unbroken =
                before.iter().enumerate().take_while(|(at, old)| old.as_ref().is_some_and(|old| holds(*at, old)));
            older.first + before.len() - unbroken.count()
        };
        if let Some(version) = document.version {
            let set = since(&|_, old| old.version() == document.version());
            self.push(path::member(path, "Version"), version.clone(), set);
        }
        for (name, value) in &document.rest {
            let older = older.map(|old| if policy::is_document(old) { old.get(*name) } else { None });
            if let Some(value) = newest.get(*name).filter(|_| !value.is_null()) {
                self.walk(&path::member(path, name), name, value, &older);
            }
        }
        if document.statements.is_empty() {
            let set = since(&|_, old| old.statements.is_empty());
            self.push(path::member(path, "Statement"), Value::Array(Vec::new()), set);
        }
        let partners: Vec<Vec<Option<usize>>> =
            before.iter().map(|old| partners(&document.statements, old.as_ref())).collect();
        for (place, statement) in document.statements.iter().enumerate() {
            let since = |holds: &dyn Fn(&Statement) -> bool| {
                since(&|at, old| {
                    let partner = partners.get(at).and_then(|list| list.get(place)).copied().flatten();
                    partner.and_then(|partner| old.statements.get(partner)).is_some_and(holds)
                })
            };
            self.statement(&policy::place(path, statement), statement, &since);
        }
    }

    fn statement(&mut self, path: &str, statement: &Statement, since: &Since<'_>) {
        if let Some(sid) = &statement.sid {
            self.push(path::member(path, "Sid"), sid.as_str().into(), since(&|old| old.sid == statement.sid));
        }
        let effect = since(&|old| old.effect == statement.effect);
        self.push(path::member(path, "Effect"), statement.effect.as_str().into(), effect);
        if let Some(conditions) = &statement.conditions {
            let key = statement.condition_key();
            self.push(path::member(path, "Condition"), conditions.clone(), since(&|old| old.condition_key() == key));
        }
        for entry in statement.values() {
            let set = since(&|old| old.values().iter().any(|other| other.key == entry.key));
            self.push(format!("{path}.{}[]", entry.member), entry.value.as_str().into(), set);
        }
    }
}

/// For every statement of the newest policy, its partner in an older one.
fn partners(newest: &[Statement], older: Option<&Document<'_>>) -> Vec<Option<usize>> {
    let mut partners = vec![None; newest.len()];
    let Some(older) = older else { return partners };
    for (old, new) in policy::pairs(&older.statements, newest) {
        if let Some(slot) = new.and_then(|new| partners.get_mut(new)) {
            *slot = old;
        }
    }
    partners
}
