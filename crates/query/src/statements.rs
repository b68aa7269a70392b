//! Several statements in one text.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// The statements of a text, each without the `;` that ends it. A text that cannot be read stays as it is: what is wrong
/// with it is said where it is run.
pub fn statements(text: &str) -> Vec<String> {
    let Some(tokens) = tokens(text) else { return vec![text.to_owned()] };
    let parts = tokens.split(|token| *token == Token::SemiColon);
    parts.filter(|part| !is_empty(part)).map(|part| part.iter().map(Token::to_string).collect()).collect()
}

/// Is the text ended by a `;` that is no part of a text, a name or a comment?
pub fn is_whole(text: &str) -> bool {
    let tokens = tokens(text).unwrap_or_default();
    tokens.iter().rev().find(|token| !matches!(token, Token::Whitespace(_))) == Some(&Token::SemiColon)
}

/// What a part of a statement is, to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Keyword,
    /// A text in quotes.
    Text,
    Number,
    /// `$name`
    Parameter,
    Comment,
    Other,
}

/// A statement in parts that make up the same text again; none where it cannot be read, as while it is written.
pub fn parts(text: &str) -> Option<Vec<(Part, String)>> {
    let part = |token: &Token| match token {
        Token::Word(word) if word.keyword != Keyword::NoKeyword && word.quote_style.is_none() => Part::Keyword,
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) | Token::DollarQuotedString(_) => Part::Text,
        Token::Number(..) => Part::Number,
        Token::Placeholder(_) => Part::Parameter,
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Part::Comment,
        _ => Part::Other,
    };
    let parts: Vec<(Part, String)> = tokens(text)?.iter().map(|token| (part(token), token.to_string())).collect();
    let same = parts.iter().map(|(_, part)| part.as_str()).collect::<String>() == text;
    same.then_some(parts)
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize().ok()
}

/// Nothing but white space and comments.
fn is_empty(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| {
        matches!(
            token,
            Token::Whitespace(
                Whitespace::Space
                    | Whitespace::Newline
                    | Whitespace::Tab
                    | Whitespace::SingleLineComment { .. }
                    | Whitespace::MultiLineComment(_)
            )
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_in_a_text_ends_nothing() {
        let text = "select ';' as a, \"b;\" from t; -- c; d\n select 'it''s', $key, E'\\n';;\n/* ; */";
        let parts = statements(text);
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert_eq!(parts.first().map(String::as_str), Some("select ';' as a, \"b;\" from t"));
        assert!(parts.iter().any(|part| part.ends_with("select 'it''s', $key, E'\\n'")), "{parts:?}");
        assert_eq!(statements("select 'open"), ["select 'open"]);
    }

    #[test]
    fn a_statement_is_whole_with_its_end() {
        assert!(is_whole("select 1; -- done"));
        for open in ["select 1", "select ';", "select 1 -- ;", ""] {
            assert!(!is_whole(open), "{open}");
        }
    }
}
