//! The files of a zip, by the list at its end; where that is missing, by the headers in front of the files.
//!
//! The reader of the `zip` crate keeps entries by their names, so that of two with one name only the last is seen, and
//! gives up a zip without its end. A zip is walked here instead, entry by entry.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use fs_err as fs;

use super::{Listing, Member, name, read_full};
use crate::manifest::{MemberPlace, Packing};
use crate::open::{Damage, Limits, most_of};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// The lengths of these records, as far as they are fixed.
const LOCAL_SIZE: usize = 30;
const CENTRAL_SIZE: usize = 46;
const END_SIZE: usize = 22;
/// In 32 bits: it stands elsewhere in 64.
const WIDE: u64 = u32::MAX as u64;

/// Lists the files of a zip.
pub(super) fn list(file: fs::File, limits: &Limits) -> io::Result<Listing> {
    let size = file.metadata()?.len();
    let walk = Walk { zip: Bytes { file, size }, limits, entries: 0, listing: Listing::default() };
    walk.run()
}

/// The zip, read at any place.
struct Bytes {
    file: fs::File,
    size: u64,
}

impl Bytes {
    /// The bytes at a place; how many there are, fewer only at the end of the file.
    fn at(&mut self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size {
            return Ok(0);
        }
        self.file.seek(SeekFrom::Start(offset))?;
        read_full(&mut self.file, out)
    }

    /// Is there a record of this kind?
    fn has(&mut self, offset: u64, signature: &[u8]) -> io::Result<bool> {
        let mut found = [0; 4];
        Ok(self.at(offset, &mut found)? == found.len() && found == *signature)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Where the zip ends whose end record is at this place: behind its comment.
fn after(at: usize, record: &[u8]) -> usize {
    at + END_SIZE + usize::from(u16_at(record, 20))
}

/// Where the list of the files is, by the record at the end.
struct End {
    /// Where the list begins and ends.
    list: (u64, u64),
    /// How far everything lies behind where it is said to be: something was put before the zip.
    shift: u64,
    /// How many files there are, or the last 16 bits of that number.
    count: u64,
    wide: bool,
    /// Where the zip ends.
    after: u64,
}

/// What a header says of a file.
struct Head {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    unpacked: u64,
    name: String,
    /// Its name is too long.
    refused: Option<Damage>,
    ends_as_folder: bool,
}

impl Head {
    /// From the fields that both kinds of header have in the same order, beginning with the flags.
    fn of(common: &[u8], bytes: &[u8]) -> Head {
        let (name, refused) = name(bytes);
        Head {
            flags: u16_at(common, 0),
            method: u16_at(common, 2),
            crc: u32_at(common, 8),
            packed: u64::from(u32_at(common, 12)),
            unpacked: u64::from(u32_at(common, 16)),
            name,
            refused,
            ends_as_folder: matches!(bytes.last(), Some(b'/' | b'\\')),
        }
    }

    /// A folder has no bytes; what only is called like one may hold a log. Java packs the nothing of a folder, into two
    /// bytes, and no byte can come out of those.
    fn is_folder(&self) -> bool {
        let nothing = self.packed == 0 || (self.method == 8 && self.packed <= 2);
        self.ends_as_folder && self.unpacked == 0 && nothing
    }

    /// How its bytes are packed, or why they cannot be taken out.
    fn packing(&self, limits: &Limits) -> Result<Packing, Damage> {
        if self.flags & 1 != 0 {
            return Err(Damage::Unread { why: "encrypted".to_owned() });
        }
        if let Some(why) = &self.refused {
            return Err(why.clone());
        }
        let why = match self.method {
            0 => return Ok(Packing::Plain),
            8 if self.unpacked > limits.inflated => format!("more than {} bytes come out of it", limits.inflated),
            8 if self.unpacked > most_of(self.packed, limits.ratio) => {
                format!("each of its bytes yields more than {}", limits.ratio)
            }
            8 => return Ok(Packing::Deflate),
            method => {
                let name = match method {
                    9 => " (deflate64)",
                    12 => " (bzip2)",
                    14 => " (lzma)",
                    93 => " (zstd)",
                    95 => " (xz)",
                    99 => " (encrypted with AES)",
                    _ => "",
                };
                let why = format!("the compression {method}{name} of this zip member is not supported");
                return Err(Damage::Unread { why });
            }
        };
        Err(Damage::OverLimit { why })
    }
}

/// Numbers that do not fit into 32 bits stand in an extra field, in the order of `numbers`. False if they do not.
fn widen(extra: &[u8], numbers: &mut [&mut u64]) -> bool {
    let mut field: &[u8] = &[];
    let mut fields = extra;
    while let Some((head, rest)) = fields.split_at_checked(4) {
        let Some((data, others)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else { break };
        if u16_at(head, 0) == 1 {
            field = data;
            break;
        }
        fields = others;
    }
    for number in numbers.iter_mut().filter(|number| ***number == WIDE) {
        let Some((wide, rest)) = field.split_first_chunk() else { return false };
        **number = u64::from_le_bytes(*wide);
        field = rest;
    }
    true
}

struct Walk<'a> {
    zip: Bytes,
    limits: &'a Limits,
    /// Entries so far, those that are no files included.
    entries: u64,
    listing: Listing,
}

impl Walk<'_> {
    fn run(mut self) -> io::Result<Listing> {
        let size = self.zip.size;
        let Some(end) = self.end()? else {
            let at = self.recover(0, size)?;
            self.listing.lacks(format!(
                "the zip cannot be read by the list at its end, which is not there; it was read by the headers before \
                 the files, as far as byte {at}"
            ));
            return Ok(self.listing);
        };
        if let Some(why) = self.listed(&end)? {
            let at = self.recover(0, size)?;
            self.listing.lacks(format!("{why}; the headers before the files were read as far as byte {at}"));
        } else if end.shift > 0 {
            // One zip behind another, of which only the last is listed.
            let at = self.recover(0, end.shift)?;
            self.listing.lacks(format!("{} bytes lie before the zip, which were read as far as byte {at}", end.shift));
        }
        if end.after < size {
            let at = self.recover(end.after, size)?;
            let count = size - end.after;
            self.listing.lacks(format!("{count} bytes lie behind the zip's end, which were read as far as byte {at}"));
        }
        Ok(self.listing)
    }

    /// Looks for the record at the end: the last one whose comment ends with the file, or at least in it.
    fn end(&mut self) -> io::Result<Option<End>> {
        let most = END_SIZE as u64 + u64::from(u16::MAX);
        let from = self.zip.size.saturating_sub(most);
        let mut tail = vec![0; END_SIZE + usize::from(u16::MAX)];
        let got = self.zip.at(from, &mut tail)?;
        tail.truncate(got);
        let records = || tail.windows(END_SIZE).enumerate().rev().filter(|(_, record)| record.starts_with(END));
        let exact = records().find(|(at, record)| after(*at, record) == tail.len());
        let Some((at, record)) = exact.or_else(|| records().find(|(at, record)| after(*at, record) < tail.len()))
        else {
            return Ok(None);
        };
        let (place, behind) = (from + at as u64, from + after(at, record) as u64);
        let mut count = u64::from(u16_at(record, 10));
        let (mut length, mut start) = (u64::from(u32_at(record, 12)), u64::from(u32_at(record, 16)));
        let (mut list_end, mut wide) = (place, false);
        if let Some((place, record)) = self.wide_end(place)? {
            list_end = place;
            if count == u64::from(u16::MAX) || length == WIDE || start == WIDE {
                (count, length, start, wide) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48), true);
            }
        }
        // The list lies before the record; where that is not so, it is looked for where it is said to be.
        let before = list_end.checked_sub(length).and_then(|at| at.checked_sub(start).map(|shift| (at, shift)));
        let empty = count == 0 && length == 0;
        for (at, shift) in before.into_iter().chain([(start, 0)]) {
            // What lies before a list of nothing does not belong to it.
            let shift = if empty { at } else { shift };
            if empty || self.zip.has(at, CENTRAL)? {
                let list = (at, list_end.max(at));
                return Ok(Some(End { list, shift, count, wide, after: behind }));
            }
        }
        Ok(None)
    }

    /// The end record of a zip64, before the one at this place.
    fn wide_end(&mut self, end: u64) -> io::Result<Option<(u64, [u8; 56])>> {
        let mut locator = [0; 20];
        let Some(place) = end.checked_sub(20) else { return Ok(None) };
        if self.zip.at(place, &mut locator)? < locator.len() || !locator.starts_with(LOCATOR_64) {
            return Ok(None);
        }
        let mut record = [0; 56];
        for at in [Some(u64_at(&locator, 8)), place.checked_sub(56)].into_iter().flatten() {
            if at < end && self.zip.at(at, &mut record)? == record.len() && record.starts_with(END_64) {
                return Ok(Some((at, record)));
            }
        }
        Ok(None)
    }

    /// Takes the files of the list; why it is not whole, if it is not.
    fn listed(&mut self, end: &End) -> io::Result<Option<String>> {
        let (from, to) = end.list;
        let mut file = fs::File::open(self.zip.file.path())?;
        file.seek(SeekFrom::Start(from.min(self.zip.size)))?;
        let mut list = BufReader::with_capacity(64 << 10, file).take(to - from);
        let mut fixed = [0; CENTRAL_SIZE];
        let mut texts = Vec::new();
        let before = self.entries;
        loop {
            let got = read_full(&mut list, &mut fixed)?;
            if got < CENTRAL_SIZE || !fixed.starts_with(CENTRAL) {
                break;
            }
            if self.listing.is_full(self.entries) {
                let entries = self.entries;
                let count = if end.wide { format!("{}", end.count) } else { format!("more than {entries}") };
                let why = format!("the zip has {count} entries; those after {entries} are not listed");
                self.listing.damage.push(Damage::OverLimit { why });
                return Ok(None);
            }
            let (name, extra, comment) = (u16_at(&fixed, 28), u16_at(&fixed, 30), u16_at(&fixed, 32));
            let length = usize::from(name) + usize::from(extra) + usize::from(comment);
            texts.resize(length, 0);
            if read_full(&mut list, &mut texts)? < length {
                break;
            }
            let (name, rest) = texts.split_at_checked(usize::from(name)).unwrap_or_default();
            self.central(&fixed, name, rest.get(..usize::from(extra)).unwrap_or_default(), end.shift)?;
        }
        let found = self.entries - before;
        let same = if end.wide { found == end.count } else { found % (1 << 16) == end.count };
        Ok((!same)
            .then(|| format!("the zip's list has {found} entries that can be read, and should have {}", end.count)))
    }

    /// An entry of the list.
    fn central(&mut self, fixed: &[u8], name: &[u8], extra: &[u8], shift: u64) -> io::Result<()> {
        let mut head = Head::of(fixed.get(8..).unwrap_or_default(), name);
        let mut local = u64::from(u32_at(fixed, 42));
        let known = widen(extra, &mut [&mut head.unpacked, &mut head.packed, &mut local]);
        // The upper byte tells the system that it was made on; for Unix, the attributes begin with the mode.
        let is_link = u16_at(fixed, 4) >> 8 == 3 && (u32_at(fixed, 38) >> 16) & 0o170_000 == 0o120_000;
        if is_link {
            self.entries += 1;
            self.listing.skip(head.name, "no regular file (symbolic link)".to_owned());
            return Ok(());
        }
        let unread = |why: &str| Err(Damage::Unread { why: why.to_owned() });
        let start = match local.checked_add(shift) {
            _ if !known => unread("the zip does not say where it is and how long"),
            Some(place) => match self.data_start(place)? {
                Some(start) if start <= self.zip.size => Ok(start),
                _ => unread("its data cannot be found in the zip"),
            },
            None => unread("its data cannot be found in the zip"),
        };
        self.take(head, start);
        Ok(())
    }

    /// Where the bytes of the file begin whose header is at this place.
    fn data_start(&mut self, place: u64) -> io::Result<Option<u64>> {
        let mut header = [0; LOCAL_SIZE];
        if self.zip.at(place, &mut header)? < LOCAL_SIZE || !header.starts_with(LOCAL) {
            return Ok(None);
        }
        let texts = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        Ok(place.checked_add(LOCAL_SIZE as u64 + texts))
    }

    /// Takes a file, whose bytes begin at `start`.
    fn take(&mut self, head: Head, start: Result<u64, Damage>) {
        let index = self.entries;
        self.entries += 1;
        if head.is_folder() {
            return;
        }
        let (packing, refused) = match (head.packing(self.limits), &start) {
            (_, Err(why)) => (Packing::Plain, Some(why.clone())),
            (Err(why), Ok(_)) => (Packing::Plain, Some(why)),
            (Ok(packing), Ok(_)) => (packing, None),
        };
        let offset = *start.as_ref().unwrap_or(&0);
        let length = if start.is_ok() { head.packed } else { 0 };
        let place = MemberPlace { offset, length, unpacked: head.unpacked, packing, unread: false };
        let mut member = Member { index, name: head.name, place, crc: Some(head.crc), unread: None };
        if let Some(why) = refused {
            member.refuse(why);
            member.place.length = length.min(self.zip.size.saturating_sub(offset));
        }
        self.listing.take(member);
    }

    /// Takes the files that stand one behind the other, by the headers before them, without those that are listed
    /// already; how far that went.
    fn recover(&mut self, from: u64, to: u64) -> io::Result<u64> {
        let known: HashSet<u64> = self.listing.members.iter().map(|member| member.place.offset).collect();
        let mut at = from;
        let mut header = [0; LOCAL_SIZE];
        while at < to && !self.listing.is_full(self.entries) {
            if self.zip.at(at, &mut header)? < LOCAL_SIZE || !header.starts_with(LOCAL) {
                break;
            }
            let (name, extra) = (usize::from(u16_at(&header, 26)), usize::from(u16_at(&header, 28)));
            let mut texts = vec![0; name + extra];
            if self.zip.at(at + LOCAL_SIZE as u64, &mut texts)? < texts.len() {
                break;
            }
            let (name, extra) = texts.split_at_checked(name).unwrap_or_default();
            let mut head = Head::of(header.get(6..).unwrap_or_default(), name);
            let sized = widen(extra, &mut [&mut head.unpacked, &mut head.packed]);
            let start = at + (LOCAL_SIZE + texts.len()) as u64;
            // Written in one go: how long it is stands behind it.
            if !sized || (head.flags & 8 != 0 && head.packed == 0) {
                if !known.contains(&start) {
                    head.packed = to.saturating_sub(start);
                    let why = "how long it is stands at the end of the zip only".to_owned();
                    self.refuse(head, start, why);
                }
                return Ok(start);
            }
            let described = head.flags & 8 != 0;
            let Some(next) = start.checked_add(head.packed) else { break };
            if !known.contains(&start) {
                self.take(head, Ok(start));
            }
            at = if described { self.behind_descriptor(next)? } else { next };
        }
        Ok(at.min(to))
    }

    /// Takes a file that is not read although its bytes may be there.
    fn refuse(&mut self, head: Head, start: u64, why: String) {
        let place = MemberPlace {
            offset: start,
            length: head.packed,
            unpacked: head.unpacked,
            packing: Packing::Plain,
            unread: false,
        };
        let mut member = Member { index: self.entries, name: head.name, place, crc: None, unread: None };
        member.refuse(Damage::Unread { why });
        self.entries += 1;
        self.listing.take(member);
    }

    /// Behind the record that repeats the sizes after a file, which has two lengths.
    fn behind_descriptor(&mut self, at: u64) -> io::Result<u64> {
        if !self.zip.has(at, DESCRIPTOR)? {
            return Ok(at);
        }
        for next in [at + 16, at + 24] {
            if self.zip.has(next, LOCAL)? || self.zip.has(next, CENTRAL)? {
                return Ok(next);
            }
        }
        Ok(at)
    }
}
