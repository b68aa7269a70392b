//! `coldtrail init`

use std::path::Path;

use anyhow::{Result, anyhow};
use coldtrail_evidence::case::is_open_to_others;
use coldtrail_evidence::{Case, NewCase};
use serde_json::{Value, json};

use crate::args::Init;
use crate::diagnostics::{Status, Usage};
use crate::settings::{Done, Settings, now, recorded};
use crate::terminal;

pub(crate) fn run(arguments: &Init, settings: &Settings) -> Result<Status> {
    if !arguments.force {
        apart(&settings.here().join(&arguments.dir))?;
    }
    let name =
        arguments.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|| "case".to_owned());
    let operator = asked(&arguments.operator, "Who works on the case", settings)?;
    let reference = asked(&arguments.reference, "Under which number or mandate", settings)?;
    let new = NewCase { name: &name, operator: operator.as_deref(), reference: reference.as_deref(), created: &now() };
    let case = Case::init(&arguments.dir, &new)?;
    let inputs = || Ok(Value::Null);
    recorded(&case, settings, inputs, || {
        let counts = json!({ "operator": case.operator(), "reference": case.reference() });
        Ok(Done { status: Status::Clean, counts, outputs: Value::Null, value: () })
    })?;
    if is_open_to_others(case.root()) {
        let folder = case.root().display();
        let text = format!("{folder} was there before, and others may enter it; close it with `chmod 700`");
        terminal::warn(settings, text)?;
    }
    if settings.json {
        terminal::print_json(settings, &json!({ "case": case.root() }))?;
    } else {
        terminal::note(settings, format!("case made: {}", case.root().display()))?;
        terminal::note(settings, format!("next: cd {} && coldtrail add PATH…", case.root().display()))?;
    }
    Ok(Status::Clean)
}

/// A case inside another one is taken for it by commands that run there; one among logs would be collected with them.
fn apart(dir: &Path) -> Result<()> {
    // The nearest folder that is there, by its real place: `..` and links lead elsewhere.
    let Some(folder) = dir.ancestors().skip(1).find(|above| above.is_dir()) else { return Ok(()) };
    let folder = fs_err::canonicalize(folder)?;
    let around: Vec<&Path> = folder.ancestors().collect();
    let around_case = around.iter().find_map(|above| Case::open(above).ok());
    let logs = around
        .iter()
        .find(|above| above.join("AWSLogs").is_dir() || above.file_name().is_some_and(|name| name == "AWSLogs"));
    let inside = match (around_case, logs) {
        (Some(case), _) => format!("{} lies inside the case {}", dir.display(), case.root().display()),
        (None, Some(logs)) => format!("{} lies among the logs of {}", dir.display(), logs.display()),
        (None, None) => return Ok(()),
    };
    let hint = Some("make it elsewhere, or with --force".to_owned());
    Err(anyhow!(Usage { what: inside, hint }))
}

/// What was given, else what a person at a terminal answers; custody asks for it once, here.
fn asked(given: &Option<String>, question: &str, settings: &Settings) -> Result<Option<String>> {
    if given.is_some() || !settings.asks {
        return Ok(given.clone());
    }
    Ok(Some(terminal::ask(question)?).filter(|answer| !answer.is_empty()))
}
