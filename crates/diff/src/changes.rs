//! What changed between two documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::identity;
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
    /// A whole value that is not what it was; null is nothing.
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
        let Some(identity) = identity::choose(&[before, after]) else {
            return self.unlabelled(path, before, after);
        };
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
        let mut sides: BTreeMap<Node, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        for element in before {
            sides.entry(node("", element)).or_default().0.push(element);
        }
        for element in after {
            sides.entry(node("", element)).or_default().1.push(element);
        }
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (b, a) in sides.values() {
            gone.extend(b.iter().skip(a.len()).copied());
            new.extend(a.iter().skip(b.len()).copied());
        }
        let path = path::element(path, "");
        // RDK and older items write a policy as a list of one.
        if let ([b], [a]) = (gone.as_slice(), new.as_slice())
            && policy::changes(&path, &opened(b), &opened(a), self)
        {
            return;
        }
        gone.into_iter().for_each(|value| self.whole_element(&path, Some(value), None));
        new.into_iter().for_each(|value| self.whole_element(&path, None, Some(value)));
    }

    /// An element that is null is there, other than a member that is null.
    fn whole_element(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        self.list.push(Change { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
    }
}
