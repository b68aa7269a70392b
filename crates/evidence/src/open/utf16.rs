//! UTF-16 to UTF-8: with a byte order mark, as PowerShell's `>` writes it, or without.

use std::io::{self, Read};

use super::{Damage, Input, Notes};

/// How much is transcoded at once.
const CHUNK: usize = 64 << 10;

pub(crate) struct Utf16 {
    input: Input,
    big: bool,
    /// Does a byte order mark come first?
    mark: bool,
    text: String,
    given: usize,
    /// The first byte of a unit whose second did not come yet.
    half: Option<u8>,
    /// The first unit of a pair whose second did not come yet.
    high: Option<u16>,
    begun: bool,
    taken: u64,
    unpaired: u64,
    notes: Notes,
}

impl Utf16 {
    pub(crate) fn new(input: Input, big: bool, mark: bool, notes: Notes) -> Utf16 {
        Utf16 {
            input,
            big,
            mark,
            text: String::new(),
            given: 0,
            half: None,
            high: None,
            begun: false,
            taken: 0,
            unpaired: 0,
            notes,
        }
    }

    /// Transcodes the next bytes; at the end of the input, what is left over. False when nothing is left.
    fn next(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.given = 0;
        if !self.begun {
            self.begun = true;
            if self.mark {
                self.input.peek(2)?;
                self.input.consume(2);
                self.taken = 2;
            }
        }
        let input = self.input.fill()?;
        let mut chunk = input.get(..input.len().min(CHUNK)).unwrap_or_default().to_vec();
        let count = chunk.len();
        self.input.consume(count);
        self.taken += count as u64;
        if count == 0 {
            return Ok(self.end());
        }
        if let Some(half) = self.half.take() {
            chunk.insert(0, half);
        }
        let pairs = chunk.chunks_exact(2);
        self.half = pairs.remainder().first().copied();
        for pair in pairs {
            let bytes = [pair[0], pair[1]];
            self.unit(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) });
        }
        Ok(true)
    }

    fn unit(&mut self, unit: u16) {
        let high = self.high.take();
        match (high, unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let code = 0x1_0000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
                self.text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (Some(_), _) => {
                self.replace();
                self.unit(unit);
            }
            (None, 0xd800..=0xdbff) => self.high = Some(unit),
            (None, _) => match char::from_u32(u32::from(unit)) {
                Some(letter) => self.text.push(letter),
                None => self.replace(),
            },
        }
    }

    fn replace(&mut self) {
        self.unpaired += 1;
        self.text.push(char::REPLACEMENT_CHARACTER);
    }

    fn end(&mut self) -> bool {
        if self.high.take().is_some() {
            self.replace();
        }
        if self.half.take().is_some() {
            let layer = if self.big { "utf-16be" } else { "utf-16le" };
            self.notes.damage(Damage::Truncated { layer: layer.to_owned(), read: self.taken });
        }
        if self.unpaired > 0 {
            self.notes.damage(Damage::BadText { count: self.unpaired });
        }
        !self.text.is_empty()
    }
}

impl Read for Utf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let got = self.text.as_bytes().get(self.given..).unwrap_or_default().read(out)?;
        self.given += got;
        Ok(got)
    }
}
