//! JSON in text, as Trino's functions look into it.

pub(crate) mod document;
mod path;

use std::borrow::Cow;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_view_array;
use datafusion::error::Result;

use self::document::{compact, document, is_array, is_object, items, scalar, size, string};
use self::path::Path;
use super::call::Takes::{Any, Integer, Text};
use super::call::{Call, Last, cell, flags_of, gives, integers_of, is_text, own, texts_of};
use super::{Function, entry};

pub(super) const LIST: &[Function] = &[
    entry(
        "json_extract_scalar",
        "json_extract_scalar(json, path)",
        "The text of the string, number or boolean at the path. Null for objects and lists, and where nothing is or \
         the text is no JSON.",
        (r#"json_extract_scalar('{"a":{"b":[7]}}', '$.a.b[0]')"#, "7"),
        |name| own(name, &[Text, Text], 0, gives::text, json_extract_scalar),
    ),
    entry(
        "json_extract",
        "json_extract(json, path)",
        "What is at the path, as JSON text; with [*] or .* a list of all that is there. Null where nothing is or the \
         text is no JSON.",
        (r#"json_extract('{"a":[{"b":1},{"b":2}]}', '$.a[*].b')"#, "[1,2]"),
        |name| own(name, &[Text, Text], 0, gives::text, json_extract),
    ),
    entry(
        "json_parse",
        "json_parse(text)",
        "The text itself without white space between its parts, which all functions here take as JSON. Null for what \
         is no JSON, where Athena fails.",
        (r#"json_parse('{"a": 1}')"#, r#"{"a":1}"#),
        |name| own(name, &[Text], 0, gives::text, json_parse),
    ),
    entry(
        "json_format",
        "json_format(json)",
        "JSON as text, which it is here already.",
        (r#"json_format(json_parse('[1, 2]'))"#, "[1,2]"),
        |name| own(name, &[Text], 0, gives::text, |call| texts_of(call.rows, |row| Ok(cell(call.texts(0)?, row)))),
    ),
    entry(
        "json_array_get",
        "json_array_get(json, n)",
        "The item of a list, counted from 0, or from the end by -1. A string comes without its quotes.",
        (r#"json_array_get('["a","b"]', -1)"#, "b"),
        |name| own(name, &[Text, Integer], 0, gives::text, json_array_get),
    ),
    entry(
        "json_array_length",
        "json_array_length(json)",
        "How many items a list has; null for what is no list.",
        ("json_array_length('[1,2,3]')", "3"),
        |name| own(name, &[Text], 0, gives::integer, json_array_length),
    ),
    entry(
        "json_array_contains",
        "json_array_contains(json, value)",
        "Is the text, number or boolean an item of the list? Null for what is no list.",
        (r#"json_array_contains('["a",2]', 2)"#, "true"),
        |name| own(name, &[Text, Any], 0, gives::flag, json_array_contains),
    ),
    entry(
        "json_size",
        "json_size(json, path)",
        "How many members or items are at the path; 0 for a scalar, null where nothing is.",
        (r#"json_size('{"a":[1,2]}', '$.a')"#, "2"),
        |name| own(name, &[Text, Text], 0, gives::integer, json_size),
    ),
    entry(
        "json_value",
        "json_value(json, path)",
        "The text of the one scalar to which a path of SQL/JSON leads, such as 'lax $.a[0].b'; otherwise null.",
        (r#"json_value('{"a":[{"b":"x"}]}', 'lax $.a.b')"#, "x"),
        |name| own(name, &[Text, Text], 0, gives::text, json_value),
    ),
    entry(
        "json_query",
        "json_query(json, path)",
        "What a path of SQL/JSON leads to, as JSON text; null where nothing is or several.",
        (r#"json_query('{"a":{"b":1}}', 'lax $.a')"#, r#"{"b":1}"#),
        |name| own(name, &[Text, Text], 0, gives::text, json_query),
    ),
    entry(
        "json_exists",
        "json_exists(json, path)",
        "Does a path of SQL/JSON lead to anything? False where the text is no JSON.",
        (r#"json_exists('{"a":null}', 'lax $.a')"#, "true"),
        |name| own(name, &[Text, Text], 0, gives::flag, json_exists),
    ),
    entry(
        "is_json_scalar",
        "is_json_scalar(json)",
        "Is it a string, number, boolean or null? Null for what is no JSON.",
        ("is_json_scalar('[1]')", "false"),
        |name| own(name, &[Text], 0, gives::flag, is_json_scalar),
    ),
];

/// Runs over documents and paths; what is no JSON gives null.
fn at_path(
    call: &Call,
    read: fn(&str) -> Result<Path>,
    answer: for<'a> fn(&Path, &'a str) -> Option<Cow<'a, str>>,
) -> Result<ArrayRef> {
    let (documents, paths) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    texts_of(call.rows, |row| {
        let (Some(text), Some(path)) = (cell(documents, row), cell(paths, row)) else { return Ok(None) };
        let path = last.get(path, read)?;
        Ok(document(text).and_then(|json| answer(path, json)))
    })
}

fn json_extract_scalar(call: &Call) -> Result<ArrayRef> {
    at_path(call, Path::plain, |path, json| path.one(json).and_then(scalar))
}

fn json_extract(call: &Call) -> Result<ArrayRef> {
    at_path(call, Path::plain, |path, json| path.json(json))
}

fn json_value(call: &Call) -> Result<ArrayRef> {
    at_path(call, Path::standard, |path, json| path.only(json).and_then(scalar))
}

fn json_query(call: &Call) -> Result<ArrayRef> {
    at_path(call, Path::standard, |path, json| path.only(json).map(compact))
}

fn json_exists(call: &Call) -> Result<ArrayRef> {
    let (documents, paths) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    flags_of(call.rows, |row| {
        let (Some(text), Some(path)) = (cell(documents, row), cell(paths, row)) else { return Ok(None) };
        let path = last.get(path, Path::standard)?;
        Ok(Some(document(text).is_some_and(|json| !path.all(json).is_empty())))
    })
}

fn json_size(call: &Call) -> Result<ArrayRef> {
    let (documents, paths) = (call.texts(0)?, call.texts(1)?);
    let mut last = Last::new();
    integers_of(call.rows, |row| {
        let (Some(text), Some(path)) = (cell(documents, row), cell(paths, row)) else { return Ok(None) };
        let path = last.get(path, Path::plain)?;
        let found = document(text).and_then(|json| path.one(json));
        Ok(found.map(|value| count(size(value).unwrap_or(0))))
    })
}

pub(super) fn count(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn json_parse(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    texts_of(call.rows, |row| Ok(cell(texts, row).and_then(document).map(compact)))
}

fn json_array_get(call: &Call) -> Result<ArrayRef> {
    let (documents, places) = (call.texts(0)?, call.integers(1)?);
    texts_of(call.rows, |row| {
        let array = cell(documents, row).and_then(document).filter(|json| is_array(json));
        let (Some(array), Some(place)) = (array, cell(places, row)) else { return Ok(None) };
        let from_end = if place < 0 { items(array).count() } else { 0 };
        let place = i64::try_from(from_end).ok().and_then(|end| end.checked_add(place));
        let item = place.and_then(|place| usize::try_from(place).ok()).and_then(|place| items(array).nth(place));
        Ok(item.and_then(document::shown))
    })
}

fn json_array_length(call: &Call) -> Result<ArrayRef> {
    let documents = call.texts(0)?;
    integers_of(call.rows, |row| {
        let array = cell(documents, row).and_then(document).filter(|json| is_array(json));
        Ok(array.map(|array| count(items(array).count())))
    })
}

fn json_array_contains(call: &Call) -> Result<ArrayRef> {
    let documents = call.texts(0)?;
    let kind = call.array(1)?.data_type().clone();
    let wanted = cast(call.array(1)?, &DataType::Utf8View)?;
    let wanted = as_string_view_array(&wanted)?;
    let equal = |item: &str, wanted: &str| match (is_text(&kind), kind.is_numeric()) {
        (true, _) => string(item).as_deref() == Some(wanted),
        (_, true) => item == wanted || item.parse::<f64>().is_ok_and(|item| wanted.parse::<f64>() == Ok(item)),
        _ => item == wanted,
    };
    flags_of(call.rows, |row| {
        let array = cell(documents, row).and_then(document).filter(|json| is_array(json));
        let (Some(array), Some(wanted)) = (array, cell(wanted, row)) else { return Ok(None) };
        Ok(Some(items(array).any(|item| equal(item, wanted))))
    })
}

fn is_json_scalar(call: &Call) -> Result<ArrayRef> {
    let documents = call.texts(0)?;
    flags_of(call.rows, |row| {
        Ok(cell(documents, row).and_then(document).map(|json| !is_array(json) && !is_object(json)))
    })
}
