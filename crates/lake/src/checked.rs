//! Reading a Parquet file of the lake so that no byte of it is believed that was not written by us.
//!
//! Parquet as it is written here has no check sums: of four flipped bits three give other rows and no error. A hash of
//! the whole file would have to be made of all bytes before the first one is used. So the commit that puts a file in has,
//! beside its SHA-256, a hash of each 64 KiB of it, and whatever is read is read in such blocks and compared. This costs
//! in proportion to what is read, and sees a disk that forgets as well as a hand that writes.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Buf, Bytes};
use coldtrail_evidence::inside::{self, Use};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::files::LakeFile;

/// Bytes that have one hash. Smaller ones would make longer commits, larger ones more to read for little.
const BLOCK: usize = 64 << 10;
/// So much of a SHA-256 is kept: nobody finds other bytes with the same 96 bits.
const KEPT: usize = 12;

/// The hashes of the blocks of a file, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Blocks(Arc<[u8]>);

impl Blocks {
    pub(crate) fn of(bytes: &[u8]) -> Blocks {
        Blocks(bytes.chunks(BLOCK).flat_map(digest).collect())
    }

    /// As they stand in a commit.
    pub(crate) fn text(&self) -> String {
        STANDARD_NO_PAD.encode(&self.0)
    }

    /// What [`Blocks::text`] wrote; of anything else, hashes that no file has.
    pub(crate) fn parse(text: &str) -> Blocks {
        Blocks(STANDARD_NO_PAD.decode(text).unwrap_or_default().into())
    }

    /// The hash of a block as it was written, for people.
    fn told(&self, block: usize) -> String {
        let kept = self.0.get(block * KEPT..(block + 1) * KEPT);
        kept.map_or_else(|| "there is no such block".to_owned(), |kept| format!("{}…", hex::encode(kept)))
    }

    fn is(&self, block: usize, bytes: &[u8]) -> bool {
        self.0.get(block * KEPT..(block + 1) * KEPT).is_some_and(|expected| digest(bytes) == *expected)
    }
}

fn digest(block: &[u8]) -> [u8; KEPT] {
    let mut kept = [0; KEPT];
    kept.copy_from_slice(Sha256::digest(block).get(..KEPT).unwrap_or(&[0; KEPT]));
    kept
}

/// A file of the lake, of which every block is compared with its hash before its first use.
#[derive(Debug, Clone)]
pub struct CheckedFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    path: PathBuf,
    size: u64,
    blocks: Blocks,
    /// One bit for each block that was compared.
    compared: Vec<AtomicU64>,
    /// What was found in the first block that is another one.
    altered: OnceLock<(String, String)>,
}

impl CheckedFile {
    /// Opens a file; [`Error::Altered`] when it has not the size that it was committed with.
    pub fn open(file: &LakeFile) -> Result<CheckedFile> {
        let path = &file.path;
        // The table, and in it the partition, lie between the lake and the file.
        let root = path.ancestors().nth(if file.table.is_event() { 3 } else { 2 }).unwrap_or(Path::new("/"));
        let opened = match inside::open(root, path, Use::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::Gone { path: path.clone() }),
            other => other.map_err(|source| Error::Io { path: path.clone(), source })?.into_file(),
        };
        let size = opened.metadata().map_err(|source| Error::Io { path: path.clone(), source })?.len();
        if size != file.size {
            let (expected, found) = (format!("that of {} bytes", file.size), format!("that of {size} bytes"));
            return Err(Error::Altered { path: path.clone(), expected, found });
        }
        let count = usize::try_from(size).unwrap_or(usize::MAX).div_ceil(BLOCK);
        let compared = (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let blocks = file.blocks.clone();
        Ok(CheckedFile(Arc::new(Inner {
            file: opened,
            path: path.clone(),
            size,
            blocks,
            compared,
            altered: OnceLock::new(),
        })))
    }

    /// What is wrong with it, if a block was read that is another one. Readers of Parquet make text of errors.
    pub fn altered(&self) -> Option<Error> {
        let (expected, found) = self.0.altered.get()?.clone();
        Some(Error::Altered { path: self.0.path.clone(), expected, found })
    }

    /// The SHA-256 of the whole file as it is, whatever its blocks should be.
    pub(crate) fn sha256(&self) -> Result<String> {
        let inner = &*self.0;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; BLOCK];
        for from in (0..inner.size).step_by(BLOCK) {
            let length = usize::try_from(inner.size - from).unwrap_or(BLOCK).min(BLOCK);
            let block = buffer.get_mut(..length).unwrap_or_default();
            read_at(&inner.file, block, from).map_err(|source| Error::Io { path: inner.path.clone(), source })?;
            hasher.update(block);
        }
        Ok(hex::encode(hasher.finalize()))
    }

    /// The bytes in this range, which lies within the file.
    pub fn bytes(&self, range: Range<u64>) -> Result<Bytes> {
        let inner = &*self.0;
        let failed = |source| Error::Io { path: inner.path.clone(), source };
        if range.start > range.end || range.end > inner.size {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        let block = BLOCK as u64;
        let (first, end) = (range.start / block, range.end.next_multiple_of(block).min(inner.size));
        let from = first * block;
        let mut buffer = vec![0; usize::try_from(end.saturating_sub(from)).unwrap_or_default()];
        read_at(&inner.file, &mut buffer, from).map_err(failed)?;
        for (at, bytes) in (usize::try_from(first).unwrap_or(usize::MAX)..).zip(buffer.chunks(BLOCK)) {
            inner.compare(at, bytes)?;
        }
        let skip = usize::try_from(range.start - from).unwrap_or_default();
        let length = usize::try_from(range.end - range.start).unwrap_or_default();
        Ok(Bytes::from(buffer).slice(skip..skip + length))
    }
}

impl Inner {
    fn compare(&self, block: usize, bytes: &[u8]) -> Result<()> {
        let bit = 1 << (block % 64);
        let word = self.compared.get(block / 64);
        if word.is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0) {
            return Ok(());
        }
        if !self.blocks.is(block, bytes) {
            let at = block * BLOCK;
            let found = format!("{}… in the block at byte {at}", hex::encode(digest(bytes)));
            let found = (self.blocks.told(block), found);
            let (expected, found) = self.altered.get_or_init(|| found).clone();
            return Err(Error::Altered { path: self.path.clone(), expected, found });
        }
        if let Some(word) = word {
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, from)
}

#[cfg(not(unix))]
fn read_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<()> {
    use std::io::Seek;
    // A handle of its own, so that readers do not move each other's place.
    let mut file = file.try_clone()?;
    file.seek(io::SeekFrom::Start(from))?;
    file.read_exact(buffer)
}

impl Length for CheckedFile {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for CheckedFile {
    type T = CheckedReader;

    fn get_read(&self, start: u64) -> ParquetResult<CheckedReader> {
        Ok(CheckedReader { file: self.clone(), at: start, buffer: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.bytes(start..start.saturating_add(length as u64)).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// Reads on from a place, block by block.
pub struct CheckedReader {
    file: CheckedFile,
    at: u64,
    buffer: Bytes,
}

impl Read for CheckedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.buffer.is_empty() {
            let end = (self.at + 1).next_multiple_of(BLOCK as u64).min(self.file.0.size);
            if self.at >= end {
                return Ok(0);
            }
            self.buffer = self.file.bytes(self.at..end).map_err(io::Error::other)?;
            self.at = end;
        }
        let got = out.len().min(self.buffer.len());
        self.buffer.copy_to_slice(out.get_mut(..got).unwrap_or_default());
        Ok(got)
    }
}
