//! `coldtrail record`

use std::io::Write;

use anyhow::{Result, anyhow};
use coldtrail_evidence::{Limits, Manifest, hash};
use coldtrail_ingest::find_record;
use coldtrail_report::escape;
use serde_json::json;

use crate::args::Record;
use crate::diagnostics::{Status, Usage};
use crate::own::Own;
use crate::settings::Settings;
use crate::terminal;

/// `3fa2c19e04b1#17`, or the object and the record by themselves. A key may have a `#` of its own.
fn row(arguments: &Record) -> Result<(&str, u64)> {
    let object = arguments.object.as_str();
    let named = || object.rsplit_once('#').and_then(|(object, record)| Some((object, record.parse().ok()?)));
    arguments.record.map(|record| (object, record)).or_else(named).ok_or_else(|| {
        let hint = Some("write 3fa2c19e04b1#17, or the record after the object".to_owned());
        anyhow!(Usage { what: format!("`{object}` names no record"), hint })
    })
}

pub(crate) fn run(arguments: &Record, settings: &Settings) -> Result<Status> {
    if arguments.raw && (settings.stdout_tty || settings.json) {
        let hint = Some("write it into a file with `>`".to_owned());
        let what = "raw bytes are written neither to a terminal nor as JSON".to_owned();
        return Err(anyhow!(Usage { what, hint }));
    }
    let case = settings.case()?;
    let (object, record) = row(arguments)?;
    let entry = Manifest::load(&case)?.find(object)?;
    let own = Own::of(Some(&case), settings)?.definitions();
    let found = find_record(&case, &entry, record, &Limits::default(), &own)?;
    let text = String::from_utf8_lossy(&found.bytes);
    if settings.json {
        let value = json!({
            "object": entry.object, "key": entry.key, "origin": entry.origin, "sha256": entry.sha256,
            "inflated_sha256": entry.inflated_sha256, "record": record, "offset": found.offset,
            "size": found.size, "record_sha256": hash::sha256(&found.bytes), "broken": found.broken, "text": text,
        });
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let offset =
        found.offset.map_or_else(|| "none (Parquet)".to_owned(), |offset| format!("{offset} of the inflated object"));
    let record = format!("{record} ({} bytes, sha256 {})", found.size, hash::sha256(&found.bytes));
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
    if arguments.raw {
        let mut out = std::io::stdout().lock();
        out.write_all(&found.bytes)?;
        out.flush()?;
        return Ok(Status::Clean);
    }
    // Whoever reads a pipe looks at it on a terminal in the end.
    terminal::print(settings, &format!("{}\n", escape::terminal_lines(&text)))?;
    Ok(Status::Clean)
}
