//! The chains before they are signed, hour by hour, and the scene after.

use std::ops::Range;
use std::rc::Rc;

use super::ForgeOptions;
use super::chain::{Digest, Draft, Line};
use super::keys::{self, Form, PublicKey};
use super::logs::Log;
use super::store::Store;
use crate::digests::Signer;
use crate::tree::gzip;
use crate::world::Ids;

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;

/// What is peculiar about a digest and must be so before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// Signed over SHA-1.
    Sha1,
    /// `logFiles` occurs twice.
    DoubleMember,
}

/// A digest to be.
#[derive(Debug, Clone)]
pub(super) struct Hour {
    /// In seconds since 1970.
    pub(super) time: Range<i64>,
    pub(super) bucket: String,
    pub(super) logs: Vec<Log>,
    /// Logs of other hours that are listed too.
    pub(super) also: Vec<Log>,
    pub(super) signer: Rc<Signer>,
    /// Names no previous digest, although there is one.
    pub(super) begins: bool,
    pub(super) twist: Twist,
}

/// A chain to be.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) line: Line,
    pub(super) hours: Vec<Hour>,
}

/// Everything that is going to be signed and stored.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) chains: Vec<Chain>,
    /// Log files that no digest lists.
    pub(super) loose: Vec<Log>,
    pub(super) keys: Vec<PublicKey>,
    pub(super) ids: Ids,
}

impl Plan {
    /// A clean chain for each trail, account and region, signed with the first key.
    pub(super) fn new(options: &ForgeOptions, trails: &[String]) -> Plan {
        let mut ids = Ids::new(options.seed, 20);
        let signer = Rc::new(Signer::new());
        let keys = vec![PublicKey::of(&signer, Form::Pkcs1, validity(options))];
        let chain = |line| Chain { hours: clean_hours(options, &line, &signer, &mut ids), line };
        let chains = lines(options, trails).into_iter().map(chain).collect();
        Plan { chains, loose: Vec::new(), keys, ids }
    }

    pub(super) fn sign_all_with(&mut self, signer: Signer) {
        let signer = Rc::new(signer);
        for hour in self.chains.iter_mut().flat_map(|chain| &mut chain.hours) {
            hour.signer = Rc::clone(&signer);
        }
    }
}

fn lines(options: &ForgeOptions, trails: &[String]) -> Vec<Line> {
    let mut lines = Vec::new();
    for trail in trails {
        for account in &options.accounts {
            for region in &options.regions {
                lines.push(Line {
                    organisation: options.organisation.clone(),
                    account: account.clone(),
                    region: region.clone(),
                    trail: trail.clone(),
                    home: options.regions[0].clone(),
                    backfill: None,
                });
            }
        }
    }
    lines
}

fn clean_hours(options: &ForgeOptions, line: &Line, signer: &Rc<Signer>, ids: &mut Ids) -> Vec<Hour> {
    let hour = |index| {
        let start = options.start + index * HOUR;
        let time = start..start + HOUR;
        let bucket = options.bucket.clone();
        let log = |_| Log::new(line, &bucket, time.clone(), options.events_per_log, ids);
        let logs = (0..options.logs_per_hour.max(1)).map(log).collect();
        Hour { time, bucket, logs, also: Vec::new(), signer: Rc::clone(signer), begins: false, twist: Twist::None }
    };
    (0..i64::from(hours(options))).map(hour).collect()
}

/// How many digests each chain gets.
pub(super) fn hours(options: &ForgeOptions) -> u32 {
    options.hours.max(ForgeOptions::LEAST_HOURS)
}

/// When the first key is valid: thirty days, as always, unless the chain is longer.
pub(super) fn validity(options: &ForgeOptions) -> (i64, i64) {
    let end = options.start + i64::from(hours(options)) * HOUR;
    (options.start - 5 * DAY, (options.start + 25 * DAY).max(end + DAY))
}

/// A plan that was carried out.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) store: Store,
    /// Per chain and hour of the plan.
    pub(super) digests: Vec<Vec<Digest>>,
}

impl Scene {
    /// Signs and stores everything.
    pub(super) fn new(plan: Plan) -> Scene {
        let digests: Vec<Vec<Digest>> = plan.chains.iter().map(seal).collect();
        let mut store = Store { objects: Default::default(), keys: keys::list(&plan.keys) };
        for digest in digests.iter().flatten() {
            store.put(&digest.bucket, &digest.key, gzip(digest.text.as_bytes()), Some(&digest.metadata));
        }
        let listed = plan.chains.iter().flat_map(|chain| &chain.hours).flat_map(|hour| &hour.logs);
        for log in listed.chain(&plan.loose) {
            store.put(&log.bucket, &log.key, gzip(log.text.as_bytes()), None);
        }
        Scene { plan, store, digests }
    }
}

fn seal(chain: &Chain) -> Vec<Digest> {
    let mut digests: Vec<Digest> = Vec::with_capacity(chain.hours.len());
    for hour in &chain.hours {
        let draft = Draft {
            line: &chain.line,
            bucket: &hour.bucket,
            hour: &hour.time,
            logs: &hour.logs,
            also: &hour.also,
            previous: digests.last().filter(|_| !hour.begins),
        };
        let text = draft.text(&hour.signer.fingerprint);
        let digest = match hour.twist {
            Twist::None => draft.seal(&hour.signer),
            Twist::Sha1 => draft.seal_text(text, |signed| keys::sign_sha1(&hour.signer, signed)),
            Twist::DoubleMember => {
                let text = text.replacen("\"logFiles\":", "\"logFiles\":[],\"logFiles\":", 1);
                draft.seal_text(text, |signed| hour.signer.sign(signed))
            }
        };
        digests.push(digest);
    }
    digests
}
