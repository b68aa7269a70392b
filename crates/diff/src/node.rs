//! What a document means, in a form in which equal documents are equal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::exposure::ranges::Network;
use crate::open::{document, opened};
use crate::policy::{self, Document};

/// A document without anything that does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    /// Without order and each once, because neither counts.
    List(BTreeSet<Node>),
    /// As it stands, because the order counts.
    Sequence(Vec<Node>),
    /// Without members that say nothing.
    Map(BTreeMap<String, Node>),
    Policy {
        version: String,
        statements: Vec<String>,
        rest: BTreeMap<String, Node>,
    },
}

/// Lists whose order means something, wherever they stand.
static ORDERED: &[&str] = &[
    "args",
    "arguments",
    "cacheBehaviors",
    "cmd",
    "command",
    "commands",
    "dnsServers",
    "dnsSearchDomains",
    "domainNameServers",
    "entryPoint",
    "layers",
    "terminationPolicies",
];

/// Does the order of a list under this name count?
pub(crate) fn is_ordered(name: &str) -> bool {
    ORDERED.iter().any(|ordered| ordered.eq_ignore_ascii_case(name))
}

/// The name that tells what a member is: CloudFront wraps its lists in `{"quantity", "items"}`.
pub(crate) fn telling<'a>(parent: &'a str, name: &'a str) -> &'a str {
    if name.eq_ignore_ascii_case("items") { parent } else { name }
}

/// Does it say nothing? What is absent, null, an empty text, list or object is one, and so is what holds nothing else.
pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || document(text).is_some_and(|inner| is_nothing(&inner)),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The range of an object that holds nothing else: EC2 writes `"10.0.0.0/8"` and `{"cidrIp": "10.0.0.0/8"}`.
fn lone_range(members: &Map<String, Value>) -> Option<String> {
    let mut something = members.iter().filter(|(_, value)| !is_nothing(value));
    let (name, value) = something.next()?;
    let is_range = ["cidrIp", "cidrIpv6"].iter().any(|range| range.eq_ignore_ascii_case(name));
    let text = value.as_str().filter(|_| is_range && something.next().is_none())?;
    Some(spelled(text))
}

/// A text in its one spelling, if it is a range of addresses.
pub(crate) fn spelled(text: &str) -> String {
    Network::spelled(text).unwrap_or_else(|| text.to_owned())
}

/// Are the documents without a difference? The same as an empty [`crate::diff`], for less work.
pub fn same(before: &Value, after: &Value) -> bool {
    same_at("", before, after)
}

pub(crate) fn same_at(name: &str, before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(b), Value::Object(a)) if is_plain(before, b) && is_plain(after, a) => same_members(name, b, a),
        (Value::Array(b), Value::Array(a)) => same_lists(name, b, a),
        _ => before == after || node(name, before) == node(name, after),
    }
}

/// Is it no more than its members?
fn is_plain(value: &Value, members: &Map<String, Value>) -> bool {
    !policy::is_document(value) && lone_range(members).is_none()
}

fn same_members(name: &str, before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let count = |members: &Map<String, Value>| members.values().filter(|value| !is_nothing(value)).count();
    count(before) == count(after)
        && before
            .iter()
            .filter(|(_, value)| !is_nothing(value))
            .all(|(key, value)| after.get(key).is_some_and(|other| same_at(telling(name, key), value, other)))
}

fn same_lists(name: &str, before: &[Value], after: &[Value]) -> bool {
    // Mostly nothing moved, and then nothing needs to be sorted.
    if before.len() == after.len() && before.iter().zip(after).all(|(b, a)| same_at("", b, a)) {
        return true;
    }
    listed(name, before) == listed(name, after)
}

fn listed(name: &str, list: &[Value]) -> Node {
    let nodes = list.iter().map(|value| node("", value));
    if list.iter().all(is_nothing) {
        Node::Null
    } else if is_ordered(name) {
        Node::Sequence(nodes.collect())
    } else {
        // An element that is there twice says nothing more.
        Node::List(nodes.filter(|node| *node != Node::Null).collect())
    }
}

/// What a value means; `name` is that of the member it stands under.
pub(crate) fn node(name: &str, value: &Value) -> Node {
    let value = opened(value);
    if is_nothing(&value) {
        return Node::Null;
    }
    if let Some(document) = Document::read(&value) {
        let mut statements: Vec<String> = document.statements.iter().map(policy::Statement::canonical).collect();
        statements.sort_unstable();
        let rest = document.rest.iter().map(|(key, value)| ((*key).to_owned(), node(key, value))).collect();
        return Node::Policy { version: document.version().to_owned(), statements, rest };
    }
    match &*value {
        Value::Null => Node::Null,
        Value::Bool(flag) => Node::Bool(*flag),
        Value::Number(_) => Node::Number(number(&value)),
        Value::String(text) => Node::Text(spelled(text)),
        Value::Array(list) => listed(name, list),
        Value::Object(members) => {
            if let Some(range) = lone_range(members) {
                return Node::Text(range);
            }
            let nodes = members.iter().map(|(key, value)| (key.clone(), node(telling(name, key), value)));
            Node::Map(nodes.filter(|(_, node)| *node != Node::Null).collect())
        }
    }
}

/// A number as text, whole ones without a fraction.
pub(crate) fn number(value: &Value) -> String {
    /// Up to here, every whole number has a place among the floats.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(0.0) => "0".to_owned(),
        Some(float) if value.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => format!("{float:.0}"),
        _ => value.to_string(),
    }
}
