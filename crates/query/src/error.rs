//! What can go wrong with a question.

use std::path::PathBuf;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::place::Place;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Lake(coldtrail_lake::Error),
    /// A file of the lake is not what was written.
    #[error("{what}")]
    Altered { what: String },
    #[error("unknown column `{column}`")]
    UnknownColumn { column: String, similar: Vec<String>, place: Option<Place> },
    #[error("unknown table `{table}`")]
    UnknownTable { table: String, similar: Vec<String>, place: Option<Place> },
    #[error("unknown function `{function}`")]
    UnknownFunction { function: String, similar: Vec<String>, place: Option<Place> },
    /// No plan can be made of it.
    #[error("{what}")]
    Statement { what: String, place: Option<Place> },
    #[error("this statement is not allowed: {what}")]
    NotReading { what: String },
    #[error("the period ends before it begins")]
    Reversed,
    #[error("interrupted")]
    Interrupted,
    /// Of the engine's own account, or not: then another way to run it would need no less.
    #[error("the question needs more memory than {limit} bytes: {what}")]
    Memory { limit: usize, what: String, accounted: bool },
    #[error("the question was not answered within {seconds} s")]
    Timeout { seconds: u64 },
    #[error("after {seconds} s there is still no plan of how to answer the question")]
    Planning { seconds: u64 },
    #[error("the statement is {depth} levels deep; it may be {most}")]
    TooDeep { depth: usize, most: usize },
    #[error("no thread can be started: {0}")]
    NoThread(std::io::Error),
    #[error("{source}")]
    Sql { source: Box<DataFusionError> },
    #[error("no saved question is called `{name}`")]
    UnknownQuestion { name: String, similar: Vec<String> },
    #[error("{file}, line {line}: {what}")]
    Head { file: String, line: usize, what: &'static str },
    #[error("{path}: not opened: {what}")]
    NotOpened { path: PathBuf, what: &'static str },
    #[error("question `{question}` has no parameter `{name}`")]
    UnknownParameter { question: String, name: String, known: Vec<String> },
    #[error("parameter `{name}`: `{value}` is no {kind}")]
    BadParameter { name: String, value: String, kind: &'static str },
    #[error("parameter `{name}`: `{value}` is none of its values")]
    UnknownValue { name: String, value: String, known: Vec<String> },
    #[error("parameter `{name}` is needed")]
    MissingParameter { name: String, about: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

impl Error {
    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        let mean = |similar: &[String]| match similar {
            [] => None,
            names => Some(format!(
                "did you mean {}?",
                names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ")
            )),
        };
        match self {
            Error::Lake(error) => error.hint(),
            Error::Altered { .. } => Some(coldtrail_lake::ALTERED_HINT.to_owned()),
            Error::UnknownColumn { similar, .. } => {
                mean(similar).or_else(|| Some("`coldtrail tables NAME` lists the columns of a table".to_owned()))
            }
            Error::UnknownTable { similar, .. } => {
                mean(similar).or_else(|| Some("`coldtrail tables` lists them".to_owned()))
            }
            Error::UnknownFunction { similar, .. } => {
                mean(similar).or_else(|| Some("`docs/sql.md` lists the functions".to_owned()))
            }
            Error::UnknownQuestion { similar, .. } => {
                mean(similar).or_else(|| Some("`coldtrail query list` lists them".to_owned()))
            }
            Error::UnknownParameter { known, .. } if known.is_empty() => Some("it takes none".to_owned()),
            Error::UnknownParameter { known, .. } => Some(format!("it takes {}", known.join(", "))),
            Error::UnknownValue { known, .. } => Some(format!("known are {}", known.join(", "))),
            Error::MissingParameter { name, about } => Some(format!("--{name} VALUE: {about}")),
            Error::Reversed => Some("--from is the earlier one".to_owned()),
            Error::NotReading { .. } => {
                Some("evidence is only read: select, with, explain, show and describe work".to_owned())
            }
            Error::Memory { .. } => {
                Some("give it more with `--memory 8G`, or ask for fewer rows or a shorter time".to_owned())
            }
            Error::Timeout { .. } => {
                Some("ask for a shorter time or fewer rows, or give it longer with `--timeout 10m`".to_owned())
            }
            Error::Planning { .. } => {
                Some("write a shorter statement, or give it longer with `--timeout 10m`".to_owned())
            }
            Error::TooDeep { .. } => Some(
                "in place of many `or`, write `in (…)`; in place of many `+` or `union`, a sum over rows of `values`"
                    .to_owned(),
            ),
            Error::BadParameter { kind: "time", .. } => Some(
                "write 2026-05-01, 2026-05-01T10:00:00Z, start, end, end-7d, or 7d (before the end of the data)"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Is what was asked of not what was written?
    pub fn is_contradiction(&self) -> bool {
        match self {
            Error::Altered { .. } => true,
            Error::Lake(error) => error.is_contradiction(),
            _ => false,
        }
    }

    /// Is it the question that is wrong, and not what became of it?
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Error::Reversed
                | Error::UnknownQuestion { .. }
                | Error::UnknownParameter { .. }
                | Error::UnknownValue { .. }
                | Error::BadParameter { .. }
                | Error::MissingParameter { .. }
                | Error::UnknownColumn { .. }
                | Error::UnknownTable { .. }
                | Error::UnknownFunction { .. }
                | Error::Statement { .. }
                | Error::TooDeep { .. }
                | Error::NotReading { .. }
        )
    }

    /// Where in the statement it is wrong.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Error::UnknownColumn { place, .. }
            | Error::UnknownTable { place, .. }
            | Error::UnknownFunction { place, .. }
            | Error::Statement { place, .. } => place.as_ref(),
            _ => None,
        }
    }

    /// The error of a statement, made as plain as it can be.
    pub(crate) fn of_sql(sql: &str, limit: usize, error: DataFusionError, there: &There<'_>) -> Error {
        if let DataFusionError::SchemaError(schema_error, _) = error.find_root()
            && let SchemaError::FieldNotFound { field, valid_fields } = schema_error.as_ref()
        {
            let names: Vec<String> = valid_fields.iter().map(|column| column.name().to_owned()).collect();
            let column = field.name().to_owned();
            let place = Place::of_name(sql, &column);
            return Error::UnknownColumn { similar: similar(&column, &names), column, place };
        }
        let text = error.find_root().strip_backtrace();
        if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) {
            let accounted = !text.contains(crate::bounded::REFUSED);
            return Error::Memory { limit, what: text, accounted };
        }
        if let Some(table) = quoted(&text, "table '").filter(|_| text.contains("not found")) {
            let table = table.rsplit('.').next().unwrap_or(table).to_owned();
            let place = Place::of_name(sql, &table);
            return Error::UnknownTable { similar: similar(&table, there.tables), table, place };
        }
        if let Some(function) = quoted(&text, "Invalid function '") {
            let place = Place::of_name(sql, function);
            let similar = similar(function, &there.functions);
            return Error::UnknownFunction { similar, function: function.to_owned(), place };
        }
        if ["DDL not supported", "DML not supported", "Statement not supported"].iter().any(|part| text.contains(part))
        {
            return Error::NotReading { what: text };
        }
        Error::of_plan(sql, &text, error)
    }

    /// What the parser or the planner says of it, without the words around it.
    fn of_plan(sql: &str, text: &str, error: DataFusionError) -> Error {
        use DataFusionError as E;
        match error.find_root() {
            E::SQL(parser, _) => {
                let text = match parser.as_ref() {
                    ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
                    ParserError::RecursionLimitExceeded => "too many brackets stand in each other".to_owned(),
                };
                match Place::of_message(sql, &text) {
                    Some((place, what)) => Error::Statement { what: what.to_owned(), place: Some(place) },
                    None => Error::Statement { what: text, place: None },
                }
            }
            E::Plan(_) | E::NotImplemented(_) | E::SchemaError(..) | E::Internal(_) => {
                let begin = ["Error during planning: ", "Schema error: ", "This feature is not implemented: "];
                let text = begin.iter().fold(text, |text, begin| text.strip_prefix(begin).unwrap_or(text));
                // The engine takes what it does not understand for its own fault; a statement may be the cause.
                let what = text
                    .strip_prefix("Internal error: ")
                    .map_or(text, |text| text.split(". This issue was likely caused by a bug").next().unwrap_or(text));
                Error::Statement { what: what.trim_end_matches(['.', '\n']).to_owned(), place: None }
            }
            _ => Error::Sql { source: Box::new(error) },
        }
    }
}

/// What a statement could have named.
pub(crate) struct There<'a> {
    pub(crate) tables: &'a [String],
    pub(crate) functions: Vec<String>,
}

/// What stands in quotes behind these words.
fn quoted<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split('\'').next()
}

/// The names most like one, best first.
pub fn similar(name: &str, names: &[String]) -> Vec<String> {
    let name = name.to_lowercase();
    let mut scored: Vec<(f64, &String)> = names
        .iter()
        .map(|other| {
            (
                strsim::jaro_winkler(&name, other.rsplit('/').next().unwrap_or(other))
                    .max(strsim::jaro_winkler(&name, other)),
                other,
            )
        })
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, name)| name.clone()).collect()
}
