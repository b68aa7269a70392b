//! One statement of a policy, normalised.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A statement. The lists are sorted and without repetitions; values stand as they are written, so
/// two statements that say the same in different cases are equal by [`Statement::canonical`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statement {
    /// Its id, if it has one that is not empty.
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: String,
    /// `AWS:arn…`, `Service:ec2.amazonaws.com`, `Federated:…`, `CanonicalUser:…`, or `*`.
    pub principals: Vec<String>,
    /// Of `NotPrincipal`.
    pub not_principals: Vec<String>,
    /// Such as `s3:GetObject`.
    pub actions: Vec<String>,
    /// Of `NotAction`.
    pub not_actions: Vec<String>,
    /// ARNs, or `*`.
    pub resources: Vec<String>,
    /// Of `NotResource`.
    pub not_resources: Vec<String>,
    /// `{operator: {key: [values]}}`, sorted, values as strings.
    pub conditions: Option<Value>,
}

/// A value of a statement: where it stands, as it is written, and what it is compared by.
pub(crate) struct Entry {
    /// Such as `Principal.AWS`.
    pub(crate) member: String,
    pub(crate) value: String,
    pub(crate) key: (&'static str, String),
}

impl Statement {
    pub(crate) fn read(statement: &Value) -> Statement {
        let list = |name: &str| texts(statement.get(name));
        let text = |name: &str| statement.get(name).and_then(Value::as_str).unwrap_or_default();
        Statement {
            sid: Some(text("Sid").to_owned()).filter(|sid| !sid.is_empty()),
            effect: text("Effect").to_owned(),
            principals: principals(statement.get("Principal")),
            not_principals: principals(statement.get("NotPrincipal")),
            actions: regardless_of_case(list("Action")),
            not_actions: regardless_of_case(list("NotAction")),
            resources: sorted(list("Resource")),
            not_resources: sorted(list("NotResource")),
            conditions: conditions(statement.get("Condition")),
        }
    }

    /// A text that is equal for statements that say the same.
    pub fn canonical(&self) -> String {
        let lower = |list: &[String]| list.iter().map(|text| text.to_ascii_lowercase()).collect::<Vec<_>>();
        json!([
            self.sid,
            self.effect,
            self.principals,
            self.not_principals,
            lower(&self.actions),
            lower(&self.not_actions),
            self.resources,
            self.not_resources,
            self.condition_key(),
        ])
        .to_string()
    }

    /// What conditions are compared by; empty without any.
    pub(crate) fn condition_key(&self) -> String {
        let mut all: BTreeMap<String, BTreeMap<String, BTreeSet<&str>>> = BTreeMap::new();
        for (operator, key, values) in self.tests() {
            let keys = all.entry(operator.to_ascii_lowercase()).or_default();
            keys.entry(key.to_ascii_lowercase()).or_default().extend(values);
        }
        if all.is_empty() { String::new() } else { json!(all).to_string() }
    }

    /// The conditions, one by one: operator, key, values.
    pub(crate) fn tests(&self) -> Vec<(&str, &str, Vec<&str>)> {
        let operators = self.conditions.as_ref().and_then(Value::as_object);
        let mut tests = Vec::new();
        for (operator, keys) in operators.into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let values = values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                tests.push((operator.as_str(), key.as_str(), values));
            }
        }
        tests
    }

    /// The values of all lists.
    pub(crate) fn values(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (member, list) in [("Principal", &self.principals), ("NotPrincipal", &self.not_principals)] {
            for written in list {
                let (kind, value) = written.split_once(':').unwrap_or(("AWS", written));
                let member_path = crate::path::member(member, kind);
                entries.push(Entry { member: member_path, value: value.to_owned(), key: (member, written.clone()) });
            }
        }
        for (member, list) in [("Action", &self.actions), ("NotAction", &self.not_actions)] {
            entries.extend(list.iter().map(|value| Entry {
                member: member.to_owned(),
                value: value.clone(),
                key: (member, value.to_ascii_lowercase()),
            }));
        }
        for (member, list) in [("Resource", &self.resources), ("NotResource", &self.not_resources)] {
            entries.extend(list.iter().map(|value| Entry {
                member: member.to_owned(),
                value: value.clone(),
                key: (member, value.clone()),
            }));
        }
        entries
    }
}

/// The scalars of a list, or the one that stands in place of a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().flat_map(|item| texts(Some(item))).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(other) => vec![other.to_string()],
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort_unstable();
    list.dedup();
    list
}

fn regardless_of_case(list: Vec<String>) -> Vec<String> {
    // Sorted first, so that which spelling of two is kept does not hang on their order.
    let mut list = sorted(list);
    list.sort_by_key(|text| text.to_ascii_lowercase());
    list.dedup_by_key(|text| text.to_ascii_lowercase());
    list
}

fn principals(value: Option<&Value>) -> Vec<String> {
    let Some(Value::Object(kinds)) = value else {
        return sorted(texts(value).into_iter().map(|text| principal("AWS", &text)).collect());
    };
    let all =
        kinds.iter().flat_map(|(kind, value)| texts(Some(value)).into_iter().map(move |text| principal(kind, &text)));
    sorted(all.collect())
}

fn principal(kind: &str, value: &str) -> String {
    let is_account = value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit());
    match kind {
        // S3 once took `{"*": "*"}` too.
        "AWS" | "*" if value == "*" => "*".to_owned(),
        "AWS" if is_account => format!("AWS:arn:aws:iam::{value}:root"),
        _ => format!("{kind}:{value}"),
    }
}

fn conditions(value: Option<&Value>) -> Option<Value> {
    let mut all: BTreeMap<&str, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for (operator, keys) in value?.as_object()? {
        for (key, values) in keys.as_object().into_iter().flatten() {
            all.entry(operator).or_default().insert(key, sorted(texts(Some(values))));
        }
    }
    let keys = |keys: BTreeMap<&str, Vec<String>>| -> Map<String, Value> {
        keys.into_iter().map(|(key, values)| (key.to_owned(), values.into())).collect()
    };
    let operators: Map<String, Value> =
        all.into_iter().map(|(operator, tests)| (operator.to_owned(), Value::Object(keys(tests)))).collect();
    (!operators.is_empty()).then_some(Value::Object(operators))
}
