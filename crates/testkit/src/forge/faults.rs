//! Faults that are made before anything is signed: in the options, and in the plan.

use std::rc::Rc;

use super::damage::Act;
use super::keys::{self, Form, PublicKey};
use super::logs::Log;
use super::plan::{Chain, DAY, HOUR, Plan, Scene, Twist, hours, validity};
use super::{ForgeOptions, Forged, Scenario};
use crate::digests::Signer;
use crate::world::Ids;

/// How long the longest faults are, in digests.
pub(super) const RUN: usize = 6;

pub(super) fn forge(options: &ForgeOptions, scenario: Scenario) -> Forged {
    let (options, trails) = stage(options.clone(), scenario);
    let mut plan = Plan::new(&options, &trails);
    let mut ids = Ids::new(options.seed, 21 + scenario as u64);
    let spot = Spot {
        chain: ids.0.usize(..plan.chains.len()),
        // Two digests before the fault, and at least two after the longest.
        at: ids.0.usize(2..=hours(&options) as usize - RUN - 2),
    };
    change_plan(scenario, &options, &mut plan, spot);
    Act::new(Scene::new(plan), spot, scenario).damage(scenario, &options)
}

/// Where the fault is, or begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// A chain of the plan.
    pub(super) chain: usize,
    /// A digest of the chain.
    pub(super) at: usize,
}

/// What differs before there is a plan: the options, and the trails.
fn stage(mut options: ForgeOptions, scenario: Scenario) -> (ForgeOptions, Vec<String>) {
    let mut trails = vec![options.trail.clone()];
    match scenario {
        Scenario::TwoTrails => trails.extend(options.regions.first().map(|region| format!("{}_{region}", trails[0]))),
        Scenario::OrganisationTrail => {
            options.organisation.get_or_insert_with(|| "o-exampleorg1".to_owned());
            if options.accounts.len() < 2 {
                options.accounts.push("444455556666".to_owned());
            }
        }
        Scenario::RegionLookalike => options.regions = vec!["us-east-1".to_owned(), "us-east-11".to_owned()],
        _ => {}
    }
    (options, trails)
}

/// What differs before anything is signed.
fn change_plan(scenario: Scenario, options: &ForgeOptions, plan: &mut Plan, Spot { chain, at }: Spot) {
    let listed = |form, signer: &Signer| PublicKey::of(signer, form, validity(options));
    match scenario {
        Scenario::LoggingOff => logging_off(plan, chain, at),
        Scenario::HourSkipped => {
            plan.chains[chain].hours.remove(at);
        }
        Scenario::StartingDigest => plan.chains[chain].hours[at].begins = true,
        Scenario::DigestSignedWithSha1 => plan.chains[chain].hours[at].twist = Twist::Sha1,
        Scenario::DuplicateKeysInDigest => plan.chains[chain].hours[at].twist = Twist::DoubleMember,
        Scenario::EmptyDigests => {
            for hour in plan.chains.iter_mut().flat_map(|chain| chain.hours.iter_mut().step_by(2)) {
                hour.logs.clear();
            }
        }
        Scenario::LogListedTwice => {
            let hours = &mut plan.chains[chain].hours;
            hours[at + 1].also = vec![hours[at].logs[0].clone()];
        }
        Scenario::LogForged => {
            let Chain { line, hours } = &plan.chains[chain];
            let (hour, events) = (&hours[at], options.events_per_log);
            let log = Log::new(line, &hour.bucket, hour.time.clone(), events, &mut plan.ids);
            plan.loose.push(log);
        }
        Scenario::BucketChanged => {
            for hour in &mut plan.chains[chain].hours[at..] {
                hour.bucket.push_str("-2");
                hour.logs.iter_mut().for_each(|log| log.bucket.push_str("-2"));
            }
        }
        Scenario::BackfillChain => backfill(plan, chain),
        Scenario::KeyMissing => plan.keys = vec![listed(Form::Pkcs1, &keys::second())],
        Scenario::KeyAsSpki => {
            plan.keys = vec![listed(Form::Spki, &keys::spki())];
            plan.sign_all_with(keys::spki());
        }
        Scenario::KeyFingerprintWrong => {
            plan.keys = vec![listed(Form::Pkcs1, &keys::pretending(keys::second(), &Signer::new()))];
        }
        Scenario::KeyOutsideValidity => {
            let until = options.start - 3 * DAY;
            plan.keys = vec![PublicKey::of(&Signer::new(), Form::Pkcs1, (until - 30 * DAY, until))];
        }
        Scenario::KeyRotated => {
            let second = Rc::new(keys::second());
            let from = plan.chains[chain].hours[at].time.start;
            plan.keys.push(PublicKey::of(&second, Form::Pkcs1, (from - 90, validity(options).1 + 30 * DAY)));
            for hour in plan.chains.iter_mut().flat_map(|chain| &mut chain.hours[at..]) {
                hour.signer = Rc::clone(&second);
            }
        }
        Scenario::ReSignedWithOwnKey | Scenario::ReSignedUnderTrustedName => {
            let log = &mut plan.chains[chain].hours[at].logs[0];
            log.text = log.altered();
            plan.sign_all_with(match scenario {
                Scenario::ReSignedWithOwnKey => keys::second(),
                _ => keys::pretending(keys::second(), &Signer::new()),
            });
        }
        _ => {}
    }
}

/// Five hours without logging, but for what was on its way.
fn logging_off(plan: &mut Plan, chain: usize, at: usize) {
    let Chain { line, hours } = &mut plan.chains[chain];
    let off = hours.drain(at..at + 5);
    plan.loose = off.flat_map(|hour| hour.logs).take(2).collect();
    if let Some(log) = hours[at - 1].logs.last_mut() {
        log.add_switch(line, "StopLogging", &mut plan.ids);
    }
    if let Some(log) = hours[at].logs.first_mut() {
        log.add_switch(line, "StartLogging", &mut plan.ids);
    }
    hours[at].begins = true;
}

/// The first hours get their digests two hours after the end of all, from a key that was not yet valid in them.
fn backfill(plan: &mut Plan, chain: usize) {
    let Chain { line, hours } = &mut plan.chains[chain];
    let end = hours.last().map_or(0, |hour| hour.time.end);
    let signer = Rc::new(keys::second());
    plan.keys.push(PublicKey::of(&signer, Form::Pkcs1, (end + HOUR, end + HOUR + 30 * DAY)));
    let mut early: Vec<_> = hours.drain(..RUN).collect();
    early.iter_mut().for_each(|hour| hour.signer = Rc::clone(&signer));
    let mut line = line.clone();
    line.backfill = Some(end + 2 * HOUR);
    plan.chains.push(Chain { line, hours: early });
}
