//! What judged an object. What another basis would judge is taken again by the next ingest.

use std::fmt::Write as _;

use coldtrail_evidence::Limits;
use coldtrail_evidence::hash::sha256;
use coldtrail_sources::{LogSource, SOURCES};

use crate::decode::Status;

/// Raised when opening, recognising or framing objects gives something else than before.
const READING: u32 = 2;

/// Parts the limits, which matter only where they cut an object, from what comes before them.
const LIMITS: &str = ", limits ";

/// Begins the list of all sources.
const ALL: &str = "sources/";

/// Can an object with this basis have rows in other tables than that of its source?
pub(crate) fn is_of_several(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(_reading, judge)| judge.starts_with(ALL))
}

/// The present list of sources, and the limits of a run.
pub(crate) struct Basis {
    /// The first digits of a hash of the names and versions of all sources.
    sources: String,
    limits: String,
}

impl Basis {
    pub(crate) fn new(limits: &Limits) -> Basis {
        let mut list = String::new();
        for source in SOURCES {
            let _fits = write!(list, "{}/{} ", source.name, source.version);
        }
        let sources = sha256(list.as_bytes()).chars().take(12).collect();
        Basis { sources, limits: format!("{}/{}/{}", limits.inflated, limits.ratio, limits.layers) }
    }

    /// In words: for what a source read, that source; for what none knew (none), or more than one, and for what carries
    /// logs of others, the list of all of them.
    pub(crate) fn text(&self, source: Option<&LogSource>, cut: bool) -> String {
        let judge = match source {
            Some(source) if !source.carries() => format!("{READING} {}/{}", source.name, source.version),
            // Any of them may come to know it, or a record in it.
            _ => format!("{READING} {ALL}{}", self.sources),
        };
        if cut { format!("{judge}{LIMITS}{}", self.limits) } else { judge }
    }

    /// Would it be judged the same now? `source` and `text` are what the ledger says about it.
    pub(crate) fn holds(&self, status: &str, source: Option<&str>, text: &str) -> bool {
        if status == Status::Failed.name() {
            // A disk may be back, a file restored.
            return false;
        }
        let known = source.map(|name| SOURCES.iter().copied().find(|source| source.name == name));
        let cut = text.contains(LIMITS);
        match known {
            // A source that is no more.
            Some(None) => false,
            Some(source @ Some(_)) => self.text(source, cut) == text || self.text(None, cut) == text,
            None => self.text(None, cut) == text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_judged_the_same_holds() {
        let basis = Basis::new(&Limits::default());
        let source = SOURCES[0];
        let whole = basis.text(Some(source), false);
        assert!(basis.holds("ingested", Some(source.name), &whole));
        assert!(!basis.holds("failed", Some(source.name), &whole), "a failed one is always taken again");
        assert!(!basis.holds("ingested", Some(source.name), &whole.replace('/', "/0")), "an older version");
        assert!(!basis.holds("ingested", Some("a source that is no more"), &whole));
        assert!(!basis.holds("unrecognised", None, "1 sources/0123456789ab"), "another list");
        let several = basis.text(None, false);
        assert!(basis.holds("ingested", Some(source.name), &several), "records of several");
        assert!(is_of_several(&several) && !is_of_several(&whole));
        assert!(basis.holds("unrecognised", None, &basis.text(None, false)));
        let more = Basis::new(&Limits { inflated: 1 << 40, ..Limits::default() });
        assert!(more.holds("ingested", Some(source.name), &whole), "limits that did not cut do not matter");
        assert!(!more.holds("ingested", Some(source.name), &basis.text(Some(source), true)), "other limits");
        assert!(basis.holds("ingested", Some(source.name), &basis.text(Some(source), true)));
    }
}
