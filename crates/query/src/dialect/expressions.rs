//! Expressions that mean something else in Trino.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, Ident, LambdaFunction, ObjectName, OneOrManyWithParens, StructField,
    TypedString, UnaryOperator, Value, VisitMut, VisitorMut,
};

use super::members;
use super::rewrite::{call, number, text};

/// Before what is in it is changed.
pub(super) fn before(expr: &mut Expr) {
    match expr {
        // Addresses are text here, and are compared by what they are.
        Expr::BinaryOp { left, op, right } if is_comparison(op) && (is_an_address(left) || is_an_address(right)) => {
            [left, right].into_iter().for_each(|side| **side = call("ip_key", vec![(**side).clone()]));
        }
        Expr::Between { expr, low, high, .. } if [&expr, &low, &high].into_iter().any(|one| is_an_address(one)) => {
            [expr, low, high].into_iter().for_each(|one| **one = call("ip_key", vec![(**one).clone()]));
        }
        Expr::InList { expr, list, .. } if is_an_address(expr) || list.iter().any(is_an_address) => {
            **expr = call("ip_key", vec![(**expr).clone()]);
            list.iter_mut().for_each(|one| *one = call("ip_key", vec![one.clone()]));
        }
        _ => {}
    }
}

/// After what is in it was changed.
pub(super) fn after(expr: &mut Expr) {
    let other = match expr {
        Expr::Function(function) => {
            renamed(function);
            ordered(function);
            conditional(function).or_else(|| quantified(function)).or_else(|| zoned(function))
        }
        Expr::Lambda(lambda) => {
            let other = arrow(lambda);
            if other.is_none() {
                members::of_parameters(lambda);
            }
            other
        }
        Expr::CompoundFieldAccess { .. } => {
            members::of_items(expr);
            None
        }
        Expr::TypedString(typed) => constant(typed),
        Expr::Cast { kind, expr: inner, data_type, .. } => cast(kind, inner, data_type),
        Expr::AtTimeZone { timestamp, time_zone } => {
            Some(call("at_timezone", vec![(**timestamp).clone(), (**time_zone).clone()]))
        }
        // The engine counts days of the week from 0, and from Sunday.
        Expr::Extract { field, expr: inner, .. } => {
            let field = field.to_string().to_lowercase();
            let is_day = ["dow", "day_of_week"].contains(&field.as_str());
            is_day.then(|| call("day_of_week", vec![(**inner).clone()]))
        }
        Expr::Like { pattern, escape_char, .. } => {
            // With a sign that escapes, a pattern that is no constant is left to the engine, which refuses it.
            let is_constant = matches!(pattern.as_ref(), Expr::Value(_));
            if is_constant || escape_char.is_none() {
                let escape = escape_char.take().and_then(|sign| match sign.value {
                    Value::SingleQuotedString(sign) => sign.chars().next(),
                    _ => None,
                });
                escaped(pattern, escape);
            }
            None
        }
        _ => None,
    };
    if let Some(other) = other {
        *expr = other;
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq)
}

/// `cast(x as ipaddress)`, and the constant, which is a call by now.
fn is_an_address(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { data_type, .. } => is_address(data_type),
        Expr::Function(function) => name(function) == "ipaddress",
        Expr::Nested(inner) => is_an_address(inner),
        _ => false,
    }
}

/// In a pattern the engine has the backslash as the sign that escapes; Trino has none, or the one that is named.
fn escaped(pattern: &mut Expr, escape: Option<char>) {
    if let Expr::Value(value) = pattern
        && let Value::SingleQuotedString(text) = &mut value.value
    {
        let mut written = String::new();
        let mut signs = text.chars();
        while let Some(sign) = signs.next() {
            match sign {
                sign if Some(sign) == escape => {
                    written.push('\\');
                    written.extend(signs.next());
                }
                '\\' => written.push_str("\\\\"),
                sign => written.push(sign),
            }
        }
        *text = written;
    } else if escape.is_none() {
        *pattern = call("replace", vec![pattern.clone(), text("\\"), text("\\\\")]);
    }
}

/// `timestamp '2026-04-09 01:02 UTC'`, `json '{}'`, `ipaddress '10.0.0.1'`.
fn constant(typed: &TypedString) -> Option<Expr> {
    let value = match &typed.value.value {
        Value::SingleQuotedString(value) => value.trim(),
        _ => return None,
    };
    match &typed.data_type {
        DataType::JSON => Some(call("json_parse", vec![text(value)])),
        DataType::Timestamp(..) => {
            let (time, zone) = match value.match_indices(' ').nth(1) {
                Some((at, _)) => (value.get(..at)?, value.get(at + 1..).map(str::trim)),
                None => (value, None),
            };
            let whole = if time.len() == 16 { format!("{time}:00") } else { time.to_owned() };
            let is_utc = |zone: &str| ["UTC", "Z", "+00:00"].contains(&zone);
            match zone {
                Some(zone) if is_utc(zone) => {
                    Some(call("from_iso8601_timestamp", vec![text(&format!("{}Z", whole.replacen(' ', "T", 1)))]))
                }
                Some(zone) => Some(call("with_timezone", vec![plain_time(typed, whole), text(zone)])),
                None if whole != value => Some(plain_time(typed, whole)),
                None => None,
            }
        }
        _ => None,
    }
}

fn plain_time(typed: &TypedString, time: String) -> Expr {
    let value = Value::SingleQuotedString(time).with_empty_span();
    Expr::TypedString(TypedString { value, ..typed.clone() })
}

fn cast(kind: &CastKind, inner: &mut Box<Expr>, data_type: &mut DataType) -> Option<Expr> {
    let is_json = matches!(inner.as_ref(), Expr::Function(function)
        if ["json_extract", "json_parse", "json_query"].contains(&name(function).as_str()));
    match data_type {
        data_type if is_address(data_type) => Some(match kind {
            CastKind::TryCast => call("ip_or_null", vec![(**inner).clone()]),
            _ => (**inner).clone(),
        }),
        DataType::JSON => Some(call("json_format", vec![(**inner).clone()])),
        DataType::Map(..) => Some((**inner).clone()),
        DataType::Struct(fields, _) => row(inner, fields).or_else(|| Some((**inner).clone())),
        DataType::Array(ArrayElemTypeDef::AngleBracket(item)) if is_scalar(item) => {
            **inner = call("json_texts", vec![(**inner).clone()]);
            None
        }
        DataType::Array(_) => Some(call("json_texts", vec![(**inner).clone()])),
        other => {
            if is_json {
                **inner = call("json_extract_scalar", vec![(**inner).clone(), text("$")]);
            }
            if is_integer(other) {
                **inner = call("round_half_away", vec![(**inner).clone()]);
            }
            if is_text(other) {
                **inner = call("time_as_text", vec![(**inner).clone()]);
            }
            None
        }
    }
}

/// `cast(row(1, 'x') as row(a integer, b varchar))`: the values under their names.
fn row(inner: &Expr, fields: &[StructField]) -> Option<Expr> {
    let Expr::Function(function) = inner else { return None };
    let values = arguments(function).filter(|values| name(function) == "row" && values.len() == fields.len())?;
    let mut pairs = Vec::new();
    for (field, value) in fields.iter().zip(values) {
        pairs.push(text(&field.field_name.as_ref()?.value.to_lowercase()));
        pairs.push(Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(value),
            data_type: field.field_type.clone(),
            array: false,
            format: None,
        });
    }
    Some(call("named_struct", pairs))
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Varchar(_) | DataType::Text | DataType::String(_) | DataType::Char(_))
}

/// Is it neither text, which the items of a list are anyway, nor nested?
fn is_scalar(data_type: &DataType) -> bool {
    let nested = matches!(data_type, DataType::Array(_) | DataType::Map(..) | DataType::Struct(..) | DataType::JSON);
    !nested && !is_text(data_type)
}

fn name(function: &Function) -> String {
    function.name.to_string().to_lowercase()
}

/// Functions that the engine has under another name, or with fewer arguments.
fn renamed(function: &mut Function) {
    static NAMES: &[(&str, &str)] =
        &[("sign", "signum"), ("truncate", "trunc"), ("variance", "var_samp"), ("is_nan", "isnan")];
    let called = name(function);
    if let Some((_, other)) = NAMES.iter().find(|(name, _)| *name == called) {
        function.name = ObjectName::from(vec![Ident::new(*other)]);
    }
    let FunctionArguments::List(list) = &mut function.args else { return };
    match (called.as_str(), list.args.len()) {
        ("approx_distinct", 2) => list.args.truncate(1),
        ("listagg", 1) => list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(text("")))),
        _ => {}
    }
}

/// `from_unixtime(seconds, zone)`
fn zoned(function: &Function) -> Option<Expr> {
    let arguments = arguments(function).filter(|all| name(function) == "from_unixtime" && all.len() == 2)?;
    let [seconds, zone] = <[Expr; 2]>::try_from(arguments).ok()?;
    Some(call("at_timezone", vec![call("from_unixtime", vec![seconds]), zone]))
}

/// `try(x)` is null where a cast in it fails, and where it divides by zero.
fn tried(mut expr: Expr) -> Expr {
    struct Trying;
    impl VisitorMut for Trying {
        type Break = Infallible;
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
            match expr {
                Expr::Cast { kind, .. } => *kind = CastKind::TryCast,
                Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, right, .. } => {
                    **right = call("nullif", vec![(**right).clone(), number(0)]);
                }
                _ => {}
            }
            ControlFlow::Continue(())
        }
    }
    let ControlFlow::Continue(()) = expr.visit(&mut Trying);
    expr
}

fn is_address(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Custom(name, _) if name.to_string().eq_ignore_ascii_case("ipaddress"))
}

fn is_integer(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int(_) | DataType::Integer(_) | DataType::BigInt(_) | DataType::SmallInt(_) | DataType::TinyInt(_)
    )
}

/// `all_match` and `none_match` by what the engine has: `any_match`.
fn quantified(function: &Function) -> Option<Expr> {
    let name = function.name.to_string().to_lowercase();
    let mut arguments = arguments(function)?;
    let not = |expr| Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(expr) };
    match (name.as_str(), arguments.get_mut(1)) {
        ("none_match", Some(_)) => Some(not(call("any_match", arguments))),
        ("all_match", Some(Expr::Lambda(lambda))) => {
            let body = Expr::Nested(lambda.body.clone());
            *lambda.body = not(body);
            Some(not(call("any_match", arguments)))
        }
        _ => None,
    }
}

/// `listagg(x, ',') WITHIN GROUP (ORDER BY y)` has its order among its arguments here.
fn ordered(function: &mut Function) {
    if function.name.to_string().eq_ignore_ascii_case("listagg")
        && !function.within_group.is_empty()
        && let FunctionArguments::List(list) = &mut function.args
    {
        list.clauses.push(FunctionArgumentClause::OrderBy(std::mem::take(&mut function.within_group)));
    }
}

/// `if(c, a[, b])`, and `try(x)`.
fn conditional(function: &Function) -> Option<Expr> {
    let name = function.name.to_string().to_lowercase();
    if name != "if" && name != "try" {
        return None;
    }
    let mut arguments = arguments(function)?.into_iter();
    let (first, second, third) = (arguments.next()?, arguments.next(), arguments.next());
    match (name.as_str(), second) {
        ("try", None) => Some(tried(first)),
        ("if", Some(then)) => Some(Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand: None,
            conditions: vec![CaseWhen { condition: first, result: then }],
            else_result: third.map(Box::new),
        }),
        _ => None,
    }
}

/// The arguments of a call, where they are plain ones.
fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let plain = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    });
    plain.collect()
}

/// `document -> 'member'` is no function of `document` to a constant: it reads a member of JSON text.
fn arrow(lambda: &LambdaFunction) -> Option<Expr> {
    let OneOrManyWithParens::One(parameter) = &lambda.params else { return None };
    let is_constant = matches!(lambda.body.as_ref(), Expr::Value(value)
        if matches!(value.value, Value::SingleQuotedString(_) | Value::Number(..)));
    is_constant.then(|| Expr::BinaryOp {
        left: Box::new(Expr::Identifier(parameter.name.clone())),
        op: BinaryOperator::Arrow,
        right: lambda.body.clone(),
    })
}
