//! Table functions: a view with instants to be filled in, such as `config_asof('2026-03-02T04:10:00Z')`.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, plan_err};
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan, cast};

/// A table function, for the documentation.
pub struct TableFunction {
    pub name: &'static str,
    pub usage: &'static str,
    pub about: &'static str,
    /// The placeholders in the statement, in the order of the arguments.
    pub(crate) arguments: &'static [&'static str],
    pub(crate) sql: &'static str,
}

/// Every table function; a later one may use those before it.
pub static TABLE_FUNCTIONS: &[TableFunction] = &[
    TableFunction {
        name: "config_asof",
        usage: "config_asof(instant)",
        about: "Every resource that AWS Config knew of at an instant, with its whole document: the last item captured \
                until then, unless it says that the resource was deleted.",
        arguments: &["$at"],
        sql: include_str!("time_travel/config_asof.sql"),
    },
    TableFunction {
        name: "config_diff",
        usage: "config_diff(from, to)",
        about: "What differs between two instants: resources that appeared and vanished, and for those that changed \
                one row per path, with the values at both instants.",
        arguments: &["$from", "$to"],
        sql: include_str!("time_travel/config_diff.sql"),
    },
    TableFunction {
        name: "ip_owner_asof",
        usage: "ip_owner_asof(instant)",
        about: "Whose addresses they were at an instant: instance, load balancer, function, database or interface, and \
                what says so. Addresses are used again by others; one without a row is unknown at that time.",
        arguments: &["$at"],
        sql: include_str!("time_travel/ip_owner_asof.sql"),
    },
];

/// The plan of a table function, in which the placeholders still stand.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) plan: LogicalPlan,
}

impl TableFunctionImpl for Template {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let given = args.exprs();
        if given.len() != self.arguments.len() {
            return plan_err!("{} takes {} instants", self.name, self.arguments.len());
        }
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let values: Vec<Expr> = given.iter().map(|value| cast(value.clone(), instant.clone())).collect();
        let fill = |expression: Expr| {
            expression.transform_up(|expression| {
                let Expr::Placeholder(Placeholder { id, .. }) = &expression else {
                    return Ok(Transformed::no(expression));
                };
                let value = self.arguments.iter().position(|name| name == id).and_then(|at| values.get(at));
                Ok(value.map_or_else(|| Transformed::no(expression.clone()), |value| Transformed::yes(value.clone())))
            })
        };
        let plan = self.plan.clone().transform_up_with_subqueries(|plan| plan.map_expressions(fill))?.data;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }
}
