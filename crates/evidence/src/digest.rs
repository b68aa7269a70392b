//! CloudTrail's digest chains, checked offline: signatures, links, and the log files that the digests list.
//!
//! A digest is delivered about every hour, also when nothing happened; it lists the log files delivered in that hour
//! with their SHA-256, names the digest before it, and is signed by CloudTrail over its own location. Its signature
//! stands in the metadata of the object, and once more in the digest that follows.
//!
//! A verdict says no more than was checked: what cannot be checked says why, and a read error is never called
//! tampering. The source is AWS's page "Custom implementations of CloudTrail log file integrity validation".

mod chain;
mod cover;
mod filed;
mod key_forms;
mod keys;
mod logs;
mod parse;
mod place;
mod walk;

pub use chain::{DigestState, DigestVerdict, Signed};
pub use cover::{Covered, Unit};
pub use keys::{KeyProblem, KeyRing};
pub use logs::{LogState, LogVerdict};
pub use parse::{Digest, ListedLog};
pub use place::{Chain, Kind};

pub(crate) use chain::{Collected, check as check_chains};
pub(crate) use cover::cover;
pub(crate) use filed::{Whereabouts, folded_name, is_filed_below};
pub(crate) use logs::{Container, Content, Index as LogIndex, LogFile, check as check_logs};
pub(crate) use parse::decode;
pub(crate) use place::{LogKind, is_digest_key, log_kind};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is what CloudTrail delivered.
    Verified,
    /// It cannot be said; the reason stands with it.
    NotCheckable,
    /// It is not, or no longer, what CloudTrail delivered.
    Contradicted,
}

impl Verdict {
    /// As it is written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::NotCheckable => "not checkable",
            Verdict::Contradicted => "contradicted",
        }
    }
}
