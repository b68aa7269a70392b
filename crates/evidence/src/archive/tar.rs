//! The files of a tar, header by header.
//!
//! The reader of the `tar` crate takes long names and pax headers into memory whole, whatever their size, and calls a
//! tar that was cut between two files a whole one. Its headers are used here, and the walk is our own.

use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use fs_err as fs;
use tar::{EntryType, Header};

use super::{Listing, Member, name, read_full};
use crate::manifest::{MemberPlace, Packing};
use crate::open::{Damage, Opened};

/// Everything begins at a multiple of this.
const BLOCK: u64 = 512;
/// A longer name, or more attributes, are not read.
const ABOUT: u64 = 64 << 10;

/// Lists a tar that is not compressed.
pub(super) fn list(file: fs::File) -> io::Result<Listing> {
    let size = file.metadata()?.len();
    let source = Whole { reader: BufReader::new(file), at: 0, size };
    Walk::new(Box::new(source), Packing::Plain).run()
}

/// Lists what comes out of a compressed tar.
pub(super) fn list_stream(opened: Opened) -> io::Result<Listing> {
    let source = Inflated(BufReader::with_capacity(64 << 10, opened));
    Walk::new(Box::new(source), Packing::Stream).run()
}

/// What a tar is read from.
trait Source: Read {
    /// Passes over so many bytes; how many there were.
    fn skip(&mut self, count: u64) -> io::Result<u64>;
}

struct Whole {
    reader: BufReader<fs::File>,
    at: u64,
    size: u64,
}

impl Read for Whole {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.reader.read(out)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Source for Whole {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let count = count.min(self.size.saturating_sub(self.at));
        self.reader.seek_relative(i64::try_from(count).map_err(io::Error::other)?)?;
        self.at += count;
        Ok(count)
    }
}

struct Inflated(BufReader<Opened>);

impl Read for Inflated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Source for Inflated {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        io::copy(&mut (&mut self.0).take(count), &mut io::sink())
    }
}

/// What is said of a member before its own header, or of all that follow.
#[derive(Default)]
struct Told {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// Why what is said cannot be known.
    lost: Option<Damage>,
    /// Is it about a member that is still to come?
    any: bool,
}

/// How the walk goes on; if it is over, what that says of the tar.
type Step = ControlFlow<Option<Damage>>;

fn missing(why: String) -> Step {
    ControlFlow::Break(Some(Damage::MembersMissing { why }))
}

struct Walk {
    source: Box<dyn Source>,
    packing: Packing,
    /// Where the next byte lies.
    at: u64,
    /// Entries so far, those that are no files included.
    entries: u64,
    /// Blocks of zeros that were just read; two of them are the end.
    zeros: u64,
    told: Told,
    global: Told,
    listing: Listing,
}

impl Walk {
    fn new(source: Box<dyn Source>, packing: Packing) -> Walk {
        Walk {
            source,
            packing,
            at: 0,
            entries: 0,
            zeros: 0,
            told: Told::default(),
            global: Told::default(),
            listing: Listing::default(),
        }
    }

    fn run(mut self) -> io::Result<Listing> {
        loop {
            if let ControlFlow::Break(damage) = self.step()? {
                self.listing.damage.extend(damage);
                return Ok(self.listing);
            }
        }
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = read_full(&mut self.source, out)?;
        self.at += got as u64;
        Ok(got)
    }

    /// Passes over the bytes of an entry, which are filled up to whole blocks.
    fn pass(&mut self, size: u64) -> io::Result<Step> {
        let Some(padded) = size.checked_next_multiple_of(BLOCK) else { return Ok(self.broken(self.at)) };
        let there = self.source.skip(padded)?;
        self.at += there;
        Ok(if there < padded { self.cut() } else { Step::Continue(()) })
    }

    fn cut(&self) -> Step {
        missing(format!("the tar ends early, at byte {}", self.at))
    }

    fn broken(&self, at: u64) -> Step {
        missing(format!("the header at byte {at} of the tar is broken, and nothing was read from there on"))
    }

    fn step(&mut self) -> io::Result<Step> {
        let at = self.at;
        let mut header = Header::new_old();
        let got = self.read(header.as_mut_bytes())?;
        let read = header.as_bytes().get(..got).unwrap_or_default();
        if read.iter().all(|byte| *byte == 0) {
            return Ok(self.zeros(got));
        }
        if got < header.as_bytes().len() {
            return Ok(self.cut());
        }
        if !is_sound(&header) {
            return Ok(self.broken(at));
        }
        // After the end there may be another tar: a program that packs anew appends one.
        self.zeros = 0;
        self.entry(&header, at)
    }

    /// A block of zeros, or what is left of one at the end of the file.
    fn zeros(&mut self, got: usize) -> Step {
        if got as u64 == BLOCK {
            self.zeros += 1;
            return Step::Continue(());
        }
        if self.zeros >= 2 {
            return Step::Break(None);
        }
        if self.told.any {
            return missing("the tar ends before the file that its last header is about".to_owned());
        }
        missing(format!("the tar ends without its end mark, at byte {}", self.at))
    }

    fn entry(&mut self, header: &Header, at: u64) -> io::Result<Step> {
        let kind = header.entry_type();
        let Ok(size) = header.entry_size() else { return Ok(self.broken(at)) };
        match kind {
            EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader => {
                self.about(kind, size)
            }
            _ => self.member(header, size),
        }
    }

    /// An entry that is about another one.
    fn about(&mut self, kind: EntryType, size: u64) -> io::Result<Step> {
        let told = if kind.is_pax_global_extensions() { &mut self.global } else { &mut self.told };
        told.any = true;
        if size > ABOUT && !kind.is_gnu_longlink() {
            let why = format!("{size} bytes in the tar are about it, and no more than {ABOUT} are looked at");
            told.lost.get_or_insert(Damage::OverLimit { why });
        }
        if size > ABOUT || kind.is_gnu_longlink() {
            return self.pass(size);
        }
        let mut text = vec![0; usize::try_from(size).unwrap_or_default()];
        if (self.read(&mut text)? as u64) < size {
            return Ok(self.cut());
        }
        match kind {
            EntryType::GNULongName => {
                text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(text.len()));
                self.told.name = Some(text);
            }
            EntryType::XHeader => read_pax(&text, &mut self.told),
            _ => read_pax(&text, &mut self.global),
        }
        // What fills the last block.
        let rest = self.at.next_multiple_of(BLOCK) - self.at;
        let there = self.source.skip(rest)?;
        self.at += there;
        Ok(if there < rest { self.cut() } else { Step::Continue(()) })
    }

    fn member(&mut self, header: &Header, size: u64) -> io::Result<Step> {
        let index = self.entries;
        if self.listing.is_full(index) {
            let why = format!("the tar has more than {index} entries; those from byte {} on are not listed", self.at);
            return Ok(Step::Break(Some(Damage::OverLimit { why })));
        }
        self.entries += 1;
        let mut told = std::mem::take(&mut self.told);
        let size = told.size.or(self.global.size).unwrap_or(size);
        let kind = header.entry_type();
        if kind.is_gnu_sparse() {
            told.sparse = true;
            if !self.pass_sparse_map(header)? {
                return Ok(self.cut());
            }
        }
        let (name, too_long) = match told.name.as_ref().or(self.global.name.as_ref()) {
            Some(told) => name(told),
            None => name(&header.path_bytes()),
        };
        let unread = |why: String| Some(Damage::Unread { why });
        let refused = match kind {
            _ if told.lost.is_some() => told.lost,
            _ if self.global.lost.is_some() => self.global.lost.clone(),
            _ if told.sparse || self.global.sparse => unread("sparse files in a tar are not read".to_owned()),
            EntryType::Regular | EntryType::Continuous => too_long,
            EntryType::Directory if size == 0 => return self.pass(size),
            EntryType::Directory => unread("a folder that has bytes of its own".to_owned()),
            EntryType::Link | EntryType::Symlink | EntryType::Char | EntryType::Block | EntryType::Fifo => {
                self.listing.skip(name, format!("no regular file ({kind:?})"));
                return self.pass(size);
            }
            other => unread(format!("an entry of a tar of the kind {:?} is not known", char::from(other.as_byte()))),
        };
        let place = MemberPlace { offset: self.at, length: size, unpacked: size, packing: self.packing, unread: false };
        let mut member = Member { index, name, place, crc: None, unread: None };
        if let Some(why) = refused {
            member.refuse(why);
        }
        self.listing.take(member);
        self.pass(size)
    }

    /// The map of a sparse file goes on in blocks before its bytes. False when the tar ends in it.
    fn pass_sparse_map(&mut self, header: &Header) -> io::Result<bool> {
        let mut goes_on = header.as_gnu().is_some_and(|gnu| gnu.is_extended());
        let mut block = [0; 512];
        while goes_on {
            if self.read(&mut block)? < block.len() {
                return Ok(false);
            }
            goes_on = block.get(504).is_some_and(|flag| *flag != 0);
        }
        Ok(true)
    }
}

/// Whether a header has the check sum that it gives: the sum of its bytes, those of the sum itself as blanks.
fn is_sound(header: &Header) -> bool {
    let bytes = header.as_bytes().iter().enumerate();
    let sum: u32 = bytes.map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    header.cksum().is_ok_and(|said| said == sum)
}

/// Takes what counts here from a pax header: lines of `<length> <key>=<value>`, in which a value may be anything.
fn read_pax(mut text: &[u8], told: &mut Told) {
    while text.first().is_some_and(|byte| *byte != 0) {
        let Some((key, value, rest)) = pax_line(text) else {
            told.lost.get_or_insert(Damage::Unread { why: "its pax header cannot be understood".to_owned() });
            return;
        };
        match key {
            b"path" if !told.sparse => told.name = Some(value.to_vec()),
            b"GNU.sparse.name" => told.name = Some(value.to_vec()),
            b"size" => match std::str::from_utf8(value).map(str::parse) {
                Ok(Ok(size)) => told.size = Some(size),
                _ => {
                    let why = "the size in its pax header is no number".to_owned();
                    told.lost.get_or_insert(Damage::Unread { why });
                }
            },
            _ => {}
        }
        told.sparse |= key.starts_with(b"GNU.sparse.");
        text = rest;
    }
}

/// Key, value, and what comes after the line.
fn pax_line(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = text.iter().position(|byte| *byte == b' ')?;
    let length = text.get(..blank)?.iter().try_fold(0_usize, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })?;
    let line = text.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = line.iter().position(|byte| *byte == b'=')?;
    Some((line.get(..equals)?, line.get(equals + 1..)?, text.get(length..)?))
}
