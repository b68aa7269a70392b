//! `json_diff(before, after)`: what differs between two documents.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder, StructBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::cast::as_string_array;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};
use serde_json::Value;

fn fields() -> Fields {
    ["path", "before", "after"].map(|name| Arc::new(Field::new(name, DataType::Utf8, true))).into_iter().collect()
}

/// The function, as a list of rows with path, before and after.
pub(crate) fn function(name: &'static str) -> ScalarUDF {
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields()), true));
    let run: ScalarFunctionImplementation = Arc::new(move |values| {
        let arrays = ColumnarValue::values_to_arrays(values)?;
        let (before, after) = (as_string_array(&arrays[0])?, as_string_array(&arrays[1])?);
        let mut list = ListBuilder::new(StructBuilder::from_fields(fields(), before.len()));
        for row in 0..before.len() {
            let text = |array: &datafusion::arrow::array::StringArray| {
                array.is_valid(row).then(|| array.value(row).to_owned())
            };
            append(&mut list, text(before).as_deref(), text(after).as_deref());
        }
        Ok(ColumnarValue::Array(Arc::new(list.finish()) as ArrayRef))
    });
    create_udf(name, vec![DataType::Utf8, DataType::Utf8], DataType::List(item), Volatility::Immutable, run)
}

fn append(list: &mut ListBuilder<StructBuilder>, before: Option<&str>, after: Option<&str>) {
    // What is no JSON is compared as text.
    let parse = |text: Option<&str>| {
        text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
    };
    for change in coldtrail_diff::diff("", &parse(before), &parse(after)) {
        let json = |value: Option<Value>| value.map(|value| value.to_string());
        let path = change.path.trim_start_matches('.').to_owned();
        let cells = [Some(path), json(change.before), json(change.after)];
        let row = list.values();
        for (at, cell) in cells.into_iter().enumerate() {
            if let Some(builder) = row.field_builder::<StringBuilder>(at) {
                builder.append_option(cell);
            }
        }
        row.append(true);
    }
    list.append(true);
}
