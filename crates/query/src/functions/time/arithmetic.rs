//! Times plus and minus: by units, of which months and years are as long as the calendar says.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use jiff::Span;
use jiff::civil::DateTime;

use super::moment::{DAY, Moment, Moments, SECOND, micros_of, times_of};
use crate::functions::call::{Call, Last, cell, integers_of, micros, texts_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// So many microseconds.
    Micros(i64),
    /// So many days.
    Days(i64),
    /// So many months.
    Months(i64),
}

pub(super) fn unit(name: &str) -> Result<Unit> {
    let lower = name.trim().to_ascii_lowercase();
    Ok(match lower.strip_suffix('s').unwrap_or(&lower) {
        "microsecond" => Unit::Micros(1),
        "millisecond" => Unit::Micros(1000),
        "second" => Unit::Micros(SECOND),
        "minute" => Unit::Micros(60 * SECOND),
        "hour" => Unit::Micros(3600 * SECOND),
        "day" => Unit::Days(1),
        "week" => Unit::Days(7),
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        "year" => Unit::Months(12),
        _ => return exec_err!("{name} is no unit of time; these are: millisecond to year"),
    })
}

/// Dates stay dates, timestamps keep their zone, and text becomes UTC.
pub(super) fn same(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    match types.get(2) {
        Some(DataType::Date32 | DataType::Date64) => Ok(DataType::Date32),
        Some(DataType::Timestamp(_, zone)) => Ok(micros(zone.as_deref())),
        Some(_) => Ok(micros(Some("UTC"))),
        None => plan_err!("date_add takes a unit, a number and a time"),
    }
}

pub(super) fn date_add(call: &Call) -> Result<ArrayRef> {
    let (units, numbers, times) = (call.texts(0)?, call.integers(1)?, Moments::of(call, 2)?);
    let mut last = Last::new();
    times_of(call, |row| {
        let (Some(name), Some(number)) = (cell(units, row), cell(numbers, row)) else { return Ok(None) };
        let unit = *last.get(name, unit)?;
        Ok(times.get(row).and_then(|time| added(&time, unit, number)))
    })
}

fn added(time: &Moment, unit: Unit, number: i64) -> Option<i64> {
    match unit {
        Unit::Micros(length) => time.utc.checked_add(number.checked_mul(length)?),
        Unit::Days(days) => time.utc.checked_add(number.checked_mul(days)?.checked_mul(DAY)?),
        Unit::Months(months) => {
            let span = Span::new().try_months(number.checked_mul(months)?).ok()?;
            let moved = micros_of(time.local.checked_add(span).ok()?)?;
            // What the clocks were ahead of UTC, they still are.
            moved.checked_sub(time.clock.checked_sub(time.utc)?)
        }
    }
}

pub(super) fn date_diff(call: &Call) -> Result<ArrayRef> {
    let (units, from, to) = (call.texts(0)?, Moments::of(call, 1)?, Moments::of(call, 2)?);
    let mut last = Last::new();
    integers_of(call.rows, |row| {
        let Some(name) = cell(units, row) else { return Ok(None) };
        let unit = *last.get(name, unit)?;
        let (Some(from), Some(to)) = (from.get(row), to.get(row)) else { return Ok(None) };
        Ok(match unit {
            Unit::Micros(length) => to.utc.checked_sub(from.utc).map(|micros| micros / length),
            Unit::Days(days) => to.clock.checked_sub(from.clock).map(|micros| micros / DAY / days),
            Unit::Months(months) => Some(whole_months(from.local, to.local) / months),
        })
    })
}

/// Months that are over from one time to the other, negative where the other is before it. The last day of a month ends
/// the month of a later day, too: from January 31 to February 28 it is one.
pub(super) fn whole_months(from: DateTime, to: DateTime) -> i64 {
    if to < from {
        return -whole_months(to, from);
    }
    let number = |time: DateTime| i64::from(time.year()) * 12 + i64::from(time.month());
    let is_last = to.day() == to.days_in_month();
    let day = if is_last { from.day().min(to.day()) } else { from.day() };
    let is_begun = (day, from.time()) > (to.day(), to.time());
    number(to) - number(from) - i64::from(is_begun)
}

pub(super) fn human_readable_seconds(call: &Call) -> Result<ArrayRef> {
    let numbers = call.numbers(0)?;
    texts_of(call.rows, |row| {
        Ok(cell(numbers, row).filter(|number| number.is_finite()).map(|number| readable(number.abs().round())))
    })
}

fn readable(mut seconds: f64) -> String {
    let mut parts = Vec::new();
    for (length, name) in [(604_800.0, "week"), (86_400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second")]
    {
        let number = (seconds / length).floor();
        seconds -= number * length;
        if number > 0.0 {
            parts.push(format!("{number:.0} {name}{}", if number > 1.0 { "s" } else { "" }));
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        for (from, to, expected) in [
            ("2026-01-31T00:00", "2026-02-28T00:00", 1),
            ("2026-01-31T00:00", "2026-02-27T00:00", 0),
            ("2026-01-31T00:00", "2026-03-31T00:00", 2),
            ("2026-01-15T12:00", "2026-02-15T11:59", 0),
            ("2026-01-15T12:00", "2026-02-15T12:00", 1),
            ("2024-02-29T00:00", "2026-02-28T00:00", 24),
            ("2026-03-15T00:00", "2026-01-16T00:00", -1),
        ] {
            let time = |text: &str| text.parse::<DateTime>().expect("a time");
            assert_eq!(whole_months(time(from), time(to)), expected, "{from} to {to}");
        }
    }

    #[test]
    fn units_have_names() {
        assert_eq!(unit("DAY").expect("a unit"), Unit::Days(1));
        assert_eq!(unit("hours").expect("a unit"), Unit::Micros(3_600_000_000));
        assert!(unit("fortnight").is_err());
    }

    #[test]
    fn seconds_in_words() {
        assert_eq!(readable(0.0), "0 seconds");
        assert_eq!(readable(93_784.0), "1 day, 2 hours, 3 minutes, 4 seconds");
    }
}
