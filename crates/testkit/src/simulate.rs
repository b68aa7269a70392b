//! A simulated organisation: changes made by known actors, as CloudTrail and Config would have recorded them, with
//! the truth about every change, state and chain of credentials.

mod background;
mod calls;
mod files;
mod guide;
mod iam;
mod make;
mod populate;
mod remove;
mod resource;
pub mod score;
mod session;
mod share;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod truth;
mod unseen;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;

use crate::cloudtrail::CloudTrailRecord;
use crate::world::{Ids, at};
use files::Files;
use resource::{REGIONS, World};
use session::{Cast, Session};
use text::chance;
use truth::Truth;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Settings {
    pub seed: u64,
    /// Calls that change something, each on one resource.
    pub changes: u64,
    /// Further events that change nothing recorded; `None` for twice as many as changes.
    pub background: Option<u64>,
    pub accounts: usize,
    /// Write `truth.jsonl`.
    pub truth: bool,
}

impl Settings {
    pub fn new(seed: u64, changes: u64) -> Settings {
        Settings { seed, changes, background: None, accounts: 3, truth: true }
    }
}

/// How many there are of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub changes: u64,
    pub calls: u64,
    pub service: u64,
    pub no_log: u64,
    /// Of the changes, those by several actors in one item.
    pub concurrent: u64,
    /// Of the changes, those in quick succession with an item each.
    pub quick: u64,
    /// Of the changes, those in the account that is recorded once a day.
    pub daily: u64,
    /// Changes that no item shows, because they were undone in time, or the resource was gone.
    pub unshown: u64,
    /// Changes of other resources that a call brings with it.
    pub indirect: u64,
    pub failed: u64,
    pub idempotent: u64,
    pub reverted: u64,
    pub not_recorded: u64,
    pub background: u64,
    pub sessions: u64,
    pub resources: u64,
    pub states: u64,
    /// Items in history files, with those of two regions and the repeated.
    pub items: u64,
    pub items_late: u64,
    pub items_twice: u64,
    pub snapshots: u64,
    pub snapshot_items: u64,
    /// Records in the logs, repeated ones included.
    pub events: u64,
    pub events_late: u64,
    pub events_twice: u64,
    pub files: u64,
    pub inflated_bytes: u64,
    pub stored_bytes: u64,
}

const DAY: i64 = 86_400;
const DAYS: i64 = 90;

/// Writes `evidence/`, `TRUTH.md` and (if wanted) `truth.jsonl` below `out`. The same settings give the same bytes.
pub fn simulate(settings: &Settings, out: &Path) -> io::Result<Summary> {
    fs_err::create_dir_all(out)?;
    let mut simulation = Simulation::new(settings, out)?;
    simulation.populate();
    simulation.run()?;
    simulation.end(out)
}

/// One thing that will happen.
#[derive(Debug)]
enum Task {
    /// Somebody starts to work; the number of the stint.
    Begin(u64),
    /// A stint goes on, with so many changes left to make.
    Work {
        session: Rc<Session>,
        left: u64,
    },
    /// A second change of a resource that was captured just now.
    Again {
        session: Rc<Session>,
        resource: usize,
    },
    Capture(usize),
    Snapshots,
}

#[derive(Debug)]
struct Simulation {
    settings: Settings,
    ids: Ids,
    world: World,
    cast: Vec<Cast>,
    /// Per account: the ids of the linked roles of Auto Scaling and of Config.
    linked: Vec<[String; 2]>,
    /// Per account: keys that are always there.
    keys: Vec<Vec<Rc<Session>>>,
    /// The sessions that were opened last.
    active: Vec<Rc<Session>>,
    files: Files,
    truth: Truth,
    /// By time (in milliseconds), and then in the order in which they were planned.
    queue: BTreeMap<(i64, u64), Task>,
    planned: u64,
    /// Changes that stints under way have still to make.
    open: u64,
    start: i64,
    summary: Summary,
    /// For one record.
    scratch: String,
}

/// One event, before it has its ids.
#[derive(Debug, Clone, Copy, Default)]
struct Deed<'a> {
    identity: &'a str,
    ip: &'a str,
    /// JSON text, with its quotes.
    agent: &'a str,
    /// The account that receives the record.
    account: usize,
    region: usize,
    time: i64,
    service: &'a str,
    name: &'a str,
    /// JSON texts; empty for null.
    request: &'a str,
    response: &'a str,
    more: &'a str,
    tail: &'a str,
    error: Option<(&'a str, &'a str)>,
    /// Empty for one of its own.
    request_id: &'a str,
    read_only: bool,
    /// Empty for `AwsApiCall`.
    event_type: &'a str,
}

/// An event in the logs.
#[derive(Debug)]
struct Logged {
    id: String,
    late: bool,
    twice: bool,
}

impl Simulation {
    fn new(settings: &Settings, out: &Path) -> io::Result<Simulation> {
        let mut ids = Ids::new(settings.seed, 770);
        let world = World::new(settings.accounts.max(1), &mut ids);
        let files = Files::new(out, &world.accounts, settings.seed);
        Ok(Simulation {
            settings: settings.clone(),
            ids,
            world,
            cast: Vec::new(),
            linked: Vec::new(),
            keys: Vec::new(),
            active: Vec::new(),
            files,
            truth: Truth::new(settings.truth.then(|| out.join("truth.jsonl")))?,
            queue: BTreeMap::new(),
            planned: 0,
            open: 0,
            start: at("01-01 00:00:00"),
            summary: Summary::default(),
            scratch: String::new(),
        })
    }

    /// In milliseconds.
    fn plan(&mut self, time: i64, task: Task) {
        self.planned += 1;
        self.queue.insert((time, self.planned), task);
    }

    fn run(&mut self) -> io::Result<()> {
        for week in 0..=DAYS / 7 {
            self.plan((self.start + week * 7 * DAY + 1_800) * 1_000, Task::Snapshots);
        }
        self.plan(self.start * 1_000 + 60_000, Task::Begin(0));
        while let Some(((time, _), task)) = self.queue.pop_first() {
            self.noise(time / 1_000);
            match task {
                Task::Begin(number) => self.begin(number, time),
                Task::Work { session, left } => self.work(session, left, time),
                Task::Again { session, resource } => self.again(&session, resource, time),
                Task::Capture(resource) => self.capture(resource, time),
                Task::Snapshots => self.snapshots(time / 1_000)?,
            }
            self.files.flush(time / 1_000)?;
        }
        self.noise(i64::MAX);
        Ok(())
    }

    fn end(mut self, out: &Path) -> io::Result<Summary> {
        for resource in &self.world.resources {
            if let Some(seen) = resource.seen.as_ref().filter(|seen| seen.status != "ResourceDeleted") {
                self.truth.state(&self.world, resource, seen, None);
            }
        }
        let written = self.files.finish()?;
        self.summary.resources = self.world.resources.len() as u64;
        self.summary.files = written.files;
        self.summary.inflated_bytes = written.inflated;
        self.summary.stored_bytes = written.stored;
        self.truth.end(&self.settings, &self.world, &self.summary)?;
        fs_err::write(out.join("TRUTH.md"), guide::guide())?;
        Ok(self.summary)
    }

    /// Puts an event into the log of its hour; some come late, and some twice.
    fn log(&mut self, deed: &Deed<'_>) -> Logged {
        let logged = Logged {
            id: self.ids.uuid(),
            late: chance(&mut self.ids, share::EVENT_LATE),
            twice: chance(&mut self.ids, share::EVENT_TWICE),
        };
        let request_id = match deed.service {
            _ if !deed.request_id.is_empty() => deed.request_id.to_owned(),
            "s3" => self.ids.upper_hex(16),
            _ => self.ids.uuid(),
        };
        let region = REGIONS[deed.region];
        let mut tail = deed.tail.to_owned();
        // Neither a service nor the console shows how its connection was made.
        let program = !deed.ip.ends_with(".com") && !deed.agent.starts_with("\"Mozilla");
        if program && deed.event_type.is_empty() {
            for part in [
                ",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
                 \"clientProvidedHostHeader\":\"",
                deed.service,
                ".",
                region,
                ".amazonaws.com\"}",
            ] {
                tail.push_str(part);
            }
        }
        let or_null = |text| if str::is_empty(text) { "null" } else { text };
        self.scratch.clear();
        CloudTrailRecord {
            version: "1.11",
            identity: deed.identity,
            time: deed.time,
            service: deed.service,
            name: deed.name,
            region,
            ip: deed.ip,
            agent: deed.agent,
            error: deed.error,
            request: or_null(deed.request),
            response: or_null(deed.response),
            more: deed.more,
            request_id: &request_id,
            event_id: &logged.id,
            read_only: deed.read_only,
            event_type: if deed.event_type.is_empty() { "AwsApiCall" } else { deed.event_type },
            category: "Management",
            account: &self.world.accounts[deed.account],
            tail: &tail,
        }
        .write(&mut self.scratch);
        let later = if logged.late { self.ids.0.i64(2..9) } else { 0 };
        self.files.event(deed.account, deed.region, deed.time, later, &self.scratch);
        if logged.twice {
            let again = later + self.ids.0.i64(1..4);
            self.files.event(deed.account, deed.region, deed.time, again, &self.scratch);
        }
        self.summary.events += 1 + u64::from(logged.twice);
        self.summary.events_late += u64::from(logged.late);
        self.summary.events_twice += u64::from(logged.twice);
        logged
    }
}
