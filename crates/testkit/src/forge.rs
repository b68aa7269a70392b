//! Forged CloudTrail digest chains: really signed with test keys, whole or with a known fault, to test verification.
//!
//! [`forge()`] makes a [`Store`] in memory (what lies in the buckets, and the public keys) and says what a verifier must
//! find in it. [`flip_bit`] damages a store at random. [`write_year`] writes a chain too long to keep in memory.

mod chain;
mod damage;
mod faults;
mod flip;
mod keys;
mod logs;
mod plan;
mod scenario;
mod store;
#[cfg(test)]
mod tests;
mod year;

pub use flip::{Flipped, Part, flip_bit};
pub use scenario::Scenario;
pub use store::{Store, Stored};
pub use year::{YearOptions, YearSummary, write_year};

use crate::world::at;

/// What is forged before anything goes wrong. The same options and the same scenario give the same bytes.
#[derive(Debug, Clone)]
pub struct ForgeOptions {
    /// Chooses contents, identifiers, and where in the chain the fault is.
    pub seed: u64,
    /// Digests of each chain, one an hour. Fewer than [`ForgeOptions::LEAST_HOURS`] are taken as that many.
    pub hours: u32,
    /// Log files that each digest lists, at least one.
    pub logs_per_hour: u32,
    /// At least one; the first is the home of the trail.
    pub regions: Vec<String>,
    /// At least one, of twelve digits. There is a chain for each account and region.
    pub accounts: Vec<String>,
    pub trail: String,
    pub bucket: String,
    /// `o-…`, a part of all keys of an organisation's trail.
    pub organisation: Option<String>,
    /// When the first digest starts, in seconds since 1970.
    pub start: i64,
    /// At least one.
    pub events_per_log: u32,
}

impl ForgeOptions {
    /// Room for the longest fault, with whole digests before and after it.
    pub const LEAST_HOURS: u32 = 12;
}

impl Default for ForgeOptions {
    fn default() -> ForgeOptions {
        ForgeOptions {
            seed: 1,
            hours: 24,
            logs_per_hour: 3,
            regions: vec!["us-east-1".to_owned()],
            accounts: vec!["111122223333".to_owned()],
            trail: "forge-trail".to_owned(),
            bucket: "forge-bucket".to_owned(),
            organisation: None,
            start: at("03-01 00:14:07"),
            events_per_log: 4,
        }
    }
}

/// A store with a fault, and what is known about it.
#[derive(Debug, Clone)]
pub struct Forged {
    pub store: Store,
    pub expected: Expected,
}

/// What a verifier must say of a store when it is asked for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The exit statuses that are right; more than one where the table of scenarios leaves room.
    pub exit: &'static [i32],
    /// Words that the reasons must contain, in lower case.
    pub mentions: &'static [&'static str],
    pub digests: Counts,
    /// Log files that a digest lists, each once.
    pub logs: Counts,
    /// Log files in the store that no digest in the store lists (nor a copy of one at another's place).
    pub uncovered: u64,
    /// The objects concerned, present or not, as `<bucket>/<key>`.
    pub affected: Vec<String>,
    /// When verification must be asked to begin, where that is the point: an instant with an offset.
    pub from: Option<String>,
}

/// Objects by verdict. `None` where more than one answer is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub verified: Option<u64>,
    pub contradicted: Option<u64>,
    pub not_checkable: Option<u64>,
    /// Named by a digest that is to be believed, and not in the store. They are in no other count.
    pub missing: Option<u64>,
}

/// Forges a store with the fault of the scenario.
pub fn forge(options: &ForgeOptions, scenario: Scenario) -> Forged {
    faults::forge(options, scenario)
}
