//! The digests of a chain against each other and against the keys: what each is, and where one is missing.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::Verdict;
use super::filed::{PlaceFit, Whereabouts};
use super::keys::{Checked, KeyRing};
use super::logs::{Container, Content};
use super::parse::Digest;
use super::place::{Chain, Kind, chain_of};
use super::walk::Walk;

const ALGORITHM: &str = "SHA256withRSA";

/// Seconds since 1970 of an instant in RFC 3339.
fn seconds(text: &str) -> Option<i64> {
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => Some(time.as_second()),
        Err(_no_time) => None,
    }
}

/// Where the signature of a digest was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// In the metadata of the object.
    Metadata,
    /// In the digest that follows it.
    Successor,
    /// In both, and they are the same.
    Both,
    /// Nowhere.
    Nowhere,
}

impl Signed {
    /// As it is written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Signed::Metadata => "metadata",
            Signed::Successor => "successor",
            Signed::Both => "metadata and successor",
            Signed::Nowhere => "none",
        }
    }
}

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $( $(#[doc = $doc:literal])* $variant:ident = $text:literal, )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[doc = $doc])* $variant, )* }
        impl $name {
            /// As it is written in tables.
            pub fn name(self) -> &'static str {
                match self { $( $name::$variant => $text, )* }
            }
        }
    };
}
pub(super) use states;

states! {
    /// What a digest is, in a word.
    DigestState {
        /// Signed, linked, where it belongs.
        Sound = "sound",
        /// No digest at all, or one with members that stand twice, lack, or have another type.
        Malformed = "malformed",
        /// Something follows after the end of its compressed data.
        Appended = "appended",
        /// It is signed for another place.
        Moved = "moved",
        /// Signature and content do not belong together.
        BadSignature = "bad signature",
        /// The digest that follows names another content.
        Replaced = "replaced",
        /// Another digest stands in the chain in its place.
        Fork = "fork",
        /// Neither its metadata nor a following digest has its signature.
        Unsigned = "unsigned",
        /// The public key is not there.
        NoKey = "key missing",
        /// Another digest names it, and it is not there.
        Missing = "missing",
        /// An interval without digests: a new chain begins after it.
        Gap = "gap",
        /// An interval that two linked digests leave out.
        Discontinuity = "discontinuity",
        /// An interval before the first or after the last digest.
        Uncovered = "uncovered",
    }
}

/// What was found out about a digest, or about an interval for which there is none.
#[derive(Debug, Clone)]
pub struct DigestVerdict {
    /// The collected object; none for what is not there.
    pub object: Option<String>,
    /// Where it was delivered.
    pub bucket: Option<String>,
    /// Where it was delivered.
    pub key: Option<String>,
    /// Its chain, if its key tells.
    pub chain: Option<Chain>,
    /// Seconds since 1970.
    pub start: Option<i64>,
    /// Seconds since 1970.
    pub end: Option<i64>,
    /// Names the public key.
    pub fingerprint: Option<String>,
    /// Of the inflated bytes.
    pub sha256: Option<String>,
    /// Where its signature was found.
    pub signed: Signed,
    /// What the check came to.
    pub verdict: Verdict,
    /// In a word.
    pub state: DigestState,
    /// Why, in words.
    pub reason: String,
    /// Is there something about it that a person should look at, although its content is verified?
    pub flagged: bool,
    /// If it is verified: without any doubt? A flag about nothing but how a file system names files leaves none.
    pub proven: bool,
    /// How many log files it lists.
    pub listed: u64,
}

/// A collected digest file, read.
pub(crate) struct Collected {
    pub(crate) object: String,
    /// The key of the object.
    pub(crate) key: String,
    pub(crate) whereabouts: Whereabouts,
    pub(crate) metadata: Option<Value>,
    pub(crate) content: Content,
    pub(crate) digest: Result<Digest, String>,
}

/// Bucket and key that a digest was delivered to, as it says itself.
pub(super) type DeliveredTo = (String, String);

impl Collected {
    /// The digest; what is none has its verdict already.
    pub(crate) fn read(&self) -> Option<&Digest> {
        self.digest.as_ref().ok()
    }

    pub(super) fn place(&self) -> Option<DeliveredTo> {
        self.read().map(|digest| (digest.bucket.clone(), digest.key.clone()))
    }

    pub(super) fn previous(&self) -> Option<DeliveredTo> {
        let digest = self.read()?;
        digest.previous_bucket.clone().zip(digest.previous_key.clone())
    }

    fn metadata_text(&self, name: &str) -> Option<&str> {
        let user = self.metadata.as_ref()?.get("Metadata")?.as_object()?;
        user.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    }
}

/// What was found, with its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Note,
    /// To be flagged, though it takes nothing from the proof.
    Remark,
    Flag,
    Unknown,
    Wrong,
}

#[derive(Default)]
pub(super) struct Findings(Vec<(Weight, DigestState, String)>);

impl Findings {
    pub(super) fn add(&mut self, weight: Weight, state: DigestState, text: impl Into<String>) {
        self.0.push((weight, state, text.into()));
    }

    pub(super) fn worst(&self) -> Weight {
        self.0.iter().map(|(weight, ..)| *weight).max().unwrap_or(Weight::Note)
    }
}

/// Every digest with its verdict, in the order given, then the intervals that have none.
pub(crate) struct Chains {
    /// One for each collected digest.
    pub(crate) digests: Vec<DigestVerdict>,
    /// Missing digests, gaps and discontinuities.
    pub(crate) absent: Vec<DigestVerdict>,
    /// The digest that a chain begins with names one before it that is not there: chain, begin, and that one's place.
    pub(crate) open_heads: Vec<(Chain, i64, DeliveredTo)>,
}

/// Checks all digests. `why_absent` knows why an object could not be collected, if that was noted.
pub(crate) fn check(all: &[Collected], keys: &KeyRing, why_absent: &dyn Fn(&str, &str) -> Option<String>) -> Chains {
    let mut by_place: HashMap<DeliveredTo, Vec<usize>> = HashMap::new();
    let mut successors: HashMap<DeliveredTo, Vec<usize>> = HashMap::new();
    for (at, one) in all.iter().enumerate() {
        if let Some(place) = one.place() {
            by_place.entry(place).or_default().push(at);
        }
        if let Some(place) = one.previous() {
            successors.entry(place).or_default().push(at);
        }
    }
    let checker = Checker { all, keys, successors: &successors };
    let own: Vec<Own> = all.iter().map(|one| checker.own(one)).collect();
    let mut findings: Vec<Findings> = (0..all.len()).map(|at| checker.findings(at, &own)).collect();
    let mut chains: BTreeMap<Chain, Vec<usize>> = BTreeMap::new();
    for (at, one) in all.iter().enumerate() {
        if let Some(chain) = one.place().and_then(|(_, key)| chain_of(&key)) {
            chains.entry(chain).or_default().push(at);
        }
    }
    let mut absent = Vec::new();
    let mut open_heads = Vec::new();
    for (chain, members) in &chains {
        let mut walk = Walk { all, by_place: &by_place, findings: &mut findings, why_absent, chain };
        walk.walk(members, &mut absent, &mut open_heads);
    }
    let sound = |at: usize| findings.get(at).is_some_and(|found| found.worst() < Weight::Unknown);
    absent.retain(|row| !is_backfilled(row, &chains, all, &sound));
    let digests = all.iter().zip(findings).zip(&own).map(|((one, found), own)| verdict(one, found, own)).collect();
    Chains { digests, absent, open_heads }
}

/// Is a time without digests in one of the two chains of a trail covered by verified ones of the other?
fn is_backfilled(
    row: &DigestVerdict,
    chains: &BTreeMap<Chain, Vec<usize>>,
    all: &[Collected],
    sound: &dyn Fn(usize) -> bool,
) -> bool {
    let gap = matches!(row.state, DigestState::Gap | DigestState::Discontinuity);
    let (Some(chain), Some((mut from, to)), true) = (&row.chain, row.start.zip(row.end), gap) else { return false };
    let kind = if chain.kind == Kind::Standard { Kind::Backfill } else { Kind::Standard };
    let other = chains.get(&Chain { kind, ..chain.clone() }).map(Vec::as_slice).unwrap_or_default();
    let hours = other.iter().filter(|at| sound(**at)).filter_map(|&at| all.get(at)?.read()?.hours());
    let mut hours: Vec<(i64, i64)> = hours.collect();
    hours.sort_unstable();
    for (start, end) in hours {
        if start <= from {
            from = from.max(end);
        }
    }
    from >= to
}

fn verdict(one: &Collected, found: Findings, own: &Own) -> DigestVerdict {
    let worst = found.worst();
    let state = found.0.iter().find(|(weight, ..)| *weight == worst).map_or(DigestState::Sound, |(_, state, _)| *state);
    let (verdict, state) = match worst {
        Weight::Wrong => (Verdict::Contradicted, state),
        Weight::Unknown => (Verdict::NotCheckable, state),
        Weight::Note | Weight::Remark | Weight::Flag => (Verdict::Verified, DigestState::Sound),
    };
    let mut texts: Vec<&(Weight, DigestState, String)> = found.0.iter().collect();
    texts.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
    let reason = texts.iter().map(|(.., text)| text.as_str()).collect::<Vec<_>>().join("; ");
    let has = |wanted: Weight| found.0.iter().any(|(weight, ..)| *weight == wanted);
    let digest = one.read();
    let hours = digest.and_then(Digest::hours);
    DigestVerdict {
        object: Some(one.object.clone()),
        bucket: digest.map(|d| d.bucket.clone()).or_else(|| one.whereabouts.s3().map(|place| place.bucket.clone())),
        key: digest.map(|d| d.key.clone()).or_else(|| Some(one.key.clone())),
        chain: chain_of(digest.map_or(one.key.as_str(), |d| d.key.as_str())),
        start: hours.map(|(start, _)| start),
        end: hours.map(|(_, end)| end),
        fingerprint: digest.map(|d| d.digest_public_key_fingerprint.clone()),
        sha256: Some(one.content.sha256.clone()),
        signed: own.signed,
        verdict,
        state,
        reason,
        flagged: has(Weight::Flag) || has(Weight::Remark),
        proven: !has(Weight::Flag),
        listed: digest.map_or(0, |d| d.log_files.len() as u64),
    }
}

/// What a digest's own signatures say.
struct Own {
    signed: Signed,
    metadata: Option<Checked>,
    successor: Option<Checked>,
    not_hex: bool,
    differ: bool,
}

impl Own {
    fn is_valid(&self) -> bool {
        self.metadata == Some(Checked::Valid) || (self.metadata.is_none() && self.successor == Some(Checked::Valid))
    }
}

struct Checker<'a> {
    all: &'a [Collected],
    keys: &'a KeyRing,
    successors: &'a HashMap<DeliveredTo, Vec<usize>>,
}

impl Checker<'_> {
    fn followers(&self, one: &Collected) -> impl Iterator<Item = (usize, &Digest)> {
        let at = one.place().and_then(|place| self.successors.get(&place)).map(Vec::as_slice).unwrap_or_default();
        at.iter().filter_map(|&at| Some((at, self.all.get(at)?.read()?)))
    }

    fn own(&self, one: &Collected) -> Own {
        let Ok(digest) = &one.digest else {
            return Own { signed: Signed::Nowhere, metadata: None, successor: None, not_hex: false, differ: false };
        };
        let message = digest.string_to_sign(&one.content.sha256);
        let check = |text: &str| match hex::decode(text.trim()) {
            Ok(signature) => self.keys.check(&digest.digest_public_key_fingerprint, &message, &signature),
            Err(_no_hex) => Checked::Invalid,
        };
        let metadata = one.metadata_text("signature");
        let mut following = self
            .followers(one)
            .filter(|(_, next)| next.previous_hash.as_deref() == Some(one.content.sha256.as_str()))
            .filter_map(|(_, next)| next.previous_digest_signature.as_deref());
        let successor = following.next();
        let same = metadata.zip(successor).map(|(a, b)| a.trim().eq_ignore_ascii_case(b.trim()));
        Own {
            signed: match (metadata, successor) {
                (Some(_), Some(_)) if same == Some(true) => Signed::Both,
                (Some(_), _) => Signed::Metadata,
                (None, Some(_)) => Signed::Successor,
                (None, None) => Signed::Nowhere,
            },
            metadata: metadata.map(check),
            successor: successor.map(check),
            not_hex: metadata.is_some_and(|text| hex::decode(text.trim()).is_err()),
            differ: same == Some(false),
        }
    }

    fn findings(&self, at: usize, own: &[Own]) -> Findings {
        let mut found = Findings::default();
        let (Some(one), Some(mine)) = (self.all.get(at), own.get(at)) else { return found };
        match &one.content.container {
            Container::Sound => {}
            Container::Repacked(how) => found.add(Weight::Flag, DigestState::Sound, how.clone()),
            Container::Appended(what) => {
                found.add(Weight::Wrong, DigestState::Appended, format!("appended data: {what}"));
            }
            Container::Damaged(what) => {
                found.add(Weight::Flag, DigestState::Sound, format!("container damaged: {what}"));
            }
        }
        let digest = match &one.digest {
            Ok(digest) => digest,
            Err(message) => {
                found.add(Weight::Wrong, DigestState::Malformed, format!("invalid format: {message}"));
                return found;
            }
        };
        self.form(one, digest, &mut found);
        self.signature(digest, mine, own, at, &mut found);
        // A signed digest that follows and names another content tells which of the two was changed.
        let names_other = |(next, digest): &(usize, &Digest)| {
            digest.previous_hash.as_deref() != Some(one.content.sha256.as_str())
                && own.get(*next).is_some_and(Own::is_valid)
        };
        if self.followers(one).any(|next| names_other(&next)) {
            let text =
                "replaced or altered: the digest that follows, which is signed, names another content (hash value)";
            found.add(Weight::Wrong, DigestState::Replaced, text);
        }
        found
    }

    fn form(&self, one: &Collected, digest: &Digest, found: &mut Findings) {
        if digest.hours().is_none() {
            found.add(Weight::Wrong, DigestState::Malformed, "invalid format: begin and end are no times in order");
        }
        let fit = one.whereabouts.fit(&one.key, &digest.bucket, &digest.key);
        if fit == PlaceFit::Elsewhere {
            let text = format!("moved: it was delivered to s3://{}/{}", digest.bucket, digest.key);
            found.add(Weight::Wrong, DigestState::Moved, text);
        }
        if let Some(remark) = fit.remark() {
            let weight = if fit == PlaceFit::AsFiled { Weight::Remark } else { Weight::Flag };
            found.add(weight, DigestState::Sound, remark);
        }
        if digest.digest_signature_algorithm != ALGORITHM {
            let text = format!("signature algorithm `{}` instead of {ALGORITHM}", digest.digest_signature_algorithm);
            found.add(Weight::Wrong, DigestState::BadSignature, text);
        }
        if let Some(said) = one.metadata_text("signature-algorithm").filter(|said| *said != ALGORITHM) {
            let text = format!("the metadata says algorithm `{said}`, the signed digest {ALGORITHM}");
            found.add(Weight::Flag, DigestState::Sound, text);
        }
        if chain_of(&digest.key).is_some_and(|chain| chain.account != digest.aws_account_id) {
            found.add(Weight::Flag, DigestState::Sound, "account and key of the digest do not agree");
        }
        if !digest.unknown.is_empty() {
            let names: Vec<&str> = digest.unknown.keys().map(String::as_str).collect();
            found.add(Weight::Note, DigestState::Sound, format!("unknown members: {}", names.join(", ")));
        }
    }

    fn signature(&self, digest: &Digest, mine: &Own, own: &[Own], at: usize, found: &mut Findings) {
        let fingerprint = &digest.digest_public_key_fingerprint;
        let no_key = || format!("public key not found for fingerprint {fingerprint}");
        let one = self.all.get(at);
        let confirmed = one.is_some_and(|one| {
            self.followers(one).any(|(_, next)| next.previous_hash.as_deref() == Some(one.content.sha256.as_str()))
        });
        match (mine.metadata, mine.successor) {
            (Some(Checked::Valid), _) | (None, Some(Checked::Valid)) => {
                // A backfill digest was made, and signed, later than the hour that it is about.
                let backfill = chain_of(&digest.key).is_some_and(|chain| chain.kind == Kind::Backfill);
                let made = match backfill {
                    true => one.and_then(|one| one.metadata_text("backfill-generation-timestamp")).and_then(seconds),
                    false => digest.hours().map(|(_, end)| end),
                };
                let outside = made.is_some_and(|made| !self.keys.is_valid_at(fingerprint, made));
                if outside {
                    let text = "the public key was not valid when the digest was made, by more than two hours";
                    found.add(Weight::Flag, DigestState::Sound, text);
                }
            }
            (Some(_), _) if mine.not_hex => {
                found.add(Weight::Wrong, DigestState::BadSignature, "the signature in the metadata is not hexadecimal");
            }
            (Some(Checked::Invalid), Some(Checked::Valid)) => {
                let text = "signature in the metadata does not fit; the one in the digest that follows does: the metadata was changed";
                found.add(Weight::Wrong, DigestState::BadSignature, text);
            }
            (Some(Checked::Invalid), _) => {
                found.add(Weight::Wrong, DigestState::BadSignature, "signature verification failed (RSA over SHA-256)");
            }
            (Some(Checked::NoKey), _) if mine.differ => {
                let text = "the signature in the metadata is not the one in the digest that follows";
                found.add(Weight::Wrong, DigestState::BadSignature, text);
            }
            (Some(Checked::NoKey), _) | (None, Some(Checked::NoKey)) => {
                let hash = if confirmed { "; the hash in the digest that follows confirms its content" } else { "" };
                found.add(Weight::Unknown, DigestState::NoKey, format!("{}{hash}", no_key()));
            }
            (None, Some(Checked::Invalid)) => {
                let signed = one
                    .is_some_and(|one| self.followers(one).any(|(next, _)| own.get(next).is_some_and(Own::is_valid)));
                let (weight, state) = match signed {
                    true => (Weight::Wrong, DigestState::BadSignature),
                    false => (Weight::Unknown, DigestState::Unsigned),
                };
                found.add(weight, state, "signature verification failed with the signature in the digest that follows");
            }
            (None, None) => {
                let text = "unsigned: no signature in metadata, and no digest follows that carries it";
                found.add(Weight::Unknown, DigestState::Unsigned, text);
            }
        }
    }
}
