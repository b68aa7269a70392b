//! `coldtrail add`

use anyhow::Result;
use coldtrail_evidence::{AddOptions, Limits, add};
use serde_json::json;

use crate::args::Add;
use crate::diagnostics::Status;
use crate::settings::{Settings, note};
use crate::terminal::{self, Bar};

/// How many names a warning lists.
const LISTED: usize = 20;

pub(crate) fn run(arguments: &Add, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let limits = Limits { inflated: arguments.limits.max_inflated, ..Limits::default() };
    let bar = Bar::new(settings);
    let result = add(&case, &arguments.paths, &AddOptions { in_place: arguments.in_place, limits }, &bar);
    bar.finish();
    let added = result?;
    let gaps = !added.damaged.is_empty() || !added.skipped.is_empty();
    let status = if gaps { Status::Gaps } else { Status::Clean };
    let pairs = |list: &[(String, String)]| list.iter().map(|(what, why)| json!([what, why])).collect::<Vec<_>>();
    let counts = json!({
        "objects": added.objects, "already": added.already, "bytes": added.bytes, "inflated_bytes": added.inflated_bytes,
        "sidecars": added.sidecars, "archives": added.archives,
        "damaged": pairs(&added.damaged), "skipped": pairs(&added.skipped),
    });
    note(&case, counts.clone(), i32::from(status.code()))?;
    if settings.json {
        terminal::print_json(settings, &counts)?;
        return Ok(status);
    }
    terminal::note(
        settings,
        format!(
            "{} objects added ({} bytes, {} inflated), {} were there already, {} metadata files, {} archives",
            added.objects, added.bytes, added.inflated_bytes, added.already, added.sidecars, added.archives
        ),
    )?;
    for (label, list) in [("damaged", &added.damaged), ("not taken", &added.skipped)] {
        for (what, why) in list.iter().take(LISTED) {
            terminal::warn(settings, format!("{label}: {what}: {why}"))?;
        }
        if list.len() > LISTED {
            terminal::warn(settings, format!("{label}: {} more; --json lists all", list.len() - LISTED))?;
        }
    }
    if added.objects + added.already == 0 {
        terminal::warn(settings, "there is no file to collect")?;
        return Ok(Status::Gaps);
    }
    terminal::note(settings, "next: coldtrail ingest")?;
    Ok(status)
}
