//! Chains too long to keep in memory, written as they are signed, to measure verification.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::chain::{Digest, Draft, Line};
use super::keys::{self, Form, PublicKey};
use super::logs::Log;
use super::plan::{DAY, HOUR};
use crate::Error;
use crate::digests::Signer;
use crate::tree::{self, gzip};
use crate::world::{Ids, at};

const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "forge-bucket";
const TRAIL: &str = "forge-trail";
const HOME: &str = "us-east-1";
const REGIONS: &str = "us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 \
    ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 \
    ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 \
    eu-west-3 il-central-1 me-central-1 me-south-1 sa-east-1";

/// How much to write.
#[derive(Debug, Clone, Copy)]
pub struct YearOptions {
    pub seed: u64,
    /// Each has a chain of its own; at most 29.
    pub regions: u32,
    /// Digests of each chain.
    pub hours: u32,
    /// Each digest lists one log file of one event, which is written, too; else digests list nothing.
    pub logs: bool,
}

impl Default for YearOptions {
    /// 148,920 digests.
    fn default() -> YearOptions {
        YearOptions { seed: 1, regions: 17, hours: 8_760, logs: false }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct YearSummary {
    pub digests: u64,
    pub logs: u64,
    /// Of the objects as stored, their metadata not counted.
    pub bytes: u64,
}

/// Writes chains of digests, their metadata and `public-keys.json` below `dir`, in the layout of
/// [`Store::write`](super::Store::write), with a thread for each core. The same options give the same files.
pub fn write_year(dir: &Path, options: &YearOptions) -> Result<YearSummary, Error> {
    let signer = Signer::new();
    let start = at("01-01 00:14:07");
    let validity = (start - DAY, start + i64::from(options.hours) * HOUR + DAY);
    tree::write(dir, "public-keys.json", &keys::list(&[PublicKey::of(&signer, Form::Pkcs1, validity)]))?;

    // A signature goes into the next digest, so that only regions can be signed side by side.
    let regions: Vec<&str> = REGIONS.split(' ').take(options.regions as usize).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<YearSummary, Error> {
        let mut sum = YearSummary::default();
        while let Some(region) = regions.get(next.fetch_add(1, Ordering::Relaxed)) {
            write_region(dir, options, &signer, region, start, &mut sum)?;
        }
        Ok(sum)
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(regions.len());
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let sums = threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        sums.sum()
    })
}

fn write_region(
    dir: &Path,
    options: &YearOptions,
    signer: &Signer,
    region: &str,
    start: i64,
    sum: &mut YearSummary,
) -> Result<(), Error> {
    let line = Line {
        organisation: None,
        account: ACCOUNT.to_owned(),
        region: region.to_owned(),
        trail: TRAIL.to_owned(),
        home: HOME.to_owned(),
        backfill: None,
    };
    let stream = region.bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    let mut ids = Ids::new(options.seed, stream);
    let mut previous: Option<Digest> = None;
    for index in 0..i64::from(options.hours) {
        let hour = start + index * HOUR..start + (index + 1) * HOUR;
        let logs: Vec<Log> =
            options.logs.then(|| Log::new(&line, BUCKET, hour.clone(), 1, &mut ids)).into_iter().collect();
        let draft =
            Draft { line: &line, bucket: BUCKET, hour: &hour, logs: &logs, also: &[], previous: previous.as_ref() };
        let digest = draft.seal(signer);
        let path = format!("{BUCKET}/{}", digest.key);
        tree::write(dir, &format!("{path}.metadata.json"), digest.metadata.to_string().as_bytes())?;
        let mut write = |path: &str, text: &str| -> Result<(), Error> {
            let body = gzip(text.as_bytes());
            sum.bytes += body.len() as u64;
            tree::write(dir, path, &body)
        };
        write(&path, &digest.text)?;
        for log in &logs {
            write(&format!("{BUCKET}/{}", log.key), &log.text)?;
        }
        sum.digests += 1;
        sum.logs += logs.len() as u64;
        previous = Some(digest);
    }
    Ok(())
}

impl std::iter::Sum for YearSummary {
    fn sum<I: Iterator<Item = YearSummary>>(sums: I) -> YearSummary {
        sums.fold(YearSummary::default(), |a, b| YearSummary {
            digests: a.digests + b.digests,
            logs: a.logs + b.logs,
            bytes: a.bytes + b.bytes,
        })
    }
}
