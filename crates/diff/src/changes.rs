//! What changed between two documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::identity::{self, Identity};
use crate::node::{Node, is_ordered, node, same_at, telling};
use crate::open::opened;
use crate::{path, policy};

/// One change. Without `before` something was added, without `after` something was removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where, as the crate's documentation says.
    pub path: String,
    /// What stood there.
    pub before: Option<Value>,
    /// What stands there now.
    pub after: Option<Value>,
}

static NULL: Value = Value::Null;

/// The changes between two documents under a root path such as `configuration`, ordered by path;
/// under one path what was removed comes before what was added.
pub fn diff(path: &str, before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.walk(path, "", before, after);
    let mut changes = changes.list;
    changes.sort_by_cached_key(|change| {
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        (change.path.clone(), change.after.is_some(), text(&change.before), text(&change.after))
    });
    changes
}

#[derive(Default)]
pub(crate) struct Changes {
    list: Vec<Change>,
}

impl Changes {
    /// A whole value that is not what it was.
    pub(crate) fn push(&mut self, path: &str, before: &Value, after: &Value) {
        let some = |value: &Value| (!value.is_null()).then(|| value.clone());
        self.list.push(Change { path: path.to_owned(), before: some(before), after: some(after) });
    }

    pub(crate) fn removed(&mut self, path: &str, value: &Value) {
        self.push(path, value, &NULL);
    }

    pub(crate) fn added(&mut self, path: &str, value: &Value) {
        self.push(path, &NULL, value);
    }

    /// `name` is that of the member that the values stand under.
    pub(crate) fn walk(&mut self, path: &str, name: &str, before: &Value, after: &Value) {
        let (before, after) = (opened(before), opened(after));
        if policy::changes(path, &before, &after, self) {
            return;
        }
        match (&*before, &*after) {
            (Value::Object(b), Value::Object(a)) => self.members(path, name, b, a),
            (Value::Array(b), Value::Array(a)) if !is_ordered(name) => self.elements(path, b, a),
            (b, a) if same_at(name, b, a) => {}
            (b, a) => self.push(path, b, a),
        }
    }

    fn members(&mut self, path: &str, name: &str, before: &Map<String, Value>, after: &Map<String, Value>) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in names {
            let (b, a) = (before.get(key).unwrap_or(&NULL), after.get(key).unwrap_or(&NULL));
            self.walk(&path::member(path, key), telling(name, key), b, a);
        }
    }

    fn elements(&mut self, path: &str, before: &[Value], after: &[Value]) {
        if let Some(identity) = identity::choose(&[before, after]) {
            return self.labelled(path, &identity, before, after);
        }
        let (before, after) = (distinct(before), distinct(after));
        match identity::choose(&[&before, &after]) {
            Some(identity) => self.labelled(path, &identity, &before, &after),
            None => self.unlabelled(path, &before, &after),
        }
    }

    fn labelled(&mut self, path: &str, identity: &Identity, before: &[Value], after: &[Value]) {
        let mut pairs: BTreeMap<String, (&Value, &Value)> = BTreeMap::new();
        for element in before {
            pairs.entry(identity.label(element).unwrap_or_default()).or_insert((&NULL, &NULL)).0 = element;
        }
        for element in after {
            pairs.entry(identity.label(element).unwrap_or_default()).or_insert((&NULL, &NULL)).1 = element;
        }
        for (label, (b, a)) in pairs {
            let path = path::element(path, &label);
            match b.is_null() || a.is_null() {
                true => self.push(&path, b, a),
                false => self.walk(&path, "", b, a),
            }
        }
    }

    /// Elements that only their whole value tells apart.
    fn unlabelled(&mut self, path: &str, before: &[Value], after: &[Value]) {
        let nodes = |list: &[Value]| list.iter().map(|element| node("", element)).collect::<BTreeSet<Node>>();
        let (there, here) = (nodes(before), nodes(after));
        let gone: Vec<&Value> = before.iter().filter(|element| !here.contains(&node("", element))).collect();
        let new: Vec<&Value> = after.iter().filter(|element| !there.contains(&node("", element))).collect();
        let path = path::element(path, "");
        // RDK and older items write a policy as a list of one.
        if let ([b], [a]) = (gone.as_slice(), new.as_slice())
            && policy::changes(&path, &opened(b), &opened(a), self)
        {
            return;
        }
        gone.into_iter().for_each(|value| self.removed(&path, value));
        new.into_iter().for_each(|value| self.added(&path, value));
    }
}

/// The elements of a list whose order does not count, each once: what is there twice says nothing more, and what says
/// nothing is not there.
pub(crate) fn distinct(list: &[Value]) -> Vec<Value> {
    let mut seen = BTreeSet::from([Node::Null]);
    list.iter().filter(|element| seen.insert(node("", element))).cloned().collect()
}
