//! Every value in a document, for whoever looks for what it mentions.

use serde_json::Value;

use crate::open;

/// Visits every scalar as text, depth first; strings that hold a document are opened. Names of
/// members are not visited, and neither is null.
pub fn leaves(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => visit(if *flag { "true" } else { "false" }),
        Value::Number(number) => visit(&number.to_string()),
        Value::String(text) => match open::document(text) {
            Some(document) => leaves(&document, visit),
            None => visit(text),
        },
        Value::Array(items) => items.iter().for_each(|item| leaves(item, visit)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, visit)),
    }
}
