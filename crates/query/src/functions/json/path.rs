//! Paths into JSON: `$.a["b"][0].*`.

use std::borrow::Cow;

use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;

use super::document::{compact, is_array, is_object, items, member, members};

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
    /// `[last]`.
    Last,
    /// `.*`, `[*]`.
    All,
}

#[derive(Debug)]
pub(super) struct Path {
    steps: Vec<Step>,
    /// SQL/JSON's way: a member of an array is that of each item, and a scalar is an array of one.
    lax: bool,
}

impl Path {
    /// A path of `json_extract`.
    pub(super) fn plain(text: &str) -> Result<Path> {
        let text = text.trim();
        let steps = steps(text.strip_prefix('$').unwrap_or(text), true);
        let steps = steps.ok_or_else(|| exec_datafusion_err!("{text} is no JSON path that can be followed here"))?;
        Ok(Path { steps, lax: false })
    }

    /// A path of SQL/JSON: `lax $.a[0].b`.
    pub(super) fn standard(text: &str) -> Result<Path> {
        let text = text.trim();
        let (lax, path) = match (text.strip_prefix("lax"), text.strip_prefix("strict")) {
            (Some(path), _) => (true, path),
            (_, Some(path)) => (false, path),
            _ => (true, text),
        };
        let Some(steps) = path.trim_start().strip_prefix('$').and_then(|path| steps(path, false)) else {
            return exec_err!("{text} is no SQL/JSON path that can be followed here");
        };
        Ok(Path { steps, lax })
    }

    fn is_wild(&self) -> bool {
        self.steps.contains(&Step::All)
    }

    /// Everything that the path leads to.
    pub(super) fn all<'a>(&self, document: &'a str) -> Vec<&'a str> {
        let mut found = vec![document];
        for step in &self.steps {
            let mut next = Vec::with_capacity(found.len());
            for value in found {
                self.follow(step, value, &mut next);
            }
            found = next;
        }
        found
    }

    fn follow<'a>(&self, step: &Step, value: &'a str, next: &mut Vec<&'a str>) {
        let unwrapped = self.lax && is_array(value);
        let wrapped = self.lax && !is_array(value);
        match step {
            Step::Member(name) if unwrapped => next.extend(items(value).filter_map(|item| member(item, name))),
            Step::Member(name) => next.extend(member(value, name)),
            Step::Item(0) | Step::Last if wrapped => next.push(value),
            Step::Item(at) => next.extend(items(value).nth(*at)),
            Step::Last => next.extend(items(value).last()),
            Step::All if is_object(value) => next.extend(members(value).map(|(_, member)| member)),
            Step::All if wrapped => next.push(value),
            Step::All => next.extend(items(value)),
        }
    }

    /// The one value that the path leads to; none where it may be several.
    pub(super) fn one<'a>(&self, document: &'a str) -> Option<&'a str> {
        if self.is_wild() { None } else { self.only(document) }
    }

    /// The one value that the path leads to; none where there are several.
    pub(super) fn only<'a>(&self, document: &'a str) -> Option<&'a str> {
        match self.all(document).as_slice() {
            [value] => Some(*value),
            _ => None,
        }
    }

    /// The value, or a list of all values where the path may lead to several.
    pub(super) fn json<'a>(&self, document: &'a str) -> Option<Cow<'a, str>> {
        if !self.is_wild() {
            return self.only(document).map(compact);
        }
        let all: Vec<Cow<'_, str>> = self.all(document).into_iter().map(compact).collect();
        Some(Cow::Owned(format!("[{}]", all.join(","))))
    }
}

/// What comes after the `$`; none where it is not understood. Loosely, a name may come first and without a dot.
fn steps(path: &str, loosely: bool) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    if loosely && !rest.is_empty() && !rest.starts_with(['.', '[']) {
        rest = name(rest, &mut steps)?;
    }
    while !rest.is_empty() {
        rest = match (rest.strip_prefix('.'), rest.strip_prefix('[')) {
            (Some(after), _) => name(after, &mut steps)?,
            (_, Some(after)) => bracket(after, &mut steps)?,
            _ => return None,
        };
        rest = rest.trim_start();
    }
    Some(steps)
}

fn name<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    if let Some(after) = text.strip_prefix('*') {
        steps.push(Step::All);
        return Some(after);
    }
    if text.starts_with('"') {
        let (name, after) = quoted(text)?;
        steps.push(Step::Member(name));
        return Some(after);
    }
    let (name, after) = text.split_at_checked(text.find(['.', '[', '?', '(']).unwrap_or(text.len()))?;
    if name.trim().is_empty() || after.starts_with(['?', '(']) {
        return None;
    }
    steps.push(Step::Member(name.trim().to_owned()));
    Some(after)
}

/// What stands in brackets, of which the first is taken off.
fn bracket<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let text = text.trim_start();
    if text.starts_with(['"', '\'']) {
        let (name, after) = quoted(text)?;
        steps.push(Step::Member(name));
        return after.trim_start().strip_prefix(']');
    }
    let (inner, after) = text.split_once(']')?;
    steps.push(match inner.trim() {
        "*" => Step::All,
        "last" => Step::Last,
        number => number.parse().map_or_else(|_| Step::Member(number.to_owned()), Step::Item),
    });
    Some(after)
}

/// A name in quotes of either kind, in which `\` protects what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut marks = text.char_indices();
    let (_, quote) = marks.next()?;
    let mut name = String::new();
    let mut escaped = false;
    for (at, mark) in marks {
        match mark {
            _ if escaped => {
                name.push(mark);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if mark == quote => return Some((name, text.get(at + mark.len_utf8()..)?)),
            _ => name.push(mark),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        r#"{"a":{"b":[1,{"c":"x"},12345678901234567890123]},"k.l":[true], "A":null,"e":"\u00e4\"]"}"#;

    #[test]
    fn paths_lead_to_values() {
        for (path, expected) in [
            ("$", Some(DOCUMENT)),
            ("$.a.b[0]", Some("1")),
            ("$.a.b[1].c", Some("\"x\"")),
            ("$.a.b[1]['c']", Some("\"x\"")),
            ("$[\"a\"][\"b\"][2]", Some("12345678901234567890123")),
            ("a.b[0]", Some("1")),
            ("$['k.l'][0]", Some("true")),
            ("$.\"k.l\"[0]", Some("true")),
            ("$.A", Some("null")),
            ("$.e", Some(r#""\u00e4\"]""#)),
            ("$.a.B", None),
            ("$.a.b[3]", None),
            ("$.a.b.c", None),
            ("$.a.b[*]", None),
        ] {
            assert_eq!(Path::plain(path).expect(path).one(DOCUMENT), expected, "{path}");
        }
    }

    #[test]
    fn paths_that_are_none() {
        for path in ["$.", "$..a", "$.a[", "$.a['b", "$.a[?(@.b)]", "$]"] {
            let leads = Path::plain(path).map(|path| path.one(DOCUMENT).is_some());
            assert!(!leads.unwrap_or(false), "{path}");
        }
        assert!(Path::standard("a.b").is_err());
    }

    #[test]
    fn several_values() {
        let path = Path::plain("$.a.b[*]").expect("a path");
        assert_eq!(path.json(DOCUMENT).as_deref(), Some(r#"[1,{"c":"x"},12345678901234567890123]"#));
        assert_eq!(Path::plain("$.a.*").expect("a path").all(DOCUMENT).len(), 1);
        let path = Path::standard("lax $.a.b.c").expect("a path");
        assert_eq!(path.only(DOCUMENT), Some("\"x\""));
        assert_eq!(Path::standard("strict $.a.b.c").expect("a path").only(DOCUMENT), None);
        assert_eq!(
            Path::standard("lax $.a[0].b[last]").expect("a path").only(DOCUMENT),
            Some("12345678901234567890123")
        );
    }
}
