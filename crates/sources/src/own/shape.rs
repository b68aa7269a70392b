//! How a record is cut into values, and how one of them is taken.

use std::borrow::Cow;

use regex::Regex;

use crate::fields::json_string;
use crate::framing::Record;
use crate::json::{Type, Value};
use crate::source::Reject;

/// Where the values of a record stand.
#[derive(Debug)]
pub(super) enum Shape {
    /// In the named groups of the first pattern that matches.
    Patterns(Vec<Regex>),
    /// Between delimiters, and these are their names.
    Columns { delimiter: String, names: Vec<String> },
    /// In the members of a JSON object.
    Members,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape::Patterns(Vec::new())
    }
}

/// The values of a record.
pub(super) enum Values<'v> {
    Named(Vec<(&'v str, &'v str)>),
    Members(Value<'v>),
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) enum Found<'v> {
    Text(Cow<'v, str>),
    Json(Value<'v>),
}

impl Shape {
    /// The names that a record of this form can have; none where a record brings its own.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        match self {
            Shape::Patterns(patterns) => {
                let mut names: Vec<&str> = Vec::new();
                for name in patterns.iter().flat_map(|pattern| pattern.capture_names().flatten()) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                Some(names)
            }
            Shape::Columns { names, .. } => Some(names.iter().map(String::as_str).collect()),
            Shape::Members => None,
        }
    }

    /// Cuts up a record of the log of that name. One that is of another form is none of this log.
    pub(super) fn values<'v>(&'v self, log: &str, record: &Record<'v>) -> Result<Values<'v>, Reject> {
        let text = record.text;
        match self {
            Shape::Patterns(patterns) => {
                for pattern in patterns {
                    let Some(found) = pattern.captures(text) else { continue };
                    let named = pattern.capture_names().flatten();
                    let named = named.filter_map(|name| found.name(name).map(|group| (name, group.as_str())));
                    return Ok(Values::Named(named.collect()));
                }
                Err(Reject::new(format!("fits none of the patterns of {log}")))
            }
            Shape::Columns { delimiter, names } => {
                // One more than there may be is enough to tell.
                let cells: Vec<&str> = text.splitn(names.len() + 1, delimiter.as_str()).collect();
                if cells.len() != names.len() {
                    return Err(Reject::new(format!("has not the {} columns of {log}", names.len())));
                }
                Ok(Values::Named(names.iter().map(String::as_str).zip(cells).collect()))
            }
            Shape::Members if record.json().is_object() => Ok(Values::Members(record.json())),
            Shape::Members => Err(Reject::new(format!("is no JSON object, as the records of {log} are"))),
        }
    }
}

impl<'v> Values<'v> {
    /// The value of a group, a column or a member, or what a JSON pointer points to; none where it is null.
    fn get(&self, from: &str) -> Option<Found<'v>> {
        match self {
            Values::Named(named) => {
                named.iter().find(|(name, _)| *name == from).map(|(_, text)| Found::Text(Cow::Borrowed(*text)))
            }
            Values::Members(root) => {
                let value = if from.starts_with('/') { pointed(*root, from) } else { root.get(from) };
                value.filter(|value| !value.is_null()).map(Found::Json)
            }
        }
    }
}

/// What a JSON pointer (RFC 6901) points to.
fn pointed<'v>(root: Value<'v>, pointer: &str) -> Option<Value<'v>> {
    pointer.split('/').skip(1).try_fold(root, |value, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        if value.is_array() {
            let Ok(at) = part.parse() else { return None };
            return value.items().nth(at);
        }
        value.get(&part)
    })
}

impl<'v> Found<'v> {
    /// The value as text: of a string, what it says; of any other JSON, as it stands.
    pub(super) fn text(&self) -> Cow<'v, str> {
        match self {
            Found::Text(text) => text.clone(),
            Found::Json(value) => value.text().unwrap_or(Cow::Borrowed(value.raw())),
        }
    }

    /// The value as JSON, as it was written.
    pub(super) fn raw(&self) -> Cow<'v, str> {
        match self {
            Found::Text(text) => Cow::Owned(json_string(text)),
            Found::Json(value) => Cow::Borrowed(value.raw()),
        }
    }

    /// Is it an object or a list?
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Found::Json(value) if matches!(value.ty(), Type::Object | Type::Array))
    }
}

/// Takes one value out of a record.
#[derive(Debug, Clone, Default)]
pub(super) struct Take {
    pub(super) from: String,
    /// Only the part of the text that this finds.
    pub(super) pattern: Option<Regex>,
}

impl Take {
    pub(super) fn of<'v>(&self, values: &Values<'v>) -> Option<Found<'v>> {
        let found = values.get(&self.from)?;
        match &self.pattern {
            None => Some(found),
            Some(pattern) => part(pattern, found.text()).map(Found::Text),
        }
    }
}

/// What a pattern finds in a text: its group `value`, else its first group, else all of it.
fn part<'v>(pattern: &Regex, text: Cow<'v, str>) -> Option<Cow<'v, str>> {
    let range = {
        let found = pattern.captures(&text)?;
        found.name("value").or_else(|| found.get(1)).or_else(|| found.get(0))?.range()
    };
    match text {
        Cow::Borrowed(text) => text.get(range).map(Cow::Borrowed),
        Cow::Owned(text) => text.get(range).map(|part| Cow::Owned(part.to_owned())),
    }
}
