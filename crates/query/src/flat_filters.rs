//! Conditions on the views in AWS's shape, as conditions on the columns of the files: these have statistics and Bloom
//! filters, and what is computed of them has not.
//!
//! A field of a struct that is null where the event has none, a `-` where a column has nothing, a time as text: all that a
//! filter asks of them, it can ask of the column. The rows are the same; fewer pages are read.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::expr::{Cast, InList, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Case, Expr, ExprSchemable, Filter, LogicalPlan, Operator, binary_expr, cast, lit,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::prelude::SessionContext;
use jiff::civil::DateTime;

/// The same context, with the rule behind the one that brings filters to the files.
pub(crate) fn with_rule(context: &SessionContext) -> SessionContext {
    let state = context.state();
    let mut rules = Vec::new();
    for rule in state.optimizers() {
        rules.push(Arc::clone(rule));
        if rule.name() == "push_down_filter" {
            rules.push(Arc::new(FlatFilters) as Arc<dyn OptimizerRule + Send + Sync>);
        }
    }
    SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).with_optimizer_rules(rules).build())
}

#[derive(Debug)]
struct FlatFilters;

impl OptimizerRule for FlatFilters {
    fn name(&self) -> &str {
        "flat_filters"
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let preserver = NamePreserver::new(&plan);
        let plan = plan.map_expressions(|expr| {
            let name = preserver.save(&expr);
            Ok(expr.transform_up(field)?.update_data(|expr| name.restore(expr)))
        })?;
        let changed = plan.transformed;
        let LogicalPlan::Filter(Filter { predicate, input, .. }) = plan.data else { return Ok(plan) };
        let before = split_conjunction_owned(predicate.clone());
        let mut after: Vec<Expr> = Vec::with_capacity(before.len());
        for condition in &before {
            let times = condition.clone().transform_up(|expr| instant(expr, input.schema()))?.data;
            after.push(on_column(times, input.schema()));
        }
        let bounds: Vec<Expr> = after.iter().flat_map(bounds).filter(|bound| !after.contains(bound)).collect();
        after.extend(bounds);
        let changed = changed || after != before;
        let predicate = if after == before { predicate } else { conjunction(after).unwrap_or(predicate) };
        Ok(Transformed::new_transformed(LogicalPlan::Filter(Filter::try_new(predicate, input)?), changed))
    }
}

/// `get_field(case when a is not null or b is not null then named_struct('a', a, 'b', b) end, 'a')` is `a`.
fn field(expr: Expr) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(ScalarFunction { func, args }) = &expr else { return Ok(Transformed::no(expr)) };
    if func.name() != "get_field" {
        return Ok(Transformed::no(expr));
    }
    let Some((of, names)) = args.split_first() else { return Ok(Transformed::no(expr)) };
    let mut of = of.clone();
    let mut left = names;
    while let Some((name, rest)) = left.split_first()
        && let Some(inner) = text(name).and_then(|name| part(&of, name))
    {
        of = inner;
        left = rest;
    }
    if left.len() == names.len() {
        return Ok(Transformed::no(expr));
    }
    if !left.is_empty() {
        let args = std::iter::once(of).chain(left.iter().cloned()).collect();
        of = Expr::ScalarFunction(ScalarFunction { func: Arc::clone(func), args });
    }
    Ok(Transformed::yes(of))
}

/// The value of a field of a struct that is made here; where it is null as a whole, all its fields are.
fn part(of: &Expr, name: &str) -> Option<Expr> {
    match of {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "named_struct" => {
            let mut pairs = args.chunks_exact(2);
            pairs.find_map(|pair| match pair {
                [key, value] if text(key) == Some(name) => Some(value.clone()),
                _ => None,
            })
        }
        Expr::Case(Case { expr: None, when_then_expr, else_expr: None }) => {
            let [(when, then)] = when_then_expr.as_slice() else { return None };
            let value = part(then, name)?;
            is_null_without(&value, when).then_some(value)
        }
        _ => None,
    }
}

/// Is a value null wherever a condition is not met?
fn is_null_without(value: &Expr, condition: &Expr) -> bool {
    match value {
        Expr::Case(Case { expr: None, when_then_expr, else_expr: None }) => match when_then_expr.as_slice() {
            [(when, _)] => any_of(when).into_iter().all(|one| is_one_of(condition, one)),
            _ => false,
        },
        Expr::Cast(Cast { expr, .. }) => is_null_without(expr, condition),
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "aws_time" => {
            args.iter().any(|arg| is_null_without(arg, condition))
        }
        other => is_one_of(condition, &Expr::IsNotNull(Box::new(other.clone()))),
    }
}

/// The conditions of which one suffices.
fn any_of(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut all = any_of(left);
            all.extend(any_of(right));
            all
        }
        other => vec![other],
    }
}

/// Is it one of the conditions of which one suffices?
fn is_one_of(condition: &Expr, wanted: &Expr) -> bool {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            is_one_of(left, wanted) || is_one_of(right, wanted)
        }
        other => other == wanted,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// A condition that a row meets or not, on the column itself. What is null is not met, so a `-` in its place that is not
/// asked for changes nothing.
fn on_column(condition: Expr, schema: &DFSchema) -> Expr {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            binary_expr(on_column(*left, schema), op, on_column(*right, schema))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (text(&right), or_else(&left)) {
            (Some(wanted), Some((column, instead))) if wanted != instead => binary_expr(column, Operator::Eq, *right),
            (Some("true" | "false"), None) if let Some(flag) = flag(&left, schema) => {
                binary_expr(flag, Operator::Eq, lit(text(&right) == Some("true")))
            }
            _ => binary_expr(*left, Operator::Eq, *right),
        },
        Expr::InList(InList { expr, list, negated: false }) => match or_else(&expr) {
            Some((column, instead)) if list.iter().all(|item| text(item).is_some_and(|item| item != instead)) => {
                Expr::InList(InList { expr: Box::new(column), list, negated: false })
            }
            _ => Expr::InList(InList { expr, list, negated: false }),
        },
        other => other,
    }
}

/// The column and the text of `coalesce(column, 'text')`, in either form that the engine gives it.
fn or_else(expr: &Expr) -> Option<(Expr, String)> {
    match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "coalesce" => match args.as_slice() {
            [column, instead] => Some((column.clone(), text(instead)?.to_owned())),
            _ => None,
        },
        Expr::Case(Case { expr: None, when_then_expr, else_expr: Some(instead) }) => {
            let [(when, then)] = when_then_expr.as_slice() else { return None };
            let is_there = matches!(when.as_ref(), Expr::IsNotNull(inner) if inner == then);
            is_there.then(|| Some((then.as_ref().clone(), text(instead)?.to_owned()))).flatten()
        }
        _ => None,
    }
}

/// The flag that is text here.
fn flag(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    match expr {
        Expr::Cast(Cast { expr, field }) if field.data_type().is_string() => match expr.as_ref() {
            Expr::Column(column) if matches!(expr.get_type(schema), Ok(DataType::Boolean)) => {
                Some(Expr::Column(column.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The time itself, of its text read again.
fn instant(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(ScalarFunction { func, args }) = &expr else { return Ok(Transformed::no(expr)) };
    let time = match (func.name(), args.as_slice()) {
        ("from_iso8601_timestamp", [of]) => written(uncast(of)),
        // As S3 writes times, to the second.
        ("parse_datetime", [of, format]) if text(format) == Some("dd/MMM/yyyy:HH:mm:ss Z") => match uncast(of) {
            Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "to_char" => match args.as_slice() {
                [time, format] if text(format) == Some("%d/%b/%Y:%H:%M:%S +0000") => Some(time),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let Some(time) = time else { return Ok(Transformed::no(expr)) };
    let (of, data_type) = (time.get_type(schema)?, expr.get_type(schema)?);
    Ok(Transformed::yes(if of == data_type { time.clone() } else { cast(time.clone(), data_type) }))
}

/// What is cast.
fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(Cast { expr, .. }) => uncast(expr),
        other => other,
    }
}

/// The time of `aws_time(time)`.
fn written(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "aws_time" => args.first(),
        _ => None,
    }
}

/// Between which times a row lies that meets a condition on a time as text, roughly: the condition itself stays.
fn bounds(condition: &Expr) -> Vec<Expr> {
    let (time, from, to) = match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (Some(time), Some(text)) = (written(left), text(right)) else { return Vec::new() };
            let Some((first, end)) = span(text) else { return Vec::new() };
            match op {
                Operator::GtEq | Operator::Gt => (time, Some(first), None),
                Operator::LtEq | Operator::Lt => (time, None, Some(end)),
                Operator::Eq => (time, Some(first), Some(end)),
                _ => return Vec::new(),
            }
        }
        Expr::Like(like) if !like.negated && !like.case_insensitive => {
            let (Some(time), Some(pattern)) = (written(&like.expr), text(&like.pattern)) else { return Vec::new() };
            let begin = pattern.split(['%', '_', '\\']).next().unwrap_or_default();
            let Some((first, end)) = span(begin) else { return Vec::new() };
            (time, Some(first), Some(end))
        }
        _ => return Vec::new(),
    };
    let bound = |op, micros: Option<i64>| {
        let at = ScalarValue::TimestampMicrosecond(Some(micros?), Some("UTC".into()));
        Some(binary_expr(time.clone(), op, Expr::Literal(at, None)))
    };
    [bound(Operator::GtEq, from), bound(Operator::Lt, to)].into_iter().flatten().collect()
}

/// The first and the end of the times that begin like this text, in microseconds since 1970; `2026-04-09T10` is an hour.
fn span(text: &str) -> Option<(i64, i64)> {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    // The longest part of the text that is a time's beginning, and how long it lasts at most.
    let units = [(19, 1), (16, 60), (13, HOUR), (10, DAY), (7, 31 * DAY)];
    units.into_iter().find_map(|(length, seconds)| {
        let whole = format!("{}{}", text.get(..length)?, "0000-01-01T00:00:00".get(length..)?);
        let time: DateTime = (whole.as_bytes().get(10) == Some(&b'T')).then(|| whole.parse().ok()).flatten()?;
        let first = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond();
        Some((first, first.checked_add(seconds * 1_000_000)?))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionConfig;

    use super::*;

    #[test]
    fn a_text_is_a_span_of_time() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        for (text, first, end) in [
            ("2026-04-09", "2026-04-09T00:00:00Z", "2026-04-10T00:00:00Z"),
            ("2026-04-09T10", "2026-04-09T10:00:00Z", "2026-04-09T11:00:00Z"),
            ("2026-04-09T10:11:12Z", "2026-04-09T10:11:12Z", "2026-04-09T10:11:13Z"),
            ("2026-04-09 10:11:12", "2026-04-09T00:00:00Z", "2026-04-10T00:00:00Z"),
            ("2026-04", "2026-04-01T00:00:00Z", "2026-05-02T00:00:00Z"),
        ] {
            assert_eq!(span(text), Some((at(first), at(end))), "{text}");
        }
        assert_eq!((span("2026"), span("yesterday"), span("2026-13-09")), (None, None, None));
    }

    /// The rows are those of a session without the rule, and the filter is on the column.
    #[tokio::test]
    async fn filters_are_on_columns() {
        let plain = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        let flat = with_rule(&SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1)));
        for context in [&plain, &flat] {
            crate::shapes::functions().into_iter().for_each(|function| context.register_udf(function));
            let table = "create table t as select column1 as a, column2 as b, column3 as f,
                arrow_cast(column4, 'Timestamp(Microsecond, Some(\"UTC\"))') as at
                from (values ('x', null, true, '2026-04-09T10:00:00Z'), (null, null, false, '2026-04-09T10:00:00.5Z'),
                    ('y', 'z', null, '2026-04-10T00:00:00Z'), ('-', 'z', true, '2026-04-08T23:59:59Z'))";
            context.sql(table).await.unwrap().collect().await.unwrap();
            let view = "create view v as select a as id, coalesce(a, '-') as a, cast(f as varchar) as f, aws_time(at) as at,
                named_struct('i', case when a is not null or b is not null then named_struct('a', a, 'b', b) end) as s from t";
            context.sql(view).await.unwrap().collect().await.unwrap();
        }
        for (condition, wanted) in [
            ("a = 'x'", "t.a = "),
            ("a = '-'", "CASE WHEN"),
            ("a in ('x', 'y')", "t.a = "),
            ("not (a = 'x')", "CASE WHEN"),
            ("a = 'x' or f = 'false'", "t.a = "),
            ("f = 'true'", "t.f"),
            ("s.i.a = 'x'", "t.a = "),
            ("s.i.b is null", "t.b IS NULL"),
            ("s.i is null", "CASE WHEN"),
            ("at >= '2026-04-09T10' and at < '2026-04-10'", "t.at >= "),
            ("at < '2026-04-09T10:00:00Z'", "t.at < "),
            ("at like '2026-04-09%'", "t.at < "),
            ("at = '2026-04-09T10:00:00Z'", "t.at >= "),
        ] {
            let sql = format!("select * from v where {condition} order by at");
            let mut shown = Vec::new();
            for context in [&plain, &flat] {
                let rows = context.sql(&sql).await.unwrap().collect().await.unwrap();
                shown.push(pretty_format_batches(&rows).unwrap().to_string());
            }
            assert_eq!(shown.first(), shown.last(), "{condition}");
            let plan = flat.sql(&sql).await.unwrap().into_optimized_plan().unwrap();
            let plan = plan.display_indent().to_string();
            let filter = plan.lines().find(|line| line.trim_start().starts_with("Filter:")).unwrap_or_default();
            assert!(filter.contains(wanted), "{condition}: {plan}");
        }
    }
}
