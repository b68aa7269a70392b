//! Synthetic logs with known truth: an invented organisation and an intrusion (`sample-data/`), and many logs for benchmarks.

mod background;
mod bench;
mod bill;
mod catalogue;
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
mod config;
mod database;
mod digests;
mod edge;
mod events;
mod exfil;
mod facts;
pub mod fault_proxy;
mod faults;
mod findings;
pub mod forge;
mod host;
mod interfaces;
mod inventory;
mod logs;
mod metrics;
mod names;
mod network;
mod persist;
mod s3_access;
pub mod s3_server;
pub mod simulate;
mod special;
mod states;
mod story;
mod tree;
mod truth;
mod web;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

pub use bench::{BenchOptions, BenchSummary, write_bench_logs};
pub use cloudtrail::CloudTrailRecord;
pub use truth::Counts;

use crate::tree::Object;
use crate::world::{HOME, Ids, PROD, at};

/// What can go wrong when logs are written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Write { path, .. } => {
                Some(format!("is there room, and may you write in the folder of {}?", path.display()))
            }
        }
    }
}

/// What [`write_sample_data`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// All files, the ground truth and the metadata of digests included.
    pub files: u64,
    pub bytes: u64,
    /// Per source, as in `ground-truth.json`.
    pub counts: BTreeMap<&'static str, Counts>,
}

/// Writes the tree of `sample-data/`, with `GROUND-TRUTH.md` and `ground-truth.json`, below `dir`. The same seed gives
/// the same bytes. Files that are there already and are not part of the tree are left alone.
pub fn write_sample_data(dir: &Path, seed: u64) -> Result<Summary, Error> {
    let mut background = background::all(seed);
    let mut story = story::tell(seed);
    special::tell(&mut story);
    let hostile = special::hostile(&mut story);
    story.timeline.sort();

    let mut faults = faults::Faults::default();
    let mut events = std::mem::take(&mut background.events);
    events.extend(story.events.iter().cloned());
    faults::delay(&mut events);
    let files = cloudtrail::pack(events, seed);
    let signer = digests::Signer::new();
    let digests = digests::chain(&signer, &files, at("04-08 00:14:07"), at("04-12 00:14:07"));

    let mut objects = faults::cloudtrail(files, &story, seed, &mut faults);
    objects.extend(digests.into_iter().flat_map(|(digest, metadata)| [digest, metadata]));
    objects.push(Object::other("public-keys.json", signer.public_keys()));

    let mut lines = std::mem::take(&mut background.lines);
    lines.extend(story.lines.iter().cloned());
    let mut s3_access = s3_access::pack(&lines, seed);
    faults::s3_access(&mut s3_access, seed, &mut faults);

    let mut visits = std::mem::take(&mut background.visits);
    visits.extend(story.visits.iter().cloned());
    visits.sort_by_key(|visit| visit.time);
    let mut cloudfront = cloudfront::pack(&visits, seed);
    faults::cloudfront(&mut cloudfront, &mut faults);
    cloudfront.extend(cloudfront::newer_kinds(&background.newer_visits, seed));

    objects.extend(s3_access);
    objects.extend(cloudfront);
    objects.extend(config_objects(&story, seed));
    let mut facts = facts::Facts::default();
    objects.extend(logs::all(&lines, seed, &mut faults, &mut facts));
    objects.extend(faults::strangers(&mut faults));

    let tally = truth::tally(&objects);
    let truth = truth::Truth {
        seed,
        tally: &tally,
        story: &story,
        faults: &faults,
        objects: &objects,
        hostile: &hostile,
        logs: &facts,
    };
    let value = truth.value();
    let markdown = truth.markdown(&value);
    objects.push(Object::other("ground-truth.json", format!("{value:#}\n")));
    objects.push(Object::other("GROUND-TRUTH.md", markdown));
    for object in &objects {
        tree::write(dir, &object.key, &object.body)?;
    }
    let bytes = objects.iter().map(|object| object.body.len() as u64).sum();
    Ok(Summary { files: objects.len() as u64, bytes, counts: tally.sources })
}

fn config_objects(story: &story::Story, seed: u64) -> Vec<Object> {
    let mut ids = Ids::new(seed, 9);
    let items = &story.items;
    let mut objects = config::histories(items);
    for time in ["03-02 00:00:00", "04-01 00:00:00", "04-09 12:00:00", "04-12 03:00:00"] {
        objects.push(config::snapshot(items, PROD, HOME, at(time), &mut ids));
    }
    objects.push(config::snapshot(items, world::DEV, HOME, at("04-12 03:00:00"), &mut ids));
    let state = |kind: &str, time: &str| {
        let fits = |item: &&config::Item| item.kind == kind && item.time == at(time);
        items.iter().find(fits).expect("the states of this time are part of the story")
    };
    let public = state("AWS::S3::Bucket", "04-10 04:31:05");
    let private = state("AWS::S3::Bucket", "04-10 07:31:10");
    objects.push(config::oversized(public));
    objects.push(config::compliance_by_eventbridge(public, private, "s3-bucket-public-read-prohibited", &mut ids));
    objects.push(config::change_by_sns(state("AWS::EC2::SecurityGroup", "04-09 01:59:12"), &mut ids));
    objects
}
