//! The verdict on one change, given how well each call fits it.

use hashbrown::HashSet;

use super::fit::{Fit, fit, telling};
use super::{Sides, window};
use crate::config::{Change, ChangeKind};

const HOUR: i64 = 3600 * 1_000_000;
const DAY: i64 = 24 * HOUR;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Certain,
    Likely,
    Ambiguous,
    ServiceDriven,
    NoneFound,
}

impl Class {
    pub(super) fn name(self) -> &'static str {
        match self {
            Class::Certain => "certain",
            Class::Likely => "likely",
            Class::Ambiguous => "ambiguous",
            Class::ServiceDriven => "service-driven",
            Class::NoneFound => "none found",
        }
    }
}

pub(super) struct Verdict {
    /// Which change.
    pub(super) change: usize,
    pub(super) class: Class,
    /// The best first.
    pub(super) candidates: Vec<Fit>,
    /// How many of them could have made it, rather than only name the resource.
    pub(super) plausible: usize,
    pub(super) why: String,
}

impl Verdict {
    pub(super) fn best(&self) -> Option<&Fit> {
        self.candidates.first().filter(|_| self.plausible > 0)
    }
}

/// Judges the changes of one resource, from `first` to `end`, in order of time.
pub(super) fn of_resource(sides: &Sides<'_>, ranges: &[(usize, usize)], first: usize, end: usize) -> Vec<Verdict> {
    // The calls that made earlier changes for certain.
    let mut spent: HashSet<u32> = HashSet::new();
    let mut verdicts = Vec::with_capacity(end - first);
    for at in first..end {
        let (Some(change), Some(range)) = (sides.history.changes.get(at), ranges.get(at)) else { break };
        let verdict = judge(sides, at, change, *range, &spent);
        if verdict.class == Class::Certain
            && let Some(best) = verdict.best()
        {
            spent.insert(best.event);
        }
        verdicts.push(verdict);
    }
    verdicts
}

fn judge(sides: &Sides<'_>, at: usize, change: &Change, range: (usize, usize), spent: &HashSet<u32>) -> Verdict {
    let paths = telling(change, sides.history);
    let references = sides.events.references.get(range.0..range.1).unwrap_or_default();
    let mut candidates: Vec<Fit> = Vec::new();
    for (number, reference) in references.iter().enumerate() {
        let Some(event) = sides.events.events.get(reference.event as usize) else { continue };
        let api = sides.events.names.text(event.api);
        let new = fit(change, &paths, sides.history, (range.0 + number, reference), event, api, sides.knowledge);
        if new.early && spent.contains(&new.event) {
            continue;
        }
        // One call can name the resource by several rules; the best counts.
        match candidates.iter_mut().find(|known| known.event == new.event) {
            Some(known) if known.score < new.score => *known = new,
            Some(_) => {}
            None => candidates.push(new),
        }
    }
    one_of_copies(sides, &mut candidates);
    candidates.sort_by_key(|fit| (!fit.is_plausible(), -fit.score, std::cmp::Reverse(fit.event)));
    let plausible = candidates.iter().take_while(|fit| fit.is_plausible()).count();
    let (class, why) = class(sides, change, &candidates, plausible);
    Verdict { change: at, class, candidates, plausible, why }
}

/// A call across accounts is recorded in both, under two ids: the copy in the resource's account stays.
fn one_of_copies(sides: &Sides<'_>, candidates: &mut Vec<Fit>) {
    let shared = |fit: &Fit| sides.events.events.get(fit.event as usize).and_then(|event| event.shared);
    let own: HashSet<u32> = candidates.iter().filter(|fit| fit.own).filter_map(shared).collect();
    candidates.retain(|fit| fit.own || shared(fit).is_none_or(|shared| !own.contains(&shared)));
}

fn class(sides: &Sides<'_>, change: &Change, candidates: &[Fit], plausible: usize) -> (Class, String) {
    let Some((best, others)) = candidates.get(..plausible).and_then(<[Fit]>::split_first) else {
        return (Class::NoneFound, nothing(sides, change, candidates.len()));
    };
    let event = sides.events.events.get(best.event as usize);
    let what = describe(change, best);
    let rivals = others.iter().filter(|other| is_rival(best, other)).count();
    if rivals > 0 {
        let apart = others.iter().filter(|other| is_rival(best, other)).all(|other| complements(best, other));
        let why = match apart {
            true => format!("{} calls explain different parts of the change together", rivals + 1),
            false => format!("{} calls fit equally well; the best: {what}", rivals + 1),
        };
        return (Class::Ambiguous, why);
    }
    let sure = best.explains_all() && best.own && !best.early;
    let fits = best.coverage() >= 0.5 || best.explanation() >= 0.5;
    let fair = best.ruled && best.own && if best.early { best.explains_all() } else { fits };
    if !sure && !fair {
        return (Class::Ambiguous, format!("one call could have: {what}"));
    }
    if event.is_some_and(|event| event.by_service) {
        return (Class::ServiceDriven, format!("an AWS service acted by itself: {what}"));
    }
    if sure { (Class::Certain, what) } else { (Class::Likely, what) }
}

/// Does the other call fit any path about as well?
fn is_rival(best: &Fit, other: &Fit) -> bool {
    // The capture before would have shown it.
    if other.early && !best.early {
        return false;
    }
    let paths = best.covered.iter().zip(&best.explained).zip(other.covered.iter().zip(&other.explained));
    paths.into_iter().any(|((best_covered, best), (covered, other))| {
        let as_good = *other >= 0.3 && *other >= *best - 0.2;
        // Where the best says nothing about a path, a call that is known to change it has to be heard.
        let silent = *best < 0.5 && *covered;
        (as_good && (*covered || !*best_covered)) || silent
    })
}

/// Does the other explain only what the best does not?
fn complements(best: &Fit, other: &Fit) -> bool {
    best.explained.iter().zip(&other.explained).all(|(best, other)| *best < 0.5 || *other < 0.5)
}

fn describe(change: &Change, fit: &Fit) -> String {
    let named = if fit.ruled { "the call names the resource" } else { "the call mentions the resource" };
    let fields = match change.kind {
        ChangeKind::Changed => {
            let all = fit.covered.len();
            let covered = fit.covered.iter().filter(|covered| **covered).count();
            let explained = fit.explained.iter().filter(|explained| **explained >= 0.5).count();
            format!("changes {covered} of {all} changed paths, has the values of {explained}")
        }
        kind if fit.covered.contains(&true) => format!("is how such a resource is {}", kind.name()),
        kind => format!("is not how such a resource is {}", kind.name()),
    };
    let early = if fit.early { ", and was made before the capture before" } else { "" };
    let away = if fit.own { "" } else { ", from the log of another account" };
    format!("{named}, {fields}{early}{away}")
}

/// What the absence of a call rests on.
fn nothing(sides: &Sides<'_>, change: &Change, mentions: usize) -> String {
    let (from, to) = window(change);
    let Some(resource) = sides.history.resources.get(change.resource as usize) else { return String::new() };
    // Global services are recorded in us-east-1.
    let region = if &*resource.region == "global" { "us-east-1" } else { &*resource.region };
    let names = &sides.events.names;
    let hours = |from, to| match (names.find(&resource.account), names.find(region)) {
        (Some(account), Some(region)) => sides.events.coverage.hours(account, region, from, to),
        _ => (0, 1),
    };
    let (with, all) = hours(from, to);
    // Config captures a change within minutes, or on the day where it records once a day.
    let recent = if change.delay > DAY { DAY } else { HOUR };
    let (near, of) = hours(from.max(change.time - recent), change.time);
    let place = format!("account {} in {region}", resource.account);
    let seen = match mentions {
        0 => "no successful write call there names the resource".to_owned(),
        1 => "one write call there mentions the resource, none that is known to change it".to_owned(),
        _ => format!("{mentions} write calls there mention the resource, none that is known to change it"),
    };
    match with {
        0 => format!("cannot say: no CloudTrail event of {place} is here for the time in which it happened"),
        _ if near < of => format!(
            "cannot say: {} of the {of} hours just before the capture, in which it most likely happened, have no \
             CloudTrail event of {place} here; otherwise {seen}",
            of - near
        ),
        _ if with < all => format!("{seen}; CloudTrail of {place} is here for {with} of the {all} hours in question"),
        _ => format!(
            "{seen}, though CloudTrail of {place} is here: drift, a call that is not logged, or a missing log file"
        ),
    }
}
