//! `coldtrail trust`

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use coldtrail_evidence::Case;
use coldtrail_report::escape;
use serde_json::json;

use crate::args::Trust;
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;
use crate::{terminal, trusted};

pub(crate) fn run(arguments: &Trust, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let state = settings.state.as_deref().ok_or_else(|| {
        let hint = Some("set HOME or XDG_STATE_HOME; `--trust DIR` holds for one run".to_owned());
        anyhow!(Usage { what: "there is no folder in which it can be remembered".to_owned(), hint })
    })?;
    if !arguments.folders.is_empty() {
        let real = |folder: &PathBuf| match fs_err::canonicalize(folder) {
            // What is gone can be trusted no longer.
            Err(_) if arguments.remove => std::path::absolute(folder),
            real => real,
        };
        let folders = arguments.folders.iter().map(real).collect::<std::io::Result<Vec<_>>>()?;
        trusted::change(state, case.root(), &folders, !arguments.remove)?;
    }
    let all = trusted::of(state, case.root())?;
    if settings.json {
        terminal::print_json(settings, &json!({ "case": case.root(), "trusted": all }))?;
        return Ok(Status::Clean);
    }
    if all.is_empty() {
        terminal::note(settings, format!("nothing outside the case {} is trusted", case.name()))?;
    }
    let lines: String = all.iter().map(|folder| format!("{}\n", safe(folder))).collect();
    terminal::print(settings, &lines)?;
    Ok(Status::Clean)
}

/// Who adds files in place trusts them: they were named just now.
pub(crate) fn named(case: &Case, paths: &[PathBuf], settings: &Settings) -> Result<()> {
    // What is not there is said when it is added; what is in the case needs no trust.
    let real = paths.iter().filter_map(|path| fs_err::canonicalize(path).ok());
    let outside: Vec<PathBuf> = real.filter(|path| !path.starts_with(case.root())).collect();
    if outside.is_empty() {
        return Ok(());
    }
    let remembered = match settings.state.as_deref() {
        Some(state) => trusted::change(state, case.root(), &outside, true),
        None => Err(anyhow!("there is neither HOME nor XDG_STATE_HOME")),
    };
    match remembered {
        Ok(()) => Ok(()),
        Err(error) => terminal::warn(
            settings,
            format!(
                "it cannot be remembered that these files may be read: {error:#}; later commands need `--trust DIR`"
            ),
        ),
    }
}

/// A path on one line.
fn safe(path: &Path) -> String {
    escape::terminal(&path.display().to_string()).into_owned()
}
