//! AWS Config's advanced queries: `SELECT … WHERE …` without `FROM`, over the present state of all resources.
//! <https://docs.aws.amazon.com/config/latest/developerguide/query-components.html>

use std::ops::ControlFlow;

use coldtrail_schema::tables::config_items;
use coldtrail_schema::{Column, Kind};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, Select, SelectItem, SetExpr, UnaryOperator, VisitMut, VisitorMut,
};

use super::json_path::STEP;
use super::rewrite::{call, text};

/// Reads the view of the last state of each resource.
const CURRENT: &str = "select * from public.config_current";

/// A statement that reads columns of AWS Config and no table is one of its advanced queries.
pub(super) fn read_current_state(select: &mut Select) {
    if !select.from.is_empty() || !reads_columns(select) {
        return;
    }
    let Some(SetExpr::Select(current)) = super::parsed(CURRENT).map(|query| *query.body) else { return };
    select.from = current.from;
    if let Some(condition) = &mut select.selection {
        through_lists(condition);
    }
}

/// Does it name a column that the state of a resource has, or all of them?
fn reads_columns(select: &mut Select) -> bool {
    struct Names(Vec<String>);
    impl VisitorMut for Names {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let first = match &*expr {
                Expr::Identifier(name) => Some(name),
                Expr::CompoundIdentifier(names) => names.first(),
                _ => None,
            };
            match first.is_some_and(|name| self.0.contains(&name.value.to_lowercase())) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    if select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_))) {
        return true;
    }
    let own: Vec<&str> = config_items::TABLE.columns().iter().map(|column| column.name).collect();
    // There, what the files call `awsAccountId` has no `aws` before it.
    let shorter = own.iter().filter_map(|name| name.strip_prefix("aws")).chain(["version"]);
    let names = own.iter().copied().chain(shorter).map(str::to_owned).collect();
    select.visit(&mut Names(names)).is_break()
}

/// A condition on a member of a list holds when one of the items meets it.
fn through_lists(condition: &mut Expr) {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
            through_lists(left);
            through_lists(right);
        }
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => through_lists(inner),
        other => {
            if let Some(changed) = of_any_item(other) {
                *other = changed;
            }
        }
    }
}

/// A comparison of a member, as one that holds for any item of a list.
fn of_any_item(condition: &Expr) -> Option<Expr> {
    let (member, negated) = match condition {
        Expr::BinaryOp { left, .. } => (member(left)?, false),
        Expr::InList { expr, negated, .. } | Expr::Like { expr, negated, .. } | Expr::Between { expr, negated, .. } => {
            (member(expr)?, *negated)
        }
        _ => return None,
    };
    let (document, path) = member;
    let any = |sign, value: &Expr| call("json_any", vec![document.clone(), text(&path), text(sign), value.clone()]);
    let joined = |left, op, right| Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) };
    let changed = match condition {
        Expr::BinaryOp { op, right, .. } => any(sign(op)?, right),
        Expr::Like { pattern, .. } => any("like", pattern),
        Expr::Between { low, high, .. } => joined(any(">=", low), BinaryOperator::And, any("<=", high)),
        Expr::InList { list, .. } => {
            list.iter().map(|value| any("=", value)).reduce(|all, one| joined(all, BinaryOperator::Or, one))?
        }
        _ => return None,
    };
    let changed = Expr::Nested(Box::new(changed));
    Some(match negated {
        true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(changed) },
        false => changed,
    })
}

/// The document and the way into it, of a name with dots.
fn member(expr: &Expr) -> Option<(Expr, String)> {
    let Expr::CompoundIdentifier(names) = expr else { return None };
    let (first, rest) = names.split_first()?;
    let document = first.value.to_lowercase();
    // Dots lead into documents, and through the lists in them.
    let is_document = |column: &Column| column.kind == Kind::Json && column.name == document;
    config_items::TABLE.columns().iter().any(is_document).then(|| {
        let path: Vec<&str> = rest.iter().map(|name| name.value.as_str()).collect();
        (Expr::Identifier(Ident::with_quote('"', document)), path.join(&STEP.to_string()))
    })
}

fn sign(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "!=",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => return None,
    })
}
