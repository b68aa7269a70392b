//! `coldtrail export-evidence`

use anyhow::Result;
use coldtrail_evidence::export::export;
use coldtrail_evidence::noted;
use serde_json::json;

use crate::args::ExportEvidence;
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, recorded};
use crate::terminal::{self, Bar};

pub(crate) fn run(arguments: &ExportEvidence, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let inputs = || noted::state(&case);
    let (status, exported) = recorded(&case, settings, inputs, || {
        let bar = Bar::new(settings);
        let result = export(&case, &arguments.dir, &bar);
        bar.finish();
        let exported = result?;
        let status = if exported.failed.is_empty() { Status::Clean } else { Status::Gaps };
        let counts = json!({ "objects": exported.objects, "bytes": exported.bytes, "failed": exported.failed });
        Ok(Done { status, counts, outputs: json!({ "folder": arguments.dir }), value: exported })
    })?;
    if exported.is_open {
        let folder = arguments.dir.display();
        terminal::warn(
            settings,
            format!("others may enter {folder}, or its disk keeps no rights; `chmod 700` closes it"),
        )?;
    }
    if settings.json {
        let value = json!({ "objects": exported.objects, "bytes": exported.bytes, "failed": exported.failed });
        terminal::print_json(settings, &value)?;
        return Ok(status);
    }
    let (objects, bytes) = (exported.objects, exported.bytes);
    terminal::note(settings, format!("{objects} objects ({bytes} bytes) written to {}", arguments.dir.display()))?;
    for (key, why) in &exported.failed {
        terminal::warn(settings, format!("not written: {key}: {why}"))?;
    }
    Ok(status)
}
