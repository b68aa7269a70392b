//! How many bytes a function will make, told from what it is given. Where it cannot be told, as for a wrong type, it is
//! nothing: the function itself says what is wrong.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

/// What tells how much a function makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Makes {
    /// `repeat(text, n)`
    Copies,
    /// `lpad(text, n, fill)`
    Padded,
    /// `range(start, stop, step)`
    Series,
    /// `array_repeat(value, n)`
    List,
    /// `array_resize(list, n, value)`
    Resized,
    /// `replace(text, from, to)`
    Replaced,
    /// `regexp_replace(text, pattern, to, flags)`: at most so much.
    Matched,
    /// `concat(text, …)`
    All,
    /// `concat_ws(between, text, …)`
    Joined,
}

/// Bytes of a value in a list, beside its own.
const VALUE: u128 = 8;

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

impl Makes {
    /// Does a number in the statement say how much, and not the length of what is there?
    pub(super) fn is_of_number(self) -> bool {
        matches!(self, Makes::Copies | Makes::Padded | Makes::Series | Makes::List | Makes::Resized)
    }

    /// Is it mostly far less than is told?
    pub(super) fn at_most(self) -> bool {
        self == Makes::Matched
    }

    /// How many bytes are made of these arguments in so many rows.
    pub(super) fn bytes(self, args: &[ColumnarValue], rows: usize) -> Result<u128> {
        let plain = args.iter().map(plain).collect::<Result<Vec<_>>>()?;
        let args = plain.as_slice();
        match (self, args) {
            (Makes::Copies, [text, count]) => {
                let (texts, counts) = (texts(text), numbers(count)?);
                Ok(sum(args, rows, |row| length(&texts, row) * positive(&counts, row)))
            }
            (Makes::Padded, [text, to, fill @ ..]) => {
                let (texts, to) = (texts(text), numbers(to)?);
                let fill = fill.first().map(self::texts);
                // Lengths are in characters.
                let width = |row| fill.as_ref().and_then(|fill| fill.at(row)).map_or(1, widest);
                Ok(sum(args, rows, |row| match texts.at(row) {
                    Some(text) => text.len() as u128 + positive(&to, row) * width(row),
                    None => 0,
                }))
            }
            (Makes::Series, [stop]) => series(None, stop, None, args, rows),
            (Makes::Series, [start, stop, step @ ..]) => series(Some(start), stop, step.first(), args, rows),
            (Makes::List, [value, count]) => {
                let (sizes, counts) = (sizes(value), numbers(count)?);
                Ok(sum(args, rows, |row| (VALUE + sizes.at(row)) * positive(&counts, row)))
            }
            (Makes::Resized, [list, to, value @ ..]) => {
                let (lists, to, values) = (sizes(list), numbers(to)?, value.first().map(sizes));
                let value = |row| VALUE + values.as_ref().map_or(VALUE, |values| values.at(row));
                Ok(sum(args, rows, |row| lists.at(row) + value(row) * positive(&to, row)))
            }
            (Makes::Replaced, [text, from, to]) => Ok(replaced(&texts(text), &texts(from), &texts(to), args, rows)),
            (Makes::Matched, [text, _, to, flags @ ..]) => {
                let (texts, to, flags) = (texts(text), texts(to), flags.first().map(texts));
                let flags = |row| flags.as_ref().and_then(|flags| flags.at(row)).unwrap_or_default();
                Ok(sum(args, rows, |row| matched(&texts, &to, flags(row), row)))
            }
            (Makes::All | Makes::Joined, values) => {
                let texts: Vec<Values<Option<&str>>> = values.iter().map(texts).collect();
                let times = |at: usize| if at == 0 && self == Makes::Joined { values.len() as u128 } else { 1 };
                let one =
                    |row| texts.iter().enumerate().map(|(at, texts)| length(texts, row) * times(at)).sum::<u128>();
                Ok(sum(args, rows, one))
            }
            _ => Ok(0),
        }
    }
}

/// The values of an argument, row by row.
enum Values<T> {
    Same(T),
    Each(Vec<T>),
}

impl<T: Copy + Default> Values<T> {
    fn at(&self, row: usize) -> T {
        match self {
            Values::Same(value) => *value,
            Values::Each(values) => values.get(row).copied().unwrap_or_default(),
        }
    }
}

/// The sum over all rows; where all arguments are constants, all rows are the same.
fn sum(args: &[ColumnarValue], rows: usize, of: impl Fn(usize) -> u128) -> u128 {
    match args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_))) {
        true => of(0).saturating_mul(rows as u128),
        false => (0..rows).map(of).fold(0, u128::saturating_add),
    }
}

/// A column of a dictionary as what it stands for.
fn plain(value: &ColumnarValue) -> Result<ColumnarValue> {
    Ok(match value {
        ColumnarValue::Array(array) => match array.data_type() {
            DataType::Dictionary(_, values) => ColumnarValue::Array(cast(array, values)?),
            _ => value.clone(),
        },
        ColumnarValue::Scalar(_) => value.clone(),
    })
}

fn texts(value: &ColumnarValue) -> Values<Option<&str>> {
    match value {
        ColumnarValue::Scalar(scalar) => Values::Same(scalar.try_as_str().flatten()),
        ColumnarValue::Array(array) => Values::Each(match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().iter().collect(),
            DataType::LargeUtf8 => array.as_string::<i64>().iter().collect(),
            DataType::Utf8View => array.as_string_view().iter().collect(),
            _ => Vec::new(),
        }),
    }
}

fn numbers(value: &ColumnarValue) -> Result<Values<Option<i64>>> {
    Ok(match value {
        ColumnarValue::Scalar(scalar) => match scalar.cast_to(&DataType::Int64)? {
            ScalarValue::Int64(number) => Values::Same(number),
            _ => Values::Same(None),
        },
        ColumnarValue::Array(array) => {
            Values::Each(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().iter().collect())
        }
    })
}

/// Bytes of any value: of texts their length, of others the mean.
fn sizes(value: &ColumnarValue) -> Values<u128> {
    match value {
        ColumnarValue::Scalar(scalar) => Values::Same(match scalar.try_as_str() {
            Some(text) => text.map_or(0, |text| text.len() as u128),
            None => scalar.size() as u128,
        }),
        ColumnarValue::Array(array) => match array.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => {
                let texts = texts(value);
                Values::Each((0..array.len()).map(|row| length(&texts, row)).collect())
            }
            // A view of a text that is there already.
            DataType::Utf8View | DataType::BinaryView => Values::Same(16),
            _ => {
                let bytes = array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size());
                Values::Same(bytes.div_ceil(array.len().max(1)) as u128)
            }
        },
    }
}

fn length(texts: &Values<Option<&str>>, row: usize) -> u128 {
    texts.at(row).map_or(0, |text| text.len() as u128)
}

fn positive(numbers: &Values<Option<i64>>, row: usize) -> u128 {
    numbers.at(row).and_then(|number| u128::try_from(number).ok()).unwrap_or_default()
}

/// Bytes of the widest character of a text.
fn widest(text: &str) -> u128 {
    text.chars().map(|character| character.len_utf8() as u128).max().unwrap_or_default()
}

fn replaced(
    texts: &Values<Option<&str>>,
    from: &Values<Option<&str>>,
    to: &Values<Option<&str>>,
    args: &[ColumnarValue],
    rows: usize,
) -> u128 {
    sum(args, rows, |row| {
        let (Some(text), Some(from), Some(to)) = (texts.at(row), from.at(row), to.at(row)) else { return 0 };
        let grows = to.len().saturating_sub(from.len()) as u128;
        // Counted only where it matters.
        let times = if grows == 0 { 0 } else { text.matches(from).count() as u128 };
        text.len() as u128 + times * grows
    })
}

/// At most: with `g`, something is found before each character and at the end. A part of the pattern that is written
/// again is a part of the text.
fn matched(texts: &Values<Option<&str>>, to: &Values<Option<&str>>, flags: &str, row: usize) -> u128 {
    let (text, to) = (length(texts, row), to.at(row).unwrap_or_default());
    let parts = to.bytes().filter(|byte| matches!(byte, b'\\' | b'$')).count() as u128;
    let times = if flags.contains('g') { text + 1 } else { 1 };
    text * (1 + parts) + times * to.len() as u128
}

/// A list of numbers, days or instants.
fn series(
    start: Option<&ColumnarValue>,
    stop: &ColumnarValue,
    step: Option<&ColumnarValue>,
    args: &[ColumnarValue],
    rows: usize,
) -> Result<u128> {
    let nanoseconds = |value: &ColumnarValue| -> Result<Option<Values<Option<i128>>>> {
        let Some(unit) = unit(&value.data_type()) else { return Ok(None) };
        Ok(Some(match numbers(value)? {
            Values::Same(number) => Values::Same(number.map(|number| i128::from(number) * unit)),
            Values::Each(numbers) => {
                Values::Each(numbers.into_iter().map(|number| number.map(|number| i128::from(number) * unit)).collect())
            }
        }))
    };
    let starts = start.map_or(Ok(Some(Values::Same(Some(0)))), nanoseconds)?;
    let steps = match step {
        Some(step) if is_interval(&step.data_type()) => Some(intervals(step)?),
        Some(step) => nanoseconds(step)?,
        None => Some(Values::Same(Some(1))),
    };
    let (Some(starts), Some(stops), Some(steps)) = (starts, nanoseconds(stop)?, steps) else { return Ok(0) };
    Ok(sum(args, rows, |row| {
        let (Some(start), Some(stop), Some(step)) = (starts.at(row), stops.at(row), steps.at(row)) else { return 0 };
        let span = stop - start;
        // The other way there is nothing, and a step of nothing is an error of the function.
        if step == 0 || (span < 0) != (step < 0) && span != 0 {
            return 0;
        }
        VALUE * (1 + (span / step).unsigned_abs())
    }))
}

/// Nanoseconds of what times count; numbers count themselves.
fn unit(data_type: &DataType) -> Option<i128> {
    match data_type {
        DataType::Int64 | DataType::Timestamp(TimeUnit::Nanosecond, _) => Some(1),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Some(1_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) | DataType::Date64 => Some(1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => Some(1_000_000_000),
        DataType::Date32 => Some(DAY),
        _ => None,
    }
}

fn is_interval(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(IntervalUnit::MonthDayNano))
}

fn intervals(value: &ColumnarValue) -> Result<Values<Option<i128>>> {
    Ok(match value {
        ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(step)) => Values::Same(step.map(shortest)),
        ColumnarValue::Scalar(_) => Values::Same(None),
        ColumnarValue::Array(array) => {
            let steps = array.as_primitive::<IntervalMonthDayNanoType>().iter();
            Values::Each(steps.map(|step| step.map(shortest)).collect())
        }
    })
}

/// The shortest time that an interval can be. One that goes forth and back may be next to nothing.
fn shortest(step: IntervalMonthDayNano) -> i128 {
    let parts = [i128::from(step.months) * 28 * DAY, i128::from(step.days) * DAY, i128::from(step.nanoseconds)];
    let (forth, back) = (parts.iter().any(|part| *part > 0), parts.iter().any(|part| *part < 0));
    let all: i128 = parts.iter().sum();
    match forth && back {
        true if all < 0 => -1,
        true => 1,
        false => all,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use datafusion::arrow::array::{Int64Array, StringArray};

    use super::*;

    fn text(text: &str) -> ColumnarValue {
        ColumnarValue::Scalar(ScalarValue::from(text))
    }

    fn number(number: i64) -> ColumnarValue {
        ColumnarValue::Scalar(ScalarValue::from(number))
    }

    #[test]
    fn what_constants_make() {
        let interval = |months, days, nanoseconds| {
            let step = IntervalMonthDayNano { months, days, nanoseconds };
            ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(step)))
        };
        let day = |day| ColumnarValue::Scalar(ScalarValue::Date32(Some(day)));
        for (makes, args, expected) in [
            (Makes::Copies, vec![text("ab"), number(1_000_000_000)], 2_000_000_000),
            (Makes::Copies, vec![text("ab"), number(-1)], 0),
            (Makes::Padded, vec![text("ab"), number(1_000)], 1_002),
            (Makes::Padded, vec![text("ab"), number(1_000), text("ü")], 2_002),
            (Makes::Series, vec![number(1_000)], 8_008),
            (Makes::Series, vec![number(0), number(1_000), number(10)], 808),
            (Makes::Series, vec![number(0), number(1_000), number(-10)], 0),
            (Makes::Series, vec![number(i64::MIN), number(i64::MAX), number(0)], 0),
            (Makes::Series, vec![day(0), day(100), interval(0, 10, 0)], 88),
            (Makes::Series, vec![day(0), day(280), interval(1, 0, 0)], 88),
            (Makes::List, vec![text("abcd"), number(10)], 120),
            (Makes::Replaced, vec![text("aaab"), text("a"), text("xyz")], 10),
            (Makes::Replaced, vec![text("aaab"), text("a"), text("")], 4),
            (Makes::Matched, vec![text("aaab"), text("a"), text("xyz"), text("g")], 19),
            (Makes::Matched, vec![text("aaab"), text("a"), text("xyz")], 7),
            (Makes::All, vec![text("abc"), text("d")], 4),
            (Makes::Joined, vec![text(", "), text("abc"), text("d")], 10),
            (Makes::Copies, vec![text("ab")], 0),
        ] {
            assert_eq!(makes.bytes(&args, 1).unwrap(), expected, "{makes:?} of {args:?}");
            assert_eq!(makes.bytes(&args, 10).unwrap(), expected * 10, "{makes:?} of {args:?}");
        }
    }

    #[test]
    fn what_columns_make() {
        let texts = ColumnarValue::Array(Arc::new(StringArray::from(vec![Some("ab"), None, Some("c")])));
        let counts = ColumnarValue::Array(Arc::new(Int64Array::from(vec![10, 20, 30])));
        assert_eq!(Makes::Copies.bytes(&[texts.clone(), counts.clone()], 3).unwrap(), 50);
        assert_eq!(Makes::Copies.bytes(&[texts.clone(), number(10)], 3).unwrap(), 30);
        assert_eq!(Makes::Series.bytes(&[counts], 3).unwrap(), 8 * 63);
        assert_eq!(Makes::All.bytes(&[texts, text("xyz")], 3).unwrap(), 12);
    }
}
