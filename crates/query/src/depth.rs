//! How deep the tree of a statement would be, told from its tokens before anything is made of it. The parser bounds
//! what stands in parentheses, but reads `a + b + c …` in a loop: a tree as deep as the statement is long, and whatever
//! walks it, or only drops it, needs the stack for that.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::{Error, Result};

/// So many levels a statement may have. The stacks of the engine's threads are made for several times as many.
pub(crate) const MOST: usize = 2_000;

/// A statement that would be too deep is an error. One that cannot be read is not: the parser says what is wrong.
pub(crate) fn check(sql: &str) -> Result<()> {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize() else { return Ok(()) };
    match depth(&tokens) {
        depth if depth > MOST => Err(Error::TooDeep { depth, most: MOST }),
        _ => Ok(()),
    }
}

/// What makes a tree deeper, loosest first: each is repeated from left to right, and binds what is tighter below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Chain {
    /// `union` and its like.
    Sets,
    /// Tables that are joined, and tables in `with`, each of which may read the one before.
    Tables,
    Or,
    And,
    Comparison,
    /// Everything else, as `+`, `||`, `::` and `->`.
    Tight,
}

const CHAINS: usize = 6;

/// What a token does to the depth.
enum Step {
    Nothing,
    Opens(Around),
    Closes(Around),
    Adds(Chain),
    /// Another item of a list.
    Comma,
    /// Another part of a query; do its commas separate tables?
    Clause {
        tables: bool,
    },
    /// Another part of a `case`.
    Branch,
}

/// What is around a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Brackets,
    Case,
}

/// What stands between two brackets, or in a `case`.
struct Level {
    around: Around,
    /// How deep what is around it is.
    outside: usize,
    chains: [usize; CHAINS],
    tables: bool,
}

impl Level {
    fn new(around: Around, outside: usize) -> Level {
        Level { around, outside, chains: [0; CHAINS], tables: false }
    }

    fn depth(&self) -> usize {
        self.outside + 1 + self.chains.iter().sum::<usize>()
    }

    /// One more of a chain: what binds tighter begins anew.
    fn add(&mut self, chain: Chain) {
        self.end_below(chain);
        if let Some(count) = self.chains.get_mut(chain as usize) {
            *count += 1;
        }
    }

    fn end_below(&mut self, chain: Chain) {
        self.chains.iter_mut().skip(chain as usize + 1).for_each(|count| *count = 0);
    }
}

fn depth(tokens: &[Token]) -> usize {
    let mut around: Vec<Level> = Vec::new();
    let mut level = Level::new(Around::Brackets, 0);
    let mut deepest = 0;
    for token in tokens {
        match step(token) {
            Step::Nothing => continue,
            Step::Opens(with) => {
                // `a[1][2]` is a chain too.
                if *token == Token::LBracket {
                    level.add(Chain::Tight);
                }
                let inner = Level::new(with, level.depth());
                around.push(std::mem::replace(&mut level, inner));
            }
            Step::Closes(with) => {
                // A bracket ends what is open in it; `end` may be a name where no `case` is.
                while (with == Around::Brackets || level.around == Around::Case)
                    && let Some(outer) = around.pop()
                {
                    let closed = std::mem::replace(&mut level, outer).around;
                    if closed == with {
                        break;
                    }
                }
            }
            Step::Adds(chain) => level.add(chain),
            Step::Comma if level.tables => level.add(Chain::Tables),
            Step::Comma | Step::Branch => level.end_below(Chain::Tables),
            Step::Clause { tables } => {
                level.end_below(Chain::Tables);
                level.tables = tables;
            }
        }
        deepest = deepest.max(level.depth());
    }
    deepest
}

fn step(token: &Token) -> Step {
    use Token as T;
    match token {
        T::Word(word) if word.quote_style.is_none() => of_word(word.keyword),
        T::LParen | T::LBracket | T::LBrace => Step::Opens(Around::Brackets),
        T::RParen | T::RBracket | T::RBrace => Step::Closes(Around::Brackets),
        T::Comma => Step::Comma,
        T::Eq | T::DoubleEq | T::Neq | T::Lt | T::Gt | T::LtEq | T::GtEq => Step::Adds(Chain::Comparison),
        T::Word(_)
        | T::Whitespace(_)
        | T::Number(..)
        | T::Placeholder(_)
        | T::SingleQuotedString(_)
        | T::DoubleQuotedString(_)
        | T::EscapedStringLiteral(_)
        | T::DollarQuotedString(_)
        | T::Period
        | T::SemiColon
        | T::EOF => Step::Nothing,
        // Whatever else there is may be an operator.
        _ => Step::Adds(Chain::Tight),
    }
}

fn of_word(keyword: Keyword) -> Step {
    use Keyword as K;
    match keyword {
        K::UNION | K::INTERSECT | K::EXCEPT | K::MINUS => Step::Adds(Chain::Sets),
        K::JOIN | K::APPLY => Step::Adds(Chain::Tables),
        K::OR | K::XOR => Step::Adds(Chain::Or),
        K::AND => Step::Adds(Chain::And),
        K::IS
        | K::IN
        | K::LIKE
        | K::ILIKE
        | K::SIMILAR
        | K::REGEXP
        | K::RLIKE
        | K::BETWEEN
        | K::OVERLAPS
        | K::MEMBER
        | K::NOTNULL => Step::Adds(Chain::Comparison),
        K::COLLATE | K::AT | K::OPERATOR | K::DIV => Step::Adds(Chain::Tight),
        K::FROM | K::WITH => Step::Clause { tables: true },
        K::SELECT | K::WHERE | K::GROUP | K::HAVING | K::ORDER | K::LIMIT | K::WINDOW | K::QUALIFY | K::VALUES => {
            Step::Clause { tables: false }
        }
        K::CASE => Step::Opens(Around::Case),
        K::END => Step::Closes(Around::Case),
        K::ON | K::WHEN | K::THEN | K::ELSE => Step::Branch,
        _ => Step::Nothing,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(sql: &str) -> usize {
        depth(&Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().unwrap())
    }

    #[test]
    fn chains_count_and_lists_do_not() {
        let values = vec!["1"; 100].join(", ");
        for (sql, expected) in [
            ("select 1".to_owned(), 1),
            (format!("select {}", vec!["1"; 100].join(" + ")), 100),
            (format!("select 1 where 1 in ({values})"), 3),
            (format!("select {}", vec!["a + b"; 100].join(", ")), 2),
            (format!("select 1 where {}", vec!["a = 1"; 100].join(" or ")), 101),
            (format!("select 1 where {}", vec!["a = 1 and b = 2"; 100].join(" or ")), 102),
            (format!("select {}", vec!["(1 + 2)"; 100].join(" + ")), 102),
            (vec!["select 1, 2 from a where b = 1"; 100].join(" union all "), 101),
            (format!("select 1 from {}", vec!["a"; 100].join(", ")), 100),
            (format!("select 1 from a {}", "join b on a.x = b.x and a.y = b.y ".repeat(100)), 103),
            (format!("select case {} end", "when a = 1 then 2 ".repeat(100)), 3),
            (format!("select {}", vec!["case when a = 1 then 2 end"; 100].join(" + ")), 102),
            (format!("select a{}", "::text".repeat(100)), 101),
            (format!("select a{}", "[1]".repeat(100)), 102),
            (format!("select {}1{}", "(".repeat(100), ")".repeat(100)), 101),
            (format!("select 'a + b + c' as \"or\" -- {values}\n"), 1),
        ] {
            assert_eq!(of(&sql), expected, "{sql}");
        }
        // What is closed and was never opened.
        assert_eq!(of("select end )) ] + 1"), 2);
    }

    #[test]
    fn too_deep_is_an_error() {
        assert!(check(&format!("select {}", vec!["1"; MOST].join(" + "))).is_ok());
        let error = check(&format!("select {}", vec!["1"; MOST + 1].join(" + "))).unwrap_err();
        assert!(matches!(error, Error::TooDeep { depth: 2_001, most: MOST }), "{error}");
        assert!(check("select 'open").is_ok());
    }
}
