//! Lists and maps, and JSON text where Athena has a map or a list.

mod list;
mod lookup;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int64Array, ListArray, StringViewArray, UInt32Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{SortOptions, cast, sort_to_indices, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::{as_int64_array, as_list_array, as_map_array, as_string_view_array};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::functions_nested::position::array_position_udf;

pub(super) use self::list::LIST;
use super::addresses::in_cidr;
use super::call::{Call, cell, flags_of, integers_of, lists_of};
use super::json::count;
use super::json::document::{document, is_array, items, members, shown, size, string};

/// Where the elements of a row are among those of all rows.
fn span(offsets: &[i32], row: usize) -> Option<(usize, usize)> {
    let start = usize::try_from(*offsets.get(row)?).ok()?;
    let end = usize::try_from(*offsets.get(row + 1)?).ok()?;
    Some((start, end.max(start)))
}

/// Lists of some of the elements; `pick` is given where those of a row begin and end.
fn picked_of(
    call: &Call,
    list: &ListArray,
    mut pick: impl FnMut(usize, usize, usize) -> Result<Option<Vec<usize>>>,
) -> Result<ArrayRef> {
    let DataType::List(field) = list.data_type() else { return exec_err!("it is no list") };
    let (mut indices, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..call.rows {
        let span = if list.is_valid(row) { span(list.value_offsets(), row) } else { None };
        let picked = match span {
            Some((start, end)) => pick(row, start, end)?,
            None => None,
        };
        valid.push(picked.is_some());
        let picked = picked.unwrap_or_default();
        lengths.push(picked.len());
        indices.extend(picked.into_iter().map(|at| u32::try_from(at).ok()));
    }
    let values = take(list.values(), &UInt32Array::from(indices), None)?;
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, Some(valid.into()))?))
}

fn slice(call: &Call) -> Result<ArrayRef> {
    let (list, starts, lengths) = (call.lists(0)?, call.integers(1)?, call.integers(2)?);
    picked_of(call, list, |row, start, end| {
        let (Some(from), Some(length)) = (cell(starts, row), cell(lengths, row)) else { return Ok(None) };
        let size = count(end - start);
        let from = if from < 0 { size.saturating_add(from) } else { from - 1 };
        if from < 0 || length <= 0 || from >= size {
            return Ok(Some(Vec::new()));
        }
        let to = from.saturating_add(length).min(size);
        let at = |place: i64| start + usize::try_from(place).unwrap_or_default();
        Ok(Some((at(from)..at(to)).collect()))
    })
}

/// Upwards, nulls last.
fn array_sort(call: &Call) -> Result<ArrayRef> {
    let list = call.lists(0)?;
    let order = SortOptions { descending: false, nulls_first: false };
    picked_of(call, list, |_, start, end| {
        let sorted = sort_to_indices(&list.values().slice(start, end - start), Some(order), None)?;
        Ok(Some(sorted.values().iter().filter_map(|at| Some(start + usize::try_from(*at).ok()?)).collect()))
    })
}

/// The place of an element, from 1; 0 where it is not there.
fn array_position(call: &Call) -> Result<ArrayRef> {
    let found = cast(&call.ask(&array_position_udf(), call.arrays.clone())?, &DataType::Int64)?;
    let found = as_int64_array(&found)?;
    let (list, wanted) = (call.lists(0)?, call.array(1)?);
    integers_of(call.rows, |row| {
        let known = list.is_valid(row) && wanted.is_valid(row);
        Ok(known.then(|| cell(found, row).unwrap_or(0)))
    })
}

/// Is the address in the network?
fn network_contains(call: &Call) -> Result<ArrayRef> {
    let (networks, addresses) = (call.texts(0)?, call.texts(1)?);
    flags_of(call.rows, |row| {
        let (Some(network), Some(address)) = (cell(networks, row), cell(addresses, row)) else { return Ok(None) };
        Ok(Some(in_cidr(address.trim(), network.trim())))
    })
}

/// The names in a JSON object; null for what is none.
fn json_keys(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    lists_of(call.rows, |row| {
        let object = cell(texts, row).and_then(document).filter(|json| json.starts_with('{'));
        Ok(object.map(|object| members(object).map(|(name, _)| string(name)).collect()))
    })
}

/// The values in a JSON object, as `element_at` gives them.
fn json_values(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    lists_of(call.rows, |row| {
        let object = cell(texts, row).and_then(document).filter(|json| json.starts_with('{'));
        Ok(object.map(|object| members(object).map(|(_, value)| shown(value)).collect()))
    })
}

fn cardinality(call: &Call) -> Result<ArrayRef> {
    let array = call.array(0)?;
    let lengths = |offsets: &[i32]| -> Int64Array {
        let length = |row| span(offsets, row).map(|(start, end)| count(end - start));
        (0..call.rows).map(|row| if array.is_valid(row) { length(row) } else { None }).collect()
    };
    match array.data_type() {
        DataType::List(_) => Ok(Arc::new(lengths(as_list_array(array)?.value_offsets()))),
        DataType::Map(_, _) => Ok(Arc::new(lengths(as_map_array(array)?.value_offsets()))),
        _ => {
            let texts = cast(array, &DataType::Utf8View)?;
            let texts = as_string_view_array(&texts)?;
            json_sizes(call, texts)
        }
    }
}

fn json_sizes(call: &Call, texts: &StringViewArray) -> Result<ArrayRef> {
    integers_of(call.rows, |row| Ok(cell(texts, row).and_then(document).and_then(size).map(count)))
}

/// The item of a JSON list, from 1, or from the end by -1.
fn json_item(array: &str, place: i64) -> Option<&str> {
    let at = match place {
        1.. => place - 1,
        _ => count(items(array).count()).checked_add(place).filter(|_| place != 0)?,
    };
    if is_array(array) { items(array).nth(usize::try_from(at).ok()?) } else { None }
}
