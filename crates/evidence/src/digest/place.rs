//! What the keys of digests and log files say: which chain they belong to, and whose bucket they lie in.

use super::filed::contains_awslogs;
use crate::sidecar;

/// Which of CloudTrail's two chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Delivered hour by hour.
    Standard,
    /// Generated later for hours that had none.
    Backfill,
}

impl Kind {
    /// As it is written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Standard => "standard",
            Kind::Backfill => "backfill",
        }
    }
}

/// What names a chain of digests. Bucket and prefix are not in it: a trail may be given others, and its chain goes on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chain {
    /// The organisation, if it is the trail of one.
    pub organisation: Option<String>,
    /// Whose log files are listed.
    pub account: String,
    /// Where the events happened.
    pub region: String,
    /// The name of the trail.
    pub trail: String,
    /// Where the trail was made.
    pub home_region: String,
    /// Standard or backfill.
    pub kind: Kind,
}

/// `[prefix/]AWSLogs/[o-…/]ACCT/CloudTrail-Digest/REGION/Y/M/D/ACCT_CloudTrail-Digest_REGION_TRAIL_HOME_TIME[_backfill].json.gz`
pub(super) fn chain_of(key: &str) -> Option<Chain> {
    let stem = file_name(key).split_once(".json").map(|(stem, _)| stem)?;
    let (stem, kind) = match stem.strip_suffix("_backfill") {
        Some(stem) => (stem, Kind::Backfill),
        None => (stem, Kind::Standard),
    };
    let (rest, _time) = stem.rsplit_once('_')?;
    let (rest, home_region) = rest.rsplit_once('_')?;
    let mut parts = rest.splitn(4, '_');
    let (account, word, region, trail) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if word != "CloudTrail-Digest" {
        return None;
    }
    let folders: Vec<&str> = key.split('/').collect();
    let organisation = folders
        .iter()
        .rposition(|folder| *folder == "AWSLogs")
        .and_then(|at| folders.get(at + 1))
        .filter(|folder| folder.starts_with("o-"));
    Some(Chain {
        organisation: organisation.map(|id| (*id).to_owned()),
        account: account.to_owned(),
        region: region.to_owned(),
        trail: trail.to_owned(),
        home_region: home_region.to_owned(),
        kind,
    })
}

/// The last component of a key.
pub(crate) fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// What stands before `AWSLogs/…`, with the organisation if there is one: log files and digests of one delivery share
/// it.
pub(crate) fn awslogs_prefix(key: &str) -> Option<&str> {
    let end = contains_awslogs(key)?;
    let organisation =
        key.get(end..).and_then(|rest| rest.split_once('/')).filter(|(first, _)| first.starts_with("o-"));
    key.get(..end + organisation.map_or(0, |(first, _)| first.len() + 1))
}

/// Is this the name of a digest file? What the provider says of one, left behind without it, is none.
pub(crate) fn is_digest_key(key: &str) -> bool {
    file_name(key).to_ascii_lowercase().contains("_cloudtrail-digest_") && !key.ends_with(sidecar::SUFFIX)
}

/// Whether digests list a log file of CloudTrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    /// Management and data events.
    Listed,
    /// Insights, aggregated and network activity events: no digest that is known lists them.
    NotListed,
}

/// Of the key of one of CloudTrail's log files: `ACCOUNT_CloudTrail_…`, or `ACCOUNT_CloudTrail-Insight_…` and the like.
pub(crate) fn log_kind(key: &str) -> Option<LogKind> {
    let name = file_name(key);
    if name.ends_with(sidecar::SUFFIX) || is_digest_key(key) {
        return None;
    }
    let mut parts = name.split('_');
    let account = parts.next().unwrap_or_default();
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let service = parts.next()?.to_ascii_lowercase();
    match service.strip_prefix("cloudtrail")? {
        "" => Some(LogKind::Listed),
        kind if kind.starts_with('-') => Some(LogKind::NotListed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn keys_tell_chains_apart() {
        let key = "p/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/eu-west-1/2026/03/01/111122223333_CloudTrail-Digest_eu-west-1_my_org_trail_us-east-1_20260301T011407Z_backfill.json.gz";
        let chain = chain_of(key).unwrap();
        assert_eq!((chain.trail.as_str(), chain.home_region.as_str()), ("my_org_trail", "us-east-1"));
        assert_eq!((chain.region.as_str(), chain.kind), ("eu-west-1", Kind::Backfill));
        assert_eq!(chain.organisation.as_deref(), Some("o-exampleorg1"));
        assert_eq!(awslogs_prefix(key), Some("p/AWSLogs/o-exampleorg1/"));
        assert_eq!(awslogs_prefix("b/AWSLogs/111122223333/CloudTrail/x"), Some("b/AWSLogs/"));
        let log = "a/111122223333_CloudTrail_us-east-1_20260301T0115Z_abcdefghijklmnop.json.gz";
        assert_eq!(log_kind(log), Some(LogKind::Listed));
        assert_eq!(log_kind(&log.to_ascii_lowercase()), Some(LogKind::Listed));
        assert_eq!(log_kind(&log.replace("CloudTrail", "CloudTrail-Insight")), Some(LogKind::NotListed));
        assert!(log_kind(key).is_none() && chain_of("a/b.json.gz").is_none());
    }
}
