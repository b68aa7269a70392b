//! Who made each change: the calls that could have, how well each fits, and how sure that is.
//!
//! For every change there is a window of time, from the capture before it to the capture after it. Two as-of joins
//! over all changes at once find the calls on the same resource in each window; what is left is comparing.

mod fit;
mod rows;
mod verdict;

use coldtrail_lake::NewFile;
use polars::prelude::{AsofJoinBy, AsofStrategy, DataFrame, IdxCa, IntoColumn, NamedFrom, Series};
use rayon::prelude::*;
use std::path::Path;

use crate::Progress;
use crate::config::{Change, History};
use crate::error::{Error, Result};
use crate::events::{Events, Reference};
use crate::knowledge::Knowledge;
use verdict::Verdict;

const SECOND: i64 = 1_000_000;
/// A capture may have been under way when a call came: Config's own delay is minutes.
const SLACK: i64 = 15 * 60 * SECOND;
/// CloudTrail's times are whole seconds, and of another clock.
const CLOCK: i64 = 5 * SECOND;

/// From when to when a call could have caused the change.
fn window(change: &Change) -> (i64, i64) {
    let from = match (change.previous, change.created) {
        (Some(previous), _) => previous - SLACK,
        (None, Some(created)) => created.min(change.time) - SLACK,
        (None, None) => change.time - change.delay,
    };
    (from, change.time + CLOCK)
}

/// How many changes have which class.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Classes {
    pub certain: u64,
    pub likely: u64,
    pub ambiguous: u64,
    pub service_driven: u64,
    pub none_found: u64,
}

/// Everything that judging needs to look at.
pub(crate) struct Sides<'s> {
    pub(crate) history: &'s History,
    pub(crate) events: &'s Events,
    pub(crate) knowledge: &'s Knowledge,
}

/// Finds the maker of every change and writes what was found.
pub(crate) fn attribute(
    lake: &Path,
    sides: &Sides<'_>,
    files: &mut Vec<NewFile>,
    progress: &dyn Progress,
) -> Result<Classes> {
    let ranges = ranges(&sides.history.changes, &sides.events.references)?;
    // Changes of one resource are judged one after the other: a call that made one did not make the next.
    let mut resources: Vec<(usize, usize)> = Vec::new();
    for (at, change) in sides.history.changes.iter().enumerate() {
        match resources.last_mut() {
            Some((first, end)) if sides.history.changes.get(*first).is_some_and(|c| c.resource == change.resource) => {
                *end = at + 1;
            }
            _ => resources.push((at, at + 1)),
        }
    }
    let mut classes = Classes::default();
    let mut rows = rows::Rows::new(lake);
    for part in resources.chunks(8192) {
        let judged: Vec<Vec<Verdict>> =
            part.par_iter().map(|(first, end)| verdict::of_resource(sides, &ranges, *first, *end)).collect();
        for verdict in judged.iter().flatten() {
            classes.count(verdict.class);
            rows.push(sides, verdict)?;
            progress.done(1);
        }
    }
    rows.unseen(sides)?;
    files.extend(rows.finish()?);
    Ok(classes)
}

impl Classes {
    fn count(&mut self, class: verdict::Class) {
        use verdict::Class::*;
        *match class {
            Certain => &mut self.certain,
            Likely => &mut self.likely,
            Ambiguous => &mut self.ambiguous,
            ServiceDriven => &mut self.service_driven,
            NoneFound => &mut self.none_found,
        } += 1;
    }
}

/// For each change, which of the references lie in its window: from, to (not included).
fn ranges(changes: &[Change], references: &[Reference]) -> Result<Vec<(usize, usize)>> {
    let failed = |source| Error::Join { source };
    let column = |name: &str, values: Vec<i64>| Series::new(name.into(), values).into_column();
    let group = |resources: Vec<u32>| Series::new(RESOURCE.into(), resources).into_column();
    let windows: Vec<(i64, i64)> = changes.iter().map(window).collect();
    let left = DataFrame::new(
        changes.len(),
        vec![
            group(changes.iter().map(|change| change.resource).collect()),
            column(FROM, windows.iter().map(|(from, _)| *from).collect()),
            column(TO, windows.iter().map(|(_, to)| *to).collect()),
        ],
    )
    .map_err(failed)?;
    let numbers: Vec<u32> = (0..references.len() as u32).collect();
    let right = DataFrame::new(
        references.len(),
        vec![
            group(references.iter().map(|reference| reference.resource).collect()),
            column(AT, references.iter().map(|reference| reference.time).collect()),
            IdxCa::new(ROW.into(), numbers).into_column(),
        ],
    )
    .map_err(failed)?;
    let side = |on: &str, strategy: AsofStrategy| -> Result<Vec<Option<u32>>> {
        // Polars wants the times of each group in order; windows of a resource begin in the order of its changes.
        let joined =
            left.join_asof_by(&right, on, AT, [RESOURCE], [RESOURCE], strategy, None, true, false).map_err(failed)?;
        let rows = joined.column(ROW).and_then(|rows| rows.u32()).map_err(failed)?;
        Ok(rows.iter().collect())
    };
    let first = side(FROM, AsofStrategy::Forward)?;
    let last = side(TO, AsofStrategy::Backward)?;
    let range = |(first, last): (Option<u32>, Option<u32>)| match (first, last) {
        (Some(first), Some(last)) if first <= last => (first as usize, last as usize + 1),
        _ => (0, 0),
    };
    Ok(first.into_iter().zip(last).map(range).collect())
}

/// The columns of the two frames.
const RESOURCE: &str = "of";
const FROM: &str = "window begin";
const TO: &str = "window end";
const AT: &str = "called";
const ROW: &str = "number";
