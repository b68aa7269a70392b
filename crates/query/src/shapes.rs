//! Functions that the views in the shape of AWS's tables call.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringArray, StringBuilder, StructBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use datafusion::common::cast::{as_string_array, as_timestamp_microsecond_array};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};
use jiff::Timestamp;
use serde_json::Value;

use crate::hive_json::HiveJson;

pub(crate) fn functions() -> [ScalarUDF; 3] {
    let time: ScalarFunctionImplementation = Arc::new(|values| one(values, times));
    let resources: ScalarFunctionImplementation = Arc::new(|values| one(values, lists));
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    [
        ScalarUDF::from(HiveJson::new()),
        create_udf("aws_time", vec![micros], DataType::Utf8, Volatility::Immutable, time),
        create_udf("event_resources_list", vec![DataType::Utf8], list_type(), Volatility::Immutable, resources),
    ]
}

fn one(values: &[ColumnarValue], run: fn(&ArrayRef) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(values)?;
    let array = arrays.first().map(run).transpose()?;
    Ok(ColumnarValue::Array(array.unwrap_or_else(|| Arc::new(StringArray::new_null(0)))))
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

fn fields() -> Fields {
    ["arn", "accountid", "type"].into_iter().map(|name| Field::new(name, DataType::Utf8, true)).collect()
}

fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Struct(fields()), true)))
}

/// The resources of an event, of its JSON text; null where it has none.
fn lists(array: &ArrayRef) -> Result<ArrayRef> {
    let array = cast(array, &DataType::Utf8)?;
    let mut lists = ListBuilder::new(StructBuilder::from_fields(fields(), 0));
    for text in as_string_array(&array)? {
        match text.and_then(|text| serde_json::from_str(text).ok()) {
            Some(Value::Array(items)) => {
                items.iter().for_each(|item| push(lists.values(), item));
                lists.append(true);
            }
            _ => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

fn push(item: &mut StructBuilder, resource: &Value) {
    // CloudTrail writes `ARN`, `accountId` and `type`.
    let names = [["ARN", "arn"], ["accountId", "accountid"], ["type", "resourceType"]];
    for (at, [name, other]) in names.into_iter().enumerate() {
        let value = resource.get(name).or_else(|| resource.get(other)).and_then(Value::as_str);
        if let Some(texts) = item.field_builder::<StringBuilder>(at) {
            texts.append_option(value);
        }
    }
    item.append(true);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use datafusion::arrow::array::Array;

    use super::*;

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

    #[test]
    fn resources_are_the_events_own() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![
            Some(r#"[{"ARN":"arn:aws:s3:::b","accountId":"1","type":"AWS::S3::Bucket"},{"type":"x"}]"#),
            None,
            Some("no list"),
        ]));
        let lists = lists(&texts).unwrap();
        assert_eq!((lists.len(), lists.null_count()), (3, 2));
        let shown = datafusion::arrow::util::display::array_value_to_string(&lists, 0).unwrap();
        assert_eq!(
            shown,
            "[{arn: arn:aws:s3:::b, accountid: 1, type: AWS::S3::Bucket}, {arn: , accountid: , type: x}]"
        );
    }
}
