//! Small texts: names, addresses, dates and encodings as AWS writes them.

use crate::world::{Ids, civil};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Jan 1, 2026 1:02:03 AM`, as IAM and STS write dates in their answers.
pub(super) fn us_date(time: i64) -> String {
    let c = civil(time);
    let (hour, half) = (if c.hour % 12 == 0 { 12 } else { c.hour % 12 }, if c.hour < 12 { "AM" } else { "PM" });
    let month = MONTHS[(c.month - 1) as usize];
    format!("{month} {}, {} {hour}:{:02}:{:02} {half}", c.day, c.year, c.minute, c.second)
}

/// Everything but the unreserved characters, as IAM encodes policy documents.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The escapes of Config's own writer.
pub(super) fn gson(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '=', '&', '<', '>']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\'' => "\\u0027",
            b'=' => "\\u003d",
            b'&' => "\\u0026",
            b'<' => "\\u003c",
            _ => "\\u003e",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An id of IAM: `AROA…`, `AIDA…`, `ANPA…` (21 characters).
pub(super) fn principal(ids: &mut Ids, prefix: &str) -> String {
    let mut out = prefix.to_owned();
    ids.push(&mut out, UPPER, 17);
    out
}

/// A key id of an IAM user (20 characters).
pub(super) fn akia(ids: &mut Ids) -> String {
    let mut out = "AKIA".to_owned();
    ids.push(&mut out, UPPER, 16);
    out
}

/// `db-` and 26 letters.
pub(super) fn database(ids: &mut Ids) -> String {
    let mut out = "db-".to_owned();
    ids.push(&mut out, UPPER, 26);
    out
}

const FIRST: &[&str] = &["orders", "billing", "search", "web", "batch", "audit", "media", "ledger", "mail", "edge"];
const SECOND: &[&str] = &["api", "worker", "front", "store", "import", "export", "proxy", "cache", "admin", "sync"];

/// A name for anything: `orders-api-3fa97c1d`.
pub(super) fn name(ids: &mut Ids) -> String {
    format!("{}-{}-{}", one(ids, FIRST), one(ids, SECOND), ids.hex(8))
}

pub(super) fn one<T: Copy>(ids: &mut Ids, list: &[T]) -> T {
    list[ids.0.usize(..list.len())]
}

/// An address of the documentation ranges, so that nobody's is named.
pub(super) fn address(ids: &mut Ids) -> String {
    let net = one(ids, &["192.0.2", "198.51.100", "203.0.113"]);
    format!("{net}.{}", ids.0.u32(1..255))
}

/// Does it happen, in so many cases of a thousand?
pub(super) fn chance(ids: &mut Ids, per_mille: u32) -> bool {
    ids.0.u32(..1_000) < per_mille
}
