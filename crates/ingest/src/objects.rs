//! The objects by number. The number is their rank: of two copies of a record, the one in the object with the lower
//! number is the row, whatever the order in which objects were collected or ingested.

use std::cmp::Ordering;
use std::collections::HashMap;

use coldtrail_evidence::{Entry, ObjectKey};

use crate::error::{Error, Result};

/// How well it can be proven what an object holds, by where it lay; the best comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// A log file under the key under which AWS delivers it: of CloudTrail, digests can prove it.
    OwnKey,
    /// A log under the name that AWS gave it, in another place.
    Named,
    /// Wrapped, exported, renamed.
    Other,
}

impl Standing {
    fn of(key: &str) -> Standing {
        let (folders, name) = key.rsplit_once(['/', '\\']).unwrap_or(("", key));
        let named = ObjectKey::parse(name);
        let by_name = named.account.is_some() && named.service.is_some() || named.distribution.is_some();
        if named.delivery_time.is_none() || !(by_name || ends_like_access_log(name)) {
            return Standing::Other;
        }
        // Without its name: what the folders alone tell.
        let placed = ObjectKey::parse(&format!("{folders}/-"));
        let agrees = placed.account.is_some() && placed.service.is_some() && placed.delivery_time.is_some();
        let own = agrees && (named.account.is_none() || named.account == placed.account);
        if own && (named.service.is_none() || named.service == placed.service) {
            Standing::OwnKey
        } else {
            Standing::Named
        }
    }
}

/// Names of S3's access logs begin with a prefix of the owner's choice; they end in `-` and sixteen digits.
fn ends_like_access_log(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let id = stem.rsplit('-').next().unwrap_or_default();
    id.len() == 16 && id.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
}

/// What the rank of an object goes by: how well it can be proven, when it was delivered (without a time last), then its
/// key and its bytes, so that no two are equal.
#[derive(Debug, PartialEq, Eq)]
struct Rank<'a> {
    standing: Standing,
    delivered: Option<i64>,
    key: &'a str,
    sha256: &'a str,
}

impl Rank<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let time = |rank: &Self| (rank.delivered.is_none(), rank.delivered);
        (self.standing, time(self), self.key, self.sha256).cmp(&(other.standing, time(other), other.key, other.sha256))
    }
}

/// Sorts the collected objects by their rank.
pub(crate) fn ranked(entries: Vec<Entry>) -> Vec<Entry> {
    let place = |entry: &Entry| (Standing::of(&entry.key), ObjectKey::parse(&entry.key).delivery_time);
    let mut all: Vec<((Standing, Option<i64>), Entry)> =
        entries.into_iter().map(|entry| (place(&entry), entry)).collect();
    all.sort_by(|a, b| rank(a).cmp(&rank(b)));
    all.into_iter().map(|(_, entry)| entry).collect()
}

fn rank(((standing, delivered), entry): &((Standing, Option<i64>), Entry)) -> Rank<'_> {
    Rank { standing: *standing, delivered: *delivered, key: &entry.key, sha256: &entry.sha256 }
}

/// The names of all objects by their number: sixteen bytes each, whatever the number of rows.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    names: Vec<u128>,
    numbers: HashMap<u128, u32>,
}

impl Objects {
    /// The number of an object; one that is not known yet comes after all others.
    pub(crate) fn number(&mut self, name: &str) -> Result<u32> {
        let id = match (name.len(), u128::from_str_radix(name, 16)) {
            (32, Ok(id)) => id,
            _ => return Err(Error::NotAnObject { name: name.to_owned() }),
        };
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        Ok(*self.numbers.entry(id).or_insert_with(|| {
            self.names.push(id);
            next
        }))
    }

    pub(crate) fn name(&self, number: u32) -> String {
        format!("{:032x}", self.names.get(number as usize).copied().unwrap_or_default())
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_proven_comes_first() {
        let own = "bucket/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/111122223333_CloudTrail_us-east-1_20260301T0005Z_abcdefgh12345670.json.gz";
        let name = own.rsplit('/').next().unwrap();
        let standing = |key: &str, want| assert_eq!(Standing::of(key), want, "{key}");
        standing(own, Standing::OwnKey);
        standing(&own.replace("AWSLogs/", "AWSLogs/o-abcdefghij/"), Standing::OwnKey);
        standing(name, Standing::Named);
        standing(&format!("flat/{name}"), Standing::Named);
        standing(&own.replace("/111122223333/", "/444455556666/"), Standing::Named);
        standing(&own.replace("/CloudTrail/", "/Config/"), Standing::Named);
        standing("export/events.ndjson", Standing::Other);
        standing("AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/events.json", Standing::Other);
        standing("logs2026-03-01-00-05-00-0123456789ABCDEF", Standing::Named);
        standing("firehose-1-2026-03-01-00-05-00-0d1c0d37", Standing::Other);
    }

    #[test]
    fn numbers_are_names_again() {
        let mut objects = Objects::default();
        let name = "00ff0000000000000000000000000001";
        assert_eq!(objects.number(name).unwrap(), 0);
        assert_eq!(objects.number("ffffffffffffffffffffffffffffffff").unwrap(), 1);
        assert_eq!(objects.number(name).unwrap(), 0);
        assert_eq!(objects.name(0), name);
        assert!(objects.number("short").is_err());
    }
}
