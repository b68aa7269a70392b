//! Times in any of the forms that programs and people write, read word by word.

use super::{civil, epoch, fraction, number, signed_offset};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Microseconds since 1970; none where a word is not understood, something is said twice or missing, or the order
/// of day and month cannot be told.
pub(super) fn read(text: &str) -> Option<i64> {
    if text.len() > 120 {
        return None;
    }
    let text = bare(text);
    if let Some(inner) = text.strip_prefix("/Date(").or_else(|| text.strip_prefix("Date(")) {
        // .NET: milliseconds since 1970 in UTC; an offset only says where the clock hung.
        return epoch(inner.split([')', '+', '-']).next()?);
    }
    let mut reader = Reader { rest: text, ..Reader::default() };
    while !reader.rest.is_empty() {
        reader.step()?;
    }
    reader.micros()
}

/// Without quotes, brackets and constructors around it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    for (open, close) in [("ISODate(", ")"), ("new ", ""), ("[", "]"), ("\"", "\""), ("'", "'")] {
        if let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
            text = inner.trim();
        }
    }
    text
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a str,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    /// Hour, minute, second.
    clock: Option<[i64; 3]>,
    micros: i64,
    /// Seconds ahead of UTC.
    offset: Option<i64>,
    afternoon: Option<bool>,
    weekday: bool,
}

/// Fills a slot that is empty.
fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    if slot.is_some() {
        return None;
    }
    *slot = Some(value);
    Some(())
}

impl<'a> Reader<'a> {
    fn micros(self) -> Option<i64> {
        let [hour, minute, second] = self.clock?;
        let hour = match self.afternoon {
            None => hour,
            Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
            Some(_) => return None,
        };
        let date = [self.year?, self.month?, self.day?];
        Some(civil(date, [hour, minute, second], self.offset.unwrap_or(0))? + self.micros)
    }

    fn byte(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    fn take(&mut self, count: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn run(&mut self, fits: fn(&u8) -> bool) -> &'a str {
        let count = self.rest.bytes().take_while(fits).count();
        self.take(count)
    }

    fn digits(&mut self) -> &'a str {
        self.run(u8::is_ascii_digit)
    }

    fn step(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        match first {
            // Java and browsers write narrow spaces before AM and PM.
            ',' | '\u{202f}' | '\u{a0}' | ' ' | '\t' => {
                self.take(first.len_utf8());
                Some(())
            }
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' => self.word(),
            '+' | '-' if self.clock.is_some() => self.offset(),
            // Between date and time in access logs.
            ':' if self.year.is_some() && self.clock.is_none() => {
                self.take(1);
                self.byte().is_some_and(|byte| byte.is_ascii_digit()).then_some(())
            }
            '(' => self.aside(')'),
            '[' => self.aside(']'),
            _ => None,
        }
    }

    /// `(UTC+00:00)`, `[UTC]`; the name of a zone counts only where its offset was said.
    fn aside(&mut self, close: char) -> Option<()> {
        self.take(1);
        let inner = self.rest.get(..self.rest.find(close)?)?.trim();
        if self.offset.is_none() {
            let mut zone = Reader { rest: inner, clock: self.clock, ..Reader::default() };
            while !zone.rest.is_empty() {
                zone.step()?;
            }
            if zone.day.or(zone.month).or(zone.year).is_some() {
                return None;
            }
            self.offset = Some(zone.offset?);
        }
        self.take(self.rest.find(close)? + 1);
        Some(())
    }

    fn word(&mut self) -> Option<()> {
        let word = self.run(u8::is_ascii_alphabetic).to_ascii_lowercase();
        let short = |names: &[&str]| {
            names.iter().position(|name| *name == word || (word.len() == 3 && name.starts_with(word.as_str())))
        };
        match word.as_str() {
            "t" => (self.day.is_some() && self.clock.is_none()).then_some(()),
            "at" => Some(()),
            "z" | "utc" | "gmt" | "ut" => {
                self.clock?;
                if matches!(self.byte(), Some(b'+' | b'-')) { self.offset() } else { self.zone(0) }
            }
            "am" => set(&mut self.afternoon, false),
            "pm" => set(&mut self.afternoon, true),
            "a" | "p" if self.rest.starts_with(".m.") => {
                self.take(3);
                set(&mut self.afternoon, word == "p")
            }
            _ => {
                if let Some(month) = short(&MONTHS).or((word == "sept").then_some(8)) {
                    self.dot();
                    return set(&mut self.month, month as i64 + 1);
                }
                self.dot();
                if short(&DAYS).is_some() {
                    return (!std::mem::replace(&mut self.weekday, true)).then_some(());
                }
                // The name of a zone whose offset was said: `+0100 CET`.
                (self.offset.is_some() && (3..=5).contains(&word.len())).then_some(())
            }
        }
    }

    /// The dot of an abbreviation.
    fn dot(&mut self) {
        if self.byte() == Some(b'.') {
            self.take(1);
        }
    }

    /// The same offset may be said twice: `+0000 UTC`.
    fn zone(&mut self, offset: i64) -> Option<()> {
        (*self.offset.get_or_insert(offset) == offset).then_some(())
    }

    fn offset(&mut self) -> Option<()> {
        let west = self.take(1) == "-";
        let digits = self.digits();
        let (hours, minutes) = match digits.len() {
            1 | 2 => {
                let minutes = match self.byte() {
                    Some(b':') => {
                        self.take(1);
                        Some(self.digits()).filter(|digits| digits.len() == 2)?
                    }
                    _ => "0",
                };
                (digits, minutes)
            }
            4 => digits.split_at(2),
            _ => return None,
        };
        self.zone(signed_offset(west, value(hours)?, value(minutes)?)?)
    }

    fn number(&mut self) -> Option<()> {
        let digits = self.digits();
        let next = self.byte();
        let dated = self.year.is_some() && self.month.is_some() && self.day.is_some();
        let separated = matches!(next, Some(b'-' | b'/' | b'.'));
        match digits.len() {
            1 | 2 if self.clock.is_none() && next == Some(b':') => self.clock(digits),
            8 | 12 | 14 | 17 | 20 if !dated => self.compact(digits),
            4 | 6 if dated && self.clock.is_none() => self.compact_clock(digits),
            1 | 2 | 4 if separated && self.year.is_none() && self.day.is_none() && self.month.is_none() => {
                self.separated(digits)
            }
            4 => set(&mut self.year, value(digits)?),
            1 | 2 => set(&mut self.day, value(digits)?),
            _ => None,
        }
    }

    /// `10:00`, `10:00:00`, `10:00:00,123`
    fn clock(&mut self, hour: &str) -> Option<()> {
        let minute = self.pair()?;
        let seconds = self.byte() == Some(b':');
        let second = if seconds { self.pair()? } else { 0 };
        self.clock = Some([value(hour)?, minute, second]);
        if seconds {
            self.fraction();
        }
        (self.byte() != Some(b':')).then_some(())
    }

    /// `:00`
    fn pair(&mut self) -> Option<i64> {
        self.take(1);
        Some(self.digits()).filter(|digits| digits.len() == 2).and_then(value)
    }

    fn fraction(&mut self) {
        if let [b'.' | b',', rest @ ..] = self.rest.as_bytes() {
            let (micros, digits) = fraction(rest);
            if digits > 0 {
                self.take(1 + digits);
                self.micros = micros;
            }
        }
    }

    /// `20260301`, `202603011000`, `20260301100000`, and with milliseconds or microseconds.
    fn compact(&mut self, digits: &str) -> Option<()> {
        let at = |from, count| number(digits.as_bytes(), from, count);
        (self.year, self.month, self.day) = (Some(at(0, 4)?), Some(at(4, 2)?), Some(at(6, 2)?));
        match digits.get(8..)? {
            "" => Some(()),
            clock => {
                self.compact_clock(clock.get(..6).unwrap_or(clock))?;
                self.micros += fraction(clock.as_bytes().get(6..).unwrap_or_default()).0;
                Some(())
            }
        }
    }

    /// `1000`, `100000`
    fn compact_clock(&mut self, digits: &str) -> Option<()> {
        let at = |from| number(digits.as_bytes(), from, 2);
        let second = if digits.len() == 6 { at(4)? } else { 0 };
        self.clock = Some([at(0)?, at(2)?, second]);
        if digits.len() == 6 {
            self.fraction();
        }
        Some(())
    }

    /// `2026-03-01`, `2026/3/1`, `01-Mar-2026`, `25/03/2026`. Of `03/01/2026` nobody can say which is the month.
    fn separated(&mut self, first: &str) -> Option<()> {
        let separator = self.take(1);
        let named = self.byte().is_some_and(|byte| byte.is_ascii_alphabetic());
        let second = if named {
            self.word()?;
            self.month?
        } else {
            Some(self.digits()).filter(|digits| matches!(digits.len(), 1 | 2)).and_then(value)?
        };
        if self.take(1) != separator {
            return None;
        }
        let third = self.digits();
        let one = value(first)?;
        let (year, month, day) = match (first.len(), third.len()) {
            (4, 1 | 2) => (one, second, value(third)?),
            (1 | 2, 4) if named || one > 12 || one == second => (value(third)?, second, one),
            (1 | 2, 4) if second > 12 => (value(third)?, one, second),
            _ => return None,
        };
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        Some(())
    }
}

fn value(digits: &str) -> Option<i64> {
    number(digits.as_bytes(), 0, digits.len())
}
