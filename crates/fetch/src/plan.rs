//! Which prefixes to list, and which of the keys found there are wanted.
//!
//! AWS delivers to `[prefix/]AWSLogs/[o-…/]<account>/<service>/<region>/<year>/<month>/<day>/`: accounts, regions and days
//! are found level by level, and what is not asked for is left aside, which is said. Server access logs lie flat, in the
//! order of their names, which begin with the time. What is laid out otherwise is listed as a whole and chosen by its
//! keys.

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::{Role, Table, tables};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::{Error, Result};
use crate::folder::{Days, Folder, Share};
use crate::list::{Listed, Lister, Page, Query};

/// Files are delivered after what they tell, and digests after the files: so many days more are listed.
const LATE_DAYS: i64 = 2;
const DAY: i64 = 86_400;
/// A folder outside of the known layout that has more folders than this is listed as a whole.
const MANY: usize = 400;
/// How many folders deep the known layout is looked for.
const OUTSIDE: usize = 2;
/// Folders that are asked at once.
const AT_ONCE: usize = 64;

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

    /// Do its keys tell it? Logs without a folder of AWS's lie where their owner has put them; those of S3's access
    /// logs have a time and an id for name.
    fn is_told(self) -> bool {
        let folders = |table: &Table| matches!(table.role, Role::Event(event) if !event.services.is_empty());
        self.0 == tables::s3_access::TABLE.name || tables::source_named(self.0).is_none_or(folders)
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

    fn of_source(&self, source: Option<Source>) -> bool {
        self.sources.is_empty() || source.is_some_and(|source| self.sources.contains(&source))
    }

    /// Is a kind of logs wanted whose keys do not tell it? Then it may be whatever lies in no folder of AWS's.
    fn untold(&self) -> bool {
        self.sources.iter().any(|source| !source.is_told())
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
        let source = match (&told.service, &told.distribution) {
            _ if told.bucket.is_some() => Some(Source::of(&tables::s3_access::TABLE)),
            (Some(service), _) if known(service) => Source::of_service(service),
            (_, Some(_)) => Some(Source::of(&tables::cloudfront::TABLE)),
            (Some(service), _) => Source::of_service(service),
            _ if self.untold() => self.sources.iter().copied().find(|source| !source.is_told()),
            _ if told.delivery_time.is_some() => Some(Source::of(&tables::s3_access::TABLE)),
            _ => None,
        };
        in_time && self.of_source(source) && fits(&told.account, &self.accounts) && fits(&told.region, &self.regions)
    }

    fn days(&self) -> Days {
        Days::of(self.from, self.to, LATE_DAYS)
    }
}

/// What to list, what was already found on the way, and what was left aside.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) queries: Vec<Query>,
    pub(crate) found: Vec<Listed>,
    pub(crate) pruned: Vec<Pruned>,
    /// How many list requests this took.
    pub(crate) requests: u64,
}

/// A prefix that was not listed, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    pub prefix: String,
    pub why: String,
}

impl Plan {
    fn whole(&mut self, prefix: String) {
        self.queries.push(Query { prefix, ..Query::default() });
    }
}

/// What is to be done with a folder.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    /// All of it is listed, and chosen by the keys.
    Whole,
    /// The folders in it are looked at one by one.
    Deeper,
    /// Nothing in it is wanted.
    Prune(String),
}

fn choose(wanted: &Wanted, prefix: &str) -> Choice {
    let unless = |prune: bool, why: String| if prune { Choice::Prune(why) } else { Choice::Deeper };
    let timed = wanted.from.is_some() || wanted.to.is_some();
    match Folder::of(prefix) {
        Folder::Outside { depth } if depth > OUTSIDE => Choice::Whole,
        Folder::Outside { .. } | Folder::Organisation | Folder::Logs => Choice::Deeper,
        Folder::Account(account) => {
            let other = !wanted.accounts.is_empty() && !wanted.accounts.iter().any(|wanted| wanted == account);
            unless(other, format!("account {account} is not asked for"))
        }
        Folder::Service(service) => match known(service) {
            // Its folders are laid out as the owner likes.
            _ if service == "CloudFront" && wanted.of_source(Some(Source::of(&tables::cloudfront::TABLE))) => {
                Choice::Whole
            }
            true => unless(!wanted.of_source(Source::of_service(service)), format!("{service} is not asked for")),
            false => Choice::Whole,
        },
        Folder::Region(region) => {
            let other = region != "global" && !wanted.regions.is_empty();
            match other && !wanted.regions.iter().any(|wanted| wanted == region) {
                true => Choice::Prune(format!("region {region} is not asked for")),
                false if timed => Choice::Deeper,
                false => Choice::Whole,
            }
        }
        Folder::Bucket if timed => Choice::Deeper,
        Folder::Days(first, last) => match wanted.days().share(first, last) {
            Share::None => Choice::Prune("its days are not asked for".to_owned()),
            Share::Some => Choice::Deeper,
            Share::All => Choice::Whole,
        },
        Folder::Bucket | Folder::Other => Choice::Whole,
    }
}

/// Services whose folders hold their own logs and nothing else. A folder of another name may hold anything.
fn known(service: &str) -> bool {
    const SERVICES: &[&str] = &[
        "Config",
        "CloudFront",
        "elasticloadbalancing",
        "GuardDuty",
        "network-firewall",
        "redshift",
        "route53resolver",
        "vpcdnsquerylogs",
        "vpcflowlogs",
        "WAFLogs",
    ];
    service.starts_with("CloudTrail") || SERVICES.contains(&service)
}

/// Lists what is directly in a folder; a bucket, or what stands for one in tests.
pub(crate) trait Folders: Sync {
    /// Everything directly below a prefix; `first`: when there are only files, the first page is enough.
    fn shallow(&self, prefix: &str, first: bool, versions: bool) -> impl Future<Output = Result<Page>> + Send;
}

impl Folders for Lister {
    async fn shallow(&self, prefix: &str, first: bool, versions: bool) -> Result<Page> {
        let query = Query { prefix: prefix.to_owned(), shallow: true, versions, ..Query::default() };
        let (mut all, mut pages) = (Page::default(), self.pages(query));
        while let Some(page) = pages.next().await? {
            all.requests += page.requests;
            all.objects.extend(page.objects);
            all.folders.extend(page.folders);
            // Files only: it is flat, and is listed in earnest later.
            if first && all.folders.is_empty() {
                break;
            }
        }
        Ok(all)
    }
}

/// Finds out what to list below the prefix.
pub(crate) async fn plan(bucket: &impl Folders, wanted: &Wanted, prefix: &str, versions: bool) -> Result<Plan> {
    let mut plan = Plan::default();
    let is_folder = prefix.is_empty() || prefix.ends_with('/');
    match if is_folder { choose(wanted, prefix) } else { Choice::Deeper } {
        Choice::Whole => plan.whole(prefix.to_owned()),
        Choice::Prune(why) => plan.pruned.push(Pruned { prefix: prefix.to_owned(), why }),
        Choice::Deeper => descend(bucket, wanted, prefix.to_owned(), versions, &mut plan).await?,
    }
    for query in &mut plan.queries {
        query.versions = versions;
    }
    Ok(plan)
}

async fn descend(
    bucket: &impl Folders,
    wanted: &Wanted,
    prefix: String,
    versions: bool,
    plan: &mut Plan,
) -> Result<()> {
    // Level by level; some prefixes of one level are asked at once.
    let mut here = vec![prefix];
    while !here.is_empty() {
        let mut next = Vec::new();
        for some in here.chunks(AT_ONCE) {
            let asked = some.iter().map(|prefix| async move {
                // Access logs lie in one flat folder, which may be long: its first page tells.
                Ok::<_, Error>((prefix, bucket.shallow(prefix, true, versions).await?))
            });
            for (prefix, page) in try_join_all(asked.collect::<Vec<_>>()).await? {
                plan.requests += page.requests;
                next.extend(look(wanted, prefix, page, plan));
            }
        }
        here = next;
    }
    Ok(())
}

/// Takes what is in a folder into the plan; the folders that are to be looked at in turn.
fn look(wanted: &Wanted, prefix: &str, page: Page, plan: &mut Plan) -> Vec<String> {
    if page.folders.is_empty() {
        if !page.objects.is_empty() {
            plan.queries.push(flat(wanted, prefix.to_owned(), &page));
        }
        return Vec::new();
    }
    // Outside of the known layout, one listing finds all; going down the tree would only make it wider.
    let outside = matches!(Folder::of(prefix), Folder::Outside { .. });
    let leads = |folder: &String| !matches!(Folder::of(folder), Folder::Outside { .. });
    if outside && (page.folders.len() > MANY || (wanted.everything() && !page.folders.iter().any(leads))) {
        plan.whole(prefix.to_owned());
        return Vec::new();
    }
    plan.found.extend(page.objects);
    let mut deeper = Vec::new();
    for folder in page.folders {
        match choose(wanted, &folder) {
            Choice::Whole => plan.whole(folder),
            Choice::Deeper => deeper.push(folder),
            Choice::Prune(why) => plan.pruned.push(Pruned { prefix: folder, why }),
        }
    }
    deeper
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
mod tests;
