//! What a name with dots leads to, and what is compared with text.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, DFSchema, ScalarValue, TableReference};
use datafusion::error::Result;
use datafusion::functions::core::expr_ext::FieldAccessor;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, GetFieldAccess, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::json_path::{STEP, member};

/// The field of a struct that was named and is none of it, with those that there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unknown(Arc<Mutex<Option<Named>>>);

/// A name, and those that it could have been.
type Named = (String, Vec<String>);

impl Unknown {
    fn set(&self, field: String, known: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((field, known));
    }

    pub(crate) fn get(&self) -> Option<Named> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Leads from a column to what is in it: fields of structs, members of JSON text.
#[derive(Debug)]
pub(super) struct Members {
    unknown: Unknown,
}

impl Members {
    pub(super) fn new(unknown: Unknown) -> Members {
        Members { unknown }
    }
}

impl ExprPlanner for Members {
    fn plan_compound_identifier(
        &self,
        field: &Field,
        qualifier: Option<&TableReference>,
        nested: &[String],
    ) -> Result<PlannerResult<Vec<Expr>>> {
        let mut expr = Expr::Column(Column::from((qualifier, field)));
        let mut data_type = field.data_type().clone();
        let mut path = field.name().clone();
        for (place, name) in nested.iter().enumerate() {
            let next = match &data_type {
                DataType::Struct(fields) => match fields.iter().find(|field| field.name().eq_ignore_ascii_case(name)) {
                    Some(field) => {
                        expr = expr.field(field.name().as_str());
                        field.data_type().clone()
                    }
                    None => {
                        let known = fields.iter().map(|field| format!("{path}.{}", field.name())).collect();
                        self.unknown.set(format!("{path}.{name}"), known);
                        return Ok(PlannerResult::Original(Vec::new()));
                    }
                },
                DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => {
                    let rest = nested.get(place..).unwrap_or_default().join(&STEP.to_string());
                    return Ok(PlannerResult::Planned(member(expr, &rest)));
                }
                _ => {
                    self.unknown.set(format!("{path}.{name}"), vec![path.clone()]);
                    return Ok(PlannerResult::Original(Vec::new()));
                }
            };
            data_type = next;
            path = format!("{path}.{name}");
        }
        Ok(PlannerResult::Planned(expr))
    }

    /// `requestparameters['bucketName']`
    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        if let GetFieldAccess::NamedStructField { name } = &expr.field_access
            && let ScalarValue::Utf8(Some(name)) | ScalarValue::Utf8View(Some(name)) = name
            && is_text(&expr.expr.get_type(schema)?)
        {
            return Ok(PlannerResult::Planned(member(expr.expr, name)));
        }
        Ok(PlannerResult::Original(expr))
    }

    /// `readonly = 'true'`, `date = '2026/04/09'`: what is compared with text is text in AWS's tables.
    fn plan_binary_op(&self, mut expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let compares = matches!(
            expr.op,
            BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
        );
        if compares {
            expr.right = as_compared(&expr.left, expr.right, schema);
            expr.left = as_compared(&expr.right, expr.left, schema);
            expr.right = in_utc(&expr.left, expr.right, schema);
            expr.left = in_utc(&expr.right, expr.left, schema);
        }
        Ok(PlannerResult::Original(expr))
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8)
}

/// A text as the type of what it is compared with, where DataFusion does not know how.
fn as_compared(with: &Expr, literal: Expr, schema: &DFSchema) -> Expr {
    let text = match &literal {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => text,
        // Days of an interval and hours of a difference are compared as the time that they are.
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _)
            if interval.months == 0 && matches!(with.get_type(schema), Ok(DataType::Duration(_))) =>
        {
            let micros = i64::from(interval.days) * 86_400_000_000 + interval.nanoseconds / 1_000;
            return lit(ScalarValue::DurationMicrosecond(Some(micros)));
        }
        // A flag is text in AWS's tables.
        Expr::Literal(ScalarValue::Boolean(Some(flag)), _) if with.get_type(schema).is_ok_and(|of| is_text(&of)) => {
            return lit(flag.to_string());
        }
        _ => return literal,
    };
    match with.get_type(schema) {
        Ok(DataType::Boolean) => match text.to_lowercase().as_str() {
            "true" => lit(true),
            "false" => lit(false),
            _ => literal,
        },
        Ok(DataType::Date32) if text.len() == 10 => lit(text.replace('/', "-")),
        Ok(DataType::Timestamp(..)) => lit(whole_time(text)),
        _ => literal,
    }
}

/// A time without a zone is in UTC, whatever the zone of the other one.
fn in_utc(with: &Expr, expr: Expr, schema: &DFSchema) -> Expr {
    match (with.get_type(schema), expr.get_type(schema)) {
        (Ok(DataType::Timestamp(_, Some(zone))), Ok(DataType::Timestamp(unit, None)))
            if !["UTC", "+00:00"].contains(&zone.as_ref()) =>
        {
            cast(expr, DataType::Timestamp(unit, Some("UTC".into())))
        }
        _ => expr,
    }
}

/// A time with all its parts: `2026-04-09T10` is the hour's beginning.
fn whole_time(text: &str) -> String {
    let with_day =
        text.len() >= 10 && text.as_bytes().iter().take(10).all(|byte| byte.is_ascii_digit() || *byte == b'-');
    match text.len() {
        13 if with_day => format!("{text}:00:00"),
        _ => text.to_owned(),
    }
}
