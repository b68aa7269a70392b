//! Makes text harmless for the reader it goes to.
//!
//! Every function begins with the same step, [`visible`]: characters that a terminal obeys, that turn the direction of
//! writing, break lines or cannot be seen are written out as `\u{1b}`. What follows is what one reader needs on top.

use std::borrow::Cow;
use std::fmt::Write;

/// Would this character act on its reader, or hide from it?
pub fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            // Zero width, marks of direction, line and paragraph separators, embeddings and overrides.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags and variation selectors, in which whole messages have been hidden.
            | '\u{e0000}'..='\u{e0fff}')
}

/// Active characters as `\u{1b}`. A `\u{` that the text itself has becomes `\u{5c}u{`, so that one output has one
/// origin.
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_except(text, |_| false)
}

/// For a terminal: on one line, and nothing that the terminal obeys.
pub fn terminal(text: &str) -> Cow<'_, str> {
    visible(text)
}

/// For a terminal, in paragraphs: line ends and tabs stay. Only for text whose lines are its author's, such as SQL.
pub fn terminal_lines(text: &str) -> Cow<'_, str> {
    visible_except(text, |c| matches!(c, '\n' | '\t'))
}

/// The last look at text of several lines before it goes to a terminal: its values were escaped one by one, and what
/// was forgotten is made harmless here. What is written out already stays as it is.
pub fn guard(text: &str) -> Cow<'_, str> {
    guard_except(text, |c| matches!(c, '\n' | '\t'))
}

/// The same for text on one line, such as a warning: a line end in a value begins no line of its own.
pub fn guard_line(text: &str) -> Cow<'_, str> {
    guard_except(text, |_| false)
}

/// A JSON value on one line: what a terminal would obey, or a reader not see, stands as `\u001b`.
pub fn json(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if is_active(c) {
            for unit in c.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}").expect("a String takes everything");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// For HTML, between tags or in a quoted attribute.
pub fn html(text: &str) -> String {
    html_escaped(&visible(text))
}

/// For HTML where lines are kept, as in `<pre>`.
pub fn html_lines(text: &str) -> String {
    html_escaped(&terminal_lines(text))
}

/// For Markdown, a value from the evidence: as a code span, in which nothing is markup, link or mention. It stands in
/// a cell of a table as well as in a sentence.
pub fn markdown(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut inner = String::with_capacity(text.len() + 4);
    let shown = visible(text);
    let mut characters = shown.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            // A table ends a cell at a bar even in code, except behind a backslash; the text's own backslash before
            // a bar would be taken for that one.
            '|' => inner.push_str("\\|"),
            '\\' if matches!(characters.peek(), Some('|' | '\\') | None) => inner.push_str("\\u{5c}"),
            c => inner.push(c),
        }
    }
    let fence = "`".repeat(longest_run(&inner, '`') + 1);
    // One space is taken off at each side, if there is one at both.
    let pad = inner.starts_with(['`', ' ']) || inner.ends_with(['`', ' ']);
    let pad = if pad && !inner.trim_matches(' ').is_empty() { " " } else { "" };
    format!("{fence}{pad}{inner}{pad}{fence}")
}

/// For Markdown, a sentence: as running text on one line, in which nothing is markup. A word with an `@` stands as a
/// code span, because no other escape keeps every renderer from making a mention or a mail link of it.
pub fn markdown_text(text: &str) -> String {
    let shown = visible(text);
    let words = shown.trim().split(' ').enumerate();
    let escaped =
        words.map(|(at, word)| if word.contains('@') { markdown(word) } else { markdown_word(word, at == 0) });
    escaped.collect::<Vec<_>>().join(" ")
}

fn markdown_word(word: &str, begins_the_line: bool) -> String {
    let mut out = String::with_capacity(word.len() + 8);
    // `1.` and `1)` begin a list.
    let is_number = begins_the_line && word.starts_with(|c: char| c.is_ascii_digit());
    for (at, c) in word.char_indices() {
        let ends_the_word = at + c.len_utf8() == word.len();
        match c {
            '|' | '<' | '>' | '&' | '\\' => write!(out, "&#{};", u32::from(c)).expect("a String takes everything"),
            ',' | ';' | '?' | '!' | '\'' | '"' | '%' | '/' | '(' if at > 0 || !begins_the_line => out.push(c),
            // Inside a word these make addresses and emoji, at the end of one they are punctuation.
            '.' | ')' | ':' if ends_the_word && at > 0 && !is_number => out.push(c),
            '-' | '+' | '=' if at > 0 => out.push(c),
            ':' if is_between_digits(word, at) => out.push(c),
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// As the colon in a time.
fn is_between_digits(word: &str, at: usize) -> bool {
    let bytes = word.as_bytes();
    at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
}

/// For Markdown, a block of code, with a fence longer than any run of backticks in it.
pub fn markdown_block(text: &str, language: &str) -> String {
    let inner = terminal_lines(text);
    let fence = "`".repeat(longest_run(&inner, '`').max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", inner.trim_end_matches('\n'))
}

/// For CSV that a spreadsheet may open: visible, and a text that would be taken for a formula gets a `'` in front.
/// The quoting is the CSV writer's.
pub fn csv(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    if is_formula(text) { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// Would a spreadsheet take this text for a formula, perhaps after trimming or unquoting it?
pub fn is_formula(text: &str) -> bool {
    let first = text
        .chars()
        .find(|c| !(c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '´' | '‘' | '’' | '“' | '”') || is_active(*c)));
    text.starts_with(['\t', '\r'])
        || matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹢' | '﹣' | '﹦' | '﹫' | '−'))
}

fn visible_except(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    write_out(text, |at, c| (is_active(c) && !keep(c)) || (c == '\\' && text[at..].starts_with("\\u{")))
}

fn guard_except(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    write_out(text, |_, c| is_active(c) && !keep(c))
}

fn write_out(text: &str, written_out: impl Fn(usize, char) -> bool) -> Cow<'_, str> {
    if !text.char_indices().any(|(at, c)| written_out(at, c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if written_out(at, c) {
            write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a String takes everything");
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn html_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|c| c != wanted).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_output_has_one_origin() {
        assert_eq!(visible("a\u{1b}[2J"), "a\\u{1b}[2J");
        assert_eq!(visible("a\\u{1b}[2J"), "a\\u{5c}u{1b}[2J");
        assert_eq!(visible("C:\\users\\x"), "C:\\users\\x");
        assert_eq!(terminal_lines("a\n\tb\r"), "a\n\tb\\u{d}");
        assert_eq!(guard("a\n\u{1b}[2J \\u{1b}"), "a\n\\u{1b}[2J \\u{1b}");
        assert_eq!(guard_line("key\nerror: x\u{202e}"), "key\\u{a}error: x\\u{202e}");
    }

    #[test]
    fn code_spans_hold_backticks_bars_and_spaces() {
        assert_eq!(markdown("a"), "`a`");
        assert_eq!(markdown("a`b"), "``a`b``");
        assert_eq!(markdown("`"), "`` ` ``");
        assert_eq!(markdown(" a "), "`  a  `");
        assert_eq!(markdown("  "), "`  `");
        assert_eq!(markdown("a|b"), "`a\\|b`");
        assert_eq!(markdown("a\\|b"), "`a\\u{5c}\\|b`");
        assert_eq!(markdown(""), "");
    }

    #[test]
    fn sentences_stay_readable() {
        assert_eq!(
            markdown_text("Who (or what) used the key? See it: now."),
            "Who (or what) used the key? See it: now."
        );
        assert_eq!(markdown_text(" - a-b *c* http://x"), "\\- a-b \\*c\\* http\\://x");
        assert_eq!(markdown_text("1. mail a@b.example"), "1\\. mail `a@b.example`");
    }

    #[test]
    fn formulas_are_known_behind_spaces_and_quotes() {
        for formula in ["=1", "+1", "-1", "@x", "\tx", "\rx", "  =1", "\"=1", "'=1", "＝1", "\u{feff}=1", " \u{a0}＠x"]
        {
            assert!(csv(formula).starts_with('\''), "{formula:?}");
        }
        for text in ["a=1", "arn:aws:iam::1:user/x", "2026-03-02", "", "{\"a\":1}", "*"] {
            assert_eq!(csv(text), text);
        }
    }
}
