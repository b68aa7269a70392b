//! `FROM t CROSS JOIN UNNEST(t.list) AS u(item)`: each row with each item of its own list. DataFusion plans it as a join
//! with a part that reads the row beside it, and cannot run that; here the list is unnested in the row itself.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchemaRef, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_nested::expr_fn::cardinality;
use datafusion::logical_expr::logical_plan::{Projection, SubqueryAlias, Unnest};
use datafusion::logical_expr::{Expr, ExprSchemable, JoinType, LogicalPlan, LogicalPlanBuilder, lit, when};

/// The plan with such joins turned into unnesting.
pub(super) fn rows_of_columns(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|plan| match &plan {
        LogicalPlan::Join(join) if reads_outside(&join.right)? => {
            let keeps = match join.join_type {
                JoinType::Inner => false,
                JoinType::Left => true,
                _ => return Ok(Transformed::no(plan)),
            };
            if !join.on.is_empty() {
                return Ok(Transformed::no(plan));
            }
            // As in Trino: what is beside may be left out, and is not chosen.
            let is_true = |filter: &Expr| matches!(filter, Expr::Literal(ScalarValue::Boolean(Some(true)), _));
            if keeps && !join.filter.as_ref().is_none_or(is_true) {
                return Err(DataFusionError::Plan("LEFT JOIN UNNEST takes no condition but ON TRUE".to_owned()));
            }
            let Some(mut beside) = beside(&join.left, &join.right, keeps)? else { return Ok(Transformed::no(plan)) };
            if let Some(filter) = join.filter.clone().filter(|_| !keeps) {
                beside = LogicalPlanBuilder::from(beside).filter(filter)?.build()?;
            }
            Ok(Transformed::yes(beside))
        }
        _ => Ok(Transformed::no(plan)),
    })
    .map(|changed| changed.data)
}

/// Does a part read the row beside it?
fn reads_outside(plan: &LogicalPlan) -> Result<bool> {
    match plan {
        LogicalPlan::Subquery(inner) => reads_outside(&inner.subquery),
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, .. }) | LogicalPlan::Unnest(Unnest { input, .. }) => {
            reads_outside(input)
        }
        LogicalPlan::Projection(Projection { expr, input, .. }) => {
            Ok(expr.iter().any(Expr::contains_outer) || reads_outside(input)?)
        }
        _ => Ok(false),
    }
}

/// `right`, made over the rows of `left`, with all their columns before its own. None where it is of another form.
fn beside(left: &Arc<LogicalPlan>, right: &LogicalPlan, keeps: bool) -> Result<Option<LogicalPlan>> {
    match right {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => Ok(Some(left.as_ref().clone())),
        LogicalPlan::Subquery(inner) => beside(left, &inner.subquery, keeps),
        LogicalPlan::Projection(Projection { expr, input, .. }) => {
            let Some(input) = beside(left, input, keeps)? else { return Ok(None) };
            let mut own: Vec<Expr> = expr.iter().cloned().map(inside).collect::<Result<_>>()?;
            if keeps {
                own = own.into_iter().map(|expr| not_empty(expr, input.schema())).collect::<Result<_>>()?;
            }
            let all = columns(left.schema()).chain(own);
            LogicalPlanBuilder::from(input).project(all)?.build().map(Some)
        }
        LogicalPlan::Unnest(Unnest { input, exec_columns, options, .. }) => {
            let Some(input) = beside(left, input, keeps)? else { return Ok(None) };
            let mut options = options.clone();
            if keeps {
                options = options.with_preserve_nulls(true);
            }
            let unnested =
                LogicalPlanBuilder::from(input).unnest_columns_with_options(exec_columns.clone(), options)?;
            unnested.build().map(Some)
        }
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
            let Some(plan) = beside(left, input, keeps)? else { return Ok(None) };
            let before = left.schema().fields().len();
            let own: Vec<Expr> = plan
                .schema()
                .iter()
                .skip(before)
                .map(|(qualifier, field)| {
                    Expr::Column(Column::from((qualifier, field))).alias_qualified(Some(alias.clone()), field.name())
                })
                .collect();
            let all = columns(left.schema()).chain(own);
            LogicalPlanBuilder::from(plan).project(all)?.build().map(Some)
        }
        _ => Ok(None),
    }
}

/// A list, or null where it has no item: the row beside it stays.
fn not_empty(expr: Expr, schema: &DFSchemaRef) -> Result<Expr> {
    if !matches!(expr.get_type(schema)?, DataType::List(_)) {
        return Ok(expr);
    }
    let (name, list) = match expr {
        Expr::Alias(alias) => (alias.name.clone(), *alias.expr),
        other => {
            let name = other.schema_name().to_string();
            (name, other)
        }
    };
    let has_items = cardinality(list.clone()).gt(lit(0_u64));
    Ok(when(has_items, list).end()?.alias(name))
}

fn columns(schema: &DFSchemaRef) -> impl Iterator<Item = Expr> {
    let columns: Vec<Expr> =
        schema.iter().map(|(qualifier, field)| Expr::Column(Column::from((qualifier, field)))).collect();
    columns.into_iter()
}

/// A column of the row beside it is one of the same row now.
fn inside(expr: Expr) -> Result<Expr> {
    expr.transform(|expr| match expr {
        Expr::OuterReferenceColumn(_, column) => Ok::<_, DataFusionError>(Transformed::yes(Expr::Column(column))),
        other => Ok(Transformed::no(other)),
    })
    .map(|changed| changed.data)
}
