//! What is told from the tokens of a statement, before the parser reads it.

use std::collections::BTreeSet;

use datafusion::error::{DataFusionError, Result};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use super::trino::Trino;
use crate::views::EVERY;

/// The tokens of a statement, with names in small letters, ids of event data stores as one name, and types as the parser
/// knows them.
pub(super) fn read(sql: &str) -> Result<Vec<TokenWithSpan>> {
    let tokens = Tokenizer::new(&Trino, sql)
        .tokenize_with_location()
        .map_err(|error| DataFusionError::SQL(Box::new(ParserError::TokenizerError(error.to_string())), None))?;
    let mut tokens = stores(tokens);
    for one in &mut tokens {
        // Trino's names have no case, quoted or not.
        if let Token::Word(word) = &mut one.token
            && word.quote_style.is_some()
        {
            word.value = as_ours(word.value.to_lowercase());
            word.quote_style = Some('"');
        }
    }
    addresses(&mut tokens);
    values(&mut tokens);
    types(&mut tokens);
    Ok(tokens)
}

/// `c-ip` and `cs(user-agent)`, as CloudFront's own header has them, are `c_ip` and `cs_user_agent` in our tables.
fn as_ours(name: String) -> String {
    let is_header = ["c-", "cs-", "sc-", "x-", "cs(", "time-to-", "time-taken", "fle-", "ssl-"];
    match is_header.iter().any(|begin| name.starts_with(begin)) {
        true => name.trim_end_matches(')').replace(['-', '('], "_"),
        false => name,
    }
}

/// `IPADDRESS '10.0.0.1'`: the parser knows no such constant; a call it knows.
fn addresses(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        let is_type = matches!(tokens.get(at).map(|one| &one.token), Some(Token::Word(word)) if word.quote_style.is_none()
            && ["ipaddress", "ipprefix"].iter().any(|name| word.value.eq_ignore_ascii_case(name)));
        let rest = tokens.get(at + 1..).unwrap_or_default();
        let next = rest.iter().position(|one| !matches!(one.token, Token::Whitespace(_))).map(|steps| at + 1 + steps);
        if let Some(next) = next.filter(|_| is_type)
            && let Some(one) = tokens.get(next).cloned()
            && matches!(one.token, Token::SingleQuotedString(_))
        {
            let bracket = |token| TokenWithSpan { token, span: one.span };
            tokens.insert(next + 1, bracket(Token::RParen));
            tokens.insert(next, bracket(Token::LParen));
        }
        at += 1;
    }
}

/// `VALUES 1, 2` is `VALUES (1), (2)`.
fn values(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        let is_word =
            matches!(tokens.get(at).map(|one| &one.token), Some(Token::Word(word)) if word.keyword == Keyword::VALUES);
        let rest = tokens.get(at + 1..).unwrap_or_default();
        let next = rest.iter().position(|one| !matches!(one.token, Token::Whitespace(_))).map(|steps| at + 1 + steps);
        let is_member = at > 0 && matches!(tokens.get(at - 1).map(|one| &one.token), Some(Token::Period));
        if let Some(from) = next.filter(|_| is_word && !is_member)
            && !matches!(tokens.get(from).map(|one| &one.token), Some(Token::LParen | Token::EOF))
        {
            bracket_items(tokens, from);
        }
        at += 1;
    }
}

/// Puts brackets around what stands between commas, to the end of the list.
fn bracket_items(tokens: &mut Vec<TokenWithSpan>, from: usize) {
    let Some(span) = tokens.get(from).map(|one| one.span) else { return };
    let bracket = |token| TokenWithSpan { token, span };
    let (mut depth, mut at) = (0_usize, from + 1);
    tokens.insert(from, bracket(Token::LParen));
    while let Some(one) = tokens.get(at) {
        match &one.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::Comma if depth == 0 => {
                tokens.insert(at, bracket(Token::RParen));
                tokens.insert(at + 2, bracket(Token::LParen));
                at += 2;
            }
            Token::RParen | Token::SemiColon | Token::EOF if depth == 0 => break,
            Token::Word(word) if depth == 0 && ends_values(word.keyword) => break,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    tokens.insert(at, bracket(Token::RParen));
}

fn ends_values(keyword: Keyword) -> bool {
    use Keyword as K;
    matches!(keyword, K::UNION | K::EXCEPT | K::INTERSECT | K::ORDER | K::LIMIT | K::OFFSET | K::FETCH)
}

/// The words of a statement, in small letters; with [`EVERY`] where it lists tables.
pub(super) fn words(sql: &str) -> BTreeSet<String> {
    let tokens = Tokenizer::new(&Trino, sql).tokenize().unwrap_or_default();
    let words = tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word.value.to_lowercase()),
        _ => None,
    });
    let words: Vec<String> = words.collect();
    let lists = words.first().is_some_and(|word| ["show", "describe", "desc"].contains(&word.as_str()));
    let every = (lists || words.iter().any(|word| word == "information_schema")).then(|| EVERY.to_owned());
    words.into_iter().chain(every).collect()
}

/// `FROM 3a1b2c3d-5678-90ab-cdef-111111111111`: CloudTrail Lake has the id of the event data store as its name, and
/// what is no name by itself.
fn stores(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut read: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut from = 0;
    while let Some(one) = tokens.get(from) {
        let is_table = matches!(last_word(&read), Some(Keyword::FROM | Keyword::JOIN) | None);
        match if is_table { store(tokens.get(from..).unwrap_or_default()) } else { None } {
            Some((name, count)) => {
                let word = Word { value: name, quote_style: Some('"'), keyword: Keyword::NoKeyword };
                read.push(TokenWithSpan { token: Token::Word(word), span: one.span });
                from += count;
            }
            None => {
                read.push(one.clone());
                from += 1;
            }
        }
    }
    read
}

/// The keyword that these tokens end with, white space aside; none behind a comma.
fn last_word(tokens: &[TokenWithSpan]) -> Option<Keyword> {
    match &tokens.iter().rev().find(|one| !matches!(one.token, Token::Whitespace(_)))?.token {
        Token::Word(word) => Some(word.keyword),
        Token::Comma => None,
        _ => Some(Keyword::NoKeyword),
    }
}

/// The id that begins here, and of how many tokens it is.
fn store(tokens: &[TokenWithSpan]) -> Option<(String, usize)> {
    let mut name = String::new();
    for (count, one) in tokens.iter().enumerate() {
        if name.len() >= UUID || matches!(one.token, Token::Whitespace(_) | Token::EOF) {
            return super::tables::is_store(&name).then_some((name, count));
        }
        name.push_str(&one.token.to_string());
    }
    super::tables::is_store(&name).then_some((name, tokens.len()))
}

const UUID: usize = 36;

/// Behind `AS` in a cast, `array(T)` and `row(a T)` are the `array<T>` and `struct<a T>` that the parser knows.
fn types(tokens: &mut [TokenWithSpan]) {
    let mut open: Vec<bool> = Vec::new();
    let mut behind = false;
    let mut at = 0;
    while at < tokens.len() {
        let next = at + 1;
        let opens = matches!(tokens.get(next).map(|one| &one.token), Some(Token::LParen));
        match tokens.get_mut(at).map(|one| &mut one.token) {
            Some(Token::Word(word)) if word.keyword == Keyword::AS => behind = true,
            Some(Token::Word(word)) if opens && (behind || !open.is_empty()) && is_nested(word) => {
                let changed = !word.value.eq_ignore_ascii_case("map");
                if word.value.eq_ignore_ascii_case("row") {
                    *word = Word { value: "struct".to_owned(), quote_style: None, keyword: Keyword::STRUCT };
                }
                if let Some(bracket) = tokens.get_mut(next).filter(|_| changed) {
                    bracket.token = Token::Lt;
                }
                open.push(changed);
                behind = false;
                at = next;
            }
            Some(Token::LParen) if !open.is_empty() => open.push(false),
            Some(token @ Token::RParen) if !open.is_empty() => {
                if open.pop() == Some(true) {
                    *token = Token::Gt;
                }
            }
            Some(Token::Whitespace(_)) => {}
            _ => behind = false,
        }
        at += 1;
    }
}

fn is_nested(word: &Word) -> bool {
    word.quote_style.is_none() && ["array", "row", "map"].iter().any(|name| word.value.eq_ignore_ascii_case(name))
}
