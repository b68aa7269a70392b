//! Times as people write them in a question. `now` is never among them: a case has no present.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::session::Bounds;

/// Microseconds since 1970 of an instant: RFC 3339, a date or a date and time (UTC), `start` or `end` of
/// the data, `end-7d`, `start+2h`, or `7d`, which is that long before the end.
pub fn instant(text: &str, bounds: Bounds) -> Option<i64> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    if let Some(rest) = text.strip_prefix("end") {
        return shifted(bounds.end, rest);
    }
    if let Some(rest) = text.strip_prefix("start") {
        return shifted(bounds.start, rest);
    }
    if let Some(duration) = duration(text) {
        return bounds.end.checked_sub(duration);
    }
    let local = text.parse::<DateTime>().or_else(|_| text.replacen(' ', "T", 1).parse::<DateTime>());
    let local = local.or_else(|_| text.parse::<Date>().map(|date| date.to_datetime(jiff::civil::Time::midnight())));
    local.ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_microsecond())
}

/// The same for the end of a period: a date alone means all of that day, to its last microsecond.
pub fn until(text: &str, bounds: Bounds) -> Option<i64> {
    let instant = instant(text, bounds)?;
    match text.trim().parse::<Timestamp>().is_err() && text.trim().len() == 10 && text.trim().parse::<Date>().is_ok() {
        true => instant.checked_add(86_400_000_000 - 1),
        false => Some(instant),
    }
}

fn shifted(from: i64, by: &str) -> Option<i64> {
    match by.trim().as_bytes().first() {
        None => Some(from),
        Some(b'-') => from.checked_sub(duration(by.trim().get(1..)?)?),
        Some(b'+') => from.checked_add(duration(by.trim().get(1..)?)?),
        Some(_) => None,
    }
}

/// `90s`, `30m`, `12h`, `7d`, `2w`, in microseconds.
pub fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let number: i64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    let duration = SignedDuration::from_secs(number.checked_mul(seconds)?);
    i64::try_from(duration.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let bounds = Bounds { start: 0, end: 10 * 86_400_000_000 };
        let day = 86_400_000_000;
        for (text, expected) in [
            ("1970-01-02", Some(day)),
            ("1970-01-02T00:00:00Z", Some(day)),
            ("1970-01-02 00:00:00", Some(day)),
            ("1970-01-02T02:00:00+02:00", Some(day)),
            ("start", Some(0)),
            ("end", Some(10 * day)),
            ("end-7d", Some(3 * day)),
            ("start+24h", Some(day)),
            ("7d", Some(3 * day)),
            ("now", None),
            ("yesterday", None),
            ("7x", None),
        ] {
            assert_eq!(instant(text, bounds), expected, "{text}");
        }
        assert_eq!(until("1970-01-02", bounds), Some(2 * day - 1));
        assert_eq!(until("1970-01-02T00:00:00Z", bounds), Some(day));
        assert_eq!(until("end", bounds), Some(10 * day));
    }
}
