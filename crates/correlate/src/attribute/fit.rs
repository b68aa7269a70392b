//! How well one call fits one change.

use crate::config::{Change, ChangeKind, ChangedPath, History};
use crate::events::{Event, Reference};
use crate::knowledge::{Effect, Knowledge, Rule};
use crate::marks::of_leaf;

/// Members that change along with what a call changes.
const BOOKKEEPING: &[&str] = &[
    "lastModified",
    "lastModifiedTime",
    "lastUpdatedTime",
    "lastUpdateTime",
    "lastUpdateStatus",
    "updateDate",
    "updatedAt",
    "revisionId",
    "versionId",
    "defaultVersionId",
    "createDate",
    "status",
    "state",
    "stateReason",
    "stateTransitionReason",
    "pendingModifiedValues",
    "dBInstanceStatus",
    "codeSha256",
    "codeSize",
    "attachmentCount",
];

/// A call and a change.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) event: u32,
    pub(super) reference: usize,
    /// Is it a call that is known to change such a resource?
    pub(super) ruled: bool,
    pub(super) own: bool,
    /// Was it made before the capture before, so that only a late capture could make it the cause?
    pub(super) early: bool,
    /// For each path that counts: is it known that the call changes it?
    pub(super) covered: Vec<bool>,
    /// For each path that counts: what part of the new value stands in the request, 0 to 1.
    pub(super) explained: Vec<f32>,
    pub(super) score: i64,
}

/// The paths of a change by which its maker is known.
pub(super) fn telling<'c>(change: &'c Change, history: &History) -> Vec<&'c ChangedPath> {
    let is_related = |path: &&ChangedPath| history.paths.text(path.path).starts_with("relationships");
    let is_kept = |path: &&ChangedPath| {
        let path = history.paths.text(path.path);
        BOOKKEEPING.contains(&path.rsplit('.').next().unwrap_or(path))
    };
    let own: Vec<&ChangedPath> = change.paths.iter().filter(|path| !is_related(path) && !is_kept(path)).collect();
    if !own.is_empty() {
        return own;
    }
    let kept: Vec<&ChangedPath> = change.paths.iter().filter(|path| !is_related(path)).collect();
    if kept.is_empty() { change.paths.iter().collect() } else { kept }
}

pub(super) fn fit(
    change: &Change,
    paths: &[&ChangedPath],
    history: &History,
    reference: (usize, &Reference),
    event: &Event,
    api: &str,
    knowledge: &Knowledge,
) -> Fit {
    let (number, reference) = reference;
    let rule = reference.rule.and_then(|rule| knowledge.rules(api).get(rule as usize));
    let (covered, explained) = match change.kind {
        ChangeKind::Changed => of_paths(paths, history, rule, reference.bare, event, api),
        kind => {
            let (fits, explained) = of_being(kind, rule);
            (vec![fits], vec![explained])
        }
    };
    let early = change.previous.is_some_and(|previous| event.time <= previous - 1_000_000);
    let mut fit = Fit {
        event: reference.event,
        reference: number,
        ruled: rule.is_some(),
        own: reference.own,
        early,
        covered,
        explained,
        score: 0,
    };
    fit.score = fit.score(change.time - event.time);
    fit
}

/// Does the call make such a resource, or delete it?
fn of_being(kind: ChangeKind, rule: Option<&Rule>) -> (bool, f32) {
    let made = matches!(kind, ChangeKind::Created | ChangeKind::RecordedAgain);
    let (fits, explained) = match rule.map(|rule| (rule.effect, rule)) {
        Some((Effect::Create, _)) => (made, 1.0),
        Some((Effect::Delete, _)) => (kind == ChangeKind::Deleted, 1.0),
        // Calls like PutRule make what is not there yet.
        Some((Effect::Set, rule)) => (made && rule.paths.contains(&"configuration"), 0.6),
        _ => (false, 0.0),
    };
    (fits, if fits { explained } else { 0.0 })
}

fn of_paths(
    paths: &[&ChangedPath],
    history: &History,
    rule: Option<&Rule>,
    bare: bool,
    event: &Event,
    api: &str,
) -> (Vec<bool>, Vec<f32>) {
    let name = |path: &ChangedPath| history.paths.text(path.path);
    let call = Call { rule, bare, event, verb: Verb::of(api) };
    let (covered, mut explained): (Vec<bool>, Vec<f32>) =
        paths.iter().map(|path| call.of_path(path, name(path))).unzip();
    let Some(rule) = rule.filter(|rule| rule.effect == Effect::Set) else { return (covered, explained) };
    // A call that puts a new value in place of the old one does not name what it takes away.
    for (at, path) in paths.iter().enumerate() {
        if !path.removed || !covered.get(at).copied().unwrap_or_default() || bare {
            continue;
        }
        let group = rule.beginning(name(path));
        let beside =
            paths.iter().zip(&explained).filter(|(other, _)| !other.removed && rule.beginning(name(other)) == group);
        let put = beside.map(|(_, explained)| *explained).fold(0.0, f32::max);
        if let Some(slot) = explained.get_mut(at) {
            *slot = match (put >= 0.5, rule.is_narrow()) {
                (true, _) => put,
                (false, true) => 0.6,
                (false, false) => 0.2,
            };
        }
    }
    (covered, explained)
}

/// Calls that give nothing but the resource's name say by their own name what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Enable,
    Disable,
    Start,
    Stop,
    Other,
}

/// Names of members and their values.
type Outcomes = &'static [(&'static str, &'static str)];

impl Verb {
    fn of(api: &str) -> Verb {
        let name = api.rsplit(':').next().unwrap_or_default();
        match name {
            _ if name.starts_with("Enable") => Verb::Enable,
            _ if name.starts_with("Disable") => Verb::Disable,
            _ if name.starts_with("Start") => Verb::Start,
            _ if name.starts_with("Stop") => Verb::Stop,
            _ => Verb::Other,
        }
    }

    /// The values that such a call leads to, and those that its opposite leads to.
    fn outcomes(self) -> (Outcomes, Outcomes) {
        const ON: Outcomes =
            &[("enabled", "true"), ("keyState", "Enabled"), ("status", "Enabled"), ("state", "ENABLED")];
        const OFF: Outcomes =
            &[("enabled", "false"), ("keyState", "Disabled"), ("status", "Disabled"), ("state", "DISABLED")];
        const UP: Outcomes = &[("name", "running"), ("name", "pending"), ("code", "16"), ("isLogging", "true")];
        const DOWN: Outcomes = &[("name", "stopped"), ("name", "stopping"), ("code", "80"), ("isLogging", "false")];
        match self {
            Verb::Enable => (ON, OFF),
            Verb::Disable => (OFF, ON),
            Verb::Start => (UP, DOWN),
            Verb::Stop => (DOWN, UP),
            Verb::Other => (&[], &[]),
        }
    }
}

/// A call, as paths are held against it.
struct Call<'c> {
    rule: Option<&'c Rule>,
    bare: bool,
    event: &'c Event,
    verb: Verb,
}

/// What the answer says is less telling: a later call gives the same answer.
const ANSWERED: f32 = 0.7;

impl Call<'_> {
    /// Is the path known to be changed by the call, and how much of the change stands in the request?
    fn of_path(&self, path: &ChangedPath, name: &str) -> (bool, f32) {
        let is_element = name.ends_with(']');
        let marked = |marks: &[u64], mark: u64| mark != 0 && marks.binary_search(&mark).is_ok();
        let asked = |(value, pair): &&(u64, u64)| marked(&self.event.marks, *pair) || marked(&self.event.marks, *value);
        let answered = |(_, pair): &&(u64, u64)| marked(&self.event.answers, *pair);
        let part = |count: usize| if path.leaves.is_empty() { 0.0 } else { count as f32 / path.leaves.len() as f32 };
        let found = path.leaves.iter().filter(asked).count();
        let answer = if path.removed { 0 } else { path.leaves.iter().filter(answered).count() };
        let mut explained = part(found).max(part(answer) * ANSWERED);
        let Some(rule) = self.rule else { return (false, explained) };
        let against = match rule.effect {
            Effect::Create | Effect::Delete => true,
            Effect::Add => is_element && (path.removed || explained == 0.0),
            Effect::Remove => is_element && (!path.removed || (explained == 0.0 && !self.bare)),
            Effect::Set => path.removed && !self.bare && rule.beginning(name) == Some(name),
        };
        if against {
            return (false, 0.0);
        }
        let covered = rule.covers(name);
        if covered && self.bare {
            let (to, from) = self.verb.outcomes();
            let says = |list: Outcomes| {
                list.iter().any(|(name, value)| path.leaves.iter().any(|leaf| leaf.1 == of_leaf(name, value).1))
            };
            if says(from) {
                return (false, 0.0);
            }
            // It says all that it has to say.
            explained = explained.max(if says(to) { 1.0 } else { 0.8 });
        }
        // The element is known by its name, and the call takes away what has that name.
        if covered && path.removed && found > 0 {
            explained = explained.max(0.9);
        }
        (covered, explained)
    }
}

impl Fit {
    fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
        let count = values.len().max(1) as f32;
        values.sum::<f32>() / count
    }

    /// What part of the paths the call is known to change.
    pub(super) fn coverage(&self) -> f32 {
        Fit::mean(self.covered.iter().map(|covered| f32::from(u8::from(*covered))))
    }

    /// What part of the new values stands in the request.
    pub(super) fn explanation(&self) -> f32 {
        Fit::mean(self.explained.iter().copied())
    }

    /// Does it fit every path: known to change it, with the values of it?
    pub(super) fn explains_all(&self) -> bool {
        self.ruled
            && !self.covered.is_empty()
            && self.covered.iter().zip(&self.explained).all(|(covered, explained)| *covered && *explained >= 0.5)
    }

    /// Could it have made the change at all, more than by being about the same resource?
    pub(super) fn is_plausible(&self) -> bool {
        (self.ruled && self.covered.iter().any(|covered| *covered)) || self.explanation() >= 0.5
    }

    /// 0 to 100. Time counts least: Config captures late.
    fn score(&self, before: i64) -> i64 {
        let minutes = before.abs() as f32 / 60e6;
        let near = 1.0 / (1.0 + minutes / 10.0);
        let ruled = if self.ruled { 20.0 } else { 5.0 };
        let all = ruled + 30.0 * self.coverage() + 40.0 * self.explanation() + 10.0 * near;
        let against = if self.own { 0.0 } else { 30.0 } + if self.early { 25.0 } else { 0.0 };
        ((all - against) as i64).clamp(0, 100)
    }
}
