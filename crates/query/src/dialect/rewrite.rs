//! Where Trino means something else than DataFusion by the same words.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::error::{DataFusionError, Result};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, LimitClause,
    ObjectName, Query, Select, SetExpr, Statement, TableFactor, TableSampleKind, Value, VisitMut, VisitorMut,
};

use super::tables::Tables;
use super::{advanced, expressions, headings, members};
use crate::aws_views::AWS;

/// Changes a statement, all of it, into what DataFusion reads as Trino would have read it. The tables that it reads.
pub(super) fn statement<'t>(statement: &mut Statement, tables: Tables<'t>) -> Result<Tables<'t>> {
    let mut named = Named::default();
    let ControlFlow::Continue(()) = statement.visit(&mut named);
    let names_objects = tables.has_word(PATH);
    let mut rewriter = Rewriter { tables, with: named.0, names_objects, around: Vec::new() };
    match statement.visit(&mut rewriter) {
        ControlFlow::Continue(()) => Ok(rewriter.tables),
        ControlFlow::Break(what) => Err(DataFusionError::Plan(what)),
    }
}

/// The names that a statement gives its own parts.
#[derive(Default)]
struct Named(BTreeSet<String>);

impl VisitorMut for Named {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let parts = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(parts.map(|part| part.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }
}

struct Rewriter<'a> {
    tables: Tables<'a>,
    with: BTreeSet<String>,
    /// Does it ask in which object of the bucket a row is?
    names_objects: bool,
    /// What the tables are called that the parts around this one read, the outermost first.
    around: Vec<BTreeSet<String>>,
}

impl VisitorMut for Rewriter<'_> {
    type Break = String;

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<String> {
        self.tables.resolve(relation, &self.with);
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        if let Some(fetch) = query.fetch.take_if(|fetch| !fetch.percent && !fetch.with_ties) {
            let limit = Some(fetch.quantity.unwrap_or_else(|| number(1)));
            match &mut query.limit_clause {
                Some(LimitClause::LimitOffset { limit: there @ None, .. }) => *there = limit,
                None => {
                    query.limit_clause = Some(LimitClause::LimitOffset { limit, offset: None, limit_by: Vec::new() });
                }
                Some(_) => return ControlFlow::Break("LIMIT and FETCH FIRST are both there".to_owned()),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<String> {
        if self.around.is_empty() {
            advanced::read_current_state(select);
        }
        headings::name(select);
        members::of_rows(select);
        self.around.push(headings::tables(&select.from));
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _select: &mut Select) -> ControlFlow<String> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        unnested(factor);
        // What the statement calls it, its columns are called by.
        if let TableFactor::Table { name, alias, args: None, .. } = factor {
            let written = name.0.last().and_then(|part| part.as_ident()).cloned();
            self.tables.resolve(name, &self.with);
            let now = name.0.last().and_then(|part| part.as_ident());
            if alias.is_none()
                && let (Some(written), Some(now)) = (written, now)
                && !written.value.eq_ignore_ascii_case(&now.value)
            {
                *alias = Some(headings::alias(written));
            }
        }
        let is_own_part = matches!(factor, TableFactor::Table { name, .. }
            if name.0.len() == 1 && name.0.first().and_then(|part| part.as_ident()).is_some_and(|one| self.with.contains(&one.value.to_lowercase())));
        if self.names_objects && !is_own_part {
            objects(factor);
        }
        sample(factor)
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        expressions::before(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        headings::order(query);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        expressions::after(expr);
        if let Some((own, outer)) = self.around.split_last() {
            members::of_outer_rows(expr, own, outer);
        }
        ControlFlow::Continue(())
    }
}

/// `UNNEST(a) WITH ORDINALITY` unnests the numbers of the items beside them; `UNNEST(a) AS t(b, c)` the fields of each, or
/// the keys and the values of a map.
fn unnested(factor: &mut TableFactor) {
    let TableFactor::UNNEST { array_exprs, with_ordinality, alias, .. } = factor else { return };
    let numbers = usize::from(std::mem::take(with_ordinality));
    let names = alias.as_ref().map_or(0, |alias| alias.columns.len());
    let first = array_exprs.first().cloned();
    if let (Some(one), 1) = (&first, array_exprs.len())
        && names > 1 + numbers
    {
        let fields = 0..names - numbers;
        *array_exprs = fields.map(|at| call("unnest_field", vec![one.clone(), number(at as u64)])).collect();
    }
    if let (Some(first), 1) = (array_exprs.first().cloned(), numbers) {
        let count = call("cardinality", vec![first]);
        array_exprs.push(call("generate_series", vec![number(1), call("arrow_cast", vec![count, text("Int64")])]));
    }
}

/// Athena's hidden column: the object that holds the row.
const PATH: &str = "$path";

/// A table of rows, with the keys of their objects beside them.
fn objects(factor: &mut TableFactor) {
    let TableFactor::Table { name, alias, args: None, .. } = factor else { return };
    let Some(own) = name.0.last().and_then(|part| part.as_ident()).cloned() else { return };
    let is_done = alias.as_ref().is_some_and(|alias| alias.name.value == ROWS);
    if is_done || !has_path(&own.value) {
        return;
    }
    let Some(mut query) = super::parsed(WITH_PATH) else { return };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(TableFactor::Table { name: inner, .. }) = select.from.first_mut().map(|from| &mut from.relation)
    {
        *inner = name.clone();
    }
    let alias = alias.take().or_else(|| Some(headings::alias(own)));
    *factor = TableFactor::Derived { lateral: false, subquery: query, alias, sample: None };
}

/// What the table is called beside its objects.
const ROWS: &str = "$rows";

/// Reads a table with the keys.
const WITH_PATH: &str = include_str!("with_path.sql");

/// Is it one of AWS's tables that has no such column of its own?
fn has_path(table: &str) -> bool {
    AWS.iter().any(|view| view.name == table && !view.sql.contains(PATH))
}

/// `TABLESAMPLE BERNOULLI (10)`: each row with that chance.
fn sample(factor: &mut TableFactor) -> ControlFlow<String> {
    let TableFactor::Table { name, alias, sample, .. } = factor else { return ControlFlow::Continue(()) };
    let Some(TableSampleKind::BeforeTableAlias(one) | TableSampleKind::AfterTableAlias(one)) = sample.take() else {
        return ControlFlow::Continue(());
    };
    let Some(percent) = one.quantity.map(|quantity| quantity.value).filter(|_| one.bucket.is_none()) else {
        return ControlFlow::Break("TABLESAMPLE takes a percentage, as in TABLESAMPLE BERNOULLI (10)".to_owned());
    };
    let chance = format!("select * from t where random() * 100 < ({percent})");
    let Some(mut query) = super::parsed(&chance) else {
        return ControlFlow::Break("the percentage of TABLESAMPLE is not understood".to_owned());
    };
    let own = name.0.last().and_then(|part| part.as_ident()).cloned();
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(TableFactor::Table { name: inner, .. }) = select.from.first_mut().map(|from| &mut from.relation)
    {
        *inner = name.clone();
    }
    let alias = alias.take().or_else(|| own.map(headings::alias));
    *factor = TableFactor::Derived { lateral: false, subquery: query, alias, sample: None };
    ControlFlow::Continue(())
}

/// A call of a function.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|one| FunctionArg::Unnamed(FunctionArgExpr::Expr(one))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

pub(super) fn text(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).with_empty_span())
}

pub(super) fn number(number: u64) -> Expr {
    Expr::Value(Value::Number(number.to_string(), false).with_empty_span())
}
