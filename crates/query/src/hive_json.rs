//! `hive_json(text, type)`: JSON text as the nested value that a table of Athena has there, such as
//! `array<struct<name:string,value:string>>`. Members are found whatever their case, as Athena's reader of JSON finds them.
//! <https://docs.aws.amazon.com/athena/latest/ug/json-serde.html>

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListArray, StringBuilder, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_string_array;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::Value;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct HiveJson(Signature);

impl HiveJson {
    pub(crate) fn new() -> HiveJson {
        HiveJson(Signature::any(2, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for HiveJson {
    fn name(&self) -> &str {
        "hive_json"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal("the type is in the second argument".to_owned()))
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let text = match arguments.scalar_arguments.get(1) {
            Some(Some(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)))) => text.as_str(),
            _ => return Err(DataFusionError::Plan("hive_json takes a type as its second argument".to_owned())),
        };
        let data_type = data_type(text).ok_or_else(|| DataFusionError::Plan(format!("`{text}` is no type of Hive")))?;
        Ok(Arc::new(Field::new("hive_json", data_type, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(arguments.args.get(..1).unwrap_or_default())?;
        let Some(array) = arrays.first() else { return Err(DataFusionError::Internal("no argument".to_owned())) };
        let texts = cast(array, &DataType::Utf8)?;
        let documents: Vec<Option<Value>> =
            as_string_array(&texts)?.iter().map(|text| text.and_then(|text| serde_json::from_str(text).ok())).collect();
        let values: Vec<Option<&Value>> = documents.iter().map(Option::as_ref).collect();
        Ok(ColumnarValue::Array(column(arguments.return_field.data_type(), &values)?))
    }
}

/// The type that is written so; none where it is none.
fn data_type(text: &str) -> Option<DataType> {
    let text = text.trim();
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>');
    if let Some(item) = inside("array") {
        return Some(DataType::List(Arc::new(Field::new_list_field(data_type(item)?, true))));
    }
    if let Some(members) = inside("struct") {
        let fields: Option<Fields> = split(members)
            .into_iter()
            .map(|member| {
                let (name, of) = member.split_once(':')?;
                Some(Field::new(name.trim(), data_type(of)?, true))
            })
            .collect();
        return Some(DataType::Struct(fields?));
    }
    Some(match text {
        "string" => DataType::Utf8,
        "int" | "bigint" => DataType::Int64,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        _ => return None,
    })
}

/// The members of a struct: what stands between commas that are in no brackets.
fn split(members: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, sign) in members.char_indices() {
        match sign {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(members.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(members.get(from..));
    parts
}

/// A column of these values; what is of another type is null, and any value has a text.
fn column(data_type: &DataType, values: &[Option<&Value>]) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::List(item) => list(item, values)?,
        DataType::Struct(fields) => {
            let columns: Vec<ArrayRef> = fields
                .iter()
                .map(|field| {
                    let members: Vec<Option<&Value>> =
                        values.iter().map(|value| value.and_then(|value| member(value, field.name()))).collect();
                    column(field.data_type(), &members)
                })
                .collect::<Result<_>>()?;
            let there = values.iter().map(|value| value.is_some_and(Value::is_object)).collect();
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, Some(there), values.len())?)
        }
        DataType::Int64 => {
            let mut column = Int64Builder::new();
            values.iter().for_each(|value| column.append_option(value.and_then(Value::as_i64)));
            Arc::new(column.finish())
        }
        DataType::Float64 => {
            let mut column = Float64Builder::new();
            values.iter().for_each(|value| column.append_option(value.and_then(Value::as_f64)));
            Arc::new(column.finish())
        }
        DataType::Boolean => {
            let mut column = BooleanBuilder::new();
            values.iter().for_each(|value| column.append_option(value.and_then(Value::as_bool)));
            Arc::new(column.finish())
        }
        _ => {
            let mut column = StringBuilder::new();
            values.iter().for_each(|value| column.append_option(value.and_then(text)));
            Arc::new(column.finish())
        }
    })
}

fn list(item: &FieldRef, values: &[Option<&Value>]) -> Result<ArrayRef> {
    let lists: Vec<Option<&Vec<Value>>> = values.iter().map(|value| value.and_then(Value::as_array)).collect();
    let there: NullBuffer = lists.iter().map(Option::is_some).collect();
    let offsets = OffsetBuffer::from_lengths(lists.iter().map(|list| list.map_or(0, Vec::len)));
    let items: Vec<Option<&Value>> = lists.iter().flatten().flat_map(|list| list.iter().map(Some)).collect();
    Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, column(item.data_type(), &items)?, Some(there))?))
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let members = value.as_object()?;
    members.get(name).or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use datafusion::arrow::array::Array;
    use datafusion::arrow::util::display::array_value_to_string;

    use super::*;

    #[test]
    fn values_have_the_type_that_is_written() {
        let data_type =
            data_type("array<struct<name:string,list:array<int>,inner:struct<a:boolean,b:double>>>").unwrap();
        let documents: Vec<Value> = [
            r#"[{"Name":"x","list":[1,"no",3],"inner":{"A":true,"b":0.5}},{"name":7}]"#,
            r#"{"name":"no list"}"#,
            "[null]",
        ]
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
        let mut values: Vec<Option<&Value>> = documents.iter().map(Some).collect();
        values.push(None);
        let column = column(&data_type, &values).unwrap();
        assert_eq!((column.len(), column.null_count()), (4, 2));
        let first = array_value_to_string(&column, 0).unwrap();
        assert_eq!(first, "[{name: x, list: [1, , 3], inner: {a: true, b: 0.5}}, {name: 7, list: , inner: }]");
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["array<x>", "struct<a>", "", "array<string", "map<string,string>"] {
            assert_eq!(super::data_type(text), None, "{text}");
        }
    }
}
