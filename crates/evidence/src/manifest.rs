//! The manifest: one line per collected object, only ever appended to.

use std::collections::{BTreeSet, HashMap};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::error::{Error, Result};

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
        place: Place,
    },
}

/// Where in an archive the bytes of a member lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The first byte: in the archive, or in the inflated tar if it is a compressed one.
    pub offset: u64,
    /// How many bytes lie there.
    pub length: u64,
    /// How many bytes the archive says come out.
    pub unpacked: u64,
    /// How they are packed.
    pub packing: Packing,
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

/// Everything that was collected.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// In the order in which it was added.
    pub entries: Vec<Entry>,
    /// Bytes of an unfinished last line, left by a run that was cut off. The next `add` takes them away and adds
    /// the object again.
    pub torn: u64,
}

impl Manifest {
    /// Reads the manifest. A case without one has nothing collected yet. A later line about the same object (its
    /// metadata arrived, or it was copied after having been used in place) stands in for the earlier one.
    pub fn load(case: &Case) -> Result<Manifest> {
        let path = case.manifest_path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Manifest::default()),
            other => other.map_err(Error::io("read", &path))?,
        };
        let end = whole_lines(&text);
        let mut manifest = Manifest { entries: Vec::new(), torn: (text.len() - end) as u64 };
        let mut places: HashMap<String, usize> = HashMap::new();
        for (line, number) in text.get(..end).unwrap_or_default().split(|b| *b == b'\n').zip(1..) {
            if line.is_empty() {
                continue;
            }
            let entry: Entry = serde_json::from_slice(line).map_err(|source| Error::Line {
                path: path.clone(),
                line: number,
                source,
            })?;
            match places.get(&entry.object).and_then(|&at| manifest.entries.get_mut(at)) {
                Some(earlier) => *earlier = entry,
                None => {
                    places.insert(entry.object.clone(), manifest.entries.len());
                    manifest.entries.push(entry);
                }
            }
        }
        Ok(manifest)
    }

    /// The object with this name: its id, its hash, the beginning of either, or its exact key.
    pub fn find(&self, name: &str) -> Result<&Entry> {
        let begins =
            |entry: &&Entry| !name.is_empty() && (entry.object.starts_with(name) || entry.sha256.starts_with(name));
        let mut found: Vec<&Entry> = self.entries.iter().filter(|entry| entry.object == name).collect();
        if found.is_empty() {
            found = self.entries.iter().filter(begins).collect();
        }
        if found.is_empty() {
            found = self.entries.iter().filter(|entry| entry.key == name).collect();
        }
        match found.as_slice() {
            [] => Err(Error::UnknownObject { name: name.to_owned() }),
            [one] => Ok(one),
            many => Err(Error::AmbiguousObject {
                name: name.to_owned(),
                count: many.len(),
                examples: many.iter().take(5).map(|entry| format!("{} ({})", entry.object, entry.key)).collect(),
            }),
        }
    }
}

/// Writes `manifest-sha256.txt` at the root of the case, in the form of `sha256sum`, so that the objects can be checked
/// without this program: `sha256sum -c manifest-sha256.txt` (see RFC 8493, BagIt).
pub fn write_sums(case: &Case, manifest: &Manifest) -> Result<()> {
    let mut lines = BTreeSet::new();
    for entry in &manifest.entries {
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
    let text: String = lines.into_iter().collect();
    let path = case.root().join("manifest-sha256.txt");
    let unfinished = case.root().join(".manifest-sha256.txt.new");
    fs::write(&unfinished, text).map_err(Error::io("write", &unfinished))?;
    fs::rename(&unfinished, &path).map_err(Error::io("write", &path))
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
    pub(crate) fn open(case: &Case) -> Result<Writer> {
        let path = case.manifest_path();
        let text_end = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            other => whole_lines(&other.map_err(Error::io("read", &path))?) as u64,
        };
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let mut writer = Writer { path, file, end: text_end };
        writer.rewind().map_err(Error::io("write", &writer.path))?;
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
        let mut lines = Vec::with_capacity(entries.len() * 512);
        for entry in entries {
            serde_json::to_writer(&mut lines, entry).map_err(|source| Error::Io {
                doing: "write",
                path: self.path.clone(),
                source: source.into(),
            })?;
            lines.push(b'\n');
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Best effort: what stays behind is at worst a torn line, which the next run takes away.
            let _rewound = self.rewind();
            return Err(Error::Io { doing: "write", path: self.path.clone(), source });
        }
        self.end += lines.len() as u64;
        Ok(())
    }
}

fn whole_lines(text: &[u8]) -> usize {
    text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)
}

/// Whether a path can stand in the manifest, which is UTF-8.
pub(crate) fn can_be_named(path: &Path) -> bool {
    path.to_str().is_some()
}
