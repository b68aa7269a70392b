//! How places in a document are written.

use serde_json::Value;

/// The path of a member.
pub(crate) fn member(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':'));
    match (plain, path.is_empty()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{}]", Value::from(name)),
    }
}

/// The path of a list element: its label, or none.
pub(crate) fn element(path: &str, label: &str) -> String {
    format!("{path}[{label}]")
}

/// `name=value`; values that could be mistaken for the end of the label are quoted.
pub(crate) fn label(name: &str, value: &str) -> String {
    let plain = !value.contains(['[', ']', '"', ',']) && !value.contains(char::is_control);
    if plain { format!("{name}={value}") } else { format!("{name}={}", Value::from(value)) }
}

/// The path without the labels of list elements, in lower case.
pub(crate) fn without_labels(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, inner)) = rest.split_once('[') {
        out.push_str(before);
        let (label, after) = label_end(inner);
        if label.starts_with('"') {
            out.push('[');
            out.push_str(label);
            out.push(']');
        }
        rest = after;
    }
    out.push_str(rest);
    out.make_ascii_lowercase();
    out
}

/// Cuts at the bracket that closes a label, which is not one inside quotes.
fn label_end(inner: &str) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return (inner.get(..at).unwrap_or(""), inner.get(at + 1..).unwrap_or("")),
            _ => {}
        }
    }
    (inner, "")
}
