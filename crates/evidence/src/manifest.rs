//! The manifest: one line per collected object, only ever appended to.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::error::{Error, Result};
use crate::inside::{self, Use};
use crate::open::Damage;

/// What the first line about an archive says, until all its members have lines of their own.
const UNFINISHED: &str = "members may be missing: it was not looked into to its end";

/// About how many bytes of lines are written at once.
const TOGETHER: usize = 256 << 10;

/// One collected object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The id: the first 32 hexadecimal digits of SHA-256(`sha256` + newline + `key`).
    pub object: String,
    /// The key in the bucket, or the path below what was added. Written by others: data, never a path to open.
    pub key: String,
    /// Of the bytes as they are stored.
    pub sha256: String,
    /// Of the bytes as they are stored.
    pub size: u64,
    /// Of the inflated bytes; none when they could not be had whole.
    pub inflated_sha256: Option<String>,
    /// How many bytes came out.
    pub inflated_size: u64,
    /// How it is packed, outermost first: `gzip`, `zstd`, `bzip2`, `utf-16le`, `utf-16be`, `zip`, `tar`.
    pub layers: Vec<String>,
    /// Of the outermost layer: gzip members, zstd frames or bzip2 streams; 0 if there is none of these.
    pub members: u64,
    /// What is wrong with it.
    pub damage: Option<String>,
    /// The object that this one stands in for: the same member of the same archive, when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Where its bytes are.
    pub location: Location,
    /// The absolute path it was taken from.
    pub origin: String,
    /// Where it lay in S3, if that is known: it was fetched from there, or `add --as` said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Place>,
    /// What the provider says about it, in the shape of `aws s3api head-object` output: told at download, or by the
    /// sidecar `<name>.metadata.json`; whole.
    pub metadata: Option<serde_json::Value>,
}

/// A place in S3.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct S3Place {
    /// The bucket.
    pub bucket: String,
    /// The key, as S3 has it.
    pub key: String,
    /// The version, in a bucket that keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl std::fmt::Display for S3Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)?;
        match &self.version {
            Some(version) => write!(f, " (version {version})"),
            None => Ok(()),
        }
    }
}

impl Entry {
    /// Whether this is a member of an archive that could not be taken out of it; `damage` says why. Its hash and size
    /// are those of its packed bytes, and it has no content.
    pub fn is_unread(&self) -> bool {
        matches!(&self.location, Location::Member { place, .. } if place.unread)
    }

    /// Whether this is an archive that may have members of which nothing is known.
    pub fn lacks_members(&self) -> bool {
        self.is_archive() && self.damage.as_deref().is_some_and(Damage::tells_of_members)
    }

    /// What is written about an archive before it is looked into: a run may be killed before it has seen the end.
    pub(crate) fn unfinished(&self) -> Entry {
        let damage = self.damage.as_deref().into_iter().chain([UNFINISHED]).collect::<Vec<&str>>().join("; ");
        Entry { damage: Some(damage), ..self.clone() }
    }

    /// Whether this is an archive that no run has looked into to its end.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.is_archive() && self.damage.as_deref().is_some_and(|damage| damage.ends_with(UNFINISHED))
    }

    /// What [`Entry::unfinished`] was made of.
    pub(crate) fn before_it_was_begun(self) -> Entry {
        let begun = self.damage.as_deref().and_then(|damage| damage.strip_suffix(UNFINISHED));
        let damage = begun.map(|damage| damage.trim_end_matches("; ").to_owned()).filter(|damage| !damage.is_empty());
        Entry { damage, ..self }
    }

    /// Whether this is a zip or tar, whose members are entries of their own; there is no log in it to read.
    pub fn is_archive(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer == "zip" || layer == "tar")
    }
}

/// Where the bytes of an object are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// In the case, under its hash.
    Stored,
    /// Where it was found; the case holds only its hash.
    InPlace {
        /// The absolute path.
        path: PathBuf,
    },
    /// Inside another object.
    Member {
        /// SHA-256 of the archive.
        container: String,
        /// Where the archive is.
        container_location: Box<Location>,
        /// Its place among the archive's entries, counted from 0.
        index: u64,
        /// Its name there. Written by others: data, never a path to open.
        name: String,
        /// Where its bytes begin and end, so that it can be read without looking through the archive.
        place: MemberPlace,
    },
}

/// Where in an archive the bytes of a member lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPlace {
    /// The first byte: in the archive, or in the inflated tar if it is a compressed one.
    pub offset: u64,
    /// How many bytes lie there.
    pub length: u64,
    /// How many bytes the archive says come out.
    pub unpacked: u64,
    /// How they are packed.
    pub packing: Packing,
    /// Whether it could not be read: then these bytes are looked at as they are packed. Without any, they were not
    /// found, or lie over those of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
}

/// How the bytes of a member are packed in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// As they are: in a plain tar, or stored in a zip.
    Plain,
    /// Deflate, in a zip.
    Deflate,
    /// As they are, in a tar that is itself compressed.
    Stream,
}

/// Everything that was collected, in the order in which it was added. In memory is some fifty bytes of each object; the
/// rest is read from its line when it is asked for.
#[derive(Debug)]
pub struct Manifest {
    case: Case,
    path: PathBuf,
    slots: Vec<Slot>,
    /// Positions of slots, in the order of their ids.
    by_id: Vec<u32>,
    /// Objects in whose place others stand.
    replaced: BTreeSet<u128>,
    /// Where the last whole line ends.
    pub(crate) end: u64,
    /// Bytes of an unfinished last line, left by a run that was cut off. The next `add` takes them away and adds
    /// the object again.
    pub torn: u64,
}

/// Where the line about an object is.
#[derive(Debug, Clone, Copy)]
struct Slot {
    id: u128,
    offset: u64,
    size: u64,
    /// Counted from 1.
    line: u32,
    length: u32,
}

/// What of a line stays in memory.
#[derive(Deserialize)]
struct Head {
    #[serde(deserialize_with = "object_id")]
    object: u128,
    size: u64,
    #[serde(default, deserialize_with = "replaced_id")]
    replaces: Option<u128>,
}

fn replaced_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u128>, D::Error> {
    object_id(deserializer).map(Some)
}

fn object_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<u128, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    id_of(&text).ok_or_else(|| serde::de::Error::custom("an object's id is 32 hexadecimal digits"))
}

fn id_of(text: &str) -> Option<u128> {
    let is_hex = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u128::from_be_bytes(crate::hash::unhex(text)))
}

impl Manifest {
    /// Reads the manifest. A case without one has nothing collected yet. A later line about the same object (its
    /// metadata arrived, it was copied after having been used in place, or its archive was looked into) stands in for
    /// the earlier one; so does one about a member of an archive that could be read now, for that in which it could not.
    pub fn load(case: &Case) -> Result<Manifest> {
        let path = case.manifest_path();
        let mut manifest = Manifest {
            case: case.clone(),
            path,
            slots: Vec::new(),
            by_id: Vec::new(),
            replaced: BTreeSet::new(),
            end: 0,
            torn: 0,
        };
        let file = match inside::open(case.root(), &manifest.path, Use::Read) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(manifest),
            other => other.map_err(Error::io("read", &manifest.path))?,
        };
        let mut reader = BufReader::with_capacity(256 << 10, file);
        let (mut text, mut line) = (Vec::new(), 0);
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(Error::io("read", &manifest.path))?;
            line += 1;
            if text.last() != Some(&b'\n') {
                manifest.torn = length as u64;
                break;
            }
            if length > 1 {
                let head: Head = parse(&manifest.path, line, &text)?;
                let (offset, length) = (manifest.end, u32::try_from(length).unwrap_or(u32::MAX));
                // What is told last counts, also of an object that was replaced before.
                manifest.replaced.remove(&head.object);
                manifest.replaced.extend(head.replaces);
                manifest.slots.push(Slot { id: head.object, size: head.size, offset, line, length });
            }
            manifest.end += length as u64;
        }
        manifest.replace();
        Ok(manifest)
    }

    /// Puts the last line about each object in the place of the first one, and removes the others.
    fn replace(&mut self) {
        let mut order: Vec<(u128, u32)> = self.slots.iter().map(|slot| slot.id).zip(0..).collect();
        order.sort_unstable();
        let mut doubled = vec![false; self.slots.len()];
        for lines in order.chunk_by(|a, b| a.0 == b.0) {
            if let [(_, first), others @ .., (_, last)] = lines {
                self.slots.swap(*first as usize, *last as usize);
                others.iter().map(|(_, at)| at).chain([last]).for_each(|at| doubled[*at as usize] = true);
            }
        }
        let mut double = doubled.iter();
        self.slots.retain(|slot| double.next() != Some(&true) && !self.replaced.contains(&slot.id));
        self.slots.shrink_to_fit();
        self.by_id = (0..).take(self.slots.len()).collect();
        self.by_id.sort_unstable_by_key(|at| self.slots.get(*at as usize).map(|slot| slot.id));
    }

    fn id(&self, at: u32) -> Option<u128> {
        self.slots.get(at as usize).map(|slot| slot.id)
    }

    /// How many objects were collected.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Was nothing collected?
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Their bytes as stored.
    pub fn bytes(&self) -> u64 {
        self.slots.iter().map(|slot| slot.size).sum()
    }

    /// All objects, read one after the other.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry>> {
        self.at((0..).take(self.slots.len()))
    }

    /// The objects at these positions, counted from 0 in the order in which they were added.
    pub fn at(&self, positions: impl IntoIterator<Item = u32>) -> impl Iterator<Item = Result<Entry>> {
        let mut lines = None;
        let slots = positions.into_iter().filter_map(|at| self.slots.get(at as usize));
        slots.map(move |slot| {
            let lines = match &mut lines {
                Some(lines) => lines,
                none => none.insert(Lines::open(&self.case, &self.path)?),
            };
            lines.read(slot)
        })
    }

    /// How long the line about the object at this position is, which is about what its entry takes.
    pub fn line_bytes(&self, at: u32) -> u64 {
        self.slots.get(at as usize).map_or(0, |slot| u64::from(slot.length))
    }

    /// The id of the object at this position.
    pub fn object(&self, at: u32) -> String {
        format!("{:032x}", self.id(at).unwrap_or_default())
    }

    /// The ids of objects in whose place others stand.
    pub fn replaced(&self) -> impl Iterator<Item = String> {
        self.replaced.iter().map(|id| format!("{id:032x}"))
    }

    /// The object with this id.
    pub fn get(&self, object: &str) -> Result<Option<Entry>> {
        let Some(id) = id_of(object) else { return Ok(None) };
        match self.by_id.binary_search_by_key(&Some(id), |at| self.id(*at)) {
            Ok(found) => self.at(self.by_id.get(found).copied()).next().transpose(),
            Err(_place) => Ok(None),
        }
    }

    /// The object with this name: its id, its hash, the beginning of either, or its exact key.
    pub fn find(&self, name: &str) -> Result<Entry> {
        if let Some(entry) = self.get(name)? {
            return Ok(entry);
        }
        let (mut begin, mut keyed) = (Vec::new(), Vec::new());
        for entry in self.entries() {
            let entry = entry?;
            if !name.is_empty() && (entry.object.starts_with(name) || entry.sha256.starts_with(name)) {
                begin.push(entry);
            } else if entry.key == name {
                keyed.push(entry);
            }
        }
        let mut found = if begin.is_empty() { keyed } else { begin };
        match (found.len(), found.pop()) {
            (1, Some(one)) => Ok(one),
            (0, _) | (_, None) => Err(Error::UnknownObject { name: name.to_owned() }),
            (count, Some(last)) => {
                let examples = found.iter().chain([&last]).take(5);
                Err(Error::AmbiguousObject {
                    name: name.to_owned(),
                    count,
                    examples: examples.map(|entry| format!("{} ({})", entry.object, entry.key)).collect(),
                })
            }
        }
    }
}

/// The file, read line by line, forward as a rule.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<fs::File>,
    at: u64,
    text: Vec<u8>,
}

impl Lines<'_> {
    fn open<'p>(case: &Case, path: &'p Path) -> Result<Lines<'p>> {
        let file = inside::open(case.root(), path, Use::Read).map_err(Error::io("read", path))?;
        Ok(Lines { path, reader: BufReader::new(file), at: 0, text: Vec::new() })
    }

    fn read(&mut self, slot: &Slot) -> Result<Entry> {
        // Forward within what is in memory this reads nothing from the disk.
        let way = slot.offset.cast_signed().wrapping_sub(self.at.cast_signed());
        self.text.resize(slot.length as usize, 0);
        let read = self.reader.seek_relative(way).and_then(|()| self.reader.read_exact(&mut self.text));
        read.map_err(Error::io("read", self.path))?;
        self.at = slot.offset + u64::from(slot.length);
        parse(self.path, slot.line, &self.text)
    }
}

fn parse<'t, T: Deserialize<'t>>(path: &Path, line: u32, text: &'t [u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|source| Error::Line {
        path: path.to_path_buf(),
        line: u64::from(line),
        source,
    })
}

/// Writes `manifest-sha256.txt` at the root of the case, in the form of `sha256sum`, so that the objects can be checked
/// without this program: `sha256sum -c manifest-sha256.txt` (see RFC 8493, BagIt).
pub fn write_sums(case: &Case, manifest: &Manifest) -> Result<()> {
    let path = case.root().join("manifest-sha256.txt");
    let unfinished = case.root().join(".manifest-sha256.txt.new");
    let file = inside::open(case.root(), &unfinished, Use::Anew).map_err(Error::io("write", &unfinished))?;
    let mut out = BufWriter::new(file);
    let written = |result: std::io::Result<()>| result.map_err(Error::io("write", &unfinished));
    let mut sums = sums(manifest)?;
    sums.sort_unstable();
    for same in sums.chunk_by(|a, b| a.sha256 == b.sha256) {
        let mut lines = BTreeSet::new();
        for entry in manifest.at(same.iter().map(|sum| sum.at)) {
            let entry = entry?;
            match &entry.location {
                Location::Stored => {
                    let path = case.object_path(&entry.sha256);
                    let path = path.strip_prefix(case.root()).unwrap_or(&path).to_string_lossy().into_owned();
                    lines.insert(sum_line(&entry.sha256, &path));
                }
                Location::InPlace { path } => {
                    lines.insert(sum_line(&entry.sha256, &path.to_string_lossy()));
                }
                // Its bytes are part of the archive, which has a line of its own.
                Location::Member { .. } => {}
            }
        }
        lines.into_iter().try_for_each(|line| written(out.write_all(line.as_bytes())))?;
    }
    written(out.flush())?;
    fs::rename(&unfinished, &path).map_err(Error::io("write", &path))
}

/// An object's hash, by which the lines are sorted, and its position.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sum {
    sha256: [u8; 32],
    at: u32,
}

fn sums(manifest: &Manifest) -> Result<Vec<Sum>> {
    let mut sums = Vec::with_capacity(manifest.len());
    for (at, entry) in (0..).zip(manifest.entries()) {
        let entry = entry?;
        if !matches!(entry.location, Location::Member { .. }) {
            sums.push(Sum { sha256: crate::hash::unhex(&entry.sha256), at });
        }
    }
    Ok(sums)
}

/// A line as `sha256sum` writes it: a name with a line break or a backslash is escaped, and the line begins with `\`.
fn sum_line(sha256: &str, path: &str) -> String {
    if !path.contains(['\\', '\n', '\r']) {
        return format!("{sha256}  {path}\n");
    }
    let escaped = path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    format!("\\{sha256}  {escaped}\n")
}

/// Appends lines to the manifest, some hundred at a time.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: fs::File,
    end: u64,
}

impl Writer {
    /// Opens the manifest at the end of its last whole line.
    pub(crate) fn open(case: &Case, end: u64) -> Result<Writer> {
        let path = case.manifest_path();
        let file = inside::open(case.root(), &path, Use::Change).map_err(Error::io("open", &path))?;
        let mut writer = Writer { path, file, end };
        writer.rewind().map_err(Error::io("write", &writer.path))?;
        // It may be new, and its lines last no longer than its name.
        inside::sync_folder(&case.evidence_dir()).map_err(Error::io("flush", &writer.path))?;
        Ok(writer)
    }

    fn rewind(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end)).map(|_| ())
    }

    /// Appends these lines and waits until they are on the disk. After an error none of them is there.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        match self.write(entries) {
            Ok(bytes) => self.end += bytes,
            Err(source) => {
                // Best effort: what stays behind is at worst a torn line, which the next run takes away.
                let _rewound = self.rewind();
                return Err(Error::Io { doing: "write", path: self.path.clone(), source });
            }
        }
        Ok(())
    }

    /// Writes lines, some at a time: they may be long. How many bytes they are.
    fn write(&mut self, entries: &[Entry]) -> std::io::Result<u64> {
        let (mut lines, mut bytes) = (Vec::with_capacity(TOGETHER), 0);
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
            if lines.len() >= TOGETHER {
                self.file.write_all(&lines)?;
                bytes += lines.len() as u64;
                lines.clear();
            }
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        Ok(bytes + lines.len() as u64)
    }
}

/// Whether a path can stand in the manifest, which is UTF-8.
pub(crate) fn can_be_named(path: &Path) -> bool {
    path.to_str().is_some()
}
