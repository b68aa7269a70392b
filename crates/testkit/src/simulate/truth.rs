//! `truth.jsonl`: what happened, as the simulation knows it.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use fs_err::File;
use serde_json::json;

use super::resource::{Pending, Resource, Seen, World, inner};
use super::session::Session;
use super::{Settings, Summary};
use crate::world::{iso, iso_millis};

#[derive(Debug)]
pub(super) struct Truth {
    file: Option<BufWriter<File>>,
    /// The first failure; told at the end.
    failed: Option<io::Error>,
}

impl Truth {
    pub(super) fn new(path: Option<PathBuf>) -> io::Result<Truth> {
        let file = path.map(File::create).transpose()?;
        Ok(Truth { file: file.map(BufWriter::new), failed: None })
    }

    fn line(&mut self, text: impl FnOnce() -> String) {
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{}", text())
        {
            self.failed.get_or_insert(error);
        }
    }

    /// `captured` is in milliseconds.
    pub(super) fn change(&mut self, world: &World, resource: &Resource, change: &Pending, captured: Option<i64>) {
        self.line(|| {
            format!(
                "{{\"kind\":\"change\",\"resource\":{},\"called\":\"{}\",\"captured\":{},\"event_id\":{},\
                 \"event_name\":\"{}\",\"class\":\"{}\",\"concurrent\":{},\"daily\":{},\"indirect\":{},\"quick\":{},\
                 \"event_late\":{},\"event_twice\":{},\"paths\":{},\"actor\":{},\"chain\":{},\"access_key\":\"{}\",\
                 \"console\":{}}}",
                resource.naming(world),
                iso(change.called),
                json!(captured.map(iso_millis)),
                json!(change.event),
                change.name,
                change.class,
                change.concurrent,
                world.daily(resource.account),
                change.indirect,
                change.quick,
                change.event_late,
                change.event_twice,
                json!(change.paths),
                json!(change.session.origin),
                json!(change.session.chain),
                change.session.key,
                change.session.console
            )
        });
    }

    /// `to` is in milliseconds.
    pub(super) fn state(&mut self, world: &World, resource: &Resource, seen: &Seen, to: Option<i64>) {
        self.line(|| {
            let elsewhere = resource.kind.global().then(|| iso_millis(seen.elsewhere));
            format!(
                "{{\"kind\":\"state\",\"resource\":{},\"from\":\"{}\",\"to\":{},\"elsewhere\":{},\"status\":\"{}\",\
                 \"late\":{},\"twice\":{},{}}}",
                resource.naming(world),
                iso_millis(seen.captured),
                json!(to.map(iso_millis)),
                json!(elsewhere),
                seen.status,
                seen.late,
                seen.twice,
                inner(&seen.document)
            )
        });
    }

    pub(super) fn chain(&mut self, session: &Session) {
        self.line(|| {
            let hops: Vec<_> = session
                .hops
                .iter()
                .map(|hop| json!({"access_key": hop.key, "arn": hop.arn, "event_id": hop.event}))
                .collect();
            json!({
                "kind": "chain", "access_key": session.key, "session_arn": session.arn, "origin": session.origin,
                "origin_kind": session.origin_kind, "hops": hops,
            })
            .to_string()
        });
    }

    pub(super) fn unseen(&mut self, world: &World, resource: &Resource, event: &str, name: &str, why: &str) {
        self.line(|| {
            format!(
                "{{\"kind\":\"unseen\",\"event_id\":\"{event}\",\"event_name\":\"{name}\",\"resource\":{},\"why\":\"{why}\"}}",
                resource.naming(world)
            )
        });
    }

    pub(super) fn end(&mut self, settings: &Settings, world: &World, sum: &Summary) -> io::Result<()> {
        let daily = &world.accounts[world.accounts.len() - 1];
        let mut line = json!({
            "kind": "summary", "seed": settings.seed, "accounts": world.accounts, "daily_account": daily,
            "regions": super::REGIONS,
        });
        for (name, count) in sum.counts() {
            line[name] = json!(count);
        }
        self.line(|| line.to_string());
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Summary {
    /// Every count with its name.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("changes", self.changes),
            ("calls", self.calls),
            ("service", self.service),
            ("no_log", self.no_log),
            ("concurrent", self.concurrent),
            ("quick", self.quick),
            ("daily", self.daily),
            ("unshown", self.unshown),
            ("indirect", self.indirect),
            ("failed", self.failed),
            ("idempotent", self.idempotent),
            ("reverted", self.reverted),
            ("not_recorded", self.not_recorded),
            ("background", self.background),
            ("sessions", self.sessions),
            ("resources", self.resources),
            ("states", self.states),
            ("items", self.items),
            ("items_late", self.items_late),
            ("items_twice", self.items_twice),
            ("snapshots", self.snapshots),
            ("snapshot_items", self.snapshot_items),
            ("events", self.events),
            ("events_late", self.events_late),
            ("events_twice", self.events_twice),
            ("files", self.files),
            ("inflated_bytes", self.inflated_bytes),
            ("stored_bytes", self.stored_bytes),
        ]
    }
}
