//! Aggregates of Trino.

mod keyed;
mod small;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::any_value::any_value_udaf;
use datafusion::functions_aggregate::approx_percentile_cont::approx_percentile_cont_udaf;
use datafusion::functions_aggregate::bool_and_or::bool_and_udaf;
use datafusion::functions_aggregate::string_agg::string_agg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use self::keyed::Keyed;
use self::small::{Best, Count, Mean};
use super::{Function, aggregate};

pub(super) const LIST: &[Function] = &[
    aggregate(
        "max_by",
        "max_by(x, y)",
        "The x of the row in which y is greatest.",
        ("(select max_by(x, y) from (values ('a', 1), ('b', 3), ('c', 2)) as t(x, y))", "b"),
        |name| own(name, Kind::MaxBy),
    ),
    aggregate(
        "min_by",
        "min_by(x, y)",
        "The x of the row in which y is least.",
        ("(select min_by(x, y) from (values ('a', null), ('b', 3), ('c', 2)) as t(x, y))", "c"),
        |name| own(name, Kind::MinBy),
    ),
    aggregate(
        "count_if",
        "count_if(condition)",
        "In how many rows the condition is true.",
        ("(select count_if(x > 1) from (values (1), (2), (3)) as t(x))", "2"),
        |name| own(name, Kind::CountIf),
    ),
    aggregate(
        "map_agg",
        "map_agg(key, value)",
        "A map of all keys; of several values of a key, one.",
        ("(select map_agg(x, y) from (values ('a', 1), ('b', 2)) as t(x, y))", "{a: 1, b: 2}"),
        |name| own(name, Kind::MapAgg),
    ),
    aggregate(
        "histogram",
        "histogram(x)",
        "A map that says how often each value is there.",
        ("(select histogram(x) from (values ('a'), ('b'), ('a')) as t(x))", "{a: 2, b: 1}"),
        |name| own(name, Kind::Histogram),
    ),
    aggregate(
        "set_agg",
        "set_agg(x)",
        "A list of all values, each once.",
        ("(select set_agg(x) from (values ('a'), ('b'), ('a')) as t(x))", "[a, b]"),
        |name| own(name, Kind::SetAgg),
    ),
    aggregate(
        "geometric_mean",
        "geometric_mean(x)",
        "The geometric mean.",
        ("(select round(geometric_mean(x), 6) from (values (2), (8)) as t(x))", "4.0"),
        |name| own(name, Kind::GeometricMean),
    ),
    aggregate(
        "arbitrary",
        "arbitrary(x)",
        "One of the values that are not null.",
        ("(select arbitrary(x) from (values (7), (7)) as t(x))", "7"),
        |name| any_value_udaf().as_ref().clone().with_aliases([name]),
    ),
    aggregate(
        "every",
        "every(condition)",
        "Is the condition true in all rows?",
        ("(select every(x > 1) from (values (1), (2)) as t(x))", "false"),
        |name| bool_and_udaf().as_ref().clone().with_aliases([name]),
    ),
    aggregate(
        "listagg",
        "listagg(text, mark)",
        "All texts one after the other, with the mark between them.",
        ("(select listagg(x, '/') from (values ('a'), ('a')) as t(x))", "a/a"),
        |name| string_agg_udaf().as_ref().clone().with_aliases([name]),
    ),
    aggregate(
        "approx_percentile",
        "approx_percentile(x, share)",
        "Below which value about that share of the values is, such as 0.95.",
        ("(select approx_percentile(x, 0.5) from (values (1), (1), (1)) as t(x))", "1.0"),
        |name| approx_percentile_cont_udaf().as_ref().clone().with_aliases([name]),
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    MaxBy,
    MinBy,
    CountIf,
    MapAgg,
    Histogram,
    SetAgg,
    GeometricMean,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Own {
    name: &'static str,
    kind: Kind,
    signature: Signature,
}

fn own(name: &'static str, kind: Kind) -> AggregateUDF {
    let signature = match kind {
        Kind::MaxBy | Kind::MinBy | Kind::MapAgg => Signature::any(2, Volatility::Immutable),
        Kind::Histogram | Kind::SetAgg => Signature::any(1, Volatility::Immutable),
        Kind::CountIf => Signature::exact(vec![DataType::Boolean], Volatility::Immutable),
        Kind::GeometricMean => Signature::exact(vec![DataType::Float64], Volatility::Immutable),
    };
    AggregateUDF::new_from_impl(Own { name, kind, signature })
}

fn list_of(item: DataType) -> DataType {
    DataType::new_list(item, true)
}

/// A map whose entries are called as the engine's own are.
fn map_of(key: DataType, value: DataType) -> DataType {
    let fields = vec![Field::new("key", key, false), Field::new("value", value, true)];
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields.into()), false)), false)
}

/// The types of what is aggregated; the second is that of the first where there is only one.
fn two_types(name: &str, fields: &[FieldRef]) -> Result<(DataType, DataType)> {
    let Some(first) = fields.first() else { return plan_err!("{name} takes an argument") };
    let second = fields.get(1).unwrap_or(first);
    Ok((first.data_type().clone(), second.data_type().clone()))
}

impl AggregateUDFImpl for Own {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let fields: Vec<FieldRef> = types.iter().map(super::call::field).collect();
        let (first, second) = two_types(self.name, &fields)?;
        Ok(match self.kind {
            Kind::MaxBy | Kind::MinBy => first,
            Kind::CountIf => DataType::Int64,
            Kind::MapAgg => map_of(first, second),
            Kind::Histogram => map_of(first, DataType::Int64),
            Kind::SetAgg => list_of(first),
            Kind::GeometricMean => DataType::Float64,
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let (first, second) = two_types(self.name, args.input_fields)?;
        let types = match self.kind {
            Kind::MaxBy | Kind::MinBy => vec![first, second],
            Kind::CountIf => vec![DataType::Int64],
            Kind::MapAgg => vec![list_of(first), list_of(second)],
            Kind::Histogram => vec![list_of(first), list_of(DataType::Int64)],
            Kind::SetAgg => vec![list_of(first)],
            Kind::GeometricMean => vec![DataType::Float64, DataType::Int64],
        };
        let named = types.into_iter().enumerate().map(|(at, data_type)| {
            let name = format_state_name(args.name, &format!("{}{at}", self.name));
            Arc::new(Field::new(name, data_type, true))
        });
        Ok(named.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let (first, second) = two_types(self.name, args.expr_fields)?;
        let accumulator: Box<dyn Accumulator> = match self.kind {
            Kind::MaxBy => Box::new(Best::new(true, &first, &second)?),
            Kind::MinBy => Box::new(Best::new(false, &first, &second)?),
            Kind::CountIf => Box::new(Count::default()),
            Kind::MapAgg => Box::new(Keyed::new(keyed::Keeps::First, first, second)),
            Kind::Histogram => Box::new(Keyed::new(keyed::Keeps::Number, first, DataType::Int64)),
            Kind::SetAgg => Box::new(Keyed::new(keyed::Keeps::Nothing, first, DataType::Null)),
            Kind::GeometricMean => Box::new(Mean::default()),
        };
        Ok(accumulator)
    }
}
