//! What judged an object. What another basis would judge is taken again by the next ingest.

use std::fmt::Write as _;

use coldtrail_evidence::Limits;
use coldtrail_evidence::hash::sha256;
use coldtrail_sources::{Definition, Definitions, LogSource, OWN, SOURCES};

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

/// Parts the list of all sources from the user's definitions, which are asked where no source knows an object.
const OWN_LIST: &str = " own/";

/// Who judged an object.
#[derive(Clone, Copy)]
pub(crate) enum Judge<'a> {
    /// A source read it.
    Source(&'static LogSource),
    /// A definition of the user's took it, since no source knew it.
    Own(&'a Definition),
    /// Several sources read records of it, or there was nothing to read.
    All,
    /// Neither a source nor a definition knew it.
    Nobody,
}

/// The present list of sources and of definitions, and the limits of a run.
pub(crate) struct Basis {
    /// The first digits of a hash of the names and versions of all sources.
    sources: String,
    own: Definitions,
    limits: String,
}

impl Basis {
    pub(crate) fn new(limits: &Limits, own: &Definitions) -> Basis {
        let mut list = String::new();
        for source in SOURCES {
            let _fits = write!(list, "{}/{} ", source.name, source.version);
        }
        let sources = sha256(list.as_bytes()).chars().take(12).collect();
        let limits = format!("{}/{}/{}", limits.inflated, limits.ratio, limits.layers);
        Basis { sources, own: own.clone(), limits }
    }

    /// In words: for what a source read, that source; for what a definition took, it, those asked before it, and the list
    /// of all sources; for what several read, and for what carries logs of others, that list; for what none knew, that
    /// list and all definitions.
    pub(crate) fn text(&self, judge: Judge<'_>, cut: bool) -> String {
        let judge = match judge {
            Judge::Source(source) if !source.carries() => format!("{READING} {}/{}", source.name, source.version),
            Judge::Own(definition) => {
                let (version, before) = (OWN.version, self.own.hash_up_to(definition));
                format!("{READING} {}/{version}/{before}/{}", OWN.name, self.sources)
            }
            // Any of them may come to know it, or a record in it.
            Judge::Source(_) | Judge::All => format!("{READING} {ALL}{}", self.sources),
            Judge::Nobody => {
                let own = self.own.hash().map_or_else(String::new, |hash| format!("{OWN_LIST}{hash}"));
                format!("{READING} {ALL}{}{own}", self.sources)
            }
        };
        if cut { format!("{judge}{LIMITS}{}", self.limits) } else { judge }
    }

    /// Would it be judged the same now? `source` and `text` are what the ledger says about it.
    pub(crate) fn holds(&self, status: &str, source: Option<&str>, text: &str) -> bool {
        if status == Status::Failed.name() {
            // A disk may be back, a file restored.
            return false;
        }
        let cut = text.contains(LIMITS);
        let is = |judge: Judge<'_>| self.text(judge, cut) == text;
        match source {
            Some(name) if name == OWN.name => self.own.iter().any(|definition| is(Judge::Own(definition))),
            Some(name) => match SOURCES.iter().copied().find(|source| source.name == name) {
                Some(source) => is(Judge::Source(source)) || is(Judge::All),
                // A source that is no more.
                None => false,
            },
            None if status == Status::Unrecognised.name() => is(Judge::Nobody),
            None => is(Judge::All),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn basis(own: &[&str]) -> Basis {
        Basis::new(&Limits::default(), &definitions(own))
    }

    fn definitions(own: &[&str]) -> Definitions {
        Definitions::of(own.iter().map(|text| Arc::new(Definition::parse(text).expect("a definition"))))
    }

    fn definition(name: &str) -> String {
        format!("name = '{name}'\nobjects = ['**']\nframing = 'json'\n[time]\nfield = 'at'\n")
    }

    #[test]
    fn only_what_would_be_judged_the_same_holds() {
        let basis = basis(&[]);
        let source = SOURCES[0];
        let whole = basis.text(Judge::Source(source), false);
        assert!(basis.holds("ingested", Some(source.name), &whole));
        assert!(!basis.holds("failed", Some(source.name), &whole), "a failed one is always taken again");
        assert!(!basis.holds("ingested", Some(source.name), &whole.replace('/', "/0")), "an older version");
        assert!(!basis.holds("ingested", Some("a source that is no more"), &whole));
        assert!(!basis.holds("unrecognised", None, "1 sources/0123456789ab"), "another list");
        let several = basis.text(Judge::All, false);
        assert!(basis.holds("ingested", Some(source.name), &several), "records of several");
        assert!(is_of_several(&several) && !is_of_several(&whole));
        assert!(basis.holds("unrecognised", None, &basis.text(Judge::Nobody, false)));
        let more = Basis::new(&Limits { inflated: 1 << 40, ..Limits::default() }, &Definitions::default());
        let cut = basis.text(Judge::Source(source), true);
        assert!(more.holds("ingested", Some(source.name), &whole), "limits that did not cut do not matter");
        assert!(!more.holds("ingested", Some(source.name), &cut), "other limits");
        assert!(basis.holds("ingested", Some(source.name), &cut));
    }

    #[test]
    fn a_definition_judges_what_no_source_knew() {
        let (a, b) = (definition("a"), definition("b"));
        let changed = format!("{b}# changed\n");
        let (none, one, two) = (basis(&[]), basis(&[&b]), basis(&[&b, &a]));
        let unknown = none.text(Judge::Nobody, false);
        assert!(none.holds("unrecognised", None, &unknown));
        assert!(!one.holds("unrecognised", None, &unknown), "one that was added may know it");
        assert!(one.holds("empty", None, &none.text(Judge::All, false)), "nothing is nothing to all of them");
        let source = SOURCES[0];
        let known = none.text(Judge::Source(source), false);
        assert!(one.holds("ingested", Some(source.name), &known), "what a source knows it keeps");
        let read = |basis: &Basis, at: usize| {
            let definition = basis.own.iter().nth(at).expect("a definition");
            basis.text(Judge::Own(definition), false)
        };
        let by_b = read(&one, 0);
        assert!(one.holds("ingested", Some(OWN.name), &by_b) && !is_of_several(&by_b));
        assert!(!none.holds("ingested", Some(OWN.name), &by_b), "it was removed");
        assert!(!basis(&[&changed]).holds("ingested", Some(OWN.name), &by_b), "it was changed");
        assert!(!two.holds("ingested", Some(OWN.name), &by_b), "another one is asked before it");
        let by_a = read(&two, 0);
        assert!(basis(&[&a]).holds("ingested", Some(OWN.name), &by_a), "those that are asked later do not matter");
    }
}
