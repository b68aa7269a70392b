//! Functions that the views in the shape of AWS's tables call.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::cast::{as_string_array, as_timestamp_microsecond_array};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::hive_json::HiveJson;

pub(crate) fn functions() -> [ScalarUDF; 3] {
    let time: ScalarFunctionImplementation = Arc::new(|values| one(values, times));
    let tags: ScalarFunctionImplementation = Arc::new(|values| one(values, tag_lists));
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    [
        ScalarUDF::from(HiveJson::new()),
        create_udf("aws_tags", vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, tags),
        create_udf("aws_time", vec![micros], DataType::Utf8, Volatility::Immutable, time),
    ]
}

fn one(values: &[ColumnarValue], run: fn(&ArrayRef) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(values)?;
    let array = arrays.first().map(run).transpose()?;
    Ok(ColumnarValue::Array(array.unwrap_or_else(|| Arc::new(StringArray::new_null(0)))))
}

/// Tags as AWS Config's advanced queries know them: an object becomes a list of `key`, `value` and `tag`, which is both.
fn tag_lists(array: &ArrayRef) -> Result<ArrayRef> {
    let array = cast(array, &DataType::Utf8)?;
    let lists: StringArray = as_string_array(&array)?.iter().map(|tags| tag_list(tags?)).collect();
    Ok(Arc::new(lists))
}

fn tag_list(tags: &str) -> Option<String> {
    let Ok(Value::Object(tags)) = serde_json::from_str(tags) else { return Some(tags.to_owned()) };
    let one = |(key, value): (String, Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        json!({ "key": key, "value": value, "tag": format!("{key}={value}") })
    };
    Some(Value::Array(tags.into_iter().map(one).collect()).to_string())
}

/// A time as AWS writes it in records: `2026-04-09T01:59:12Z`, with three or six digits of a second where there are any.
fn times(array: &ArrayRef) -> Result<ArrayRef> {
    let array = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    let texts: StringArray = as_timestamp_microsecond_array(&array)?.iter().map(|micros| written(micros?)).collect();
    Ok(Arc::new(texts))
}

fn written(micros: i64) -> Option<String> {
    let time = Timestamp::from_microsecond(micros).ok()?;
    let digits = match micros.rem_euclid(1_000_000) {
        0 => 0,
        fraction if fraction % 1_000 == 0 => 3,
        _ => 6,
    };
    Some(format!("{time:.digits$}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn tags_are_a_list() {
        let list = tag_list(r#"{"env":"prod","n":1}"#).unwrap();
        assert_eq!(list, r#"[{"key":"env","value":"prod","tag":"env=prod"},{"key":"n","value":"1","tag":"n=1"}]"#);
        assert_eq!(tag_list("[]").unwrap(), "[]");
    }

    #[test]
    fn times_are_as_in_the_file() {
        for (micros, text) in [
            (1_775_699_952_000_000, "2026-04-09T01:59:12Z"),
            (1_775_699_952_417_000, "2026-04-09T01:59:12.417Z"),
            (1_775_699_952_417_001, "2026-04-09T01:59:12.417001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(written(micros).unwrap(), text);
        }
    }
}
