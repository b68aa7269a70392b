//! One pass over the bytes of a file: hash, copy, inflate, hash again.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Crc;
use fs_err as fs;

use crate::archive::ArchiveKind;
use crate::case::Case;
use crate::error::{Error, Result};
use crate::hash::{Hasher, unhex};
use crate::inside;
use crate::open::{Damage, Input, Limits, Notes, Opened};

const BUFFER: usize = 256 << 10;

/// What one pass over the bytes found out.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) sha256: String,
    pub(crate) size: u64,
    pub(crate) inflated_sha256: Option<String>,
    pub(crate) inflated_size: u64,
    pub(crate) layers: Vec<String>,
    pub(crate) members: u64,
    pub(crate) damage: Option<Damage>,
    pub(crate) archive: Option<ArchiveKind>,
    pub(crate) kept: Kept,
}

impl Examined {
    /// Nothing was there to be looked at.
    pub(crate) fn nothing() -> Examined {
        Examined {
            sha256: crate::hash::sha256(&[]),
            size: 0,
            inflated_sha256: None,
            inflated_size: 0,
            layers: Vec::new(),
            members: 0,
            damage: None,
            archive: None,
            kept: Kept::Before,
        }
    }

    /// These are packed bytes only, for this reason.
    pub(crate) fn unread(self, why: &Damage) -> Examined {
        Examined { damage: Some(why.clone()), ..self }
    }
}

/// What became of the bytes in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// They are there already, or are not to be.
    Before,
    /// There was no such object.
    New,
    /// Something else lay under this hash, and they take its place.
    Repaired(Altered),
}

/// What lay in the place of an object, and was moved away for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Altered {
    /// The SHA-256 that it has; none if it could not be read.
    pub(crate) sha256: Option<String>,
    /// What was wrong.
    pub(crate) why: String,
    /// Where it is now, below the case.
    pub(crate) kept: String,
}

/// Whether a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Copy,
    HashOnly,
}

/// Examines a file. The outer error is one of the case's disk, the inner one of the file's.
pub(crate) fn file(store: &Store, path: &Path, keep: Keep, limits: &Limits) -> Result<io::Result<Examined>> {
    let source = match fs::File::open(path).and_then(|file| file.metadata().map(|about| (file, about))) {
        // It may have become something else since the folder was listed.
        Ok((_, about)) if !about.is_file() => return Ok(Err(io::Error::other("no regular file any more"))),
        Ok((file, _)) => file,
        Err(error) => return Ok(Err(error)),
    };
    if keep == Keep::HashOnly {
        return Ok(examine(Box::new(source), None, Notes::default(), None, limits).map(|(examined, _)| examined));
    }
    let copy = store.begin(path);
    // A clone is read back instead of the source, so that the hash is that of what is kept.
    let (input, output) = match &copy.cloned {
        Some(clone) => (fs::File::open(clone).map_err(Error::io("read", clone))?, None),
        None => (source, Some(fs::File::create(&copy.path).map_err(Error::io("write", &copy.path))?)),
    };
    match examine(Box::new(input), output, Notes::default(), None, limits) {
        Ok((_, Some(failed))) => Err(Error::Io { doing: "write", path: copy.path.clone(), source: failed }),
        Ok((mut examined, None)) => {
            examined.kept = store.finish(&copy, &examined.sha256, examined.size)?;
            Ok(Ok(examined))
        }
        Err(error) => {
            store.forget(&copy)?;
            Ok(Err(error))
        }
    }
}

/// Examines a member of an archive.
pub(crate) fn stream(input: Input, notes: Notes, crc: Option<u32>, limits: &Limits) -> io::Result<Examined> {
    examine(Box::new(input), None, notes, crc, limits).map(|(examined, _)| examined)
}

/// Hashes bytes without looking into them.
pub(crate) fn packed(mut input: Input) -> io::Result<Examined> {
    let (mut hasher, mut size) = (Hasher::default(), 0);
    let mut buffer = vec![0; BUFFER];
    loop {
        let got = input.read(&mut buffer)?;
        if got == 0 {
            return Ok(Examined { sha256: hasher.finish(), size, ..Examined::nothing() });
        }
        hasher.update(buffer.get(..got).unwrap_or_default());
        size += got as u64;
    }
}

fn examine(
    source: Box<dyn Read + Send>,
    copy: Option<fs::File>,
    notes: Notes,
    crc: Option<u32>,
    limits: &Limits,
) -> io::Result<(Examined, Option<io::Error>)> {
    let tee = Shared(Arc::new(Mutex::new(Tee {
        source,
        copy,
        failed: None,
        stored: Hasher::default(),
        crc: crc.map(|_| Crc::new()),
        size: 0,
    })));
    let opened = Opened::build(Input::stream(Box::new(tee.clone())), notes, limits)?;
    let mut buffer = vec![0; BUFFER];
    let content = Content::read(opened, &mut buffer)?;
    // After damage, what was not inflated is still evidence.
    let mut rest = tee.clone();
    while rest.read(&mut buffer)? > 0 {}
    let mut tee = tee.0.lock().unwrap_or_else(PoisonError::into_inner);
    if tee.crc.as_ref().map(Crc::sum) != crc {
        content.opened.note(Damage::BadChecksum);
    }
    let sha256 = std::mem::take(&mut tee.stored).finish();
    Ok((content.examined(sha256, tee.size), tee.failed.take()))
}

/// Examines bytes that are in memory.
fn examine_bytes(bytes: Vec<u8>, limits: &Limits) -> io::Result<Examined> {
    let (sha256, size) = (crate::hash::sha256(&bytes), bytes.len());
    let opened = Opened::build(Input::memory(bytes), Notes::default(), limits)?;
    // Most objects are small, and clearing a large buffer for each would take longer than reading it.
    let mut buffer = vec![0; size.clamp(4 << 10, BUFFER)];
    Ok(Content::read(opened, &mut buffer)?.examined(sha256, size as u64))
}

/// What came out of an object.
struct Content {
    opened: Opened,
    archive: Option<ArchiveKind>,
    packed: bool,
    inflated: Hasher,
}

impl Content {
    fn read(mut opened: Opened, buffer: &mut [u8]) -> io::Result<Content> {
        let archive = ArchiveKind::detect(opened.peek(512)?);
        let packed = !opened.facts().layers.is_empty();
        if archive == Some(ArchiveKind::Tar) {
            opened.lift_cap();
        }
        let mut inflated = Hasher::default();
        loop {
            let got = opened.read(buffer)?;
            if got == 0 {
                return Ok(Content { opened, archive, packed, inflated });
            }
            // Without layers both hashes are the same one.
            if packed {
                inflated.update(buffer.get(..got).unwrap_or_default());
            }
        }
    }

    fn examined(self, sha256: String, size: u64) -> Examined {
        let Content { opened, archive, packed, inflated } = self;
        let facts = opened.facts();
        let whole = facts.damage.as_ref().is_none_or(Damage::is_harmless);
        let inflated_sha256 = whole.then(|| if packed { inflated.finish() } else { sha256.clone() });
        let mut layers = facts.layers;
        // A zip inside gzip is not looked into.
        let opens = archive.filter(|kind| *kind == ArchiveKind::Tar || !packed);
        layers.extend(opens.map(|kind| kind.name().to_owned()));
        let nested = (archive != opens).then_some(Damage::NestedArchive);
        Examined {
            sha256,
            size,
            inflated_sha256,
            inflated_size: facts.inflated,
            layers,
            members: facts.members,
            damage: facts.damage.or(nested),
            archive: opens,
            kept: Kept::Before,
        }
    }
}

/// Hashes and copies what passes through.
struct Tee {
    source: Box<dyn Read + Send>,
    copy: Option<fs::File>,
    /// Why the copy could not be written: not to be mixed up with a source that cannot be read.
    failed: Option<io::Error>,
    stored: Hasher,
    crc: Option<Crc>,
    size: u64,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Tee>>);

impl Read for Shared {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut tee = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let got = loop {
            match tee.source.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let bytes = out.get(..got).unwrap_or_default();
        tee.stored.update(bytes);
        tee.size += got as u64;
        if let Some(crc) = &mut tee.crc {
            crc.update(bytes);
        }
        if let Some(Err(error)) = tee.copy.as_mut().map(|copy| copy.write_all(bytes)) {
            tee.failed = Some(error);
            tee.copy = None;
        }
        Ok(got)
    }
}

/// The folder of objects, being filled.
pub(crate) struct Store {
    case: Case,
    number: AtomicU64,
    clones: AtomicBool,
    /// New since the last flush.
    fresh: Mutex<Vec<PathBuf>>,
    /// The beginnings of the hashes of objects that were written or read back in this run.
    sound: Mutex<HashSet<[u8; 16]>>,
    /// Held by the one who gives an object its name: two threads may have the same bytes.
    naming: Mutex<()>,
}

/// A copy that is not complete yet.
pub(crate) struct Copy {
    path: PathBuf,
    cloned: Option<PathBuf>,
}

impl Store {
    /// Throws away what a run that was cut off has left.
    pub(crate) fn open(case: &Case) -> Result<Store> {
        let incoming = case.incoming_dir();
        if incoming.is_dir() {
            fs::remove_dir_all(&incoming).map_err(Error::io("clear", &incoming))?;
        }
        for folder in [incoming, case.objects_dir()] {
            inside::make_folder(case.root(), &folder).map_err(Error::io("make the folder", &folder))?;
        }
        let store = Store {
            case: case.clone(),
            number: AtomicU64::new(0),
            clones: AtomicBool::new(true),
            fresh: Mutex::default(),
            sound: Mutex::default(),
            naming: Mutex::default(),
        };
        Ok(store)
    }

    /// Stores bytes that are in memory.
    pub(crate) fn put(&self, bytes: Vec<u8>, limits: &Limits) -> Result<Examined> {
        let copy = self.fresh_copy();
        fs::write(&copy.path, &bytes).map_err(Error::io("write", &copy.path))?;
        let mut examined = examine_bytes(bytes, limits).map_err(Error::io("read", &copy.path))?;
        examined.kept = self.finish(&copy, &examined.sha256, examined.size)?;
        Ok(examined)
    }

    /// Moves a complete file of the case's disk into the store.
    pub(crate) fn take_over(&self, path: &Path, limits: &Limits) -> Result<Examined> {
        let file = fs::File::open(path).map_err(Error::io("read", path))?;
        let (mut examined, _) =
            examine(Box::new(file), None, Notes::default(), None, limits).map_err(Error::io("read", path))?;
        let copy = Copy { path: path.to_path_buf(), cloned: None };
        examined.kept = self.finish(&copy, &examined.sha256, examined.size)?;
        Ok(examined)
    }

    fn fresh_copy(&self) -> Copy {
        let path = self.case.incoming_dir().join(self.number.fetch_add(1, Ordering::Relaxed).to_string());
        Copy { path, cloned: None }
    }

    pub(crate) fn close(&self) -> Result<()> {
        let incoming = self.case.incoming_dir();
        fs::remove_dir_all(&incoming).map_err(Error::io("clear", &incoming))
    }

    /// Whether an object with this hash is there and still has it. It is read back once in a run, which costs as much
    /// as reading what is added again; an object that was damaged on the disk is seen by nothing less.
    pub(crate) fn holds(&self, sha256: &str, size: u64) -> bool {
        let path = self.case.object_path(sha256);
        if !fs::symlink_metadata(&path).is_ok_and(|about| about.is_file() && about.len() == size) {
            return false;
        }
        // What cannot be read is as good as gone.
        let sound = self.is_sound(sha256) || crate::hash::sha256_of_file(&path).is_ok_and(|found| found == sha256);
        if sound {
            self.note_sound(sha256);
        }
        sound
    }

    fn is_sound(&self, sha256: &str) -> bool {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner).contains(&unhex::<16>(sha256))
    }

    fn note_sound(&self, sha256: &str) {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner).insert(unhex(sha256));
    }

    fn begin(&self, source: &Path) -> Copy {
        let mut copy = self.fresh_copy();
        if self.clones.load(Ordering::Relaxed) {
            match reflink_copy::reflink(source, &copy.path) {
                Ok(()) => copy.cloned = Some(copy.path.clone()),
                // Most file systems cannot, and they say so for every file.
                Err(_cannot_clone) => self.clones.store(false, Ordering::Relaxed),
            }
        }
        copy
    }

    fn forget(&self, copy: &Copy) -> Result<()> {
        fs::remove_file(&copy.path).map_err(Error::io("remove", &copy.path))
    }

    /// Gives a complete copy its name, also where other bytes have it.
    fn finish(&self, copy: &Copy, sha256: &str, size: u64) -> Result<Kept> {
        if self.holds(sha256, size) {
            self.forget(copy)?;
            return Ok(Kept::Before);
        }
        let path = self.case.object_path(sha256);
        make_read_only(&copy.path)?;
        let folder = path.parent().unwrap_or(&path);
        inside::make_folder(self.case.root(), folder).map_err(Error::io("write", &path))?;
        let _alone = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_sound(sha256) {
            self.forget(copy)?;
            return Ok(Kept::Before);
        }
        let altered = self.set_aside(&path, sha256)?;
        fs::rename(&copy.path, &path).map_err(Error::io("write", &path))?;
        self.note_sound(sha256);
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        Ok(altered.map_or(Kept::New, Kept::Repaired))
    }

    /// Moves away what lies in the place of an object and is not that object: what was done to it can still be looked
    /// at. Its new name has the hash that it should have and the one that it has.
    fn set_aside(&self, path: &Path, sha256: &str) -> Result<Option<Altered>> {
        let about = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::io("read", path))?,
        };
        let (found, why) = match about.is_file().then(|| crate::hash::sha256_of_file(path)) {
            None => (None, "it was no plain file".to_owned()),
            Some(Err(error)) => (None, format!("it could not be read: {error}")),
            Some(Ok(found)) => (Some(found), format!("its {} bytes were altered", about.len())),
        };
        let folder = self.case.evidence_dir().join("altered");
        inside::make_folder(self.case.root(), &folder).map_err(Error::io("make the folder", &folder))?;
        let name = format!("{sha256}-{}", found.as_deref().unwrap_or("unreadable"));
        fs::rename(path, folder.join(&name)).map_err(Error::io("move away", path))?;
        Ok(Some(Altered { sha256: found, why, kept: format!("evidence/altered/{name}") }))
    }

    /// Waits until all new objects are on the disk: one call for the whole file system where there is one.
    pub(crate) fn sync(&self) -> Result<()> {
        let fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        if fresh.is_empty() {
            return Ok(());
        }
        let folder = self.case.objects_dir();
        sync_all(&folder, &fresh)
    }
}

#[cfg(target_os = "linux")]
fn sync_all(folder: &Path, _fresh: &[PathBuf]) -> Result<()> {
    let opened = fs::File::open(folder).map_err(Error::io("open", folder))?;
    rustix::fs::syncfs(opened.file()).map_err(|error| Error::io("flush", folder)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn sync_all(_folder: &Path, fresh: &[PathBuf]) -> Result<()> {
    let flush =
        |path: &PathBuf| fs::File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("flush", path));
    fresh.iter().try_for_each(flush)
}

fn make_read_only(path: &Path) -> Result<()> {
    let mut permissions = fs::metadata(path).map_err(Error::io("read", path))?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o400);
    #[cfg(not(unix))]
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).map_err(Error::io("protect", path))
}
