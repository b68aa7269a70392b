//! Functions that can make much out of little, such as `repeat('a', 1000000000)`. What a function makes is in no
//! account of the engine until it is made, so it is estimated before.

mod estimate;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::udf_eq::UdfEq;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, StructFieldMapping, Volatility,
};
use datafusion::prelude::SessionContext;

use estimate::Makes;

/// How an error of ours begins, which no other way to run the question would help.
pub(crate) const REFUSED: &str = "too much at once: ";

/// What a function may make at once, whatever the limit of memory is.
const MOST: usize = 256 << 20;

/// How many rows a constant may be repeated for.
const ROWS: usize = 8192;

/// So long a constant may be, whatever the limit of memory is.
const CONSTANT: usize = 64 << 10;

/// The functions, by what tells how much they make. All others make about as much as they are given.
static BOUNDED: &[(&str, Makes)] = &[
    ("repeat", Makes::Copies),
    ("lpad", Makes::Padded),
    ("rpad", Makes::Padded),
    ("range", Makes::Series),
    ("generate_series", Makes::Series),
    ("array_repeat", Makes::List),
    ("array_resize", Makes::Resized),
    ("replace", Makes::Replaced),
    ("regexp_replace", Makes::Matched),
    ("concat", Makes::All),
    ("concat_ws", Makes::Joined),
];

/// Those of Trino that have the place of others, or are none of the engine's.
static ATHENA: &[(&str, Makes)] = &[
    ("repeat", Makes::List),
    ("sequence", Makes::Series),
    ("replace", Makes::Replaced),
    ("regexp_replace", Makes::Matched),
    ("concat", Makes::All),
];

/// Puts the bounded functions in the place of the engine's, for a session that has so many bytes of memory.
pub(crate) fn register(context: &SessionContext, memory: usize) {
    bound(context, BOUNDED, memory);
}

/// The same for Trino's functions, which are registered over the others.
pub(crate) fn register_athena(context: &SessionContext, memory: usize) {
    bound(context, ATHENA, memory);
}

fn bound(context: &SessionContext, functions: &[(&str, Makes)], memory: usize) {
    let state = context.state();
    for (name, makes) in functions {
        if let Some(function) = state.scalar_functions().get(*name) {
            context.register_udf(ScalarUDF::new_from_impl(Bounded::new(function, *makes, memory)));
        }
    }
}

/// A function that refuses to make too much.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: UdfEq<Arc<dyn ScalarUDFImpl>>,
    signature: Signature,
    makes: Makes,
    memory: usize,
}

impl Bounded {
    fn new(function: &ScalarUDF, makes: Makes, memory: usize) -> Bounded {
        let mut signature = function.signature().clone();
        // A constant is made once, and then stands in every row. Those that make it from a number are not made before
        // it is known in how many.
        if makes.is_of_number() {
            signature.volatility = Volatility::Volatile;
        }
        Bounded { inner: Arc::clone(function.inner()).into(), signature, makes, memory }
    }

    /// How many bytes may be made at once: a part of the memory, since several threads do so, one thing after another.
    fn most(&self, args: &[ColumnarValue]) -> usize {
        let is_constant = !self.makes.is_of_number() && args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        match is_constant {
            true => (self.memory / ROWS).max(CONSTANT),
            false => (self.memory / 4).min(MOST),
        }
    }

    fn refuse(&self, bytes: u128) -> DataFusionError {
        let what = format!("{REFUSED}`{}` would make {} MB", self.inner.name(), bytes >> 20);
        DataFusionError::ResourcesExhausted(what)
    }

    /// Makes it piece by piece, for what cannot be told before: each piece is small even if all is made that can be,
    /// and what was made is counted.
    fn piecewise(&self, args: ScalarFunctionArgs, most: u128, pieces: &mut Pieces) -> Result<()> {
        let (bytes, rows) = (self.makes.bytes(&args.args, args.number_rows)?, args.number_rows);
        if bytes > most && rows > 1 {
            let half = rows / 2;
            self.piecewise(slice(&args, 0, half), most, pieces)?;
            return self.piecewise(slice(&args, half, rows - half), most, pieces);
        }
        if bytes > most || pieces.bytes > most {
            return Err(self.refuse(bytes.max(pieces.bytes)));
        }
        let piece = self.inner.invoke_with_args(args)?.into_array(rows)?;
        pieces.bytes += piece.get_array_memory_size() as u128;
        pieces.arrays.push(piece);
        Ok(())
    }
}

/// What was made so far.
#[derive(Default)]
struct Pieces {
    arrays: Vec<ArrayRef>,
    bytes: u128,
}

/// Some of the rows.
fn slice(args: &ScalarFunctionArgs, from: usize, rows: usize) -> ScalarFunctionArgs {
    let values = args.args.iter().map(|arg| match arg {
        ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(from, rows)),
        ColumnarValue::Scalar(scalar) => ColumnarValue::Scalar(scalar.clone()),
    });
    ScalarFunctionArgs {
        args: values.collect(),
        arg_fields: args.arg_fields.clone(),
        number_rows: rows,
        return_field: Arc::clone(&args.return_field),
        config_options: Arc::clone(&args.config_options),
    }
}

// All but `simplify`, which may put the engine's own function in the place of this one, and `with_updated_config`.
impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn is_strict(&self) -> bool {
        self.inner.is_strict()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (bytes, most) = (self.makes.bytes(&args.args, args.number_rows)?, self.most(&args.args) as u128);
        if bytes <= most {
            return self.inner.invoke_with_args(args);
        }
        let has_rows = args.args.iter().any(|arg| matches!(arg, ColumnarValue::Array(_)));
        if !has_rows || !self.makes.at_most() {
            return Err(self.refuse(bytes));
        }
        let mut pieces = Pieces::default();
        self.piecewise(args, most, &mut pieces)?;
        let arrays: Vec<&dyn Array> = pieces.arrays.iter().map(|array| array.as_ref()).collect();
        Ok(ColumnarValue::Array(concat(&arrays)?))
    }

    fn preimage(&self, args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
        self.inner.preimage(args, literal, info)
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(args)
    }

    fn evaluate_bounds(&self, inputs: &[&Interval]) -> Result<Interval> {
        self.inner.evaluate_bounds(inputs)
    }

    fn propagate_constraints(&self, interval: &Interval, inputs: &[&Interval]) -> Result<Option<Vec<Interval>>> {
        self.inner.propagate_constraints(interval, inputs)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.preserves_lex_ordering(inputs)
    }

    fn strictly_order_preserving(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.strictly_order_preserving(inputs)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn struct_field_mapping(&self, literals: &[Option<ScalarValue>]) -> Option<StructFieldMapping> {
        self.inner.struct_field_mapping(literals)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.inner.placement(args)
    }
}
