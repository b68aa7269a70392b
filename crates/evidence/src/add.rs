//! Adding files to the evidence: each is read once, hashed as it is stored and as it inflates, copied under its hash
//! (or left in place), and written into the manifest.
//!
//! Work goes in chunks of some hundred files. A chunk's objects are flushed to the disk together, then its lines are
//! appended to the manifest in the order of the keys, then the next chunk begins: a run that is killed loses at most
//! one chunk, and running it again adds the rest. Flushing each object by itself would be safer by nothing, since an
//! object without its line in the manifest does not exist, and would take minutes for 100,000 small logs.

mod examine;
mod walk;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rayon::prelude::*;

use crate::archive::{self, Kind, Listing, Member};
use crate::case::Case;
use crate::error::{Error, Result};
use crate::hash::object_id;
use crate::manifest::{Entry, Location, Manifest, Writer, can_be_named};
use crate::open::{Damage, Limits, Notes, open_member};
use examine::{Examined, Keep, Store};
use walk::{Item, Walk};

/// Files that are flushed and written into the manifest together.
const CHUNK: usize = 512;
/// What an archive may unpack to at least, before the ratio is looked at.
const ARCHIVE_FLOOR: u64 = 64 << 20;

/// How to add.
#[derive(Debug, Clone, Copy, Default)]
pub struct AddOptions {
    /// Copy nothing: note the hash, and read the files where they are from now on.
    pub in_place: bool,
    /// What may come out of a file.
    pub limits: Limits,
}

/// What was added, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// New objects, members of archives included.
    pub objects: u64,
    /// Their bytes as stored.
    pub bytes: u64,
    /// Their bytes inflated.
    pub inflated_bytes: u64,
    /// Objects that had been collected before.
    pub already: u64,
    /// Files `<name>.metadata.json` that were kept as metadata of `<name>`.
    pub sidecars: u64,
    /// Zip and tar files looked into (new ones).
    pub archives: u64,
    /// What is damaged: key and why. All but unreadable members of archives are objects all the same.
    pub damaged: Vec<(String, String)>,
    /// What was not taken (symbolic links, devices, unreadable files): path and why.
    pub skipped: Vec<(String, String)>,
}

/// Is told how far the work is.
pub trait Progress: Sync {
    /// What there is to do. Called again, with higher numbers, when the files in an archive become known.
    fn start(&self, objects: u64, bytes: u64);
    /// An object of this many bytes is done.
    fn object(&self, bytes: u64);
}

/// Adds files and folders to the case. Running it again adds what is not there yet and nothing twice.
pub fn add(case: &Case, roots: &[PathBuf], options: &AddOptions, progress: &dyn Progress) -> Result<Added> {
    let lock_path = case.evidence_dir().join(".lock");
    let lock = fs::File::create(&lock_path).map_err(Error::io("write", &lock_path))?;
    match lock.file().try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Err(Error::Busy { root: case.root().to_path_buf() }),
        Err(std::fs::TryLockError::Error(source)) => {
            return Err(Error::Io { doing: "lock", path: lock_path, source });
        }
    }
    let Walk { items, skipped } = walk::walk(case, roots)?;
    let mut run = Run {
        case,
        options,
        progress,
        known: Known::load(case)?,
        store: Store::open(case)?,
        writer: Writer::open(case)?,
        added: Added { skipped, ..Added::default() },
        total: (items.len() as u64, items.iter().map(|item| item.size).sum()),
    };
    progress.start(run.total.0, run.total.1);
    for chunk in items.chunks(CHUNK) {
        let done: Vec<_> = chunk.par_iter().map(|item| run.file(item)).collect();
        let archives = run.commit(done)?;
        for archive in archives {
            run.archive(&archive)?;
        }
    }
    run.store.close()?;
    Ok(run.added)
}

/// What the manifest has already.
struct Known {
    by_id: HashMap<String, (bool, Option<serde_json::Value>)>,
    /// Key and size, to guess what need not be copied before its hash is known.
    looks: HashSet<(String, u64)>,
}

impl Known {
    fn load(case: &Case) -> Result<Known> {
        let manifest = Manifest::load(case)?;
        let mut known = Known { by_id: HashMap::new(), looks: HashSet::new() };
        for entry in manifest.entries {
            known.remember(&entry);
        }
        Ok(known)
    }

    fn remember(&mut self, entry: &Entry) {
        let in_place = matches!(entry.location, Location::InPlace { .. });
        self.looks.insert((entry.key.clone(), entry.size));
        self.by_id.insert(entry.object.clone(), (in_place, entry.metadata.clone()));
    }

    /// Whether this object is there; and whether a line about it would say something new.
    fn has(&self, entry: &Entry) -> (bool, bool) {
        match self.by_id.get(&entry.object) {
            None => (false, true),
            Some((in_place, metadata)) => {
                let copied_now = *in_place && entry.location == Location::Stored;
                let told_now = entry.metadata.is_some() && entry.metadata != *metadata;
                (true, copied_now || told_now)
            }
        }
    }
}

struct Run<'a> {
    case: &'a Case,
    options: &'a AddOptions,
    progress: &'a dyn Progress,
    known: Known,
    store: Store,
    writer: Writer,
    added: Added,
    total: (u64, u64),
}

/// What came of one file or member.
enum Outcome {
    Object { entry: Box<Entry>, archive: Option<Kind> },
    Skipped { path: String, why: String },
    Unreadable { key: String, why: String },
}

impl Run<'_> {
    /// Reads one file. Runs in parallel. An error here is one of the case's disk and ends the run.
    fn file(&self, item: &Item) -> Result<Outcome> {
        let outcome = self.file_outcome(item);
        self.progress.object(item.size);
        outcome
    }

    fn file_outcome(&self, item: &Item) -> Result<Outcome> {
        let skipped = |why: String| Ok(Outcome::Skipped { path: item.path.display().to_string(), why });
        if self.options.in_place && !can_be_named(&item.path) {
            return skipped(
                "its path is not UTF-8 and cannot be noted; copy it instead of using it in place".to_owned(),
            );
        }
        let seen_before = self.known.looks.contains(&(item.key.clone(), item.size));
        let mut keep = Keep::Copy;
        if self.options.in_place || seen_before {
            keep = Keep::HashOnly;
        }
        let mut examined = match examine::file(&self.store, &item.path, keep, &self.options.limits)? {
            Ok(examined) => examined,
            Err(why) => return skipped(why.to_string()),
        };
        let stored_already = || self.store.holds(&examined.sha256, examined.size);
        if !self.options.in_place && keep == Keep::HashOnly && !stored_already() {
            // It only looked like one that we have.
            examined = match examine::file(&self.store, &item.path, Keep::Copy, &self.options.limits)? {
                Ok(examined) => examined,
                Err(why) => return skipped(why.to_string()),
            };
        }
        let location = match self.options.in_place {
            true => Location::InPlace { path: item.path.clone() },
            false => Location::Stored,
        };
        let archive = examined.archive;
        let origin = item.path.to_string_lossy().into_owned();
        let entry = new_entry(item.key.clone(), examined, location, origin, item.metadata.clone());
        Ok(Outcome::Object { entry: Box::new(entry), archive })
    }

    /// Makes a chunk durable: its objects, then its lines. Gives back the archives in it. If the disk failed for one
    /// of them, the others are kept all the same.
    fn commit(&mut self, done: Vec<Result<Outcome>>) -> Result<Vec<(Entry, Kind)>> {
        let mut new = Vec::new();
        let mut archives = Vec::new();
        let mut failed = None;
        for outcome in done {
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(error) => {
                    failed.get_or_insert(error);
                    continue;
                }
            };
            match outcome {
                Outcome::Skipped { path, why } => self.added.skipped.push((path, why)),
                Outcome::Unreadable { key, why } => self.added.damaged.push((key, why)),
                Outcome::Object { entry, archive } => {
                    let (known, news) = self.known.has(&entry);
                    if known {
                        self.added.already += 1;
                    } else {
                        self.added.objects += 1;
                        self.added.bytes += entry.size;
                        self.added.inflated_bytes += entry.inflated_size;
                        self.added.archives += u64::from(archive.is_some());
                    }
                    if news {
                        self.added.sidecars += u64::from(entry.metadata.is_some());
                        if let Some(damage) = &entry.damage {
                            self.added.damaged.push((entry.key.clone(), damage.clone()));
                        }
                        self.known.remember(&entry);
                        new.push((*entry).clone());
                    }
                    if let Some(kind) = archive {
                        archives.push((*entry, kind));
                    }
                }
            }
        }
        if failed.is_some() {
            // A half copy may be what fills the disk. If it cannot be removed, the next run tries again.
            let _removed = self.store.close();
        }
        let durable = self.store.sync().and_then(|()| self.writer.append(&new));
        match failed {
            Some(error) => Err(error),
            None => durable.map(|()| archives),
        }
    }

    /// Adds the members of an archive as objects of their own.
    fn archive(&mut self, (container, kind): &(Entry, Kind)) -> Result<()> {
        let path = crate::open::location_path(self.case, &container.location, &container.sha256);
        let compressed = container.layers.len() > 1;
        let Listing { mut members, skipped, damaged } = archive::list(&path, *kind, compressed, &self.options.limits)?;
        let named = |name: String| match name.is_empty() {
            true => container.key.clone(),
            false => member_key(container, &name),
        };
        self.added.skipped.extend(skipped.into_iter().map(|(name, why)| (named(name), why)));
        self.added.damaged.extend(damaged.into_iter().map(|(name, why)| (named(name), why)));
        self.drop_bombs(container, &mut members);
        let sidecars = self.member_sidecars(&path, &mut members);
        self.total.0 += members.len() as u64;
        self.total.1 += members.iter().map(|member| member.place.unpacked).sum::<u64>();
        self.progress.start(self.total.0, self.total.1);
        for chunk in members.chunks(CHUNK) {
            let read = |m: &Member| {
                let outcome = self.member(container, &path, m, sidecars.get(&m.name).cloned());
                self.progress.object(m.place.unpacked);
                Ok(outcome)
            };
            // A compressed tar has one beginning: two readers would inflate it twice.
            let done: Vec<_> = match compressed {
                true => chunk.iter().map(read).collect(),
                false => chunk.par_iter().map(read).collect(),
            };
            self.commit(done)?;
        }
        Ok(())
    }

    /// Files of a zip may lie over each other, so that few bytes become very many: what goes beyond the allowed
    /// ratio for the archive as a whole is not read.
    fn drop_bombs(&mut self, container: &Entry, members: &mut Vec<Member>) {
        let packed = container.size.max(container.inflated_size);
        let allowed = packed.saturating_mul(self.options.limits.ratio).max(ARCHIVE_FLOOR);
        let mut sum: u64 = 0;
        members.retain(|member| {
            sum = sum.saturating_add(member.place.unpacked);
            if sum > allowed {
                let why = format!("not read: the archive unpacks to more than {allowed} bytes");
                self.added.damaged.push((member_key(container, &member.name), why));
            }
            sum <= allowed
        });
    }

    /// Takes the members that are metadata of other members out of the list.
    fn member_sidecars(&self, path: &Path, members: &mut Vec<Member>) -> HashMap<String, serde_json::Value> {
        let names: HashSet<String> = members.iter().map(|member| member.name.clone()).collect();
        let mut found = HashMap::new();
        members.retain(|m| {
            let Some(about) = walk::sidecar_of(&m.name, |name| names.contains(name)) else { return true };
            if m.place.unpacked > walk::SIDECAR_MAX {
                return true;
            }
            let text = open_member(self.case, path, &m.place, &self.options.limits, &Notes::default())
                .map(|mut input| walk::metadata(&mut input));
            // What cannot be read or is no metadata stays an object, and is reported as one.
            let Ok(Some(metadata)) = text else { return true };
            found.insert(about.to_owned(), metadata);
            false
        });
        found
    }

    fn member(&self, container: &Entry, path: &Path, m: &Member, metadata: Option<serde_json::Value>) -> Outcome {
        let key = member_key(container, &m.name);
        let notes = Notes::default();
        let examined = open_member(self.case, path, &m.place, &self.options.limits, &notes)
            .map_err(|error| error.to_string())
            .and_then(|input| {
                examine::stream(input, notes, m.crc, &self.options.limits).map_err(|error| error.to_string())
            });
        let mut examined = match examined {
            Ok(examined) => examined,
            Err(why) => return Outcome::Unreadable { key, why },
        };
        if examined.archive.take().is_some() {
            examined.damage.get_or_insert(Damage::NestedArchive);
        }
        let location = Location::Member {
            container: container.sha256.clone(),
            container_location: Box::new(container.location.clone()),
            index: m.index,
            name: m.name.clone(),
            place: m.place,
        };
        let entry = new_entry(key, examined, location, container.origin.clone(), metadata);
        Outcome::Object { entry: Box::new(entry), archive: None }
    }
}

fn member_key(container: &Entry, name: &str) -> String {
    format!("{}!/{name}", container.key)
}

fn new_entry(
    key: String,
    examined: Examined,
    location: Location,
    origin: String,
    metadata: Option<serde_json::Value>,
) -> Entry {
    Entry {
        object: object_id(&examined.sha256, &key),
        key,
        sha256: examined.sha256,
        size: examined.size,
        inflated_sha256: examined.inflated_sha256,
        inflated_size: examined.inflated_size,
        layers: examined.layers,
        members: examined.members,
        damage: examined.damage.map(|damage| damage.to_string()),
        location,
        origin,
        metadata,
    }
}

#[cfg(test)]
mod tests;
