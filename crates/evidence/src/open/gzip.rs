//! Compressed bytes, one member after another: gzip above all, zstd, bzip2, and deflate inside a zip.
//!
//! The ready-made readers of these crates stop after the first member or hide where it ends, drop what was good in
//! the buffer in which an error turns up, and do not tell a cut from an end. So the decoders are driven by hand here,
//! and this is the only place where data is inflated.

use std::io::{self, Read};
use std::ops::Range;

use bzip2::{Decompress as Bunzip, Status as BzStatus};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder as Unzstd, InBuffer, Operation, OutBuffer};

use super::{Damage, Input, Notes};

/// Below this much output the ratio is not looked at: small logs can be very repetitive.
pub(super) const RATIO_FROM: u64 = 64 << 20;

/// The ways of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packed {
    Gzip,
    Zstd,
    Bzip2,
    /// Without header and check sum, as in a zip; never found by its bytes.
    Deflate,
}

impl Packed {
    /// What these first bytes begin. A head that is cut off within its magic bytes counts from the second byte on.
    pub(crate) fn detect(head: &[u8]) -> Option<Packed> {
        match head {
            [0x1f, 0x8b] | [0x1f, 0x8b, 8, ..] => Some(Packed::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] => {
                let block: &[u8] = &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
                let empty: &[u8] = &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
                (rest.starts_with(block) || rest.starts_with(empty)).then_some(Packed::Bzip2)
            }
            _ => None,
        }
    }

    /// Whether these bytes, found after a member, begin another one.
    fn follows(self, head: &[u8]) -> bool {
        // zstd has frames to be skipped, which may follow but never lead.
        let skippable = matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        Packed::detect(head) == Some(self) || (self == Packed::Zstd && skippable)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Packed::Gzip => "gzip",
            Packed::Zstd => "zstd",
            Packed::Bzip2 => "bzip2",
            Packed::Deflate => "deflate",
        }
    }

    fn decoder(self) -> io::Result<Decoder> {
        Ok(match self {
            Packed::Gzip => Decoder::Inflate(Decompress::new_gzip(15)),
            Packed::Deflate => Decoder::Inflate(Decompress::new(false)),
            Packed::Zstd => Decoder::Zstd(Unzstd::new()?),
            Packed::Bzip2 => Decoder::Bzip2(Bunzip::new(false)),
        })
    }
}

enum Decoder {
    Inflate(Decompress),
    Zstd(Unzstd<'static>),
    Bzip2(Bunzip),
}

struct Step {
    consumed: usize,
    produced: usize,
    state: Progress,
}

enum Progress {
    More,
    MemberEnd,
    Corrupt(String),
}

impl Decoder {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        match self {
            Decoder::Inflate(inflate) => {
                let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
                let state = match inflate.decompress(input, out, FlushDecompress::None) {
                    Ok(Status::StreamEnd) => Progress::MemberEnd,
                    Ok(Status::Ok | Status::BufError) => Progress::More,
                    Err(error) => Progress::Corrupt(error.message().unwrap_or("invalid deflate data").to_owned()),
                };
                Step::since(before_in, inflate.total_in(), before_out, inflate.total_out(), state)
            }
            Decoder::Bzip2(bunzip) => {
                let (before_in, before_out) = (bunzip.total_in(), bunzip.total_out());
                let state = match bunzip.decompress(input, out) {
                    Ok(BzStatus::StreamEnd) => Progress::MemberEnd,
                    Ok(_) => Progress::More,
                    Err(error) => Progress::Corrupt(error.to_string()),
                };
                Step::since(before_in, bunzip.total_in(), before_out, bunzip.total_out(), state)
            }
            Decoder::Zstd(unzstd) => {
                let mut from = InBuffer::around(input);
                let mut to = OutBuffer::around(out);
                let state = match unzstd.run(&mut from, &mut to) {
                    Ok(0) => Progress::MemberEnd,
                    Ok(_) => Progress::More,
                    Err(error) => Progress::Corrupt(error.to_string()),
                };
                Step { consumed: from.pos(), produced: to.pos(), state }
            }
        }
    }
}

impl Step {
    fn since(before_in: u64, after_in: u64, before_out: u64, after_out: u64, state: Progress) -> Step {
        // Both are at most the length of a buffer.
        let count = |before: u64, after: u64| usize::try_from(after.saturating_sub(before)).unwrap_or_default();
        Step { consumed: count(before_in, after_in), produced: count(before_out, after_out), state }
    }
}

/// Packed bytes are given to a decoder in pieces that end at multiples of this.
const IN_STEP: u64 = 64 << 10;
/// A decoder gets room up to the next multiple of this; of the smaller one at the beginning, since most objects are
/// small and their first bytes are looked at before the others.
const OUT_STEP: u64 = 128 << 10;
const FIRST_STEP: u64 = 8 << 10;

/// Reads all members of one layer.
///
/// How far a decoder reads ahead hangs on the room it is given. What stops a reading must be the same whoever reads, or
/// untouched evidence would get another hash: so each step of the decoder begins and ends at places that follow from
/// the bytes alone, and what the reader has no room for waits in `block`.
pub(crate) struct Members {
    input: Input,
    kind: Packed,
    decoder: Option<Decoder>,
    begun: u64,
    /// Whether this is the outermost layer, whose members are counted in the manifest.
    counted: bool,
    ratio: u64,
    /// The most that may come out, if it is not the limit of the object.
    own_cap: Option<u64>,
    /// Packed bytes that went into a decoder.
    taken: u64,
    /// Bytes that came out of it.
    given: u64,
    /// Those of them that the reader got.
    handed: u64,
    block: Vec<u8>,
    /// What of `block` is still to be handed on.
    waiting: Range<usize>,
    done: bool,
    /// Why it is done, told once everything was handed on.
    damage: Option<Damage>,
    notes: Notes,
}

impl Members {
    pub(crate) fn new(input: Input, kind: Packed, counted: bool, ratio: u64, notes: Notes) -> Members {
        Members {
            input,
            kind,
            decoder: None,
            begun: 0,
            counted,
            ratio,
            own_cap: None,
            taken: 0,
            given: 0,
            handed: 0,
            block: Vec::new(),
            waiting: 0..0,
            done: false,
            damage: None,
            notes,
        }
    }

    /// For a file in a zip: stops when more comes out than this, whatever the ratio.
    pub(crate) fn capped_at(mut self, cap: u64) -> Members {
        self.own_cap = Some(cap);
        self
    }

    fn layer(&self) -> String {
        self.kind.name().to_owned()
    }

    /// Nothing more is decoded. The first reason stays.
    fn stop(&mut self, damage: Damage) {
        self.done = true;
        self.damage.get_or_insert(damage);
    }

    /// Begins the next member, if there is one; what else follows is counted.
    fn begin(&mut self) -> io::Result<bool> {
        let head = self.input.peek(10)?;
        let goes_on = match self.begun {
            0 => true,
            _ => self.kind.follows(head),
        };
        if goes_on {
            self.begun += 1;
            if self.counted {
                self.notes.member();
            }
            self.decoder = Some(self.kind.decoder()?);
            return Ok(true);
        }
        let mut count = 0;
        loop {
            let rest = self.input.fill()?.len();
            if rest == 0 {
                break;
            }
            count += rest as u64;
            self.input.consume(rest);
        }
        if count > 0 {
            self.notes.damage(Damage::TrailingBytes { count });
        }
        Ok(false)
    }
}

/// How much room the next step has after so many bytes came out.
fn room_after(given: u64) -> usize {
    let step = if given < OUT_STEP { FIRST_STEP } else { OUT_STEP };
    to_size(step - given % step)
}

/// At most the size of a step or of a buffer.
fn to_size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl Members {
    /// One step of the decoder, into exactly the room that [`room_after`] says; how much came out.
    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return Ok(0) };
        let input = self.input.piece(to_size(IN_STEP - self.taken % IN_STEP))?;
        let at_end = input.is_empty();
        let step = decoder.step(input, out);
        self.input.consume(step.consumed);
        self.taken += step.consumed as u64;
        self.given += step.produced as u64;
        match step.state {
            Progress::MemberEnd => self.decoder = None,
            Progress::Corrupt(message) => {
                self.stop(Damage::Corrupt { layer: self.layer(), read: self.taken, message });
            }
            Progress::More if at_end && step.produced == 0 => {
                self.stop(Damage::Truncated { layer: self.layer(), read: self.taken });
            }
            Progress::More => {}
        }
        let bounded = self.own_cap.is_none() && self.given > RATIO_FROM;
        if bounded && self.given / self.ratio.max(1) > self.taken {
            self.stop(Damage::BadRatio { layer: self.layer(), limit: self.ratio, inflated: self.given });
        }
        Ok(step.produced)
    }

    /// One step into the block; it is empty before.
    fn step_aside(&mut self, room: usize) -> io::Result<()> {
        let mut block = std::mem::take(&mut self.block);
        block.resize(block.len().max(room), 0);
        let came = self.step(block.get_mut(..room).unwrap_or_default());
        self.block = block;
        self.waiting = 0..came?;
        Ok(())
    }
}

impl Read for Members {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            // The cap may be lifted between two reads, so it is looked at when bytes are handed on.
            let cap = self.own_cap.unwrap_or_else(|| self.notes.cap());
            let left = cap.saturating_sub(self.handed);
            if !self.waiting.is_empty() {
                if left == 0 {
                    (self.waiting, self.damage, self.done) = (0..0, None, true);
                    self.stop(Damage::TooBig { layer: self.layer(), limit: cap });
                    continue;
                }
                let waiting = self.block.get(self.waiting.clone()).unwrap_or_default();
                let waiting = waiting.get(..to_size(left)).unwrap_or(waiting);
                let count = waiting.len().min(out.len());
                if let (Some(from), Some(to)) = (waiting.get(..count), out.get_mut(..count)) {
                    to.copy_from_slice(from);
                }
                self.waiting.start += count;
                self.handed += count as u64;
                return Ok(count);
            }
            if self.done {
                if let Some(damage) = self.damage.take() {
                    self.notes.damage(damage);
                }
                return Ok(0);
            }
            if self.decoder.is_none() && !self.begin()? {
                self.done = true;
                continue;
            }
            let room = room_after(self.given);
            // Where the reader has room for all of it, nothing is copied.
            match out.get_mut(..room).filter(|_| left >= room as u64) {
                Some(direct) => {
                    let count = self.step(direct)?;
                    self.handed += count as u64;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                None => self.step_aside(room)?,
            }
        }
    }
}
