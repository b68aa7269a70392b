//! Where an object was delivered, against where it was found: an S3 key may hold what a file system cannot, so that a
//! copy of a bucket on a disk has other names, although nothing was moved.
//!
//! Empty folder names (`logs//AWSLogs`) and `.` vanish; upper and lower case may be one; characters that Windows
//! forbids become `_` or `-` (browsers, unzip), `%3A` (our own export, s3fs), U+F03A or U+F022 (Cygwin, CIFS, macOS) or
//! the wide form `：` (rclone); a dot or blank at the end of a name is dropped.

use std::borrow::Cow;

use crate::manifest::{Entry, S3Place};

/// What lies under this name, in a copy of S3 as AWS delivers logs.
const AWSLOGS: &str = "AWSLogs/";

/// How the place of a collected object agrees with the one it was delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceFit {
    /// It is the same; or nothing but the name is known, and that is the same.
    Same,
    /// It differs by what a file system cannot express, and by nothing else.
    AsFiled,
    /// The folders that are known agree; the ones above them were not collected.
    InnerOnly,
    /// Nothing that could be compared is known: the file was taken out of its folders and has another name.
    Unknown,
    /// It is another one.
    Elsewhere,
}

impl PlaceFit {
    /// What a person should know about it, if anything.
    pub(crate) fn remark(self) -> Option<&'static str> {
        match self {
            PlaceFit::Same | PlaceFit::Elsewhere => None,
            PlaceFit::AsFiled => Some(
                "its place differs by what a file system cannot express (empty folder names, case, forbidden \
                 characters), and by nothing else",
            ),
            PlaceFit::InnerOnly => {
                Some("its place is known in part only: the folders above were not collected (`add --as` tells them)")
            }
            PlaceFit::Unknown => Some("its place cannot be compared: the file was renamed"),
        }
    }
}

/// What is known of the place of a collected object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// S3 itself answered with it.
    Fetched(S3Place),
    /// Somebody said where the folder on the disk came from.
    Said(S3Place),
    /// Nobody said: there is the path below what was added, that folder's name included.
    Unsaid,
}

impl Whereabouts {
    pub(crate) fn of(entry: &Entry) -> Whereabouts {
        match entry.s3.clone() {
            Some(place) if entry.origin.starts_with("s3://") => Whereabouts::Fetched(place),
            Some(place) => Whereabouts::Said(place),
            None => Whereabouts::Unsaid,
        }
    }

    /// The place in S3, if there is word of one.
    pub(crate) fn s3(&self) -> Option<&S3Place> {
        match self {
            Whereabouts::Fetched(place) | Whereabouts::Said(place) => Some(place),
            Whereabouts::Unsaid => None,
        }
    }

    /// Compares it (and, where nothing was said, the path) with the place where an object was delivered.
    pub(crate) fn fit(&self, path: &str, bucket: &str, key: &str) -> PlaceFit {
        match self {
            Whereabouts::Fetched(place) if place.bucket == bucket && place.key == key => PlaceFit::Same,
            Whereabouts::Said(place) if place.bucket == bucket => match place.key == key {
                true => PlaceFit::Same,
                false if is_filed_as(key, &place.key) => PlaceFit::AsFiled,
                false => PlaceFit::Elsewhere,
            },
            Whereabouts::Fetched(_) | Whereabouts::Said(_) => PlaceFit::Elsewhere,
            Whereabouts::Unsaid => path_fit(path, key),
        }
    }
}

fn path_fit(path: &str, key: &str) -> PlaceFit {
    let name = |path: &str| super::place::file_name(path).to_owned();
    if contains_awslogs(path).is_none() {
        return match (name(path) == name(key), is_filed_as(&name(key), &name(path))) {
            (true, _) => PlaceFit::Same,
            (false, true) => PlaceFit::AsFiled,
            (false, false) => PlaceFit::Unknown,
        };
    }
    if ends_at_folder(path, key) {
        return PlaceFit::Same;
    }
    if is_filed_below(key, path) {
        return PlaceFit::AsFiled;
    }
    let delivered = components(key);
    // The name of the folder (or archive) that was added is anybody's choice; what lies below it is not.
    let below = path.rsplit_once("!/").or_else(|| path.split_once('/')).map_or(path, |(_, below)| below);
    let below = components(below);
    let above = delivered.len().saturating_sub(below.len());
    let inner = delivered.len() > below.len() && are_filed_as(delivered.get(above..).unwrap_or_default(), &below);
    if inner { PlaceFit::InnerOnly } else { PlaceFit::Elsewhere }
}

/// Does a path end with this key, from the beginning of one of its folders on?
fn ends_at_folder(path: &str, key: &str) -> bool {
    path.strip_suffix(key).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// Where the last `AWSLogs/` of a path ends, in upper or lower case.
pub(super) fn contains_awslogs(path: &str) -> Option<usize> {
    let at = path.to_ascii_lowercase().rfind(&AWSLOGS.to_ascii_lowercase())?;
    Some(at + AWSLOGS.len())
}

/// The parts of a path that a file system has folders for.
fn components(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !matches!(*part, "" | "." | "%~empty")).collect()
}

/// May a file system show the key under this path?
fn is_filed_as(key: &str, path: &str) -> bool {
    are_filed_as(&components(key), &components(path))
}

/// May a path end with what a file system shows of this key?
pub(crate) fn is_filed_below(key: &str, path: &str) -> bool {
    let (key, path) = (components(key), components(path));
    path.len() >= key.len() && are_filed_as(&key, path.get(path.len() - key.len()..).unwrap_or_default())
}

fn are_filed_as(key: &[&str], path: &[&str]) -> bool {
    key.len() == path.len() && key.iter().zip(path).all(|(key, path)| key == path || is_name_of(key, path))
}

/// May a file system show one component of a key under this name?
fn is_name_of(key: &str, name: &str) -> bool {
    // Whether a `%` is one of the key or the beginning of an encoded character is the same for all of a name.
    reads_as(key, name, false) || (name.contains('%') && reads_as(key, name, true))
}

fn reads_as(key: &str, name: &str, encoded: bool) -> bool {
    let mut rest = name;
    for (at, c) in key.char_indices() {
        let ending = key.get(at..).is_some_and(|end| end.chars().all(|c| matches!(c, '.' | ' ')));
        // Windows drops dots and blanks at the end of a name.
        if ending && rest.is_empty() {
            return true;
        }
        match after(c, rest, encoded, ending) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// What follows in a name after what may stand for this character.
fn after(c: char, name: &str, encoded: bool, ending: bool) -> Option<&str> {
    if encoded && name.starts_with('%') {
        return after_percent(c, name);
    }
    let found = name.chars().next()?;
    if found == c || found.to_lowercase().eq(c.to_lowercase()) {
        return name.get(found.len_utf8()..);
    }
    let forbidden = c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    if forbidden || ending { stand_in(name) } else { None }
}

/// What follows after a character that stands in for one that the file system forbids.
fn stand_in(name: &str) -> Option<&str> {
    let found = name.chars().next()?;
    let wide = matches!(found, '\u{f000}'..='\u{f0ff}' | '\u{ff01}'..='\u{ff5e}' | '\u{2400}'..='\u{2421}');
    (wide || matches!(found, '_' | '-')).then(|| name.get(found.len_utf8()..)).flatten()
}

/// What follows after the character written as `%XX`, byte by byte.
fn after_percent(c: char, name: &str) -> Option<&str> {
    let mut bytes = [0; 4];
    let mut rest = name;
    for byte in c.encode_utf8(&mut bytes).bytes() {
        let digits = rest.strip_prefix('%')?.get(..2)?;
        if u8::from_str_radix(digits, 16) != Ok(byte) {
            return None;
        }
        rest = rest.get(3..)?;
    }
    Some(rest)
}

/// One spelling for all the names under which a file may be found: to look for it, not to judge it.
pub(crate) fn folded_name(key: &str) -> String {
    let name = super::place::file_name(key);
    let decoded: Cow<'_, str> = match percent_encoding::percent_decode_str(name).decode_utf8() {
        Ok(decoded) => decoded,
        Err(_not_encoded) => Cow::Borrowed(name),
    };
    let plain = |c: char| match c {
        c if c.is_alphanumeric() && !('\u{ff01}'..='\u{ff5e}').contains(&c) => c,
        '.' | ' ' => c,
        _ => '_',
    };
    let folded: String = decoded.chars().map(plain).flat_map(char::to_lowercase).collect();
    folded.trim_end_matches(['.', ' ', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/x_CloudTrail-Digest_y.json.gz";

    fn place(key: &str) -> S3Place {
        S3Place { bucket: "b".to_owned(), key: key.to_owned(), version: None }
    }

    fn said(found: &str, key: &str) -> PlaceFit {
        Whereabouts::Said(place(found)).fit("any/path", "b", key)
    }

    fn unsaid(path: &str, key: &str) -> PlaceFit {
        Whereabouts::Unsaid.fit(path, "b", key)
    }

    #[test]
    fn what_a_file_system_cannot_hold_is_no_other_place() {
        let same = [
            ("/", ""),
            ("logs//", "logs/"),
            ("logs//prod/", "logs/prod/"),
            ("Logs/", "logs/"),
            ("team:a/", "team_a/"),
            ("team:a/", "team%3Aa/"),
            ("team:a/", "team%3aa/"),
            ("team:a/", "team\u{f03a}a/"),
            ("team:a/", "team\u{f022}a/"),
            ("team:a/", "team：a/"),
            ("a*?\"<>|/", "a______/"),
            ("end./", "end/"),
            ("end. /", "end/"),
            ("end./", "end．/"),
            ("100%:/", "100%25%3A/"),
            ("a//b/", "a/%~empty/b/"),
            ("./a/", "a/"),
        ];
        for (delivered, found) in same {
            let key = format!("{delivered}{NAME}");
            let found = format!("{found}{NAME}");
            assert_eq!(said(&found, &key), PlaceFit::AsFiled, "{key} {found}");
            assert_eq!(unsaid(&format!("root/{found}"), &key), PlaceFit::AsFiled, "{key} {found}");
            // S3 itself knows all of them as different keys.
            let fetched = Whereabouts::Fetched(place(&found)).fit(&found, "b", &key);
            assert_eq!(fetched, PlaceFit::Elsewhere, "{key} {found}");
            assert_eq!(folded_name(&key), folded_name(NAME));
        }
        let other = [("a/", "b/"), ("a_b/", "a:b/"), ("a/", "a/a/"), ("a-b/", "a_b/"), ("", "old/")];
        for (delivered, found) in other {
            let key = format!("{delivered}{NAME}");
            assert_eq!(said(&format!("{found}{NAME}"), &key), PlaceFit::Elsewhere, "{delivered} {found}");
        }
        assert_eq!(Whereabouts::Said(place(NAME)).fit(NAME, "other", NAME), PlaceFit::Elsewhere);
    }

    #[test]
    fn a_part_of_a_bucket_is_known_in_part() {
        let key = format!("logs/prod/{NAME}");
        let fit = |path: &str| unsaid(path, &key);
        assert_eq!(fit(&format!("prod/{NAME}")), PlaceFit::InnerOnly);
        assert_eq!(fit(&format!("download/{NAME}")), PlaceFit::InnerOnly);
        assert_eq!(fit(&format!("a/b.zip!/{NAME}")), PlaceFit::InnerOnly);
        assert_eq!(fit(&format!("download/old/{NAME}")), PlaceFit::Elsewhere);
        assert_eq!(fit("download/x_CloudTrail-Digest_y.json.gz"), PlaceFit::Same);
        assert_eq!(fit("download/renamed.json.gz"), PlaceFit::Unknown);
    }

    /// What some file system makes of a key.
    fn filed(key: &str, how: u8) -> String {
        let parts = key.split('/').filter(|part| !part.is_empty() && *part != ".");
        let name = |part: &str| -> String {
            let forbidden = |c: char| c.is_control() || "\\:*?\"<>|".contains(c);
            let written = |c: char| match how % 4 {
                0 => "_".to_owned(),
                1 => format!("%{:02X}", c as u32),
                2 => char::from_u32(0xf000 + c as u32).unwrap().to_string(),
                _ => c.to_string(),
            };
            let name: String = part.chars().map(|c| if forbidden(c) { written(c) } else { c.to_string() }).collect();
            if how & 4 > 0 { name.to_ascii_lowercase() } else { name }
        };
        parts.map(name).collect::<Vec<_>>().join("/")
    }

    proptest! {
        #[test]
        fn a_copy_is_never_called_moved(folders in "([a-zA-Z0-9:*?<>|._/é-]{0,12}/){0,3}", how in any::<u8>()) {
            let key = format!("{folders}{NAME}");
            let copy = filed(&key, how);
            let fit = said(&copy, &key);
            prop_assert!(matches!(fit, PlaceFit::Same | PlaceFit::AsFiled), "{} {} {:?}", key, copy, fit);
            let below = unsaid(&format!("root/{copy}"), &key);
            prop_assert!(matches!(below, PlaceFit::Same | PlaceFit::AsFiled), "{} {} {:?}", key, copy, below);
            prop_assert_eq!(folded_name(&copy), folded_name(&key));
        }

        #[test]
        fn another_folder_is_another_place(
            a in "[a-z]{1,8}", b in "[a-z]{1,8}", folders in "([a-z]{1,4}/){0,2}",
        ) {
            prop_assume!(a != b);
            let fit = said(&format!("{folders}{b}/{NAME}"), &format!("{folders}{a}/{NAME}"));
            prop_assert_eq!(fit, PlaceFit::Elsewhere);
        }
    }
}
