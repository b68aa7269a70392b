//! What is in a zip or a tar: the names of its files and where their bytes lie. Nothing is ever extracted to a path.

use std::io::{self, BufReader};
use std::path::Path;

use fs_err as fs;
use tar::EntryType;
use zip::{CompressionMethod, ZipArchive};

use crate::error::{Error, Result};
use crate::manifest::{MemberPlace, Packing};
use crate::open::{Input, Limits, Notes, Opened};

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
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) members: Vec<Member>,
    /// What is no regular file (folders apart): name and why.
    pub(crate) skipped: Vec<(String, String)>,
    /// What cannot be read: name (empty for the archive itself) and why.
    pub(crate) damaged: Vec<(String, String)>,
}

/// Lists the archive at this path.
pub(crate) fn list(path: &Path, kind: ArchiveKind, compressed: bool, limits: &Limits) -> Result<Listing> {
    let file = fs::File::open(path).map_err(Error::io("open", path))?;
    let listed = match (kind, compressed) {
        (ArchiveKind::Zip, _) => list_zip(file),
        (ArchiveKind::Tar, false) => {
            let mut archive = tar::Archive::new(BufReader::with_capacity(512, file));
            archive.entries_with_seek().and_then(|entries| list_tar(entries, Packing::Plain))
        }
        (ArchiveKind::Tar, true) => list_stream(file, limits),
    };
    listed.map_err(Error::io("read", path))
}

fn list_stream(file: fs::File, limits: &Limits) -> io::Result<Listing> {
    let opened = Opened::build(Input::stream(Box::new(file)), Notes::default(), limits)?;
    opened.lift_cap();
    let mut archive = tar::Archive::new(opened);
    archive.entries().and_then(|entries| list_tar(entries, Packing::Stream))
}

fn list_tar<R: io::Read>(entries: tar::Entries<'_, R>, packing: Packing) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for (entry, index) in entries.zip(0..) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // What comes after a broken header cannot be found any more.
                listing.damaged.push((String::new(), format!("the tar cannot be read from entry {index} on: {error}")));
                break;
            }
        };
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let length = entry.size();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let place = MemberPlace { offset: entry.raw_file_position(), length, unpacked: length, packing };
                listing.members.push(Member { index, name, place, crc: None });
            }
            EntryType::Directory | EntryType::XGlobalHeader => {}
            EntryType::GNUSparse => listing.damaged.push((name, "sparse files in a tar are not read".to_owned())),
            other => listing.skipped.push((name, format!("no regular file ({other:?})"))),
        }
    }
    Ok(listing)
}

fn list_zip(file: fs::File) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(zip::result::ZipError::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        Err(error) => {
            listing.damaged.push((String::new(), format!("the zip cannot be read: {error}")));
            return Ok(listing);
        }
    };
    if archive.has_duplicate_names() {
        let why = "the zip has several entries with one name; only the last of each was read";
        listing.damaged.push((String::new(), why.to_owned()));
    }
    for index in 0..archive.len() {
        let entry = match archive.by_index_raw(index) {
            Ok(entry) => entry,
            Err(error) => {
                listing.damaged.push((format!("#{index}"), error.to_string()));
                continue;
            }
        };
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_not_text) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        if entry.is_dir() {
            continue;
        }
        if entry.is_symlink() {
            listing.skipped.push((name, "no regular file (symbolic link)".to_owned()));
            continue;
        }
        let packing = match entry.compression() {
            _ if entry.encrypted() => Err("encrypted".to_owned()),
            CompressionMethod::Stored => Ok(Packing::Plain),
            CompressionMethod::Deflated => Ok(Packing::Deflate),
            other => Err(format!("the compression {other} of this zip member is not supported")),
        };
        match (packing, entry.data_start()) {
            (Ok(packing), Some(offset)) => {
                let place = MemberPlace { offset, length: entry.compressed_size(), unpacked: entry.size(), packing };
                let crc = Some(entry.crc32());
                listing.members.push(Member { index: index as u64, name, place, crc });
            }
            (Ok(_), None) => listing.damaged.push((name, "its data cannot be found in the zip".to_owned())),
            (Err(why), _) => listing.damaged.push((name, why)),
        }
    }
    Ok(listing)
}
