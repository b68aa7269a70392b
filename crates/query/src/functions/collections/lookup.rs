//! `element_at`: of maps, of lists, and of the JSON text that stands where CloudTrail Lake has a map.

use datafusion::arrow::array::{Array, ArrayRef, MapArray, UInt32Array};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::{as_int64_array, as_list_array, as_map_array, as_string_view_array};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;

use super::{json_item, span};
use crate::functions::call::{Call, cell, is_list, is_text, item_type, texts_of, value_type};
use crate::functions::json::document::{document, is_array, member, shown};

/// What is found in the first argument.
pub(super) fn found(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    let Some(first) = types.first() else { return plan_err!("there is no argument") };
    match value_type(first).or_else(|| item_type(first)) {
        Some(data_type) => Ok(data_type),
        None if is_text(first) || first.is_null() => Ok(DataType::Utf8View),
        None => plan_err!("element_at: {first} has no elements"),
    }
}

pub(super) fn element_at(call: &Call) -> Result<ArrayRef> {
    let first = call.array(0)?;
    match first.data_type() {
        DataType::Map(_, _) => in_map(call, as_map_array(first)?),
        list if is_list(list) => in_list(call),
        _ => in_json(call),
    }
}

fn in_json(call: &Call) -> Result<ArrayRef> {
    let (texts, keys) = (cast(call.array(0)?, &DataType::Utf8View)?, cast(call.array(1)?, &DataType::Utf8View)?);
    let (texts, keys) = (as_string_view_array(&texts)?, as_string_view_array(&keys)?);
    texts_of(call.rows, |row| {
        let (Some(text), Some(key)) = (cell(texts, row), cell(keys, row)) else { return Ok(None) };
        let value = document(text).and_then(|json| match is_array(json) {
            true => json_item(json, key.parse().ok()?),
            false => member(json, key),
        });
        Ok(value.and_then(shown))
    })
}

fn in_list(call: &Call) -> Result<ArrayRef> {
    let list = match call.array(0)?.data_type() {
        DataType::List(_) => call.array(0)?.clone(),
        other => cast(call.array(0)?, &DataType::new_list(item_type(other).unwrap_or(DataType::Null), true))?,
    };
    let list = as_list_array(&list)?;
    let places = as_int64_array(call.array(1)?)?;
    let indices: UInt32Array = (0..call.rows)
        .map(|row| {
            let (start, end) = if list.is_valid(row) { span(list.value_offsets(), row)? } else { return None };
            let at = match cell(places, row)? {
                0 => return None,
                place @ 1.. => start.checked_add(usize::try_from(place - 1).ok()?)?,
                place => end.checked_sub(usize::try_from(place.unsigned_abs()).ok()?)?,
            };
            if (start..end).contains(&at) { u32::try_from(at).ok() } else { None }
        })
        .collect();
    Ok(take(list.values(), &indices, None)?)
}

fn in_map(call: &Call, map: &MapArray) -> Result<ArrayRef> {
    let wanted = call.array(1)?;
    let is_equal = equality(map.keys(), wanted)?;
    let mut indices = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let span = if map.is_valid(row) && wanted.is_valid(row) { span(map.value_offsets(), row) } else { None };
        let at = span.and_then(|(start, end)| (start..end).find(|at| is_equal(*at, row)));
        indices.push(at.and_then(|at| u32::try_from(at).ok()));
    }
    Ok(take(map.values(), &UInt32Array::from(indices), None)?)
}

type Equality = Box<dyn Fn(usize, usize) -> bool>;

/// Whether a key equals what is looked for.
fn equality(keys: &ArrayRef, wanted: &ArrayRef) -> Result<Equality> {
    if is_text(keys.data_type()) {
        let (keys, wanted) = (cast(keys, &DataType::Utf8View)?, cast(wanted, &DataType::Utf8View)?);
        let (keys, wanted) = (as_string_view_array(&keys)?.clone(), as_string_view_array(&wanted)?.clone());
        return Ok(Box::new(move |at, row| cell(&keys, at) == cell(&wanted, row)));
    }
    let (keys, wanted) = (keys.clone(), cast(wanted, keys.data_type())?);
    let value = |array: &ArrayRef, at: usize| ScalarValue::try_from_array(array, at).ok();
    Ok(Box::new(move |at, row| value(&keys, at).is_some_and(|key| value(&wanted, row) == Some(key))))
}
