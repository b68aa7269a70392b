//! What is in a zip or a tar: the names of its files and where their bytes lie. Nothing is ever extracted to a path.
//!
//! Archives are written by others, so no number in one decides how much memory is taken, and what cannot be read is
//! listed with its reason: nothing in an archive goes without being named.

mod tar;
mod zip;

use std::io::{self, Read};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::manifest::{MemberPlace, Packing};
use crate::open::{Damage, Input, Limits, Notes, Opened};

/// An archive is not read further than this: its list is in memory.
const MOST: u64 = 1_000_000;

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
}

impl Listing {
    /// There may be members that are not in the list.
    fn lacks(&mut self, why: String) {
        self.damage.push(Damage::MembersMissing { why });
    }
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
