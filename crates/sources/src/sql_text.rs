//! SQL in logs: what it does, and whether a line ends inside of it.

/// Is this line one of those with which a server of MySQL begins a log file?
pub(crate) fn begins_file(line: &str) -> bool {
    line.contains(", Version: ") && line.trim_end().ends_with("started with:")
}

/// Are these the lines with which a server begins a log file, and nothing else? What stands behind them is no part of
/// them, and must not go with them.
pub(crate) fn is_file_header(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(begins_file)
        && lines.all(|line| {
            line.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("Tcp port: "))
                || (line.starts_with("Time") && line.contains("Id Command") && line.trim_end().ends_with("Argument"))
                || (line.starts_with("Time") && line.contains("Id Command\tArgument"))
        })
}

/// What a statement does, by its first word: true if it changes something, false if it reads; none where the word does
/// not tell.
pub(crate) fn is_write(statement: &str) -> Option<bool> {
    let word = first_word(statement);
    if word.eq_ignore_ascii_case("select") && statement.to_ascii_lowercase().contains("into") {
        // `select … into outfile` writes; the word can also be a value.
        return None;
    }
    let is = |words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    const READS: &[&str] = &[
        "select",
        "show",
        "desc",
        "describe",
        "explain",
        "use",
        "begin",
        "start",
        "commit",
        "rollback",
        "values",
        "table",
        "fetch",
        "declare",
        "close",
        "deallocate",
        "prepare",
        "help",
        "unlock",
        "lock",
        "savepoint",
        "release",
        "discard",
        "listen",
        "unlisten",
        "end",
        "abort",
    ];
    const WRITES: &[&str] = &[
        "insert",
        "update",
        "delete",
        "replace",
        "merge",
        "truncate",
        "create",
        "alter",
        "drop",
        "rename",
        "grant",
        "revoke",
        "load",
        "call",
        "do",
        "copy",
        "import",
        "install",
        "uninstall",
        "optimize",
        "repair",
        "kill",
        "flush",
        "reset",
        "purge",
        "change",
        "stop",
        "shutdown",
        "vacuum",
        "reindex",
        "cluster",
        "refresh",
        "comment",
        "security",
        "reassign",
        "import",
        "notify",
    ];
    match word {
        _ if is(READS) => Some(false),
        _ if is(WRITES) => Some(true),
        _ => None,
    }
}

/// The first word, behind comments and brackets.
pub(crate) fn first_word(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        let skipped = if let Some(inner) = rest.strip_prefix("/*").filter(|inner| !inner.starts_with('!')) {
            inner.split_once("*/").map_or("", |(_, after)| after)
        } else if rest.starts_with("-- ") || rest.starts_with('#') {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(inner) = rest.strip_prefix('(') {
            inner
        } else if let Some(inner) = rest.strip_prefix("/*!") {
            inner.trim_start_matches(|c: char| c.is_ascii_digit())
        } else {
            break;
        };
        rest = skipped.trim_start();
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Whose SQL it is: they differ in quotes and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Mysql,
    Postgres,
}

/// The statement in lower case with its values and comments left out, and lists of values folded: statements of one form
/// come to the same. After the fingerprints of pt-query-digest.
pub(crate) fn normalised(statement: &str, dialect: Dialect) -> String {
    let postgres = dialect == Dialect::Postgres;
    let mut out = String::with_capacity(statement.len().min(1 << 12));
    let mut rest = statement;
    while let Some(c) = rest.chars().next() {
        let bytes = rest.as_bytes();
        let next = bytes.get(1).copied();
        let used = match c {
            // A name, which is told from others by its case, too.
            '"' if postgres => copied(rest, &mut out),
            '\'' | '"' => {
                let escapes = !postgres || is_escape_mark(&out);
                value(&mut out);
                quoted(rest, escapes)
            }
            '$' if postgres && dollar_quoted(rest).is_some() => {
                value(&mut out);
                dollar_quoted(rest).unwrap_or_default()
            }
            '/' if next == Some(b'*') => {
                space(&mut out);
                rest.find("*/").map_or(rest.len(), |at| at + 2)
            }
            '#' if !postgres => line_end(rest),
            '-' if next == Some(b'-') && bytes.get(2).is_none_or(u8::is_ascii_whitespace) => line_end(rest),
            _ if c.is_whitespace() => {
                space(&mut out);
                c.len_utf8()
            }
            '0'..='9'
                if !out.ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | '$' | '@')) =>
            {
                value(&mut out);
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len())
            }
            '`' => copied(rest, &mut out),
            _ => {
                out.extend(c.to_lowercase());
                c.len_utf8()
            }
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    folded(out.trim_end_matches([' ', ';']))
}

/// Leaves a value out.
fn value(out: &mut String) {
    out.push('?');
}

/// One space, whatever stood there.
fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

fn line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Leaves a quoted name as it is.
fn copied(text: &str, out: &mut String) -> usize {
    let end = quoted(text, false);
    out.push_str(text.get(..end).unwrap_or_default());
    end
}

/// Does the quote that follows have escapes, as in `E'it\\'s'`?
fn is_escape_mark(before: &str) -> bool {
    before.strip_suffix('e').is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The length of the text at hand when it is one between dollar signs: `$$it's$$`, `$tag$…$tag$`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let (tag, rest) = text.strip_prefix('$')?.split_once('$')?;
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_') && !tag.starts_with(|c: char| c.is_ascii_digit());
    let mark = text.get(..tag.len() + 2).filter(|_| is_tag)?;
    Some(rest.find(mark).map_or(text.len(), |at| 2 * mark.len() + at))
}

/// The length of the quoted text at hand, quotes included; may a backslash stand before a quote in it?
fn quoted(text: &str, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let Some(quote) = bytes.first() else { return 0 };
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if escapes => at += 1,
            byte if byte == quote && bytes.get(at + 1) == Some(quote) => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// `(?, ?, ?)` becomes `(?+)`, and `(?+), (?+)` one of them.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('(') {
        let (before, list) = rest.split_at(at);
        let end = list.find(')').map_or(list.len(), |end| end + 1);
        let (list, after) = list.split_at(end);
        let values = list.strip_prefix('(').and_then(|list| list.strip_suffix(')'));
        let all = values
            .is_some_and(|list| list.contains('?') && list.chars().all(|c| matches!(c, '?' | ',' | ' ' | '-' | '+')));
        if all && before.trim() == "," && out.ends_with("(?+)") {
            rest = after;
            continue;
        }
        out.push_str(before);
        if all {
            out.push_str("(?+)");
            rest = after;
        } else {
            // What is inside may hold lists of its own.
            out.push('(');
            rest = rest.get(at + 1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

/// Where a reader of SQL stands: outside of everything, in a quote, or in a comment of several lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    #[default]
    Nothing,
    Quote(u8),
    Comment,
}

impl Inside {
    /// Goes on over a line of MySQL's SQL; a comment that ends with the line has ended behind it.
    pub(crate) fn over(self, line: &[u8]) -> Inside {
        let mut state = self;
        let mut at = 0;
        while let Some(byte) = line.get(at) {
            let next = line.get(at + 1).copied();
            at += 1;
            match (state, byte) {
                (Inside::Nothing, b'\'' | b'"' | b'`') => state = Inside::Quote(*byte),
                (Inside::Nothing, b'/') if next == Some(b'*') => {
                    state = Inside::Comment;
                    at += 1;
                }
                (Inside::Nothing, b'#') => return state,
                (Inside::Nothing, b'-')
                    if next == Some(b'-') && line.get(at + 1).is_none_or(u8::is_ascii_whitespace) =>
                {
                    return state;
                }
                (Inside::Quote(quote), b'\\') if quote != b'`' => at += 1,
                // Two quotes are one inside of them: out and in again comes to the same.
                (Inside::Quote(quote), byte) if quote == *byte => state = Inside::Nothing,
                (Inside::Comment, b'*') if next == Some(b'/') => {
                    state = Inside::Nothing;
                    at += 1;
                }
                _ => {}
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_tells() {
        assert_eq!(is_write("  select 1"), Some(false));
        assert_eq!(is_write("/* x */ -- y\n (SELECT 1)"), Some(false));
        assert_eq!(is_write("/*!50001 CREATE VIEW"), Some(true));
        assert_eq!(is_write("Drop table t"), Some(true));
        assert_eq!(is_write("with x as (select 1) delete from t"), None);
        assert_eq!((first_word("/* never closed"), first_word("")), ("", ""));
    }

    #[test]
    fn values_are_left_out() {
        let same = |statement: &str, expected: &str| assert_eq!(normalised(statement, Dialect::Mysql), expected);
        same(
            "SELECT  a1, `B` FROM t WHERE x='it\\'s' -- c\n and y = 12.5e3;",
            "select a1, `B` from t where x=? and y = ?",
        );
        same("insert into t (a, b) values (1, 'x'), (2, \"y\")", "insert into t (a, b) values (?+)");
        same("select /* hint */ 1 in (1,2,3) # end", "select ? in (?+)");
        same("select f(g(1), 'open", "select f(g(?+), ?");
        same("", "");
    }

    #[test]
    fn values_of_postgresql_are_left_out() {
        let same = |statement: &str, expected: &str| assert_eq!(normalised(statement, Dialect::Postgres), expected);
        same("SELECT \"A b\", c #>> '{a}' FROM t WHERE x = $1 -- 'c", "select \"A b\", c #>> ? from t where x = $1");
        same("select 'a\\', 'b' , E'it\\'s', $$it's$$, $t$ $$ $t$, 1.5", "select ?, ? , e?, ?, ?, ?");
        same("select $$open", "select ?");
        same("select $t", "select $t");
    }

    #[test]
    fn lines_end_inside_or_not() {
        let over = |line: &str| Inside::default().over(line.as_bytes());
        assert_eq!(over("select 'it''s', \"x\" -- 'not open"), Inside::Nothing);
        assert_eq!(over("select 'it\\'s"), Inside::Quote(b'\''));
        assert_eq!(over("select `a\\` # '"), Inside::Nothing);
        assert_eq!(over("select 1 /* '"), Inside::Comment);
        assert_eq!(over("select 1 /* '").over(b"' */ select 'a'"), Inside::Nothing);
        assert_eq!(over("select 5--3, '"), Inside::Quote(b'\''));
    }
}
