//! `coldtrail init`

use anyhow::Result;
use coldtrail_evidence::{Case, NewCase};
use serde_json::{Value, json};

use crate::args::Init;
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, now, recorded};
use crate::terminal;

pub(crate) fn run(arguments: &Init, settings: &Settings) -> Result<Status> {
    let name =
        arguments.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|| "case".to_owned());
    let operator = asked(&arguments.operator, "Who works on the case", settings)?;
    let reference = asked(&arguments.reference, "Under which number or mandate", settings)?;
    let new = NewCase { name: &name, operator: operator.as_deref(), reference: reference.as_deref(), created: &now() };
    let case = Case::init(&arguments.dir, &new)?;
    recorded(&case, settings, Value::Null, || {
        let counts = json!({ "operator": case.operator(), "reference": case.reference() });
        Ok(Done { status: Status::Clean, counts, outputs: Value::Null, value: () })
    })?;
    if settings.json {
        terminal::print_json(settings, &json!({ "case": case.root() }))?;
    } else {
        terminal::note(settings, format!("case made: {}", case.root().display()))?;
        terminal::note(settings, format!("next: cd {} && coldtrail add PATH…", case.root().display()))?;
    }
    Ok(Status::Clean)
}

/// What was given, else what a person at a terminal answers; custody asks for it once, here.
fn asked(given: &Option<String>, question: &str, settings: &Settings) -> Result<Option<String>> {
    if given.is_some() || !settings.asks {
        return Ok(given.clone());
    }
    Ok(Some(terminal::ask(question)?).filter(|answer| !answer.is_empty()))
}
