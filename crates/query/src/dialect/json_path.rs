//! Members of JSON text by their names, through lists: what dots into a document mean.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, ListBuilder, StringArray, StringBuilder, StructArray, make_array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_string_array;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::functions::json_text::{document, is_array, items, member as member_of, members, shown, string};

/// The functions that only rewritten statements call.
pub(super) fn functions() -> Vec<Arc<dyn ScalarUDFImpl>> {
    vec![
        Arc::new(OfText::new("json_member", 2, DataType::Utf8, ways)),
        Arc::new(OfText::new("json_any", 4, DataType::Boolean, any)),
        Arc::new(OfText::new("json_texts", 1, texts_type(), texts)),
        Arc::new(Rounded(Signature::any(1, Volatility::Immutable))),
        Arc::new(Member(Signature::any(2, Volatility::Immutable))),
    ]
}

/// `json_member(document, 'a.b')` as an expression.
pub(super) fn member(document: Expr, path: &str) -> Expr {
    let function = ScalarUDF::from(OfText::new("json_member", 2, DataType::Utf8, ways));
    function.call(vec![document, datafusion::logical_expr::lit(path)])
}

/// A function of texts.
#[derive(Debug)]
struct OfText {
    name: &'static str,
    signature: Signature,
    result: DataType,
    run: fn(&[ArrayRef]) -> Result<ArrayRef>,
}

impl OfText {
    fn new(name: &'static str, arguments: usize, result: DataType, run: fn(&[ArrayRef]) -> Result<ArrayRef>) -> OfText {
        OfText { name, signature: Signature::any(arguments, Volatility::Immutable), result, run }
    }
}

impl PartialEq for OfText {
    fn eq(&self, other: &OfText) -> bool {
        self.name == other.name
    }
}

impl Eq for OfText {}

impl std::hash::Hash for OfText {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for OfText {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        // A list is what `cast(list as array(…))` begins with: it stays.
        if let Some(list) = arrays.first().filter(|array| self.result == texts_type() && is_list(array.data_type())) {
            return Ok(ColumnarValue::Array(cast(list, &self.result)?));
        }
        let texts =
            arrays.iter().map(|array| cast(array, &DataType::Utf8)).collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(ColumnarValue::Array((self.run)(&texts)?))
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// The member at the end of a way: its text, or JSON text where it is no single value.
fn ways(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let [documents, paths] = arrays else { return Ok(Arc::new(StringArray::new_null(0))) };
    let (documents, paths) = (as_string_array(documents)?, as_string_array(paths)?);
    let rows = documents.iter().zip(paths);
    let found: StringArray = rows.map(|(document, path)| one_text(document?, path?)).collect();
    Ok(Arc::new(found))
}

fn one_text(text: &str, path: &str) -> Option<String> {
    let mut found = at(document(text)?, path);
    match found.len() {
        0 => None,
        1 => shown(found.pop()?).map(Cow::into_owned),
        _ => Some(format!("[{}]", found.join(","))),
    }
}

/// Between the names of a way: a name may hold a dot.
pub(super) const STEP: char = '\u{1f}';

/// What stands at the end of a way into a document. Names are compared as they are, and else without regard to case,
/// as SQL has none; a list stands for all of its items.
fn at<'a>(document: &'a str, path: &str) -> Vec<&'a str> {
    path.split(STEP).filter(|name| !name.is_empty()).fold(vec![document], |values, name| {
        values.into_iter().flat_map(each).filter_map(|value| named(value, name)).collect()
    })
}

/// A value, or the items of a list and of the lists in it.
fn each(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match is_array(value) {
            true => {
                let from = left.len();
                left.extend(items(value));
                left.get_mut(from..).unwrap_or_default().reverse();
            }
            false => found.push(value),
        }
    }
    found
}

fn named<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let is_so = |written: &str| string(written).is_some_and(|written| written.eq_ignore_ascii_case(name));
    member_of(value, name).or_else(|| members(value).find(|(written, _)| is_so(written)).map(|(_, value)| value))
}

/// Does one of the values at the end of a way compare so? Null where there is none.
fn any(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let [documents, paths, signs, wanted] = arrays else { return Ok(Arc::new(BooleanArray::new_null(0))) };
    let (documents, paths) = (as_string_array(documents)?, as_string_array(paths)?);
    let (signs, wanted) = (as_string_array(signs)?, as_string_array(wanted)?);
    let rows = documents.iter().zip(paths).zip(signs.iter().zip(wanted));
    let answers: BooleanArray = rows
        .map(|((document, path), (sign, wanted))| {
            let (sign, wanted) = (sign?, wanted?);
            let found: Vec<&str> = at(self::document(document?)?, path?).into_iter().flat_map(each).collect();
            let found: Vec<(&str, Cow<'_, str>)> =
                found.into_iter().filter_map(|value| Some((value, shown(value)?))).collect();
            (!found.is_empty()).then(|| found.iter().any(|(value, text)| compares(value, text, sign, wanted)))
        })
        .collect();
    Ok(Arc::new(answers))
}

/// Numbers in the document are compared as numbers; texts, such as the ids of accounts, as texts.
fn compares(value: &str, text: &str, sign: &str, wanted: &str) -> bool {
    if sign == "like" {
        return is_like(text, wanted);
    }
    let numbers = value.parse::<f64>().ok().zip(wanted.parse::<f64>().ok()).filter(|_| text != wanted);
    let order = numbers.and_then(|(a, b)| a.partial_cmp(&b)).unwrap_or_else(|| text.cmp(wanted));
    match sign {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => false,
    }
}

/// `%` is any text, `_` any character. In time by the product of both lengths.
fn is_like(value: &str, pattern: &str) -> bool {
    let value: Vec<char> = value.chars().collect();
    let mut reached = vec![false; value.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for sign in pattern.chars() {
        let mut next = vec![false; value.len() + 1];
        let mut before = false;
        for (at, is_reached) in reached.iter().enumerate() {
            let steps = match sign {
                '%' => before || *is_reached,
                _ => at > 0 && reached.get(at - 1) == Some(&true) && (sign == '_' || value.get(at - 1) == Some(&sign)),
            };
            before = steps;
            if let Some(slot) = next.get_mut(at) {
                *slot = steps;
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

fn texts_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// The items of a JSON list, as texts.
fn texts(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(StringBuilder::new());
    if let Some(documents) = arrays.first() {
        for text in as_string_array(documents)? {
            match text.and_then(document).filter(|value| is_array(value)) {
                Some(list) => {
                    items(list).for_each(|item| lists.values().append_option(shown(item)));
                    lists.append(true);
                }
                None => lists.append(false),
            }
        }
    }
    Ok(Arc::new(lists.finish()))
}

/// `member(x, 'name')`: a field of a struct, or a member of JSON text, whatever its case.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Member(Signature);

impl ScalarUDFImpl for Member {
    fn name(&self) -> &str {
        "member"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal("the type is that of the field".to_owned()))
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let Some(Some(ScalarValue::Utf8(Some(name)))) = arguments.scalar_arguments.get(1) else {
            return Err(DataFusionError::Plan("a field is named by a constant".to_owned()));
        };
        let data_type = match arguments.arg_fields.first().map(|field| field.data_type()) {
            Some(DataType::Struct(fields)) => field_of(fields, name)
                .and_then(|at| fields.get(at))
                .map(|field| field.data_type().clone())
                .ok_or_else(|| DataFusionError::Plan(format!("there is no field `{name}`")))?,
            _ => DataType::Utf8,
        };
        Ok(Arc::new(Field::new("member", data_type, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (ColumnarValue::Scalar(ScalarValue::Utf8(Some(name))), 2) =
            (arguments.args.get(1).unwrap_or(&ColumnarValue::Scalar(ScalarValue::Null)), arguments.args.len())
        else {
            return Err(DataFusionError::Internal("a field is named by a constant".to_owned()));
        };
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [values, names] = arrays.as_slice() else { return Err(DataFusionError::Internal("two".to_owned())) };
        let texts = cast(names, &DataType::Utf8)?;
        let Some(structs) = values.as_any().downcast_ref::<StructArray>() else {
            let values = cast(values, &DataType::Utf8)?;
            return Ok(ColumnarValue::Array(ways(&[values, texts])?));
        };
        let at = field_of(structs.fields(), name).ok_or_else(|| DataFusionError::Internal("no field".to_owned()))?;
        // What is null as a whole has no fields.
        let nulls = NullBuffer::union(structs.nulls(), structs.column(at).nulls());
        let field = structs.column(at).to_data().into_builder().nulls(nulls).build()?;
        Ok(ColumnarValue::Array(make_array(field)))
    }
}

fn field_of(fields: &Fields, name: &str) -> Option<usize> {
    fields.iter().position(|field| field.name().eq_ignore_ascii_case(name))
}

/// `round_half_away(x)`: Trino rounds where a cast to a whole number cuts off here. What is no fraction stays.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Rounded(Signature);

impl ScalarUDFImpl for Rounded {
    fn name(&self) -> &str {
        "round_half_away"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match arguments.first() {
            Some(data_type) if is_fraction(data_type) => DataType::Float64,
            Some(other) => other.clone(),
            None => DataType::Null,
        })
    }

    fn simplify(&self, mut arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match arguments.first().map(|one| one.get_type(info.schema())).transpose()? {
            Some(data_type) if !is_fraction(&data_type) && arguments.len() == 1 => {
                Ok(ExprSimplifyResult::Simplified(arguments.remove(0)))
            }
            _ => Ok(ExprSimplifyResult::Original(arguments)),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [values] = arrays.as_slice() else { return Ok(ColumnarValue::Array(Arc::new(StringArray::new_null(0)))) };
        if !is_fraction(values.data_type()) {
            return Ok(ColumnarValue::Array(Arc::clone(values)));
        }
        let values = cast(values, &DataType::Float64)?;
        let values = datafusion::common::cast::as_float64_array(&values)?;
        Ok(ColumnarValue::Array(Arc::new(values.unary::<_, datafusion::arrow::datatypes::Float64Type>(f64::round))))
    }
}

fn is_fraction(data_type: &DataType) -> bool {
    let has_scale = matches!(data_type, DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if *scale > 0);
    data_type.is_floating() || has_scale
}
