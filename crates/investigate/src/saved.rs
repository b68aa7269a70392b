//! Answers that are one statement: saved questions and timelines. Their rows are not touched here.

use coldtrail_query::{Session, Value};
use coldtrail_report::{AsideKind, Claim, LeftAside};
use coldtrail_schema::tables;
use serde::Deserialize;

use crate::actor::similar;
use crate::error::Result;
use crate::rows::{address, ask, rfc3339};
use crate::scope::{About, Scope, sources};

/// A statement to be run, and what its answer does not look at.
#[derive(Debug, Clone)]
pub struct Asked {
    pub sql: String,
    pub parameters: Vec<(String, Value)>,
    pub left_aside: LeftAside,
    /// What no answer can be given to, a sentence each.
    pub cannot_say: Vec<String>,
    /// Indicators that stand in no row.
    pub not_seen: Vec<String>,
    /// The ARN for which the name of an actor is taken.
    pub taken_for: Option<String>,
    /// Nothing of what it looks at is here.
    pub nothing: bool,
    /// What it looks at, for the sentence that there is nothing: `541 rows of cloudtrail`.
    pub(crate) among: String,
    /// The names of values that were asked for.
    pub(crate) values: Vec<(String, String)>,
    /// Are they compared whole? A saved question may look for parts of names.
    pub(crate) whole: bool,
}

/// The sentence about an answer without a row, and how much it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Empty {
    pub sentence: String,
    pub claim: Claim,
}

/// Parameters that name something which stands in rows: a value that stands in none is mistyped, or was never logged.
const NAMES: &[&str] =
    &["actor", "bucket", "distribution", "function", "instance", "ip", "key", "resource", "role", "security_group"];

/// A saved question, prepared.
pub fn saved(scope: &Scope<'_>, question: &coldtrail_query::Question, given: &[(String, String)]) -> Result<Asked> {
    let given = given
        .iter()
        .map(|(name, value)| Ok((name.clone(), if name == "ip" { address(value)? } else { value.clone() })))
        .collect::<Result<Vec<(String, String)>>>()?;
    let parameters = question.bind(&given, scope.session.bounds())?;
    let tables: Vec<&str> = question.sources.iter().map(String::as_str).collect();
    let derived = tables::TABLES.iter().any(|table| table.is_derived() && question.reads(table.name));
    // Derived tables are made of rows in an order of time.
    let timed = derived || question.parameters.iter().any(|p| p.kind == coldtrail_query::ParameterType::Timestamp);
    let values: Vec<(String, &str)> = given
        .iter()
        .filter(|(name, _)| question.parameters.iter().any(|p| p.name == *name && NAMES.contains(&p.name.as_str())))
        .map(|(name, value)| (format!("--{name}"), value.as_str()))
        .collect();
    let values: Vec<(&str, Option<&str>)> = values.iter().map(|(name, value)| (name.as_str(), Some(*value))).collect();
    let mut asked = Asked::new(scope, &question.sql, parameters, &About { tables: &tables, derived, timed }, &values)?;
    asked.look_for_verdicts(scope, question);
    // A statement that looks for parts of names does so by one of these.
    let is_part =
        |line: &str| line.contains('$') && ["strpos(", " like ", "starts_with("].iter().any(|f| line.contains(f));
    asked.whole = !question.sql.lines().any(is_part);
    Ok(asked)
}

impl Asked {
    pub(crate) fn new(
        scope: &Scope<'_>,
        sql: &str,
        parameters: Vec<(String, Value)>,
        about: &About<'_>,
        values: &[(&str, Option<&str>)],
    ) -> Result<Asked> {
        let mut left_aside = scope.left_aside(about)?;
        let mut cannot_say = Vec::new();
        let asked = sources(about.tables);
        let missing: Vec<&str> =
            asked.iter().map(|table| table.name).filter(|name| scope.session.rows(name) == 0).collect();
        // A timeline looks into whatever log there is; a saved question names the ones it needs.
        let needs = about.tables.iter().all(|name| tables::find(name).is_some());
        if needs {
            for name in &missing {
                cannot_say.push(format!("what only {name} could tell: there is no evidence of it"));
                left_aside.add(AsideKind::NoEvidence, 1, format!("source, {name}, of which nothing is here"));
            }
        }
        let underived = about.derived && !scope.session.is_derived();
        if underived {
            let what = "what histories and sessions tell: they were not derived yet; `coldtrail derive` makes them";
            cannot_say.push(what.to_owned());
        }
        // Of a time before or after everything that is here, no row is no sign of anything.
        let bounds = scope.session.bounds();
        let is_outside = parameters.iter().any(|(name, value)| match (name.as_str(), value) {
            ("from" | "since", Value::Time(Some(from))) => *from > bounds.end,
            ("to" | "until", Value::Time(Some(to))) => *to < bounds.start,
            _ => false,
        });
        if is_outside {
            let (first, last) = (rfc3339(bounds.start), rfc3339(bounds.end));
            cannot_say.push(format!("what happened then: all that is here is from {first} to {last}"));
        }
        let nothing = underived || is_outside || !asked.is_empty() && missing.len() == asked.len();
        let values = values.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
        Ok(Asked {
            sql: sql.to_owned(),
            parameters,
            left_aside,
            cannot_say,
            not_seen: Vec::new(),
            taken_for: None,
            nothing,
            among: scope.among(about),
            values: values.collect(),
            whole: false,
        })
    }

    /// A question about verdicts, where `verify` never ran.
    fn look_for_verdicts(&mut self, scope: &Scope<'_>, question: &coldtrail_query::Question) {
        use coldtrail_schema::tables::verdicts::{DIGEST_VERDICTS, LOG_VERDICTS};
        // Where rows of logs are shown with their verdicts, the verdict says itself that there is none yet.
        let only = question.sources.iter().all(|name| *name == DIGEST_VERDICTS.name || *name == LOG_VERDICTS.name);
        if only && scope.session.rows(DIGEST_VERDICTS.name) + scope.session.rows(LOG_VERDICTS.name) == 0 {
            self.nothing = true;
            self.cannot_say.push("what CloudTrail's digests prove: `coldtrail verify` did not run".to_owned());
        }
    }

    /// How much an answer with rows claims.
    pub fn claim(&self) -> Claim {
        let whole = !self.nothing && self.left_aside.is_empty() && self.cannot_say.is_empty();
        if whole { Claim::Whole } else { Claim::WithGaps }
    }

    /// What an answer without a row says. `none` is said only of what was looked at, with how much that was.
    pub fn empty(&self, session: &Session) -> Result<Empty> {
        let left = if self.left_aside.is_empty() {
            String::new()
        } else {
            format!("; left aside: {}", self.left_aside.sentence())
        };
        if self.nothing {
            let why = self.cannot_say.join("; ");
            let why = if why.is_empty() { "nothing is here that could tell".to_owned() } else { why };
            return Ok(Empty { sentence: format!("cannot say: {why}{left}"), claim: Claim::Nothing });
        }
        let unknown = self.unknown_values(session)?;
        if let Some((name, value)) = unknown.first() {
            let mean = match similar(session, value)?.as_slice() {
                [] => String::new(),
                names => format!("; did you mean {}?", names.join(", ")),
            };
            let sentence = format!("cannot say: `{name} {value}` stands in no row, among {}{left}{mean}", self.among);
            return Ok(Empty { sentence, claim: Claim::Nothing });
        }
        Ok(Empty { sentence: format!("none among {}{left}", self.among), claim: self.claim() })
    }

    /// The values that stand in no row at all: they are mistyped, or of what was never logged.
    fn unknown_values(&self, session: &Session) -> Result<Vec<(String, String)>> {
        let mut unknown = Vec::new();
        for (name, value) in &self.values {
            if !stands(session, value, self.whole)? {
                unknown.push((name.clone(), value.clone()));
            }
        }
        Ok(unknown)
    }
}

/// Does a value stand in any row: whole, or else also as a part of a name?
fn stands(session: &Session, value: &str, whole: bool) -> Result<bool> {
    #[derive(Deserialize)]
    struct Known {
        known: bool,
    }
    let parameters =
        [("value".to_owned(), Value::Text(Some(value.to_owned()))), ("whole".to_owned(), Value::Boolean(Some(whole)))];
    let known: Vec<Known> = ask(session, include_str!("saved/known.sql"), &parameters)?;
    Ok(known.iter().any(|row| row.known))
}
