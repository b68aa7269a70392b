//! `coldtrail custody`

use anyhow::Result;
use coldtrail_evidence::custody::{self, Verdict};
use serde_json::json;

use crate::args::Custody;
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &Custody, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    match arguments {
        Custody::Show => {
            let entries = custody::read(&case)?;
            if settings.json {
                terminal::print_json(settings, &serde_json::to_value(&entries)?)?;
            } else {
                let mut text = String::new();
                for e in entries {
                    text.push_str(&format!(
                        "{:>4}  {}  {}@{}  exit {}  {}\n",
                        e.seq, e.time, e.actor, e.host, e.exit, e.command
                    ));
                }
                terminal::print(settings, &coldtrail_report::escape::terminal_lines(&text))?;
            }
            Ok(Status::Clean)
        }
        Custody::Verify => {
            let (status, value, text) = match custody::verify(&case)? {
                Verdict::Intact { entries, last } => {
                    let head = last.unwrap_or_default();
                    let text = format!("{entries} entries, each bound to the one before; head {head}");
                    (Status::Clean, json!({ "verdict": "intact", "entries": entries, "head": head }), text)
                }
                Verdict::Broken { seq, reason } => {
                    let text = format!("entry {seq}: {reason}");
                    (
                        Status::Contradicted,
                        json!({ "verdict": "broken", "entry": seq, "reason": reason.to_string() }),
                        text,
                    )
                }
            };
            if settings.json {
                terminal::print_json(settings, &value)?;
            } else {
                terminal::print(settings, &format!("{text}\n"))?;
            }
            Ok(status)
        }
    }
}
