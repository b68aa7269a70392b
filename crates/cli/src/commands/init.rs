//! `coldtrail init`

use anyhow::Result;
use coldtrail_evidence::{Case, NewCase};
use serde_json::json;

use crate::args::Init;
use crate::diagnostics::Status;
use crate::settings::{Settings, note, now};
use crate::terminal;

pub(crate) fn run(arguments: &Init, settings: &Settings) -> Result<Status> {
    let name =
        arguments.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|| "case".to_owned());
    let new = NewCase {
        name: &name,
        operator: arguments.operator.as_deref(),
        reference: arguments.reference.as_deref(),
        created: &now(),
    };
    let case = Case::init(&arguments.dir, &new)?;
    note(&case, json!({}), 0)?;
    if settings.json {
        terminal::print_json(settings, &json!({ "case": case.root() }))?;
    } else {
        terminal::note(settings, format!("case made: {}\nnext: cd {0} && coldtrail add PATH…", case.root().display()))?;
    }
    Ok(Status::Clean)
}
