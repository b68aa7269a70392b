//! The one way into the evidence, shared by what is added from disk and what is fetched: bytes are hashed and stored,
//! archives are looked into, and lines are appended to the manifest some hundred at a time.
//!
//! A batch's objects are flushed to the disk together, then its lines are appended: a run that is killed loses at most
//! one batch, and running it again takes the rest. Flushing each object by itself would be safer by nothing, since an
//! object without its line in the manifest does not exist, and would take minutes for 100,000 small logs.

pub(crate) mod examine;
mod members;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use serde::Serialize;

use crate::add::Progress;
use crate::archive::ArchiveKind;
use crate::case::Case;
use crate::error::{Error, Result};
use crate::hash::{hex, object_id, unhex};
use crate::inside::{self, Use};
use crate::manifest::{Entry, Location, Manifest, S3Place, Writer};
use crate::open::Limits;
use examine::{Examined, Kept, Store};

/// Objects that are flushed and written into the manifest together.
pub const BATCH: usize = 512;

/// What was taken in, and what was not.
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
    /// Objects that came with what the provider says of them.
    pub sidecars: u64,
    /// Zip and tar files looked into (new ones).
    pub archives: u64,
    /// What is damaged: key and why. All of it are objects all the same.
    pub damaged: Vec<(String, String)>,
    /// Objects whose stored bytes were gone or altered, and which are what was collected again.
    pub repaired: Vec<Repaired>,
    /// What was not taken (symbolic links, devices, unreadable files): path and why.
    pub skipped: Vec<(String, String)>,
}

/// An object whose stored bytes were not what was collected, until it was collected again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Its key, as it was collected now.
    pub key: String,
    /// The SHA-256 that its bytes must have, and have again.
    pub sha256: String,
    /// The SHA-256 that was found instead; none if there was nothing that could be read.
    pub found: Option<String>,
    /// What was wrong.
    pub why: String,
    /// Where what was found is kept, below the case; none if there was nothing.
    pub kept: Option<String>,
}

/// What is known of an object before its bytes are looked at.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The key in the bucket with the bucket's name before it, or the path below what was added.
    pub key: String,
    /// The path or URL that it was taken from.
    pub origin: String,
    /// Where it lay in S3, if that is known.
    pub s3: Option<S3Place>,
    /// What the provider says about it, whole.
    pub metadata: Option<serde_json::Value>,
}

/// An object whose bytes are stored, to be given to [`Collector::take`].
#[derive(Debug)]
pub struct Taken {
    entry: Entry,
    archive: Option<ArchiveKind>,
    kept: Kept,
}

impl Taken {
    pub(crate) fn new(about: About, examined: Examined, location: Location) -> Taken {
        let entry = Entry {
            object: object_id(&examined.sha256, &about.key),
            key: about.key,
            sha256: examined.sha256,
            size: examined.size,
            inflated_sha256: examined.inflated_sha256,
            inflated_size: examined.inflated_size,
            layers: examined.layers,
            members: examined.members,
            damage: examined.damage.map(|damage| damage.to_string()),
            replaces: None,
            location,
            origin: about.origin,
            s3: about.s3,
            metadata: about.metadata,
        };
        Taken { entry, archive: examined.archive, kept: examined.kept }
    }

    /// What will stand in the manifest.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

/// Stores bytes, from any thread. Nothing of it counts until the [`Collector`] has taken it.
#[derive(Clone)]
pub struct Intake {
    pub(crate) store: Arc<Store>,
    pub(crate) limits: Limits,
}

impl Intake {
    /// Stores bytes that are in memory.
    pub fn bytes(&self, about: About, bytes: Vec<u8>) -> Result<Taken> {
        Ok(Taken::new(about, self.store.put(bytes, &self.limits)?, Location::Stored))
    }

    /// Moves a complete file into the store; it must lie on the disk of the case.
    pub fn file(&self, about: About, path: &Path) -> Result<Taken> {
        Ok(Taken::new(about, self.store.take_over(path, &self.limits)?, Location::Stored))
    }
}

/// The case's evidence, being added to. Only one at a time.
pub struct Collector {
    case: Case,
    limits: Limits,
    pub(crate) known: Known,
    store: Arc<Store>,
    writer: Writer,
    waiting: Vec<Entry>,
    archives: Vec<(Entry, ArchiveKind)>,
    /// What was taken so far.
    pub added: Added,
    _lock: fs::File,
}

impl Collector {
    /// Begins to add; [`Error::Busy`] while another process does.
    pub fn open(case: &Case, limits: Limits) -> Result<Collector> {
        let lock_path = case.evidence_dir().join(".lock");
        let lock = inside::open(case.root(), &lock_path, Use::Change).map_err(Error::io("open", &lock_path))?;
        match lock.file().try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(Error::Busy { root: case.root().to_path_buf() }),
            Err(std::fs::TryLockError::Error(source)) => {
                return Err(Error::Io { doing: "lock", path: lock_path, source });
            }
        }
        let manifest = Manifest::load(case)?;
        Ok(Collector {
            case: case.clone(),
            limits,
            known: Known::load(&manifest)?,
            store: Arc::new(Store::open(case)?),
            writer: Writer::open(case, manifest.end)?,
            waiting: Vec::new(),
            archives: Vec::new(),
            added: Added::default(),
            _lock: lock,
        })
    }

    /// Stores bytes from any thread.
    pub fn intake(&self) -> Intake {
        Intake { store: Arc::clone(&self.store), limits: self.limits }
    }

    /// Takes an object whose bytes are stored. It counts once it was flushed.
    pub fn take(&mut self, taken: Taken) {
        let Taken { mut entry, archive, kept } = taken;
        match self.known.member(&entry) {
            // A smaller limit does not take back what a larger one gave.
            Some(before) if !before.unread && entry.is_unread() => {
                self.added.already += 1;
                return;
            }
            Some(before) if before.unread && before.id != unhex(&entry.object) => {
                entry.replaces = Some(hex::encode(before.id));
            }
            _ => {}
        }
        let (known, news) = self.known.has(&entry);
        let altered = match kept {
            Kept::Repaired(altered) => Some((altered.sha256, altered.why, Some(altered.kept))),
            Kept::New if self.known.was_stored(&entry) => Some((None, "it was gone".to_owned(), None)),
            _ => None,
        };
        if let Some((found, why, kept)) = altered {
            let (key, sha256) = (entry.key.clone(), entry.sha256.clone());
            self.added.repaired.push(Repaired { key, sha256, found, why, kept });
        }
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
            let line = if archive.is_some() { entry.unfinished() } else { entry.clone() };
            self.known.remember(&line);
            self.waiting.push(line);
        }
        if let Some(kind) = archive {
            self.archives.push((entry, kind));
        }
    }

    /// How many objects wait to be flushed.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Makes what waits durable: the objects, then their lines; then what is in the archives among them.
    pub fn flush(&mut self, progress: &dyn Progress) -> Result<()> {
        self.store.sync()?;
        self.writer.append(&self.waiting)?;
        self.waiting.clear();
        for (container, kind) in std::mem::take(&mut self.archives) {
            self.archive(&container, kind, progress)?;
        }
        Ok(())
    }

    /// After the disk failed: removes half copies, which may be what fills it, and keeps what is whole.
    pub(crate) fn rescue(&mut self) {
        // If they cannot be removed, the next run tries again.
        let _removed = self.store.close();
        let _kept = self.store.sync().and_then(|()| self.writer.append(&self.waiting));
    }

    /// Ends the work, and that of runs which were cut off.
    pub fn close(mut self, progress: &dyn Progress) -> Result<Added> {
        self.flush(progress)?;
        self.finish_archives(progress)?;
        self.store.close()?;
        self.known = Known::default();
        crate::manifest::write_sums(&self.case, &Manifest::load(&self.case)?)?;
        Ok(self.added)
    }
}

/// What the manifest has already, in some hundred bytes an object.
#[derive(Default)]
pub(crate) struct Known {
    by_id: HashMap<Short, Told>,
    /// Members of archives, by a hash of the archive, the place in it and the key.
    members: HashMap<u64, KnownMember>,
    /// Key and size, to guess what need not be copied before its hash is known.
    looks: HashSet<u64>,
}

/// The first half of a SHA-256.
type Short = [u8; 16];

/// The object that a member of an archive is: what its bytes are, and so its id, hangs on whether it was read.
#[derive(Clone, Copy)]
struct KnownMember {
    id: Short,
    unread: bool,
}

fn member_look(entry: &Entry) -> Option<u64> {
    let Location::Member { container, index, .. } = &entry.location else { return None };
    let mut hasher = DefaultHasher::new();
    (container, index, &entry.key).hash(&mut hasher);
    Some(hasher.finish())
}

/// What a line of the manifest says beyond the object itself; of texts, their hash.
struct Told {
    in_place: bool,
    unread: bool,
    /// An archive that was not looked into to its end.
    unfinished: bool,
    damage: Option<Short>,
    metadata: Option<Short>,
    s3: Option<Short>,
}

impl Told {
    fn of(entry: &Entry) -> Told {
        Told {
            in_place: matches!(entry.location, Location::InPlace { .. }),
            unread: entry.is_unread(),
            unfinished: entry.is_unfinished(),
            damage: entry.damage.as_deref().map(short),
            metadata: entry.metadata.as_ref().map(|metadata| short(&metadata.to_string())),
            s3: entry.s3.as_ref().map(|place| short(&format!("{place:?}"))),
        }
    }
}

fn short(text: &str) -> Short {
    unhex(&crate::hash::sha256(text.as_bytes()))
}

fn look(key: &str, size: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, size).hash(&mut hasher);
    hasher.finish()
}

impl Known {
    fn load(manifest: &Manifest) -> Result<Known> {
        let mut known = Known::default();
        for entry in manifest.entries() {
            known.remember(&entry?);
        }
        Ok(known)
    }

    fn remember(&mut self, entry: &Entry) {
        self.looks.insert(look(&entry.key, entry.size));
        if let Some(look) = member_look(entry) {
            self.members.insert(look, KnownMember { id: unhex(&entry.object), unread: entry.is_unread() });
        }
        self.by_id.insert(unhex(&entry.object), Told::of(entry));
    }

    /// Whether an object with this key and size was collected.
    pub(crate) fn looks_known(&self, key: &str, size: u64) -> bool {
        self.looks.contains(&look(key, size))
    }

    /// Whether the case has the bytes of this object, as far as the manifest says.
    fn was_stored(&self, entry: &Entry) -> bool {
        self.by_id.get(&unhex(&entry.object)).is_some_and(|told| !told.in_place)
    }

    /// What the manifest says about the same member of the same archive.
    fn member(&self, entry: &Entry) -> Option<KnownMember> {
        member_look(entry).and_then(|look| self.members.get(&look)).copied()
    }

    /// Whether this is what is written about the damage of this object.
    fn has_damage(&self, entry: &Entry) -> bool {
        let damage = entry.damage.as_deref().map(short);
        self.by_id.get(&unhex(&entry.object)).is_some_and(|told| told.damage == damage)
    }

    /// The ids of the archives that were not looked into to their ends.
    fn unfinished(&self) -> Vec<String> {
        let ids = self.by_id.iter().filter(|(_, told)| told.unfinished).map(|(id, _)| hex(id));
        let mut ids: Vec<String> = ids.collect();
        ids.sort_unstable();
        ids
    }

    /// Whether the manifest says something about this object that is not said now.
    fn says_more(&self, entry: &Entry) -> bool {
        let now = Told::of(entry);
        self.by_id.get(&unhex(&entry.object)).is_some_and(|told| {
            (told.metadata.is_some() && now.metadata.is_none())
                || (told.s3.is_some() && now.s3.is_none())
                || (now.in_place && !told.in_place)
        })
    }

    /// Whether this object is there; and whether a line about it would say something new.
    fn has(&self, entry: &Entry) -> (bool, bool) {
        let Some(before) = self.by_id.get(&unhex(&entry.object)) else { return (false, true) };
        let now = Told::of(entry);
        let copied_now = before.in_place && entry.location == Location::Stored;
        let told_now = now.metadata.is_some() && now.metadata != before.metadata;
        let placed_now = now.s3.is_some() && now.s3 != before.s3;
        // Of two members with one name and the same packed bytes, one may be readable.
        let readable_now = before.unread && !now.unread;
        (true, copied_now || told_now || placed_now || readable_now || entry.replaces.is_some())
    }
}

/// The folder for downloads that are not complete, kept from one run to the next.
pub fn partial_dir(case: &Case) -> Result<PathBuf> {
    let path = case.evidence_dir().join("partial");
    inside::make_folder(case.root(), &path).map_err(Error::io("make the folder", &path))?;
    Ok(path)
}
