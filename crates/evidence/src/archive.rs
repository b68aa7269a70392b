//! What is in a zip or a tar: the names of its files and where their bytes lie. Nothing is ever extracted to a path.
//!
//! Archives are written by others, so no number in one decides how much memory is taken, and what cannot be read is
//! listed with its reason: nothing in an archive goes without being named.

mod tar;
mod zip;

use std::io::{self, Read};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::hash::sha256;
use crate::manifest::{MemberPlace, Packing};
use crate::open::{Damage, Input, Limits, Notes, Opened};

/// An archive is not read further than this, in entries and in bytes of their names: its list is in memory.
const MOST: u64 = 1_000_000;
const NAMES: usize = 256 << 20;
/// The name of a file may be this long. A key of S3 has at most 1,024 bytes.
const NAME: usize = 4 << 10;
/// So much is kept of one that is longer.
const BEGINNING: usize = 256;

/// Which kind of archive an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArchiveKind {
    Zip,
    Tar,
}

impl ArchiveKind {
    /// By the first 512 bytes, after all compression was taken off.
    pub(crate) fn detect(head: &[u8]) -> Option<ArchiveKind> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Some(ArchiveKind::Zip)
        } else if head.get(257..262) == Some(b"ustar") {
            Some(ArchiveKind::Tar)
        } else {
            None
        }
    }

    /// By the name that stands among the layers of an object.
    pub(crate) fn named(name: &str) -> Option<ArchiveKind> {
        [ArchiveKind::Zip, ArchiveKind::Tar].into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            ArchiveKind::Zip => "zip",
            ArchiveKind::Tar => "tar",
        }
    }
}

/// A file in an archive.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) index: u64,
    pub(crate) name: String,
    pub(crate) place: MemberPlace,
    /// CRC-32 of its bytes, if the archive says it.
    pub(crate) crc: Option<u32>,
    /// Why it cannot be read.
    pub(crate) unread: Option<Box<Damage>>,
}

impl Member {
    /// This one is not read; its place is that of its packed bytes.
    pub(crate) fn refuse(&mut self, why: Damage) {
        self.place.unread = true;
        if self.place.packing == Packing::Deflate {
            self.place.packing = Packing::Plain;
        }
        self.crc = None;
        self.unread = Some(Box::new(why));
    }
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) members: Vec<Member>,
    /// What is no regular file (folders apart): name and why.
    pub(crate) skipped: Vec<(String, String)>,
    /// What is wrong with the archive itself.
    pub(crate) damage: Vec<Damage>,
    /// How many bytes the names of all these have.
    names: usize,
}

impl Listing {
    /// Is there no room for more than these entries?
    fn is_full(&self, entries: u64) -> bool {
        entries >= MOST || self.names >= NAMES
    }

    fn take(&mut self, member: Member) {
        self.names += member.name.len();
        self.members.push(member);
    }

    fn skip(&mut self, name: String, why: String) {
        self.names += name.len();
        self.skipped.push((name, why));
    }

    /// There may be members that are not in the list.
    fn lacks(&mut self, why: String) {
        self.damage.push(Damage::MembersMissing { why });
    }
}

/// The name of a file as text. Of one that is too long its beginning, length and hash, by which it is told from others;
/// and why the file is not read.
fn name(bytes: &[u8]) -> (String, Option<Damage>) {
    let length = bytes.len();
    if length <= NAME {
        return (String::from_utf8_lossy(bytes).into_owned(), None);
    }
    let beginning = String::from_utf8_lossy(bytes.get(..BEGINNING).unwrap_or_default());
    let why = format!("its name has {length} bytes, and no more than {NAME} are taken");
    (format!("{beginning}… ({length} bytes, SHA-256 {})", sha256(bytes)), Some(Damage::OverLimit { why }))
}

/// Lists an archive.
pub(crate) fn list(file: fs::File, kind: ArchiveKind, compressed: bool, limits: &Limits) -> Result<Listing> {
    let path = file.path().to_path_buf();
    let listed = match (kind, compressed) {
        (ArchiveKind::Zip, _) => zip::list(file, limits),
        (ArchiveKind::Tar, false) => tar::list(file),
        (ArchiveKind::Tar, true) => inflated(file, limits).and_then(tar::list_stream),
    };
    listed.map_err(Error::io("read", &path))
}

fn inflated(file: fs::File, limits: &Limits) -> io::Result<Opened> {
    let opened = Opened::build(Input::stream(Box::new(file)), Notes::default(), limits)?;
    opened.lift_cap();
    Ok(opened)
}

/// Reads until `out` is full or the input ends; how much that was.
fn read_full(input: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = out.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests;
