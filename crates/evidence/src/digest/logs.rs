//! Log files against the digests that list them, and log files that no digest lists.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Verdict;
use super::chain::{Collected, DigestVerdict, states};
use super::filed::{PlaceFit, Whereabouts, folded_name};
use super::parse::ListedLog;
use super::place::{Chain, LogKind, awslogs_prefix};
use crate::manifest::S3Place;
use crate::object_key::ObjectKey;
use crate::open::{Damage, Facts};

/// How far the time in the name of a log file may be from the hour of the digest that lists it, in seconds.
pub(super) const SLACK: i64 = 300;

/// The state of what holds an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Container {
    /// One gzip member, whole.
    Sound,
    /// A copy that was inflated, or packed otherwise, on its way: the same content.
    Repacked(String),
    /// More than one member, or bytes after it.
    Appended(String),
    /// Cut or corrupt.
    Damaged(String),
}

/// What an object's bytes are now.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    /// Of everything that comes out.
    pub(crate) sha256: String,
    pub(crate) container: Container,
}

impl Content {
    pub(crate) fn new(sha256: String, facts: &Facts) -> Content {
        let container = match &facts.damage {
            Some(Damage::TrailingBytes { count }) => Container::Appended(format!("{count} bytes after the end")),
            _ if facts.members > 1 => Container::Appended(format!("{} gzip members", facts.members)),
            Some(damage) => Container::Damaged(damage.to_string()),
            None if facts.layers == ["gzip"] => Container::Sound,
            None if facts.layers.is_empty() => Container::Repacked("stored inflated".to_owned()),
            None => Container::Repacked(format!("stored as {}", facts.layers.join(" in "))),
        };
        Content { sha256, container }
    }
}

/// A collected log file; without content when its bytes could not be read, with the reason.
pub(crate) struct LogFile {
    pub(crate) object: String,
    pub(crate) key: String,
    pub(crate) kind: LogKind,
    pub(crate) whereabouts: Whereabouts,
    /// Was it said where the folder came from, so that the digests beside it would be there as well?
    pub(crate) asserted: bool,
    pub(crate) content: Result<Content, String>,
}

states! {
    /// What a log file is, in a word.
    LogState {
        /// As the digest lists it.
        Sound = "sound",
        /// Its content is another one.
        Altered = "altered",
        /// Something follows after the end of its compressed data.
        Appended = "appended",
        /// Listed, and not there.
        Missing = "missing",
        /// It could not be read or collected.
        Unreadable = "unreadable",
        /// The digest that lists it is itself not verified.
        DigestNotVerified = "digest not verified",
        /// No digest lists it.
        Uncovered = "uncovered",
    }
}

/// What was found out about a log file.
#[derive(Debug, Clone)]
pub struct LogVerdict {
    /// The collected object; none for what is listed and not there.
    pub object: Option<String>,
    /// The bucket, as the digest lists it.
    pub bucket: Option<String>,
    /// The key, as the digest lists it, else as collected.
    pub key: String,
    /// In its key.
    pub account: Option<String>,
    /// In its key.
    pub region: Option<String>,
    /// When it was delivered, by its name; microseconds since 1970.
    pub delivered: Option<i64>,
    /// The digest that lists it.
    pub digest: Option<String>,
    /// SHA-256 as listed.
    pub listed: Option<String>,
    /// SHA-256 as found, inflated.
    pub found: Option<String>,
    /// What the check came to.
    pub verdict: Verdict,
    /// In a word.
    pub state: LogState,
    /// Why, in words.
    pub reason: String,
    /// Is its content verified, but something about it to be looked at?
    pub flagged: bool,
    /// If it is verified: without any doubt? A flag about nothing but how a file system names files leaves none.
    pub proven: bool,
}

/// Finds collected log files by where they were delivered.
pub(crate) struct Index<'a> {
    files: &'a [LogFile],
    by_name: HashMap<String, Vec<usize>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(files: &'a [LogFile]) -> Index<'a> {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, file) in files.iter().enumerate() {
            by_name.entry(folded_name(&file.key)).or_default().push(at);
        }
        Index { files, by_name }
    }

    /// The files that may be the one listed, and how their places agree. Names end in sixteen random characters, so
    /// that a file that was taken out of its folders is found as well.
    fn find(&self, listed: &ListedLog) -> Vec<(usize, PlaceFit)> {
        let named = self.by_name.get(&folded_name(&listed.s3_object)).map(Vec::as_slice).unwrap_or_default();
        let fit = |at: usize| {
            let file = self.files.get(at)?;
            Some((at, file.whereabouts.fit(&file.key, &listed.s3_bucket, &listed.s3_object)))
        };
        let fits = named.iter().filter_map(|&at| fit(at));
        fits.filter(|(_, fit)| !matches!(fit, PlaceFit::Elsewhere | PlaceFit::Unknown)).collect()
    }
}

/// Checks every listed log file, then every other one.
pub(crate) fn check(
    index: &Index<'_>,
    digests: &[(&Collected, &DigestVerdict)],
    intervals: &[DigestVerdict],
    why_absent: &dyn Fn(&str, &str) -> Option<String>,
) -> Vec<LogVerdict> {
    let mut verdicts = Vec::new();
    // Several digests may list a file; the best word counts.
    let mut seen: HashMap<usize, usize> = HashMap::new();
    for (collected, digest) in digests {
        let Some(parsed) = collected.read() else { continue };
        for listed in &parsed.log_files {
            let found = index.find(listed);
            if found.is_empty() {
                verdicts.push(absent(listed, digest, why_absent(&listed.s3_bucket, &listed.s3_object)));
            }
            for (at, fit) in found {
                let Some(file) = index.files.get(at) else { continue };
                let mut verdict = compare(file, listed, digest);
                if let Some(remark) = fit.remark() {
                    verdict.flagged |= verdict.verdict == Verdict::Verified;
                    verdict.proven &= fit == PlaceFit::AsFiled;
                    verdict.remark(remark);
                }
                match seen.get(&at).and_then(|&place| verdicts.get_mut(place)) {
                    Some(before) => {
                        let better = verdict.verdict == Verdict::Verified && before.verdict != Verdict::Verified;
                        let again = before.digest != verdict.digest;
                        if better {
                            std::mem::swap(before, &mut verdict);
                        }
                        if again && !before.reason.contains("listed by several") {
                            before.remark("listed by several digests");
                        }
                    }
                    None => {
                        seen.insert(at, verdicts.len());
                        verdicts.push(verdict);
                    }
                }
            }
        }
    }
    let cover = Cover::new(digests, intervals);
    for (at, file) in index.files.iter().enumerate() {
        if !seen.contains_key(&at) {
            verdicts.push(cover.unlisted(file));
        }
    }
    verdicts
}

impl LogVerdict {
    fn remark(&mut self, text: &str) {
        if !self.reason.is_empty() {
            self.reason.push_str("; ");
        }
        self.reason.push_str(text);
    }
}

fn row(key: &str, file: Option<&LogFile>) -> LogVerdict {
    let told = ObjectKey::parse(key);
    LogVerdict {
        object: file.map(|file| file.object.clone()),
        bucket: None,
        key: key.to_owned(),
        account: told.account,
        region: told.region,
        delivered: told.delivery_time,
        digest: None,
        listed: None,
        found: file.and_then(|file| file.content.iter().next()).map(|content| content.sha256.clone()),
        verdict: Verdict::NotCheckable,
        state: LogState::Uncovered,
        reason: String::new(),
        flagged: false,
        proven: true,
    }
}

fn listed_row(listed: &ListedLog, digest: &DigestVerdict, file: Option<&LogFile>) -> LogVerdict {
    LogVerdict {
        bucket: Some(listed.s3_bucket.clone()),
        digest: digest.object.clone(),
        listed: Some(listed.hash_value.clone()),
        ..row(&listed.s3_object, file)
    }
}

fn absent(listed: &ListedLog, digest: &DigestVerdict, why: Option<String>) -> LogVerdict {
    let (verdict, state, reason) = match (why, digest.verdict) {
        (Some(why), _) => (Verdict::NotCheckable, LogState::Unreadable, format!("it could not be collected: {why}")),
        (None, Verdict::Verified) => {
            (Verdict::Contradicted, LogState::Missing, "missing: a verified digest lists it".to_owned())
        }
        (None, _) => {
            let reason = format!("missing; the digest that lists it is {}", digest.verdict.name());
            (Verdict::NotCheckable, LogState::Missing, reason)
        }
    };
    LogVerdict { verdict, state, reason, ..listed_row(listed, digest, None) }
}

/// A file against the word of a digest.
fn compare(file: &LogFile, listed: &ListedLog, digest: &DigestVerdict) -> LogVerdict {
    let base = listed_row(listed, digest, Some(file));
    let content = match &file.content {
        Ok(content) => content,
        Err(why) => {
            let reason = format!("it cannot be read: {why}");
            return LogVerdict { verdict: Verdict::NotCheckable, state: LogState::Unreadable, reason, ..base };
        }
    };
    if digest.verdict == Verdict::Contradicted {
        let reason = format!("the digest that lists it is contradicted ({})", digest.state.name());
        return LogVerdict { verdict: Verdict::NotCheckable, state: LogState::DigestNotVerified, reason, ..base };
    }
    let same = content.sha256.eq_ignore_ascii_case(listed.hash_value.trim());
    let (mut verdict, mut state, mut reason, mut flagged) = match (&content.container, same) {
        (Container::Appended(what), _) => {
            let reason = format!("appended data: {what}; digests are about files of one gzip member");
            (Verdict::Contradicted, LogState::Appended, reason, false)
        }
        (_, _) if listed.hash_algorithm != "SHA-256" => {
            let reason = format!("the digest's hash algorithm is `{}`", listed.hash_algorithm);
            (Verdict::NotCheckable, LogState::DigestNotVerified, reason, false)
        }
        (Container::Damaged(what), true) => {
            (Verdict::Verified, LogState::Sound, format!("container damaged: {what}"), true)
        }
        (Container::Repacked(how), true) => (Verdict::Verified, LogState::Sound, how.clone(), true),
        (Container::Sound, true) => (Verdict::Verified, LogState::Sound, String::new(), false),
        (Container::Damaged(what), false) => {
            let reason = format!("hash value doesn't match: {what}");
            (Verdict::Contradicted, LogState::Altered, reason, false)
        }
        (_, false) => (Verdict::Contradicted, LogState::Altered, "hash value doesn't match".to_owned(), false),
    };
    if verdict == Verdict::Verified && digest.verdict == Verdict::NotCheckable {
        (verdict, state, flagged) = (Verdict::NotCheckable, LogState::DigestNotVerified, false);
        reason = format!("its hash is the listed one, but the digest is not checkable ({})", digest.state.name());
    }
    LogVerdict { verdict, state, reason, flagged, proven: !flagged, ..base }
}

/// Which time the digests of a bucket, account and region cover.
struct Cover<'a> {
    units: BTreeMap<UnitName, UnitCover<'a>>,
}

#[derive(Default)]
struct UnitCover<'a> {
    chains: BTreeSet<&'a Chain>,
    /// Begin, end, verdict; by end.
    digests: Vec<(i64, i64, &'a DigestVerdict)>,
    intervals: Vec<&'a DigestVerdict>,
    first: i64,
    last: i64,
}

/// What tells whose digests would list a file: what stands up to `AWSLogs/`, the account, the region.
pub(super) type UnitName = (String, String, String);

pub(super) fn unit_of(key: &str, s3: Option<&S3Place>) -> UnitName {
    let told = ObjectKey::parse(key);
    let prefix = match s3 {
        Some(place) => format!("{}/{}", place.bucket, awslogs_prefix(&place.key).unwrap_or_default()),
        None => awslogs_prefix(key).unwrap_or_default().to_owned(),
    };
    (prefix, told.account.unwrap_or_default(), told.region.unwrap_or_default())
}

impl<'a> Cover<'a> {
    fn new(digests: &[(&'a Collected, &'a DigestVerdict)], intervals: &'a [DigestVerdict]) -> Cover<'a> {
        let mut units: BTreeMap<UnitName, UnitCover<'a>> = BTreeMap::new();
        for (collected, digest) in digests {
            if let Some((start, end)) = digest.start.zip(digest.end) {
                let unit = units.entry(unit_of(&collected.key, collected.whereabouts.s3())).or_default();
                unit.digests.push((start, end, digest));
                unit.chains.extend(digest.chain.as_ref());
            }
        }
        for unit in units.values_mut() {
            unit.digests.sort_by_key(|(start, end, _)| (*end, *start));
            unit.first = unit.digests.iter().map(|(start, ..)| *start).min().unwrap_or_default();
            unit.last = unit.digests.last().map(|(_, end, _)| *end).unwrap_or_default();
            let ours =
                |interval: &&DigestVerdict| interval.chain.as_ref().is_some_and(|chain| unit.chains.contains(chain));
            unit.intervals = intervals.iter().filter(ours).collect();
        }
        Cover { units }
    }

    fn unlisted(&self, file: &LogFile) -> LogVerdict {
        let base = row(&file.key, Some(file));
        if file.kind == LogKind::NotListed {
            let reason = "digests do not list log files of this kind (insights, aggregated, network activity)";
            return LogVerdict { state: LogState::Uncovered, reason: reason.to_owned(), ..base };
        }
        let unsure = |reason: &str| (Verdict::NotCheckable, reason.to_owned());
        let unit = self.units.get(&unit_of(&file.key, file.whereabouts.s3()));
        let (verdict, reason) = match (unit, base.delivered) {
            (None, _) if self.units.is_empty() => unsure("uncovered: there is no digest"),
            (None, _) => unsure("uncovered: there is no digest of this bucket, account and region"),
            (_, None) => unsure("uncovered: no digest lists it, and its name does not tell when it was delivered"),
            (Some(unit), Some(delivered)) => unit.uncovered(delivered.div_euclid(1_000_000)),
        };
        LogVerdict { verdict, reason, ..base }
    }
}

impl UnitCover<'_> {
    /// About a file that was delivered at this second and that no digest lists.
    fn uncovered(&self, delivered: i64) -> (Verdict, String) {
        let around = (delivered - SLACK)..=(delivered + SLACK + 60);
        for interval in &self.intervals {
            let (Some(start), Some(end)) = (interval.start, interval.end) else { continue };
            if start <= *around.end() && end >= *around.start() {
                let reason =
                    format!("uncovered: it was delivered in an interval without digest ({})", interval.state.name());
                return (Verdict::NotCheckable, reason);
            }
        }
        let (first, last) = (self.first, self.last);
        if delivered < first + SLACK {
            return (Verdict::NotCheckable, "uncovered: it was delivered before the first digest".to_owned());
        }
        if delivered + SLACK >= last {
            // The file itself may be what CloudTrail delivered; what is missing are the digests (see `cover`).
            return (Verdict::NotCheckable, "uncovered: it was delivered after the last digest".to_owned());
        }
        let from = self.digests.partition_point(|(_, end, _)| end < around.start());
        let near = self.digests.iter().skip(from).take_while(|(start, ..)| start <= around.end());
        let near: Vec<_> = near.collect();
        if let Some((.., other)) = near.iter().find(|(.., digest)| digest.verdict != Verdict::Verified) {
            let reason =
                format!("uncovered: the digest of its hour is {} ({})", other.verdict.name(), other.state.name());
            return (Verdict::NotCheckable, reason);
        }
        if near.is_empty() {
            return (Verdict::NotCheckable, "uncovered: there is no digest of its hour".to_owned());
        }
        (
            Verdict::Contradicted,
            "uncovered: the digests of its hour are verified, and none lists it: it was put there by another"
                .to_owned(),
        )
    }
}
