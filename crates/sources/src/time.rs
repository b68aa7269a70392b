//! Times as logs, exporters and consoles write them, to microseconds since 1970 (UTC).
//!
//! A time that says no zone is in UTC, as AWS writes all of its logs. Forms that can be read in two ways, such as
//! `3/1/2026`, are not times: they are left to the reader of the row.

mod written;

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A time that was read, and whether it stood in the one form from which the text can be made again:
/// `YYYY-MM-DDTHH:MM:SSZ` with three, six or no digits after the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    pub micros: i64,
    pub canonical: bool,
}

/// AWS began in 2006; a log that says an earlier time has a clock, or a decoder, that is wrong.
pub const FIRST_YEAR: i16 = 2006;

/// The last year for callers that know no clock. Those that know one say the year after the present one.
pub const LAST_YEAR: i16 = 2035;

/// The years that a record can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Years {
    first: i64,
    end: i64,
}

impl Years {
    /// From the first year of AWS to `last`.
    pub fn until(last: i16) -> Years {
        let new_year = |year| civil([year, 1, 1], [0, 0, 0], 0).unwrap_or(i64::MAX);
        Years { first: new_year(i64::from(FIRST_YEAR)), end: new_year(i64::from(last) + 1) }
    }

    /// Does a time, in microseconds since 1970, lie in them?
    pub fn hold(self, micros: i64) -> bool {
        (self.first..self.end).contains(&micros)
    }
}

impl Default for Years {
    fn default() -> Years {
        Years::until(LAST_YEAR)
    }
}

/// Any written form of a time that can be read in one way only, or a number of seconds, milliseconds, microseconds
/// or nanoseconds since 1970, told by its size. Of any year: see [`Years`].
pub fn read(text: &str) -> Option<Instant> {
    iso(text).or_else(|| {
        let micros = epoch(text).or_else(|| written::read(text))?;
        Some(Instant { micros, canonical: false })
    })
}

/// Microseconds since 1970 of a civil time that is `offset` seconds ahead of UTC.
fn civil(date: [i64; 3], clock: [i64; 3], offset: i64) -> Option<i64> {
    let [hour, minute, second] = clock;
    // A leap second counts as the second after it, as AWS clocks have it.
    let leap = i64::from(second == 60);
    let small = |number: i64| i8::try_from(number).ok();
    let [year, month, day] = date;
    let there = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second - leap)?,
        0,
    );
    let there = Offset::UTC.to_timestamp(there.ok()?).ok()?;
    Some((there.as_second() + leap - offset) * 1_000_000)
}

fn number(bytes: &[u8], from: usize, count: usize) -> Option<i64> {
    bytes
        .get(from..from + count)?
        .iter()
        .try_fold(0i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

/// The first six digits of a fraction, as microseconds; and how many digits there are.
fn fraction(bytes: &[u8]) -> (i64, usize) {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let micros = (0..6).fold(0, |sum, at| {
        let digit = bytes.get(at).filter(|_| at < digits).map_or(0, |byte| i64::from(byte - b'0'));
        sum * 10 + digit
    });
    (micros, digits)
}

/// The form of nearly all logs, RFC 3339, and its nearest relatives: `T` or a space, any fraction, `Z`, `z`, an
/// offset, or none.
pub fn iso(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    if bytes.get(4) != Some(&b'-')
        || bytes.get(7) != Some(&b'-')
        || bytes.get(13) != Some(&b':')
        || bytes.get(16) != Some(&b':')
    {
        return None;
    }
    let separator = *bytes.get(10)?;
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let date = [number(bytes, 0, 4)?, number(bytes, 5, 2)?, number(bytes, 8, 2)?];
    let clock = [number(bytes, 11, 2)?, number(bytes, 14, 2)?, number(bytes, 17, 2)?];
    let (mut at, mut micros, mut digits) = (19, 0, 0);
    if bytes.get(at) == Some(&b'.') {
        (micros, digits) = fraction(bytes.get(at + 1..)?);
        at += 1 + digits;
    }
    let (offset, plain) = match bytes.get(at..)? {
        b"Z" => (0, true),
        b"" | b"z" | b" UTC" => (0, false),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (hours, minutes) = match rest.len() {
                5 if rest[2] == b':' => (number(rest, 0, 2)?, number(rest, 3, 2)?),
                4 => (number(rest, 0, 2)?, number(rest, 2, 2)?),
                _ => return None,
            };
            (signed_offset(*sign == b'-', hours, minutes)?, false)
        }
        _ => return None,
    };
    let canonical = plain && separator == b'T' && matches!(digits, 0 | 3 | 6) && clock[2] < 60;
    Some(Instant { micros: civil(date, clock, offset)? + micros, canonical })
}

/// Seconds; no place is farther than 18 hours from UTC by any convention.
fn signed_offset(west: bool, hours: i64, minutes: i64) -> Option<i64> {
    let seconds = (hours * 60 + minutes) * 60;
    (hours <= 18 && minutes < 60).then_some(if west { -seconds } else { seconds })
}

/// Time since 1970 as a number, with or without fraction or exponent: seconds as CloudFront's real-time logs and the
/// AWS CLI write them, milliseconds as Java, microseconds or nanoseconds. Which of them is told by the size: what
/// lies below 10¹¹ is seconds (until the year 5138), below 10¹⁴ milliseconds, below 10¹⁷ microseconds.
pub fn epoch(text: &str) -> Option<i64> {
    if text.contains(['e', 'E']) {
        let number: f64 = text.parse().ok()?;
        return if number.is_finite() { plain_epoch(&format!("{number:.6}")) } else { None };
    }
    plain_epoch(text)
}

fn plain_epoch(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    // A count of 8, 12, 14, 17 or 20 digits is a date and time without separators, if it is a time at all.
    if whole.is_empty() || matches!(whole.len(), 8 | 12 | 14 | 17 | 20..) || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = if whole.starts_with('+') { None } else { whole.parse().ok() }?;
    let micros = fraction(rest.as_bytes()).0;
    match number {
        i64::MIN..=-1 => None,
        0..100_000_000_000 => Some(number * 1_000_000 + micros),
        100_000_000_000..100_000_000_000_000 => Some(number * 1_000 + micros / 1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Some(number),
        100_000_000_000_000_000.. => Some(number / 1_000),
    }
}

/// `06/Feb/2019:00:00:38 +0000`, as S3 writes it; any other form too.
pub fn common_log(text: &str) -> Option<i64> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes.get(20..) != Some(b" +0000") {
        return read(text).map(|instant| instant.micros);
    }
    let month = MONTHS.iter().position(|name| bytes.get(3..6) == Some(name))? as i64 + 1;
    let date = [number(bytes, 7, 4)?, month, number(bytes, 0, 2)?];
    civil(date, [number(bytes, 12, 2)?, number(bytes, 15, 2)?, number(bytes, 18, 2)?], 0)
}

#[cfg(test)]
mod tests;
