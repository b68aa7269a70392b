//! Colours for what matters. They are put around text that was escaped before, and never into it.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use coldtrail_schema::tables::common::ERROR_CLASS;

/// Columns whose values are words of ours. What stands in other columns was written by somebody else, and a colour
/// would say more than is known.
const COLUMNS: &[&str] =
    &["certainty", "class", "digest_verdict", ERROR_CLASS, "integrity", "log_verdict", "state", "status", "verdict"];

const BAD: &[&str] = &["altered", "contradicted", "denied", "failed", "login_failed", "missing", "unbalanced"];
const OPEN: &[&str] =
    &["ambiguous", "damaged", "none found", "not checkable", "not verified", "unrecognised", "uncovered"];
const GOOD: &[&str] = &["certain", "verified"];

/// The colour of a value of ours.
pub(crate) fn of_value(column: &str, value: &str) -> Option<Style> {
    COLUMNS.contains(&column).then(|| of_word(value)).flatten()
}

/// The colour of a word of ours.
pub(crate) fn of_word(word: &str) -> Option<Style> {
    let colour = match word {
        word if BAD.contains(&word) => AnsiColor::Red,
        word if OPEN.contains(&word) => AnsiColor::Yellow,
        word if GOOD.contains(&word) => AnsiColor::Green,
        _ => return None,
    };
    Some(colour.on_default())
}

/// What is new in a comparison, and what is gone.
pub(crate) fn of_change(text: &str) -> Option<Style> {
    match text.get(..2)? {
        "+ " => Some(AnsiColor::Green.on_default()),
        "- " => Some(AnsiColor::Red.on_default()),
        _ => None,
    }
}

/// The text in this style; spaces and nothing are left alone.
pub(crate) fn painted(text: &str, style: Option<Style>) -> Cow<'_, str> {
    match style {
        Some(style) if !text.trim().is_empty() => Cow::Owned(format!("{style}{text}{style:#}")),
        _ => Cow::Borrowed(text),
    }
}

/// A heading; one that is a verdict of ours, or begins with one, in its colour.
pub(crate) fn heading(text: &str, colour: bool) -> String {
    let word = text.strip_prefix("Verdict: ").unwrap_or_else(|| text.split(':').next().unwrap_or_default());
    let style = of_word(&word.to_lowercase()).unwrap_or_default().bold();
    painted(text, colour.then_some(style)).into_owned()
}

/// The names of columns.
pub(crate) fn strong(text: &str, colour: bool) -> String {
    painted(text, colour.then(|| Style::new().bold())).into_owned()
}

/// What stands beside the answer.
pub(crate) fn faint(text: &str, colour: bool) -> String {
    painted(text, colour.then(|| Style::new().dimmed())).into_owned()
}

/// What warns.
pub(crate) fn warning(text: &str, colour: bool) -> String {
    painted(text, colour.then(|| AnsiColor::Yellow.on_default())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_of_results_is_there() {
        let has =
            |table: &&'static coldtrail_schema::Table| table.columns().iter().any(|column| column.name == ERROR_CLASS);
        assert!(coldtrail_schema::TABLES.iter().any(has));
        assert!(of_value(ERROR_CLASS, "denied").is_some() && of_value("useragent", "denied").is_none());
    }
}
