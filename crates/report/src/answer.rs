//! An answer in findings: sentences with the rows that prove them, what cannot be said, and what was left aside.
//!
//! Whoever answers fills in an [`Answer`] with texts as they stand in the evidence; only the writers here escape
//! them, so an answer cannot leave by another door.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::formats::Options;
use crate::{colour, escape, fold};

/// The name of a row: the object that it stands in, and its record there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowName {
    pub evidence_object: String,
    pub evidence_record: i64,
}

impl RowName {
    pub fn of(object: Option<&str>, record: Option<i64>) -> Option<RowName> {
        Some(RowName { evidence_object: object?.to_owned(), evidence_record: record? })
    }

    /// `3fa2c19e04b1#17`, as `coldtrail record 3fa2c19e04b1 17` takes it.
    pub fn short(&self) -> String {
        format!("{}#{}", self.evidence_object.get(..12).unwrap_or(&self.evidence_object), self.evidence_record)
    }

    pub fn as_json(&self) -> Value {
        json!({ "evidence_object": self.evidence_object, "evidence_record": self.evidence_record })
    }
}

/// A statement on one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding {
    /// How deep it stands below the statement that it belongs to.
    pub depth: usize,
    /// What it is about, in one word: `who`, `call`, `state`.
    pub about: String,
    /// The sentence, with values as they stand in the evidence.
    pub text: String,
    /// The rows that prove it.
    pub rows: Vec<RowName>,
}

/// Findings under a heading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Empty for the first one.
    pub heading: String,
    pub findings: Vec<Finding>,
    /// A document that follows the findings, such as a configuration.
    pub document: Option<Value>,
}

/// So many rows, objects or things of one kind were not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aside {
    pub kind: AsideKind,
    pub count: u64,
    /// What they are, to follow the number: `rows of cloudtrail have no time`.
    pub what: String,
}

/// Why something was left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AsideKind {
    /// Rows without a time, where a period or an order of time is applied.
    Undated,
    /// Records that were not understood.
    Rejects,
    /// Objects that were collected and are not in the lake.
    NotIngested,
    /// Objects that could not be read, were cut off, or are of no known kind.
    NotRead,
    /// Rows that were ingested after the derived tables were made.
    NotDerived,
    /// A source of which nothing is here.
    NoEvidence,
    /// Resources of types, or references, that are not examined.
    NotExamined,
    /// A value that was asked for and stands in no row.
    NoSuchValue,
}

/// What an answer did not look at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct LeftAside(pub Vec<Aside>);

impl LeftAside {
    /// Adds so many; none is nothing.
    pub fn add(&mut self, kind: AsideKind, count: u64, what: impl Into<String>) {
        if count > 0 {
            self.0.push(Aside { kind, count, what: what.into() });
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `3 rows of cloudtrail have no time; 1 object could not be read`, raw.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(|aside| format!("{} {}", aside.count, aside.what)).collect();
        parts.join("; ")
    }
}

/// How much an answer may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// All that there is was looked at.
    Whole,
    /// Something was left aside, or part of it cannot be said.
    WithGaps,
    /// Nothing could be looked at.
    Nothing,
}

/// Findings, what cannot be said, and what was left aside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// What the answer is about, on one line; empty for none.
    pub title: String,
    pub sections: Vec<Section>,
    /// The same for programs, under its own names.
    pub data: Map<String, Value>,
    /// What the evidence that is here cannot tell, a sentence each.
    pub cannot_say: Vec<String>,
    pub left_aside: LeftAside,
    /// Nothing could be looked at: the answer is only what cannot be said.
    pub nothing: bool,
}

impl Answer {
    pub fn about(title: impl Into<String>) -> Answer {
        Answer { title: title.into(), ..Answer::default() }
    }

    /// Begins a section; its heading may be empty.
    pub fn section(&mut self, heading: impl Into<String>) {
        self.sections.push(Section { heading: heading.into(), ..Section::default() });
    }

    /// Adds a finding to the last section.
    pub fn say(&mut self, depth: usize, about: &str, text: impl Into<String>, rows: impl IntoIterator<Item = RowName>) {
        if self.sections.is_empty() {
            self.section("");
        }
        let finding = Finding { depth, about: about.to_owned(), text: text.into(), rows: rows.into_iter().collect() };
        if let Some(section) = self.sections.last_mut() {
            section.findings.push(finding);
        }
    }

    /// Puts a document below the findings of the last section.
    pub fn document(&mut self, document: Value) {
        if let Some(section) = self.sections.last_mut() {
            section.document = Some(document);
        }
    }

    pub fn set(&mut self, name: &str, value: Value) {
        self.data.insert(name.to_owned(), value);
    }

    pub fn claim(&self) -> Claim {
        match (self.nothing, self.cannot_say.is_empty() && self.left_aside.is_empty()) {
            (true, _) => Claim::Nothing,
            (false, true) => Claim::Whole,
            (false, false) => Claim::WithGaps,
        }
    }

    /// For a terminal or a pipe; each line fits the width, if there is one.
    pub fn text(&self, options: &Options) -> String {
        let mut text = String::new();
        if !self.title.is_empty() {
            line(&mut text, &escape::terminal(&self.title), 2, options, |line| colour::heading(line, options.colour));
        }
        for section in &self.sections {
            section.text(&mut text, options);
        }
        let warning = |line: &str| colour::warning(line, options.colour);
        for sentence in &self.cannot_say {
            line(&mut text, &format!("cannot say: {}", escape::terminal(sentence)), 2, options, warning);
        }
        if !self.left_aside.is_empty() {
            let sentence = self.left_aside.sentence();
            line(&mut text, &format!("left aside: {}", escape::terminal(&sentence)), 2, options, warning);
        }
        text
    }

    /// For programs: the data under its own names, the findings, and what is not in them.
    pub fn json(&self) -> Value {
        let mut all = self.data.clone();
        let findings: Vec<Value> = self
            .sections
            .iter()
            .flat_map(|section| section.findings.iter().map(|f| f.json(&section.heading)))
            .collect();
        all.insert("findings".to_owned(), json!(findings));
        all.insert("cannotSay".to_owned(), json!(self.cannot_say));
        all.insert("leftAside".to_owned(), json!(self.left_aside));
        Value::Object(all)
    }
}

/// Adds a sentence, in as many lines as it takes.
fn line(text: &mut String, sentence: &str, indent: usize, options: &Options, paint: impl Fn(&str) -> String) {
    for line in fold::lines(sentence, options.fitted(), indent) {
        text.push_str(&paint(&line));
        text.push('\n');
    }
}

impl Section {
    fn text(&self, text: &mut String, options: &Options) {
        if !self.heading.is_empty() {
            text.push('\n');
            let paint = |line: &str| colour::heading(line, options.colour);
            line(text, &escape::terminal(&self.heading), 2, options, paint);
        }
        for finding in &self.findings {
            finding.text(text, options);
        }
        if let Some(document) = &self.document {
            text.push_str(&format!("\n{}\n", escape::terminal_lines(&format!("{document:#}"))));
        }
    }
}

/// Columns that the word before a sentence takes.
const ABOUT: usize = 10;

impl Finding {
    fn text(&self, text: &mut String, options: &Options) {
        let rows: Vec<String> = self.rows.iter().map(RowName::short).collect();
        let rows = if rows.is_empty() { String::new() } else { format!("  [{}]", rows.join(", ")) };
        let (about, hanging) = match self.about.as_str() {
            // At an odd place, where no finding begins: a value that is folded makes none.
            "" => (String::new(), 3),
            about => (format!("{:<ABOUT$} ", escape::terminal(about)), ABOUT + 1),
        };
        let indent = 2 * self.depth;
        let sentence = format!("{:indent$}{about}{}{}", "", escape::terminal(&self.text), escape::terminal(&rows));
        let change = colour::of_change(&self.text).filter(|_| options.colour);
        for (at, line) in fold::lines(&sentence, options.fitted(), indent + hanging).iter().enumerate() {
            let label = if at == 0 { indent + about.len() } else { 0 };
            let (label, rest) = line.split_at_checked(label).unwrap_or(("", line));
            text.push_str(&colour::faint(label, options.colour && !about.is_empty()));
            text.push_str(&colour::painted(rest, change));
            text.push('\n');
        }
    }

    fn json(&self, section: &str) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(RowName::as_json).collect();
        let section = (!section.is_empty()).then_some(section);
        json!({ "section": section, "about": self.about, "text": self.text, "evidence": rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_makes_a_line_of_its_own() {
        let mut answer = Answer::about("a\nerror: forged");
        answer.section("s\u{1b}[2J");
        answer.say(1, "who", "x\nVerdict: verified", RowName::of(Some("0123456789abcdef"), Some(7)));
        answer.cannot_say.push("y\nz".to_owned());
        answer.left_aside.add(AsideKind::Undated, 2, "rows\n have no time");
        answer.left_aside.add(AsideKind::Rejects, 0, "records");
        let text = answer.text(&Options::default());
        assert_eq!(text.lines().count(), 6, "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("[0123456789ab#7]"), "{text}");
        assert_eq!(answer.left_aside.0.len(), 1);
    }

    #[test]
    fn a_folded_value_never_stands_where_a_finding_does() {
        let mut answer = Answer::about("x");
        let forged = format!("{}who        arn:aws:iam::1:user/innocent", "x ".repeat(30));
        answer.say(0, "", &forged, None);
        answer.say(1, "", &forged, None);
        answer.say(1, "who", &forged, None);
        let options = Options { tty: true, width: Some(50), ..Options::default() };
        let text = answer.text(&options);
        let indents: Vec<usize> = text.lines().skip(1).map(|line| line.len() - line.trim_start().len()).collect();
        assert_eq!(indents.iter().filter(|indent| **indent % 2 == 0).count(), 3, "{text}");
    }

    #[test]
    fn what_was_left_aside_is_part_of_the_claim() {
        let mut answer = Answer::default();
        assert_eq!(answer.claim(), Claim::Whole);
        answer.left_aside.add(AsideKind::NotRead, 1, "object could not be read");
        assert_eq!(answer.claim(), Claim::WithGaps);
        assert_eq!(answer.json()["leftAside"][0]["kind"], "not_read");
        answer.nothing = true;
        assert_eq!(answer.claim(), Claim::Nothing);
    }
}
