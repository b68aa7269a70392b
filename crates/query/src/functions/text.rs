//! Text, as Trino's functions take it apart. Positions count characters and begin at 1.

mod list;
mod patterns;

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use datafusion::arrow::array::{Array, ArrayRef, MapBuilder, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_string_view_array;
use datafusion::error::Result;
use datafusion::functions::crypto::md5;
use datafusion::logical_expr::ScalarUDF;

pub(super) use self::list::LIST;
use super::call::Takes::{Integer, Text};
use super::call::{Call, bytes_of, cell, flags_of, gives, integers_of, lists_of, own, texts_of};
use super::json::count;

/// `substring(text from start for length)`.
pub(super) fn substr_function() -> ScalarUDF {
    own("substr", &[Text, Integer, Integer], 1, gives::text, substr)
}

/// `position(part in text)`.
pub(super) fn strpos_function() -> ScalarUDF {
    own("strpos", &[Text, Text, Integer], 1, gives::integer, strpos)
}

fn split(call: &Call) -> Result<ArrayRef> {
    let (texts, marks) = (call.texts(0)?, call.texts(1)?);
    let limits = if call.has(2) { Some(call.integers(2)?) } else { None };
    lists_of(call.rows, |row| {
        let limit = match limits.map(|limits| cell(limits, row)) {
            None => usize::MAX,
            Some(Some(limit)) => usize::try_from(limit).unwrap_or(1).max(1),
            Some(None) => return Ok(None),
        };
        let (Some(text), Some(mark)) = (cell(texts, row), cell(marks, row)) else { return Ok(None) };
        if mark.is_empty() {
            return Ok(Some(vec![Some(text)]));
        }
        Ok(Some(text.splitn(limit, mark).map(Some).collect()))
    })
}

fn split_part(call: &Call) -> Result<ArrayRef> {
    let (texts, marks, places) = (call.texts(0)?, call.texts(1)?, call.integers(2)?);
    texts_of(call.rows, |row| {
        let (Some(text), Some(mark), Some(place)) = (cell(texts, row), cell(marks, row), cell(places, row)) else {
            return Ok(None);
        };
        let at = place.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        Ok(match mark.is_empty() {
            true => (place == 1).then_some(text),
            false => at.and_then(|at| text.split(mark).nth(at)),
        })
    })
}

/// A map from text to text.
fn text_map(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    let map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new()).finish();
    Ok(map.data_type().clone())
}

fn split_to_map(call: &Call) -> Result<ArrayRef> {
    let (texts, between, inside) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in 0..call.rows {
        let (Some(text), Some(between), Some(inside)) = (cell(texts, row), cell(between, row), cell(inside, row))
        else {
            maps.append(false)?;
            continue;
        };
        let mut keys = HashSet::new();
        let parts = if between.is_empty() { vec![text] } else { text.split(between).collect() };
        for (key, value) in parts.iter().filter_map(|part| part.split_once(inside)) {
            if !inside.is_empty() && keys.insert(key) {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
        }
        maps.append(true)?;
    }
    Ok(Arc::new(maps.finish()))
}

fn substr(call: &Call) -> Result<ArrayRef> {
    let (texts, starts) = (call.texts(0)?, call.integers(1)?);
    let lengths = if call.has(2) { Some(call.integers(2)?) } else { None };
    texts_of(call.rows, |row| {
        let length = match lengths.map(|lengths| cell(lengths, row)) {
            None => i64::MAX,
            Some(Some(length)) => length,
            Some(None) => return Ok(None),
        };
        let (Some(text), Some(start)) = (cell(texts, row), cell(starts, row)) else { return Ok(None) };
        Ok(Some(piece(text, start, length)))
    })
}

/// From a character on, counted from 1, or from the end by -1; empty where that is outside.
fn piece(text: &str, start: i64, length: i64) -> &str {
    let start = match start {
        0 => return "",
        1.. => start - 1,
        _ => count(text.chars().count()).saturating_add(start),
    };
    let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else { return "" };
    let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let Some(from) = places.nth(start) else { return "" };
    let to = if length == 0 { from } else { places.nth(length - 1).unwrap_or(text.len()) };
    text.get(from..to).unwrap_or_default()
}

fn replace(call: &Call) -> Result<ArrayRef> {
    let (texts, olds) = (call.texts(0)?, call.texts(1)?);
    let news = if call.has(2) { Some(call.texts(2)?) } else { None };
    texts_of(call.rows, |row| {
        let new = news.map_or(Some(""), |news| cell(news, row));
        let (Some(text), Some(old), Some(new)) = (cell(texts, row), cell(olds, row), new) else { return Ok(None) };
        Ok(Some(text.replace(old, new)))
    })
}

fn strpos(call: &Call) -> Result<ArrayRef> {
    let (texts, parts) = (call.texts(0)?, call.texts(1)?);
    let numbers = if call.has(2) { Some(call.integers(2)?) } else { None };
    integers_of(call.rows, |row| {
        let number = numbers.map_or(Some(1), |numbers| cell(numbers, row));
        let (Some(text), Some(part), Some(number)) = (cell(texts, row), cell(parts, row), number) else {
            return Ok(None);
        };
        let nth = usize::try_from(number.unsigned_abs().saturating_sub(1)).unwrap_or(usize::MAX);
        let found = match number {
            0 => None,
            1.. => text.match_indices(part).nth(nth),
            _ => text.rmatch_indices(part).nth(nth),
        };
        Ok(Some(found.and_then(|(at, _)| text.get(..at)).map_or(0, |before| count(before.chars().count()) + 1)))
    })
}

fn concat(call: &Call) -> Result<ArrayRef> {
    let columns = (0..call.arrays.len()).map(|at| call.texts(at)).collect::<Result<Vec<_>>>()?;
    texts_of(call.rows, |row| {
        Ok(columns.iter().map(|column| cell(*column, row)).collect::<Option<Vec<&str>>>().map(|parts| parts.concat()))
    })
}

fn codepoint(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    integers_of(call.rows, |row| {
        Ok(cell(texts, row).and_then(|text| text.chars().next()).map(|mark| u32::from(mark).into()))
    })
}

fn two(call: &Call, of: fn(&str, &str) -> Option<usize>) -> Result<ArrayRef> {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    integers_of(call.rows, |row| {
        let (Some(left), Some(right)) = (cell(left, row), cell(right, row)) else { return Ok(None) };
        Ok(of(left, right).map(count))
    })
}

/// None for texts so long that it would take minutes.
fn levenshtein(left: &str, right: &str) -> Option<usize> {
    (left.len().saturating_mul(right.len()) <= 1_000_000).then(|| strsim::levenshtein(left, right))
}

fn hamming(left: &str, right: &str) -> Option<usize> {
    strsim::hamming(left, right).ok()
}

fn starts_with(call: &Call) -> Result<ArrayRef> {
    let (texts, starts) = (call.texts(0)?, call.texts(1)?);
    flags_of(call.rows, |row| {
        let (Some(text), Some(start)) = (cell(texts, row), cell(starts, row)) else { return Ok(None) };
        Ok(Some(text.starts_with(start)))
    })
}

/// Text of bytes.
fn written(call: &Call, of: fn(&[u8]) -> String) -> Result<ArrayRef> {
    let bytes = call.bytes(0)?;
    texts_of(call.rows, |row| Ok(bytes.get(row).map(of)))
}

/// Bytes of bytes; none where they stand for none.
fn read(call: &Call, of: fn(&[u8]) -> Option<Vec<u8>>) -> Result<ArrayRef> {
    let bytes = call.bytes(0)?;
    bytes_of(call.rows, |row| Ok(bytes.get(row).and_then(of)))
}

fn from_utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some((digit(high)? << 4) | digit(low)?),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}

fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

fn from_base64url(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE.decode(text).ok()
}

/// DataFusion gives it as text, Trino as bytes.
fn md5_bytes(call: &Call) -> Result<ArrayRef> {
    let text = call.ask(&md5(), call.arrays.clone())?;
    let text = cast(&text, &DataType::Utf8View)?;
    let text = as_string_view_array(&text)?;
    bytes_of(call.rows, |row| Ok(cell(text, row).and_then(|text| from_hex(text.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_text() {
        for (start, length, expected) in [
            (1, 2, "ab"),
            (-3, i64::MAX, "def"),
            (-3, 2, "de"),
            (0, 2, ""),
            (3, i64::MAX, "cdef"),
            (7, 1, ""),
            (-7, 9, ""),
            (2, -1, ""),
            (2, 0, ""),
        ] {
            assert_eq!(piece("abcdef", start, length), expected, "{start}, {length}");
        }
        assert_eq!(piece("äöü", -2, 1), "ö");
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(from_hex(b"00fF"), Some(vec![0, 255]));
        assert_eq!(from_hex(b"0"), None);
        assert_eq!(from_hex(b"zz"), None);
    }
}
