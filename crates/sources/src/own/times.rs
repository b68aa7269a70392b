//! Times as a definition says that they are written.

use jiff::Timestamp;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::Offset;

use crate::time;

/// How a log writes its times.
#[derive(Debug, Clone)]
pub(super) struct TimeForm {
    form: Form,
    /// Where a time that says no zone was written.
    zone: Offset,
    /// The year of times that say none.
    year: Option<i16>,
}

#[derive(Debug, Clone)]
enum Form {
    /// Whatever can be read in one way only.
    Any,
    Iso,
    Seconds,
    Millis,
    /// By a format of strptime.
    Format(String),
}

impl Default for TimeForm {
    fn default() -> TimeForm {
        TimeForm { form: Form::Any, zone: Offset::UTC, year: None }
    }
}

/// A key tells the day in a zone that nobody knows: so much later than it, a record may be.
const A_DAY: i64 = 86_400_000_000;

impl TimeForm {
    /// From what stands in `[time]`, and `year`; an error names the key.
    pub(super) fn new(
        format: Option<&str>,
        zone: Option<&str>,
        year: Option<i16>,
    ) -> Result<TimeForm, (&'static str, String)> {
        let zone = zone.map_or(Ok(Offset::UTC), offset).map_err(|what| ("time.zone", what))?;
        let form = match format {
            None if zone != Offset::UTC => {
                let what = "goes with `time.format`: without one, a time that says no zone is in UTC";
                return Err(("time.zone", what.to_owned()));
            }
            None => Form::Any,
            Some("iso") => Form::Iso,
            Some("epoch_s") => Form::Seconds,
            Some("epoch_ms") => Form::Millis,
            Some(format) => {
                check(format).map_err(|what| ("time.format", what))?;
                Form::Format(format.to_owned())
            }
        };
        if let Some(year) = year
            && !(time::FIRST_YEAR..=9999).contains(&year)
        {
            return Err(("year", format!("{year} is before AWS, or no year")));
        }
        Ok(TimeForm { form, zone, year })
    }

    /// Microseconds since 1970 of a time as the log writes it. `written` is when the file was, as far as its key tells:
    /// a time without a year is of the last year in which it is not later than that.
    pub(super) fn read(&self, text: &str, written: Option<i64>) -> Option<i64> {
        let text = text.trim();
        match &self.form {
            Form::Any => time::read(text).map(|instant| instant.micros),
            Form::Iso => {
                let here = if says_zone(text) { 0 } else { i64::from(self.zone.seconds()) * 1_000_000 };
                time::iso(text).map(|instant| instant.micros - here)
            }
            Form::Seconds => since_1970(text, 1_000_000),
            Form::Millis => since_1970(text, 1_000),
            Form::Format(format) => self.by_format(format, text, written),
        }
    }

    fn by_format(&self, format: &str, text: &str, written: Option<i64>) -> Option<i64> {
        let Ok(mut told) = BrokenDownTime::parse(format, text) else { return None };
        if let Some(instant) = told.timestamp() {
            return Some(instant.as_microsecond());
        }
        // A week date has a year of its own, which is not asked for here.
        if told.year().is_some() || told.iso_week_year().is_some() {
            return self.instant(&told);
        }
        if let Some(year) = self.year {
            return self.of_year(&mut told, year);
        }
        let written = written?;
        let Ok(last) = Timestamp::from_microsecond(written.saturating_add(A_DAY)) else { return None };
        let last = Offset::UTC.to_datetime(last).year();
        let not_later = |micros: &i64| *micros <= written.saturating_add(A_DAY);
        self.of_year(&mut told, last).filter(not_later).or_else(|| self.of_year(&mut told, last - 1))
    }

    fn of_year(&self, told: &mut BrokenDownTime, year: i16) -> Option<i64> {
        told.set_year(Some(year)).is_ok().then(|| self.instant(told)).flatten()
    }

    fn instant(&self, told: &BrokenDownTime) -> Option<i64> {
        let Ok(civil) = told.to_datetime() else { return None };
        let Ok(instant) = told.offset().unwrap_or(self.zone).to_timestamp(civil) else { return None };
        Some(instant.as_microsecond())
    }
}

/// The day in the name of a rotated file, `secure-20260105` or `secure-20260105.gz`: its last moment, in microseconds
/// since 1970.
pub(super) fn rotated(key: &str) -> Option<i64> {
    let name = key.rsplit(['/', '\\']).next().unwrap_or(key);
    let digits = |text: &&str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = name.rsplit(|c: char| !c.is_ascii_digit()).find(digits)?;
    let day = format!("{}-{}-{}T23:59:59Z", day.get(..4)?, day.get(4..6)?, day.get(6..)?);
    time::iso(&day).map(|instant| instant.micros)
}

/// A number of units since 1970, with or without a fraction.
fn since_1970(text: &str, unit: i64) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !plain(whole) || !plain(rest) {
        return None;
    }
    let Ok(whole) = whole.parse::<i64>() else { return None };
    let mut part = unit;
    let below = rest.bytes().fold(0, |sum, digit| {
        part /= 10;
        sum + i64::from(digit - b'0') * part
    });
    whole.checked_mul(unit)?.checked_add(below)
}

/// Does a time in ISO's form say its zone? A sign stands in the date, too.
fn says_zone(text: &str) -> bool {
    text.ends_with(['Z', 'z']) || text.ends_with(" UTC") || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']))
}

/// `UTC`, `Z`, `+02:00` or `-0330`.
fn offset(text: &str) -> Result<Offset, String> {
    if matches!(text, "UTC" | "utc" | "Z") {
        return Ok(Offset::UTC);
    }
    let wrong = || {
        let known = "UTC, or an offset such as +02:00; names of places are not, for what their clocks showed changes";
        format!("`{text}` is not known here: {known}")
    };
    let (west, rest) = match text.as_bytes() {
        [sign @ (b'+' | b'-'), ..] => (*sign == b'-', text.get(1..).unwrap_or_default().replacen(':', "", 1)),
        _ => return Err(wrong()),
    };
    if rest.len() != 4 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: i32 = rest.parse().map_err(|_digits| wrong())?;
    let seconds = (number / 100 * 60 + number % 100) * 60;
    if number / 100 > 18 || number % 100 > 59 {
        return Err(wrong());
    }
    Offset::from_seconds(if west { -seconds } else { seconds }).map_err(|_range| wrong())
}

/// Is it a format whose times can be read?
fn check(format: &str) -> Result<(), String> {
    for name in ["%Z", "%Q", "%:Q"] {
        if format.contains(name) {
            return Err(format!(
                "`{name}`, the name of a zone, is not read: leave it out of the field, and say `time.zone`"
            ));
        }
    }
    if !format.contains('%') {
        return Err(format!("`{format}` is no format: write iso, epoch_s, epoch_ms, or such as %Y-%m-%d %H:%M:%S"));
    }
    match strtime::format(format, Timestamp::UNIX_EPOCH) {
        Ok(_text) => Ok(()),
        Err(error) => Err(format!("`{format}` is no format: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        time::iso(text).expect("a time").micros
    }

    #[test]
    fn a_time_without_a_year_is_not_later_than_its_file() {
        let form = TimeForm::new(Some("%b %e %H:%M:%S"), None, None).expect("a form");
        let written = rotated("var/log/secure-20260105.gz");
        assert_eq!(written, Some(at("2026-01-05T23:59:59Z")));
        assert_eq!(form.read("Jan  5 03:04:05", written), Some(at("2026-01-05T03:04:05Z")));
        assert_eq!(form.read("Dec 29 03:04:05", written), Some(at("2025-12-29T03:04:05Z")));
        assert_eq!(form.read("Dec 29 03:04:05", None), None);
        assert_eq!(form.read("Foo 29 03:04:05", written), None);
        let form = TimeForm::new(Some("%b %e %H:%M:%S"), Some("+02:00"), Some(2024)).expect("a form");
        assert_eq!(form.read("Feb 29 01:00:00", written), Some(at("2024-02-28T23:00:00Z")));
    }

    #[test]
    fn the_zone_is_that_of_the_text_or_of_the_definition() {
        let form = |format, zone| TimeForm::new(Some(format), zone, None).expect("a form");
        let wanted = Some(at("2026-03-01T10:00:00Z"));
        assert_eq!(form("iso", Some("-05:00")).read("2026-03-01T05:00:00", None), wanted);
        assert_eq!(form("iso", Some("-05:00")).read("2026-03-01T10:00:00Z", None), wanted);
        assert_eq!(form("%d/%b/%Y:%H:%M:%S %z", None).read("01/Mar/2026:12:00:00 +0200", None), wanted);
        assert_eq!(form("epoch_s", None).read("1772359200", None), wanted);
        assert_eq!(form("epoch_s", None).read("1772359200.25", None), wanted.map(|micros| micros + 250_000));
        assert_eq!(form("epoch_ms", None).read("1772359200000", None), wanted);
        assert_eq!(form("epoch_ms", None).read("-1", None), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for (format, zone, key) in [
            (Some("%b %e %H:%M:%S %Z"), None, "time.format"),
            (Some("now"), None, "time.format"),
            (Some("%Y-%m-%d %!"), None, "time.format"),
            (Some("iso"), Some("Europe/Berlin"), "time.zone"),
            (Some("iso"), Some("+2"), "time.zone"),
            (None, Some("+02:00"), "time.zone"),
        ] {
            let refused = TimeForm::new(format, zone, None).map_err(|(key, _)| key);
            assert_eq!(refused.err(), Some(key), "{format:?} {zone:?}");
        }
        assert!(TimeForm::new(None, None, Some(1999)).is_err());
    }
}
