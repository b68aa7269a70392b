//! The verdict about the evidence: what the provider's signatures prove, what contradicts them, and what nothing proves.

use std::collections::BTreeMap;

use coldtrail_evidence::digest::{DigestVerdict, Verdict};
use coldtrail_evidence::verify::Verification;
use coldtrail_report::Answer;
use serde_json::{Value, json};

/// What was checked, and what came of it.
pub struct Checked {
    pub found: Verification,
    /// Files of the lake that have their hash, and what is wrong with the others.
    pub lake_verified: u64,
    /// Commits of its tables that are what was written.
    pub lake_commits: u64,
    pub lake_altered: Vec<String>,
    /// Is the manifest as the custody log says? None when the log says nothing.
    pub manifest: Option<bool>,
    /// What is wrong with the custody log.
    pub custody: Option<String>,
    /// What killed runs have left in it of their lines: no contradiction, and not to be passed over.
    pub unfinished: Vec<String>,
    /// The period that was asked for, RFC 3339.
    pub period: (Option<String>, Option<String>),
    /// The verdict over all, in words.
    pub verdict: &'static str,
    /// The exit status that it has.
    pub exit: u8,
    /// The version of the lake with the tables of verdicts; none when they were not written.
    pub lake_version: Option<u64>,
}

/// So many of a kind are named one by one; `--json` and the tables have all.
const NAMED: usize = 20;

/// The verdict as findings, the worst first.
pub fn integrity(checked: &Checked) -> Answer {
    let mut answer = Answer::about(format!("Verdict: {}", checked.verdict));
    checked.summary(&mut answer);
    checked.contradicted(&mut answer);
    checked.grouped(&mut answer);
    checked.units(&mut answer);
    if let Value::Object(data) = checked.json() {
        answer.data = data;
    }
    answer
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
    fn of(all: impl Iterator<Item = (Verdict, bool, &'static str)>) -> Counted {
        let mut counted = Counted::default();
        for (verdict, flagged, state) in all {
            match verdict {
                Verdict::Verified => counted.verified += 1,
                Verdict::Contradicted => counted.contradicted += 1,
                Verdict::NotCheckable => counted.not_checkable += 1,
            }
            counted.flagged += u64::from(flagged);
            *counted.states.entry(state).or_default() += 1;
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

impl Checked {
    fn collected(&self) -> impl Iterator<Item = &DigestVerdict> {
        self.found.digests.iter().filter(|digest| digest.object.is_some())
    }

    fn without_digest(&self) -> impl Iterator<Item = &DigestVerdict> {
        self.found.digests.iter().filter(|digest| digest.object.is_none())
    }

    fn digests(&self) -> Counted {
        Counted::of(self.collected().map(|digest| (digest.verdict, digest.flagged, digest.state.name())))
    }

    fn logs(&self) -> Counted {
        Counted::of(self.found.logs.iter().map(|log| (log.verdict, log.flagged, log.state.name())))
    }

    /// Hours asked for, and hours proven.
    fn hours(&self) -> (f64, f64) {
        let hours = |seconds: i64| (seconds as f64 / 360.0).round() / 10.0;
        let asked = self.found.units.iter().map(|unit| (unit.requested.1 - unit.requested.0).max(0)).sum();
        (hours(asked), hours(self.found.units.iter().map(|unit| unit.proven).sum()))
    }

    /// In numbers: for the custody log, which is no place for long lists.
    pub fn brief(&self) -> Value {
        let (requested, proven) = self.hours();
        json!({
            "requested_hours": requested, "proven_hours": proven, "verdict": self.verdict,
            "digests": self.digests().json(), "logs": self.logs().json(),
            "objects_verified": self.found.objects_verified, "objects_altered": self.found.objects_altered.len(),
            "objects_unreadable": self.found.objects_unreadable.len(),
            "lake_files_verified": self.lake_verified, "lake_commits_verified": self.lake_commits, "lake_files_altered": self.lake_altered.len(),
            "objects_unread": self.found.objects_unread.len(),
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
            "verdict": self.verdict,
            "exit": self.exit,
            "digests": self.digests().json(), "logs": self.logs().json(),
            "objects": {
                "verified": self.found.objects_verified,
                "contradicted": self.found.objects_altered.iter().map(|(object, key, found)| json!({ "object": object, "key": key, "sha256_found": found })).collect::<Vec<_>>(),
                "not_checkable": self.found.objects_unreadable.iter().map(|(object, key, why)| json!({ "object": object, "key": key, "reason": why })).collect::<Vec<_>>(),
                "unread": self.found.objects_unread.iter().map(|(object, key, why)| json!({ "object": object, "key": key, "reason": why })).collect::<Vec<_>>(),
            },
            "lake_files": { "verified": self.lake_verified, "commits": self.lake_commits, "contradicted": self.lake_altered },
            "manifest": match self.manifest { Some(true) => "verified", Some(false) => "contradicted", None => "not checkable" },
            "custody": self.custody.as_ref().map_or_else(|| "verified".to_owned(), |why| format!("contradicted: {why}")),
            "custody_unfinished": self.unfinished,
            "keys": self.found.keys, "key_problems": self.found.key_problems,
            "units": units, "intervals": intervals,
            "contradicted": pick(Verdict::Contradicted), "not_checkable": pick(Verdict::NotCheckable), "flagged": flagged,
            "lake_version": self.lake_version,
        })
    }

    fn summary(&self, answer: &mut Answer) {
        let (requested, proven) = self.hours();
        match self.found.units.as_slice() {
            [] => answer.say(
                0,
                "hours",
                "No object is named like a log file or a digest of CloudTrail: no provider's signature covers the evidence.",
                None,
            ),
            _ => {
                let text = format!("{proven} of {requested} are proven (sum over buckets, accounts and regions)");
                answer.say(0, "hours", text, None);
            }
        }
        if let (from, to) = &self.period
            && (from.is_some() || to.is_some())
        {
            let bound = |time: &Option<String>| time.clone().unwrap_or_else(|| "the evidence's own bound".to_owned());
            answer.say(0, "period", format!("{} to {}", bound(from), bound(to)), None);
        }
        let (altered, unreadable) = (self.found.objects_altered.len(), self.found.objects_unreadable.len());
        let objects = format!(
            "{} have the hash of the manifest, {altered} do not, {unreadable} cannot be read",
            self.found.objects_verified
        );
        let (files, commits, altered) = (self.lake_verified, self.lake_commits, self.lake_altered.len());
        let lake = format!("{files} files and {commits} commits have their hash, {altered} do not");
        let manifest = match self.manifest {
            Some(true) => "as the custody log says",
            Some(false) => "NOT as the custody log says",
            None => "not checkable against the custody log (nothing was noted, or an action was cut off)",
        };
        let custody = match &self.custody {
            None if self.unfinished.is_empty() => "each entry is bound to the one before".to_owned(),
            None => format!("each entry is bound to the one before; {}", self.unfinished.join("; ")),
            Some(why) => format!("NOT what was written: {why}"),
        };
        for (about, text) in [
            ("digests", self.digests().text()),
            ("log files", self.logs().text()),
            ("objects", objects),
            ("lake files", lake),
            ("manifest", manifest.to_owned()),
            ("custody", custody),
            ("keys", self.found.keys.to_string()),
        ] {
            answer.say(0, about, text, None);
        }
    }

    /// What is not as it was, one by one.
    fn contradicted(&self, answer: &mut Answer) {
        let is_contradicted = |verdict: Verdict| verdict == Verdict::Contradicted;
        let digests = self.found.digests.iter().filter(|digest| is_contradicted(digest.verdict)).map(line);
        let logs = self.found.logs.iter().filter(|log| is_contradicted(log.verdict));
        let logs = logs.map(|log| format!("{}: {}", log.key, log.reason));
        let altered = self.found.objects_altered.iter().map(|(_, key, found)| format!("{key}: sha256 is {found}"));
        let unreadable = self.found.objects_unreadable.iter().map(|(_, key, why)| format!("{key}: {why}"));
        let unread = self.found.objects_unread.iter().map(|(_, key, why)| format!("{key}: {why}"));
        let keys = self.found.key_problems.iter().map(|(file, why)| format!("{file}: {why}"));
        let flagged = self.found.digests.iter().filter(|digest| digest.flagged).map(line);
        let flagged_logs = self.found.logs.iter().filter(|log| log.flagged);
        let flagged = flagged.chain(flagged_logs.map(|log| format!("{}: {}", log.key, log.reason)));
        named(answer, "Contradicted", digests.chain(logs).collect());
        named(answer, "Objects that are not what was collected", altered.collect());
        named(answer, "Lake files that are not what was written", self.lake_altered.clone());
        named(answer, "Objects that cannot be read", unreadable.collect());
        named(answer, "In archives, but not read", unread.collect());
        named(answer, "Key files", keys.collect());
        named(answer, "Flagged", flagged.collect());
    }

    /// What cannot be checked, by the reason why, then by account and region; the most first.
    fn grouped(&self, answer: &mut Answer) {
        let mut reasons: BTreeMap<&str, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
        for log in self.found.logs.iter().filter(|log| log.verdict == Verdict::NotCheckable) {
            let place = [&log.account, &log.region].map(|part| part.as_deref().unwrap_or("-")).join(" ");
            reasons.entry(&log.reason).or_default().entry(place).or_default().push(&log.key);
        }
        let digests: Vec<&DigestVerdict> =
            self.found.digests.iter().filter(|digest| digest.verdict == Verdict::NotCheckable).collect();
        let logs: usize = reasons.values().flat_map(BTreeMap::values).map(Vec::len).sum();
        if logs + digests.len() == 0 {
            return;
        }
        answer.section(format!("Not checkable: {}", logs + digests.len()));
        for digest in digests.iter().take(NAMED) {
            answer.say(1, "", line(digest), None);
        }
        more(answer, digests.len());
        let mut reasons: Vec<(&str, BTreeMap<String, Vec<&str>>)> = reasons.into_iter().collect();
        let count = |places: &BTreeMap<String, Vec<&str>>| places.values().map(Vec::len).sum::<usize>();
        reasons.sort_by_key(|(_, places)| std::cmp::Reverse(count(places)));
        for (reason, places) in &reasons {
            let count = count(places);
            answer.say(1, "", format!("{count} log {}: {reason}", if count == 1 { "file" } else { "files" }), None);
            for (place, keys) in places {
                let example = keys.first().map(|key| format!(", such as {}", key.rsplit('/').next().unwrap_or(key)));
                answer.say(2, "", format!("{place}: {}{}", keys.len(), example.unwrap_or_default()), None);
            }
        }
    }

    /// The hours that are proven, the least first.
    fn units(&self, answer: &mut Answer) {
        if self.found.units.is_empty() {
            return;
        }
        answer.section("Proven hours");
        let mut units: Vec<_> = self.found.units.iter().collect();
        let open =
            |unit: &&coldtrail_evidence::digest::Unit| (unit.requested.1 - unit.requested.0).max(0) - unit.proven;
        units.sort_by_key(|unit| std::cmp::Reverse(open(unit)));
        for unit in units {
            let hours = |seconds: i64| seconds as f64 / 3600.0;
            let text = format!(
                "{:.1} of {:.1} hours: {}{} {}, {} to {}",
                hours(unit.proven),
                hours((unit.requested.1 - unit.requested.0).max(0)),
                unit.prefix,
                unit.account,
                unit.region,
                utc(unit.requested.0),
                utc(unit.requested.1)
            );
            answer.say(1, "", text, None);
        }
    }
}

/// A section of lines, if there are any.
fn named(answer: &mut Answer, heading: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    answer.section(format!("{heading}: {}", lines.len()));
    let count = lines.len();
    lines.into_iter().take(NAMED).for_each(|line| answer.say(1, "", line, None));
    more(answer, count);
}

fn more(answer: &mut Answer, count: usize) {
    if count > NAMED {
        let text = format!("{} more: --json, or the tables digest_verdicts and log_verdicts", count - NAMED);
        answer.say(1, "", text, None);
    }
}

fn line(digest: &DigestVerdict) -> String {
    let time = |time: Option<i64>| time.map(utc).unwrap_or_default();
    let name = digest.key.as_deref().map(|key| format!(" {key}")).unwrap_or_default();
    format!("{} to {}{name}: {}", time(digest.start), time(digest.end), digest.reason)
}

/// RFC 3339 in UTC.
fn utc(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
