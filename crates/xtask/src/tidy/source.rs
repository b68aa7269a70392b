//! Rust source, cut into code and text as far as the checks need it; not a parser.

/// A Rust file.
pub(super) struct SourceFile {
    pub(super) path: String,
    /// The lines as written.
    pub(super) lines: Vec<String>,
    /// The lines with comments and the contents of literals left out.
    pub(super) code: Vec<String>,
    /// String literals, with the line (from 0) on which they begin.
    pub(super) literals: Vec<(usize, String)>,
    /// Is the line part of a test?
    test: Vec<bool>,
    /// Modules that are declared for tests only, each in a file of its own.
    test_modules: Vec<String>,
}

impl SourceFile {
    pub(super) fn new(path: &str, text: &str) -> SourceFile {
        let (code, literals) = cut(text);
        let code: Vec<String> = code.lines().map(str::to_owned).collect();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (mut test, test_modules) = tests_of(&code);
        test.resize(lines.len(), false);
        if path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("/tests.rs") {
            test.fill(true);
        }
        SourceFile { path: path.to_owned(), lines, code, literals, test, test_modules }
    }

    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test.get(line).copied().unwrap_or(false)
    }

    pub(super) fn all_test(&self) -> bool {
        self.test.iter().all(|test| *test)
    }

    /// The crate that the file belongs to; the root's tests belong to none.
    pub(super) fn room(&self) -> &str {
        self.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }

    /// Code outside tests, line by line.
    pub(super) fn productive(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().filter(|(at, _)| !self.is_test(*at)).map(|(at, line)| (at, line.as_str()))
    }
}

/// Files of modules that another file declares for tests only are tests.
pub(super) fn mark_test_modules(files: &mut [SourceFile]) {
    let mut paths = Vec::new();
    for file in files.iter() {
        let own = file.path.trim_end_matches("/lib.rs").trim_end_matches("/main.rs").trim_end_matches("/mod.rs");
        let folder = own.trim_end_matches(".rs");
        paths.extend(
            file.test_modules
                .iter()
                .flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]),
        );
    }
    for file in files.iter_mut().filter(|file| paths.contains(&file.path)) {
        file.test.fill(true);
    }
}

/// Blanks comments and the contents of literals, keeping lines; and the string literals.
fn cut(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let (mut i, mut line) = (0, 0);
    while i < chars.len() {
        let end = match at(i) {
            '/' if at(i + 1) == '/' => (i..chars.len()).find(|&j| at(j) == '\n').unwrap_or(chars.len()),
            '/' if at(i + 1) == '*' => end_of_block_comment(&chars, i),
            '"' => end_of_string(&chars, i),
            'r' if !is_word(at(i.wrapping_sub(1)))
                || (at(i.wrapping_sub(1)) == 'b' && !is_word(at(i.wrapping_sub(2)))) =>
            {
                end_of_raw_string(&chars, i).unwrap_or(i)
            }
            '\'' if at(i + 1) == '\\' => (i + 3..chars.len()).find(|&j| at(j) == '\'').map_or(chars.len(), |j| j + 1),
            '\'' if at(i + 2) == '\'' => i + 3,
            _ => i,
        };
        if end == i {
            line += usize::from(at(i) == '\n');
            code.push(at(i));
            i += 1;
            continue;
        }
        let piece: String = chars.get(i..end).unwrap_or_default().iter().collect();
        if matches!(at(i), '"' | 'r') {
            let inner = piece.trim_start_matches('r').trim_matches('#');
            let inner = inner.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(inner);
            literals.push((line, inner.to_owned()));
            code.push_str("\"\"");
        }
        let breaks = piece.matches('\n').count();
        code.extend(std::iter::repeat_n('\n', breaks));
        line += breaks;
        i = end;
    }
    (code, literals)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of_block_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = from;
    while i + 1 < chars.len() {
        match (chars.get(i), chars.get(i + 1)) {
            (Some('/'), Some('*')) => (depth, i) = (depth + 1, i + 2),
            (Some('*'), Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], from: usize) -> usize {
    let mut i = from + 1;
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

fn end_of_raw_string(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars.iter().skip(from + 1).take_while(|c| **c == '#').count();
    if chars.get(from + 1 + hashes) != Some(&'"') {
        return None;
    }
    let mut i = from + 2 + hashes;
    while i < chars.len() {
        let closed = chars.get(i) == Some(&'"')
            && chars.iter().skip(i + 1).take(hashes).filter(|c| **c == '#').count() == hashes;
        if closed {
            return Some(i + 1 + hashes);
        }
        i += 1;
    }
    Some(chars.len())
}

/// Which lines stand under `#[cfg(test)]`, and which modules are declared there.
fn tests_of(code: &[String]) -> (Vec<bool>, Vec<String>) {
    let mut test = vec![false; code.len()];
    let mut modules = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let begins = code.get(at).is_some_and(|line| line.contains("#[cfg(test)]"));
        let from = at;
        at += 1;
        if !begins {
            continue;
        }
        // The item ends where its braces close, or at a semicolon before any brace.
        let mut depth = 0_i32;
        let mut opened = false;
        let mut end = at;
        'item: for (offset, line) in code.iter().enumerate().skip(from) {
            if let Some(name) =
                line.trim().trim_start_matches("pub(crate) ").strip_prefix("mod ").and_then(|l| l.strip_suffix(';'))
            {
                modules.push(name.to_owned());
            }
            for c in line.chars() {
                match c {
                    '{' => (depth, opened) = (depth + 1, true),
                    '}' => depth -= 1,
                    _ => {}
                }
                if (opened && depth == 0) || (!opened && c == ';') {
                    end = offset + 1;
                    break 'item;
                }
            }
        }
        test.iter_mut().take(end).skip(from).for_each(|line| *line = true);
        at = end;
    }
    (test, modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_text_are_told_apart() {
        let text = "//! A \"doc\".\nlet a = \"x_y\"; // \"c_d\"\nlet b = r#\"q\"r\"#; let c = '\"'; let d: &'a str = \"\\\"e_f\";\n#[cfg(test)]\nmod tests {\n  \"t\"\n}\nlet e;\n";
        let file = SourceFile::new("crates/x/src/a.rs", text);
        let literals: Vec<&str> = file.literals.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(literals, ["x_y", "q\"r", "\\\"e_f", "t"]);
        assert_eq!(file.literals.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 2, 5]);
        assert_eq!(file.code.get(1).map(String::as_str), Some("let a = \"\"; "));
        assert_eq!((0..8).filter(|at| file.is_test(*at)).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(file.room(), "x");
    }
}
