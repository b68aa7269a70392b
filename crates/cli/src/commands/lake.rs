//! `coldtrail lake`

use anyhow::Result;
use coldtrail_evidence::noted::LAKE;
use coldtrail_lake::{Cleaned, Lake};
use serde_json::{Value, json};

use crate::args::{LakeClean, LakeCommand};
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, lake_state, recorded_in_lake};
use crate::terminal;

pub(crate) fn run(command: &LakeCommand, settings: &Settings) -> Result<Status> {
    match command {
        LakeCommand::Clean(arguments) => clean(arguments, settings),
    }
}

fn clean(arguments: &LakeClean, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let lake = Lake::of(&case)?;
    let (status, cleaned) = if arguments.dry_run {
        (Status::Clean, lake.clean(arguments.keep, true)?)
    } else {
        let inputs = json!({ "keep": arguments.keep });
        recorded_in_lake(&case, settings, ("lake clean", false), inputs, || {
            let cleaned = lake.clean(arguments.keep, false)?;
            let outputs =
                json!({ "oldest_version": cleaned.oldest, "lake_version": cleaned.newest, LAKE: lake_state(&case) });
            Ok(Done { status: Status::Clean, counts: as_json(&cleaned, false), outputs, value: cleaned })
        })?
    };
    if settings.json {
        terminal::print_json(settings, &as_json(&cleaned, arguments.dry_run))?;
        return Ok(status);
    }
    let verb = if arguments.dry_run { "would be removed" } else { "removed" };
    terminal::note(
        settings,
        format!(
            "{} files of the lake that no kept version names and {} leftovers of killed runs {verb}: {} bytes; versions {} to {} can be read",
            cleaned.files, cleaned.leftovers, cleaned.bytes, cleaned.oldest, cleaned.newest
        ),
    )?;
    Ok(status)
}

fn as_json(cleaned: &Cleaned, dry: bool) -> Value {
    json!({
        "dry_run": dry, "files": cleaned.files, "leftovers": cleaned.leftovers, "bytes": cleaned.bytes,
        "oldest_version": cleaned.oldest, "lake_version": cleaned.newest,
    })
}
