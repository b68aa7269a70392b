//! Several statements in one text.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// The statements of a text, each without the `;` that ends it. A text that cannot be read stays as it is: what is wrong
/// with it is said where it is run.
pub fn statements(text: &str) -> Vec<String> {
    let Some(tokens) = tokens(text) else { return vec![text.to_owned()] };
    let parts = tokens.split(|(token, _)| *token == Token::SemiColon);
    let parts = parts.filter(|part| !part.iter().all(|(token, _)| matches!(token, Token::Whitespace(_))));
    parts.map(|part| part.iter().map(|(_, text)| *text).collect::<String>().trim().to_owned()).collect()
}

/// Is the text ended by a `;` that is no part of a text, a name or a comment?
pub fn is_whole(text: &str) -> bool {
    let tokens = tokens(text).unwrap_or_default();
    let last = tokens.iter().rev().find(|(token, _)| !matches!(token, Token::Whitespace(_)));
    last.is_some_and(|(token, _)| *token == Token::SemiColon)
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

/// A statement in its parts, all of it; none where it cannot be read, as while it is written.
pub fn parts(text: &str) -> Option<Vec<(Part, &str)>> {
    let part = |token: &Token| match token {
        Token::Word(word) if word.keyword != Keyword::NoKeyword && word.quote_style.is_none() => Part::Keyword,
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) | Token::DollarQuotedString(_) => Part::Text,
        Token::Number(..) => Part::Number,
        Token::Placeholder(_) => Part::Parameter,
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Part::Comment,
        _ => Part::Other,
    };
    Some(tokens(text)?.into_iter().map(|(token, text)| (part(&token), text)).collect())
}

/// The tokens, each with the text from its beginning to that of the next one.
fn tokens(text: &str) -> Option<Vec<(Token, &str)>> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location().ok()?;
    let starts: Vec<usize> = starts(text, tokens.iter().map(|token| (token.span.start.line, token.span.start.column)))?;
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let texts: Option<Vec<&str>> = starts.iter().zip(ends).map(|(start, end)| text.get(*start..end)).collect();
    Some(tokens.into_iter().map(|token| token.token).zip(texts?).collect())
}

/// Where in the text these lines and columns are, which rise; both are counted from 1, columns in characters.
fn starts(text: &str, places: impl Iterator<Item = (u64, u64)>) -> Option<Vec<usize>> {
    let mut characters = text.char_indices().chain([(text.len(), '\0')]);
    let (mut line, mut column) = (1, 1);
    let mut starts = Vec::new();
    let mut next = characters.next();
    for place in places {
        while (line, column) != place {
            let (_, character) = next?;
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
            next = characters.next();
        }
        starts.push(next?.0);
    }
    Some(starts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_semicolon_in_a_text_ends_nothing() {
        let text = "select ';' as a, \"b;\" from t; -- c; d\n select 'it''s', $key, E'\\n';;\n/* ; */";
        let parts = statements(text);
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert_eq!(parts.first().map(String::as_str), Some("select ';' as a, \"b;\" from t"));
        assert_eq!(parts.last().map(String::as_str), Some("-- c; d\n select 'it''s', $key, E'\\n'"));
        assert_eq!(statements("select 'ü;\n' as x;\nselect 2;"), ["select 'ü;\n' as x", "select 2"]);
        assert_eq!(statements("select 'open"), ["select 'open"]);
    }

    #[test]
    fn parts_are_all_of_the_text() {
        let text = "select 'ü', 1, $key -- why\n from \"täble\" /* and */ where a = E'\\''";
        let parts = parts(text).unwrap();
        assert_eq!(parts.iter().map(|(_, text)| *text).collect::<String>(), text);
        for wanted in [(Part::Keyword, "select"), (Part::Text, "'ü'"), (Part::Number, "1"), (Part::Parameter, "$key")]
        {
            assert!(parts.contains(&wanted), "{wanted:?} in {parts:?}");
        }
    }

    #[test]
    fn a_statement_is_whole_with_its_end() {
        assert!(is_whole("select 1; -- done"));
        for open in ["select 1", "select ';", "select 1 -- ;", ""] {
            assert!(!is_whole(open), "{open}");
        }
    }
}
