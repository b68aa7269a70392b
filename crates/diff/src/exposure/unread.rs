//! Documents and policies that do not parse: what they grant cannot be said.

use serde_json::Value;

use crate::{open, path};

use super::{Reason, Unknown};

/// Texts that should be documents and are none.
pub(super) fn unread(documents: &[(&str, &Value)]) -> Vec<Unknown> {
    let mut found = Vec::new();
    for (root, document) in documents {
        // A whole document that is a text did not parse when the item was read.
        if document.as_str().is_some_and(|text| !text.trim().is_empty() && open::document(text).is_none()) {
            found.push(unknown("the whole document", root));
        } else {
            walk(root, document, &mut found);
        }
    }
    found
}

fn unknown(what: &str, path: &str) -> Unknown {
    Unknown { reason: Reason::Document, detail: what.to_owned(), path: path.to_owned() }
}

fn walk(place: &str, value: &Value, found: &mut Vec<Unknown>) {
    match value {
        Value::String(text) => match open::document(text) {
            Some(document) => walk(place, &document, found),
            None if is_policy(text) => found.push(unknown("a policy", place)),
            None => {}
        },
        Value::Array(list) => list.iter().for_each(|element| walk(&path::element(place, ""), element, found)),
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| walk(&path::member(place, name), member, found));
        }
        _ => {}
    }
}

/// Was the text meant to be a policy? Cut or broken ones begin like one and have statements.
fn is_policy(text: &str) -> bool {
    let text = text.trim_start();
    let begins = ["{", "[", "\"{", "%7B", "%7b"].iter().any(|start| text.starts_with(start));
    begins && text.contains("Statement")
}
