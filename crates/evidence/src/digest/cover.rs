//! What of the time asked for is proven: bucket by bucket, account by account, region by region.

use std::collections::{BTreeMap, BTreeSet};

use super::Verdict;
use super::chain::{Chains, Collected, DigestState, DigestVerdict, Signed};
use super::logs::{LogFile, LogVerdict, SLACK, UnitName, unit_of};
use super::place::{Chain, LogKind};
use super::walk::{interval, missing};

const HOUR: i64 = 3600;

/// A stretch of time of one bucket, account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What stands up to `AWSLogs/`: bucket, prefix, organisation.
    pub prefix: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// What was asked for, in seconds since 1970: from the command line, else from the first to the last that is there.
    pub requested: (i64, i64),
    /// How many seconds of it are covered by verified digests whose log files are all verified.
    pub proven: i64,
    /// The time that verified digests cover, whatever became of their log files.
    pub covered: Option<(i64, i64)>,
}

/// All units, and what lies open at either end of them.
pub struct Covered {
    /// One for each bucket, account and region.
    pub units: Vec<Unit>,
    /// Verdicts about the time before the first and after the last digest.
    pub ends: Vec<DigestVerdict>,
}

#[derive(Default)]
struct Seen<'a> {
    digests: Vec<&'a DigestVerdict>,
    chains: BTreeSet<&'a Chain>,
    /// Seconds at which log files were delivered: first, last.
    delivered: Option<(i64, i64)>,
    asserted: bool,
}

/// Adds up what is proven between `from` and `to`, or in all of the time that the evidence speaks of.
pub(crate) fn cover(
    collected: &[Collected],
    chains: &Chains,
    files: &[LogFile],
    logs: &[LogVerdict],
    (from, to): (Option<i64>, Option<i64>),
    why_absent: &dyn Fn(&str, &str) -> Option<String>,
) -> Covered {
    let mut seen: BTreeMap<UnitName, Seen<'_>> = BTreeMap::new();
    for (one, digest) in collected.iter().zip(&chains.digests) {
        let unit = seen.entry(unit_of(&one.key, one.whereabouts.s3())).or_default();
        unit.digests.push(digest);
        unit.chains.extend(digest.chain.as_ref());
    }
    for file in files.iter().filter(|file| file.kind == LogKind::Listed) {
        let unit = seen.entry(unit_of(&file.key, file.whereabouts.s3())).or_default();
        unit.asserted |= file.asserted;
        if let Some(time) = crate::object_key::ObjectKey::parse(&file.key).delivery_time {
            let time = time.div_euclid(1_000_000);
            let (first, last) = unit.delivered.unwrap_or((time, time));
            unit.delivered = Some((first.min(time), last.max(time)));
        }
    }
    // A digest proves its hour only when all that it lists is there and unchanged.
    let unproven: BTreeSet<&str> =
        logs.iter().filter(|log| log.verdict != Verdict::Verified).filter_map(|log| log.digest.as_deref()).collect();
    let no_digest = collected.is_empty();
    let mut covered = Covered { units: Vec::new(), ends: Vec::new() };
    for ((prefix, account, region), unit) in seen {
        let hours = unit.digests.iter().filter_map(|digest| digest.start.zip(digest.end));
        let span = hours.fold(None, |span: Option<(i64, i64)>, (start, end)| {
            let (first, last) = span.unwrap_or((start, end));
            Some((first.min(start), last.max(end)))
        });
        let floor = |time: i64| time.div_euclid(HOUR) * HOUR;
        let begin = match (span, unit.delivered) {
            (Some((start, _)), Some((first, _))) if first + SLACK >= start => start,
            (Some((start, _)), None) => start,
            (_, Some((first, _))) => floor(first),
            (None, None) => continue,
        };
        let end = match (span, unit.delivered) {
            (Some((_, end)), Some((_, last))) => end.max(last),
            (Some((_, end)), None) => end,
            (None, Some((_, last))) => floor(last) + HOUR,
            (None, None) => continue,
        };
        let requested = (from.unwrap_or(begin), to.unwrap_or(end));
        let proven = unit.digests.iter().filter(|digest| {
            digest.verdict == Verdict::Verified
                && !digest.object.as_deref().is_some_and(|object| unproven.contains(object))
        });
        let proven = union(proven.filter_map(|digest| digest.start.zip(digest.end)), requested);
        let ends = Ends { unit: &unit, span, requested, why_absent };
        ends.head(chains, &mut covered.ends);
        ends.tail(&mut covered.ends);
        if no_digest && unit.asserted {
            covered.ends.push(DigestVerdict {
                chain: None,
                reason: format!(
                    "missing: not one digest lies beside the log files below {prefix} of account {account}, {region}: \
                     log file validation was never on, or all digests were deleted"
                ),
                ..bare(requested, DigestState::Missing, Verdict::Contradicted)
            });
        }
        covered.units.push(Unit { prefix, account, region, requested, proven, covered: span });
    }
    covered
}

fn bare((start, end): (i64, i64), state: DigestState, verdict: Verdict) -> DigestVerdict {
    DigestVerdict {
        object: None,
        bucket: None,
        key: None,
        chain: None,
        start: Some(start),
        end: Some(end),
        fingerprint: None,
        sha256: None,
        signed: Signed::Nowhere,
        verdict,
        state,
        reason: String::new(),
        flagged: false,
        proven: true,
        listed: 0,
    }
}

struct Ends<'a> {
    unit: &'a Seen<'a>,
    span: Option<(i64, i64)>,
    requested: (i64, i64),
    why_absent: &'a dyn Fn(&str, &str) -> Option<String>,
}

impl Ends<'_> {
    /// Before the first digest of each chain.
    fn head(&self, chains: &Chains, ends: &mut Vec<DigestVerdict>) {
        let Some((start, _)) = self.span else { return };
        let earlier_logs = self.unit.delivered.filter(|(first, _)| first + SLACK < start);
        let mut told = false;
        for (chain, begin, place) in &chains.open_heads {
            if !self.unit.chains.contains(chain) || *begin != start {
                continue;
            }
            told = true;
            let known = (self.why_absent)(&place.0, &place.1);
            match (earlier_logs, self.requested.0 < start) {
                // Files of that time are there, so the digest that is named must have been there as well.
                (Some((first, _)), true) => {
                    ends.extend(missing(chain, (first.div_euclid(HOUR) * HOUR, start), place, known))
                }
                (None, true) => {
                    let text = "uncovered: the digest before the first one was not collected";
                    let time = (self.requested.0, start);
                    ends.push(interval(chain, time, DigestState::Uncovered, Verdict::NotCheckable, text));
                }
                (_, false) => {}
            }
        }
        if !told && self.requested.0 < start {
            let text = "uncovered: the first digest begins later";
            let time = (self.requested.0, start);
            ends.extend(self.row(time, Verdict::NotCheckable, text));
        }
    }

    /// After the last digest.
    fn tail(&self, ends: &mut Vec<DigestVerdict>) {
        let Some((_, end)) = self.span else { return };
        if self.requested.1 <= end {
            return;
        }
        // Within an hour the next digest may not have been delivered yet.
        let proof = self.unit.delivered.is_some_and(|(_, last)| last > end + HOUR);
        let (verdict, text) = match proof {
            true => (
                Verdict::Contradicted,
                "uncovered: log files were delivered hours after the last digest: digests are missing, or validation was switched off",
            ),
            false => (Verdict::NotCheckable, "uncovered: the last digest ends earlier"),
        };
        ends.extend(self.row((end, self.requested.1), verdict, text));
    }

    fn row(&self, time: (i64, i64), verdict: Verdict, text: &str) -> Option<DigestVerdict> {
        let chain = self.unit.chains.first()?;
        Some(interval(chain, time, DigestState::Uncovered, verdict, text))
    }
}

/// How many seconds of `within` the intervals cover together.
fn union(intervals: impl Iterator<Item = (i64, i64)>, within: (i64, i64)) -> i64 {
    let cut = |(start, end): (i64, i64)| (start.max(within.0), end.min(within.1));
    let mut all: Vec<(i64, i64)> = intervals.map(cut).filter(|(start, end)| start < end).collect();
    all.sort_unstable();
    let mut sum = 0;
    let mut reached = i64::MIN;
    for (start, end) in all {
        sum += (end - start.max(reached)).max(0);
        reached = reached.max(end);
    }
    sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn overlaps_count_once() {
        assert_eq!(super::union([(0, 10), (5, 15), (20, 30)].into_iter(), (2, 25)), 13 + 5);
    }
}
