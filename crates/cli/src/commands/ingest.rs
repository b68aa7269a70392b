//! `coldtrail ingest`

use anyhow::Result;
use coldtrail_evidence::Limits;
use coldtrail_evidence::noted::LAKE;
use coldtrail_ingest::{LakeState, Options, Summary, ingest};
use serde_json::{Value, json};

use crate::args::Ingest;
use crate::commands::derive;
use crate::diagnostics::Status;
use crate::own::Own;
use crate::settings::{Done, Settings, lake_state, recorded_in_lake, this_year};
use crate::terminal::{self, Bar};

pub(crate) fn run(arguments: &Ingest, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let limits = Limits { inflated: arguments.limits.max_inflated, time: arguments.max_time, ..Limits::default() };
    let own = Own::of(Some(&case), settings)?;
    let (batch_bytes, last_year) = (arguments.batch, this_year() + 1);
    let options = Options { limits, batch_bytes, last_year, own: own.definitions() };
    let (status, (summary, derived)) = recorded_in_lake(&case, settings, ("ingest", true), own.noted(), || {
        let bar = Bar::new(settings);
        let result = ingest(&case, &options, &bar);
        bar.finish();
        let summary = result?;
        // Of the lake, not of the run: what an earlier run left over is left over still.
        let status = if summary.lake.is_whole() { Status::Clean } else { Status::Gaps };
        let derived = if arguments.no_derive { None } else { Some(derive::work(&case, false, settings)?) };
        let version = derived.as_ref().map_or(summary.version, |derived| derived.version);
        let mut counts = as_json(&summary);
        counts["lake_version"] = json!(version);
        counts["derived"] = derived.as_ref().map(derive::as_json).unwrap_or_default();
        let outputs = json!({ "lake_version": version, LAKE: lake_state(&case) });
        Ok(Done { status, counts, outputs, value: (summary, derived) })
    })?;
    if settings.json {
        let mut value = as_json(&summary);
        value["derived"] = derived.as_ref().map(derive::as_json).unwrap_or_default();
        terminal::print_json(settings, &value)?;
        return Ok(status);
    }
    tell(&summary, settings)?;
    if let Some(derived) = derived {
        derive::tell(&derived, settings)?;
    }
    Ok(status)
}

fn tell(s: &Summary, settings: &Settings) -> Result<()> {
    let again = if s.again > 0 { format!(" ({} of them again)", s.again) } else { String::new() };
    terminal::note(
        settings,
        format!(
            "{} objects{again}: {} ingested, {} copies, {} empty, {} archives, {} unrecognised, {} failed; {} were in the lake already",
            s.objects, s.ingested, s.copies, s.empty, s.archives, s.unrecognised, s.failed, s.already
        ),
    )?;
    terminal::note(
        settings,
        format!(
            "{} records: {} kept, {} duplicates, {} rejects; lake version {}",
            s.records, s.kept, s.duplicates, s.rejects, s.version
        ),
    )?;
    for gap in gaps(&s.lake) {
        terminal::warn(settings, gap)?;
    }
    if s.objects > 0 && s.ingested + s.copies + s.archives + s.empty == 0 {
        terminal::warn(settings, "none of the objects is a log that is known")?;
    }
    if s.objects + s.already == 0 {
        terminal::warn(settings, "there is no evidence yet; `coldtrail add PATH…` collects some")?;
    }
    Ok(())
}

/// What is collected and is in no answer, or not in every one that it belongs to; of the whole lake.
fn gaps(lake: &LakeState) -> Vec<String> {
    let mut gaps = Vec::new();
    if lake.rejects > 0 {
        gaps.push(format!(
            "{} records in the lake were not understood; `coldtrail query run evidence/unparsed_records` shows them",
            lake.rejects
        ));
    }
    if lake.unrecognised + lake.failed + lake.damaged > 0 {
        gaps.push(format!(
            "of {} objects in the lake, {} are unrecognised, {} failed, {} are damaged; `coldtrail query run evidence/objects_not_ingested` lists them",
            lake.objects, lake.unrecognised, lake.failed, lake.damaged
        ));
    }
    if lake.undated > 0 {
        gaps.push(format!(
            "{} rows have no time and are in no answer about a period; `coldtrail query run evidence/undated_rows` shows them",
            lake.undated
        ));
    }
    gaps
}

pub(crate) fn as_json(s: &Summary) -> Value {
    let lake = &s.lake;
    json!({
        "objects": s.objects, "already": s.already, "again": s.again, "ingested": s.ingested, "copies": s.copies, "empty": s.empty,
        "archives": s.archives, "unrecognised": s.unrecognised, "failed": s.failed, "damaged": s.damaged,
        "records": s.records, "kept": s.kept, "duplicates": s.duplicates, "rejects": s.rejects,
        "bytes": s.bytes, "inflated_bytes": s.inflated, "lake_version": s.version,
        "lake": {
            "objects": lake.objects, "unrecognised": lake.unrecognised, "failed": lake.failed, "damaged": lake.damaged,
            "records": lake.records, "kept": lake.kept, "duplicates": lake.duplicates, "rejects": lake.rejects,
            "undated": lake.undated,
        },
    })
}
