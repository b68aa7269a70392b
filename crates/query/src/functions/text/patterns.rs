//! Regular expressions. They are those of the crate regex: what looks ahead or back is refused.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;
use regex::{Captures, Match, Regex};

use crate::functions::call::{Call, Last, cell, flags_of, integers_of, lists_of, texts_of};
use crate::functions::json::count;

fn pattern(text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|error| exec_datafusion_err!("{error}"))
}

/// The group of an expression that is asked for; 0 is all of it.
fn group(call: &Call, row: usize, expression: &Regex) -> Result<Option<usize>> {
    if !call.has(2) {
        return Ok(Some(0));
    }
    let Some(number) = cell(call.integers(2)?, row) else { return Ok(None) };
    match usize::try_from(number).ok().filter(|number| *number < expression.captures_len()) {
        Some(number) => Ok(Some(number)),
        None => exec_err!("the pattern {expression} has no group {number}"),
    }
}

pub(super) fn extract(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    texts_of(call.rows, |row| {
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        let expression = last.get(of, pattern)?;
        let Some(group) = group(call, row, expression)? else { return Ok(None) };
        let found = match group {
            0 => expression.find(text),
            _ => expression.captures(text).and_then(|captures| captures.get(group)),
        };
        Ok(found.map(|found| found.as_str()))
    })
}

pub(super) fn extract_all(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    lists_of(call.rows, |row| {
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        let expression = last.get(of, pattern)?;
        let Some(group) = group(call, row, expression)? else { return Ok(None) };
        let all = expression.captures_iter(text).map(|captures| captures.get(group).map(|found| found.as_str()));
        Ok(Some(all.collect()))
    })
}

pub(super) fn like(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    flags_of(call.rows, |row| {
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        Ok(Some(last.get(of, pattern)?.is_match(text)))
    })
}

pub(super) fn number_of(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    integers_of(call.rows, |row| {
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        Ok(Some(count(last.get(of, pattern)?.find_iter(text).count())))
    })
}

pub(super) fn split(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    lists_of(call.rows, |row| {
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        Ok(Some(last.get(of, pattern)?.split(text).map(Some).collect()))
    })
}

/// The place of a match, in characters from 1; -1 for none.
pub(super) fn position(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    integers_of(call.rows, |row| {
        let (Some(start), Some(nth)) = (number(call, 2, row)?, number(call, 3, row)?) else { return Ok(None) };
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        let (Some(skipped), Some(nth)) = (from_one(start), from_one(nth)) else { return Ok(Some(-1)) };
        let Some(from) = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(skipped) else {
            return Ok(Some(-1));
        };
        let found = last.get(of, pattern)?.find_iter(text).filter(|found| found.start() >= from).nth(nth);
        let before = found.and_then(|found| text.get(..found.start()));
        Ok(Some(before.map_or(-1, |before| count(before.chars().count()) + 1)))
    })
}

/// An argument that is 1 where it is left out.
fn number(call: &Call, at: usize, row: usize) -> Result<Option<i64>> {
    if call.has(at) { Ok(cell(call.integers(at)?, row)) } else { Ok(Some(1)) }
}

fn from_one(number: i64) -> Option<usize> {
    number.checked_sub(1).and_then(|number| usize::try_from(number).ok())
}

pub(super) fn replace(call: &Call) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let replacements = if call.has(2) { Some(call.texts(2)?) } else { None };
    let (mut last, mut last_replacement) = (Last::new(), Last::new());
    texts_of(call.rows, |row| {
        let (Some(text), Some(of)) = (cell(texts, row), cell(patterns, row)) else { return Ok(None) };
        let Some(replacement) = replacements.map_or(Some(""), |texts| cell(texts, row)) else { return Ok(None) };
        let expression = last.get(of, pattern)?;
        let parts = last_replacement.get(replacement, |text| Ok(parts(text)))?;
        Ok(Some(expression.replace_all(text, |captures: &Captures<'_>| written(parts, captures)).into_owned()))
    })
}

/// A part of a replacement, as Java writes it: `$1`, `${name}`, and `\` before what stands for itself.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Its digits: as many of them count as there are groups for.
    Number(String),
    Name(String),
}

fn written(parts: &[Part], captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let text = |found: Option<Match<'_>>| found.map(|found| found.as_str().to_owned()).unwrap_or_default();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Name(name) => out.push_str(&text(captures.name(name))),
            Part::Number(digits) => {
                let is_group = |number: &str| number.parse::<usize>().ok().filter(|number| *number < captures.len());
                let group = (1..=digits.len()).rev().find_map(|length| {
                    let (number, rest) = digits.split_at_checked(length)?;
                    Some((is_group(number)?, rest))
                });
                if let Some((number, rest)) = group {
                    out.push_str(&text(captures.get(number)));
                    out.push_str(rest);
                }
            }
        }
    }
    out
}

fn parts(replacement: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some((before, mark, after)) = cut(rest) {
        parts.push(Part::Text(before.to_owned()));
        if mark == '\\' {
            let mut marks = after.chars();
            parts.push(Part::Text(marks.next().map(String::from).unwrap_or_default()));
            rest = marks.as_str();
        } else if let Some((name, after)) = after.strip_prefix('{').and_then(|after| after.split_once('}')) {
            let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
            parts.push(if is_number { Part::Number(name.to_owned()) } else { Part::Name(name.to_owned()) });
            rest = after;
        } else {
            rest = after.trim_start_matches(|mark: char| mark.is_ascii_digit());
            let digits = after.strip_suffix(rest).unwrap_or_default();
            parts.push(if digits.is_empty() { Part::Text("$".to_owned()) } else { Part::Number(digits.to_owned()) });
        }
    }
    parts.push(Part::Text(rest.to_owned()));
    parts
}

/// What is before the next mark that means something, the mark, and what is after it.
fn cut(text: &str) -> Option<(&str, char, &str)> {
    let (before, after) = text.split_at_checked(text.find(['$', '\\'])?)?;
    let mut marks = after.chars();
    Some((before, marks.next()?, marks.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_name_groups() {
        for (text, of, with, expected) in [
            ("a1b2", "[0-9]", "#", "a#b#"),
            ("a1b2", "[0-9]", "", "ab"),
            ("ab", "(a)(b)", "$2$1", "ba"),
            ("ab", "(?<x>a)b", "<${x}>", "<a>"),
            ("ab", "(a)b", "$12", "a2"),
            ("ab", "a", r"\$1", "$1b"),
            ("ab", "a", "$", "$b"),
            ("ab", "a", r"x\", "xb"),
        ] {
            let parts = parts(with);
            let answer = pattern(of)
                .expect(of)
                .replace_all(text, |captures: &Captures<'_>| written(&parts, captures))
                .into_owned();
            assert_eq!(answer, expected, "{of} with {with}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_so() {
        assert!(pattern("(").is_err());
        assert!(pattern("(?=a)").is_err());
    }
}
