//! One chain from its newest digest to its oldest, by the links: what is missing, and what stands beside the chain.

use std::collections::{BTreeSet, HashMap};

use super::Verdict;
use super::chain::{Collected, DeliveredTo, DigestState, DigestVerdict, Findings, Signed, Weight};
use super::parse::Digest;
use super::place::Chain;

const HOUR: i64 = 3600;
/// More missing hours than this are told as one interval.
const TOLD_BY_HOUR: i64 = 24 * 31;

/// Goes through the chain.
pub(super) struct Walk<'a> {
    pub(super) all: &'a [Collected],
    pub(super) by_place: &'a HashMap<DeliveredTo, Vec<usize>>,
    pub(super) findings: &'a mut Vec<Findings>,
    pub(super) why_absent: &'a dyn Fn(&str, &str) -> Option<String>,
    pub(super) chain: &'a Chain,
}

impl Walk<'_> {
    fn hours(&self, at: usize) -> (i64, i64) {
        let digest = self.all.get(at).and_then(Collected::read);
        digest.and_then(Digest::hours).unwrap_or_default()
    }

    fn worst(&self, at: usize) -> Weight {
        self.findings.get(at).map_or(Weight::Wrong, Findings::worst)
    }

    pub(super) fn walk(
        &mut self,
        members: &[usize],
        absent: &mut Vec<DigestVerdict>,
        open_heads: &mut Vec<(Chain, i64, DeliveredTo)>,
    ) {
        // Newest first; of several at one time the soundest.
        let mut left: BTreeSet<(i64, std::cmp::Reverse<Weight>, usize)> =
            members.iter().map(|&at| (self.hours(at).1, std::cmp::Reverse(self.worst(at)), at)).collect();
        let mut visited_places: BTreeSet<DeliveredTo> = BTreeSet::new();
        let mut next = left.last().map(|(.., at)| *at);
        while let Some(at) = next {
            let (start, end) = self.hours(at);
            left.remove(&(end, std::cmp::Reverse(self.worst(at)), at));
            let Some(one) = self.all.get(at) else { break };
            visited_places.extend(one.place());
            let previous = one.previous();
            let linked = previous.as_ref().and_then(|place| self.best_at(place));
            let older = || left.iter().rev().find(|(end, ..)| *end <= start).map(|(.., at)| *at);
            next = match (previous, linked) {
                (Some(_), Some(before)) if left.iter().any(|(.., at)| *at == before) => {
                    let (_, before_end) = self.hours(before);
                    if before_end < start {
                        let text = "discontinuity: two linked digests leave this time out";
                        absent.push(self.interval(
                            before_end,
                            start,
                            DigestState::Discontinuity,
                            Verdict::NotCheckable,
                            text,
                        ));
                    } else if before_end > start {
                        self.flag(at, "it begins before the digest before it ends");
                    }
                    Some(before)
                }
                // Named, there, but not in this chain or visited before: the links make a circle or leave the chain.
                (Some(_), Some(_)) => older(),
                (Some(place), None) => {
                    let older = older();
                    match older {
                        Some(before) => self.missing(self.hours(before).1, start, &place, absent),
                        None => open_heads.push((self.chain.clone(), start, place)),
                    }
                    older
                }
                (None, _) => {
                    let older = older();
                    if let Some((from, to)) = older.map(|before| (self.hours(before).1, start)).filter(|(a, b)| a < b) {
                        let text = "gap: a new chain begins after it; logging or log file validation was off, or digests are missing";
                        absent.push(self.interval(from, to, DigestState::Gap, Verdict::NotCheckable, text));
                    }
                    older
                }
            };
        }
        // What was never come by: a copy is no harm, another digest is.
        for (_, _, at) in left {
            let copy = self
                .all
                .get(at)
                .and_then(Collected::place)
                .is_some_and(|place| visited_places.contains(&place) && self.is_copy(at, &place));
            if !copy && self.worst(at) < Weight::Wrong {
                let text =
                    "fork: the chain goes through other digests at this time, and this one is unvisited: none names it";
                if let Some(found) = self.findings.get_mut(at) {
                    found.add(Weight::Wrong, DigestState::Fork, text);
                }
            }
        }
    }

    /// The soundest digest that was delivered to this place.
    fn best_at(&self, place: &DeliveredTo) -> Option<usize> {
        self.by_place.get(place)?.iter().copied().min_by_key(|&at| self.worst(at))
    }

    fn is_copy(&self, at: usize, place: &DeliveredTo) -> bool {
        let hash = |at: usize| self.all.get(at).map(|one| one.content.sha256.as_str());
        self.by_place
            .get(place)
            .is_some_and(|others| others.iter().any(|&other| other != at && hash(other) == hash(at)))
    }

    fn flag(&mut self, at: usize, text: &str) {
        if let Some(found) = self.findings.get_mut(at) {
            found.add(Weight::Flag, DigestState::Sound, text);
        }
    }

    fn missing(&self, from: i64, to: i64, last: &DeliveredTo, absent: &mut Vec<DigestVerdict>) {
        absent.extend(missing(self.chain, (from, to), last, (self.why_absent)(&last.0, &last.1)));
    }

    fn interval(&self, start: i64, end: i64, state: DigestState, verdict: Verdict, reason: &str) -> DigestVerdict {
        interval(self.chain, (start, end), state, verdict, reason)
    }
}

/// The digests between two times are missing; of the last one the place is known, and perhaps why it is not there.
pub(super) fn missing(
    chain: &Chain,
    (from, to): (i64, i64),
    last: &(String, String),
    why_absent: Option<String>,
) -> Vec<DigestVerdict> {
    let (verdict, why) = match why_absent {
        Some(why) => (Verdict::NotCheckable, format!("missing: it could not be collected ({why})")),
        None => (Verdict::Contradicted, "missing: the digest that follows names it".to_owned()),
    };
    let mut absent = Vec::new();
    let hours = (to - from + HOUR / 2).div_euclid(HOUR).clamp(1, TOLD_BY_HOUR);
    for hour in 0..hours {
        let begin = from + hour * HOUR;
        let is_last = hour + 1 == hours;
        let end = if is_last { to } else { begin + HOUR };
        let text = match is_last {
            true => why.clone(),
            false => "missing: the chain goes on after this hour, and no digest of it is there".to_owned(),
        };
        let mut row = interval(chain, (begin, end), DigestState::Missing, verdict, &text);
        if is_last {
            (row.bucket, row.key) = (Some(last.0.clone()), Some(last.1.clone()));
        }
        absent.push(row);
    }
    absent
}

/// A verdict about a time without a digest.
pub(super) fn interval(
    chain: &Chain,
    (start, end): (i64, i64),
    state: DigestState,
    verdict: Verdict,
    reason: &str,
) -> DigestVerdict {
    DigestVerdict {
        object: None,
        bucket: None,
        key: None,
        chain: Some(chain.clone()),
        start: Some(start),
        end: Some(end),
        fingerprint: None,
        sha256: None,
        signed: Signed::Nowhere,
        verdict,
        state,
        reason: reason.to_owned(),
        flagged: false,
        proven: true,
        listed: 0,
    }
}
