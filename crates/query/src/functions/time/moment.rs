//! The times of a column, whatever its type is, and columns made of times.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Int64Array, StringViewArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::{as_date32_array, as_int64_array, as_string_view_array};
use datafusion::error::Result;
use datafusion::functions::datetime::to_local_time;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::functions::call::{Call, cell};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// The times of one column.
pub(super) struct Moments {
    utc: Int64Array,
    /// What clocks showed in the zone of the column; none where that is UTC.
    local: Option<Int64Array>,
    zone: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// Microseconds since 1970.
    pub(super) utc: i64,
    /// The same of what clocks showed.
    pub(super) clock: i64,
    pub(super) local: DateTime,
    pub(super) zone: Option<Arc<str>>,
}

impl Moments {
    pub(super) fn of(call: &Call, at: usize) -> Result<Moments> {
        let array = call.array(at)?;
        match array.data_type() {
            DataType::Utf8View => {
                Ok(Moments { utc: parsed(as_string_view_array(array)?), local: None, zone: Some("UTC".into()) })
            }
            DataType::Timestamp(_, zone) => {
                let local = match zone {
                    Some(zone) if !is_utc(zone) => Some(whole(&call.ask(&to_local_time(), vec![Arc::clone(array)])?)?),
                    _ => None,
                };
                Ok(Moments { utc: whole(array)?, local, zone: zone.clone() })
            }
            _ => {
                let days = as_date32_array(array)?.iter();
                let utc = days.map(|days| i64::from(days?).checked_mul(DAY)).collect();
                Ok(Moments { utc, local: None, zone: None })
            }
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<Moment> {
        let utc = cell(&self.utc, row)?;
        let clock = match &self.local {
            Some(local) => cell(local, row)?,
            None => utc,
        };
        Some(Moment { utc, clock, local: datetime(clock)?, zone: self.zone.clone() })
    }

    pub(super) fn utc(&self, row: usize) -> Option<i64> {
        cell(&self.utc, row)
    }
}

impl Moment {
    /// Seconds that the clocks were ahead of UTC.
    pub(super) fn ahead(&self) -> i64 {
        self.clock.saturating_sub(self.utc) / SECOND
    }

    /// `+02:00`, with what stands between hours and minutes.
    pub(super) fn offset(&self, between: &str) -> String {
        let minutes = self.ahead() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}{between}{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    pub(super) fn zone(&self) -> String {
        self.zone.as_deref().unwrap_or("UTC").to_owned()
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "+00:00" | "Z" | "Etc/UTC" | "utc" | "-00:00")
}

/// The microseconds of timestamps.
fn whole(array: &ArrayRef) -> Result<Int64Array> {
    Ok(as_int64_array(&cast(array, &DataType::Int64)?)?.clone())
}

fn parsed(texts: &StringViewArray) -> Int64Array {
    texts.iter().map(|text| text.and_then(iso)).collect()
}

/// Microseconds since 1970 of a time in ISO 8601, or as SQL writes it; without an offset it is UTC.
pub(super) fn iso(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let midnight = |date: Date| micros_of(DateTime::from_parts(date, Time::midnight()));
    match text.len() {
        // A year, or a month.
        4 if text.bytes().all(|byte| byte.is_ascii_digit()) => midnight(Date::new(text.parse().ok()?, 1, 1).ok()?),
        7 => midnight(format!("{text}-01").parse().ok()?),
        10 => midnight(text.parse().ok()?),
        _ => micros_of(text.parse::<DateTime>().ok()?),
    }
}

/// What clocks show in UTC.
pub(super) fn datetime(micros: i64) -> Option<DateTime> {
    Timestamp::from_microsecond(micros).ok().map(|timestamp| TimeZone::UTC.to_datetime(timestamp))
}

/// Microseconds since 1970 of what clocks show in UTC.
pub(super) fn micros_of(time: DateTime) -> Option<i64> {
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_microsecond())
}

/// A column of the type that the function gives, of microseconds since 1970.
pub(super) fn times_of(call: &Call, mut of: impl FnMut(usize) -> Result<Option<i64>>) -> Result<ArrayRef> {
    let micros: Int64Array = (0..call.rows).map(&mut of).collect::<Result<_>>()?;
    match &call.gives {
        DataType::Date32 => {
            let days = micros.iter().map(|micros| i32::try_from(micros?.div_euclid(DAY)).ok());
            Ok(Arc::new(days.collect::<Date32Array>()))
        }
        other => Ok(cast(&micros, other)?),
    }
}
