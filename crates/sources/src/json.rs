//! A strict reader of one JSON value into a flat tape: one pass over the bytes, no tree, no recursion.
//!
//! The tape is reused for each record, so reading allocates nothing. Values stay where they are in
//! the text; decoders take the columns they know and pass the rest on as the raw text it was.

use std::borrow::Cow;

/// How deeply values may nest. CloudTrail's deepest known requests stay below 30.
pub const MAX_DEPTH: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Object,
    Array,
    /// A string without escapes.
    Plain,
    /// A string with escapes.
    Escaped,
    Number,
    True,
    False,
    Null,
}

/// One value or object key: where it stands, and which token follows it and all that is inside it.
#[derive(Debug, Clone, Copy)]
struct Token {
    ty: Type,
    /// For strings, without the quotes.
    start: u32,
    end: u32,
    next: u32,
}

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The bytes end before the value does.
    Incomplete,
    Syntax {
        at: usize,
        what: &'static str,
    },
    TooDeep {
        at: usize,
    },
    TooMany {
        at: usize,
    },
}

/// Names and values that a record may have. A tape takes 16 bytes for each, eight times as much as the shortest of them.
pub const MAX_TOKENS: usize = 4 << 20;

/// The tokens of one value.
#[derive(Debug, Default, Clone)]
pub struct Tape {
    tokens: Vec<Token>,
    /// The open objects and arrays.
    stack: Vec<u32>,
}

impl Tape {
    /// Reads the value that begins at `bytes[0]`; returns where it ends.
    pub fn read(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        self.tokens.clear();
        self.stack.clear();
        let mut at = 0;
        loop {
            at = self.value(bytes, at)?;
            // A container that was just opened takes its first member; anything else is complete.
            if let Some(after) = self.open(bytes, at)? {
                at = after;
                continue;
            }
            match self.close(bytes, at)? {
                Step::Done(end) => return Ok(end),
                Step::Next(next) => at = next,
            }
        }
    }

    #[inline]
    fn push(&mut self, ty: Type, start: usize, end: usize) {
        let next = self.tokens.len() as u32 + 1;
        self.tokens.push(Token { ty, start: start as u32, end: end as u32, next });
    }

    #[inline]
    fn value(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        match bytes.get(at) {
            None => Err(Fault::Incomplete),
            Some(b'"') => self.string(bytes, at),
            Some(b'{') => {
                self.push(Type::Object, at, at + 1);
                Ok(at + 1)
            }
            Some(b'[') => {
                self.push(Type::Array, at, at + 1);
                Ok(at + 1)
            }
            Some(b't') => self.literal(bytes, at, b"true", Type::True),
            Some(b'f') => self.literal(bytes, at, b"false", Type::False),
            Some(b'n') => self.literal(bytes, at, b"null", Type::Null),
            Some(b'-' | b'0'..=b'9') => {
                let end = number(bytes, at)?;
                self.push(Type::Number, at, end);
                Ok(end)
            }
            Some(_) => Err(Fault::Syntax { at, what: "a value was expected" }),
        }
    }

    /// If the last token is a container that was just opened: enters it, unless it is empty.
    #[inline]
    fn open(&mut self, bytes: &[u8], at: usize) -> Result<Option<usize>, Fault> {
        let index = self.tokens.len() - 1;
        let token = self.tokens[index];
        let object = match token.ty {
            Type::Object => true,
            Type::Array => false,
            _ => return Ok(None),
        };
        if self.stack.len() >= MAX_DEPTH {
            return Err(Fault::TooDeep { at });
        }
        let at = self.space(bytes, at);
        let empty = if object { b'}' } else { b']' };
        match bytes.get(at) {
            None => Err(Fault::Incomplete),
            Some(byte) if *byte == empty => {
                self.tokens[index].end = at as u32 + 1;
                Ok(None)
            }
            Some(_) => {
                self.stack.push(index as u32);
                if object { self.key(bytes, at).map(Some) } else { Ok(Some(at)) }
            }
        }
    }

    /// After a complete value: the next member of the container, or the end of it and of those around it.
    #[inline]
    fn close(&mut self, bytes: &[u8], at: usize) -> Result<Step, Fault> {
        let mut at = match self.tokens.last() {
            // An empty container knows its own end.
            Some(token) if matches!(token.ty, Type::Object | Type::Array) => token.end as usize,
            _ => at,
        };
        loop {
            let Some(&top) = self.stack.last() else { return Ok(Step::Done(at)) };
            let top = top as usize;
            let object = self.tokens[top].ty == Type::Object;
            at = self.space(bytes, at);
            match (bytes.get(at), object) {
                (None, _) => return Err(Fault::Incomplete),
                (Some(b','), _) if self.tokens.len() > MAX_TOKENS => return Err(Fault::TooMany { at }),
                (Some(b','), true) => {
                    let next = self.space(bytes, at + 1);
                    return self.key(bytes, next).map(Step::Next);
                }
                (Some(b','), false) => return Ok(Step::Next(self.space(bytes, at + 1))),
                (Some(b'}'), true) | (Some(b']'), false) => {
                    at += 1;
                    self.tokens[top].end = at as u32;
                    self.tokens[top].next = self.tokens.len() as u32;
                    self.stack.pop();
                }
                (Some(_), true) => return Err(Fault::Syntax { at, what: "a comma or } was expected" }),
                (Some(_), false) => return Err(Fault::Syntax { at, what: "a comma or ] was expected" }),
            }
        }
    }

    #[inline]
    fn key(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        match bytes.get(at) {
            None => return Err(Fault::Incomplete),
            Some(b'"') => {}
            Some(_) => return Err(Fault::Syntax { at, what: "a key was expected" }),
        }
        let at = self.string(bytes, at)?;
        let at = self.space(bytes, at);
        match bytes.get(at) {
            None => Err(Fault::Incomplete),
            Some(b':') => Ok(self.space(bytes, at + 1)),
            Some(_) => Err(Fault::Syntax { at, what: "a colon was expected" }),
        }
    }

    #[inline]
    fn string(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        let start = at + 1;
        let (mut end, mut ty) = (start, Type::Plain);
        loop {
            end = special(bytes, end);
            match bytes.get(end) {
                None => return Err(Fault::Incomplete),
                Some(b'"') => break,
                Some(b'\\') => {
                    ty = Type::Escaped;
                    end = escape(bytes, end)?;
                }
                Some(_) => return Err(Fault::Syntax { at: end, what: "a control character in a string" }),
            }
        }
        self.push(ty, start, end);
        Ok(end + 1)
    }

    fn literal(&mut self, bytes: &[u8], at: usize, word: &'static [u8], ty: Type) -> Result<usize, Fault> {
        let end = at + word.len();
        match bytes.get(at..end) {
            Some(found) if found == word => {
                self.push(ty, at, end);
                Ok(end)
            }
            None if word.starts_with(&bytes[at..]) => Err(Fault::Incomplete),
            _ => Err(Fault::Syntax { at, what: "a value was expected" }),
        }
    }

    #[inline]
    fn space(&mut self, bytes: &[u8], mut at: usize) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
            at += 1;
        }
        at
    }

    /// Was nothing read?
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The value that was read; `text` is what it was read from.
    #[inline]
    pub fn root<'a>(&'a self, text: &'a str) -> Value<'a> {
        Value { tape: self, text, index: 0 }
    }

    /// Every string of the value, keys among them, with its raw text.
    #[inline]
    pub fn strings<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, bool)> {
        self.tokens.iter().filter_map(move |token| match token.ty {
            Type::Plain => Some((slice(text, token), false)),
            Type::Escaped => Some((slice(text, token), true)),
            _ => None,
        })
    }
}

enum Step {
    Next(usize),
    Done(usize),
}

/// The first quote, backslash or control character at or after `at`; the end if there is none.
#[inline]
pub(crate) fn special(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    while let Some(Ok(eight)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(eight);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        // Exact for the lowest byte that matches, which is the only one looked at.
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let found = found & HIGH;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            return at;
        }
        at += 1;
    }
    at
}

/// Past the escape sequence whose backslash stands at `at`.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at + 1) {
        None => Err(Fault::Incomplete),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match bytes.get(at + 2..at + 6) {
            None => Err(Fault::Incomplete),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            Some(_) => Err(Fault::Syntax { at, what: "an escape needs four hexadecimal digits" }),
        },
        Some(_) => Err(Fault::Syntax { at, what: "an unknown escape" }),
    }
}

/// Past the number that begins at `at`.
fn number(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let digits = |mut at: usize| {
        let from = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at > from {
            Ok(at)
        } else if at >= bytes.len() {
            Err(Fault::Incomplete)
        } else {
            Err(Fault::Syntax { at, what: "a digit was expected" })
        }
    };
    let mut at = start + usize::from(bytes[start] == b'-');
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(at)?;
    }
    Ok(at)
}

#[inline]
fn slice<'a>(text: &'a str, token: &Token) -> &'a str {
    text.get(token.start as usize..token.end as usize).unwrap_or_default()
}

/// Stands for the value of a tape into which nothing was read: that of a line.
static NOTHING: Token = Token { ty: Type::Null, start: 0, end: 0, next: 0 };

/// One value of a tape.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    tape: &'a Tape,
    text: &'a str,
    index: u32,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.raw())
    }
}

impl<'a> Value<'a> {
    #[inline]
    fn token(&self) -> &'a Token {
        self.tape.tokens.get(self.index as usize).unwrap_or(&NOTHING)
    }

    #[inline]
    pub fn ty(&self) -> Type {
        self.token().ty
    }

    #[inline]
    pub fn is_null(&self) -> bool {
        self.ty() == Type::Null
    }

    #[inline]
    pub fn is_object(&self) -> bool {
        self.ty() == Type::Object
    }

    #[inline]
    pub fn is_array(&self) -> bool {
        self.ty() == Type::Array
    }

    /// The text of the value as it stands, strings with their quotes.
    #[inline]
    pub fn raw(&self) -> &'a str {
        let token = self.token();
        match token.ty {
            Type::Plain | Type::Escaped => {
                self.text.get(token.start as usize - 1..token.end as usize + 1).unwrap_or_default()
            }
            _ => slice(self.text, token),
        }
    }

    /// The value of a string without escapes.
    #[inline]
    pub fn plain(&self) -> Option<&'a str> {
        let token = self.token();
        (token.ty == Type::Plain).then(|| slice(self.text, token))
    }

    /// The value of a string; none when it is no string.
    #[inline]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let token = self.token();
        match token.ty {
            Type::Plain => Some(Cow::Borrowed(slice(self.text, token))),
            Type::Escaped => Some(Cow::Owned(unescape(slice(self.text, token)))),
            _ => None,
        }
    }

    /// The members of an object, in order; none when it is no object.
    #[inline]
    pub fn entries(&self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> + use<'a> {
        let (this, token) = (*self, self.token());
        let end = if token.ty == Type::Object { token.next } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            if index >= end {
                return None;
            }
            let key = Value { index, ..this };
            let value = Value { index: index + 1, ..this };
            index = value.token().next;
            Some((key.text().unwrap_or_default(), value))
        })
    }

    /// The items of an array, in order; none when it is no array.
    #[inline]
    pub fn items(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let (this, token) = (*self, self.token());
        let end = if token.ty == Type::Array { token.next } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            if index >= end {
                return None;
            }
            let value = Value { index, ..this };
            index = value.token().next;
            Some(value)
        })
    }

    /// The member of that name; the last one when there are several.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut found = None;
        self.each(|key, value| {
            if key.is(name) {
                found = Some(value);
            }
        });
        found
    }

    /// Calls `member` with the key and the value of each member of an object, in order.
    #[inline]
    pub fn each(&self, mut member: impl FnMut(Value<'a>, Value<'a>)) {
        let token = self.token();
        let end = if token.ty == Type::Object { token.next } else { 0 };
        let mut index = self.index + 1;
        while index < end {
            let value = Value { index: index + 1, ..*self };
            member(Value { index, ..*self }, value);
            index = value.token().next;
        }
    }

    /// Is it the string `text`?
    #[inline]
    pub fn is(&self, text: &str) -> bool {
        let token = self.token();
        match token.ty {
            Type::Plain => slice(self.text, token) == text,
            Type::Escaped => unescape(slice(self.text, token)) == text,
            _ => false,
        }
    }

    /// Which token of the tape it is.
    #[inline]
    pub(crate) fn token_index(&self) -> u32 {
        self.index
    }

    /// Another value of the same tape, by its token.
    #[inline]
    pub(crate) fn at(&self, index: u32) -> Value<'a> {
        Value { index, ..*self }
    }

    /// Where the value begins in the text it was read from.
    pub fn start(&self) -> usize {
        let token = self.token();
        match token.ty {
            Type::Plain | Type::Escaped => token.start as usize - 1,
            _ => token.start as usize,
        }
    }
}

/// The text that an escaped string stands for. A lone surrogate becomes U+FFFD.
pub fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let bytes = rest.as_bytes();
        let mut used = 2;
        match bytes.get(at + 1) {
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'n') => out.push('\n'),
            Some(b'r') => out.push('\r'),
            Some(b't') => out.push('\t'),
            Some(b'u') => {
                used = 6;
                let high = hex4(bytes, at + 2);
                let low = match (high, bytes.get(at + 6..at + 8)) {
                    (0xD800..=0xDBFF, Some(b"\\u")) => hex4(bytes, at + 8),
                    _ => 0,
                };
                if (0xDC00..=0xDFFF).contains(&low) {
                    used = 12;
                    out.extend(char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
                } else {
                    out.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
            Some(&other) => out.push(char::from(other)),
            None => used = 1,
        }
        rest = rest.get(at + used..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn hex4(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .map_or(0, |digits| digits.iter().fold(0, |sum, digit| sum * 16 + char::from(*digit).to_digit(16).unwrap_or(0)))
}

#[cfg(test)]
mod tests;
