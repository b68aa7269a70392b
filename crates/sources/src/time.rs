//! Times as logs write them, to microseconds since 1970 (UTC).

/// A time that was read, and whether it stood in the one form from which the text can be made again:
/// `YYYY-MM-DDTHH:MM:SSZ` with three, six or no digits after the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    pub micros: i64,
    pub canonical: bool,
}

/// Days from 1970-01-01 to a civil date. <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn number(bytes: &[u8], from: usize, count: usize) -> Option<i64> {
    bytes
        .get(from..from + count)?
        .iter()
        .try_fold(0i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn civil(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    // A leap second counts as the second after it, as AWS clocks have it.
    let fits = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    let fits = fits && hour < 24 && minute < 60 && second <= 60;
    fits.then(|| ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// RFC 3339 and its relatives: `T` or a space, any fraction, `Z`, `z`, an offset, or none (UTC).
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
    let seconds = civil(
        number(bytes, 0, 4)?,
        number(bytes, 5, 2)?,
        number(bytes, 8, 2)?,
        number(bytes, 11, 2)?,
        number(bytes, 14, 2)?,
        number(bytes, 17, 2)?,
    )?;
    let mut at = 19;
    let mut micros = 0;
    let mut digits = 0;
    if bytes.get(at) == Some(&b'.') {
        while let Some(digit) = bytes.get(at + 1 + digits).filter(|b| b.is_ascii_digit()) {
            if digits < 6 {
                micros = micros * 10 + i64::from(digit - b'0');
            }
            digits += 1;
        }
        micros *= 10i64.pow(6u32.saturating_sub(digits as u32));
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
            let seconds = (hours * 60 + minutes) * 60;
            (if *sign == b'-' { -seconds } else { seconds }, false)
        }
        _ => return None,
    };
    let canonical = plain && separator == b'T' && matches!(digits, 0 | 3 | 6) && !text.contains(":60");
    Some(Instant { micros: (seconds - offset) * 1_000_000 + micros, canonical })
}

/// Seconds since 1970, with or without a fraction, as CloudFront's real-time logs and the AWS CLI write them.
pub fn epoch_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(micros)
}

/// `06/Feb/2019:00:00:38 +0000`, as S3 writes it.
pub fn common_log(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let bytes = text.as_bytes();
    let month = MONTHS.iter().position(|name| text.get(3..6) == Some(name))? as i64 + 1;
    let seconds = civil(
        number(bytes, 7, 4)?,
        month,
        number(bytes, 0, 2)?,
        number(bytes, 12, 2)?,
        number(bytes, 15, 2)?,
        number(bytes, 18, 2)?,
    )?;
    let sign = match text.get(20..22)? {
        " +" => 1,
        " -" => -1,
        _ => return None,
    };
    let offset = (number(bytes, 22, 2)? * 60 + number(bytes, 24, 2)?) * 60 * sign;
    (bytes.len() == 26).then_some((seconds - offset) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_time() {
        let micros = |text| iso(text).map(|i| i.micros);
        assert_eq!(iso("1970-01-02T00:00:00Z"), Some(Instant { micros: 86_400_000_000, canonical: true }));
        assert_eq!(micros("2023-07-10T12:20:00z"), micros("2023-07-10T12:20:00Z"));
        assert_eq!(micros("2023-07-10 14:20:00.000000000"), micros("2023-07-10T14:20:00Z"));
        assert_eq!(micros("2023-07-10T14:20:00+02:00"), micros("2023-07-10T12:20:00Z"));
        assert_eq!(micros("2023-07-10T12:20:00.000+0000"), micros("2023-07-10T12:20:00Z"));
        assert_eq!(micros("2021-11-15T09:11:24.624Z"), Some(1_636_967_484_624_000));
        assert_eq!(micros("2024-02-30T00:00:00Z"), None);
        assert_eq!(micros("2024-13-01T00:00:00Z"), None);
        assert_eq!(micros("2024-1-01T00:00:00Z"), None);
        assert_eq!(common_log("06/Feb/2019:00:00:38 +0000"), micros("2019-02-06T00:00:38Z"));
        assert_eq!(common_log("06/Feb/2019:00:00:38"), None);
        assert_eq!(epoch_seconds("1600000000.123"), Some(1_600_000_000_123_000));
        assert_eq!(epoch_seconds("x"), None);
    }
}
