//! Errors as the user sees them: what happened, then what to do about it.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use coldtrail_report::escape;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Clean,
    Gaps,
    Contradicted,
    /// There was something to be checked, and nothing of it could be.
    Inconclusive,
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

/// Prints an error and what to do about it; the exit status.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(is_broken_pipe) {
        // Whoever read the answer had enough.
        return ExitCode::SUCCESS;
    }
    // A cause that its effect quotes already is not told twice.
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    let mut message = format!("error: {}\n", escape::terminal_lines(&text));
    if let Some(hint) = error.chain().find_map(hint) {
        message.push_str(&format!("hint: {}\n", escape::terminal_lines(&hint)));
    }
    // When standard error is gone too, nobody is left to tell.
    if std::io::stderr().write_all(message.as_bytes()).is_err() {
        return ExitCode::FAILURE;
    }
    if crate::commands::is_interruption(error) {
        return ExitCode::from(130);
    }
    // A line of ours that cannot be read was changed by somebody else.
    if matches!(error.downcast_ref(), Some(coldtrail_evidence::Error::Line { .. })) {
        return Status::Contradicted.into();
    }
    if error.is::<Usage>() || matches!(error.downcast_ref(), Some(coldtrail_fetch::Error::UnknownSource { .. })) {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
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
        .or_else(|| error.downcast_ref::<coldtrail_query::Error>().and_then(coldtrail_query::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_report::Error>().and_then(coldtrail_report::Error::hint))
        .or_else(|| error.downcast_ref::<coldtrail_fetch::Error>().and_then(coldtrail_fetch::Error::hint))
        .or_else(|| error.downcast_ref::<Usage>().and_then(|usage| usage.hint.clone()))
}
