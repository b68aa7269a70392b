//! Functions of values that only rewritten statements call.

use std::fmt::Debug;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListArray, ListBuilder, StringArray, StringBuilder, StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::common::cast::{as_string_array, as_timestamp_microsecond_array};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

pub(super) fn functions() -> Vec<Arc<dyn ScalarUDFImpl>> {
    let any = |count| Signature::any(count, Volatility::Immutable);
    vec![
        Arc::new(TimeAsText(any(1))),
        Arc::new(UnnestField(any(2))),
        Arc::new(Address { name: "ip_key", signature: any(1) }),
        Arc::new(Address { name: "ip_or_null", signature: any(1) }),
        Arc::new(Address { name: "ipaddress", signature: any(1) }),
        Arc::new(Address { name: "ipprefix", signature: any(1) }),
    ]
}

fn first(arguments: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arrays = ColumnarValue::values_to_arrays(arguments.args.get(..1).unwrap_or_default())?;
    arrays.into_iter().next().ok_or_else(|| DataFusionError::Internal("no argument".to_owned()))
}

/// `time_as_text(x)`: a time as Trino casts it to text, `2026-04-09 01:02:03.000 UTC`; what is no time stays.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeAsText(Signature);

impl ScalarUDFImpl for TimeAsText {
    fn name(&self) -> &str {
        "time_as_text"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match arguments.first() {
            Some(DataType::Timestamp(..)) => DataType::Utf8,
            Some(other) => other.clone(),
            None => DataType::Null,
        })
    }

    fn simplify(&self, mut arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match arguments.first().map(|one| one.get_type(info.schema())).transpose()? {
            Some(data_type) if !matches!(data_type, DataType::Timestamp(..)) && arguments.len() == 1 => {
                Ok(ExprSimplifyResult::Simplified(arguments.remove(0)))
            }
            _ => Ok(ExprSimplifyResult::Original(arguments)),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = first(&arguments)?;
        let DataType::Timestamp(_, zone) = values.data_type().clone() else {
            return Ok(ColumnarValue::Array(values));
        };
        let times = cast(&values, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
        let times = as_timestamp_microsecond_array(&times)?;
        let texts: StringArray = times.iter().map(|micros| time_text(micros?, zone.as_deref())).collect();
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}

fn time_text(micros: i64, zone: Option<&str>) -> Option<String> {
    let time = Timestamp::from_microsecond(micros).ok()?;
    let name = zone.map(|zone| if zone == "+00:00" { "UTC" } else { zone });
    let there = match name {
        None | Some("UTC") => TimeZone::UTC,
        Some(name) => TimeZone::get(name).ok().or_else(|| fixed(name))?,
    };
    let digits = match micros.rem_euclid(1_000_000) {
        0 if zone.is_none() => String::new(),
        fraction if fraction % 1_000 == 0 => format!(".{:03}", fraction / 1_000),
        fraction => format!(".{fraction:06}"),
    };
    let text = time.to_zoned(there).strftime("%Y-%m-%d %H:%M:%S").to_string();
    Some(format!("{text}{digits}{}", name.map(|name| format!(" {name}")).unwrap_or_default()))
}

/// `+02:00`
fn fixed(offset: &str) -> Option<TimeZone> {
    let (sign, clock) = (offset.get(..1)?, offset.get(1..)?);
    let (hours, minutes) = clock.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60;
    let seconds = match sign {
        "+" => seconds,
        "-" => -seconds,
        _ => return None,
    };
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// `unnest_field(list, n)`: of each item of a list, the field with this number; of a map the keys (0) and the values (1).
/// The items of a list of JSON text, and a map in JSON text, are read likewise.
#[derive(Debug, PartialEq, Eq, Hash)]
struct UnnestField(Signature);

impl ScalarUDFImpl for UnnestField {
    fn name(&self) -> &str {
        "unnest_field"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal("the type is that of the field".to_owned()))
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let at = match arguments.scalar_arguments.get(1) {
            Some(Some(ScalarValue::Int64(Some(at)))) => usize::try_from(*at).unwrap_or(usize::MAX),
            _ => return Err(DataFusionError::Plan("a field is told by its number".to_owned())),
        };
        let none = || DataFusionError::Plan(format!("there is no field {}", at + 1));
        let item = match arguments.arg_fields.first().map(|field| field.data_type()) {
            Some(DataType::List(item)) => match item.data_type() {
                DataType::Struct(fields) => fields.get(at).ok_or_else(none)?.data_type().clone(),
                _ => DataType::Utf8,
            },
            Some(DataType::Map(entries, _)) => match entries.data_type() {
                DataType::Struct(fields) => fields.get(at).ok_or_else(none)?.data_type().clone(),
                _ => return Err(none()),
            },
            _ => DataType::Utf8,
        };
        Ok(Arc::new(Field::new("unnest_field", DataType::List(Arc::new(Field::new_list_field(item, true))), true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let at = match arguments.args.get(1) {
            Some(ColumnarValue::Scalar(ScalarValue::Int64(Some(at)))) => usize::try_from(*at).unwrap_or(usize::MAX),
            _ => return Err(DataFusionError::Internal("no number".to_owned())),
        };
        let values = first(&arguments)?;
        let lists: ArrayRef = match values.data_type() {
            DataType::List(item) if matches!(item.data_type(), DataType::Struct(_)) => {
                let list = values.as_list::<i32>();
                of_items(list.offsets().clone(), list.values().as_struct(), at, list.nulls().cloned())?
            }
            DataType::Map(..) => {
                let map = values.as_map();
                of_items(map.offsets().clone(), map.entries(), at, map.nulls().cloned())?
            }
            DataType::List(_) => {
                let list = values.as_list::<i32>();
                let items = cast(list.values(), &DataType::Utf8)?;
                let members: StringArray = as_string_array(&items)?.iter().map(|item| member(item?, at)).collect();
                let field = Arc::new(Field::new_list_field(DataType::Utf8, true));
                Arc::new(ListArray::try_new(field, list.offsets().clone(), Arc::new(members), list.nulls().cloned())?)
            }
            _ => of_maps(&values, at)?,
        };
        Ok(ColumnarValue::Array(lists))
    }
}

fn of_items(
    offsets: datafusion::arrow::buffer::OffsetBuffer<i32>,
    items: &StructArray,
    at: usize,
    nulls: Option<datafusion::arrow::buffer::NullBuffer>,
) -> Result<ArrayRef> {
    let column = items.columns().get(at).ok_or_else(|| DataFusionError::Internal("no such field".to_owned()))?;
    let field = Arc::new(Field::new_list_field(column.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, offsets, Arc::clone(column), nulls)?))
}

/// The member of an object, or the item of a list, with this number.
fn member(text: &str, at: usize) -> Option<String> {
    match serde_json::from_str(text).ok()? {
        Value::Object(members) => shown(members.values().nth(at)?),
        Value::Array(items) => shown(items.get(at)?),
        _ => None,
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The keys or the values of objects in JSON text.
fn of_maps(values: &ArrayRef, at: usize) -> Result<ArrayRef> {
    let texts = cast(values, &DataType::Utf8)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for text in as_string_array(&texts)? {
        match text.and_then(|text| serde_json::from_str(text).ok()) {
            Some(Value::Object(members)) => {
                for (key, value) in &members {
                    lists.values().append_option(if at == 0 { Some(key.clone()) } else { shown(value) });
                }
                lists.append(true);
            }
            _ => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

/// `ip_key(x)`: an address as text whose order is that of addresses; `ip_or_null(x)`: null for what is none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Address {
    name: &'static str,
    signature: Signature,
}

impl ScalarUDFImpl for Address {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = cast(&first(&arguments)?, &DataType::Utf8)?;
        let (is_key, is_checked) = (self.name == "ip_key", self.name == "ip_or_null");
        let one = |text: &str| match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) if is_key => Some(format!("{:032x}", u128::from(ip.to_ipv6_mapped()))),
            Ok(IpAddr::V6(ip)) if is_key => Some(format!("{:032x}", u128::from(ip))),
            Err(_) if is_key || is_checked => None,
            _ => Some(text.to_owned()),
        };
        let answers: StringArray = as_string_array(&texts)?.iter().map(|text| one(text?)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    }
}
