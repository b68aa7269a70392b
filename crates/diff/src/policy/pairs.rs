//! Which statement of one policy became which of another.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Statement;

/// Beyond this many pairs of statements without a common Sid, overlap is not looked for.
const PAIRS: usize = 250_000;

/// Places of statements that belong together; a statement without a partner stands alone. Equal ones
/// first, then those with the same Sid, then those that share the most. Statements that are equal
/// and in both are among the pairs. Swapping the sides swaps the pairs.
pub(crate) fn pairs(before: &[Statement], after: &[Statement]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut sides = Sides { before: (0..before.len()).collect(), after: (0..after.len()).collect(), pairs: Vec::new() };
    let canonical = |list: &[Statement]| list.iter().map(Statement::canonical).collect::<Vec<_>>();
    let (b, a) = (canonical(before), canonical(after));
    sides.join_equal(&b, &a);
    sides.join_same_sid(before, after);
    sides.join_by_overlap((before, &b), (after, &a));
    let Sides { before, after, pairs } = sides;
    let mut all: Vec<_> = pairs.into_iter().map(|(b, a)| (Some(b), Some(a))).collect();
    all.extend(before.into_iter().map(|b| (Some(b), None)));
    all.extend(after.into_iter().map(|a| (None, Some(a))));
    all
}

/// Statements that have no partner yet, and pairs.
struct Sides {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
    pairs: Vec<(usize, usize)>,
}

impl Sides {
    fn join(&mut self, b: usize, a: usize) {
        if self.before.remove(&b) && self.after.remove(&a) {
            self.pairs.push((b, a));
        }
    }

    fn join_equal(&mut self, before: &[String], after: &[String]) {
        for (b, text) in before.iter().enumerate() {
            let equal = self.after.iter().copied().find(|a| after.get(*a) == Some(text));
            if let Some(a) = equal {
                self.join(b, a);
            }
        }
    }

    fn join_same_sid(&mut self, before: &[Statement], after: &[Statement]) {
        let only = |places: &BTreeSet<usize>, list: &[Statement], sid: &str| {
            let mut having =
                places.iter().copied().filter(|at| list.get(*at).and_then(|s| s.sid.as_deref()) == Some(sid));
            having.next().filter(|_| having.next().is_none())
        };
        for sid in before.iter().filter_map(|statement| statement.sid.as_deref()) {
            if let (Some(b), Some(a)) = (only(&self.before, before, sid), only(&self.after, after, sid)) {
                self.join(b, a);
            }
        }
    }

    fn join_by_overlap(&mut self, before: (&[Statement], &[String]), after: (&[Statement], &[String])) {
        if self.before.len().saturating_mul(self.after.len()) > PAIRS {
            return;
        }
        let keyed =
            |places: &BTreeSet<usize>, (list, texts): (&[Statement], &[String])| -> Vec<(usize, Said, String)> {
                let side = places.iter().filter_map(|at| Some((*at, said(list.get(*at)?), texts.get(*at)?.clone())));
                side.collect()
            };
        let (b, a) = (keyed(&self.before, before), keyed(&self.after, after));
        let mut candidates = Vec::new();
        for (b, said_b, text_b) in &b {
            for (a, said_a, text_a) in &a {
                let shared = said_b.intersection(said_a).count();
                if shared > 0 {
                    // The texts in an order that does not know which side they are from.
                    let texts = if text_b < text_a { (text_b, text_a) } else { (text_a, text_b) };
                    let rank = shared * 1_000_000 / said_b.union(said_a).count();
                    candidates.push((Reverse(rank), texts, *b, *a));
                }
            }
        }
        candidates.sort_unstable();
        for (_, _, b, a) in candidates {
            if self.before.contains(&b) && self.after.contains(&a) {
                self.join(b, a);
            }
        }
    }
}

type Said = BTreeSet<(&'static str, String)>;

/// What a statement says; `*` as resource is what unrelated statements have in common.
fn said(statement: &Statement) -> Said {
    let mut said: Said = statement.values().into_iter().map(|entry| entry.key).collect();
    said.remove(&("Resource", "*".to_owned()));
    if statement.conditions.is_some() {
        said.insert(("Condition", statement.condition_key()));
    }
    said
}
