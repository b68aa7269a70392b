//! Each type of Arrow as a cell.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use coldtrail_schema::arrow::array::builder::{
    FixedSizeBinaryBuilder, ListBuilder, MapBuilder, StringBuilder, StringDictionaryBuilder,
};
use coldtrail_schema::arrow::array::types::Int16Type;
use coldtrail_schema::arrow::array::{
    BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, DurationSecondArray,
    Float32Array, Float64Array, Int8Array, IntervalYearMonthArray, LargeStringArray, NullArray, RecordBatch,
    StringArray, StringViewArray, StructArray, Time32SecondArray, TimestampMicrosecondArray, TimestampSecondArray,
    UInt64Array,
};
use coldtrail_schema::arrow::schema::{Field, Fields};

use super::*;
use crate::table::Table;

fn texts(array: impl Array) -> Vec<String> {
    (0..array.len()).map(|row| Cell::read(&array, row).unwrap().text().into_owned()).collect()
}

#[test]
fn scalars() {
    assert_eq!(texts(BooleanArray::from(vec![Some(true), None])), ["true", ""]);
    assert_eq!(texts(Int8Array::from(vec![-128])), ["-128"]);
    assert_eq!(texts(UInt64Array::from(vec![u64::MAX])), ["18446744073709551615"]);
    assert_eq!(texts(Float32Array::from(vec![0.1, f32::INFINITY])), ["0.1", "inf"]);
    assert_eq!(texts(Float64Array::from(vec![3.0, 1e300, f64::NAN])), ["3.0", "1e300", "NaN"]);
    assert_eq!(texts(StringArray::from(vec!["a"])), ["a"]);
    assert_eq!(texts(LargeStringArray::from(vec!["a"])), ["a"]);
    assert_eq!(
        texts(StringViewArray::from(vec!["a value longer than a view holds"])),
        ["a value longer than a view holds"]
    );
    assert_eq!(texts(BinaryArray::from(vec![b"ok".as_slice(), b"a\xff\x00"])), ["ok", "a\\xff\0"]);
    assert_eq!(texts(BinaryViewArray::from(vec![b"ok".as_slice()])), ["ok"]);
    assert_eq!(texts(Date32Array::from(vec![20_514])), ["2026-03-02"]);
    assert_eq!(texts(Date64Array::from(vec![-1])), ["1969-12-31"]);
    assert_eq!(texts(NullArray::new(1)), [""]);
    let decimals = Decimal128Array::from(vec![-150]).with_precision_and_scale(10, 2).unwrap();
    assert_eq!(Cell::read(&decimals, 0).unwrap(), Cell::Decimal("-1.50".into()));
}

#[test]
fn instants_are_utc_whatever_their_zone() {
    let ticks = vec![1_772_424_600_500_000];
    assert_eq!(texts(TimestampMicrosecondArray::from(ticks.clone()).with_timezone("UTC")), ["2026-03-02T04:10:00.5Z"]);
    assert_eq!(texts(TimestampMicrosecondArray::from(ticks).with_timezone("+02:00")), ["2026-03-02T04:10:00.5Z"]);
    assert_eq!(texts(TimestampSecondArray::from(vec![1_772_424_600])), ["2026-03-02T04:10:00Z"]);
}

#[test]
fn the_rest_is_printed_by_arrow() {
    assert_eq!(texts(DurationSecondArray::from(vec![90])), ["PT90S"]);
    assert_eq!(texts(IntervalYearMonthArray::from(vec![14])), ["1 years 2 mons"]);
    assert_eq!(texts(Time32SecondArray::from(vec![15_000])), ["04:10:00"]);
}

#[test]
fn nested() {
    let mut words = StringDictionaryBuilder::<Int16Type>::new();
    words.extend([Some("a"), None, Some("b"), Some("a")]);
    assert_eq!(texts(words.finish()), ["a", "", "b", "a"]);

    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a\"b"), None]);
    lists.append_value(Vec::<Option<&str>>::new());
    lists.append_null();
    assert_eq!(texts(lists.finish()), ["[\"a\\\"b\",null]", "[]", ""]);

    let mut hashes = FixedSizeBinaryBuilder::new(4);
    hashes.append_value(b"\x00\x01\xfea").unwrap();
    assert_eq!(texts(hashes.finish()), ["0001fe61"]);

    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for pairs in [[("a", "1"), ("b", "2")], [("a", "1"), ("a", "2")]] {
        for (key, value) in pairs {
            maps.keys().append_value(key);
            maps.values().append_value(value);
        }
        maps.append(true).unwrap();
    }
    let expected = [r#"{"a":"1","b":"2"}"#, r#"[{"key":"a","value":"1"},{"key":"a","value":"2"}]"#];
    assert_eq!(texts(maps.finish()), expected);

    let fields = Fields::from(vec![Field::new("z", DataType::Int8, true), Field::new("a", DataType::Utf8, true)]);
    let columns: Vec<ArrayRef> = vec![Arc::new(Int8Array::from(vec![1])), Arc::new(StringArray::from(vec!["x"]))];
    assert_eq!(texts(StructArray::new(fields, columns, None)), [r#"{"z":1,"a":"x"}"#]);
}

#[test]
fn batches_make_a_table_and_strangers_are_refused() {
    let batch = |name: &str| {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
        RecordBatch::try_from_iter([(name, column)]).unwrap()
    };
    let table = Table::read(&batch("a").schema(), &[batch("a"), batch("a")]).unwrap();
    assert_eq!((table.rows.len(), table.columns[0].data_type.as_str()), (4, "Utf8"));
    let error = Table::read(&batch("a").schema(), &[batch("a"), batch("b")]).unwrap_err();
    assert_eq!(error.to_string(), "batch 1 has columns b, the table has a");
}
