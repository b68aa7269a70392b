//! A verifier as small as the tests need it: no times, no coverage.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use flate2::write::GzDecoder;
use md5::Md5;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::forge::{Counts, Store};

type Place = (String, String);

#[derive(Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// The content is there, the trailer is not.
    Damaged,
    Appended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Verified,
    Contradicted,
    NotCheckable,
}

/// What the verifier finds.
pub(super) struct Verdicts {
    pub(super) digests: Counts,
    pub(super) logs: Counts,
    pub(super) uncovered: u64,
    /// Digests that are not what their successor says.
    pub(super) broken_links: BTreeSet<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = text.chars().filter_map(|c| alphabet.find(c)).map(|digit| digit as u32).collect();
    let group = |group: &[u32]| {
        let bits = group.iter().fold(0, |sum, digit| sum << 6 | digit) << (6 * (4 - group.len()));
        bits.to_be_bytes()[1..group.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}

fn keys(store: &Store) -> BTreeMap<String, RsaPublicKey> {
    let list: Value = serde_json::from_slice(&store.keys).unwrap();
    let keys = list["PublicKeyList"].as_array().unwrap().iter().filter_map(|key| {
        let der = base64(key["Value"].as_str().unwrap());
        let claimed = key["Fingerprint"].as_str().unwrap();
        let read = RsaPublicKey::from_pkcs1_der(&der).or_else(|_| RsaPublicKey::from_public_key_der(&der));
        (hex(&Md5::digest(&der)) == claimed).then(|| (claimed.to_owned(), read.unwrap()))
    });
    keys.collect()
}

fn decode(bytes: &[u8]) -> (Vec<u8>, State) {
    if !bytes.starts_with(b"\x1f\x8b") {
        return (bytes.to_vec(), State::Whole);
    }
    let mut decoder = GzDecoder::new(Vec::new());
    let appended = decoder.write_all(bytes).is_err();
    let whole = decoder.try_finish().is_ok();
    let state = if appended {
        State::Appended
    } else if whole {
        State::Whole
    } else {
        State::Damaged
    };
    (decoder.get_ref().clone(), state)
}

fn place(bucket: &Value, key: &Value) -> Option<Place> {
    Some((bucket.as_str()?.to_owned(), key.as_str()?.to_owned()))
}

struct Digest {
    at: Place,
    raw: Vec<u8>,
    state: State,
    document: Value,
    signature: Option<String>,
}

impl Digest {
    fn own_place(&self) -> Option<Place> {
        place(&self.document["digestS3Bucket"], &self.document["digestS3Object"])
    }

    fn judge(&self, keys: &BTreeMap<String, RsaPublicKey>, by_successor: Option<&str>) -> Verdict {
        if self.state == State::Appended || self.own_place().as_ref() != Some(&self.at) {
            return Verdict::Contradicted;
        }
        let text = |name: &str| self.document[name].as_str().unwrap();
        let Some(key) = keys.get(text("digestPublicKeyFingerprint")) else { return Verdict::NotCheckable };
        let signatures: Vec<&str> = self.signature.as_deref().into_iter().chain(by_successor).collect();
        if signatures.is_empty() {
            return Verdict::NotCheckable;
        }
        let previous = self.document["previousDigestSignature"].as_str().unwrap_or("null");
        let place = format!("{}/{}", self.at.0, self.at.1);
        let signed = format!("{}\n{place}\n{}\n{previous}", text("digestEndTime"), hex(&Sha256::digest(&self.raw)));
        let holds = |signature: &&str| {
            let bytes = unhex(signature)?;
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(signed.as_bytes()), &bytes).ok()
        };
        // Without agreement, the digest's own signature counts.
        if holds(&signatures[0]).is_some() { Verdict::Verified } else { Verdict::Contradicted }
    }
}

impl Verdicts {
    pub(super) fn of(store: &Store) -> Verdicts {
        let keys = keys(store);
        let digests: Vec<Digest> = store
            .digests()
            .map(|at| {
                let (raw, state) = decode(&store.objects[at].body);
                let metadata = store.objects[at].metadata.as_ref();
                let metadata: Value = metadata.map_or(Value::Null, |text| serde_json::from_slice(text).unwrap());
                let signature = metadata["Metadata"]["signature"].as_str().map(str::to_owned);
                Digest { at: at.clone(), document: serde_json::from_slice(&raw).unwrap(), raw, state, signature }
            })
            .collect();

        let mut successors: BTreeMap<Place, &Digest> = BTreeMap::new();
        for digest in &digests {
            let previous =
                place(&digest.document["previousDigestS3Bucket"], &digest.document["previousDigestS3Object"]);
            successors.extend(previous.map(|previous| (previous, digest)));
        }
        let mut counts = [NONE, NONE];
        let mut logs: BTreeMap<Place, Option<Verdict>> = BTreeMap::new();
        let mut listed: BTreeSet<Place> = BTreeSet::new();
        let mut broken_links = BTreeSet::new();
        for digest in &digests {
            let successor = successors.get(&digest.at).map(|successor| &successor.document);
            let by_successor = successor.and_then(|document| document["previousDigestSignature"].as_str());
            let verdict = digest.judge(&keys, by_successor);
            add(&mut counts[0], Some(verdict));
            let hash = successor.and_then(|document| document["previousDigestHashValue"].as_str());
            if hash.is_some_and(|hash| hash != hex(&Sha256::digest(&digest.raw))) {
                broken_links.insert(digest.at.1.clone());
            }
            for entry in digest.document["logFiles"].as_array().unwrap() {
                let log = place(&entry["s3Bucket"], &entry["s3Object"]).unwrap();
                if digest.own_place().as_ref() == Some(&digest.at) {
                    listed.insert(log.clone());
                    logs.insert(log.clone(), judge_log(store, &log, entry, verdict));
                }
            }
        }
        logs.values().for_each(|verdict| add(&mut counts[1], *verdict));
        let at: BTreeSet<&Place> = digests.iter().map(|digest| &digest.at).collect();
        counts[0].missing = Some(successors.keys().filter(|previous| !at.contains(previous)).count() as u64);
        let uncovered = store.logs().filter(|log| !listed.contains(log)).count() as u64;
        Verdicts { digests: counts[0], logs: counts[1], uncovered, broken_links }
    }
}

/// `None` if it is missing.
fn judge_log(store: &Store, log: &Place, entry: &Value, digest: Verdict) -> Option<Verdict> {
    if digest != Verdict::Verified {
        return Some(Verdict::NotCheckable);
    }
    let (content, state) = decode(&store.objects.get(log)?.body);
    let same = entry["hashValue"] == hex(&Sha256::digest(&content)) && state != State::Appended;
    Some(if same { Verdict::Verified } else { Verdict::Contradicted })
}

const NONE: Counts = Counts { verified: Some(0), contradicted: Some(0), not_checkable: Some(0), missing: Some(0) };

fn add(counts: &mut Counts, verdict: Option<Verdict>) {
    let count = match verdict {
        Some(Verdict::Verified) => &mut counts.verified,
        Some(Verdict::Contradicted) => &mut counts.contradicted,
        Some(Verdict::NotCheckable) => &mut counts.not_checkable,
        None => &mut counts.missing,
    };
    *count = count.map(|count| count + 1);
}
