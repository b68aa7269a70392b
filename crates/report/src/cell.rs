//! One value of a row, read out of Arrow, with just the types that the writers tell apart.

use std::borrow::Cow;
use std::fmt::Write;

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use coldtrail_schema::arrow::array::cast::AsArray;
use coldtrail_schema::arrow::array::types::{
    ArrowPrimitiveType, ArrowTimestampType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use coldtrail_schema::arrow::array::{Array, ArrayRef, MapArray};
use coldtrail_schema::arrow::schema::{ArrowError, DataType, FieldRef, TimeUnit};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::time;

/// A value that is about to leave.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Bool(bool),
    /// Any integer, signed or unsigned.
    Int(i128),
    Float(f64),
    /// A decimal number in its digits, so that none is lost.
    Decimal(String),
    Text(String),
    /// An instant, RFC 3339 in UTC.
    Time(String),
    /// A day, `2026-03-02`.
    Date(String),
    Bytes(Vec<u8>),
    List(Vec<Cell>),
    /// Named values in the order of the type.
    Struct(Vec<(String, Cell)>),
}

impl Cell {
    /// The value at `row` of `array`.
    ///
    /// An instant without a zone is read as UTC, which is what every time in the lake is. Bytes of fixed size are
    /// hashes and ids, so they become hexadecimal text. Maps become structs when their keys are distinct texts, and
    /// else lists of `key` and `value`. Times of day, durations, intervals and whatever else Arrow can print become
    /// the text that Arrow prints; what it cannot print is an error.
    pub fn read(array: &dyn Array, row: usize) -> Result<Cell, ArrowError> {
        if array.is_null(row) {
            return Ok(Cell::Null);
        }
        Ok(match array.data_type() {
            DataType::Null => Cell::Null,
            DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
            DataType::Int8 => int::<Int8Type>(array, row),
            DataType::Int16 => int::<Int16Type>(array, row),
            DataType::Int32 => int::<Int32Type>(array, row),
            DataType::Int64 => int::<Int64Type>(array, row),
            DataType::UInt8 => int::<UInt8Type>(array, row),
            DataType::UInt16 => int::<UInt16Type>(array, row),
            DataType::UInt32 => int::<UInt32Type>(array, row),
            DataType::UInt64 => int::<UInt64Type>(array, row),
            DataType::Float16 => Cell::Float(array.as_primitive::<Float16Type>().value(row).to_f64()),
            DataType::Float32 => Cell::Float(widen(array.as_primitive::<Float32Type>().value(row))),
            DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => text(array.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => text(array.as_string::<i64>().value(row)),
            DataType::Utf8View => text(array.as_string_view().value(row)),
            DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
            DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
            DataType::BinaryView => bytes(array.as_binary_view().value(row)),
            DataType::FixedSizeBinary(_) => Cell::Text(hex(array.as_fixed_size_binary().value(row))),
            DataType::Timestamp(unit, _) => timestamp(array, row, *unit),
            DataType::Date32 => Cell::Date(time::day(array.as_primitive::<Date32Type>().value(row).into())),
            DataType::Date64 => {
                Cell::Date(time::day(array.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000)))
            }
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Cell::Decimal(printed(array, row)?)
            }
            DataType::List(_) => list(&array.as_list::<i32>().value(row))?,
            DataType::LargeList(_) => list(&array.as_list::<i64>().value(row))?,
            DataType::ListView(_) => list(&array.as_list_view::<i32>().value(row))?,
            DataType::LargeListView(_) => list(&array.as_list_view::<i64>().value(row))?,
            DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row))?,
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                let named = |(field, column): (&FieldRef, &ArrayRef)| {
                    Ok::<_, ArrowError>((field.name().clone(), Cell::read(column, row)?))
                };
                Cell::Struct(fields.iter().zip(columns).map(named).collect::<Result<_, _>>()?)
            }
            DataType::Map(..) => map(array.as_map(), row)?,
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let Cell::Int(key) = Cell::read(dictionary.keys(), row)? else { return Ok(Cell::Null) };
                let key = usize::try_from(key).map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
                Cell::read(dictionary.values().as_ref(), key)?
            }
            _ => Cell::Text(printed(array, row)?),
        })
    }

    /// The value as one string, not yet escaped: lists and structs as JSON, NULL as nothing. Bytes that are not
    /// UTF-8 stand as `\xff`.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Null => Cow::Borrowed(""),
            Cell::Bool(true) => Cow::Borrowed("true"),
            Cell::Bool(false) => Cow::Borrowed("false"),
            Cell::Int(value) => Cow::Owned(value.to_string()),
            // Debug keeps `1e21` short and `3.0` a float.
            Cell::Float(value) => Cow::Owned(format!("{value:?}")),
            Cell::Decimal(text) | Cell::Text(text) | Cell::Time(text) | Cell::Date(text) => Cow::Borrowed(text),
            Cell::Bytes(bytes) => lossy(bytes),
            Cell::List(_) | Cell::Struct(_) => Cow::Owned(crate::formats::json::to_string(self)),
        }
    }

    /// Is it a number, to be set flush right and left alone by the guard against formulas?
    pub fn is_number(&self) -> bool {
        matches!(self, Cell::Int(_) | Cell::Float(_) | Cell::Decimal(_))
    }
}

/// In JSON nothing is lost: bytes that are not UTF-8 become `{"hex": …}`, and floats that JSON has no number for
/// become `"NaN"`, `"inf"`, `"-inf"`.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Null => serializer.serialize_unit(),
            Cell::Bool(value) => serializer.serialize_bool(*value),
            Cell::Int(value) => serializer.serialize_i128(*value),
            Cell::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Cell::Float(_) => serializer.serialize_str(&self.text()),
            Cell::Decimal(digits) => match serde_json::value::RawValue::from_string(digits.clone()) {
                Ok(number) => number.serialize(serializer),
                Err(_) => serializer.serialize_str(digits),
            },
            Cell::Text(text) | Cell::Time(text) | Cell::Date(text) => serializer.serialize_str(text),
            Cell::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => serializer.serialize_str(text),
                Err(_) => {
                    let mut map = serializer.serialize_map(Some(1))?;
                    map.serialize_entry("hex", &hex(bytes))?;
                    map.end()
                }
            },
            Cell::List(cells) => serializer.collect_seq(cells),
            Cell::Struct(fields) => {
                let names = unique(fields.iter().map(|(name, _)| name.as_str()));
                serializer.collect_map(names.iter().zip(fields.iter().map(|(_, cell)| cell)))
            }
        }
    }
}

/// The names, with `_2`, `_3` … behind those that were there before: a JSON object with the same key twice loses a
/// value in most readers.
pub(crate) fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    let mut seen: Vec<Cow<'a, str>> = Vec::new();
    for name in names {
        let mut candidate = Cow::Borrowed(name);
        let mut count = 1;
        while seen.contains(&candidate) {
            count += 1;
            candidate = Cow::Owned(format!("{name}_{count}"));
        }
        seen.push(candidate);
    }
    seen
}

fn int<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> Cell
where
    T::Native: Into<i128>,
{
    Cell::Int(array.as_primitive::<T>().value(row).into())
}

/// Through the shortest text of the narrow type, so that 0.1 stays 0.1.
fn widen(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn bytes(value: &[u8]) -> Cell {
    Cell::Bytes(value.to_owned())
}

fn timestamp(array: &dyn Array, row: usize, unit: TimeUnit) -> Cell {
    fn ticks<T: ArrowTimestampType>(array: &dyn Array, row: usize) -> i64 {
        array.as_primitive::<T>().value(row)
    }
    Cell::Time(match unit {
        TimeUnit::Second => time::instant(ticks::<TimestampSecondType>(array, row), 1),
        TimeUnit::Millisecond => time::instant(ticks::<TimestampMillisecondType>(array, row), 1_000),
        TimeUnit::Microsecond => time::instant(ticks::<TimestampMicrosecondType>(array, row), 1_000_000),
        TimeUnit::Nanosecond => time::instant(ticks::<TimestampNanosecondType>(array, row), 1_000_000_000),
    })
}

fn list(values: &ArrayRef) -> Result<Cell, ArrowError> {
    Ok(Cell::List((0..values.len()).map(|row| Cell::read(values, row)).collect::<Result<_, _>>()?))
}

fn map(array: &MapArray, row: usize) -> Result<Cell, ArrowError> {
    let entries = array.value(row);
    let pair = |at| Ok::<_, ArrowError>((Cell::read(entries.column(0), at)?, Cell::read(entries.column(1), at)?));
    let pairs: Vec<_> = (0..entries.len()).map(pair).collect::<Result<_, _>>()?;
    let distinct = |at: usize| matches!(pairs[at].0, Cell::Text(_)) && !pairs[..at].iter().any(|p| p.0 == pairs[at].0);
    if (0..pairs.len()).all(distinct) {
        return Ok(Cell::Struct(pairs.into_iter().map(|(key, value)| (key.text().into_owned(), value)).collect()));
    }
    let entry = |(key, value)| Cell::Struct(vec![("key".to_owned(), key), ("value".to_owned(), value)]);
    Ok(Cell::List(pairs.into_iter().map(entry).collect()))
}

/// The fallback: as Arrow prints it.
fn printed(array: &dyn Array, row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::new().with_display_error(false);
    ArrayFormatter::try_new(array, &options)?.value(row).try_to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("a String takes everything");
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests;
