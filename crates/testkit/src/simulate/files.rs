//! The files of evidence: filled as time goes by, compressed and written by two threads.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::resource::{KINDS, Kind, REGIONS};
use super::text::gson;
use crate::cloudtrail;
use crate::tree;
use crate::world::{Ids, civil, compact};

/// The organisation, in the keys of its trail.
const ORG: &str = "o-simulated";
/// History files span six hours.
pub(super) const WINDOW: i64 = 6 * 3_600;

/// Texts on their way into one file.
#[derive(Debug, Default)]
struct Buffer {
    text: String,
    spans: Vec<Range<usize>>,
}

impl Buffer {
    fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.spans.push(start..self.text.len());
    }

    fn push_gson(&mut self, text: &str) {
        let start = self.text.len();
        gson(text, &mut self.text);
        self.spans.push(start..self.text.len());
    }

    /// The whole file.
    fn body(&self, head: &str) -> String {
        let mut out = String::with_capacity(self.text.len() + self.spans.len() + 80);
        out.push_str(head);
        for (at, span) in self.spans.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str(&self.text[span.clone()]);
        }
        out.push_str("]}");
        out
    }
}

/// What the threads wrote.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) files: u64,
    pub(super) inflated: u64,
    pub(super) stored: u64,
}

type Job = (PathBuf, String);

#[derive(Debug)]
pub(super) struct Files {
    accounts: Vec<String>,
    evidence: PathBuf,
    ids: Ids,
    /// By hour, account and region.
    logs: BTreeMap<(i64, usize, usize), Buffer>,
    /// By window, account, region and type.
    histories: BTreeMap<(i64, usize, usize, Kind), Buffer>,
    folders: BTreeSet<PathBuf>,
    sender: Option<SyncSender<Job>>,
    workers: Vec<JoinHandle<io::Result<Written>>>,
}

impl Files {
    pub(super) fn new(out: &Path, accounts: &[String], seed: u64) -> Files {
        let (sender, receiver) = sync_channel(8);
        let receiver = Arc::new(Mutex::new(receiver));
        let workers = (0..2).map(|_| {
            let receiver = Arc::clone(&receiver);
            std::thread::spawn(move || write(&receiver))
        });
        Files {
            accounts: accounts.to_vec(),
            evidence: out.join("evidence"),
            ids: Ids::new(seed, 771),
            logs: BTreeMap::new(),
            histories: BTreeMap::new(),
            folders: BTreeSet::new(),
            sender: Some(sender),
            workers: workers.collect(),
        }
    }

    /// An event, `later` hours after those of its time.
    pub(super) fn event(&mut self, account: usize, region: usize, time: i64, later: i64, text: &str) {
        let hour = time.div_euclid(3_600) + later;
        self.logs.entry((hour, account, region)).or_default().push(text);
    }

    /// An item, `later` windows after those of its time.
    pub(super) fn item(&mut self, (account, region, kind): (usize, usize, Kind), time: i64, later: i64, text: &str) {
        let window = time.div_euclid(WINDOW) + later;
        self.histories.entry((window, account, region, kind)).or_default().push_gson(text);
    }

    /// Writes what can get no more entries at this time (in seconds).
    pub(super) fn flush(&mut self, now: i64) -> io::Result<()> {
        // Credentials are fetched some minutes before the call that needs them.
        while let Some(((hour, ..), _)) = self.logs.first_key_value() {
            if (hour + 1) * 3_600 + 1_800 > now {
                break;
            }
            self.log()?;
        }
        while let Some(((window, ..), _)) = self.histories.first_key_value() {
            if (window + 1) * WINDOW + 1_800 > now {
                break;
            }
            self.history()?;
        }
        Ok(())
    }

    fn log(&mut self) -> io::Result<()> {
        let Some(((hour, account, region), mut buffer)) = self.logs.pop_first() else { return Ok(()) };
        self.ids.0.shuffle(&mut buffer.spans);
        let delivered = (hour + 1) * 3_600 + self.ids.0.i64(2..9) * 60;
        let name = self.ids.alnum(16);
        let key = cloudtrail::key(Some(ORG), &self.accounts[account], "CloudTrail", REGIONS[region], delivered, &name);
        self.send(&format!("org-trail/{key}"), buffer.body("{\"Records\":["))
    }

    fn history(&mut self) -> io::Result<()> {
        let Some(((window, account, region, kind), buffer)) = self.histories.pop_first() else { return Ok(()) };
        let end = (window + 1) * WINDOW;
        let (account, region) = (&self.accounts[account], REGIONS[region]);
        let name = format!(
            "{account}_Config_{region}_ConfigHistory_{}_{}_{}_1.json.gz",
            kind.name(),
            compact(end - WINDOW),
            compact(end)
        );
        let key = format!("{}/ConfigHistory/{name}", folder(account, region, end));
        self.send(&key, buffer.body("{\"fileVersion\":\"1.0\",\"configurationItems\":["))
    }

    /// A snapshot of items in Config's escapes already, with commas between them.
    pub(super) fn snapshot(&mut self, account: usize, region: usize, time: i64, items: &str) -> io::Result<()> {
        let (account, region) = (&self.accounts[account], REGIONS[region]);
        let id = self.ids.uuid();
        let name = format!("{account}_Config_{region}_ConfigSnapshot_{}_{id}.json.gz", compact(time));
        let key = format!("{}/ConfigSnapshot/{name}", folder(account, region, time));
        let body =
            format!("{{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"{id}\",\"configurationItems\":[{items}]}}");
        self.send(&key, body)
    }

    fn send(&mut self, key: &str, body: String) -> io::Result<()> {
        let path = self.evidence.join(key);
        if let Some(parent) = path.parent().filter(|parent| !self.folders.contains(*parent)) {
            fs_err::create_dir_all(parent)?;
            self.folders.insert(parent.to_path_buf());
        }
        let sender = self.sender.as_ref().expect("the threads live as long as there is something to write");
        // It fails when both threads have failed; `finish` says why.
        let sent = sender.send((path, body));
        sent.map_err(|_| io::Error::other("a thread that writes files has ended"))
    }

    pub(super) fn finish(&mut self) -> io::Result<Written> {
        while !self.logs.is_empty() {
            self.log()?;
        }
        while !self.histories.is_empty() {
            self.history()?;
        }
        self.sender = None;
        let mut sum = Written::default();
        for worker in self.workers.drain(..) {
            let written = worker.join().map_err(|_| io::Error::other("a thread that writes files has failed"))??;
            sum.files += written.files;
            sum.inflated += written.inflated;
            sum.stored += written.stored;
        }
        Ok(sum)
    }
}

/// `config/AWSLogs/<acct>/Config/<region>/2026/4/9`: month and day are not padded.
fn folder(account: &str, region: &str, time: i64) -> String {
    let c = civil(time);
    format!("config/AWSLogs/{account}/Config/{region}/{}/{}/{}", c.year, c.month, c.day)
}

fn write(receiver: &Mutex<Receiver<Job>>) -> io::Result<Written> {
    let mut sum = Written::default();
    let mut packed = Vec::new();
    loop {
        let job = receiver.lock().map_err(|_| io::Error::other("another thread has failed"))?.recv();
        let Ok((path, body)) = job else { return Ok(sum) };
        packed.clear();
        packed = tree::gzip_level(body.as_bytes(), packed, 4);
        fs_err::write(&path, &packed)?;
        sum.files += 1;
        sum.inflated += body.len() as u64;
        sum.stored += packed.len() as u64;
    }
}

/// Every type has its place in `KINDS`.
const _: () = assert!(KINDS.len() == Kind::Function as usize + 1);
