//! Values as the types that a definition gives them.

use jiff::Timestamp;

use super::FieldType;
use super::shape::Found;
use crate::fields::json_string;
use crate::json::{Tape, Type};
use crate::time::{self, Years};

/// What a value is as its type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Nothing was said.
    Null,
    /// As JSON.
    Fits(String),
    Misfit,
}

/// Reads a value as a type.
pub(super) fn read(found: &Found<'_>, kind: FieldType, years: Years) -> Fit {
    let text = found.text();
    let plain = text.trim();
    // What logs write where there is nothing; as text it is a text.
    if !matches!(kind, FieldType::Text) && matches!(plain, "" | "-") {
        return Fit::Null;
    }
    match kind {
        FieldType::Text if found.is_nested() => Fit::Misfit,
        FieldType::Text => match found {
            Found::Json(value) if matches!(value.ty(), Type::Plain | Type::Escaped) => {
                Fit::Fits(value.raw().to_owned())
            }
            _ => Fit::Fits(json_string(&text)),
        },
        FieldType::Integer => plain.parse::<i64>().map_or(Fit::Misfit, |number| Fit::Fits(number.to_string())),
        FieldType::Number => number(found, plain),
        FieldType::Boolean if plain.eq_ignore_ascii_case("true") => Fit::Fits("true".to_owned()),
        FieldType::Boolean if plain.eq_ignore_ascii_case("false") => Fit::Fits("false".to_owned()),
        FieldType::Boolean => Fit::Misfit,
        FieldType::Time => instant(plain, years).map_or(Fit::Misfit, Fit::Fits),
        FieldType::Json => match found {
            Found::Json(value) if !matches!(value.ty(), Type::Plain | Type::Escaped) => {
                Fit::Fits(value.raw().to_owned())
            }
            _ => document(plain),
        },
    }
}

/// A number keeps the digits that it has in JSON.
fn number(found: &Found<'_>, plain: &str) -> Fit {
    let Some(number) = plain.parse::<f64>().map_or(None, serde_json::Number::from_f64) else { return Fit::Misfit };
    match found {
        Found::Json(value) if value.ty() == Type::Number => Fit::Fits(value.raw().to_owned()),
        _ => Fit::Fits(number.to_string()),
    }
}

/// An instant as text in UTC, as JSON.
fn instant(plain: &str, years: Years) -> Option<String> {
    let micros = time::read(plain)?.micros;
    let Ok(instant) = Timestamp::from_microsecond(micros) else { return None };
    years.hold(micros).then(|| json_string(&instant.to_string()))
}

/// The one JSON value that a text is.
fn document(plain: &str) -> Fit {
    match Tape::default().read(plain.as_bytes()) {
        Ok(end) if end == plain.len() => Fit::Fits(plain.to_owned()),
        _ => Fit::Misfit,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn texts_are_read_as_their_types() {
        use FieldType as T;
        let fits = |json: &str| Fit::Fits(json.to_owned());
        for (text, kind, wanted) in [
            ("-", T::Text, fits("\"-\"")),
            ("a\"b", T::Text, fits("\"a\\\"b\"")),
            (" 042 ", T::Integer, fits("42")),
            ("-", T::Integer, Fit::Null),
            ("4.5", T::Integer, Fit::Misfit),
            ("99999999999999999999", T::Integer, Fit::Misfit),
            ("4.5", T::Number, fits("4.5")),
            ("nan", T::Number, Fit::Misfit),
            ("TRUE", T::Boolean, fits("true")),
            ("1", T::Boolean, Fit::Misfit),
            ("2026-03-01 10:00:00", T::Time, fits("\"2026-03-01T10:00:00Z\"")),
            ("3/1/2026", T::Time, Fit::Misfit),
            ("{\"a\":1}", T::Json, fits("{\"a\":1}")),
            ("{\"a\":1} x", T::Json, Fit::Misfit),
        ] {
            let found = Found::Text(Cow::Borrowed(text));
            assert_eq!(read(&found, kind, Years::default()), wanted, "{text} as {kind:?}");
        }
    }
}
