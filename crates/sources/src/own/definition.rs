//! A definition, understood: every pattern compiled, every name looked up.

use std::fmt;

use coldtrail_evidence::hash::sha256;
use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::own_logs;
use regex::{Regex, bytes};
use serde::Deserialize;

use super::globs;
use super::shape::{Shape, Take};
use super::times::TimeForm;
use super::written::{self, Written};
use crate::error_class::class;
use crate::framing::{Entries, Framing, Record};

/// What the text of a value is read as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    #[default]
    Text,
    Integer,
    Number,
    Boolean,
    Time,
    Json,
}

/// Why a text is no definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionError {
    /// The key that is wrong; none where the text is no TOML, or has not the keys of a definition.
    pub key: Option<String>,
    pub what: String,
}

impl DefinitionError {
    fn at(key: &str, what: impl Into<String>) -> DefinitionError {
        DefinitionError { key: Some(key.to_owned()), what: what.into() }
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "`{key}`: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for DefinitionError {}

type Result<T> = std::result::Result<T, DefinitionError>;

/// A log as its definition says it.
#[derive(Debug, Default)]
pub struct Definition {
    name: String,
    title: String,
    hash: String,
    objects: Vec<Regex>,
    framed: Framed,
    pub(super) shape: Shape,
    pub(super) time: Take,
    pub(super) form: TimeForm,
    pub(super) fields: Vec<Field>,
    /// Are members that no field is of fields, too?
    pub(super) takes_rest: bool,
    pub(super) pivots: Vec<(Pivot, Take)>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) outcome: Option<Outcome>,
}

/// How records are delimited.
#[derive(Debug, Default)]
enum Framed {
    #[default]
    Lines,
    /// An entry begins with a line that matches.
    Entries(bytes::Regex),
    Json,
    Csv,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) take: Take,
    pub(super) kind: FieldType,
}

/// The list of the common columns that a value goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pivot {
    Address,
    Key,
    Arn,
    Resource,
    Actor,
}

/// By which field a record says how it ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) take: Take,
    classes: Vec<(&'static str, Vec<Regex>)>,
}

impl Outcome {
    pub(super) fn class(&self, value: &str) -> &'static str {
        let fits = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(value));
        self.classes.iter().find(|(_, patterns)| fits(patterns)).map_or(class::OTHER, |(class, _)| class)
    }
}

/// More than anybody writes by hand; each pattern and each field costs something at each record.
const MOST: usize = 256;

impl Definition {
    /// Reads a definition; an error says which key is wrong.
    pub fn parse(text: &str) -> Result<Definition> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
            let line = line.map_or_else(String::new, |line| format!("line {line}: "));
            DefinitionError { key: None, what: format!("{line}{}", error.message()) }
        })?;
        if !is_name(&written.name) {
            return Err(DefinitionError::at("name", format!("`{}` {NAME}", written.name)));
        }
        let shape = shape(&written)?;
        let time = &written.time;
        let form = TimeForm::new(time.format.as_deref(), time.zone.as_deref(), written.year)
            .map_err(|(key, what)| DefinitionError::at(key, what))?;
        let fields = fields(&written, &shape)?;
        let known = Known { shape: &shape, fields: &fields };
        let time = known.take("time.field", &time.field)?;
        let pivots = pivots(&written.pivots, &known)?;
        let outcome = written.outcome.as_ref().map(|outcome| self::outcome(outcome, &known)).transpose()?;
        if let Some(account) = &written.account
            && !(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(DefinitionError::at("account", format!("`{account}` is no account: it has twelve digits")));
        }
        Ok(Definition {
            title: written.title.unwrap_or_else(|| written.name.clone()),
            name: written.name,
            hash: sha256(text.as_bytes()).chars().take(16).collect(),
            objects: globs("objects", &written.objects, globs::of_key)?,
            framed: framed(written.framing, written.begins.as_deref())?,
            shape,
            time,
            form,
            fields,
            takes_rest: written.framing == written::Framing::Csv,
            pivots,
            account: written.account,
            region: written.region,
            outcome,
        })
    }

    /// Names the log, and its view.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The first 16 hexadecimal digits of the SHA-256 of its text.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The fields that it names, with their types.
    pub fn fields(&self) -> impl Iterator<Item = (&str, FieldType)> {
        self.fields.iter().map(|field| (field.name.as_str(), field.kind))
    }

    /// Is an object under that key one of its own, if its records are?
    pub fn takes(&self, key: &str) -> bool {
        let key = key.replace('\\', "/");
        self.objects.iter().any(|glob| glob.is_match(&key))
    }

    /// How its objects are framed.
    pub fn framing(&self) -> Framing {
        match self.framed {
            Framed::Lines | Framed::Entries(_) => Framing::Lines,
            Framed::Json => Framing::Json,
            Framed::Csv => Framing::Csv,
        }
    }

    /// What tells where its entries begin, when they may be of several lines.
    pub fn entries(&self) -> Option<Box<dyn Entries>> {
        match &self.framed {
            Framed::Entries(begins) => Some(Box::new(Begins(begins.clone()))),
            Framed::Lines | Framed::Json | Framed::Csv => None,
        }
    }

    /// Is a record what it says?
    pub(super) fn is_one(&self, record: &Record<'_>) -> bool {
        let values = self.shape.values(&self.name, record);
        // Any object has members: one with the time is meant.
        values.is_ok_and(|values| !matches!(self.shape, Shape::Members) || self.time.of(&values).is_some())
    }
}

/// The lines with which entries begin.
struct Begins(bytes::Regex);

impl Entries for Begins {
    fn begins(&self, line: &[u8], _alone: bool) -> bool {
        self.0.is_match(line)
    }
}

const NAME: &str = "is no name here: write a-z, then a-z, 0-9 and _, not more than 63";

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && text.len() <= 63
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn pattern(key: &str, text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|error| DefinitionError::at(key, one_line(&error)))
}

/// The last line of an error in a pattern says what is wrong; those before it point at the place.
fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn globs(key: &str, texts: &[String], of: fn(&str) -> std::result::Result<Regex, regex::Error>) -> Result<Vec<Regex>> {
    if key == "objects" && texts.is_empty() {
        return Err(DefinitionError::at(key, "names none; `**` is any"));
    }
    if texts.len() > MOST {
        return Err(DefinitionError::at(key, format!("has more than {MOST}")));
    }
    texts.iter().map(|text| of(text).map_err(|error| DefinitionError::at(key, one_line(&error)))).collect()
}

fn framed(framing: written::Framing, begins: Option<&str>) -> Result<Framed> {
    Ok(match (framing, begins) {
        (written::Framing::Entries, Some(begins)) => {
            Framed::Entries(bytes::Regex::new(begins).map_err(|error| DefinitionError::at("begins", one_line(&error)))?)
        }
        (written::Framing::Entries, None) => {
            return Err(DefinitionError::at("begins", "is needed for entries: the pattern of a line that begins one"));
        }
        (_, Some(_)) => return Err(DefinitionError::at("begins", "is for `framing = \"entries\"` only")),
        (written::Framing::Lines, None) => Framed::Lines,
        (written::Framing::Json, None) => Framed::Json,
        (written::Framing::Csv, None) => Framed::Csv,
    })
}

/// How records are cut up: by patterns, by a delimiter, or as JSON.
fn shape(written: &Written) -> Result<Shape> {
    let refused = |key, given: bool| match given {
        true => Err(DefinitionError::at(key, "is for lines and entries; here, names come with the record")),
        false => Ok(()),
    };
    if matches!(written.framing, written::Framing::Json | written::Framing::Csv) {
        refused("patterns", !written.patterns.is_empty())?;
        refused("delimiter", written.delimiter.is_some())?;
        refused("columns", !written.columns.is_empty())?;
        return Ok(Shape::Members);
    }
    match (&written.delimiter, written.patterns.is_empty(), written.columns.is_empty()) {
        (None, false, true) if written.patterns.len() <= MOST => {
            Ok(Shape::Patterns(written.patterns.iter().map(|text| pattern("patterns", text)).collect::<Result<_>>()?))
        }
        (None, false, true) => Err(DefinitionError::at("patterns", format!("has more than {MOST}"))),
        (Some(delimiter), true, false) if !delimiter.is_empty() && written.columns.len() <= MOST => {
            let mut names = written.columns.clone();
            names.sort_unstable();
            names.dedup();
            match names.len() == written.columns.len() {
                true => Ok(Shape::Columns { delimiter: delimiter.clone(), names: written.columns.clone() }),
                false => Err(DefinitionError::at("columns", "names one twice")),
            }
        }
        (Some(_), true, false) => {
            Err(DefinitionError::at("delimiter", format!("is empty, or there are more than {MOST} columns")))
        }
        (Some(_), _, true) => Err(DefinitionError::at("columns", "is needed with `delimiter`: the names, in order")),
        (None, _, false) => Err(DefinitionError::at("delimiter", "is needed with `columns`")),
        (Some(_), false, false) => Err(DefinitionError::at("patterns", "says it in one way, `delimiter` in another")),
        (None, true, true) => {
            Err(DefinitionError::at("patterns", "is needed for lines and entries, or `delimiter` and `columns`"))
        }
    }
}

/// The names that can be said of a record.
struct Known<'a> {
    shape: &'a Shape,
    fields: &'a [Field],
}

impl Known<'_> {
    /// What `key` means by a name: a field, else a group, a column, a member, or a JSON pointer.
    fn take(&self, key: &str, name: &str) -> Result<Take> {
        match self.fields.iter().find(|field| field.name == name) {
            Some(field) => Ok(field.take.clone()),
            None => take(self.shape, key, name, None),
        }
    }
}

fn take(shape: &Shape, key: &str, from: &str, pattern: Option<Regex>) -> Result<Take> {
    if shape.names().is_some_and(|names| !names.contains(&from)) {
        let what = format!("`{from}` is no group of the patterns, no column and no field");
        return Err(DefinitionError::at(key, what));
    }
    Ok(Take { from: from.to_owned(), pattern })
}

/// The fields: what records of this form have by themselves, in order, then what else is defined.
fn fields(written: &Written, shape: &Shape) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    let own: Vec<&str> = shape.names().unwrap_or_default();
    // The time is a column of its own.
    for name in own.iter().filter(|name| !written.fields.contains_key(**name) && **name != written.time.field) {
        let key = if matches!(shape, Shape::Columns { .. }) { "columns" } else { "patterns" };
        free(key, name)?;
        fields.push(Field { name: (*name).to_owned(), take: take(shape, key, name, None)?, kind: FieldType::Text });
    }
    for (name, field) in &written.fields {
        let key = format!("fields.{name}");
        free(&key, name)?;
        let cut = field.pattern.as_deref().map(|text| pattern(&format!("{key}.pattern"), text)).transpose()?;
        let from = field.from.as_deref().unwrap_or(name);
        fields.push(Field { name: name.clone(), take: take(shape, &key, from, cut)?, kind: field.kind });
    }
    if fields.len() > MOST {
        return Err(DefinitionError::at("fields", format!("there are more than {MOST}")));
    }
    // As a reader of the patterns expects them.
    fields.sort_by_key(|field| own.iter().position(|name| *name == field.name).unwrap_or(own.len()));
    Ok(fields)
}

/// Refuses a name that no column of the view can have.
fn free(key: &str, name: &str) -> Result<()> {
    if !is_name(name) {
        return Err(DefinitionError::at(key, format!("`{name}` {NAME}")));
    }
    let columns = own_logs::TABLE.columns();
    if columns.iter().any(|column| column.name == name) || name == DATE.name {
        let what = format!("every table has a column `{name}`: call it otherwise (a field can say `from`)");
        return Err(DefinitionError::at(key, what));
    }
    Ok(())
}

fn pivots(written: &written::Pivots, known: &Known<'_>) -> Result<Vec<(Pivot, Take)>> {
    let lists = [
        (Pivot::Actor, "pivots.actors", &written.actors),
        (Pivot::Address, "pivots.addresses", &written.addresses),
        (Pivot::Key, "pivots.keys", &written.keys),
        (Pivot::Arn, "pivots.arns", &written.arns),
        (Pivot::Resource, "pivots.resources", &written.resources),
    ];
    let mut pivots = Vec::new();
    for (pivot, key, names) in lists {
        for name in names.iter().take(MOST) {
            pivots.push((pivot, known.take(key, name)?));
        }
    }
    Ok(pivots)
}

fn outcome(written: &written::Outcome, known: &Known<'_>) -> Result<Outcome> {
    let lists = [
        (class::SUCCESS, "outcome.success", &written.success),
        (class::LOGIN_FAILED, "outcome.login_failed", &written.login_failed),
        (class::DENIED, "outcome.denied", &written.denied),
        (class::THROTTLED, "outcome.throttled", &written.throttled),
        (class::INVALID, "outcome.invalid", &written.invalid),
    ];
    let mut classes = Vec::new();
    for (class, key, texts) in lists {
        classes.push((class, globs(key, texts, globs::of_value)?));
    }
    Ok(Outcome { take: known.take("outcome.field", &written.field)?, classes })
}
