//! What a log source is, and the list of them.

use std::collections::BTreeMap;

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::{Rows, Table};

use crate::framing::{Entries, Framing, Record};
use crate::time::Years;

/// What is known of an object before it is decoded.
pub struct Head<'a> {
    /// The key as collected, for what only one source reads out of it.
    pub name: &'a str,
    pub key: &'a ObjectKey,
    /// The first bytes of the inflated content; for Parquet, the first rows as JSON.
    pub bytes: &'a [u8],
    /// Are these all the bytes there are?
    pub whole: bool,
}

/// A kind of log this toolkit can read, as data.
pub struct LogSource {
    /// Names the SQL table, the directory in the lake, the `--source` value and the docs page.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    pub table: &'static Table,
    /// Raised when the decoder makes other rows of the same records: objects read by an older one are then read again.
    pub version: u32,
    /// Does an object that begins like this hold such logs?
    pub claims: fn(&Head<'_>, Framing) -> bool,
    pub decoder: fn() -> Box<dyn Decoder>,
}

impl LogSource {
    /// Are its objects made to hold records of other sources? [`crate::Routing`] tells whose each is.
    pub fn carries(&self) -> bool {
        [crate::cloudwatch_logs::SOURCE.name, crate::eventbridge_events::SOURCE.name].contains(&self.name)
    }
}

/// How near to the log itself the records of an object are. The later ones can be proven less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As the service wrote them.
    #[default]
    Log,
    /// Inside the records of another service or tool.
    Wrapped,
    /// Out of a table, or turned into another format.
    Export,
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Form::Log => "log",
            Form::Wrapped => "wrapped",
            Form::Export => "export",
        }
    }
}

/// Turns records into rows, of one object after the other.
pub trait Decoder: Send {
    /// The records that follow are of an object that begins like this, and of these years: a time outside of them is
    /// none. Rows that wait stay.
    fn begin(&mut self, head: &Head<'_>, years: Years);
    /// What tells where the entries of this log begin, when they may be of several lines.
    fn entries(&self) -> Option<Box<dyn Entries>> {
        None
    }
    /// Decodes one record. An error means that no row was made of it. A record that is none by the
    /// format's own rules (a comment, a header) is `Ok(Decoded::Nothing)`.
    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject>;
    /// What the records since the beginning of the object were, by the one that is farthest from the log.
    fn form(&self) -> Form {
        Form::Log
    }
    /// The rows so far.
    fn rows(&mut self) -> &mut dyn Rows;
    /// What the columns could not take of the records since `begin`.
    fn mistyped(&self) -> &Mistyped;
}

/// How many values went into `extra` because their column could not take them, by column: of another type than the
/// column's, or not understood. An analyst who asks for the column does not see them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Mistyped(BTreeMap<String, u64>);

impl Mistyped {
    pub(crate) fn add(&mut self, column: String) {
        *self.0.entry(column).or_default() += 1;
    }

    /// Counts those of another one, too.
    pub fn merge(&mut self, other: &Mistyped) {
        for (column, count) in &other.0 {
            *self.0.entry(column.clone()).or_default() += count;
        }
    }

    /// `{"errorcode":3}`; none when every value fitted.
    pub fn json(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| {
            let members = self.0.iter().map(|(column, count)| (column.clone(), (*count).into()));
            serde_json::Value::Object(members.collect()).to_string()
        })
    }
}

/// What became of a record that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded {
    Row,
    /// A header or a comment: not a record.
    Nothing,
}

/// Why a record was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub field: Option<&'static str>,
    pub reason: String,
}

impl Reject {
    pub fn new(reason: impl Into<String>) -> Reject {
        Reject { field: None, reason: reason.into() }
    }

    pub fn field(field: &'static str, reason: impl Into<String>) -> Reject {
        Reject { field: Some(field), reason: reason.into() }
    }
}

/// A value for a message: cut at 80 characters, control characters escaped.
pub(crate) fn shown(value: &str) -> String {
    let cut: String = value.chars().take(80).collect();
    format!("`{}`{}", cut.escape_debug(), if cut.len() < value.len() { "…" } else { "" })
}

/// Every log source, in the order in which objects are offered to them.
pub static SOURCES: &[&LogSource] = &[
    &crate::cloudtrail_digests::SOURCE,
    &crate::cloudtrail::SOURCE,
    &crate::config_items::SOURCE,
    &crate::guardduty::SOURCE,
    &crate::securityhub::SOURCE,
    &crate::waf::SOURCE,
    &crate::route53_resolver::SOURCE,
    &crate::network_firewall::SOURCE,
    &crate::cloudwatch_metrics::SOURCE,
    &crate::cloudfront::SOURCE,
    &crate::s3_access::SOURCE,
    // By its first line; what stands in the statements of the other two is theirs.
    &crate::rds_log::SOURCE,
    &crate::rds_audit::SOURCE,
    &crate::rds_slow::SOURCE,
    &crate::vpc_flow::SOURCE,
    &crate::route53_queries::SOURCE,
    &crate::billing::SOURCE,
    &crate::elb_access::SOURCE,
    &crate::elb_connections::SOURCE,
    &crate::s3_inventory::SOURCE,
    // It takes what is left of the events of EventBridge.
    &crate::eventbridge_events::SOURCE,
    // Takes what nobody before it knows by its messages.
    &crate::cloudwatch_logs::SOURCE,
];
