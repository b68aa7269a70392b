//! The objects by number. The number is their rank: of two copies of a record, the one in the object with the lower
//! number is the row, whatever the order in which objects were collected or ingested.

use std::hash::{DefaultHasher, Hash, Hasher};

use coldtrail_evidence::{Entry, Manifest, ObjectKey};
use hashbrown::HashTable;

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

/// What is known of each collected object, by its position in the manifest, before it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    standing: Standing,
    delivered: Option<i64>,
    /// Equal for objects that have the same bytes under the same name, and for few others.
    pub(crate) same: u64,
    pub(crate) inflated: u64,
    /// Of an archive: what is said about its damage. It is looked into again when that changed.
    pub(crate) archive: Option<u64>,
}

/// Equal for equal texts, and for few others.
pub(crate) fn text_hash(text: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Glance {
    pub(crate) fn of(entry: &Entry) -> Glance {
        let mut same = DefaultHasher::new();
        (&entry.sha256, name(&entry.key)).hash(&mut same);
        Glance {
            standing: Standing::of(&entry.key),
            delivered: ObjectKey::parse(&entry.key).delivery_time,
            same: same.finish(),
            inflated: entry.inflated_size,
            archive: entry.is_archive().then(|| text_hash(entry.damage.as_deref())),
        }
    }

    /// How well it can be proven, then when it was delivered, without a time last.
    fn rank(&self) -> (Standing, bool, Option<i64>) {
        (self.standing, self.delivered.is_none(), self.delivered)
    }
}

/// The last part of a key.
pub(crate) fn name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// The positions of the collected objects by their rank. Those of one standing and time are in the order of their keys,
/// then of their ids, so that no two are equal; only of those the keys are read.
pub(crate) fn ranked(manifest: &Manifest, glances: &[Glance]) -> Result<Vec<u32>> {
    let mut ranked: Vec<u32> = (0..).take(glances.len()).collect();
    let rank = |at: &u32| glances.get(*at as usize).map(Glance::rank);
    ranked.sort_by_key(rank);
    for equal in ranked.chunk_by_mut(|a, b| rank(a) == rank(b)).filter(|equal| equal.len() > 1) {
        let mut keyed = Vec::with_capacity(equal.len());
        for (at, entry) in equal.iter().zip(manifest.at(equal.iter().copied())) {
            let entry = entry.map_err(Error::Evidence)?;
            keyed.push((entry.key.into_boxed_str(), entry.object.into_boxed_str(), *at));
        }
        keyed.sort_unstable();
        equal.iter_mut().zip(keyed).for_each(|(slot, (.., at))| *slot = at);
    }
    Ok(ranked)
}

/// The names of all objects by their number: some twenty-five bytes each, whatever the number of rows.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    names: Vec<u128>,
    /// The numbers, to be found by the names at their places.
    numbers: HashTable<u32>,
}

/// Ids are the beginnings of hashes, and as even as those.
fn spread(id: u128) -> u64 {
    id as u64
}

impl Objects {
    /// With room for so many.
    pub(crate) fn with_capacity(count: usize) -> Objects {
        Objects { names: Vec::with_capacity(count), numbers: HashTable::with_capacity(count) }
    }

    /// The number of an object; one that is not known yet comes after all others.
    pub(crate) fn number(&mut self, name: &str) -> Result<u32> {
        let id = match (name.len(), u128::from_str_radix(name, 16)) {
            (32, Ok(id)) => id,
            _ => return Err(Error::NotAnObject { name: name.to_owned() }),
        };
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let names = &mut self.names;
        let at = |names: &[u128], number: u32| names.get(number as usize).copied().unwrap_or_default();
        let found = self.numbers.find(spread(id), |number| at(names, *number) == id).copied();
        Ok(found.unwrap_or_else(|| {
            self.numbers.insert_unique(spread(id), next, |number| spread(at(names, *number)));
            names.push(id);
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
