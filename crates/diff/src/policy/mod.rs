//! IAM policy documents: what they say, whichever way it is written.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>. A list of one
//! is the same as its element; the order of statements and values does not count; names of actions and
//! of condition keys are compared without regard to case; `"*"` as principal is `{"AWS": "*"}`, an
//! account is its root; a missing version is 2008-10-17.

mod pairs;
mod statement;

use serde_json::Value;

use crate::changes::Changes;
use crate::open::opened;
use crate::{identity, node, path};

pub(crate) use pairs::pairs;
pub use statement::Statement;

/// The version that a document has when it names none.
const OLD_VERSION: &str = "2008-10-17";

/// A policy document taken apart.
pub(crate) struct Document<'a> {
    pub(crate) statements: Vec<Statement>,
    /// The statements as written.
    pub(crate) written: Vec<&'a Value>,
    pub(crate) version: Option<&'a Value>,
    /// `Id`, and whatever else there is.
    pub(crate) rest: Vec<(&'a str, &'a Value)>,
}

/// Is it a policy document? The rules of WAF have a `Statement` too, but none with an effect.
pub(crate) fn is_document(value: &Value) -> bool {
    match value.get("Statement") {
        Some(Value::Array(list)) if list.is_empty() => value.get("Version").is_some(),
        Some(Value::Array(list)) => list.iter().all(is_statement),
        Some(statement) => is_statement(statement),
        None => false,
    }
}

fn is_statement(value: &Value) -> bool {
    let has = |name: &str| value.get(name).is_some();
    value.get("Effect").is_some_and(Value::is_string) && (has("Action") || has("NotAction"))
}

impl<'a> Document<'a> {
    pub(crate) fn read(value: &'a Value) -> Option<Document<'a>> {
        if !is_document(value) {
            return None;
        }
        let written: Vec<&Value> = match value.get("Statement")? {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        let rest = value
            .as_object()?
            .iter()
            .filter(|(name, value)| !matches!(name.as_str(), "Version" | "Statement") && !node::is_nothing(value));
        Some(Document {
            statements: written.iter().map(|statement| Statement::read(statement)).collect(),
            written,
            version: value.get("Version").filter(|version| !version.is_null()),
            rest: rest.map(|(name, value)| (name.as_str(), value)).collect(),
        })
    }

    pub(crate) fn version(&self) -> &str {
        self.version.and_then(Value::as_str).unwrap_or(OLD_VERSION)
    }

    fn rest(&self, name: &str) -> &'a Value {
        self.rest.iter().find(|(key, _)| *key == name).map_or(&Value::Null, |(_, value)| value)
    }
}

/// Every policy document inside a document, each with its path and its statements in the order
/// in which they stand; in the order of the document.
pub fn policies(path: &str, document: &Value) -> Vec<(String, Vec<Statement>)> {
    let mut found = Vec::new();
    find(path, document, &mut found);
    found
}

fn find(path: &str, value: &Value, found: &mut Vec<(String, Vec<Statement>)>) {
    let value = opened(value);
    if let Some(document) = Document::read(&value) {
        found.push((path.to_owned(), document.statements));
        return;
    }
    match &*value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| find(&path::member(path, name), value, found));
        }
        Value::Array(list) => {
            let identity = identity::choose(&[list]);
            for element in list {
                let label = identity.as_ref().and_then(|identity| identity.label(element)).unwrap_or_default();
                find(&path::element(path, &label), element, found);
            }
        }
        _ => {}
    }
}

/// Compares as policies, if that is what they are: a policy and another, or a policy and nothing.
pub(crate) fn changes(path: &str, before: &Value, after: &Value, out: &mut Changes) -> bool {
    match (Document::read(before), Document::read(after)) {
        (Some(b), Some(a)) => {
            compare(path, &b, &a, out);
            true
        }
        (Some(b), None) if node::is_nothing(after) && !b.written.is_empty() => {
            b.statements.iter().zip(&b.written).for_each(|(s, w)| out.removed(&place(path, s), w));
            true
        }
        (None, Some(a)) if node::is_nothing(before) && !a.written.is_empty() => {
            a.statements.iter().zip(&a.written).for_each(|(s, w)| out.added(&place(path, s), w));
            true
        }
        _ => false,
    }
}

/// The path of a statement.
pub(crate) fn place(path: &str, statement: &Statement) -> String {
    let label = statement.sid.as_deref().map(|sid| path::label("Sid", sid)).unwrap_or_default();
    path::element(&path::member(path, "Statement"), &label)
}

fn compare(path: &str, before: &Document<'_>, after: &Document<'_>, out: &mut Changes) {
    if before.version() != after.version() {
        let shown = |document: &Document<'_>| document.version.cloned().unwrap_or_default();
        out.push(&path::member(path, "Version"), &shown(before), &shown(after));
    }
    let mut names: Vec<&str> = before.rest.iter().chain(&after.rest).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        out.walk(&path::member(path, name), name, before.rest(name), after.rest(name));
    }
    for (b, a) in pairs(&before.statements, &after.statements) {
        let side = |document: &Document<'_>, at: Option<usize>| -> Option<(Statement, Value)> {
            let at = at?;
            Some((document.statements.get(at)?.clone(), (*document.written.get(at)?).clone()))
        };
        match (side(before, b), side(after, a)) {
            (Some((b, _)), Some((a, _))) => compare_statements(path, &b, &a, out),
            (Some((b, written)), None) => out.removed(&place(path, &b), &written),
            (None, Some((a, written))) => out.added(&place(path, &a), &written),
            (None, None) => {}
        }
    }
}

fn compare_statements(path: &str, before: &Statement, after: &Statement, out: &mut Changes) {
    // A statement whose Sid changed has none that both sides know it by.
    let common = if before.sid == after.sid { before.sid.clone() } else { None };
    let path = place(path, &Statement { sid: common, ..Statement::default() });
    let single = |out: &mut Changes, name: &str, b: Value, a: Value| {
        if b != a {
            out.push(&path::member(&path, name), &b, &a);
        }
    };
    single(out, "Sid", before.sid.clone().into(), after.sid.clone().into());
    single(out, "Effect", before.effect.as_str().into(), after.effect.as_str().into());
    if before.condition_key() != after.condition_key() {
        let shown = |statement: &Statement| statement.conditions.clone().unwrap_or_default();
        out.push(&path::member(&path, "Condition"), &shown(before), &shown(after));
    }
    let (b, a) = (before.values(), after.values());
    let lacks =
        |values: &[statement::Entry], entry: &statement::Entry| !values.iter().any(|other| other.key == entry.key);
    for gone in b.iter().filter(|entry| lacks(&a, entry)) {
        out.removed(&format!("{path}.{}[]", gone.member), &gone.value.as_str().into());
    }
    for new in a.iter().filter(|entry| lacks(&b, entry)) {
        out.added(&format!("{path}.{}[]", new.member), &new.value.as_str().into());
    }
}
