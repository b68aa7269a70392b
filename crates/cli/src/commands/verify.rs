//! `coldtrail verify`

use std::collections::BTreeMap;

use anyhow::Result;
use coldtrail_evidence::digest::{DigestVerdict, Verdict};
use coldtrail_evidence::noted::{self, ManifestVerdict};
use coldtrail_evidence::verify::{Verification, VerifyOptions, verify};
use coldtrail_evidence::{Case, Limits, custody, hash, kept_keys};
use coldtrail_lake::Lake;
use coldtrail_query::{Session, SessionOptions};
use serde_json::{Value, json};

use crate::args::Verify;
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, manifest_state, recorded};
use crate::terminal::{self, Bar};

/// How many lines of one kind are printed; `--json` and the tables have all.
const LISTED: usize = 20;

pub(crate) fn run(arguments: &Verify, settings: &Settings) -> Result<Status> {
    arguments.period.check()?;
    let case = settings.case()?;
    let mut keys = Vec::new();
    for path in &arguments.keys {
        keys.push(json!({ "file": path, "sha256": hash::sha256_of_file(path)? }));
    }
    let kept = kept_keys::kept(&case)?;
    let kept: Vec<Value> = kept.iter().map(|file| json!({ "file": file.path, "sha256": file.sha256 })).collect();
    let period = (arguments.period.from.map(utc), arguments.period.to.map(utc));
    let mut inputs = json!({ "keys": keys, "kept_keys": kept, "from": period.0, "to": period.1 });
    if let (Value::Object(inputs), Value::Object(state)) = (&mut inputs, manifest_state(&case)?) {
        inputs.extend(state);
    }
    // The state of the manifest is compared before this run adds its own line to the custody log.
    let manifest = manifest_verdict(&case)?;
    let custody = custody_problem(&case)?;
    let (status, summary) = recorded(&case, settings, inputs, || {
        // What is proven with them stays proven when they are not given again.
        arguments.keys.iter().try_for_each(|file| kept_keys::keep(&case, file))?;
        let options = VerifyOptions {
            keys: arguments.keys.clone(),
            from: arguments.period.from,
            to: arguments.period.to,
            limits: Limits { inflated: arguments.limits.max_inflated, ..Limits::default() },
        };
        let bar = Bar::new(settings);
        let result = verify(&case, &options, &bar);
        bar.finish();
        let found = result?;
        let lake = lake_verdict(&case)?;
        // The tables are about all of the evidence; a part of it does not take their place.
        let version = match options.from.is_none() && options.to.is_none() {
            true => Some(coldtrail_ingest::write_verdicts(&case, &found.digests, &found.logs)?),
            false => None,
        };
        let status = status(&found, &lake, &manifest, custody.is_some());
        let summary = Summary { found, lake, manifest, custody, period, status, version };
        let counts = summary.brief();
        Ok(Done { status, counts, outputs: json!({ "lake_version": version }), value: summary })
    })?;
    if settings.json {
        terminal::print_json(settings, &summary.json())?;
    } else {
        terminal::print(settings, &coldtrail_report::escape::terminal_lines(&summary.text()))?;
    }
    Ok(status)
}

/// What became of the files of the lake.
struct LakeChecked {
    verified: u64,
    altered: Vec<String>,
}

fn lake_verdict(case: &Case) -> Result<LakeChecked> {
    let snapshot = Lake::new(&case.lake_dir())?.snapshot(None)?;
    let mut checked = LakeChecked { verified: 0, altered: Vec::new() };
    for file in snapshot.tables.values().flatten() {
        match file.check() {
            Ok(()) => checked.verified += 1,
            Err(error) => checked.altered.push(error.to_string()),
        }
    }
    // A file may also have been taken out of a table's log: then the table has fewer rows than its objects gave.
    if checked.altered.is_empty() && snapshot.version > 0 {
        let session = Session::open(&case.lake_dir(), &case.spill_dir(), SessionOptions::default())?;
        let table = terminal::table_of(&session.query(include_str!("verify/kept.sql"), &[])?.collect()?)?;
        for row in &table.rows {
            let text = |at: usize| row.get(at).map(|cell| cell.text().into_owned()).unwrap_or_default();
            let (name, kept) = (text(0), text(1));
            let rows = session.rows(&name).to_string();
            if rows != kept {
                checked.altered.push(format!("table `{name}` has {rows} rows, but {kept} were kept of its objects"));
            }
        }
    }
    Ok(checked)
}

/// The manifest against the custody log; none when the log says nothing, or an action was cut off.
fn manifest_verdict(case: &Case) -> Result<Option<bool>> {
    Ok(match noted::verdict(case)? {
        ManifestVerdict::AsNoted => Some(true),
        ManifestVerdict::Changed => Some(false),
        ManifestVerdict::NotNoted => None,
    })
}

/// What is wrong with the custody log.
fn custody_problem(case: &Case) -> Result<Option<String>> {
    Ok(match custody::verify(case)? {
        custody::Verdict::Intact { entries: 0, .. } => Some("it was removed".to_owned()),
        custody::Verdict::Intact { .. } => None,
        custody::Verdict::Broken { seq, reason } => Some(format!("entry {seq}: {reason}")),
    })
}

fn status(found: &Verification, lake: &LakeChecked, manifest: &Option<bool>, custody_broken: bool) -> Status {
    if found.is_contradicted() || !lake.altered.is_empty() || *manifest == Some(false) || custody_broken {
        return Status::Contradicted;
    }
    let nothing = found.objects_verified == 0 && found.objects_unreadable.is_empty();
    if found.is_unproven() || nothing {
        return Status::Inconclusive;
    }
    if found.has_gaps() { Status::Gaps } else { Status::Clean }
}

struct Summary {
    found: Verification,
    lake: LakeChecked,
    manifest: Option<bool>,
    /// What is wrong with the custody log.
    custody: Option<String>,
    period: (Option<String>, Option<String>),
    status: Status,
    /// None when the tables were not written.
    version: Option<u64>,
}

/// How many there are of each verdict.
#[derive(Default)]
struct Counted {
    verified: u64,
    contradicted: u64,
    not_checkable: u64,
    flagged: u64,
    states: BTreeMap<&'static str, u64>,
}

impl Counted {
    fn of<'a>(all: impl Iterator<Item = (Verdict, bool, &'a str)>, name: fn(&'a str) -> &'static str) -> Counted {
        let mut counted = Counted::default();
        for (verdict, flagged, state) in all {
            match verdict {
                Verdict::Verified => counted.verified += 1,
                Verdict::Contradicted => counted.contradicted += 1,
                Verdict::NotCheckable => counted.not_checkable += 1,
            }
            counted.flagged += u64::from(flagged);
            *counted.states.entry(name(state)).or_default() += 1;
        }
        counted
    }

    fn json(&self) -> Value {
        json!({
            "verified": self.verified, "contradicted": self.contradicted, "not_checkable": self.not_checkable,
            "flagged": self.flagged, "states": self.states,
        })
    }

    fn text(&self) -> String {
        let flagged =
            if self.flagged > 0 { format!(" ({} of the verified flagged)", self.flagged) } else { String::new() };
        format!(
            "{} verified, {} contradicted, {} not checkable{flagged}",
            self.verified, self.contradicted, self.not_checkable
        )
    }
}

impl Summary {
    fn collected(&self) -> impl Iterator<Item = &DigestVerdict> {
        self.found.digests.iter().filter(|digest| digest.object.is_some())
    }

    fn without_digest(&self) -> impl Iterator<Item = &DigestVerdict> {
        self.found.digests.iter().filter(|digest| digest.object.is_none())
    }

    fn digests(&self) -> Counted {
        Counted::of(self.collected().map(|digest| (digest.verdict, digest.flagged, digest.state.name())), |name| name)
    }

    fn logs(&self) -> Counted {
        Counted::of(self.found.logs.iter().map(|log| (log.verdict, log.flagged, log.state.name())), |name| name)
    }

    /// Hours asked for, and hours proven.
    fn hours(&self) -> (f64, f64) {
        let hours = |seconds: i64| (seconds as f64 / 360.0).round() / 10.0;
        let asked = self.found.units.iter().map(|unit| (unit.requested.1 - unit.requested.0).max(0)).sum();
        (hours(asked), hours(self.found.units.iter().map(|unit| unit.proven).sum()))
    }

    /// For the custody log, which is no place for long lists.
    fn brief(&self) -> Value {
        let (requested, proven) = self.hours();
        json!({
            "requested_hours": requested, "proven_hours": proven, "verdict": verdict_name(self.status),
            "digests": self.digests().json(), "logs": self.logs().json(),
            "objects_verified": self.found.objects_verified, "objects_altered": self.found.objects_altered.len(),
            "objects_unreadable": self.found.objects_unreadable.len(),
            "lake_files_verified": self.lake.verified, "lake_files_altered": self.lake.altered.len(),
        })
    }

    fn json(&self) -> Value {
        let (requested, proven) = self.hours();
        let units: Vec<Value> = self
            .found
            .units
            .iter()
            .map(|unit| {
                json!({
                    "prefix": unit.prefix, "account": unit.account, "region": unit.region,
                    "requested": { "from": utc(unit.requested.0), "to": utc(unit.requested.1), "seconds": (unit.requested.1 - unit.requested.0).max(0) },
                    "proven_seconds": unit.proven,
                    "digests": unit.covered.map(|(from, to)| json!({ "from": utc(from), "to": utc(to) })),
                })
            })
            .collect();
        let intervals: Vec<Value> = self
            .without_digest()
            .map(|digest| {
                json!({
                    "verdict": digest.verdict.name(), "state": digest.state.name(), "from": digest.start.map(utc),
                    "to": digest.end.map(utc), "digest": digest.key, "reason": digest.reason,
                    "account": digest.chain.as_ref().map(|chain| &chain.account),
                    "region": digest.chain.as_ref().map(|chain| &chain.region),
                    "trail": digest.chain.as_ref().map(|chain| &chain.trail),
                })
            })
            .collect();
        let pick = |verdict: Verdict| -> Vec<Value> {
            let digests = self.collected().filter(|digest| digest.verdict == verdict).map(|digest| {
                json!({ "digest": digest.key, "state": digest.state.name(), "reason": digest.reason, "object": digest.object })
            });
            let logs = self.found.logs.iter().filter(|log| log.verdict == verdict).map(
                |log| json!({ "log": log.key, "state": log.state.name(), "reason": log.reason, "object": log.object }),
            );
            digests.chain(logs).collect()
        };
        let flagged_digests = self.collected().filter(|digest| digest.flagged);
        let flagged_logs = self.found.logs.iter().filter(|log| log.flagged);
        let flagged: Vec<Value> = flagged_digests
            .map(|digest| json!({ "digest": digest.key, "reason": digest.reason, "object": digest.object }))
            .chain(flagged_logs.map(|log| json!({ "log": log.key, "reason": log.reason, "object": log.object })))
            .collect();
        json!({
            "requested_hours": requested, "proven_hours": proven,
            "requested": { "from": self.period.0, "to": self.period.1 },
            "verdict": verdict_name(self.status),
            "exit": self.status.code(),
            "digests": self.digests().json(), "logs": self.logs().json(),
            "objects": {
                "verified": self.found.objects_verified,
                "contradicted": self.found.objects_altered.iter().map(|(object, key, found)| json!({ "object": object, "key": key, "sha256_found": found })).collect::<Vec<_>>(),
                "not_checkable": self.found.objects_unreadable.iter().map(|(object, key, why)| json!({ "object": object, "key": key, "reason": why })).collect::<Vec<_>>(),
            },
            "lake_files": { "verified": self.lake.verified, "contradicted": self.lake.altered },
            "manifest": match self.manifest { Some(true) => "verified", Some(false) => "contradicted", None => "not checkable" },
            "custody": self.custody.as_ref().map_or_else(|| "verified".to_owned(), |why| format!("contradicted: {why}")),
            "keys": self.found.keys, "key_problems": self.found.key_problems,
            "units": units, "intervals": intervals,
            "contradicted": pick(Verdict::Contradicted), "not_checkable": pick(Verdict::NotCheckable), "flagged": flagged,
            "lake_version": self.version,
        })
    }

    fn text(&self) -> String {
        let (requested, proven) = self.hours();
        let mut text = if self.found.units.is_empty() {
            "No object is named like a log file or a digest of CloudTrail: no provider's signature covers the evidence.\n".to_owned()
        } else {
            format!("Requested {requested} hours, proven {proven} hours (sum over buckets, accounts and regions).\n")
        };
        if let (from, to) = &self.period
            && (from.is_some() || to.is_some())
        {
            let open = "the evidence's own bound".to_owned();
            text.push_str(&format!("Period: {} to {}\n", from.as_ref().unwrap_or(&open), to.as_ref().unwrap_or(&open)));
        }
        for unit in &self.found.units {
            let hours = |seconds: i64| seconds as f64 / 3600.0;
            text.push_str(&format!(
                "  {}{} {}: {:.1} of {:.1} hours, {} to {}\n",
                unit.prefix,
                unit.account,
                unit.region,
                hours(unit.proven),
                hours((unit.requested.1 - unit.requested.0).max(0)),
                utc(unit.requested.0),
                utc(unit.requested.1)
            ));
        }
        text.push_str(&format!("Digests:    {}\n", self.digests().text()));
        text.push_str(&format!("Log files:  {}\n", self.logs().text()));
        text.push_str(&format!(
            "Objects:    {} have the hash of the manifest, {} do not, {} cannot be read\n",
            self.found.objects_verified,
            self.found.objects_altered.len(),
            self.found.objects_unreadable.len()
        ));
        text.push_str(&format!(
            "Lake files: {} have their hash, {} do not\n",
            self.lake.verified,
            self.lake.altered.len()
        ));
        text.push_str(match self.manifest {
            Some(true) => "Manifest:   as the custody log says\n",
            Some(false) => "Manifest:   NOT as the custody log says\n",
            None => "Manifest:   not checkable against the custody log (nothing was noted, or an action was cut off)\n",
        });
        match &self.custody {
            None => text.push_str("Custody:    each entry is bound to the one before\n"),
            Some(why) => text.push_str(&format!("Custody:    NOT what was written: {why}\n")),
        }
        text.push_str(&format!("Keys:       {}\n", self.found.keys));
        for (heading, lines) in self.lists().iter().filter(|(_, lines)| !lines.is_empty()) {
            text.push_str(&format!("\n{heading}: {}\n", lines.len()));
            lines.iter().take(LISTED).for_each(|line| text.push_str(&format!("  {line}\n")));
            if lines.len() > LISTED {
                text.push_str(&format!(
                    "  {} more: --json, or the tables digest_verdicts and log_verdicts\n",
                    lines.len() - LISTED
                ));
            }
        }
        text.push_str(&format!("\nVerdict: {}\n", verdict_name(self.status)));
        text
    }

    /// What has to be looked at, under headings.
    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        let mut lines = Vec::new();
        lines.push(("Key files", self.found.key_problems.iter().map(|(file, why)| format!("{file}: {why}")).collect()));
        lines.push((
            "Objects that are not what was collected",
            self.found.objects_altered.iter().map(|(_, key, found)| format!("{key}: sha256 is {found}")).collect(),
        ));
        lines.push((
            "Objects that cannot be read",
            self.found.objects_unreadable.iter().map(|(_, key, why)| format!("{key}: {why}")).collect(),
        ));
        lines.push(("Lake files that are not what was written", self.lake.altered.clone()));
        let line = |digest: &DigestVerdict| {
            let time = |time: Option<i64>| time.map(utc).unwrap_or_default();
            let name = digest.key.clone().unwrap_or_default();
            format!("{} to {} {name}: {}", time(digest.start), time(digest.end), digest.reason)
        };
        for (heading, verdict) in [("Contradicted", Verdict::Contradicted), ("Not checkable", Verdict::NotCheckable)] {
            let of = |digest: &&DigestVerdict| digest.verdict == verdict;
            let digests = self.found.digests.iter().filter(of).map(line);
            let logs = self.found.logs.iter().filter(|log| log.verdict == verdict);
            lines.push((heading, digests.chain(logs.map(|log| format!("{}: {}", log.key, log.reason))).collect()));
        }
        let flagged = self.found.digests.iter().filter(|digest| digest.flagged).map(line);
        let flagged_logs = self.found.logs.iter().filter(|log| log.flagged);
        lines
            .push(("Flagged", flagged.chain(flagged_logs.map(|log| format!("{}: {}", log.key, log.reason))).collect()));
        lines
    }
}

fn verdict_name(status: Status) -> &'static str {
    match status {
        Status::Clean => "verified",
        Status::Gaps => "verified with gaps",
        Status::Contradicted => "contradicted",
        Status::Inconclusive => "not checkable",
    }
}

/// RFC 3339 in UTC.
fn utc(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
