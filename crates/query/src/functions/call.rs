//! What a function of ours is made of: which arguments it takes, what it gives, and how it runs over a batch.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayAccessor, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, ListBuilder,
    StringBuilder, StringViewArray, StringViewBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::cast::{
    as_binary_array, as_float64_array, as_int64_array, as_list_array, as_string_view_array,
};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{ScalarValue, exec_datafusion_err, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// What an argument may be; it reaches the function in the one type that is named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Text, or what can be written as such: `Utf8View`.
    Text,
    /// `Int64`.
    Integer,
    /// `Float64`.
    Number,
    /// A `Date32`, a timestamp in microseconds with the zone that it had, or text in ISO 8601 as `Utf8View`.
    Time,
    /// `Binary`, or text as `Utf8View`.
    Bytes,
    /// A `List`.
    List,
    /// What is looked up in the first argument: the type of its keys, a position, or a name.
    Key,
    /// An element of the first argument, which is a list.
    Element,
    /// Whatever it is.
    Any,
}

pub(super) type Gives = fn(&[DataType], &[Option<&ScalarValue>]) -> Result<DataType>;
pub(super) type Run = fn(&Call) -> Result<ArrayRef>;

/// A function that is written here.
#[derive(Debug)]
struct Own {
    name: &'static str,
    signature: Signature,
    takes: &'static [Takes],
    /// How many of the last arguments may be left out.
    optional: usize,
    /// May the last argument come again and again?
    again: bool,
    gives: Gives,
    run: Run,
}

pub(super) fn own(name: &'static str, takes: &'static [Takes], optional: usize, gives: Gives, run: Run) -> ScalarUDF {
    let signature = Signature::user_defined(Volatility::Immutable);
    ScalarUDF::new_from_impl(Own { name, signature, takes, optional, again: false, gives, run })
}

/// One whose last argument may come again and again.
pub(super) fn again(name: &'static str, takes: &'static [Takes], gives: Gives, run: Run) -> ScalarUDF {
    let signature = Signature::user_defined(Volatility::Immutable);
    ScalarUDF::new_from_impl(Own { name, signature, takes, optional: 0, again: true, gives, run })
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.takes == other.takes
    }
}

impl Eq for Own {}

impl Hash for Own {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Own {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.gives)(types, &[])
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let gives = (self.gives)(&types, args.scalar_arguments)?;
        Ok(Arc::new(Field::new(self.name, gives, true)))
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let least = self.takes.len() - self.optional.min(self.takes.len());
        if types.len() < least || (types.len() > self.takes.len() && !self.again) {
            return plan_err!(
                "{} takes {} arguments, not {}",
                self.name,
                counted(least, self.takes.len()),
                types.len()
            );
        }
        let mut coerced = Vec::with_capacity(types.len());
        for (at, given) in types.iter().enumerate() {
            let takes = self.takes.get(at).or(self.takes.last()).copied().unwrap_or(Takes::Any);
            match coerce(takes, given, types.first()) {
                Some(data_type) => coerced.push(data_type),
                None => return plan_err!("{}: argument {} cannot be {given}", self.name, at + 1),
            }
        }
        Ok(coerced)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let rows = arrays.first().map_or(1, |array| array.len());
        let gives = args.return_field.data_type().clone();
        let call = Call { arrays, rows, gives, config: args.config_options };
        let mut answer = (self.run)(&call)?;
        if answer.data_type() != &call.gives {
            answer = cast(&answer, &call.gives)?;
        }
        match constant && answer.len() == 1 {
            true => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?)),
            false => Ok(ColumnarValue::Array(answer)),
        }
    }
}

fn counted(least: usize, most: usize) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

pub(super) fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _))
}

pub(super) fn micros(zone: Option<&str>) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into))
}

/// The type in which an argument reaches the function; none if it takes no such argument.
fn coerce(takes: Takes, given: &DataType, first: Option<&DataType>) -> Option<DataType> {
    let null = given.is_null();
    match takes {
        Takes::Any => Some(given.clone()),
        Takes::Text if null || is_text(given) || given.is_primitive() || *given == DataType::Boolean => {
            Some(DataType::Utf8View)
        }
        Takes::Integer if null || given.is_numeric() => Some(DataType::Int64),
        Takes::Number if null || given.is_numeric() => Some(DataType::Float64),
        Takes::Time => match given {
            DataType::Date32 | DataType::Date64 => Some(DataType::Date32),
            DataType::Timestamp(_, zone) => Some(micros(zone.as_deref())),
            _ if null || is_text(given) => Some(DataType::Utf8View),
            _ => None,
        },
        Takes::Bytes => match given {
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Some(DataType::Binary)
            }
            _ if null || is_text(given) => Some(DataType::Utf8View),
            _ => None,
        },
        Takes::List => match given {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                Some(DataType::List(Arc::clone(item)))
            }
            _ if null => Some(DataType::new_list(DataType::Null, true)),
            _ => None,
        },
        Takes::Key => match first? {
            DataType::Map(_, _) => key_type(first?),
            list if is_list(list) => (null || given.is_integer()).then_some(DataType::Int64),
            _ => (null || is_text(given) || given.is_integer()).then_some(DataType::Utf8View),
        },
        Takes::Element => item_type(first?),
        _ => None,
    }
}

pub(super) fn item_type(list: &DataType) -> Option<DataType> {
    match list {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(item.data_type().clone())
        }
        _ => None,
    }
}

fn entry_type(map: &DataType, at: usize) -> Option<DataType> {
    let DataType::Map(entries, _) = map else { return None };
    let DataType::Struct(fields) = entries.data_type() else { return None };
    fields.get(at).map(|field| field.data_type().clone())
}

pub(super) fn key_type(map: &DataType) -> Option<DataType> {
    entry_type(map, 0)
}

pub(super) fn value_type(map: &DataType) -> Option<DataType> {
    entry_type(map, 1)
}

/// The types that functions give.
pub(super) mod gives {
    use super::{DataType, Result, ScalarValue, micros, plan_err};

    pub(in super::super) fn text(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    pub(in super::super) fn texts(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::new_list(DataType::Utf8, true))
    }

    pub(in super::super) fn integer(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    pub(in super::super) fn number(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    pub(in super::super) fn flag(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    pub(in super::super) fn bytes(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    pub(in super::super) fn date(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    /// An instant, written as UTC.
    pub(in super::super) fn time(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(micros(Some("UTC")))
    }

    /// What the first argument is.
    pub(in super::super) fn first(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        match types.first() {
            Some(first) => Ok(first.clone()),
            None => plan_err!("there is no argument"),
        }
    }
}

/// One batch of arguments, each an array of as many rows.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) arrays: Vec<ArrayRef>,
    pub(super) rows: usize,
    pub(super) gives: DataType,
    pub(super) config: Arc<ConfigOptions>,
}

impl Call {
    pub(super) fn array(&self, at: usize) -> Result<&ArrayRef> {
        self.arrays.get(at).ok_or_else(|| exec_datafusion_err!("argument {} is missing", at + 1))
    }

    pub(super) fn has(&self, at: usize) -> bool {
        at < self.arrays.len()
    }

    pub(super) fn texts(&self, at: usize) -> Result<&StringViewArray> {
        as_string_view_array(self.array(at)?)
    }

    pub(super) fn integers(&self, at: usize) -> Result<&Int64Array> {
        as_int64_array(self.array(at)?)
    }

    pub(super) fn numbers(&self, at: usize) -> Result<&Float64Array> {
        as_float64_array(self.array(at)?)
    }

    pub(super) fn lists(&self, at: usize) -> Result<&ListArray> {
        as_list_array(self.array(at)?)
    }

    pub(super) fn bytes(&self, at: usize) -> Result<Bytes<'_>> {
        let array = self.array(at)?;
        match array.data_type() {
            DataType::Binary => Ok(Bytes::Raw(as_binary_array(array)?)),
            _ => Ok(Bytes::Text(as_string_view_array(array)?)),
        }
    }

    /// What another function makes of these arguments.
    pub(super) fn ask(&self, function: &ScalarUDF, arrays: Vec<ArrayRef>) -> Result<ArrayRef> {
        let fields: Vec<FieldRef> = arrays.iter().map(|array| field(array.data_type())).collect();
        let wanted = fields_with_udf(&fields, function)?;
        let mut args = Vec::with_capacity(arrays.len());
        for (array, field) in arrays.iter().zip(&wanted) {
            args.push(ColumnarValue::Array(cast(array, field.data_type())?));
        }
        let constants = vec![None; wanted.len()];
        let return_field =
            function.return_field_from_args(ReturnFieldArgs { arg_fields: &wanted, scalar_arguments: &constants })?;
        let config_options = Arc::clone(&self.config);
        let number_rows = self.rows;
        let args = ScalarFunctionArgs { args, arg_fields: wanted, number_rows, return_field, config_options };
        function.invoke_with_args(args)?.into_array(self.rows)
    }
}

pub(super) fn field(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new("f", data_type.clone(), true))
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Bytes<'a> {
    Raw(&'a BinaryArray),
    Text(&'a StringViewArray),
}

impl<'a> Bytes<'a> {
    pub(super) fn get(self, row: usize) -> Option<&'a [u8]> {
        match self {
            Bytes::Raw(array) => cell(array, row),
            Bytes::Text(array) => cell(array, row).map(str::as_bytes),
        }
    }
}

/// The value of a row; none for null.
pub(super) fn cell<A: ArrayAccessor>(array: A, row: usize) -> Option<A::Item> {
    (row < array.len() && array.is_valid(row)).then(|| array.value(row))
}

/// The value that belongs to a constant text such as a pattern: made once, and again only where the text changes.
pub(super) struct Last<T> {
    text: String,
    made: Option<T>,
}

impl<T> Last<T> {
    pub(super) fn new() -> Last<T> {
        Last { text: String::new(), made: None }
    }

    pub(super) fn get(&mut self, text: &str, make: impl FnOnce(&str) -> Result<T>) -> Result<&T> {
        if self.made.is_none() || self.text != text {
            self.made = Some(make(text)?);
            text.clone_into(&mut self.text);
        }
        self.made.as_ref().ok_or_else(|| exec_datafusion_err!("nothing was made of {text}"))
    }
}

pub(super) fn texts_of<S: AsRef<str>>(rows: usize, mut of: impl FnMut(usize) -> Result<Option<S>>) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(of(row)?);
    }
    Ok(Arc::new(builder.finish()))
}

pub(super) fn integers_of(rows: usize, mut of: impl FnMut(usize) -> Result<Option<i64>>) -> Result<ArrayRef> {
    let answers: Int64Array = (0..rows).map(&mut of).collect::<Result<_>>()?;
    Ok(Arc::new(answers))
}

pub(super) fn numbers_of(rows: usize, mut of: impl FnMut(usize) -> Result<Option<f64>>) -> Result<ArrayRef> {
    let answers: Float64Array = (0..rows).map(&mut of).collect::<Result<_>>()?;
    Ok(Arc::new(answers))
}

pub(super) fn flags_of(rows: usize, mut of: impl FnMut(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
    let answers: BooleanArray = (0..rows).map(&mut of).collect::<Result<_>>()?;
    Ok(Arc::new(answers))
}

pub(super) fn bytes_of(rows: usize, mut of: impl FnMut(usize) -> Result<Option<Vec<u8>>>) -> Result<ArrayRef> {
    let answers = (0..rows).map(&mut of).collect::<Result<Vec<_>>>()?;
    small(answers.iter().flatten().map(Vec::len).sum())?;
    Ok(Arc::new(answers.iter().map(Option::as_deref).collect::<BinaryArray>()))
}

/// Lists of texts.
pub(super) fn lists_of<S: AsRef<str>>(
    rows: usize,
    mut of: impl FnMut(usize) -> Result<Option<Vec<Option<S>>>>,
) -> Result<ArrayRef> {
    let mut builder = ListBuilder::new(StringBuilder::new());
    let mut size = 0usize;
    for row in 0..rows {
        let Some(texts) = of(row)? else {
            builder.append(false);
            continue;
        };
        for text in &texts {
            size = size.saturating_add(text.as_ref().map_or(0, |text| text.as_ref().len()));
            small(size)?;
            builder.values().append_option(text.as_ref());
        }
        builder.append(true);
    }
    Ok(Arc::new(builder.finish()))
}

/// Arrow counts the bytes of such an array with 32 bits.
fn small(size: usize) -> Result<()> {
    if i32::try_from(size).is_err() { exec_err!("the texts of one batch are over 2 GiB") } else { Ok(()) }
}

/// A function that another one does under its own name: which, the types of the arguments say.
#[derive(Debug)]
struct Picked {
    name: &'static str,
    signature: Signature,
    pick: Pick,
}

pub(super) type Pick = fn(&[DataType]) -> Arc<ScalarUDF>;

pub(super) fn picked(name: &'static str, pick: Pick) -> ScalarUDF {
    ScalarUDF::new_from_impl(Picked { name, signature: Signature::user_defined(Volatility::Immutable), pick })
}

impl PartialEq for Picked {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Picked {}

impl Hash for Picked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Picked {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.pick)(types).return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        (self.pick)(&types).return_field_from_args(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let fields: Vec<FieldRef> = types.iter().map(field).collect();
        let coerced = fields_with_udf(&fields, (self.pick)(types).as_ref())?;
        Ok(coerced.iter().map(|field| field.data_type().clone()).collect())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        (self.pick)(&types).invoke_with_args(args)
    }
}
