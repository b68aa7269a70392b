//! Patterns with stars: over keys of objects, and over values.

use regex::{Error, Regex, RegexBuilder};

/// Over keys: `*` is anything within a part of the path, `**` anything across parts, `?` one character.
pub(super) fn of_key(glob: &str) -> Result<Regex, Error> {
    let mut text = String::new();
    let mut rest = glob;
    while let Some(first) = rest.chars().next() {
        // Nothing before the slash is fine, too: `**/secure` is also `secure`.
        let (part, meaning) = match rest {
            _ if rest.starts_with("**/") => ("**/", "(?:.*/)?".to_owned()),
            _ if rest.starts_with("**") => ("**", ".*".to_owned()),
            _ if first == '*' => ("*", "[^/]*".to_owned()),
            _ if first == '?' => ("?", "[^/]".to_owned()),
            _ => {
                let letter = rest.get(..first.len_utf8()).unwrap_or(rest);
                (letter, regex::escape(letter))
            }
        };
        text.push_str(&meaning);
        rest = rest.get(part.len()..).unwrap_or_default();
    }
    whole(&text)
}

/// Over values: `*` is anything.
pub(super) fn of_value(glob: &str) -> Result<Regex, Error> {
    whole(&glob.split('*').map(regex::escape).collect::<Vec<_>>().join(".*"))
}

/// All of a text, line breaks included.
fn whole(text: &str) -> Result<Regex, Error> {
    RegexBuilder::new(&format!("^(?:{text})$")).dot_matches_new_line(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_their_part_of_the_path() {
        let fits = |glob: &str, key: &str| of_key(glob).expect("a glob").is_match(key);
        for (glob, key, wanted) in [
            ("**/secure*", "host-1/var/log/secure-20260105.gz", true),
            ("**/secure*", "secure", true),
            ("**/secure*", "insecure", false),
            ("**/secure*", "secure/other", false),
            ("logs/*.json", "logs/a.json", true),
            ("logs/*.json", "logs/2026/a.json", false),
            ("logs/**", "logs/2026/a.json", true),
            ("a.b?", "a.bc", true),
            ("a.b?", "axbc", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(glob, key), wanted, "{glob} {key}");
        }
        let value = |glob: &str, text: &str| of_value(glob).expect("a glob").is_match(text);
        assert!(value("2*", "204") && value("Invalid user*", "Invalid user\nx") && !value("2*", "420"));
        assert!(value("a.c", "a.c") && !value("a.c", "abc"));
    }
}
