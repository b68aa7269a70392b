//! A definition as it is written, before anything in it is understood.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) objects: Vec<String>,
    pub(super) framing: Framing,
    pub(super) begins: Option<String>,
    #[serde(default)]
    pub(super) patterns: Vec<String>,
    pub(super) delimiter: Option<String>,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    pub(super) year: Option<i16>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) time: Time,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Field>,
    #[serde(default)]
    pub(super) pivots: Pivots,
    pub(super) outcome: Option<Outcome>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Framing {
    Lines,
    Entries,
    Json,
    Csv,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Time {
    pub(super) field: String,
    pub(super) format: Option<String>,
    pub(super) zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) from: Option<String>,
    pub(super) pattern: Option<String>,
    #[serde(rename = "type", default)]
    pub(super) kind: super::FieldType,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pivots {
    pub(super) addresses: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) arns: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) actors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) field: String,
    #[serde(default)]
    pub(super) success: Vec<String>,
    #[serde(default)]
    pub(super) login_failed: Vec<String>,
    #[serde(default)]
    pub(super) denied: Vec<String>,
    #[serde(default)]
    pub(super) throttled: Vec<String>,
    #[serde(default)]
    pub(super) invalid: Vec<String>,
}
