//! The one opener: from an object as it is stored to the bytes that were written into it.
//!
//! Names lie, so layers are found by their first bytes only, one inside the other. Damage is data: reading yields
//! what is good and then ends, and [`Opened::facts`] says what is wrong. Only a failing disk makes a read fail.
//! Everything that comes out is bounded by [`Limits`].

mod gzip;
mod input;
mod member;
mod utf16;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::inside::{self, Use};
use crate::manifest::{Entry, Location};
use gzip::Packed;

pub(crate) use input::Input;
pub(crate) use member::{Streams, member as open_member, most_of, stored};

/// Up to this size an object is read at once; bigger ones are streamed.
const IN_MEMORY: u64 = 64 << 20;

/// How much may come out of an object, and how long that may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that a layer may yield.
    pub inflated: u64,
    /// The most bytes that a layer may yield for each byte that went in, once 64 MiB came out. Logs reach 20 to 60.
    pub ratio: u64,
    /// The most layers, one inside the other.
    pub layers: usize,
    /// The most bytes of a file that is copied.
    pub stored: u64,
    /// How long the decoding of an object may take, and a sixtieth of it for each MiB that comes out. Logs
    /// take about a hundredth of it.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { inflated: 8 << 30, ratio: 200, layers: 3, stored: 64 << 30, time: Duration::from_secs(60) }
    }
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Damage {
    /// The packed bytes stop before their end.
    #[error("{layer} data ends early after {read} bytes")]
    Truncated {
        /// Which layer.
        layer: String,
        /// Packed bytes read before the cut.
        read: u64,
    },
    /// The packed bytes make no sense, or do not match their check sum.
    #[error("{layer} data is corrupt after {read} bytes: {message}")]
    Corrupt {
        /// Which layer.
        layer: String,
        /// Packed bytes read up to there.
        read: u64,
        /// What the decoder says.
        message: String,
    },
    /// Bytes after the end that are no further member; zeros count, although they do no harm. All data was read.
    #[error("{count} bytes follow after the end of the compressed data")]
    TrailingBytes {
        /// How many.
        count: u64,
    },
    /// More comes out than is allowed.
    #[error("more than {limit} bytes come out of the {layer} data")]
    TooBig {
        /// Which layer.
        layer: String,
        /// The limit that was reached.
        limit: u64,
    },
    /// So much comes out of so little that it must be a bomb.
    #[error("each byte of the {layer} data yields more than {limit}: stopped after {inflated} bytes")]
    BadRatio {
        /// Which layer.
        layer: String,
        /// Bytes out for each byte in.
        limit: u64,
        /// What had come out by then.
        inflated: u64,
    },
    /// Packed more often than anybody does.
    #[error("more than {limit} layers of compression")]
    TooManyLayers {
        /// The limit that was reached.
        limit: u64,
    },
    /// UTF-16 in which surrogates stand alone; each was read as U+FFFD.
    #[error("{count} unpaired surrogates in UTF-16 text were replaced")]
    BadText {
        /// How many.
        count: u64,
    },
    /// A zip or tar inside a zip or tar, or a compressed zip. Its bytes are kept; what is in it was not looked at.
    #[error("an archive inside another file is not opened")]
    NestedArchive,
    /// The bytes do not match the check sum that the archive has for them.
    #[error("the member's bytes do not match the check sum in the archive")]
    BadChecksum,
    /// A member of an archive that cannot be taken out of it. Its packed bytes lie in the archive.
    #[error("not read: {why}")]
    Unread {
        /// Why not.
        why: String,
    },
    /// The same, because of a limit: of a member, or of all that come after it.
    #[error("not read, over a limit: {why}")]
    OverLimit {
        /// Which limit.
        why: String,
    },
    /// An archive in which members cannot be found.
    #[error("members may be missing: {why}")]
    MembersMissing {
        /// What is wrong with the archive, and where.
        why: String,
    },
}

impl Damage {
    /// Whether everything that was written into the object came out all the same.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Damage::TrailingBytes { .. } | Damage::NestedArchive)
    }

    /// Whether a limit cut the object, so that with another one more may come out.
    pub fn is_of_limits(&self) -> bool {
        matches!(
            self,
            Damage::TooBig { .. } | Damage::BadRatio { .. } | Damage::TooManyLayers { .. } | Damage::OverLimit { .. }
        )
    }

    /// The same of a text that a damage was written as, such as [`Entry::damage`].
    pub fn tells_of_limits(text: &str) -> bool {
        (text.starts_with("more than ")
            && (text.contains(" come out of the ") || text.ends_with("layers of compression")))
            || (text.starts_with("each byte of the ") && text.contains(" yields more than "))
            || text.split("; ").any(|part| part.starts_with("not read, over a limit: "))
    }

    /// Whether the text of an archive's damage says that there may be members that are not listed.
    pub(crate) fn tells_of_members(text: &str) -> bool {
        text.split("; ")
            .any(|part| part.starts_with("members may be missing: ") || part.starts_with("not read, over a limit: "))
    }
}

/// What is known about an object after it was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How it is packed, outermost first.
    pub layers: Vec<String>,
    /// Of the outermost layer: gzip members, zstd frames or bzip2 streams.
    pub members: u64,
    /// What is wrong with it.
    pub damage: Option<Damage>,
    /// How many bytes came out.
    pub inflated: u64,
}

/// An object being read: the innermost, inflated bytes; UTF-16 comes as UTF-8.
#[derive(Debug)]
pub struct Opened {
    input: Input,
    notes: Notes,
    layers: Vec<String>,
    inflated: u64,
}

impl Opened {
    /// What is known so far; complete at the end of reading.
    pub fn facts(&self) -> Facts {
        let state = self.notes.lock();
        Facts {
            layers: self.layers.clone(),
            members: state.members,
            damage: state.damage.clone(),
            inflated: self.inflated,
        }
    }

    /// Takes layer after layer off, as far as the first bytes tell.
    pub(crate) fn build(mut input: Input, notes: Notes, limits: &Limits) -> io::Result<Opened> {
        notes.0.cap.store(limits.inflated, Ordering::Relaxed);
        let mut layers: Vec<String> = Vec::new();
        while let Some(layer) = detect(input.peek(10)?) {
            if layers.len() >= limits.layers {
                notes.damage(Damage::TooManyLayers { limit: limits.layers as u64 });
                input = Input::memory(Vec::new());
                break;
            }
            let counted = layers.is_empty();
            layers.push(layer.name().to_owned());
            input = match layer {
                Layer::Packed(codec) => {
                    Input::stream(Box::new(gzip::Members::new(input, codec, counted, limits.ratio, notes.clone())))
                }
                Layer::Utf16 { big, mark } => {
                    Input::stream(Box::new(utf16::Utf16::new(input, big, mark, notes.clone())))
                }
            };
        }
        Ok(Opened { input, notes, layers, inflated: 0 })
    }

    /// Takes the first bytes: this many, or all of them when there are fewer or they are in memory.
    pub fn head(&mut self, want: usize) -> io::Result<Vec<u8>> {
        let mut head = self.input.take_buffered();
        self.inflated += head.len() as u64;
        let missing = want.saturating_sub(head.len());
        head.reserve(missing);
        self.take(missing as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// The first bytes, at most this many, without taking them.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        self.input.peek(want)
    }

    /// For archives, where the limit is per member: only the ratio bounds what comes out.
    pub(crate) fn lift_cap(&self) {
        self.notes.0.cap.store(u64::MAX, Ordering::Relaxed);
    }

    /// Adds what was noticed outside.
    pub(crate) fn note(&self, damage: Damage) {
        self.notes.damage(damage);
    }
}

impl Read for Opened {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.input.read(out)?;
        self.inflated += got as u64;
        Ok(got)
    }
}

/// What the layers of one object have noticed, shared by all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    cap: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    members: u64,
    damage: Option<Damage>,
}

impl Notes {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first damage is the cause and stays; only what does no harm gives way.
    pub(crate) fn damage(&self, damage: Damage) {
        let mut state = self.lock();
        if state.damage.as_ref().is_none_or(|known| known.is_harmless() && !damage.is_harmless()) {
            state.damage = Some(damage);
        }
    }

    fn member(&self) {
        self.lock().members += 1;
    }

    fn cap(&self) -> u64 {
        self.0.cap.load(Ordering::Relaxed)
    }
}

enum Layer {
    Packed(gzip::Packed),
    /// `mark`: is there a byte order mark?
    Utf16 {
        big: bool,
        mark: bool,
    },
}

impl Layer {
    fn name(&self) -> &'static str {
        match self {
            Layer::Packed(codec) => codec.name(),
            Layer::Utf16 { big: false, .. } => "utf-16le",
            Layer::Utf16 { big: true, .. } => "utf-16be",
        }
    }
}

fn detect(head: &[u8]) -> Option<Layer> {
    match head {
        [0xff, 0xfe, ..] => Some(Layer::Utf16 { big: false, mark: true }),
        [0xfe, 0xff, ..] => Some(Layer::Utf16 { big: true, mark: true }),
        _ if is_wide(head, 0) => Some(Layer::Utf16 { big: false, mark: false }),
        _ if is_wide(head, 1) => Some(Layer::Utf16 { big: true, mark: false }),
        _ => gzip::Packed::detect(head).map(Layer::Packed),
    }
}

/// Is every second byte of the first ones a letter of ASCII, from `at` on, and every other one zero?
fn is_wide(head: &[u8], at: usize) -> bool {
    let text = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let (pairs, _) = head.as_chunks::<2>();
    pairs.len() >= 4 && pairs.iter().all(|pair| text(pair[at]) && pair[1 - at] == 0)
}

/// Opens an object. Does not check its hash.
pub fn open(case: &Case, entry: &Entry, limits: &Limits) -> Result<Opened> {
    if entry.is_unread() {
        return Ok(unread(entry));
    }
    let notes = Notes::default();
    let input = member::stored(case, &entry.location, &entry.sha256, limits, &notes)?;
    let place = location_path(case, &entry.location, &entry.sha256)?;
    Opened::build(input, notes, limits).map_err(Error::io("read", &place))
}

/// What comes out of a member that was not read: nothing.
fn unread(entry: &Entry) -> Opened {
    let notes = Notes::default();
    let text = entry.damage.as_deref().unwrap_or_default();
    notes.damage(match (text.strip_prefix("not read, over a limit: "), text.strip_prefix("not read: ")) {
        (Some(why), _) => Damage::OverLimit { why: why.to_owned() },
        (None, why) => Damage::Unread { why: why.unwrap_or(text).to_owned() },
    });
    Opened { input: Input::memory(Vec::new()), notes, layers: Vec::new(), inflated: 0 }
}

/// Opens the bytes of an object that was examined when it was added and that still have its hash. What was found
/// then is true of them, so that a log of one sound gzip member, as nearly all are, can be inflated at once.
pub fn open_examined(entry: &Entry, bytes: Vec<u8>, limits: &Limits) -> Opened {
    if entry.is_unread() {
        return unread(entry);
    }
    let plain = entry.members == 1 && entry.damage.is_none() && entry.layers.len() == 1;
    let small = entry.inflated_size <= IN_MEMORY.min(limits.inflated);
    if plain && small && entry.layers.first().is_some_and(|layer| layer == Packed::Gzip.name()) {
        let mut inflated = vec![0; usize::try_from(entry.inflated_size).unwrap_or_default()];
        if libdeflater::Decompressor::new().gzip_decompress(&bytes, &mut inflated) == Ok(inflated.len()) {
            let notes = Notes::default();
            notes.member();
            return Opened { input: Input::memory(inflated), notes, layers: entry.layers.clone(), inflated: 0 };
        }
    }
    open_bytes(bytes, limits)
}

/// Opens bytes that are in memory.
pub fn open_bytes(bytes: Vec<u8>, limits: &Limits) -> Opened {
    let notes = Notes::default();
    Opened::build(Input::memory(bytes), notes.clone(), limits).unwrap_or_else(|error| {
        // Memory does not fail; a decoder that cannot be made (no memory left) does.
        notes.damage(Damage::Corrupt { layer: "first".to_owned(), read: 0, message: error.to_string() });
        Opened { input: Input::memory(Vec::new()), notes, layers: Vec::new(), inflated: 0 }
    })
}

/// The bytes of an object as they are stored, at most `cap`. Of a member: as they were put into the archive, or, if it
/// could not be read, as they are packed there.
pub fn read_stored(case: &Case, entry: &Entry, cap: u64) -> Result<Vec<u8>> {
    if entry.size > cap {
        return Err(Error::ObjectTooBig { key: entry.key.clone(), size: entry.size, cap });
    }
    let place = location_path(case, &entry.location, &entry.sha256)?;
    let input = member::stored(case, &entry.location, &entry.sha256, &Limits::default(), &Notes::default())?;
    let mut bytes = Vec::with_capacity(usize::try_from(entry.size).unwrap_or_default());
    // In place, a file may have grown since.
    input.take(cap.saturating_add(1)).read_to_end(&mut bytes).map_err(Error::io("read", &place))?;
    if bytes.len() as u64 > cap {
        return Err(Error::ObjectTooBig { key: entry.key.clone(), size: bytes.len() as u64, cap });
    }
    Ok(bytes)
}

/// The SHA-256 of an object as it is stored now, to be compared with the manifest.
pub fn hash_stored(case: &Case, entry: &Entry) -> Result<String> {
    let place = location_path(case, &entry.location, &entry.sha256)?;
    let mut input = member::stored(case, &entry.location, &entry.sha256, &Limits::default(), &Notes::default())?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let got = input.read(&mut buffer).map_err(Error::io("read", &place))?;
        if got == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..got).unwrap_or_default());
    }
}

/// The file that holds these bytes. The one place where a path of the manifest becomes one of the disk.
pub(crate) fn location_path(case: &Case, location: &Location, sha256: &str) -> Result<PathBuf> {
    match location {
        Location::Stored => Ok(case.object_path(sha256)),
        Location::InPlace { path } => case.in_place(path),
        Location::Member { container, container_location, .. } => location_path(case, container_location, container),
    }
}

/// Opens a plain file, of the case or in place. Anything else may act on being opened, wait for ever, or have no end.
pub(crate) fn plain(case: &Case, path: &Path) -> Result<fs::File> {
    if !fs::symlink_metadata(path).map_err(Error::io("open", path))?.is_file() {
        return Err(Error::NotPlain { path: path.to_path_buf() });
    }
    // In place, the path is a real one: only its last part may have become a link since.
    let root = if path.starts_with(case.root()) { case.root() } else { path.parent().unwrap_or(path) };
    inside::open(root, path, Use::Read).map_err(Error::io("open", path))
}

/// A whole file: in memory when it is small.
fn file(case: &Case, path: &Path) -> Result<Input> {
    let mut file = plain(case, path)?;
    let size = file.metadata().map_err(Error::io("read", path))?.len();
    if size > IN_MEMORY {
        return Ok(Input::stream(Box::new(file)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(Input::memory(bytes))
}

#[cfg(test)]
mod tests;
