//! What dots mean behind something that is no column: `list[1].arn`, `x -> x.name`, and a member of the row beside it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, LambdaFunction, OneOrManyWithParens, Select, TableFactor, TableWithJoins, VisitMut,
    VisitorMut,
};

use super::headings;
use super::rewrite::{call, text};

/// `list[1].arn` and `element_at(list, 1).arn`: what comes behind a dot is named.
pub(super) fn of_items(expr: &mut Expr) {
    let Expr::CompoundFieldAccess { root, access_chain } = expr else { return };
    let Some(first) = access_chain.iter().position(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_))))
    else {
        return;
    };
    let rest = access_chain.split_off(first);
    let before = match access_chain.is_empty() {
        true => (**root).clone(),
        false => Expr::CompoundFieldAccess { root: root.clone(), access_chain: std::mem::take(access_chain) },
    };
    *expr = rest.into_iter().fold(before, |before, access| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => member(before, &name.value),
        other => Expr::CompoundFieldAccess { root: Box::new(before), access_chain: vec![other] },
    });
}

fn member(of: Expr, name: &str) -> Expr {
    call("member", vec![of, text(name)])
}

/// A name with dots, as members of what the first name is.
fn members(names: &[Ident]) -> Option<Expr> {
    let (first, rest) = names.split_first()?;
    Some(rest.iter().fold(Expr::Identifier(first.clone()), |of, name| member(of, &name.value)))
}

/// In the body of `x -> x.name`, the dot leads into the item.
pub(super) fn of_parameters(lambda: &mut LambdaFunction) {
    struct Parameters(Vec<String>);
    impl VisitorMut for Parameters {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::CompoundIdentifier(names) = expr
                && names.first().is_some_and(|first| self.0.iter().any(|name| first.value.eq_ignore_ascii_case(name)))
                && let Some(other) = members(names)
            {
                *expr = other;
            }
            ControlFlow::Continue(())
        }
    }
    // It never breaks off.
    let _done = lambda.body.visit(&mut Parameters(parameters(lambda)));
}

fn parameters(lambda: &LambdaFunction) -> Vec<String> {
    match &lambda.params {
        OneOrManyWithParens::One(one) => vec![one.name.value.clone()],
        OneOrManyWithParens::Many(all) => all.iter().map(|one| one.name.value.clone()).collect(),
    }
}

/// `FROM t, UNNEST(request.headers)`: the engine finds columns of the row beside it, and no members of them.
pub(super) fn of_rows(select: &mut Select) {
    let mut columns = Columns { tables: headings::tables(&select.from), only: only(&select.from), items: Vec::new() };
    select.from.iter_mut().for_each(|one| columns.in_tables(one));
}

/// The table whose columns are unnested, where there is but one.
fn only(from: &[TableWithJoins]) -> Option<Ident> {
    let all =
        from.iter().flat_map(|one| std::iter::once(&one.relation).chain(one.joins.iter().map(|join| &join.relation)));
    let mut tables = all.filter(|factor| !matches!(factor, TableFactor::UNNEST { .. }));
    let name = match tables.next()? {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => &alias.name,
        TableFactor::Table { name, .. } => name.0.last()?.as_ident()?,
        _ => return None,
    };
    let is_one = tables.next().is_none() && from.iter().map(|one| 1 + one.joins.len()).sum::<usize>() == 2;
    is_one.then(|| name.clone())
}

struct Columns {
    tables: BTreeSet<String>,
    only: Option<Ident>,
    /// What the items are called that functions are given.
    items: Vec<String>,
}

impl Columns {
    fn in_tables(&mut self, one: &mut TableWithJoins) {
        for factor in std::iter::once(&mut one.relation).chain(one.joins.iter_mut().map(|join| &mut join.relation)) {
            match factor {
                // It never breaks off.
                TableFactor::UNNEST { array_exprs, .. } => {
                    let _done = array_exprs.visit(self);
                }
                TableFactor::NestedJoin { table_with_joins, .. } => self.in_tables(table_with_joins),
                _ => {}
            }
        }
    }
}

impl VisitorMut for Columns {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Lambda(lambda) = expr {
            self.items.extend(parameters(lambda));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        // Else the engine looks for it in the tables that this part is joined with, too.
        if let (Expr::Identifier(name), Some(table)) = (&*expr, &self.only)
            && !self.items.iter().any(|item| name.value.eq_ignore_ascii_case(item))
        {
            *expr = Expr::CompoundIdentifier(vec![table.clone(), name.clone()]);
        } else if let Expr::CompoundIdentifier(names) = expr {
            let is_of_table = names.first().is_some_and(|name| self.tables.contains(&name.value.to_lowercase()));
            let columns = if is_of_table { 2 } else { 1 };
            if names.len() > columns {
                let rest = names.split_off(columns);
                let column = match names.as_slice() {
                    [one] => Expr::Identifier(one.clone()),
                    _ => Expr::CompoundIdentifier(std::mem::take(names)),
                };
                *expr = rest.iter().fold(column, |of, name| member(of, &name.value));
            }
        }
        ControlFlow::Continue(())
    }
}

/// In a subquery, `a.useridentity.arn` of a table outside: the engine finds the column there, and no member of it.
pub(super) fn of_outer_rows(expr: &mut Expr, own: &BTreeSet<String>, outer: &[BTreeSet<String>]) {
    let Expr::CompoundIdentifier(names) = expr else { return };
    let Some(table) = names.first().map(|name| name.value.to_lowercase()).filter(|_| names.len() > 2) else { return };
    if own.contains(&table) || !outer.iter().any(|tables| tables.contains(&table)) {
        return;
    }
    let rest = names.split_off(2);
    let column = Expr::CompoundIdentifier(std::mem::take(names));
    *expr = rest.iter().fold(column, |of, name| member(of, &name.value));
}
