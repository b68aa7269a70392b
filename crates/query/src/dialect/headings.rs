//! What the columns of an answer are called: by the last name of what they read, as Athena calls them, and each by a
//! name of its own.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins,
};

/// Names what has no name: `useridentity.arn` is `arn`. What stands there a second time is `arn_2`, or, where it is no
/// column, `_col` with its place, counted from 0.
pub(super) fn name(select: &mut Select) {
    let tables = tables(&select.from);
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // What stands beside `*` stands in it, too.
    let is_all = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let has_all = select.projection.iter().any(is_all);
    for item in &select.projection {
        if has_all
            && let SelectItem::UnnamedExpr(expr) = item
            && let Heading::Kept(name) = heading(expr, &tables)
        {
            taken.insert(name);
        }
        if let SelectItem::ExprWithAlias { alias, .. } = item {
            taken.insert(alias.value.to_lowercase());
        }
    }
    for (place, item) in select.projection.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let heading = heading(expr, &tables);
        let name = match &heading {
            Heading::Kept(name) if taken.insert(name.clone()) => continue,
            Heading::Kept(name) | Heading::Last(name) => free(name, &mut taken),
            // What it says before anything of it is changed.
            Heading::Text(text) if taken.insert(text.clone()) => text.clone(),
            Heading::Text(_) => free(&format!("_col{place}"), &mut taken),
        };
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
    }
}

/// In `SELECT DISTINCT a.b … ORDER BY a.b`, the order is that of the column that the answer has.
pub(super) fn order(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = &mut query.order_by else { return };
    if select.distinct.is_none() {
        return;
    }
    for one in by {
        let alias = select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if *expr == one.expr => Some(alias.clone()),
            _ => None,
        });
        if let Some(alias) = alias {
            one.expr = Expr::Identifier(alias);
        }
    }
}

enum Heading {
    /// It has that name by itself.
    Kept(String),
    /// It is to have it.
    Last(String),
    /// It is no column.
    Text(String),
}

fn heading(expr: &Expr, tables: &BTreeSet<String>) -> Heading {
    match expr {
        Expr::Identifier(name) => Heading::Kept(name.value.to_lowercase()),
        Expr::CompoundIdentifier(names) => {
            let last = names.last().map(|name| name.value.to_lowercase()).unwrap_or_default();
            // `t.eventname` is a column of a table, and keeps the name of both.
            let is_column =
                names.len() == 2 && names.first().is_some_and(|name| tables.contains(&name.value.to_lowercase()));
            if is_column { Heading::Kept(last) } else { Heading::Last(last) }
        }
        other => Heading::Text(other.to_string()),
    }
}

/// This name, or with the first number behind it that makes it a new one.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let names = std::iter::once(name.to_owned()).chain((2_usize..).map(|number| format!("{name}_{number}")));
    let name = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// What the tables are called that a part of a statement reads.
pub(super) fn tables(from: &[TableWithJoins]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    from.iter().for_each(|one| add_tables(one, &mut names));
    names
}

fn add_tables(one: &TableWithJoins, names: &mut BTreeSet<String>) {
    for factor in std::iter::once(&one.relation).chain(one.joins.iter().map(|join| &join.relation)) {
        match factor {
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::UNNEST { alias: Some(alias), .. } => {
                names.insert(alias.name.value.to_lowercase());
            }
            TableFactor::Table { name, .. } => {
                names.extend(name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => add_tables(table_with_joins, names),
            _ => {}
        }
    }
}

/// A table under this name.
pub(super) fn alias(name: Ident) -> TableAlias {
    TableAlias { explicit: true, name, columns: Vec::new(), at: None }
}
