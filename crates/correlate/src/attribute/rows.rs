//! The verdicts as tables: one row per change, and one per call and resource.

use std::borrow::Cow;
use std::path::Path;

use coldtrail_lake::NewFile;
use coldtrail_schema::Words;
use coldtrail_schema::tables::config_history::{
    CONFIG_ATTRIBUTION, CONFIG_CALLS, ConfigAttributionColumn, ConfigAttributionRow, ConfigAttributionRows,
    ConfigCallColumn, ConfigCallRow, ConfigCallRows,
};

use super::fit::{Fit, telling};
use super::verdict::Verdict;
use super::{Sides, window};
use crate::config::Resource;
use crate::error::Result;
use crate::events::Event;
use crate::output::Output;

/// Rows are handed on in batches of this many.
const BATCH: usize = 64 << 10;

pub(super) struct Rows<'l> {
    attributions: ConfigAttributionRows,
    calls: ConfigCallRows,
    attribution_files: Output<'l>,
    call_files: Output<'l>,
    /// Which references are a candidate for some change.
    used: Vec<bool>,
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn option<'a>(text: &Option<&'a str>) -> Option<Cow<'a, str>> {
    text.map(Cow::Borrowed)
}

impl<'l> Rows<'l> {
    pub(super) fn new(lake: &'l Path) -> Rows<'l> {
        Rows {
            attributions: ConfigAttributionRows::default(),
            calls: ConfigCallRows::default(),
            attribution_files: Output::new(
                lake,
                &CONFIG_ATTRIBUTION,
                Some(ConfigAttributionColumn::configurationitemcapturetime.position()),
            ),
            call_files: Output::new(lake, &CONFIG_CALLS, Some(ConfigCallColumn::event_time.position())),
            used: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, sides: &Sides<'_>, verdict: &Verdict) -> Result<()> {
        let Some(change) = sides.history.changes.get(verdict.change) else { return Ok(()) };
        let Some(resource) = sides.history.resources.get(change.resource as usize) else { return Ok(()) };
        let of = |fit: &Fit| sides.events.events.get(fit.event as usize);
        let best = verdict.best().and_then(|fit| Some((fit, of(fit)?)));
        let mut candidates = Words::default();
        verdict
            .candidates
            .iter()
            .filter_map(of)
            .filter_map(|event| event.id.as_deref())
            .for_each(|id| candidates.push(id));
        let (session, actor, links) = best.map(|(_, event)| sides.events.who(event.session)).unwrap_or_default();
        let mut chain = Words::default();
        links.iter().for_each(|link| chain.push(link));
        let named = |part: fn(&Event) -> Option<u32>| {
            best.and_then(|(_, event)| part(event)).and_then(|number| text(sides.events.names.text(number)))
        };
        self.attributions.push(&ConfigAttributionRow {
            resource: resource.head(),
            configurationitemcapturetime: Some(change.time),
            window_from: Some(window(change).0),
            class: text(verdict.class.name()),
            score: best.map(|(fit, _)| fit.score),
            eventid: best.and_then(|(_, event)| event.id.as_deref()).map(Cow::Borrowed),
            event_time: best.map(|(_, event)| event.time),
            api: best.and_then(|(_, event)| text(sides.events.names.text(event.api))),
            candidates: Some(&candidates),
            actor: option(&actor),
            chain: best.is_some().then_some(&chain),
            session_id: option(&session),
            sourceipaddress: named(|event| event.ip),
            useragent: named(|event| event.agent),
            invokedby: named(|event| event.invoked_by),
            eventtype: named(|event| event.event_type),
            console: best.map(|(_, event)| event.console),
            why: text(&verdict.why),
            evidence_object: text(sides.history.objects.text(change.object)),
            evidence_record: Some(change.record),
            event_object: best.and_then(|(_, event)| text(sides.events.names.text(event.object))),
            event_record: best.map(|(_, event)| event.record),
        });
        let paths = telling(change, sides.history);
        for fit in verdict.candidates.iter().take(verdict.plausible) {
            let Some(event) = of(fit) else { continue };
            let mut explained = Words::default();
            let fits = paths.iter().zip(&fit.explained).filter(|(_, explained)| **explained >= 0.5);
            fits.for_each(|(path, _)| explained.push(sides.history.paths.text(path.path)));
            let why =
                if fit.explains_all() { "explains the whole change" } else { "explains part of it, or only fits it" };
            self.call(sides, resource, event, (Some(change.time), Some(fit.score)), why, &explained)?;
            if self.used.len() <= fit.reference {
                self.used.resize(sides.events.references.len(), false);
            }
            if let Some(used) = self.used.get_mut(fit.reference) {
                *used = true;
            }
        }
        if self.attributions.len() >= BATCH {
            self.attribution_files.push(self.attributions.finish())?;
        }
        Ok(())
    }

    fn call(
        &mut self,
        sides: &Sides<'_>,
        resource: &Resource,
        event: &Event,
        (capture, score): (Option<i64>, Option<i64>),
        why: &str,
        paths: &Words,
    ) -> Result<()> {
        let names = &sides.events.names;
        let (session, ..) = sides.events.who(event.session);
        self.calls.push(&ConfigCallRow {
            resource: resource.head(),
            eventid: event.id.as_deref().map(Cow::Borrowed),
            event_time: Some(event.time),
            api: text(names.text(event.api)),
            session_id: option(&session),
            configurationitemcapturetime: capture,
            score,
            why: text(why),
            paths: Some(paths),
            event_object: text(names.text(event.object)),
            event_record: Some(event.record),
        });
        if self.calls.len() >= BATCH {
            self.call_files.push(self.calls.finish())?;
        }
        Ok(())
    }

    /// Calls that are known to change a resource, and that no change of it can be put down to.
    pub(super) fn unseen(&mut self, sides: &Sides<'_>) -> Result<()> {
        self.used.resize(sides.events.references.len(), false);
        let none = Words::default();
        for (at, reference) in sides.events.references.iter().enumerate() {
            if reference.rule.is_none() || self.used.get(at).copied().unwrap_or(true) {
                continue;
            }
            let Some(event) = sides.events.events.get(reference.event as usize) else { continue };
            let Some(resource) = sides.history.resources.get(reference.resource as usize) else { continue };
            let later = sides.history.captured_after(reference.resource, event.time);
            let why = if later {
                "Config captured the resource later and saw no change that fits: the value was the same, or was put back before the capture, or another call explains it"
            } else {
                "cannot say: Config captured the resource no more after the call, as far as the evidence goes"
            };
            self.call(sides, resource, event, (None, None), why, &none)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<NewFile>> {
        self.attribution_files.push(self.attributions.finish())?;
        self.call_files.push(self.calls.finish())?;
        let mut files = self.attribution_files.finish()?.0;
        files.extend(self.call_files.finish()?.0);
        Ok(files)
    }
}
