//! The catalogue of saved questions: files of SQL with a head of comments.

mod own;

use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

use crate::error::{Error, Result, similar};
use crate::session::{Bounds, Value};
use crate::when::{instant, until};

/// The area of the questions that lie with a case. No built-in question is in it, so none can be replaced.
const OWN: &str = "case";

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../queries");

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    Text,
    Integer,
    Number,
    Boolean,
    Timestamp,
}

impl ParameterType {
    /// The word for it in the head of a question.
    pub fn name(self) -> &'static str {
        match self {
            ParameterType::Text => "text",
            ParameterType::Integer => "integer",
            ParameterType::Number => "number",
            ParameterType::Boolean => "boolean",
            ParameterType::Timestamp => "timestamp",
        }
    }

    fn parse(text: &str) -> Option<ParameterType> {
        Some(match text {
            "text" => ParameterType::Text,
            "integer" | "duration-minutes" => ParameterType::Integer,
            "number" => ParameterType::Number,
            "boolean" => ParameterType::Boolean,
            "timestamp" => ParameterType::Timestamp,
            _ => return None,
        })
    }

    /// A value of this type; `null` stands for none.
    fn value(self, name: &str, text: &str, bounds: Bounds) -> Result<Value> {
        let bad = |kind| Error::BadParameter { name: name.to_owned(), value: text.to_owned(), kind };
        if text == "null" {
            return Ok(match self {
                ParameterType::Text => Value::Text(None),
                ParameterType::Integer => Value::Integer(None),
                ParameterType::Number => Value::Number(None),
                ParameterType::Boolean => Value::Boolean(None),
                ParameterType::Timestamp => Value::Time(None),
            });
        }
        Ok(match self {
            ParameterType::Text => Value::Text(Some(text.to_owned())),
            ParameterType::Integer => Value::Integer(Some(text.parse().map_err(|_| bad("integer"))?)),
            ParameterType::Number => Value::Number(Some(text.parse().map_err(|_| bad("number"))?)),
            ParameterType::Boolean => Value::Boolean(Some(text.parse().map_err(|_| bad("boolean"))?)),
            // The end of a period that is a date alone means all of that day.
            ParameterType::Timestamp if matches!(name, "to" | "until") => {
                Value::Time(Some(until(text, bounds).ok_or_else(|| bad("time"))?))
            }
            ParameterType::Timestamp => Value::Time(Some(instant(text, bounds).ok_or_else(|| bad("time"))?)),
        })
    }
}

/// A parameter of a saved question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub kind: ParameterType,
    /// The text of the default; none when a value must be given.
    pub default: Option<String>,
    pub about: String,
    /// The only values that mean something; empty when any may.
    pub values: Vec<String>,
}

/// A saved question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// `area/name`; of a question that lies with a case `case/area/name`.
    pub name: String,
    pub title: String,
    pub question: String,
    pub sources: Vec<String>,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
    pub parameters: Vec<Parameter>,
    /// What the answer must not be taken for.
    pub traps: Vec<String>,
    /// Questions to go on with.
    pub next: Vec<String>,
    pub sql: String,
}

impl Question {
    /// The first part of its name.
    pub fn area(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Does it lie with a case, and so may be somebody else's?
    pub fn is_own(&self) -> bool {
        self.area() == OWN
    }

    /// Does the statement read a table or view of that name?
    pub fn reads(&self, table: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        self.sql.split(|c| !is_word(c)).any(|word| word == table)
    }

    /// Reads a file; `name` is `area/name`.
    pub fn parse(name: &str, text: &str) -> Result<Question> {
        let mut question = Question {
            name: name.to_owned(),
            title: String::new(),
            question: String::new(),
            sources: Vec::new(),
            attack: Vec::new(),
            parameters: Vec::new(),
            traps: Vec::new(),
            next: Vec::new(),
            sql: String::new(),
        };
        for (number, line) in text.lines().enumerate() {
            let Some(comment) = line.strip_prefix("--") else { break };
            question.head(comment.trim()).map_err(|what| Error::Head {
                file: format!("{name}.sql"),
                line: number + 1,
                what,
            })?;
        }
        let sql: Vec<&str> = text.lines().skip_while(|line| line.starts_with("--") || line.trim().is_empty()).collect();
        question.sql = sql.join("\n").trim().trim_end_matches(';').to_owned();
        let missing = |what| Error::Head { file: format!("{name}.sql"), line: 1, what };
        if question.title.is_empty() || question.question.is_empty() || question.sources.is_empty() {
            return Err(missing("the head needs title, question and sources"));
        }
        Ok(question)
    }

    fn head(&mut self, line: &str) -> std::result::Result<(), &'static str> {
        let Some((key, value)) = line.split_once(':') else { return Err("a line of the head is `-- name: value`") };
        let value = value.trim();
        let list = || value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
        match key.trim() {
            "title" => self.title = value.to_owned(),
            "question" => self.question = value.to_owned(),
            "sources" => self.sources = list(),
            "attack" => self.attack = list(),
            "trap" => self.traps.push(value.to_owned()),
            "next" => self.next.push(value.to_owned()),
            "parameter" => {
                let new = parameter(value)?;
                if self.parameters.iter().any(|other| other.name == new.name) {
                    return Err("a parameter of that name is there already");
                }
                self.parameters.push(new);
            }
            other => {
                let (what, name) = other.split_once(' ').ok_or("an unknown name in the head")?;
                let parameter =
                    self.parameters.iter_mut().find(|p| p.name == name).ok_or("a line about an unknown parameter")?;
                match what {
                    "about" => parameter.about = value.to_owned(),
                    "values" => parameter.values = list(),
                    _ => return Err("an unknown name in the head"),
                }
            }
        }
        Ok(())
    }

    /// The values to be bound: those given, else the defaults. `start` and `end` stand for the bounds of the data.
    pub fn bind(&self, given: &[(String, String)], bounds: Bounds) -> Result<Vec<(String, Value)>> {
        for (name, _) in given {
            if !self.parameters.iter().any(|parameter| parameter.name == *name) {
                let known = self.parameters.iter().map(|parameter| format!("--{}", parameter.name)).collect();
                return Err(Error::UnknownParameter { question: self.name.clone(), name: name.clone(), known });
            }
        }
        let bound = self.parameters.iter().map(|parameter| {
            let text = self.text_of(parameter, given)?;
            if !parameter.values.is_empty() && text != "null" && !parameter.values.contains(&text) {
                let known = parameter.values.clone();
                return Err(Error::UnknownValue { name: parameter.name.clone(), value: text, known });
            }
            Ok((parameter.name.clone(), parameter.kind.value(&parameter.name, &text, bounds)?))
        });
        let bound: Vec<(String, Value)> = bound.collect::<Result<_>>()?;
        let time = |name: &str| {
            bound.iter().find_map(|(bound, value)| match value {
                Value::Time(Some(time)) if bound == name => Some(*time),
                _ => None,
            })
        };
        // A beginning after the end of the data is no mistake: of that time there is nothing.
        let both = ["from", "to"].iter().all(|name| given.iter().any(|(given, _)| given == name));
        match time("from").zip(time("to")) {
            Some((from, to)) if both && from > to => Err(Error::Reversed),
            _ => Ok(bound),
        }
    }

    /// What a parameter is set to, as text.
    pub fn text_of(&self, parameter: &Parameter, given: &[(String, String)]) -> Result<String> {
        let value = given.iter().rev().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone());
        value
            .or_else(|| parameter.default.clone())
            .ok_or_else(|| Error::MissingParameter { name: parameter.name.clone(), about: parameter.about.clone() })
    }
}

/// `name type = default`.
fn parameter(text: &str) -> std::result::Result<Parameter, &'static str> {
    let (head, default) = text.split_once('=').map_or((text, "none"), |(head, default)| (head, default.trim()));
    let mut words = head.split_whitespace();
    let (Some(name), Some(kind), None) = (words.next(), words.next(), words.next()) else {
        return Err("a parameter is `name type = default`");
    };
    // It is an option of the command line, and `$name` in SQL.
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err("the name of a parameter has letters, digits and _ only");
    }
    let kind = ParameterType::parse(kind).ok_or("an unknown type of parameter")?;
    let default = match default {
        "none" => None,
        text => Some(text.trim_matches('\'').to_owned()),
    };
    Ok(Parameter { name: name.to_owned(), kind, default, about: String::new(), values: Vec::new() })
}

/// All saved questions, by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub questions: Vec<Question>,
}

impl Catalogue {
    /// The questions that come with the program.
    pub fn built_in() -> Result<Catalogue> {
        let mut catalogue = Catalogue::default();
        for area in BUILT_IN.dirs() {
            for file in area.files() {
                if let (Some(name), Some(text)) = (name_of(file.path()), file.contents_utf8()) {
                    catalogue.questions.push(Question::parse(&name, text)?);
                }
            }
        }
        catalogue.questions.sort_by(|a, b| a.name.cmp(&b.name));
        debug_assert!(BUILT_IN.entries().iter().any(|entry| matches!(entry, DirEntry::Dir(_))), "there are questions");
        Ok(catalogue)
    }

    /// Adds the questions of a case's folder `<area>/<name>.sql`, under names that no built-in one has. What is no
    /// question leaves the others as they are, and is given back with the reason.
    pub fn add(&mut self, folder: &Path) -> Vec<Error> {
        let mut refused = Vec::new();
        self.questions.extend(own::all(folder, &mut refused));
        self.questions.sort_by(|a, b| a.name.cmp(&b.name));
        refused
    }

    /// The question of that name, or the only one whose name ends in it. One of a case is found so only where no
    /// built-in one is called so.
    pub fn find(&self, name: &str) -> Result<&Question> {
        if let Some(question) = self.questions.iter().find(|question| question.name == name) {
            return Ok(question);
        }
        let called = |own: bool| -> Vec<&Question> {
            let is = |q: &&Question| q.is_own() == own && q.name.rsplit('/').next() == Some(name);
            self.questions.iter().filter(is).collect()
        };
        let mut short = called(false);
        if short.is_empty() {
            short = called(true);
        }
        match short.as_slice() {
            [one] => Ok(one),
            _ => {
                let names: Vec<String> = self.questions.iter().map(|question| question.name.clone()).collect();
                Err(Error::UnknownQuestion { name: name.to_owned(), similar: similar(name, &names) })
            }
        }
    }

    /// The questions of an area.
    pub fn area(&self, area: &str) -> Vec<&Question> {
        self.questions.iter().filter(|question| question.area() == area).collect()
    }

    pub fn areas(&self) -> Vec<&str> {
        let mut areas: Vec<&str> = self.questions.iter().map(Question::area).collect();
        areas.dedup();
        areas
    }
}

/// `area/name` of a path `area/name.sql`.
fn name_of(path: &Path) -> Option<String> {
    let text = path.to_str()?.replace('\\', "/");
    text.strip_suffix(".sql").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const GOOD: &str = "-- title: t\n-- question: q?\n-- sources: cloudtrail\nselect 1";

    #[test]
    fn a_bad_file_leaves_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &[u8]| {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        let mut catalogue = Catalogue::built_in().unwrap();
        let all = catalogue.questions.len();
        let taken = catalogue.questions[0].name.clone();
        let short = taken.rsplit('/').next().unwrap().to_owned();
        write("own/good.sql", GOOD.as_bytes());
        write(&format!("{taken}.sql"), GOOD.as_bytes());
        write(&format!("own/{short}.sql"), GOOD.as_bytes());
        write("own/no_head.sql", b"select 1");
        write("own/latin1.sql", b"-- title: \xe9");
        write("own/twice.sql", b"-- parameter: a text\n-- parameter: a text\nselect 1");
        write("own/name.sql", b"-- parameter: a-b text\nselect 1");
        write("own/long.sql", &b" ".repeat((1 << 20) + 1));
        write("no_area.sql", GOOD.as_bytes());
        write("own/notes.txt", b"no question");
        let refused: Vec<String> = catalogue.add(dir.path()).iter().map(ToString::to_string).collect();
        assert_eq!(refused.len(), 6, "{refused:?}");
        for part in ["no_head.sql", "latin1.sql", "twice.sql", "name.sql", "long.sql", "no_area.sql"] {
            assert!(refused.iter().any(|what| what.contains(part)), "{part}: {refused:?}");
        }
        assert_eq!(catalogue.questions.len(), all + 3);
        // Its name and the end of it are those of a built-in question, which stays what it is.
        assert_ne!(catalogue.find(&taken).unwrap().title, "t");
        assert_eq!(catalogue.find(&short).ok().map(|q| q.is_own()), Some(false));
        assert_eq!(catalogue.find(&format!("case/{taken}")).unwrap().title, "t");
        assert_eq!(catalogue.find("good").unwrap().name, "case/own/good");
        assert!(catalogue.find("own/good").is_err());
    }

    #[test]
    fn no_built_in_question_is_called_as_one_of_a_case() {
        assert!(Catalogue::built_in().unwrap().questions.iter().all(|question| !question.is_own()));
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let (elsewhere, queries) = (dir.path().join("elsewhere"), dir.path().join("queries"));
        fs_err::create_dir_all(&elsewhere).unwrap();
        fs_err::create_dir_all(queries.join("own")).unwrap();
        fs_err::write(elsewhere.join("x.sql"), GOOD).unwrap();
        symlink(elsewhere.join("x.sql"), queries.join("own/x.sql")).unwrap();
        symlink(&elsewhere, queries.join("area")).unwrap();
        symlink(&queries, dir.path().join("link")).unwrap();
        let mut catalogue = Catalogue::default();
        assert_eq!(catalogue.add(&queries).len(), 2);
        assert_eq!(catalogue.add(&dir.path().join("link")).len(), 1);
        assert_eq!(catalogue.add(&dir.path().join("nothing")).len(), 0);
        assert!(catalogue.questions.is_empty());
    }
}
