//! By what a call can be known in a change: the values that both have, and their names.

use coldtrail_diff::Change;
use serde_json::{Map, Value};

use crate::names::hash;

/// Visits every scalar of a document with the name of the member that it belongs to. Texts that hold a document
/// (policies in requests do) are opened.
pub(crate) fn leaves(value: &Value, visit: &mut dyn FnMut(&str, &str)) {
    walk("", value, 0, visit);
}

/// Deeper than any document of AWS.
const DEPTH: usize = 24;

fn walk(name: &str, value: &Value, depth: usize, visit: &mut dyn FnMut(&str, &str)) {
    if depth > DEPTH {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(flag) => visit(name, if *flag { "true" } else { "false" }),
        Value::Number(number) => visit(name, &number.to_string()),
        Value::String(text) => match embedded(text) {
            Some(document) => walk(name, &document, depth + 1, visit),
            None => visit(name, text),
        },
        Value::Array(list) => list.iter().for_each(|item| walk(name, item, depth + 1, visit)),
        Value::Object(members) => members.iter().for_each(|(member, value)| {
            // CloudTrail wraps lists of EC2 and single attributes in such members.
            let wraps = matches!(member.as_str(), "items" | "item" | "value" | "member" | "content");
            walk(if wraps { name } else { member }, value, depth + 1, visit);
        }),
    }
}

fn embedded(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if trimmed.starts_with("%7B") || trimmed.starts_with("%7b") {
        let decoded = percent_encoding::percent_decode_str(trimmed).decode_utf8().ok()?;
        return serde_json::from_str::<Map<String, Value>>(&decoded).ok().map(Value::Object);
    }
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(trimmed).ok()
}

/// The hash of a value, or 0 when it says nothing by itself; and the hash of it with its name.
pub(crate) fn of_leaf(name: &str, value: &str) -> (u64, u64) {
    let value = value.trim().to_ascii_lowercase();
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let pair = hash(&format!("{plain}={value}"));
    let trivial = value.len() < 3 || matches!(value.as_str(), "true" | "false" | "none" | "null" | "all" | "tcp");
    (if trivial { 0 } else { hash(&value) }, pair)
}

/// The leaves of what a change put in place, or took away.
pub(crate) fn of_change(change: &Change) -> Box<[(u64, u64)]> {
    let Some(value) = change.after.as_ref().or(change.before.as_ref()) else { return Box::default() };
    let mut marks = Vec::new();
    walk(last_member(&change.path), value, 0, &mut |name, value| marks.push(of_leaf(name, value)));
    // An element that is known by its name: a call that takes it away gives nothing but the name.
    for (name, value) in label(&change.path) {
        marks.push(of_leaf(name, value));
    }
    marks.sort_unstable();
    marks.dedup();
    marks.into()
}

/// The last member's name in a path.
fn last_member(path: &str) -> &str {
    let plain = path.strip_suffix("[]").unwrap_or(path);
    let name = match plain.rsplit_once(']') {
        Some((_, rest)) if !rest.is_empty() => rest.trim_start_matches('.'),
        Some((head, _)) => head.rsplit_once('[').map_or(head, |(head, _)| head),
        None => plain,
    };
    name.rsplit('.').next().unwrap_or(name)
}

/// By what the nearest element of a path is known: `[ipProtocol=tcp,fromPort=22]`.
fn label(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let inner = path.rfind('[').and_then(|at| path.get(at + 1..)?.split(']').next()).unwrap_or_default();
    inner.split(',').filter_map(|part| part.split_once('=')).map(|(name, value)| (name, value.trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_in_members() {
        for (path, name, key) in [
            ("configuration.publiclyAccessible", "publiclyAccessible", None),
            ("configuration.ipPermissions[]", "ipPermissions", None),
            ("tags[key=Name].value", "value", Some(("key", "Name"))),
            (
                "configuration.policies[policyArn=arn:aws:iam::aws:policy/X]",
                "policies",
                Some(("policyArn", "arn:aws:iam::aws:policy/X")),
            ),
            ("configuration.ipPermissions[ipProtocol=tcp,fromPort=22]", "ipPermissions", Some(("ipProtocol", "tcp"))),
        ] {
            assert_eq!((last_member(path), label(path).next()), (name, key), "{path}");
        }
    }

    #[test]
    fn a_request_and_a_change_have_the_same_marks() {
        let request = serde_json::json!({"ipPermissions": {"items": [{"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}});
        let mut marks = Vec::new();
        leaves(&request, &mut |name, value| marks.push(of_leaf(name, value)));
        let change = Change {
            path: "configuration.ipPermissions[]".to_owned(),
            before: None,
            after: Some(serde_json::json!({"fromPort": 22, "ipRanges": ["0.0.0.0/0"]})),
        };
        let leaves = of_change(&change);
        assert_eq!(leaves.len(), 2);
        assert!(leaves.iter().all(|(value, pair)| marks.iter().any(|(v, p)| p == pair || (*value != 0 && v == value))));
    }
}
