//! `coldtrail custody`

use std::collections::HashSet;

use anyhow::Result;
use coldtrail_evidence::Case;
use coldtrail_evidence::custody::{self, Phase, Verdict};
use serde_json::json;

use crate::args::{Custody, CustodyArgs};
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal;

pub(crate) fn run(arguments: &CustodyArgs, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    match arguments.what.as_ref().unwrap_or(&Custody::Show) {
        Custody::Show => show(&case, settings),
        Custody::Verify { expect_head } => check(&case, expect_head.as_deref(), settings),
    }
}

fn show(case: &Case, settings: &Settings) -> Result<Status> {
    let entries = custody::read(case)?;
    let verdict = custody::verify(case)?;
    if settings.json {
        terminal::print_json(settings, &serde_json::to_value(&entries)?)?;
        return Ok(if verdict.is_broken() { Status::Contradicted } else { Status::Clean });
    }
    let mut text = String::new();
    let ended: HashSet<u64> = entries.iter().filter_map(|entry| entry.of).collect();
    for e in &entries {
        let what = match (e.phase, e.exit) {
            (Phase::Begin, _) if ended.contains(&e.seq) => format!("begin   {}", safe(&e.command)),
            (Phase::Begin, _) => format!("begin   {}  (no end: cut off, or still going on)", safe(&e.command)),
            (Phase::End, exit) => format!("end of {}  exit {}", e.of.unwrap_or_default(), exit.unwrap_or_default()),
        };
        let torn = e.torn.map_or_else(String::new, |bytes| format!("  (has {bytes} bytes of an unfinished line)"));
        text.push_str(&format!(
            "{:>4}  {}  {}@{}  {what}{torn}\n",
            e.seq,
            safe(&e.time),
            safe(&e.actor),
            safe(&e.host)
        ));
    }
    if let Some(last) = entries.last() {
        text.push_str(&format!("head {}\n", safe(&last.hash)));
    }
    terminal::print(settings, &text)?;
    match verdict {
        Verdict::Intact { unfinished, .. } => {
            for one in unfinished.iter().filter(|one| !one.is_set_aside) {
                terminal::note(settings, one.to_string())?;
            }
        }
        Verdict::Broken { seq, reason } => {
            terminal::warn(settings, format!("this is not what was written: entry {seq}: {reason}"))?;
            return Ok(Status::Contradicted);
        }
    }
    if let Some(last) = entries.last() {
        let text = format!("note the head elsewhere; later: coldtrail verify --expect-head {}", last.hash);
        terminal::note(settings, text)?;
    }
    Ok(Status::Clean)
}

/// What is to be said where no entry has the hash that was noted elsewhere, or its beginning. It counts only for a log
/// of which each line has the hash that it says.
pub(super) fn missing(case: &Case, expected: Option<&str>) -> Option<String> {
    let expected = expected?;
    // Of a log that cannot be read, the check of the chain tells more.
    let known = custody::read(case).map_or(true, |all| all.iter().any(|entry| entry.hash.starts_with(expected)));
    (!known).then(|| format!("the chain does not have {expected}: lines were cut off or it was rewritten"))
}

fn check(case: &Case, expected: Option<&str>, settings: &Settings) -> Result<Status> {
    let (status, value, text) = match custody::verify(case)? {
        Verdict::Intact { entries: 0, .. } => {
            let text = "the log is empty, although `init` wrote into it: it was removed".to_owned();
            (Status::Contradicted, json!({ "verdict": "removed", "entries": 0 }), text)
        }
        Verdict::Intact { entries, last, unfinished } => {
            let head = last.unwrap_or_default();
            let unfinished: Vec<String> = unfinished.iter().map(ToString::to_string).collect();
            match missing(case, expected) {
                Some(why) => {
                    let value = json!({ "verdict": "unexpected head", "entries": entries, "head": head });
                    (Status::Contradicted, value, format!("{why}; {entries} entries, head {head}"))
                }
                None => {
                    let text = format!("{entries} entries, each bound to the one before; head {head}");
                    let value = json!({
                        "verdict": "intact", "entries": entries, "head": head, "unfinished": unfinished,
                    });
                    (Status::Clean, value, [vec![text], unfinished].concat().join("\n"))
                }
            }
        }
        Verdict::Broken { seq, reason } => {
            let value = json!({ "verdict": "broken", "entry": seq, "reason": reason.to_string() });
            (Status::Contradicted, value, format!("entry {seq}: {reason}"))
        }
    };
    if settings.json {
        terminal::print_json(settings, &value)?;
    } else {
        terminal::print(settings, &format!("{text}\n"))?;
    }
    Ok(status)
}

/// A text of the log, which somebody else may have written, on one line.
fn safe(text: &str) -> String {
    coldtrail_report::escape::terminal(text).into_owned()
}
