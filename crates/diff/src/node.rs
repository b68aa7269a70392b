//! What a document means, in a form in which equal documents are equal.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::open::opened;
use crate::policy::{self, Document};

/// A document without anything that does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    /// Sorted, because the order does not count.
    List(Vec<Node>),
    /// As it stands, because the order counts.
    Sequence(Vec<Node>),
    /// Without members that are null.
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

/// Are the documents without a difference? The same as an empty [`crate::diff`], for less work.
pub fn same(before: &Value, after: &Value) -> bool {
    same_at("", before, after)
}

pub(crate) fn same_at(name: &str, before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(b), Value::Object(a)) => {
            if policy::is_document(before) || policy::is_document(after) {
                return before == after || node(name, before) == node(name, after);
            }
            same_members(name, b, a)
        }
        (Value::Array(b), Value::Array(a)) => same_lists(name, b, a),
        (Value::Number(_), Value::Number(_)) => before == after || number(before) == number(after),
        (Value::String(b), Value::String(a)) if a == b => true,
        (Value::String(_), _) | (_, Value::String(_)) => {
            let (b, a) = (opened(before), opened(after));
            let either = !b.is_string() || !a.is_string();
            // A string that stays one has nothing to compare with but another string.
            either && b.is_string() == a.is_string() && same_at(name, &b, &a)
        }
        _ => before == after,
    }
}

fn same_members(name: &str, before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let count = |members: &Map<String, Value>| members.values().filter(|v| !v.is_null()).count();
    count(before) == count(after)
        && before
            .iter()
            .filter(|(_, value)| !value.is_null())
            .all(|(key, value)| after.get(key).is_some_and(|other| same_at(telling(name, key), value, other)))
}

fn same_lists(name: &str, before: &[Value], after: &[Value]) -> bool {
    if before.len() != after.len() {
        return false;
    }
    // Mostly nothing moved, and then nothing needs to be sorted.
    if before.iter().zip(after).all(|(b, a)| same_at("", b, a)) {
        return true;
    }
    !is_ordered(name) && sorted(before) == sorted(after)
}

fn sorted(list: &[Value]) -> Vec<Node> {
    let mut nodes: Vec<Node> = list.iter().map(|value| node("", value)).collect();
    nodes.sort_unstable();
    nodes
}

/// What a value means; `name` is that of the member it stands under.
pub(crate) fn node(name: &str, value: &Value) -> Node {
    let value = opened(value);
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
        Value::String(text) => Node::Text(text.clone()),
        Value::Array(list) if is_ordered(name) => Node::Sequence(list.iter().map(|v| node("", v)).collect()),
        Value::Array(list) => Node::List(sorted(list)),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            Node::Map(members.map(|(key, value)| (key.clone(), node(telling(name, key), value))).collect())
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
