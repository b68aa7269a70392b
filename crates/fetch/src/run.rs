//! The run: what is to be listed, what of it is not there yet, downloads, and the account of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use coldtrail_evidence::absent::{self, Absent};
use coldtrail_evidence::kept_keys;
use coldtrail_evidence::{Added, BATCH, Case, Collector, Limits, Manifest, ObjectKey, partial_dir};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::cost::Estimate;
use crate::download::{Downloader, Outcome};
use crate::error::{Error, Result};
use crate::inventory;
use crate::list::{Listed, Lister, Query};
use crate::plan::{Plan, Pruned, Wanted, is_past, plan};
use crate::throttle::Throttle;
use crate::trails::{self, Regions};

/// Listed objects that wait for their turn; listing waits when there are more.
const WAITING: usize = 4096;
/// As many objects as a page of a listing has.
const PAGE: usize = 1000;
/// Pages that wait.
const PAGES: usize = WAITING / PAGE + 1;
/// Listings at once.
const LISTINGS: usize = 16;
/// What is fetched is made durable at least this often.
const DURABLE_EVERY: Duration = Duration::from_secs(5);

/// What to fetch, from where, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The bucket.
    pub bucket: String,
    /// Only keys that begin with this.
    pub prefix: String,
    /// Only these kinds of logs.
    pub sources: Vec<String>,
    /// Only these accounts.
    pub accounts: Vec<String>,
    /// Only these regions.
    pub regions: Vec<String>,
    /// Seconds since 1970.
    pub from: Option<i64>,
    /// Seconds since 1970.
    pub to: Option<i64>,
    /// Old versions and delete markers as well.
    pub versions: bool,
    /// Inventory files in place of a listing.
    pub inventory: Vec<PathBuf>,
    /// Their columns.
    pub inventory_schema: String,
    /// Pay for a requester-pays bucket.
    pub requester_pays: bool,
    /// The profile in the AWS configuration.
    pub profile: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// The external id that it asks for.
    pub external_id: Option<String>,
    /// The bucket's region, if it is known.
    pub bucket_region: Option<String>,
    /// Another S3 server than AWS's.
    pub endpoint_url: Option<String>,
    /// The most requests in flight.
    pub concurrency: usize,
    /// How long a body may send nothing.
    pub stall: Duration,
    /// CloudTrail's public keys, in place of asking for them.
    pub keys: Option<PathBuf>,
    /// Ask for public keys and the configuration of trails.
    pub trails: bool,
    /// What may come out of an object.
    pub limits: Limits,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, Default)]
pub struct State {
    /// Objects listed that are wanted and not there yet, and their bytes.
    pub wanted: (u64, u64),
    /// Objects and bytes that were fetched.
    pub fetched: (u64, u64),
    /// Objects that could not be had.
    pub failed: u64,
    /// Requests in flight, allowed at present, and answers that asked to slow down.
    pub requests: (usize, usize, u64),
    /// Has listing ended, so that `wanted` is all there is?
    pub listed: bool,
}

/// Is told how far the work is, and whether the user wants it to end.
pub trait Progress: Send + Sync {
    /// Called some times a second.
    fn state(&self, state: State);
}

/// What was fetched.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    /// What was taken into the evidence.
    pub added: Added,
    /// Objects that were listed and are there since an earlier run.
    pub already: u64,
    /// Objects that the listing showed and that are not wanted.
    pub excluded: u64,
    /// Prefixes that were not listed, and why.
    pub pruned: Vec<Pruned>,
    /// What could not be had, and why.
    pub absent: Vec<Absent>,
    /// Answers that asked to slow down.
    pub throttled: u64,
    /// What could not be learnt about keys and trails.
    pub problems: Vec<String>,
    /// Who we are to AWS.
    pub caller: Option<String>,
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    // Storing is done in blocking threads: a few are enough, and each has buffers of its own.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(2).max_blocking_threads(4).enable_all().build();
    built.map_err(|source| Error::Io { path: PathBuf::from("tokio"), source })
}

/// Only lists, and says what a fetch would come to.
pub fn dry_run(case: &Case, options: &Options, progress: &Arc<dyn Progress>) -> Result<Estimate> {
    runtime()?.block_on(async {
        let mut setup = Setup::new(case, options).await?;
        let mut estimate = Estimate::default();
        let (sender, mut receiver) = mpsc::channel(PAGES);
        let lister = setup.lister.clone();
        let listing = tokio::spawn(list(lister, setup.wanted.clone(), options.clone(), sender));
        let mut state = State::default();
        while let Some(page) = receiver.recv().await {
            estimate.list_requests += page.requests;
            for listed in page.objects {
                match setup.judge(&listed) {
                    Judged::Wanted => estimate.add(&listed),
                    Judged::There => estimate.already += 1,
                    Judged::Excluded => estimate.excluded += 1,
                }
            }
            state.wanted = (estimate.objects, estimate.bytes);
            progress.state(state);
        }
        estimate.pruned = joined(listing.await)?;
        Ok(estimate)
    })
}

/// Fetches what is wanted and not there yet. After an error or an interruption, what came is kept.
pub fn fetch(case: &Case, options: &Options, progress: Arc<dyn Progress>) -> Result<Fetched> {
    runtime()?.block_on(run(case, options, progress))
}

/// What listing and judging need.
struct Setup {
    lister: Lister,
    wanted: Wanted,
    /// What was fetched of this bucket: key and version, to ETag and size.
    known: HashMap<(String, Option<String>), (String, u64)>,
}

enum Judged {
    Wanted,
    There,
    Excluded,
}

impl Setup {
    async fn new(case: &Case, options: &Options) -> Result<Setup> {
        let wanted = Wanted::new(&options.sources, &options.accounts, &options.regions, options.from, options.to)?;
        let connection = Connection::open(options).await?;
        let lister = Lister {
            connection,
            throttle: Throttle::new(options.concurrency),
            bucket: options.bucket.clone(),
            requester_pays: options.requester_pays,
        };
        let mut known = HashMap::new();
        for entry in Manifest::load(case).map_err(Error::Evidence)?.entries() {
            let entry = entry.map_err(Error::Evidence)?;
            let Some(place) = entry.s3.filter(|place| place.bucket == options.bucket) else { continue };
            // Only what was fetched has the ETag by which it can be told from what the key holds now.
            let etag = entry.metadata.as_ref().and_then(|about| about.get("ETag")?.as_str().map(str::to_owned));
            if let Some(etag) = etag {
                // An old version stands under a key of its own, and is not what the key holds.
                if entry.key == format!("{}/{}", place.bucket, place.key) {
                    known.insert((place.key.clone(), None), (etag.clone(), entry.size));
                }
                known.insert((place.key, place.version), (etag, entry.size));
            }
        }
        Ok(Setup { lister, wanted, known })
    }

    fn judge(&mut self, listed: &Listed) -> Judged {
        if !self.wanted.wants(&listed.key) {
            return Judged::Excluded;
        }
        let name = (listed.key.clone(), listed.version.clone());
        let there = self
            .known
            .get(&name)
            .is_some_and(|(etag, size)| (listed.etag.is_empty() || *etag == listed.etag) && *size == listed.size);
        if there && !listed.delete_marker { Judged::There } else { Judged::Wanted }
    }
}

/// Objects that a listing found, and how many requests it took.
struct Found {
    objects: Vec<Listed>,
    requests: u64,
}

/// Lists everything that may be wanted, several prefixes at once; what was left aside, and why. Pages wait until there
/// is room for them.
async fn list(lister: Lister, wanted: Wanted, options: Options, sender: mpsc::Sender<Found>) -> Result<Vec<Pruned>> {
    if !options.inventory.is_empty() {
        let read = tokio::task::spawn_blocking(move || inventories(&options, &sender));
        return joined(read.await).map(|()| Vec::new());
    }
    let Plan { queries, found, pruned, requests } = plan(&lister, &wanted, &options.prefix, options.versions).await?;
    let first = Found { objects: found, requests };
    if sender.send(first).await.is_err() {
        return Ok(pruned);
    }
    let mut running: JoinSet<Result<()>> = JoinSet::new();
    for query in queries {
        if running.len() >= LISTINGS
            && let Some(done) = running.join_next().await
        {
            joined(done)?;
        }
        running.spawn(list_one(lister.clone(), wanted.clone(), query, sender.clone()));
    }
    while let Some(done) = running.join_next().await {
        joined(done)?;
    }
    Ok(pruned)
}

/// Hands on what inventory files list.
fn inventories(options: &Options, sender: &mpsc::Sender<Found>) -> Result<()> {
    let mut objects = Vec::new();
    let mut ended = false;
    for file in &options.inventory {
        inventory::read(file, &options.inventory_schema, &options.bucket, &mut |listed| {
            let now = options.versions || (listed.latest && !listed.delete_marker);
            if now && listed.key.starts_with(&options.prefix) {
                objects.push(listed);
            }
            if objects.len() >= PAGE && !ended {
                ended = sender.blocking_send(Found { objects: std::mem::take(&mut objects), requests: 0 }).is_err();
            }
        })?;
    }
    // The receiver goes first only when the run has ended.
    let _ended = sender.blocking_send(Found { objects, requests: 0 });
    Ok(())
}

async fn list_one(lister: Lister, wanted: Wanted, query: Query, sender: mpsc::Sender<Found>) -> Result<()> {
    let mut pages = lister.pages(query.clone());
    while let Some(page) = pages.next().await? {
        let past = page.objects.last().is_some_and(|last| is_past(&wanted, &query, last));
        let sent = sender.send(Found { objects: page.objects, requests: page.requests }).await;
        if sent.is_err() || past {
            break;
        }
    }
    Ok(())
}

fn joined<T>(done: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    match done {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_cancelled) => Err(Error::Interrupted),
    }
}

/// A fetch in progress.
struct Run<'a> {
    case: &'a Case,
    collector: Collector,
    fetched: Fetched,
    state: State,
    /// What could not be had and is not noted in the case yet.
    absent: Vec<Absent>,
    durable: Instant,
    regions: Regions,
    bytes: Arc<AtomicU64>,
    throttle: Arc<Throttle>,
    progress: Arc<dyn Progress>,
}

/// Archives among the objects tell of their members here; the bar is about objects.
struct Silent;

impl coldtrail_evidence::Progress for Silent {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn more(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _bytes: u64) {}
}

async fn run(case: &Case, options: &Options, progress: Arc<dyn Progress>) -> Result<Fetched> {
    let mut setup = Setup::new(case, options).await?;
    let collector = Collector::open(case, options.limits).map_err(Error::Evidence)?;
    let bytes = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&bytes);
    let downloader = Arc::new(Downloader {
        lister: setup.lister.clone(),
        intake: collector.intake(),
        partial: partial_dir(case).map_err(Error::Evidence)?,
        stall: options.stall,
        progress: Arc::new(move |count| {
            counter.fetch_add(count, Ordering::Relaxed);
        }),
    });
    let mut run = Run {
        case,
        collector,
        fetched: Fetched::default(),
        state: State::default(),
        absent: Vec::new(),
        durable: Instant::now(),
        regions: Regions::new(),
        bytes,
        throttle: Arc::clone(&setup.lister.throttle),
        progress,
    };
    let (sender, receiver) = mpsc::channel(PAGES);
    let listing = tokio::spawn(list(setup.lister.clone(), setup.wanted.clone(), options.clone(), sender));
    let ended = run.objects(&mut setup, receiver, &downloader, options.concurrency).await;
    listing.abort();
    let listed = match listing.await {
        Ok(listed) => listed,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_aborted) => Ok(Vec::new()),
    };
    // What came is kept, whatever ended the run.
    run.flush()?;
    let Run { collector, mut fetched, regions, throttle, .. } = run;
    fetched.added = collector.close(&Silent).map_err(Error::Evidence)?;
    fetched.throttled = throttle.figures().2;
    ended?;
    fetched.pruned = listed?;
    if let Some(file) = &options.keys {
        // A file that holds no keys is noticed now, not months later.
        kept_keys::keep(case, file).map_err(Error::Evidence)?;
    }
    // Another server than AWS's has no CloudTrail behind it.
    if options.endpoint_url.is_some() && options.keys.is_none() && options.trails && !regions.is_empty() {
        let why =
            "public keys: not asked for, because --endpoint-url names another server; --keys takes them from a file";
        fetched.problems.push(why.to_owned());
    }
    if options.trails && options.endpoint_url.is_none() {
        fetched.caller = setup.lister.connection.caller().await;
        if !regions.is_empty() && options.keys.is_none() {
            fetched.problems = trails::save(case, &setup.lister.connection, &throttle, &regions).await?;
        }
    }
    Ok(fetched)
}

impl Run<'_> {
    /// Downloads what is listed until all is there, the user ends it, or it cannot go on.
    async fn objects(
        &mut self,
        setup: &mut Setup,
        mut receiver: mpsc::Receiver<Found>,
        downloader: &Arc<Downloader>,
        concurrency: usize,
    ) -> Result<()> {
        let mut running: JoinSet<Result<Outcome>> = JoinSet::new();
        let mut waiting = std::collections::VecDeque::new();
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        // One for the whole run: what comes while something is made durable is seen in the next turn.
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            while running.len() < concurrency
                && let Some(listed) = waiting.pop_front()
            {
                let downloader = Arc::clone(downloader);
                running.spawn(async move { downloader.fetch(&listed).await });
            }
            if self.state.listed && running.is_empty() && waiting.is_empty() {
                return Ok(());
            }
            tokio::select! {
                found = receiver.recv(), if !self.state.listed && waiting.len() < WAITING => match found {
                    Some(found) => waiting.extend(self.judged(setup, found, downloader)),
                    None => self.state.listed = true,
                },
                Some(done) = running.join_next(), if !running.is_empty() => self.outcome(joined(done)?, downloader)?,
                _ = tick.tick() => self.tell(),
                _ = &mut interrupted => return Err(Error::Interrupted),
            }
        }
    }

    fn judged(&mut self, setup: &mut Setup, found: Found, downloader: &Downloader) -> Vec<Listed> {
        let mut wanted = Vec::with_capacity(found.objects.len());
        for listed in found.objects {
            match setup.judge(&listed) {
                Judged::Excluded => self.fetched.excluded += 1,
                Judged::There => {
                    self.fetched.already += 1;
                    self.region(&listed);
                }
                Judged::Wanted if listed.delete_marker => {
                    let message = format!("deleted {}", listed.modified.clone().unwrap_or_default());
                    let marker = downloader.absent(&listed, "delete_marker", message);
                    self.absent.push(marker);
                }
                Judged::Wanted => {
                    self.state.wanted = (self.state.wanted.0 + 1, self.state.wanted.1 + listed.size);
                    self.region(&listed);
                    wanted.push(listed);
                }
            }
        }
        wanted
    }

    /// Whose public keys will be needed, and for which time.
    fn region(&mut self, listed: &Listed) {
        let told = ObjectKey::parse(&listed.key);
        let digest = told.service.as_deref() == Some("CloudTrail-Digest");
        if let (true, Some(region), Some(time)) = (digest, told.region, told.delivery_time) {
            let time = time.div_euclid(1_000_000);
            let (first, last) = self.regions.get(&region).copied().unwrap_or((time, time));
            self.regions.insert(region, (first.min(time), last.max(time)));
        }
    }

    fn outcome(&mut self, outcome: Outcome, downloader: &Downloader) -> Result<()> {
        match outcome {
            Outcome::Taken(taken) => {
                for taken in taken {
                    self.collector.take(taken);
                }
                self.state.fetched.0 += 1;
            }
            Outcome::Absent(absent) => {
                self.state.failed += 1;
                self.absent.push(absent);
            }
            Outcome::Expired(code) => {
                return Err(Error::Expired { bucket: downloader.lister.bucket.clone(), code });
            }
        }
        if self.collector.waiting() >= BATCH || self.durable.elapsed() > DURABLE_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes durable what came so far.
    fn flush(&mut self) -> Result<()> {
        self.collector.flush(&Silent).map_err(Error::Evidence)?;
        absent::append(self.case, &self.absent).map_err(Error::Evidence)?;
        self.fetched.absent.append(&mut self.absent);
        self.durable = Instant::now();
        Ok(())
    }

    fn tell(&mut self) {
        self.state.fetched.1 = self.bytes.load(Ordering::Relaxed);
        self.state.requests = self.throttle.figures();
        self.progress.state(self.state);
    }
}
