//! `coldtrail add`

use anyhow::Result;
use coldtrail_evidence::noted;
use coldtrail_evidence::{AddOptions, Added, Limits, add};
use serde_json::{Value, json};

use crate::args::Add;
use crate::commands::trust;
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, manifest_state, recorded};
use crate::terminal::{self, Bar};

/// How many names a warning lists.
const LISTED: usize = 20;

pub(crate) fn run(arguments: &Add, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let limits = Limits { inflated: arguments.limits.max_inflated, ..Limits::default() };
    let taken_from = arguments.taken_from.clone();
    let source = arguments.taken_from.as_ref().map(|(bucket, prefix)| format!("s3://{bucket}/{prefix}"));
    let inputs = || {
        let manifest = noted::state(&case)?;
        Ok(json!({ "manifest": manifest, "paths": arguments.paths, "in_place": arguments.in_place, "as": source }))
    };
    if arguments.in_place {
        trust::named(&case, &arguments.paths, settings)?;
    }
    let _turn = noted::Turn::take(&case)?;
    let (status, (added, counts)) = recorded(&case, settings, inputs, || {
        let bar = Bar::new(settings);
        let options = AddOptions { in_place: arguments.in_place, limits, taken_from };
        let result = add(&case, &arguments.paths, &options, &bar);
        bar.finish();
        let added = result?;
        let gaps = !added.damaged.is_empty() || !added.skipped.is_empty() || added.objects + added.already == 0;
        let status = if gaps { Status::Gaps } else { Status::Clean };
        let counts = as_json(&added);
        Ok(Done { status, counts: counts.clone(), outputs: manifest_state(&case)?, value: (added, counts) })
    })?;
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
    for one in added.repaired.iter().take(LISTED) {
        let kept = one.kept.as_ref().map_or_else(String::new, |kept| format!("; what was found is now {kept}"));
        terminal::note(settings, format!("repaired: {}: {}{kept}", one.key, one.why))?;
    }
    if added.repaired.len() > LISTED {
        terminal::note(settings, format!("repaired: {} more; --json lists all", added.repaired.len() - LISTED))?;
    }
    if added.objects + added.already == 0 {
        terminal::warn(settings, "there is no file to collect")?;
        return Ok(status);
    }
    terminal::note(settings, "next: coldtrail ingest")?;
    Ok(status)
}

pub(crate) fn as_json(added: &Added) -> Value {
    let pairs = |list: &[(String, String)]| list.iter().map(|(what, why)| json!([what, why])).collect::<Vec<_>>();
    json!({
        "objects": added.objects, "already": added.already, "bytes": added.bytes, "inflated_bytes": added.inflated_bytes,
        "sidecars": added.sidecars, "archives": added.archives, "repaired": added.repaired,
        "damaged": pairs(&added.damaged), "skipped": pairs(&added.skipped),
    })
}
