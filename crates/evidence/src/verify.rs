//! Verification: every object against the manifest, and CloudTrail's digests and log files against each other.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::absent::{self, Absent};
use crate::add::Progress;
use crate::case::Case;
use crate::digest::{
    Collected, Container, Content, Covered, DigestVerdict, KeyProblem, KeyRing, LogFile, LogIndex, LogKind, LogVerdict,
    Unit, Verdict, Whereabouts, check_chains, check_logs, cover, decode, folded_name, is_digest_key, is_filed_below,
    log_kind,
};
use crate::error::Result;
use crate::hash::Hasher;
use crate::kept_keys;
use crate::manifest::{Entry, Location, Manifest};
use crate::open::{Limits, Opened, hash_stored, open, open_bytes, read_stored};
use crate::sidecar;

/// Up to this size an object is read at once.
const IN_MEMORY: u64 = 64 << 20;
/// How many objects are read before what was found in them is looked at.
const TOGETHER: usize = 4096;
/// A digest file is not larger, inflated.
const DIGEST_MAX: u64 = 64 << 20;

/// How to verify.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Files with CloudTrail's public keys, besides those that were saved with the case.
    pub keys: Vec<PathBuf>,
    /// The time asked for, in seconds since 1970.
    pub from: Option<i64>,
    /// The time asked for, in seconds since 1970.
    pub to: Option<i64>,
    /// What may come out of an object.
    pub limits: Limits,
}

/// What was found out.
pub struct Verification {
    /// How many objects were read and have the hash of the manifest.
    pub objects_verified: u64,
    /// Objects whose bytes are not those that were collected: id, key, what was found.
    pub objects_altered: Vec<(String, String, String)>,
    /// Objects that cannot be read: id, key, why.
    pub objects_unreadable: Vec<(String, String, String)>,
    /// Members of archives that could not be taken out of them, and archives that may have more members than are
    /// known: id, key, why. There was never a content to be checked.
    pub objects_unread: Vec<(String, String, String)>,
    /// Digests, and times without one.
    pub digests: Vec<DigestVerdict>,
    /// Log files.
    pub logs: Vec<LogVerdict>,
    /// What of the time asked for is proven.
    pub units: Vec<Unit>,
    /// How many public keys there were.
    pub keys: usize,
    /// Entries of key files that were not taken.
    pub key_problems: Vec<(String, String)>,
}

impl Verification {
    /// Is anything not what it was?
    pub fn is_contradicted(&self) -> bool {
        !self.objects_altered.is_empty()
            || self.digests.iter().any(|digest| digest.verdict == Verdict::Contradicted)
            || self.logs.iter().any(|log| log.verdict == Verdict::Contradicted)
    }

    /// Is there CloudTrail in the evidence of which nothing at all could be proven?
    pub fn is_unproven(&self) -> bool {
        let speaks = !self.digests.is_empty() || !self.logs.is_empty();
        speaks && !self.digests.iter().any(|digest| digest.verdict == Verdict::Verified)
    }

    /// Is there something that could not be checked, or that a person should look at?
    pub fn has_gaps(&self) -> bool {
        !self.objects_unreadable.is_empty()
            || !self.objects_unread.is_empty()
            || self.digests.iter().any(|digest| digest.verdict != Verdict::Verified || !digest.proven)
            || self.logs.iter().any(|log| log.verdict != Verdict::Verified || !log.proven)
            || !self.key_problems.is_empty()
    }
}

/// Verifies everything in the evidence.
pub fn verify(case: &Case, options: &VerifyOptions, progress: &dyn Progress) -> Result<Verification> {
    let keys = key_ring(case, options)?;
    let manifest = Manifest::load(case)?;
    let mut found = Verification {
        objects_verified: 0,
        objects_altered: Vec::new(),
        objects_unreadable: Vec::new(),
        objects_unread: Vec::new(),
        digests: Vec::new(),
        logs: Vec::new(),
        units: Vec::new(),
        keys: keys.len(),
        key_problems: keys.problems.iter().map(|(file, problem)| (file.clone(), problem.to_string())).collect(),
    };
    let (mut digests, mut files) = inspect_all(case, &manifest, options, progress, &mut found)?;
    found.objects_unreadable.extend(broken_sidecars(&manifest)?);
    let absent = AbsentIndex::new(absent::load(case)?);
    let why_absent = |bucket: &str, key: &str| absent.why(bucket, key);
    let within = |digest: &Collected| {
        let hours = digest.read().and_then(crate::digest::Digest::hours);
        hours.is_none_or(|(start, end)| {
            options.from.is_none_or(|from| end > from) && options.to.is_none_or(|to| start < to)
        })
    };
    digests.retain(within);
    let chains = check_chains(&digests, &keys, &why_absent);
    let pairs: Vec<(&Collected, &DigestVerdict)> = digests.iter().zip(&chains.digests).collect();
    let mut logs = check_logs(&LogIndex::new(&files), &pairs, &chains.absent, &why_absent);
    // What a digest of the period lists counts, whenever it was delivered; of all others only what was delivered then.
    let in_period = |micros: Option<i64>| {
        micros
            .map(|time| time.div_euclid(1_000_000))
            .is_none_or(|time| options.from.is_none_or(|from| time >= from) && options.to.is_none_or(|to| time < to))
    };
    logs.retain(|log| log.digest.is_some() || in_period(log.delivered));
    files.retain(|file: &LogFile| in_period(crate::ObjectKey::parse(&file.key).delivery_time));
    let Covered { units, ends } = cover(&digests, &chains, &files, &logs, (options.from, options.to), &why_absent);
    found.digests = chains.digests;
    found.digests.extend(chains.absent);
    found.digests.extend(ends);
    (found.logs, found.units) = (logs, units);
    Ok(found)
}

/// Reads every object, some at a time; what counts for the checks of CloudTrail.
fn inspect_all(
    case: &Case,
    manifest: &Manifest,
    options: &VerifyOptions,
    progress: &dyn Progress,
    found: &mut Verification,
) -> Result<(Vec<Collected>, Vec<LogFile>)> {
    progress.start(manifest.len() as u64, manifest.bytes());
    let (mut digests, mut files) = (Vec::new(), Vec::new());
    let mut waiting = manifest.entries();
    loop {
        let entries = waiting.by_ref().take(TOGETHER).collect::<Result<Vec<Entry>>>()?;
        if entries.is_empty() {
            return Ok((digests, files));
        }
        let inspected: Vec<Inspected> = entries
            .par_iter()
            .map(|entry| {
                let inspected = inspect(case, entry, &options.limits);
                progress.object(entry.size);
                inspected
            })
            .collect();
        for (entry, inspected) in entries.iter().zip(inspected) {
            if entry.is_unread() || entry.lacks_members() {
                let why = entry.damage.clone().unwrap_or_default();
                found.objects_unread.push((entry.object.clone(), entry.key.clone(), why));
            }
            match inspected.stored {
                Ok(true) => found.objects_verified += 1,
                Ok(false) => found.objects_altered.push((entry.object.clone(), entry.key.clone(), inspected.found)),
                Err(why) => {
                    let gone = matches!(entry.location, Location::Stored)
                        && fs_err::symlink_metadata(case.object_path(&entry.sha256)).is_err();
                    let why = if gone { format!("it was collected, and is not there any more: {why}") } else { why };
                    found.objects_unreadable.push((entry.object.clone(), entry.key.clone(), why));
                }
            }
            match inspected.part {
                Part::Digest(digest) => digests.push(*digest),
                Part::Log(kind, content) => files.push(log_file(entry, kind, content)),
                Part::Other => {}
            }
        }
    }
}

/// Files that stand beside an object as its metadata, but are none: a signature may be lost in them.
fn broken_sidecars(manifest: &Manifest) -> Result<Vec<(String, String, String)>> {
    let mut named = Vec::new();
    for entry in manifest.entries() {
        let entry = entry?;
        if entry.key.ends_with(sidecar::SUFFIX) {
            named.push((entry.object, entry.key));
        }
    }
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let about: HashSet<&str> = named.iter().filter_map(|(_, key)| key.strip_suffix(sidecar::SUFFIX)).collect();
    let mut keys = HashSet::new();
    for entry in manifest.entries() {
        let key = entry?.key;
        if about.contains(key.as_str()) {
            keys.insert(key);
        }
    }
    // Metadata has no metadata, so these ask for nothing else than what was looked for.
    let broken = named.iter().filter(|(_, key)| sidecar::of(key, |key| keys.contains(key)).is_some());
    let why = "it stands beside an object as its metadata, but is no JSON object";
    Ok(broken.map(|(object, key)| (object.clone(), key.clone(), why.to_owned())).collect())
}

fn key_ring(case: &Case, options: &VerifyOptions) -> Result<KeyRing> {
    let mut keys = KeyRing::default();
    for path in &options.keys {
        keys.add_file(path)?;
    }
    for file in kept_keys::kept(case)? {
        if file.changed {
            keys.problems.push((file.path.display().to_string(), KeyProblem::Changed));
        } else {
            keys.add_file(&file.path)?;
        }
    }
    Ok(keys)
}

fn log_file(entry: &Entry, kind: LogKind, content: Result<Content, String>) -> LogFile {
    // The folder that was added held the folder `CloudTrail`, and so would have held its neighbour `CloudTrail-Digest`.
    let below = entry.key.split_once('/').map_or("", |(_, below)| below);
    let whole_tree = below.starts_with("CloudTrail/") || below.contains("/CloudTrail/");
    let whereabouts = Whereabouts::of(entry);
    LogFile {
        object: entry.object.clone(),
        key: entry.key.clone(),
        kind,
        asserted: matches!(whereabouts, Whereabouts::Said(_)) && whole_tree,
        whereabouts,
        content,
    }
}

struct Inspected {
    /// Does it have the hash of the manifest? Or why it cannot be read.
    stored: Result<bool, String>,
    /// The hash that it has.
    found: String,
    part: Part,
}

/// What an object is in the checks of CloudTrail.
enum Part {
    Digest(Box<Collected>),
    Log(LogKind, Result<Content, String>),
    Other,
}

fn inspect(case: &Case, entry: &Entry, limits: &Limits) -> Inspected {
    let log = log_kind(&entry.key);
    let read = || -> Result<(String, Opened)> {
        if entry.size <= IN_MEMORY {
            let bytes = read_stored(case, entry, IN_MEMORY)?;
            let found = crate::hash::sha256(&bytes);
            let opened = if entry.is_unread() { open(case, entry, limits)? } else { open_bytes(bytes, limits) };
            return Ok((found, opened));
        }
        Ok((hash_stored(case, entry)?, open(case, entry, limits)?))
    };
    let (found, opened) = match read() {
        Ok(both) => both,
        Err(error) => {
            let why = error.to_string();
            let part = log.map_or(Part::Other, |kind| Part::Log(kind, Err(why.clone())));
            return Inspected { stored: Err(why), found: String::new(), part };
        }
    };
    let stored = Ok(found == entry.sha256);
    let part = match (entry.is_archive(), log) {
        (true, _) => Part::Other,
        (false, Some(kind)) if entry.is_unread() => Part::Log(kind, Err(entry.damage.clone().unwrap_or_default())),
        (false, Some(kind)) => Part::Log(kind, content(opened, &mut |_| {}).map_err(|error| error.to_string())),
        (false, None) => digest(entry, opened),
    };
    Inspected { stored, found, part }
}

/// Hashes what comes out of an object, and shows it.
fn content(mut opened: Opened, look: &mut dyn FnMut(&[u8])) -> std::io::Result<Content> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let got = opened.read(&mut buffer)?;
        let bytes = buffer.get(..got).unwrap_or_default();
        if got == 0 {
            break;
        }
        hasher.update(bytes);
        look(bytes);
    }
    let facts = opened.facts();
    Ok(Content::new(hasher.finish(), &facts))
}

/// A digest tells itself by its name, or, when it was renamed, by its first members.
fn digest(entry: &Entry, mut opened: Opened) -> Part {
    let named = is_digest_key(&entry.key);
    let head = match opened.peek(1024) {
        Ok(head) => head,
        Err(_memory_does_not_fail) => return Part::Other,
    };
    let looks = head.windows(16).any(|window| window == b"\"digestS3Object\"" || window == b"\"digestStartTime")
        && head.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    if !(named || looks) || entry.inflated_size > DIGEST_MAX {
        return Part::Other;
    }
    let mut text = Vec::new();
    let content = match content(opened, &mut |bytes| text.extend_from_slice(bytes)) {
        Ok(content) => content,
        Err(_memory_does_not_fail) => return Part::Other,
    };
    let collected = Collected {
        object: entry.object.clone(),
        key: entry.key.clone(),
        whereabouts: Whereabouts::of(entry),
        metadata: entry.metadata.clone(),
        digest: decode(&text, matches!(content.container, Container::Appended(_))),
        content,
    };
    Part::Digest(Box::new(collected))
}

/// What could not be collected, by the names of the files.
struct AbsentIndex(HashMap<String, Vec<Absent>>);

impl AbsentIndex {
    fn new(all: Vec<Absent>) -> AbsentIndex {
        let mut by_name: HashMap<String, Vec<Absent>> = HashMap::new();
        for one in all {
            let key = one.s3.as_ref().map_or(one.origin.as_str(), |place| place.key.as_str());
            by_name.entry(folded_name(key)).or_default().push(one);
        }
        AbsentIndex(by_name)
    }

    fn why(&self, bucket: &str, key: &str) -> Option<String> {
        let named = self.0.get(&folded_name(key))?;
        let fits = |one: &&Absent| match &one.s3 {
            Some(place) => place.bucket == bucket && place.key == key,
            None => is_filed_below(key, &one.origin),
        };
        // A delete marker or a key that is gone is no reason: it is what is to be found.
        let reason = named.iter().rev().filter(|one| one.reason != "vanished" && one.reason != "delete_marker");
        reason.clone().find(fits).map(|one| format!("{}: {}", one.reason, one.message))
    }
}
