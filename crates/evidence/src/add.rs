//! Adding files to the evidence: each is read once, hashed as it is stored and as it inflates, copied under its hash
//! (or left in place), and written into the manifest, in the order of the keys.

mod walk;

use std::path::PathBuf;

use rayon::prelude::*;

use crate::absent::{self, Absent};
use crate::case::Case;
use crate::collector::examine::{self, Keep};
use crate::collector::{About, Added, BATCH, Collector, Intake, Taken};
use crate::error::{Error, Result};
use crate::manifest::{Location, S3Place, can_be_named};
use crate::open::Limits;
use walk::{Item, Walk};

/// Only a larger file is called sparse.
const SPARSE_FROM: u64 = 1 << 30;

/// How to add.
#[derive(Debug, Clone, Default)]
pub struct AddOptions {
    /// Copy nothing: note the hash, and read the files where they are from now on.
    pub in_place: bool,
    /// What may come out of a file.
    pub limits: Limits,
    /// Where the files came from: the bucket, and the prefix that stands for the folder that is added.
    pub taken_from: Option<(String, String)>,
}

/// Is told how far the work is.
pub trait Progress: Sync {
    /// What there is to do.
    fn start(&self, objects: u64, bytes: u64);
    /// More to do: the files in an archive became known.
    fn more(&self, objects: u64, bytes: u64);
    /// An object of this many bytes is done.
    fn object(&self, bytes: u64);
}

/// Adds files and folders to the case. Running it again adds what is not there yet and nothing twice, and puts in order
/// what was damaged in the store meanwhile: for this, what is added again is read here and there.
pub fn add(case: &Case, roots: &[PathBuf], options: &AddOptions, progress: &dyn Progress) -> Result<Added> {
    let mut collector = Collector::open(case, options.limits)?;
    let mut walk = Walk::new(case, roots)?;
    if options.in_place {
        // Who names a folder here trusts it. What is not there was refused just now.
        let real = roots.iter().map(|root| fs_err::canonicalize(root).map_err(Error::io("open", root)));
        case.trust(real.collect::<Result<_>>()?);
    }
    let intake = collector.intake();
    let (files, bytes) = Walk::measure(case, roots)?;
    progress.start(files, bytes);
    loop {
        let items: Vec<Item> = walk.by_ref().take(BATCH).collect();
        if items.is_empty() {
            break;
        }
        let add = Adding { options, intake: &intake, collector: &collector };
        let done: Vec<_> = items
            .par_iter()
            .filter_map(|item| {
                let outcome = (!item.is_metadata()).then(|| add.file(item));
                progress.object(item.size);
                outcome
            })
            .collect();
        let mut failed = None;
        for outcome in done {
            match outcome {
                Ok(Ok(taken)) => collector.take(taken),
                Ok(Err(skipped)) => collector.added.skipped.push(skipped),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // If the disk failed for one file, the others are kept all the same.
        if let Some(error) = failed {
            collector.rescue();
            return Err(error);
        }
        collector.flush(progress)?;
    }
    collector.added.skipped.append(&mut walk.skipped);
    collector.added.skipped.sort();
    // What could not be read is no evidence that it was deleted.
    let unread = collector.added.skipped.iter().map(|(path, why)| Absent {
        s3: None,
        origin: path.clone(),
        reason: "unreadable".to_owned(),
        message: why.clone(),
        time: String::new(),
    });
    absent::append(case, &unread.collect::<Vec<_>>())?;
    collector.close(progress)
}

struct Adding<'a> {
    options: &'a AddOptions,
    intake: &'a Intake,
    collector: &'a Collector,
}

impl Adding<'_> {
    /// Reads one file; inside, its path and why it was not taken. Runs in parallel. The outer error is one of the
    /// case's disk and ends the run.
    fn file(&self, item: &Item) -> Result<Result<Taken, (String, String)>> {
        let skipped = |why: String| Ok(Err((item.path.display().to_string(), why)));
        if self.options.in_place && !can_be_named(&item.path) {
            return skipped(
                "its path is not UTF-8 and cannot be noted; copy it instead of using it in place".to_owned(),
            );
        }
        if let Some(why) = self.too_large(item) {
            return skipped(why);
        }
        let s3 = self.options.taken_from.as_ref().map(|(bucket, prefix)| S3Place {
            bucket: bucket.clone(),
            key: format!("{prefix}{}", item.below()),
            version: None,
        });
        let seen_before = self.collector.known.looks_known(&item.key, item.size);
        let mut keep = Keep::Copy;
        if self.options.in_place || seen_before {
            keep = Keep::HashOnly;
        }
        let store = &self.intake.store;
        let mut examined = match examine::file(store, &item.path, keep, &self.options.limits)? {
            Ok(examined) => examined,
            Err(why) => return skipped(why.to_string()),
        };
        let stored_already = || store.holds(&examined.sha256, examined.size);
        if !self.options.in_place && keep == Keep::HashOnly && !stored_already() {
            // It only looked like one that we have.
            examined = match examine::file(store, &item.path, Keep::Copy, &self.options.limits)? {
                Ok(examined) => examined,
                Err(why) => return skipped(why.to_string()),
            };
        }
        let location = match self.options.in_place {
            true => Location::InPlace { path: item.path.clone() },
            false => Location::Stored,
        };
        let origin = item.path.to_string_lossy().into_owned();
        let about = About { key: item.key.clone(), origin, s3, metadata: item.metadata() };
        Ok(Ok(Taken::new(about, examined, location)))
    }

    /// Why a file is not to be copied or even read: a few bytes on a disk can pretend to be as many as one likes.
    fn too_large(&self, item: &Item) -> Option<String> {
        // What cannot be looked at cannot be opened either, and that is told then.
        let Ok(about) = fs_err::metadata(&item.path) else { return None };
        let (size, limit) = (about.len(), self.options.limits.stored);
        if size > limit && !self.options.in_place {
            return Some(format!("larger than {limit} bytes and not copied; it can be used in place"));
        }
        let there = allocated(&about).filter(|there| size > SPARSE_FROM && *there < size / 10)?;
        Some(format!("a sparse file: {there} of its {size} bytes are on the disk"))
    }
}

/// How much of a file is on the disk, where that is known.
#[cfg(unix)]
fn allocated(about: &std::fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::blocks(about).saturating_mul(512))
}

#[cfg(not(unix))]
fn allocated(_about: &std::fs::Metadata) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests;
