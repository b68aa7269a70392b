//! Faults that are made in what is stored already, and what is to be expected of all faults.

use std::ops::Range;

use serde_json::json;

use super::chain::{Digest, Draft};
use super::faults::{RUN, Spot};
use super::logs::Log;
use super::plan::{Chain, HOUR, Scene};
use super::store::{Stored, path};
use super::{Counts, Expected, ForgeOptions, Forged, Scenario};
use crate::tree::gzip;
use crate::world::iso;

/// The signed scene, into which the fault is made.
pub(super) struct Act {
    scene: Scene,
    spot: Spot,
    expected: Expected,
}

impl Act {
    pub(super) fn new(scene: Scene, spot: Spot, scenario: Scenario) -> Act {
        let hours = || scene.plan.chains.iter().flat_map(|chain| &chain.hours);
        let expected = Expected {
            exit: scenario.exit(),
            mentions: scenario.mentions(),
            digests: Counts::verified(hours().count()),
            logs: Counts::verified(hours().map(|hour| hour.logs.len()).sum()),
            uncovered: scene.plan.loose.len() as u64,
            affected: Vec::new(),
            from: None,
        };
        Act { scene, spot, expected }
    }

    /// What differs after everything is stored, and what is to be expected of it.
    pub(super) fn damage(mut self, scenario: Scenario, options: &ForgeOptions) -> Forged {
        let Spot { chain, at } = self.spot;
        let total = self.scene.digests.iter().map(Vec::len).sum();
        let last = self.scene.digests[chain].len();
        match scenario {
            Scenario::Clean
            | Scenario::KeyAsSpki
            | Scenario::TwoTrails
            | Scenario::OrganisationTrail
            | Scenario::EmptyDigests
            | Scenario::RegionLookalike => {}
            Scenario::OffsetInTime => {
                let local = iso(options.start + 2 * HOUR).replace('Z', "+02:00");
                self.expected.from = Some(local);
            }

            Scenario::LogModified => {
                let altered = gzip(self.log().altered().as_bytes());
                self.stored_log().body = altered;
                self.expected.logs.contradict(1);
            }
            Scenario::LogDeleted => {
                let Log { bucket, key, .. } = self.log().clone();
                self.scene.store.remove(&bucket, &key);
                self.expected.logs.lose(1);
                self.expected.logs.missing = Some(1);
                self.expected.affected.push(path(&bucket, &key));
            }
            Scenario::LogSecondMember => {
                let hidden = gzip(self.log().altered().as_bytes());
                self.stored_log().body.extend(hidden);
                self.expected.logs.contradict(1);
            }
            Scenario::LogTrailerCut => cut_trailer(self.stored_log()),
            Scenario::LogPlain => {
                let text = self.log().text.clone();
                self.stored_log().body = text.into_bytes();
            }
            Scenario::LogUnreadable => {
                self.stored_log();
                self.expected.logs.uncheck(1);
            }
            Scenario::LogForged => self.affect_loose(),
            Scenario::LogListedTwice => {
                self.stored_log();
                self.affect(at..at + 2);
            }

            Scenario::DigestSecondMember => {
                self.stored_digest(at).body.extend(gzip(b"{}"));
                self.expected.digests.contradict(1);
                self.expected.logs = Counts::FINE;
            }
            Scenario::DigestTrailerCut => {
                cut_trailer(self.stored_digest(at));
                self.expected.digests = Counts { missing: Some(0), ..Counts::OPEN };
                self.expected.logs = Counts::FINE;
            }
            Scenario::DigestModified => {
                let text = with_other_hash(&self.digest(at).text);
                self.stored_digest(at).body = gzip(text.as_bytes());
                self.doubt(at);
            }
            Scenario::DigestSignedWithSha1 => {
                self.affect(at..at + 1);
                self.doubt(at);
            }
            Scenario::DuplicateKeysInDigest => {
                self.affect(at..at + 1);
                self.expected.digests = Counts::OPEN;
                self.expected.logs = Counts::OPEN;
            }
            Scenario::DigestReplayed => {
                let older = self.digest(at - 2);
                let older = self.scene.store.object(&older.bucket, &older.key).clone();
                *self.stored_digest(at) = older;
                self.expected.digests.contradict(1);
                self.uncover(at..at + 1);
            }
            Scenario::DigestForked => self.fork(),
            Scenario::ReplacedBySignedOther => {
                let other = self.other(&self.scene.plan.chains[chain].hours[at].time);
                let (body, metadata) = (gzip(other.text.as_bytes()), other.metadata.to_string().into_bytes());
                *self.stored_digest(at) = Stored { body, metadata: Some(metadata) };
                self.uncover(at..at + 1);
                self.expected.digests = Counts { missing: Some(0), ..Counts::OPEN };
                self.expected.logs = Counts::FINE;
            }

            Scenario::DigestDeleted => self.delete(at..at + 1, 1),
            Scenario::TwoDigestsDeleted => self.delete(at..at + 2, 1),
            Scenario::SixDigestsDeleted => self.delete(at..at + RUN, 1),
            Scenario::OldestDigestsDeleted => self.delete(0..RUN, 1),
            Scenario::NewestDigestsDeleted => self.delete(last - RUN..last, 0),
            Scenario::DigestDeletedLast => self.delete(last - 1..last, 0),
            Scenario::AllDigestsDeleted => {
                for chain in 0..self.scene.digests.len() {
                    self.spot.chain = chain;
                    self.delete(0..self.scene.digests[chain].len(), 0);
                }
            }
            Scenario::LoggingOff => {
                self.affect_loose();
                self.affect(at - 1..at + 1);
            }
            Scenario::HourSkipped => self.affect(at - 1..at + 1),
            Scenario::StartingDigest | Scenario::BucketChanged | Scenario::KeyRotated => self.affect(at..at + 1),
            Scenario::BackfillChain => {
                self.spot.chain = self.scene.digests.len() - 1;
                self.affect(0..RUN);
            }

            Scenario::MetadataAlgorithmAltered => self.set_metadata(at, "signature-algorithm", "SHA1withRSA"),
            Scenario::SignatureNotHex => {
                let signature = self.digest(at).signature;
                self.set_metadata(at, "signature", &format!("zz{}", &signature[2..]));
                self.expected.digests.contradict(1);
                self.expected.logs = Counts::FINE;
            }
            Scenario::DigestMetadataLost => self.stored_digest(at).metadata = None,
            Scenario::MetadataLostMiddle => {
                for index in at..at + RUN {
                    let empty = index % 2 == 0;
                    self.stored_digest(index).metadata = empty.then(|| b"{\"Metadata\":{}}".to_vec());
                }
            }
            Scenario::MetadataLostAll => self.lose_metadata(),

            Scenario::KeyMissing | Scenario::ReSignedWithOwnKey => {
                self.expected.digests.uncheck(total);
                self.expected.logs = Counts::FINE;
            }
            Scenario::ReSignedUnderTrustedName => {
                self.expected.digests.contradict(total);
                self.expected.logs = Counts::FINE;
            }
            Scenario::KeyFingerprintWrong => {
                self.expected.digests = Counts { verified: Some(0), ..Counts::OPEN };
                self.expected.logs = Counts::FINE;
            }
            Scenario::KeyOutsideValidity | Scenario::FetchDenied | Scenario::FetchSlowedDown => {
                self.expected.digests = Counts::FINE;
                self.expected.logs = Counts::FINE;
            }
        }
        Forged { store: self.scene.store, expected: self.expected }
    }

    fn digest(&self, at: usize) -> Digest {
        self.scene.digests[self.spot.chain][at].clone()
    }

    /// The first log of the hour in question.
    fn log(&self) -> &Log {
        &self.scene.plan.chains[self.spot.chain].hours[self.spot.at].logs[0]
    }

    /// The same, as it is stored; it counts as affected.
    fn stored_log(&mut self) -> &mut Stored {
        let Log { bucket, key, .. } = self.log().clone();
        self.expected.affected.push(path(&bucket, &key));
        self.scene.store.object(&bucket, &key)
    }

    /// A digest as it is stored; it counts as affected.
    fn stored_digest(&mut self, at: usize) -> &mut Stored {
        self.affect(at..at + 1);
        let Digest { bucket, key, .. } = &self.scene.digests[self.spot.chain][at];
        self.scene.store.object(bucket, key)
    }

    fn affect(&mut self, digests: Range<usize>) {
        let digests = self.scene.digests[self.spot.chain][digests].iter();
        self.expected.affected.extend(digests.map(|digest| path(&digest.bucket, &digest.key)));
    }

    fn affect_loose(&mut self) {
        let loose = self.scene.plan.loose.iter().map(|log| path(&log.bucket, &log.key));
        self.expected.affected.extend(loose);
    }

    /// Writes something else into the metadata of a digest.
    fn set_metadata(&mut self, at: usize, name: &str, value: &str) {
        let mut metadata = self.digest(at).metadata;
        metadata["Metadata"][name] = json!(value);
        self.stored_digest(at).metadata = Some(metadata.to_string().into_bytes());
    }

    fn logs_of(&self, digests: Range<usize>) -> usize {
        self.scene.plan.chains[self.spot.chain].hours[digests].iter().map(|hour| hour.logs.len()).sum()
    }

    /// A digest that is contradicted tells nothing about its logs.
    fn doubt(&mut self, at: usize) {
        self.expected.digests.contradict(1);
        let logs = self.logs_of(at..at + 1);
        self.expected.logs.uncheck(logs);
    }

    /// The digests that list some logs are gone; the logs are not.
    fn uncover(&mut self, digests: Range<usize>) {
        let logs = self.logs_of(digests);
        self.expected.logs.lose(logs);
        self.expected.uncovered += logs as u64;
    }

    /// Deletes digests; `named` says how many of them a digest that stays names.
    fn delete(&mut self, digests: Range<usize>, named: u64) {
        self.affect(digests.clone());
        self.uncover(digests.clone());
        self.expected.digests.lose(digests.len());
        self.expected.digests.missing = Some(named);
        for Digest { bucket, key, .. } in &self.scene.digests[self.spot.chain][digests] {
            self.scene.store.remove(bucket, key);
        }
    }

    /// A digest that follows the one before the spot, lists nothing, and is validly signed.
    fn other(&self, hour: &Range<i64>) -> Digest {
        let Spot { chain, at } = self.spot;
        let Chain { line, hours } = &self.scene.plan.chains[chain];
        let previous = Some(&self.scene.digests[chain][at - 1]);
        let draft = Draft { line, bucket: &hours[at].bucket, hour, logs: &[], also: &[], previous };
        draft.seal(&hours[at].signer)
    }

    fn fork(&mut self) {
        let start = self.scene.plan.chains[self.spot.chain].hours[self.spot.at].time.start;
        let fork = self.other(&(start..start + HOUR / 2));
        self.scene.store.put(&fork.bucket, &fork.key, gzip(fork.text.as_bytes()), Some(&fork.metadata));
        self.expected.affected.push(path(&fork.bucket, &fork.key));
        self.expected.digests = Counts { missing: Some(0), ..Counts::OPEN };
        self.expected.logs = Counts::FINE;
    }

    fn lose_metadata(&mut self) {
        for chain in 0..self.scene.digests.len() {
            self.spot.chain = chain;
            for Digest { bucket, key, .. } in &self.scene.digests[chain] {
                self.scene.store.object(bucket, key).metadata = None;
            }
            let newest = self.scene.digests[chain].len() - 1;
            self.affect(newest..newest + 1);
            self.expected.digests.uncheck(1);
            let logs = self.logs_of(newest..newest + 1);
            self.expected.logs.uncheck(logs);
        }
    }
}

/// Cuts the checksum and the length off a gzip member.
fn cut_trailer(object: &mut Stored) {
    object.body.truncate(object.body.len() - 8);
}

/// The digest with another last digit in the first hash of a log file.
fn with_other_hash(text: &str) -> String {
    let mark = "\"hashValue\":\"";
    let at = text.find(mark).expect("the digest lists a log file") + mark.len();
    let digit = if text[at..].starts_with('0') { "1" } else { "0" };
    format!("{}{digit}{}", &text[..at], &text[at + 1..])
}

impl Counts {
    /// More than one answer is right.
    const OPEN: Counts = Counts { verified: None, contradicted: None, not_checkable: None, missing: None };
    /// Nothing is wrong, however much of it can be checked.
    const FINE: Counts = Counts { contradicted: Some(0), missing: Some(0), ..Counts::OPEN };

    fn verified(count: usize) -> Counts {
        Counts { verified: Some(count as u64), contradicted: Some(0), not_checkable: Some(0), missing: Some(0) }
    }

    fn lose(&mut self, count: usize) {
        self.verified = self.verified.map(|verified| verified - count as u64);
    }

    fn contradict(&mut self, count: usize) {
        self.lose(count);
        self.contradicted = self.contradicted.map(|contradicted| contradicted + count as u64);
    }

    fn uncheck(&mut self, count: usize) {
        self.lose(count);
        self.not_checkable = self.not_checkable.map(|not_checkable| not_checkable + count as u64);
    }
}
