//! Errors as the user sees them: what happened, then what to do about it.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use coldtrail_query::Place;
use coldtrail_report::escape;
use serde_json::json;

/// How a command ended; the worst comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Clean,
    Gaps,
    /// There was something to be checked, and nothing of it could be.
    Inconclusive,
    Contradicted,
}

impl Status {
    pub(crate) fn code(self) -> u8 {
        match self {
            Status::Clean => 0,
            Status::Gaps => 3,
            Status::Contradicted => 4,
            Status::Inconclusive => 5,
        }
    }
}

impl From<coldtrail_investigate::Claim> for Status {
    fn from(claim: coldtrail_investigate::Claim) -> Status {
        match claim {
            coldtrail_investigate::Claim::Whole => Status::Clean,
            coldtrail_investigate::Claim::WithGaps => Status::Gaps,
            coldtrail_investigate::Claim::Nothing => Status::Inconclusive,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status.code())
    }
}

/// Wrong usage that only shows once arguments are looked up.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Usage {
    pub(crate) what: String,
    pub(crate) hint: Option<String>,
}

/// An error after an answer was begun as JSON: the object on standard output is still open.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not complete")]
pub(crate) struct Midway;

/// Prints an error and what to do about it, as JSON for machines; the exit status.
pub(crate) fn fail(error: &anyhow::Error, json: bool) -> ExitCode {
    if error.chain().any(is_broken_pipe) {
        // Whoever read the answer had enough.
        return ExitCode::SUCCESS;
    }
    crate::waiting::stop();
    let code = code(error);
    // When standard error is gone too, nobody is left to tell.
    if std::io::stderr().write_all(told(error).as_bytes()).is_err() {
        return ExitCode::FAILURE;
    }
    if json {
        // That nothing can be said is an answer; everything else went wrong.
        let name = if code == Status::Inconclusive.code() { "cannotSay" } else { "error" };
        let text = text(error);
        let what = if name == "cannotSay" { json!([text]) } else { json!(text) };
        let value = json!({ name: what, "hint": error.chain().find_map(hint), "exit": code });
        let mut value = escape::json(&value);
        if error.is::<Midway>() {
            value.replace_range(..1, ",");
        }
        if writeln!(std::io::stdout(), "{value}").is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::from(code)
}

/// What happened, from effect to cause.
fn text(error: &anyhow::Error) -> String {
    // A cause that its effect quotes already is not told twice.
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    text
}

/// An error in lines for a person: what happened, and what to do about it.
fn told(error: &anyhow::Error) -> String {
    let mut message = format!("error: {}\n", escape::terminal(&text(error)));
    if let Some(place) = error.chain().find_map(place) {
        message.push_str(&marked(place));
    }
    if let Some(hint) = error.chain().find_map(hint) {
        message.push_str(&format!("hint: {}\n", escape::terminal(&hint)));
    }
    message
}

/// Where in a statement it is wrong.
fn place<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Place> {
    error.downcast_ref::<coldtrail_query::Error>().and_then(coldtrail_query::Error::place)
}

/// The line of the statement, as much of it as fits, with a mark below the place.
fn marked(place: &Place) -> String {
    let begin = format!("line {}: ", place.line);
    let first = place.column.saturating_sub(SHOWN_BEFORE + 1);
    let shown: String = place.text.chars().skip(first).take(SHOWN).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let before: String = shown.chars().take(place.column - 1 - first).collect();
    let width = begin.len() + escape::terminal(&before).chars().count();
    format!("{begin}{}\n{}^\n", escape::terminal(&shown), " ".repeat(width))
}

/// How many characters of a line are shown, and how many of them before the place.
const SHOWN: usize = 100;
const SHOWN_BEFORE: usize = 60;

/// What is wrong with the command line, for programs.
pub(crate) fn usage_as_json(what: &str, code: i32) {
    let value = json!({ "error": what, "hint": null, "exit": code });
    // When standard output is gone, nobody is left to tell.
    let _nobody = writeln!(std::io::stdout(), "{}", escape::json(&value));
}

/// Says an error after which there is more to do.
pub(crate) fn say(error: &anyhow::Error) {
    crate::waiting::stop();
    // When standard error is gone, nobody is left to tell.
    let _nobody = std::io::stderr().write_all(told(error).as_bytes());
}

/// The exit status that an error ends in.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    use coldtrail_investigate::Error as NoAnswer;
    let query = error.downcast_ref();
    if crate::commands::is_interruption(error) || matches!(query, Some(coldtrail_query::Error::Interrupted)) {
        return 130;
    }
    if is_contradiction(error) {
        return Status::Contradicted.code();
    }
    if matches!(error.downcast_ref(), Some(coldtrail_evidence::Error::UnknownObject { .. })) {
        return Status::Inconclusive.code();
    }
    let asked = match error.downcast_ref() {
        Some(NoAnswer::Absent { .. }) => return Status::Inconclusive.code(),
        Some(NoAnswer::Usage { .. }) => return USAGE,
        Some(NoAnswer::Query(query)) => Some(query),
        _ => error.downcast_ref(),
    };
    match asked {
        Some(coldtrail_query::Error::UnknownQuestion { similar, .. }) if similar.is_empty() => {
            Status::Inconclusive.code()
        }
        Some(query) if query.is_usage() => USAGE,
        _ if error.is::<Usage>() => USAGE,
        _ if matches!(error.downcast_ref(), Some(coldtrail_fetch::Error::UnknownSource { .. })) => USAGE,
        _ => 1,
    }
}

/// Is a part of the case not what was written?
fn is_contradiction(error: &anyhow::Error) -> bool {
    use coldtrail_investigate::Error as NoAnswer;
    use {coldtrail_correlate::Error as NotDerived, coldtrail_ingest::Error as NotIngested};
    error.chain().any(|cause| {
        let evidence = match (cause.downcast_ref(), cause.downcast_ref()) {
            (Some(NotIngested::Evidence(evidence)), _) => Some(evidence),
            (_, Some(coldtrail_fetch::Error::Evidence(evidence))) => Some(evidence),
            _ => cause.downcast_ref(),
        };
        let lake = match (cause.downcast_ref(), cause.downcast_ref()) {
            (Some(NotIngested::Lake(lake)), _) | (_, Some(NotDerived::Lake(lake))) => Some(lake),
            _ => cause.downcast_ref(),
        };
        let query = match cause.downcast_ref() {
            Some(NoAnswer::Query(query)) => Some(query),
            _ => cause.downcast_ref(),
        };
        evidence.is_some_and(coldtrail_evidence::Error::is_contradiction)
            || lake.is_some_and(coldtrail_lake::Error::is_contradiction)
            || query.is_some_and(coldtrail_query::Error::is_contradiction)
    })
}

/// The exit status of wrong usage.
const USAGE: u8 = 2;

/// Prints text of several lines on standard error, and ends the program.
#[expect(clippy::exit, reason = "as clap does where the command line is wrong: nothing has begun yet")]
pub(crate) fn end_with(text: &str, code: i32) -> ! {
    // When standard error is gone, nobody is left to tell.
    let _nobody = std::io::stderr().write_all(escape::guard(text).as_bytes());
    std::process::exit(code)
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    error
        .downcast_ref::<coldtrail_evidence::Error>()
        .and_then(coldtrail_evidence::Error::hint)
        .or_else(|| error.downcast_ref::<coldtrail_lake::Error>().and_then(coldtrail_lake::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_ingest::Error>().and_then(coldtrail_ingest::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_correlate::Error>().and_then(coldtrail_correlate::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_investigate::Error>().and_then(coldtrail_investigate::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_query::Error>().and_then(coldtrail_query::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_report::Error>().and_then(coldtrail_report::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_fetch::Error>().and_then(coldtrail_fetch::Error::hint))
        .or_else(|| error.downcast_ref::<Usage>().and_then(|usage| usage.hint.clone()))
}
