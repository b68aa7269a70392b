//! What the logs of the application, the network, the database and the account's own watchers tell, as figures.

use serde_json::{Map, Value};

/// One figure of the ground truth.
#[derive(Debug)]
struct Fact {
    part: &'static str,
    name: String,
    what: String,
    value: Value,
}

/// All of them, in the order in which they were noted.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<Fact>);

impl Facts {
    /// Notes a figure under `logs.<part>.<name>` of the ground truth; `what` says it to people.
    pub(crate) fn note(&mut self, part: &'static str, name: &str, what: &str, value: impl Into<Value>) {
        self.0.push(Fact { part, name: name.to_owned(), what: what.to_owned(), value: value.into() });
    }

    /// `{part: {name: value}}`
    pub(crate) fn value(&self) -> Value {
        let mut parts = Map::new();
        for fact in &self.0 {
            let part = parts.entry(fact.part).or_insert_with(|| Value::Object(Map::new()));
            part[&fact.name] = fact.value.clone();
        }
        Value::Object(parts)
    }

    /// A short table for each part.
    pub(crate) fn markdown(&self) -> String {
        let (mut out, mut part) = (String::new(), "");
        for fact in &self.0 {
            if fact.part != part {
                part = fact.part;
                out.push_str(&format!("\n### {part}\n\n| what | | value |\n|---|---|---|\n"));
            }
            let value = match &fact.value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let cell = value.replace('|', "\\|").replace('\n', " ");
            out.push_str(&format!("| {} | `{}` | `{}` |\n", fact.what, fact.name, cell.replace('`', "'")));
        }
        out
    }
}
