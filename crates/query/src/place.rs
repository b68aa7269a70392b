//! Where in a statement something is wrong.

use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::dialect::Trino;

/// A place in a statement, to be shown below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The whole line.
    pub text: String,
}

impl Place {
    fn of(sql: &str, location: Location) -> Option<Place> {
        let (line, column) = (usize::try_from(location.line).ok()?, usize::try_from(location.column).ok()?);
        let text = sql.lines().nth(line.checked_sub(1)?)?;
        (column > 0).then(|| Place { line, column, text: text.to_owned() })
    }

    /// Where this name stands first, dots and all, whatever its case.
    pub(crate) fn of_name(sql: &str, name: &str) -> Option<Place> {
        let tokens = Tokenizer::new(&Trino, sql).tokenize_with_location().ok()?;
        let names: Vec<&str> = name.split('.').collect();
        let tokens: Vec<_> = tokens.iter().filter(|one| !matches!(one.token, Token::Whitespace(_))).collect();
        let is_here = |from: usize| {
            names.iter().enumerate().all(|(at, name)| {
                let of = |step: usize| tokens.get(from + 2 * at + step).map(|one| &one.token);
                let is_name = matches!(of(0), Some(Token::Word(word)) if word.value.eq_ignore_ascii_case(name));
                is_name && (at + 1 == names.len() || of(1) == Some(&Token::Period))
            })
        };
        let start = (0..tokens.len()).find(|from| is_here(*from))?;
        Place::of(sql, tokens.get(start)?.span.start)
    }

    /// The place that the parser tells at the end of its message, and the message without it.
    pub(crate) fn of_message<'m>(sql: &str, message: &'m str) -> Option<(Place, &'m str)> {
        let (what, place) = message.split_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
        let location = Location { line: digits(line)?, column: digits(column)? };
        Some((Place::of(sql, location)?, what))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_are_found_as_they_are_written() {
        let sql = "select 'evntname',\n  useridentity . ARNN, \"evntName\" from t";
        let place = |name| Place::of_name(sql, name).map(|place| (place.line, place.column));
        assert_eq!(place("useridentity.arnn"), Some((2, 3)));
        assert_eq!(place("evntname"), Some((2, 24)));
        assert_eq!(place("nothing"), None);
        let (place, what) = Place::of_message(sql, "Expected: x, found: y at Line: 2, Column: 3").unwrap();
        assert_eq!(
            (place.column, place.text.as_str(), what),
            (3, "  useridentity . ARNN, \"evntName\" from t", "Expected: x, found: y")
        );
    }
}
