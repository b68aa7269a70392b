//! Comparing, types and bits.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, StringViewArray, new_null_array};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{and, cast, is_not_null};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::common::cast::{as_float64_array, as_int64_array};
use datafusion::error::Result;
use datafusion::functions::core::{greatest, least};
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;

use super::call::Takes::{Any, Integer};
use super::call::{
    Call, again, cell, field, gives, integers_of, is_list, item_type, key_type, numbers_of, own, value_type,
};
use super::{Function, entry};

pub(super) const LIST: &[Function] = &[
    entry(
        "greatest",
        "greatest(a, b, ...)",
        "The greatest of the values; null if one of them is null.",
        ("greatest(1, 3, 2)", "3"),
        |name| again(name, &[Any], |types, _| common(&greatest(), types), |call| unless_null(call, &greatest())),
    ),
    entry(
        "least",
        "least(a, b, ...)",
        "The least of the values; null if one of them is null.",
        ("least(1, null) is null", "true"),
        |name| again(name, &[Any], |types, _| common(&least(), types), |call| unless_null(call, &least())),
    ),
    entry("typeof", "typeof(x)", "The name that Trino has for the type.", ("typeof(1)", "bigint"), |name| {
        own(name, &[Any], 0, gives::text, type_of)
    }),
    entry("bitwise_and", "bitwise_and(a, b)", "The bits that both have.", ("bitwise_and(12, 10)", "8"), |name| {
        own(name, &[Integer, Integer], 0, gives::integer, |call| two(call, |a, b| Some(a & b)))
    }),
    entry("bitwise_or", "bitwise_or(a, b)", "The bits that one has.", ("bitwise_or(12, 10)", "14"), |name| {
        own(name, &[Integer, Integer], 0, gives::integer, |call| two(call, |a, b| Some(a | b)))
    }),
    entry("bitwise_xor", "bitwise_xor(a, b)", "The bits that just one has.", ("bitwise_xor(12, 10)", "6"), |name| {
        own(name, &[Integer, Integer], 0, gives::integer, |call| two(call, |a, b| Some(a ^ b)))
    }),
    entry("bitwise_not", "bitwise_not(a)", "All bits turned.", ("bitwise_not(0)", "-1"), |name| {
        own(name, &[Integer], 0, gives::integer, bitwise_not)
    }),
    entry(
        "mod",
        "mod(a, b)",
        "What is left when a is divided by b; null where b is 0, where Athena fails.",
        ("mod(-7, 3)", "-1"),
        |name| own(name, &[Any, Any], 0, modulo_type, modulo),
    ),
];

fn common(function: &ScalarUDF, types: &[DataType]) -> Result<DataType> {
    let fields: Vec<_> = types.iter().map(field).collect();
    let coerced = fields_with_udf(&fields, function)?;
    let types: Vec<DataType> = coerced.iter().map(|field| field.data_type().clone()).collect();
    function.return_type(&types)
}

/// What DataFusion gives, but null where any argument is.
fn unless_null(call: &Call, function: &ScalarUDF) -> Result<ArrayRef> {
    let answer = call.ask(function, call.arrays.clone())?;
    let mut all = is_not_null(&answer)?;
    for array in &call.arrays {
        all = and(&all, &is_not_null(array)?)?;
    }
    let nulls = new_null_array(answer.data_type(), answer.len());
    Ok(zip(&all, &answer, &nulls)?)
}

fn two(call: &Call, of: fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    let (left, right) = (call.integers(0)?, call.integers(1)?);
    integers_of(call.rows, |row| Ok(cell(left, row).zip(cell(right, row)).and_then(|(left, right)| of(left, right))))
}

fn modulo_type(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    let whole = types.iter().all(|data_type| data_type.is_integer() || data_type.is_null());
    Ok(if whole { DataType::Int64 } else { DataType::Float64 })
}

fn modulo(call: &Call) -> Result<ArrayRef> {
    let (left, right) = (cast(call.array(0)?, &call.gives)?, cast(call.array(1)?, &call.gives)?);
    if call.gives == DataType::Int64 {
        let (left, right) = (as_int64_array(&left)?, as_int64_array(&right)?);
        let of = |(left, right): (i64, i64)| left.checked_rem(right);
        return integers_of(call.rows, |row| Ok(cell(left, row).zip(cell(right, row)).and_then(of)));
    }
    let (left, right) = (as_float64_array(&left)?, as_float64_array(&right)?);
    numbers_of(call.rows, |row| Ok(cell(left, row).zip(cell(right, row)).map(|(left, right)| left % right)))
}

fn bitwise_not(call: &Call) -> Result<ArrayRef> {
    let answers: Int64Array = call.integers(0)?.iter().map(|number| number.map(|number| !number)).collect();
    Ok(Arc::new(answers))
}

fn type_of(call: &Call) -> Result<ArrayRef> {
    let name = type_name(call.array(0)?.data_type());
    Ok(Arc::new(StringViewArray::from_iter_values(vec![name; call.rows])))
}

fn type_name(data_type: &DataType) -> String {
    let named = |name: &str| name.to_owned();
    match data_type {
        DataType::Null => named("unknown"),
        DataType::Boolean => named("boolean"),
        DataType::Int8 => named("tinyint"),
        DataType::Int16 | DataType::UInt8 => named("smallint"),
        DataType::Int32 | DataType::UInt16 => named("integer"),
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => named("bigint"),
        DataType::Float16 | DataType::Float32 => named("real"),
        DataType::Float64 => named("double"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => named("varchar"),
        DataType::Dictionary(_, value) => type_name(value),
        DataType::Date32 | DataType::Date64 => named("date"),
        DataType::Timestamp(_, None) => named("timestamp(6)"),
        DataType::Timestamp(_, Some(_)) => named("timestamp(6) with time zone"),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        list if is_list(list) => match item_type(list) {
            Some(item) => format!("array({})", type_name(&item)),
            None => named("array"),
        },
        DataType::Map(_, _) => {
            let part = |part: Option<DataType>| part.as_ref().map(type_name).unwrap_or_default();
            let (key, value) = (key_type(data_type), value_type(data_type));
            format!("map({}, {})", part(key), part(value))
        }
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), type_name(field.data_type()))).collect();
            format!("row({})", fields.join(", "))
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => named("varbinary"),
        other => other.to_string().to_lowercase(),
    }
}
