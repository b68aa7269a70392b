//! One text for all spellings of a JSON value: what is hashed to tell whether two records are one.
//!
//! White space, the order of members, escapes in strings and the form of numbers are spelling; so is null for a member
//! that could as well be absent. Everything else is content. What comes out is much like JSON without colons and commas;
//! a string that cannot stand between quotes as it is has its kind and its length before it. So no two values have the
//! same text.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::json::{Type, Value};

/// Room that is used again for each record.
#[derive(Default)]
pub(crate) struct Canonical {
    out: Vec<u8>,
    /// The members of the objects that are being written, one object's after the other's.
    members: Vec<Member>,
}

/// A member of an object that is being written.
#[derive(Clone, Copy)]
struct Member {
    /// The first eight bytes of the name: enough to tell nearly all of them apart.
    prefix: u64,
    /// The token of its name; that of its value comes next.
    token: u32,
}

impl Canonical {
    /// The canonical form of a value.
    pub(crate) fn of(&mut self, value: Value<'_>) -> &[u8] {
        self.out.clear();
        self.members.clear();
        self.value(value);
        &self.out
    }

    fn value(&mut self, value: Value<'_>) {
        match value.ty() {
            Type::Object => self.object(value),
            Type::Array => {
                self.out.push(b'[');
                value.items().for_each(|item| self.value(item));
                self.out.push(b']');
            }
            // It has no quotes in it.
            Type::Plain => self.out.extend_from_slice(value.raw().as_bytes()),
            Type::Escaped => self.escaped(value),
            Type::Number => {
                self.out.extend_from_slice(number(value.raw()).as_bytes());
                self.out.push(b' ');
            }
            Type::True => self.out.push(b't'),
            Type::False => self.out.push(b'f'),
            Type::Null => self.out.push(b'z'),
        }
    }

    /// A string that is written with escapes: as one without where it can be, else with its kind and its length.
    fn escaped(&mut self, value: Value<'_>) {
        let text = value.text().unwrap_or_default();
        let needs_escapes = |byte: u8| byte == b'"' || byte == b'\\' || byte < 0x20;
        // Half a surrogate has no text: what stands for it would be the same for all of them.
        let (kind, bytes) = match text.contains(char::REPLACEMENT_CHARACTER) {
            true => (b'r', value.raw().as_bytes()),
            false => (b's', text.as_bytes()),
        };
        if kind == b's' && !bytes.iter().copied().any(needs_escapes) {
            self.out.push(b'"');
            self.out.extend_from_slice(bytes);
            self.out.push(b'"');
            return;
        }
        self.out.push(kind);
        // Lengths of records fit: they are bounded by `framing::MAX_RECORD`.
        self.out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.out.extend_from_slice(bytes);
    }

    /// The members by name; those of one name in the order in which they stand.
    fn object(&mut self, object: Value<'_>) {
        let from = self.members.len();
        object.each(|name, value| {
            if !value.is_null() {
                self.members.push(Member { prefix: prefix(name), token: name.token_index() });
            }
        });
        let name = |member: &Member| object.at(member.token).text().unwrap_or_default();
        if let Some(members) = self.members.get_mut(from..) {
            members.sort_unstable_by(|a, b| match a.prefix.cmp(&b.prefix) {
                // Tokens are in the order in which the members stand.
                Ordering::Equal => name(a).cmp(&name(b)).then(a.token.cmp(&b.token)),
                different => different,
            });
        }
        self.out.push(b'{');
        let end = self.members.len();
        for member in from..end {
            let Some(Member { token, .. }) = self.members.get(member).copied() else { break };
            self.value(object.at(token));
            self.value(object.at(token + 1));
        }
        self.members.truncate(from);
        self.out.push(b'}');
    }
}

/// The first eight bytes of a name as a number that compares as they do.
#[inline]
fn prefix(name: Value<'_>) -> u64 {
    let unescaped;
    let bytes = match name.plain() {
        Some(text) => text.as_bytes(),
        None => {
            unescaped = name.text().unwrap_or_default();
            unescaped.as_bytes()
        }
    };
    match bytes.first_chunk::<8>() {
        Some(eight) => u64::from_be_bytes(*eight),
        None => {
            let shifted = bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
            if bytes.is_empty() { 0 } else { shifted << (64 - 8 * bytes.len()) }
        }
    }
}

/// The longest number that is written in full.
const DIGITS: usize = 40;

/// One text for all forms of a number: `1`, `1.0`, `10e-1`. Whole numbers are written in full, as they are nearly always.
pub(crate) fn number(raw: &str) -> Cow<'_, str> {
    if raw.len() <= DIGITS && raw != "-0" && !raw.contains(['.', 'e', 'E']) {
        return Cow::Borrowed(raw);
    }
    let (sign, rest) = raw.strip_prefix('-').map_or(("", raw), |rest| ("-", rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    // An exponent that fits no integer is left as it stands.
    let Ok(exponent) = exponent.parse::<i32>() else { return Cow::Borrowed(raw) };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let trimmed = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - trimmed.len()).unwrap_or_default();
    let exponent = i64::from(exponent) - i64::try_from(fraction.len()).unwrap_or_default() + zeros;
    let digits = trimmed.trim_start_matches('0');
    if digits.is_empty() {
        return Cow::Borrowed("0");
    }
    match usize::try_from(exponent) {
        Ok(zeros) if digits.len().saturating_add(zeros) <= DIGITS => {
            Cow::Owned(format!("{sign}{digits}{}", "0".repeat(zeros)))
        }
        _ => Cow::Owned(format!("{sign}{digits}e{exponent}")),
    }
}

#[cfg(test)]
mod tests;
