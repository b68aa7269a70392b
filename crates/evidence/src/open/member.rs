//! The bytes of an object as they are stored, also when it is a file inside an archive.
//!
//! The manifest says where a member's bytes lie, so a zip is not parsed again for each of its files. A compressed tar
//! can only be read from its beginning; a few readers are kept with the case and go on from where they are, so that
//! reading the members in their order inflates it once.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use fs_err as fs;

use super::gzip::{Members, Packed, RATIO_FROM};
use super::{Damage, Input, Limits, Notes, Opened, file, location_path, plain};
use crate::case::Case;
use crate::error::{Error, Result};
use crate::manifest::{Location, MemberPlace, Packing};

/// How many readers of compressed tars are kept. Each holds at most one decoder and two buffers.
const KEPT: usize = 8;

/// Opens the bytes that an entry of the manifest is about.
pub(crate) fn stored(case: &Case, location: &Location, sha256: &str, limits: &Limits, notes: &Notes) -> Result<Input> {
    let path = location_path(case, location, sha256)?;
    match location {
        Location::Stored | Location::InPlace { .. } => file(case, &path),
        Location::Member { place, .. } => member(case, &path, place, limits, notes),
    }
}

/// The most that is taken out of so many deflated bytes: known before one of them is read.
pub(crate) fn most_of(packed: u64, ratio: u64) -> u64 {
    packed.saturating_mul(ratio).max(RATIO_FROM)
}

/// Opens the bytes of a member of the archive at this path: of one that was not read, as they are packed.
///
/// What comes out hangs on its place alone and not on the limit of a run: its hash must be the same in each.
pub(crate) fn member(case: &Case, path: &Path, place: &MemberPlace, limits: &Limits, notes: &Notes) -> Result<Input> {
    let packing = if place.unread && place.packing == Packing::Deflate { Packing::Plain } else { place.packing };
    if place.length == 0 && packing != Packing::Deflate {
        return Ok(Input::memory(Vec::new()));
    }
    if packing == Packing::Stream {
        let reader = StreamMember {
            stream: Some(Stream::at(case, path, place.offset, limits)?),
            left: place.length,
            case: case.clone(),
            notes: notes.clone(),
        };
        return Ok(Input::stream(Box::new(reader)));
    }
    let mut archive = plain(case, path)?;
    archive.seek(SeekFrom::Start(place.offset)).map_err(Error::io("read", path))?;
    let part = Part { file: archive, length: place.length, left: place.length, notes: notes.clone() };
    let part = Input::stream(Box::new(part));
    Ok(match packing {
        Packing::Plain | Packing::Stream => part,
        Packing::Deflate => {
            let members = Members::new(part, Packed::Deflate, false, limits.ratio, notes.clone());
            Input::stream(Box::new(members.capped_at(place.unpacked.min(most_of(place.length, limits.ratio)))))
        }
    })
}

/// A stretch of a file that must be there whole.
struct Part {
    file: fs::File,
    length: u64,
    left: u64,
    notes: Notes,
}

impl Read for Part {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = (&mut self.file).take(self.left).read(out)?;
        if got == 0 && self.left > 0 && !out.is_empty() {
            self.notes.damage(Damage::Truncated { layer: "archive".to_owned(), read: self.length - self.left });
            self.left = 0;
        }
        self.left -= got as u64;
        Ok(got)
    }
}

/// The readers of compressed tars that wait for the next member.
#[derive(Debug, Default)]
pub(crate) struct Streams(Vec<Stream>);

/// An inflated tar, and how far it was read.
#[derive(Debug)]
struct Stream {
    path: PathBuf,
    position: u64,
    opened: Opened,
}

impl Stream {
    /// A stream whose next byte is the one at `offset` (or that ended before): the nearest that waits, or a new one.
    fn at(case: &Case, path: &Path, offset: u64, limits: &Limits) -> Result<Stream> {
        let mut waiting = case.streams().lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |stream: &Stream| stream.path == path && stream.position <= offset;
        let nearest = (0..waiting.0.len())
            .filter(|&i| waiting.0.get(i).is_some_and(fits))
            .max_by_key(|&i| waiting.0.get(i).map(|stream| stream.position));
        let found = nearest.map(|i| waiting.0.remove(i));
        drop(waiting);
        let mut stream = match found {
            Some(stream) => stream,
            None => {
                let archive = plain(case, path)?;
                let archive = Input::stream(Box::new(archive));
                let opened = Opened::build(archive, Notes::default(), limits).map_err(Error::io("read", path))?;
                opened.lift_cap();
                Stream { path: path.to_path_buf(), position: 0, opened }
            }
        };
        let skip = offset - stream.position;
        let skipped = io::copy(&mut (&mut stream.opened).take(skip), &mut io::sink());
        stream.position += skipped.map_err(Error::io("read", path))?;
        Ok(stream)
    }
}

/// A member of a compressed tar; gives the stream back when it is dropped.
struct StreamMember {
    stream: Option<Stream>,
    left: u64,
    case: Case,
    notes: Notes,
}

impl Read for StreamMember {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        let got = (&mut stream.opened).take(self.left).read(out)?;
        stream.position += got as u64;
        if got == 0 && self.left > 0 && !out.is_empty() {
            self.left = 0;
            let cut = Damage::Truncated { layer: "archive".to_owned(), read: stream.position };
            self.notes.damage(stream.opened.facts().damage.filter(|d| !d.is_harmless()).unwrap_or(cut));
        }
        self.left -= got as u64;
        Ok(got)
    }
}

impl Drop for StreamMember {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            let mut waiting = self.case.streams().lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.0.len() >= KEPT {
                waiting.0.remove(0);
            }
            waiting.0.push(stream);
        }
    }
}
