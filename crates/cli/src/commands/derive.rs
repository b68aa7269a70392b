//! `coldtrail derive`

use anyhow::Result;
use coldtrail_correlate::{Progress, Summary, derive};
use coldtrail_evidence::Case;
use coldtrail_evidence::noted::LAKE;
use coldtrail_lake::Lake;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::args::Derive;
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, lake_state, recorded_in_lake};
use crate::terminal;

pub(crate) fn run(arguments: &Derive, settings: &Settings) -> Result<Status> {
    let case = settings.case()?;
    let inputs = json!({ "again": arguments.again });
    let (status, summary) = recorded_in_lake(&case, settings, ("derive", false), inputs, || {
        let summary = work(&case, arguments.again, settings)?;
        let outputs = json!({ "lake_version": summary.version, LAKE: lake_state(&case) });
        Ok(Done { status: Status::Clean, counts: as_json(&summary), outputs, value: summary })
    })?;
    if settings.json {
        terminal::print_json(settings, &as_json(&summary))?;
        return Ok(status);
    }
    tell(&summary, settings)?;
    Ok(status)
}

/// Derives what is not derived yet.
pub(crate) fn work(case: &Case, again: bool, settings: &Settings) -> Result<Summary> {
    let bar = Counter::new(settings);
    let summary = derive(&Lake::of(case)?, again, &bar);
    bar.0.finish_and_clear();
    Ok(summary?)
}

pub(crate) fn tell(s: &Summary, settings: &Settings) -> Result<()> {
    if !s.derived {
        return terminal::note(settings, "nothing new to derive");
    }
    let c = &s.classes;
    terminal::note(
        settings,
        format!(
            "{} resources: {} states, {} changes to attribute: {} certain, {} likely, {} ambiguous, {} service-driven, {} without a call",
            s.resources, s.states, s.changes, c.certain, c.likely, c.ambiguous, c.service_driven, c.none_found
        ),
    )?;
    if s.stateless > 0 {
        terminal::note(
            settings,
            format!(
                "{} of {} rows of Config are no state of a resource: messages, or items without document, time or id",
                s.stateless, s.items
            ),
        )?;
    }
    if s.undated > 0 {
        terminal::note(
            settings,
            format!(
                "{} of {} rows of Config and CloudTrail have no time that is understood: no history, session or attribution has them",
                s.undated,
                s.items + s.events
            ),
        )?;
    }
    terminal::note(
        settings,
        format!("{} sessions, {} links between them; lake version {}", s.sessions, s.edges, s.version),
    )
}

pub(crate) fn as_json(s: &Summary) -> Value {
    let c = &s.classes;
    json!({
        "derived": s.derived, "items": s.items, "events": s.events, "resources": s.resources, "states": s.states, "stateless": s.stateless, "undated": s.undated,
        "changes": s.changes, "certain": c.certain, "likely": c.likely, "ambiguous": c.ambiguous,
        "service_driven": c.service_driven, "none_found": c.none_found, "sessions": s.sessions,
        "session_edges": s.edges, "lake_version": s.version,
    })
}

/// A bar that counts things.
struct Counter(ProgressBar);

impl Counter {
    fn new(settings: &Settings) -> Counter {
        let target = if settings.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("deriving {bar:24} {human_pos}/{human_len} {msg} eta {eta}") {
            bar.set_style(style);
        }
        Counter(bar)
    }
}

impl Progress for Counter {
    fn start(&self, what: &str, total: u64) {
        self.0.reset();
        self.0.set_length(total);
        self.0.set_message(what.to_owned());
    }

    fn done(&self, count: u64) {
        self.0.inc(count);
    }
}
