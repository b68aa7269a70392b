//! Joins in which two nulls are equal (`is not distinct from`), kept what they are.
//!
//! DataFusion says for a whole join whether nulls are equal, and two of its rules (55.2) mix that up. One puts inner
//! joins that stand within each other into one, and gives all of them what the outermost has: rows vanish where that
//! one is a cross join. The other adds an equality that was found later to a join in which nulls are equal: rows
//! appear. An answer that has rows too few or too many without a word is the worst there is, so neither is done here.
//! <https://github.com/apache/datafusion/pull/16356>, <https://github.com/apache/datafusion/pull/17319>

use std::sync::Arc;

use datafusion::common::NullEquality;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::prelude::SessionContext;

/// The same context, whose rules leave such joins alone.
pub(crate) fn kept_apart(context: &SessionContext) -> SessionContext {
    let state = context.state();
    let rules = state.optimizers().iter().map(|rule| -> Arc<dyn OptimizerRule + Send + Sync> {
        match rule.name() {
            "eliminate_cross_join" => Arc::new(CrossJoins(EliminateCrossJoin::new())),
            "extract_equijoin_predicate" => Arc::new(Equalities(ExtractEquijoinPredicate::new())),
            _ => Arc::clone(rule),
        }
    });
    let rules = rules.collect();
    SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).with_optimizer_rules(rules).build())
}

fn has_equal_nulls(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Join(join) if join.null_equality == NullEquality::NullEqualsNull)
}

#[derive(Debug)]
struct CrossJoins(EliminateCrossJoin);

impl OptimizerRule for CrossJoins {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    /// The rule walks the whole statement by itself.
    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let mut found = false;
        plan.apply_with_subqueries(|node| {
            found |= has_equal_nulls(node);
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        if found { Ok(Transformed::no(plan)) } else { self.0.rewrite(plan, config) }
    }
}

#[derive(Debug)]
struct Equalities(ExtractEquijoinPredicate);

impl OptimizerRule for Equalities {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if has_equal_nulls(&plan) { Ok(Transformed::no(plan)) } else { self.0.rewrite(plan, config) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::Int64Type;
    use tokio::runtime::Builder;

    use super::*;

    /// Five rows in each table, whose `a` is null, and whose `b` is null but for one.
    const TABLES: &str = "with t as (select cast(null as text) as a, case when value = 1 then 'x' end as b, value as v from generate_series(1, 5)),
        u as (select a, b, count(*) as n from t group by a, b), one as (select max(v) as last from t) ";

    #[test]
    fn nulls_are_equal_where_they_were_said_to_be_and_nowhere_else() {
        for (sql, rows) in [
            ("t join u on (t.a is not distinct from u.a) and (t.b is not distinct from u.b)", 5),
            ("t join u on (t.a is not distinct from u.a) and (t.b is not distinct from u.b) cross join one", 5),
            ("t cross join one join u on (t.a is not distinct from u.a) and (t.b is not distinct from u.b)", 5),
            ("t join u on (t.a is not distinct from u.a), one where one.last = u.n + 1", 5),
            ("t join u on (t.a is not distinct from u.a) where t.b = u.b", 1),
            ("t join u on (t.a is not distinct from u.a) and t.b = u.b", 1),
            ("t join u on t.b = u.b join u as w on (w.a is not distinct from t.a)", 2),
            ("t join u on (t.a is not distinct from u.a) join u as w on w.b = u.b", 5),
            ("t join u on (t.a is not distinct from u.a) join u as w on w.a = u.a", 0),
            ("t, u, one where t.b = u.b and one.last = 5", 1),
        ] {
            assert_eq!(count(&format!("{TABLES} select count(*) from {sql}")), rows, "{sql}");
        }
    }

    fn count(sql: &str) -> i64 {
        let context = kept_apart(&SessionContext::new());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let batches = runtime.block_on(async { context.sql(sql).await.unwrap().collect().await.unwrap() });
        batches[0].column(0).as_primitive::<Int64Type>().value(0)
    }
}
