//! `coldtrail record`

use std::io::Write;

use anyhow::Result;
use coldtrail_evidence::{Limits, Manifest, hash};
use coldtrail_ingest::find_record;
use coldtrail_report::escape;
use serde_json::json;

use crate::args::Record;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &Record, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let entry = Manifest::load(&case)?.find(&arguments.object)?;
    let found = find_record(&case, &entry, arguments.record, &Limits::default())?;
    let text = String::from_utf8_lossy(&found.bytes);
    if settings.json {
        let value = json!({
            "object": entry.object, "key": entry.key, "origin": entry.origin, "sha256": entry.sha256,
            "inflated_sha256": entry.inflated_sha256, "record": arguments.record, "offset": found.offset,
            "size": found.size, "record_sha256": hash::sha256(&found.bytes), "broken": found.broken, "text": text,
        });
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let offset =
        found.offset.map_or_else(|| "none (Parquet)".to_owned(), |offset| format!("{offset} of the inflated object"));
    let record = format!("{} ({} bytes, sha256 {})", arguments.record, found.size, hash::sha256(&found.bytes));
    for (name, value) in [
        ("object", &entry.object),
        ("key", &entry.key),
        ("sha256", &entry.sha256),
        ("record", &record),
        ("offset", &offset),
    ] {
        terminal::note(settings, format!("{name:<7} {value}"))?;
    }
    if let Some(reason) = &found.broken {
        terminal::warn(settings, format!("this record was not understood: {reason}"))?;
    }
    if settings.stdout_tty {
        terminal::print(settings, &format!("{}\n", escape::terminal_lines(&text)))?;
    } else {
        let mut out = std::io::stdout().lock();
        out.write_all(&found.bytes)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(Status::Clean)
}
