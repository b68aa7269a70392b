//! Times, as Trino's functions read, write and count them.
//!
//! Instants are kept as UTC. What reads a text gives null where it is no such time; where Athena fails on it.

mod arithmetic;
mod format;
mod list;
mod moment;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;

use self::format::Format;
pub(super) use self::list::{LIST, WITHIN};
use self::moment::{Moment, Moments, micros_of, times_of};
use super::call::{Call, Last, cell, flags_of, integers_of, micros, numbers_of, texts_of};

/// A number about each time.
fn part(call: &Call, of: fn(&Moment) -> i64) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    integers_of(call.rows, |row| Ok(times.get(row).as_ref().map(of)))
}

fn instant(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    times_of(call, |row| Ok(times.utc(row)))
}

fn date(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    times_of(call, |row| Ok(times.get(row).map(|time| time.clock)))
}

fn last_day_of_month(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    times_of(call, |row| Ok(times.get(row).and_then(|time| micros_of(time.local.last_of_month()))))
}

/// Reads text in a format; what is a time already stays so.
fn parse(call: &Call, read: fn(&str) -> Result<Format>) -> Result<ArrayRef> {
    if call.array(0)?.data_type() != &DataType::Utf8View {
        return instant(call);
    }
    let (texts, formats) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    times_of(call, |row| {
        let (Some(text), Some(format)) = (cell(texts, row), cell(formats, row)) else { return Ok(None) };
        Ok(last.get(format, read)?.read(text))
    })
}

fn write(call: &Call, read: fn(&str) -> Result<Format>) -> Result<ArrayRef> {
    let (times, formats) = (Moments::of(call, 0)?, call.texts(1)?);
    let mut last = Last::new();
    texts_of(call.rows, |row| {
        let (Some(time), Some(format)) = (times.get(row), cell(formats, row)) else { return Ok(None) };
        Ok(Some(last.get(format, read)?.write(&time)))
    })
}

fn to_iso8601(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    let is_date = call.array(0)?.data_type() == &DataType::Date32;
    let format = Format::joda(if is_date { "yyyy-MM-dd" } else { "yyyy-MM-dd'T'HH:mm:ss.SSS" })?;
    texts_of(call.rows, |row| {
        Ok(times.get(row).map(|time| {
            let mut text = format.write(&time);
            match time.zone {
                Some(_) if time.ahead() == 0 => text.push('Z'),
                Some(_) => text.push_str(&time.offset(":")),
                None => {}
            }
            text
        }))
    })
}

fn to_unixtime(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    numbers_of(call.rows, |row| Ok(times.utc(row).map(|micros| micros as f64 / 1e6)))
}

fn from_unixtime(call: &Call) -> Result<ArrayRef> {
    let numbers = call.numbers(0)?;
    times_of(call, |row| Ok(cell(numbers, row).and_then(|seconds| micros_of_number(seconds * 1e6))))
}

fn micros_of_number(micros: f64) -> Option<i64> {
    // The years that a timestamp can have, -9999 to 9999.
    (micros.abs() < 3.2e17).then(|| micros.round() as i64)
}

fn from_unixtime_nanos(call: &Call) -> Result<ArrayRef> {
    let numbers = call.integers(0)?;
    times_of(call, |row| Ok(cell(numbers, row).map(|nanos| nanos.div_euclid(1000))))
}

/// A timestamp in the zone that the second argument names.
fn in_zone(_: &[DataType], constants: &[Option<&ScalarValue>]) -> Result<DataType> {
    match constants.get(1).copied().flatten().and_then(ScalarValue::try_as_str).flatten() {
        Some(zone) => Ok(micros(Some(zone))),
        None => plan_err!("the zone must be written out, such as 'America/New_York'"),
    }
}

fn at_timezone(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    times_of(call, |row| Ok(times.utc(row)))
}

/// What clocks showed, read as the time of a zone.
fn with_timezone(call: &Call) -> Result<ArrayRef> {
    let times = Moments::of(call, 0)?;
    let clocks = Call { arrays: Vec::new(), rows: call.rows, gives: micros(None), config: call.config.clone() };
    let clocks = times_of(&clocks, |row| Ok(times.get(row).map(|time| time.clock)))?;
    Ok(cast(&clocks, &call.gives)?)
}

/// Are two times no further apart than so many seconds?
fn within(call: &Call) -> Result<ArrayRef> {
    let (left, right, seconds) = (Moments::of(call, 0)?, Moments::of(call, 1)?, call.numbers(2)?);
    flags_of(call.rows, |row| {
        let (Some(left), Some(right), Some(seconds)) = (left.utc(row), right.utc(row), cell(seconds, row)) else {
            return Ok(None);
        };
        let apart = left.abs_diff(right) as f64;
        Ok(Some(apart <= seconds * 1e6))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;

    use super::moment::iso;
    use super::*;

    fn moment(text: &str) -> Moment {
        let local: DateTime = text.parse().expect("a time");
        let utc = micros_of(local).expect("in range");
        Moment { utc, clock: utc, local, zone: Some("UTC".into()) }
    }

    #[test]
    fn formats_of_mysql_both_ways() {
        let time = moment("2026-04-09T14:05:03.123456");
        for (format, expected) in [
            ("%Y-%m-%d %H:%i:%s.%f", "2026-04-09 14:05:03.123456"),
            ("%a %b %c %e %k %l %p", "Thu Apr 4 9 14 2 PM"),
            ("%M %W %j %y %T", "April Thursday 099 26 14:05:03"),
            ("%r %h %I %x-%v %%", "02:05:03 PM 02 02 2026-15 %"),
        ] {
            assert_eq!(Format::mysql(format).expect(format).write(&time), expected, "{format}");
        }
        for (format, text, expected) in [
            ("%Y-%m-%d %H:%i:%s", "2026-04-09 14:05:03", Some("2026-04-09T14:05:03")),
            ("%d/%b/%Y", "09/apr/2026", Some("2026-04-09T00:00:00")),
            ("%Y%m%d%H", "2026040914", Some("2026-04-09T14:00:00")),
            ("%M %e, %Y %l:%i %p", "April 9, 2026 2:05 PM", Some("2026-04-09T14:05:00")),
            ("%Y-%m-%d", "2026-02-30", None),
            ("%Y-%m-%d", "2026-04-09 x", None),
            ("%Y-%m-%d", "", None),
        ] {
            let expected = expected.map(|time| moment(time).utc);
            assert_eq!(Format::mysql(format).expect(format).read(text), expected, "{format}");
        }
        assert!(Format::mysql("%D").is_err());
    }

    #[test]
    fn formats_of_joda_both_ways() {
        let time = moment("2026-04-09T00:05:03.120");
        for (format, expected) in [
            ("dd/MMM/yyyy:HH:mm:ss Z", "09/Apr/2026:00:05:03 +0000"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2026-04-09T00:05:03.120Z"),
            ("h a, EEEE d MMMM yy 'o''clock' ZZ", "12 AM, Thursday 9 April 26 o'clock +00:00"),
        ] {
            assert_eq!(Format::joda(format).expect(format).write(&time), expected, "{format}");
        }
        for (format, text, expected) in [
            ("dd/MMM/yyyy:HH:mm:ss Z", "09/Apr/2026:14:05:03 +0200", Some("2026-04-09T12:05:03")),
            ("yyyy-MM-dd'T'HH:mm:ss'Z'", "2026-04-09T14:05:03Z", Some("2026-04-09T14:05:03")),
            ("yyyy-MM-dd-HH-mm-ss", "2026-04-09-14-05-03", Some("2026-04-09T14:05:03")),
            ("yyyyMMddHHmmss", "20260409140503", Some("2026-04-09T14:05:03")),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2026-04-09T14:05:03.5-01:00", Some("2026-04-09T15:05:03.5")),
            ("hh:mm a", "12:30 am", Some("1970-01-01T00:30:00")),
            ("yyyy-MM-dd", "9 April", None),
        ] {
            let expected = expected.map(|time| moment(time).utc);
            assert_eq!(Format::joda(format).expect(format).read(text), expected, "{format}");
        }
        assert!(Format::joda("QQ").is_err());
    }

    #[test]
    fn times_in_iso_8601() {
        let expected = Some(moment("2026-04-09T12:05:03").utc);
        for text in
            ["2026-04-09T12:05:03Z", "2026-04-09T14:05:03+02:00", "2026-04-09 12:05:03", "2026-04-09 12:05:03 UTC"]
        {
            assert_eq!(iso(text), expected, "{text}");
        }
        assert_eq!(iso("2026-04"), Some(moment("2026-04-01T00:00").utc));
        for text in ["", "x", "2026-13-01", "9999999", "١٢٣٤"] {
            assert_eq!(iso(text), None, "{text}");
        }
    }
}
