//! SQL functions of our own: for addresses, ARNs and documents, and those of Trino for what is written for Athena.

mod addresses;
mod aggregates;
mod arns;
mod call;
mod collections;
mod conditions;
mod json;
pub(crate) use json::document as json_text;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod urls;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::functions_nested::array_filter::array_filter_higher_order_function;
use datafusion::functions_nested::array_transform::array_transform_higher_order_function;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult};
use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, ScalarUDF};
use datafusion::prelude::SessionContext;

/// A function, for the documentation.
pub struct Function {
    pub name: &'static str,
    pub usage: &'static str,
    pub about: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
    /// What the example gives, as text.
    pub result: &'static str,
    make: Make,
}

#[derive(Clone, Copy)]
enum Make {
    Scalar(fn(&'static str) -> ScalarUDF),
    Aggregate(fn(&'static str) -> AggregateUDF),
}

/// Every function of our own that all questions can use, by what they are about.
pub static FUNCTIONS: &[&[Function]] = &[addresses::LIST, arns::LIST, DOCUMENTS, time::WITHIN];

/// Every function that only what is written for Athena sees; there they stand in the place of the engine's.
pub static ATHENA_FUNCTIONS: &[&[Function]] =
    &[json::LIST, time::LIST, text::LIST, urls::LIST, collections::LIST, conditions::LIST, aggregates::LIST];

const DOCUMENTS: &[Function] = &[entry(
    "json_diff",
    "json_diff(before, after)",
    "What differs between two JSON documents: a list of {path, before, after}. Order of members and of lists does not \
     count, nor do the ways in which one policy can be written; unnest() makes rows of it.",
    (r#"json_diff('{"a":1}', '{"a":2}')"#, "[{path: a, before: 1, after: 2}]"),
    crate::json_diff::function,
)];

const fn entry(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    example: (&'static str, &'static str),
    make: fn(&'static str) -> ScalarUDF,
) -> Function {
    Function { name, usage, about, example: example.0, result: example.1, make: Make::Scalar(make) }
}

const fn aggregate(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    example: (&'static str, &'static str),
    make: fn(&'static str) -> AggregateUDF,
) -> Function {
    Function { name, usage, about, example: example.0, result: example.1, make: Make::Aggregate(make) }
}

fn scalars(lists: &'static [&'static [Function]]) -> impl Iterator<Item = ScalarUDF> {
    lists.iter().copied().flatten().filter_map(|function| match function.make {
        Make::Scalar(make) => Some(make(function.name)),
        Make::Aggregate(_) => None,
    })
}

pub(crate) fn all() -> impl Iterator<Item = ScalarUDF> {
    scalars(FUNCTIONS)
}

/// Trino's functions of values.
fn athena() -> impl Iterator<Item = ScalarUDF> {
    scalars(ATHENA_FUNCTIONS)
}

/// Trino's functions of groups.
fn athena_aggregates() -> impl Iterator<Item = AggregateUDF> {
    ATHENA_FUNCTIONS.iter().copied().flatten().filter_map(|function| match function.make {
        Make::Scalar(_) => None,
        Make::Aggregate(make) => Some(make(function.name)),
    })
}

/// Functions that take another: the engine's under Trino's names. Its `any_match` is called so already.
fn athena_higher_order() -> [Arc<HigherOrderUDF>; 2] {
    let filter = array_filter_higher_order_function().as_ref().clone().with_aliases(["filter"]);
    let transform = array_transform_higher_order_function().as_ref().clone().with_aliases(["transform"]);
    [Arc::new(filter), Arc::new(transform)]
}

/// Puts Trino's functions in the place of the engine's.
pub(crate) fn register_athena(context: &SessionContext) {
    athena().for_each(|function| context.register_udf(function));
    athena_aggregates().for_each(|function| context.register_udaf(function));
    athena_higher_order().into_iter().for_each(|function| context.register_higher_order_function(function));
}

/// `substring(x from 2)`, `substr(x, 2)` and `position(x in y)` are no calls of functions to the parser.
#[derive(Debug)]
pub(crate) struct Planner;

impl ExprPlanner for Planner {
    fn plan_substring(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(planned(text::substr_function(), args))
    }

    fn plan_position(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(planned(text::strpos_function(), args))
    }
}

fn planned(function: ScalarUDF, args: Vec<Expr>) -> PlannerResult<Vec<Expr>> {
    PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), args)))
}
