//! How a statement is written: as DataFusion reads it, as our own questions are, or as Athena and CloudTrail Lake read
//! it, as what analysts and AWS have published is.
//!
//! Both of AWS's speak Trino's SQL. A statement is read token by token ([`tokens`]), its tree is changed where Trino
//! means something else than DataFusion by the same words ([`rewrite`]), names become our tables ([`tables`]), dots lead
//! into structs and into JSON text ([`planner`]), and `UNNEST` of a column of the row becomes what DataFusion can run
//! ([`unnest`]). Functions are in [`crate::functions`].
//! <https://trino.io/docs/480/sql/select.html>, <https://docs.aws.amazon.com/athena/latest/ug/select.html>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html>

mod advanced;
mod expressions;
mod headings;
mod json_path;
mod members;
mod planner;
mod rewrite;
mod tables;
#[cfg(test)]
mod tests;
mod tokens;
mod trino;
mod unnest;
mod values;

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{LogicalPlan, ScalarUDF};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, Query};
use datafusion::sql::sqlparser::parser::Parser;

use crate::session::make;
use crate::views::{View, named};
use crate::{bounded, functions};

pub(crate) use planner::Unknown;
pub(crate) use trino::Trino;

/// How a statement is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialect {
    /// As Athena and CloudTrail Lake read it; more names of tables, each with the one of ours that it stands for.
    Athena { aliases: Vec<(String, String)> },
    /// As DataFusion reads it, in the dialect of PostgreSQL. The saved questions are written so.
    Datafusion,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect::Athena { aliases: Vec::new() }
    }
}

impl Dialect {
    /// The session that such a statement is planned and run in: the same tables, and the functions of the dialect.
    pub(crate) fn context(&self, context: &SessionContext, unknown: &Unknown, memory: usize) -> Result<SessionContext> {
        let Dialect::Athena { .. } = self else { return Ok(context.clone()) };
        let state = context.state();
        let mut planners: Vec<Arc<dyn datafusion::logical_expr::planner::ExprPlanner>> =
            vec![Arc::new(planner::Members::new(unknown.clone())), Arc::new(functions::Planner)];
        planners.extend(state.expr_planners().iter().cloned());
        // The tables are there: a new catalogue would stand in their place.
        let mut config = state.config().clone().with_create_default_catalog_and_schema(false);
        config.options_mut().sql_parser.default_null_ordering = "nulls_last".to_owned();
        let state =
            SessionStateBuilder::new_from_existing(state).with_config(config).with_expr_planners(planners).build();
        let context = SessionContext::new_with_state(state);
        functions::register_athena(&context);
        bounded::register_athena(&context, memory);
        for function in json_path::functions().into_iter().chain(values::functions()) {
            context.register_udf(ScalarUDF::new_from_shared_impl(function));
        }
        Ok(context)
    }

    /// The views in AWS's shape that a statement reads, by whatever name, and those behind them; and which names were
    /// taken for another one. Of what cannot be read, none.
    pub(crate) fn views(&self, sql: &str, names: &[String]) -> (Vec<&'static View>, Vec<(String, String)>) {
        let words = tokens::words(sql);
        let Dialect::Athena { aliases } = self else { return (named(&words), Vec::new()) };
        let statement =
            || Parser::new(&Trino).with_tokens_with_locations(tokens::read(sql).ok()?).parse_statement().ok();
        let tables = tables::Tables::new(names, aliases, words);
        let Some(tables) = statement().and_then(|mut one| rewrite::statement(&mut one, tables).ok()) else {
            return Default::default();
        };
        (named(&tables.used), tables.read_as.into_iter().collect())
    }

    /// The plan of a statement; `names` are the tables there are, and `base` is the session in which views are made.
    pub(crate) async fn plan(
        &self,
        context: &SessionContext,
        base: &SessionContext,
        sql: &str,
        names: &[String],
    ) -> Result<LogicalPlan> {
        let state = context.state();
        let mut words = tokens::words(sql);
        let Dialect::Athena { aliases } = self else {
            make(base, &words).await?;
            return state.create_logical_plan(sql).await;
        };
        let mut statements = Parser::new(&Trino)
            .with_recursion_limit(DEEPEST)
            .with_tokens_with_locations(tokens::read(sql)?)
            .parse_statements()
            .map_err(|error| DataFusionError::SQL(Box::new(error), None))?;
        let one = if statements.len() == 1 { statements.pop() } else { None };
        let mut statement = one.ok_or_else(|| DataFusionError::Plan("a question is one statement".to_owned()))?;
        words.extend(rewrite::statement(&mut statement, tables::Tables::new(names, aliases, words.clone()))?.used);
        make(base, &words).await?;
        let plan = state.statement_to_plan(Statement::Statement(Box::new(statement))).await?;
        unnest::rows_of_columns(plan)
    }
}

/// Does a statement ask what time it is? The logs of a case end before.
pub(crate) fn asks_present(sql: &str) -> bool {
    let words = tokens::words(sql);
    ["now", "current_date", "current_timestamp", "localtimestamp"].iter().any(|word| words.contains(*word))
}

/// A query of our own, to be put into a statement.
fn parsed(sql: &str) -> Option<Box<Query>> {
    match Parser::parse_sql(&Trino, sql).ok()?.pop()? {
        ast::Statement::Query(query) => Some(query),
        _ => None,
    }
}

/// So deep brackets may stand in each other, as in the other dialect.
const DEEPEST: usize = 50;
