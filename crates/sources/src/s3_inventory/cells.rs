//! The cells of one object of an inventory, by their columns.

use std::borrow::Cow;

use crate::fields::{Extra, json_string};
use crate::json::{Type, Value};
use crate::recognise;
use crate::source::{Head, Reject, shown};
use crate::time;

/// Declares the columns of a list in the order in which they come, and the form of their values in CSV.
macro_rules! columns {
    ($($column:ident: $form:expr,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[allow(non_camel_case_types, reason = "they are named as the columns are")]
        pub(super) enum Column { $($column,)* }

        const NAMES: &[&str] = &[$(stringify!($column)),*];
        const FORMS: &[fn(&str) -> bool] = &[$($form),*];
        const COUNT: usize = NAMES.len();
    };
}

columns! {
    bucket: is_bucket,
    key: |key| !key.is_empty(),
    version_id: |id| !id.is_empty(),
    is_latest: is_flag,
    is_delete_marker: is_flag,
    size: |size| size.len() < 20 && size.bytes().all(|b| b.is_ascii_digit()),
    last_modified_date: is_time,
    e_tag: is_tag,
    storage_class: |class| STORAGE_CLASSES.contains(&class),
    is_multipart_uploaded: is_flag,
    replication_status: |status| ["PENDING", "COMPLETED", "FAILED", "REPLICA"].contains(&status),
    encryption_status: |status| status.contains("SSE"),
    object_lock_retain_until_date: is_time,
    object_lock_mode: |mode| ["GOVERNANCE", "COMPLIANCE"].contains(&mode),
    object_lock_legal_hold_status: |hold| ["ON", "OFF"].contains(&hold),
    intelligent_tiering_access_tier: |tier| tier.contains("FREQUENT") || tier.contains("ARCHIVE"),
    bucket_key_status: |status| ["ENABLED", "DISABLED"].contains(&status),
    checksum_algorithm: |algorithm| ["CRC", "SHA", "MD5", "XXHASH"].iter().any(|start| algorithm.starts_with(start)),
    // A document in Base64 begins with `{"`.
    object_access_control_list: |list| list.starts_with("eyJ"),
    object_owner: |owner| owner == "UNAVAILABLE" || (owner.len() == 64 && is_hex(owner)),
}

const STORAGE_CLASSES: [&str; 11] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "SNOW",
    "EXPRESS_ONEZONE",
];

fn is_bucket(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn is_flag(flag: &str) -> bool {
    matches!(flag, "true" | "false")
}

fn is_time(text: &str) -> bool {
    time::iso(text).is_some()
}

/// 32 hexadecimal digits, and for uploads in parts how many these were.
fn is_tag(tag: &str) -> bool {
    let (hash, parts) = tag.split_once('-').unwrap_or((tag, "1"));
    hash.len() == 32 && is_hex(hash) && parts.bytes().all(|b| b.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A list may have more columns than are known.
const MOST: usize = 2 * COUNT;

/// Are most lines lists of cells that fit, all of one bucket, with more than the names of objects?
pub(super) fn claims(head: &Head<'_>) -> bool {
    let mut bucket: Option<String> = None;
    let (mut fit, mut others) = (0, 0);
    for line in recognise::lines(head) {
        let mut extra = Extra::default();
        let text = std::str::from_utf8(line).ok().filter(|line| line.starts_with('"'));
        match text.and_then(|text| Cells::of_line(text, &mut extra).ok()) {
            Some(cells) if cells.tell(extra.is_empty()) => {
                let name = cells.text(Column::bucket).unwrap_or_default();
                if bucket.get_or_insert_with(|| name.to_owned()) != name {
                    return false;
                }
                fit += 1;
            }
            _ => others += 1,
        }
    }
    fit > others
}

#[derive(Default)]
pub(super) struct Cells<'a>([Option<Cow<'a, str>>; COUNT]);

impl<'a> Cells<'a> {
    pub(super) fn text(&self, column: Column) -> Option<&str> {
        self.0.get(column as usize)?.as_deref()
    }

    pub(super) fn name(column: Column) -> &'static str {
        NAMES.get(column as usize).copied().unwrap_or_default()
    }

    /// Are there values enough to be certain? Where some fit no column, which may be a new one, others have to.
    fn tell(&self, all_fit: bool) -> bool {
        let told = [Column::size, Column::last_modified_date, Column::e_tag, Column::storage_class];
        let told = told.iter().filter(|column| self.text(**column).is_some()).count();
        told == 4 || (all_fit && (told >= 2 || self.text(Column::is_delete_marker).is_some()))
    }

    fn set(&mut self, at: usize, value: Cow<'a, str>) -> Option<Cow<'a, str>> {
        self.0.get_mut(at).and_then(|cell| cell.replace(value))
    }

    fn named(self) -> Result<Cells<'a>, Reject> {
        let bucket = self.text(Column::bucket).unwrap_or_default();
        if !is_bucket(bucket) {
            return Err(Reject::field("bucket", format!("no name of a bucket: {}", shown(bucket))));
        }
        match self.text(Column::key) {
            None | Some("") => Err(Reject::field("key", "it is missing")),
            Some(_) => Ok(self),
        }
    }

    /// Of a row in Parquet; what has no column goes into `extra`.
    pub(super) fn of_object(object: Value<'a>, extra: &mut Extra) -> Result<Cells<'a>, Reject> {
        let mut cells = Cells::default();
        for (name, value) in object.entries() {
            let text = match value.ty() {
                Type::Null => continue,
                Type::Number | Type::True | Type::False => Some(Cow::Borrowed(value.raw())),
                _ => value.text(),
            };
            match (NAMES.iter().position(|known| *known == name), text) {
                (Some(at), Some(text)) => {
                    if let Some(earlier) = cells.set(at, text) {
                        extra.put(&["duplicate_keys", &name], &json_string(&earlier));
                    }
                }
                (Some(_), None) => extra.misfit(&[&name], value.raw()),
                (None, _) => extra.put(&[&name], value.raw()),
            }
        }
        cells.named()
    }

    /// Of a line of CSV; a value that fits no column goes into `extra` by its place.
    pub(super) fn of_line(line: &'a str, extra: &mut Extra) -> Result<Cells<'a>, Reject> {
        let (mut found, count) = split(line)?;
        let mut cells = Cells::default();
        let mut column = Column::size as usize;
        let flags = [Column::is_latest, Column::is_delete_marker];
        let versions = flags.iter().all(|flag| found.get(*flag as usize).is_some_and(|text| is_flag(text)));
        for (at, text) in found.iter_mut().enumerate().take(count).filter(|(_, text)| !text.is_empty()) {
            let text = std::mem::take(text);
            // The three columns about versions come together.
            let fixed = at <= Column::key as usize || (versions && at < Column::size as usize);
            let place = match fixed {
                true => Some(at),
                false => FORMS.iter().enumerate().skip(column).find(|(_, form)| form(&text)).map(|(place, _)| place),
            };
            match place {
                Some(place) => {
                    cells.set(place, text);
                    column = column.max(place + 1);
                }
                None => extra.put(&[&format!("cell_{}", at + 1)], &json_string(&text)),
            }
        }
        cells.named()
    }
}

/// The cells of a line, and how many there are.
fn split(line: &str) -> Result<([Cow<'_, str>; MOST], usize), Reject> {
    let mut cells = std::array::from_fn(|_| Cow::Borrowed(""));
    let mut rest = line;
    for (at, cell) in cells.iter_mut().enumerate() {
        let (text, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted).ok_or_else(|| Reject::new(format!("cell {} has no end", at + 1)))?,
            None => {
                let (text, after) = rest.split_at(memchr::memchr(b',', rest.as_bytes()).unwrap_or(rest.len()));
                (Cow::Borrowed(text), after)
            }
        };
        *cell = text;
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok((cells, at + 1)),
            None => return Err(Reject::new(format!("text behind the end of cell {}: {}", at + 1, shown(after)))),
        }
    }
    Err(Reject::new(format!("more than {MOST} cells")))
}

/// The text up to the quote that ends it, and what follows; two quotes stand for one.
fn unquoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut from = 0;
    loop {
        let end = from + memchr::memchr(b'"', text.as_bytes().get(from..)?)?;
        let (inner, after) = (text.get(..end)?, text.get(end + 1..)?);
        if after.starts_with('"') {
            from = end + 2;
            continue;
        }
        let inner = if from == 0 { Cow::Borrowed(inner) } else { Cow::Owned(inner.replace("\"\"", "\"")) };
        return Some((inner, after));
    }
}
