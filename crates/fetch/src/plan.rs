//! Which prefixes to list, and which of the keys found there are wanted.
//!
//! AWS delivers to `[prefix/]AWSLogs/[o-…/]<account>/<service>/<region>/<year>/<month>/<day>/`: accounts and regions are
//! found level by level, and of each only the days asked for are listed. Server access logs lie flat, in the order of
//! their names, which begin with the time. What is laid out otherwise is listed as a whole and chosen by its keys.

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::{Role, Table, tables};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::error::{Error, Result};
use crate::list::{Listed, Lister, Page, Query};

/// Files are delivered after what they tell, and digests after the files: so many days more are listed.
const LATE_DAYS: i64 = 2;
const DAY: i64 = 86_400;
/// More prefixes than this are not made: months are listed instead of days.
const MANY: i64 = 400;

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    sources: Vec<Source>,
    accounts: Vec<String>,
    regions: Vec<String>,
    /// Seconds since 1970.
    from: Option<i64>,
    to: Option<i64>,
}

/// A kind of logs, as far as its keys tell it, by the name of AWS's service. One kind may be several tables: with
/// CloudTrail's logs come the digests that prove them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source(&'static str);

impl Source {
    fn of(table: &Table) -> Source {
        let folder = match table.role {
            Role::Event(event) => event.services.first().copied(),
            Role::Ledger | Role::Verdict | Role::Derived { .. } => None,
        };
        // `CloudTrail-Digest` is of `CloudTrail`; what has no folder of AWS's is a kind of its own.
        Source(folder.and_then(|folder| folder.split('-').next()).unwrap_or(table.name))
    }

    fn named(name: &str) -> Result<Source> {
        let table = tables::source_named(name).ok_or_else(|| Error::UnknownSource { name: name.to_owned() })?;
        Ok(Source::of(table))
    }

    fn of_service(service: &str) -> Option<Source> {
        tables::of_service(service).map(Source::of)
    }
}

impl Wanted {
    pub(crate) fn new(
        sources: &[String],
        accounts: &[String],
        regions: &[String],
        from: Option<i64>,
        to: Option<i64>,
    ) -> Result<Wanted> {
        let sources = sources.iter().map(|name| Source::named(name)).collect::<Result<_>>()?;
        Ok(Wanted { sources, accounts: accounts.to_vec(), regions: regions.to_vec(), from, to })
    }

    fn everything(&self) -> bool {
        self.sources.is_empty()
            && self.accounts.is_empty()
            && self.regions.is_empty()
            && self.from.is_none()
            && self.to.is_none()
    }

    /// Is the object at this key wanted? What a key does not tell is no reason against it.
    pub(crate) fn wants(&self, key: &str) -> bool {
        let told = ObjectKey::parse(key);
        let fits = |value: &Option<String>, list: &[String]| {
            list.is_empty() || value.as_ref().is_none_or(|value| list.contains(value) || value == "global")
        };
        let day = |time: i64| time.div_euclid(DAY) * DAY;
        let time = told.delivery_time.map(|time| time.div_euclid(1_000_000));
        let in_time = time.is_none_or(|time| {
            self.from.is_none_or(|from| time >= day(from))
                && self.to.is_none_or(|to| time < day(to - 1) + DAY * (1 + LATE_DAYS))
        });
        let source = match (&told.service, &told.distribution, &told.bucket) {
            (Some(service), ..) => Source::of_service(service),
            (None, Some(_), _) => Some(Source::of(&tables::cloudfront::TABLE)),
            _ if told.delivery_time.is_some() => Some(Source::of(&tables::s3_access::TABLE)),
            _ => None,
        };
        let of_source = self.sources.is_empty() || source.is_some_and(|source| self.sources.contains(&source));
        in_time && of_source && fits(&told.account, &self.accounts) && fits(&told.region, &self.regions)
    }

    /// The days to be listed, when both ends are known.
    fn days(&self) -> Option<(Date, Date)> {
        let date =
            |seconds: i64| Timestamp::from_second(seconds).map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date());
        let (from, to) = self.from.zip(self.to)?;
        match (date(from), date(to - 1 + LATE_DAYS * DAY)) {
            (Ok(from), Ok(to)) if from <= to => Some((from, to)),
            _ => None,
        }
    }

    /// The prefixes below a region's that hold the days asked for. CloudTrail pads months and days, Config does not.
    fn dated(&self, region_prefix: &str, padded: bool) -> Vec<String> {
        let Some((first, last)) = self.days() else { return vec![region_prefix.to_owned()] };
        let by_month = (last - first).get_days() as i64 > MANY || last.year() - first.year() > 1;
        let mut prefixes = Vec::new();
        let mut day = if by_month { first.first_of_month() } else { first };
        while day <= last {
            let (year, month, of_month) = (day.year(), day.month(), day.day());
            let mut prefix = match padded {
                true => format!("{region_prefix}{year:04}/{month:02}/"),
                false => format!("{region_prefix}{year}/{month}/"),
            };
            if !by_month {
                prefix.push_str(&if padded { format!("{of_month:02}/") } else { format!("{of_month}/") });
            }
            prefixes.push(prefix);
            let next = if by_month { day.checked_add(1.month()) } else { day.tomorrow() };
            day = match next {
                Ok(next) => next,
                Err(_end_of_time) => break,
            };
        }
        prefixes
    }
}

/// What to list, and what was already found on the way.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) queries: Vec<Query>,
    pub(crate) found: Vec<Listed>,
}

impl Plan {
    fn whole(&mut self, prefix: String) {
        self.queries.push(Query { prefix, ..Query::default() });
    }
}

/// Where in the tree a prefix stands: how many of account, service and region it names.
fn level(prefix: &str) -> Option<(usize, Vec<&str>)> {
    let at = prefix.rfind("AWSLogs/")?;
    let rest = prefix.get(at + "AWSLogs/".len()..).unwrap_or_default();
    let mut parts: Vec<&str> = rest.split('/').collect();
    // What follows the last slash is the beginning of a name.
    parts.pop().filter(|unfinished| unfinished.is_empty())?;
    if parts.first().is_some_and(|first| first.starts_with("o-")) {
        parts.remove(0);
    }
    Some((parts.len(), parts))
}

/// Finds out what to list below the prefix.
pub(crate) async fn plan(lister: &Lister, wanted: &Wanted, prefix: &str, versions: bool) -> Result<Plan> {
    let mut plan = Plan::default();
    if wanted.everything() && level(prefix).is_none_or(|(depth, _)| depth >= 3) {
        // One listing finds all; going down the tree would only make it wider when there is a tree.
        let tree = first_page(lister, prefix, versions).await?;
        match tree.folders.iter().any(|folder| folder.ends_with("AWSLogs/")) {
            true => descend(lister, wanted, prefix.to_owned(), Some(tree), versions, &mut plan).await?,
            false => plan.whole(prefix.to_owned()),
        }
    } else {
        descend(lister, wanted, prefix.to_owned(), None, versions, &mut plan).await?;
    }
    for query in &mut plan.queries {
        query.versions = versions;
    }
    Ok(plan)
}

async fn shallow(lister: &Lister, prefix: &str, versions: bool) -> Result<Page> {
    lister.all(&Query { prefix: prefix.to_owned(), shallow: true, versions, ..Query::default() }).await
}

async fn descend(
    lister: &Lister,
    wanted: &Wanted,
    prefix: String,
    listed: Option<Page>,
    versions: bool,
    plan: &mut Plan,
) -> Result<()> {
    // Level by level; the prefixes of one level are asked at once.
    let mut here: Vec<(String, Option<Page>)> = vec![(prefix, listed)];
    while !here.is_empty() {
        let asked = here.drain(..).map(|(prefix, listed)| async move {
            let page = match (listed, level(&prefix)) {
                (Some(page), _) => Some(page),
                // Below the region there are only days.
                (None, Some((depth, _))) if depth >= 3 => None,
                // Server access logs lie in one flat folder, which may be long: its first page tells.
                (None, None) => Some(first_page(lister, &prefix, versions).await?),
                (None, Some(_)) => Some(shallow(lister, &prefix, versions).await?),
            };
            Ok::<_, Error>((prefix, page))
        });
        for (prefix, page) in try_join_all(asked.collect::<Vec<_>>()).await? {
            let Some(page) = page else {
                let padded = level(&prefix).is_none_or(|(_, parts)| parts.get(1) != Some(&"Config"));
                let deeper = level(&prefix).is_some_and(|(depth, _)| depth > 3);
                let prefixes = if deeper { vec![prefix] } else { wanted.dated(&prefix, padded) };
                prefixes.into_iter().for_each(|prefix| plan.whole(prefix));
                continue;
            };
            if level(&prefix).is_none() && page.folders.is_empty() && !page.objects.is_empty() {
                plan.queries.push(flat(wanted, prefix, &page));
                continue;
            }
            plan.found.extend(page.objects);
            for folder in page.folders {
                match level(&folder) {
                    Some((depth, parts)) => {
                        if chosen(wanted, depth, &parts) {
                            here.push((folder, None));
                        }
                    }
                    // A folder that is no part of the known layout.
                    None => plan.whole(folder),
                }
            }
        }
    }
    Ok(())
}

/// The first page below a prefix outside of the known layout; all of it when there are folders.
async fn first_page(lister: &Lister, prefix: &str, versions: bool) -> Result<Page> {
    let query = Query { prefix: prefix.to_owned(), shallow: true, versions, ..Query::default() };
    let mut first = Page::default();
    let mut seen = 0;
    lister
        .each(&query, &mut |page| {
            seen += 1;
            first.objects.extend(page.objects);
            first.folders.extend(page.folders);
            // Files only: it is flat, and is listed in earnest later.
            seen > 1 || !first.folders.is_empty()
        })
        .await?;
    Ok(first)
}

/// Is this account, service or region wanted?
fn chosen(wanted: &Wanted, depth: usize, parts: &[&str]) -> bool {
    let Some(last) = parts.last() else { return true };
    match depth {
        1 => wanted.accounts.is_empty() || wanted.accounts.iter().any(|account| account == last),
        2 => {
            wanted.sources.is_empty() || Source::of_service(last).is_some_and(|source| wanted.sources.contains(&source))
        }
        3 => wanted.regions.is_empty() || *last == "global" || wanted.regions.iter().any(|region| region == last),
        _ => true,
    }
}

/// A flat folder: if its names begin with the time, the listing begins there.
fn flat(wanted: &Wanted, prefix: String, page: &Page) -> Query {
    let dated = |listed: &Listed| {
        let name = listed.key.get(prefix.len()..).unwrap_or_default();
        let date: Option<&str> = name.get(..10);
        date.is_some_and(|date| date.parse::<Date>().is_ok()) && ObjectKey::parse(&listed.key).delivery_time.is_some()
    };
    let all_dated = page.objects.iter().all(dated);
    let first = wanted.from.and_then(|from| Timestamp::from_second(from).ok()).filter(|_| all_dated);
    let start_after = first.map(|time| format!("{prefix}{}", time.to_zoned(jiff::tz::TimeZone::UTC).date()));
    Query { prefix, start_after, ..Query::default() }
}

/// Has a flat listing gone past the end of what is wanted?
pub(crate) fn is_past(wanted: &Wanted, query: &Query, last: &Listed) -> bool {
    let Some(to) = wanted.to.filter(|_| query.start_after.is_some()) else { return false };
    let time = ObjectKey::parse(&last.key).delivery_time;
    time.is_some_and(|time| time.div_euclid(1_000_000) > to + DAY * (1 + LATE_DAYS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn days_become_prefixes() {
        let from = Some(at("2026-01-30T10:00:00Z"));
        let wanted = Wanted { from, to: Some(at("2026-02-01T00:00:00Z")), ..Wanted::default() };
        assert_eq!(wanted.dated("r/", true), ["r/2026/01/30/", "r/2026/01/31/", "r/2026/02/01/", "r/2026/02/02/"]);
        assert_eq!(wanted.dated("r/", false)[2..], ["r/2026/2/1/", "r/2026/2/2/"]);
        let years = Wanted { from, to: Some(at("2028-02-01T00:00:00Z")), ..Wanted::default() };
        assert_eq!(years.dated("r/", true)[0], "r/2026/01/");
        assert_eq!(Wanted::default().dated("r/", true), ["r/"]);
    }

    #[test]
    fn keys_are_chosen_by_what_they_tell() {
        let wanted = Wanted {
            sources: vec![Source::named("cloudtrail_digests").unwrap()],
            accounts: vec!["111122223333".to_owned()],
            regions: vec!["us-east-1".to_owned()],
            from: Some(at("2026-03-01T12:00:00Z")),
            to: Some(at("2026-03-02T00:00:00Z")),
        };
        let key = |service: &str, account: &str, day: &str| {
            format!(
                "AWSLogs/{account}/{service}/us-east-1/2026/03/{day}/{account}_{service}_us-east-1_202603{day}T0005Z_x.json.gz"
            )
        };
        assert!(wanted.wants(&key("CloudTrail", "111122223333", "01")));
        assert!(wanted.wants(&key("CloudTrail-Digest", "111122223333", "03")), "late ones");
        assert!(!wanted.wants(&key("CloudTrail", "111122223333", "04")));
        assert!(!wanted.wants(&key("CloudTrail", "444455556666", "01")));
        assert!(!wanted.wants(&key("Config", "111122223333", "01")));
        let logs = Wanted { sources: vec![Source::named("s3_access").unwrap()], ..Wanted::default() };
        assert!(logs.wants("access/2026-03-01-00-10-22-0123456789ABCDEF"));
        assert!(!logs.wants("readme.txt"));
    }

    #[test]
    fn every_table_of_events_can_be_asked_for() {
        for (table, event) in tables::events() {
            let source = Source::named(table.name).unwrap();
            for service in event.services {
                assert_eq!(Source::of_service(service), Some(source), "{service}");
            }
        }
        assert!(Source::named("objects").is_err());
        assert_eq!(Source::named("config").unwrap(), Source::named("config_items").unwrap());
        assert_ne!(Source::named("config").unwrap(), Source::named("cloudtrail").unwrap());
    }

    #[test]
    fn prefixes_stand_at_a_level() {
        assert_eq!(level("p/AWSLogs/").unwrap().0, 0);
        assert_eq!(level("AWSLogs/o-exampleorg1/111122223333/CloudTrail/").unwrap().0, 2);
        assert!(level("AWSLogs/1111").is_none() && level("logs/").is_none());
    }
}
