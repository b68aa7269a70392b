//! Lines of JSON that are bound to each other: each has its number, the hash of the line before and its own.
//!
//! Whoever changes, removes or puts in a line has to write all that follow anew, and whoever noted the last hash
//! elsewhere sees it.

use serde::Deserialize;

use crate::hash;

/// The `prev` of the first line.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why a line does not belong where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Break {
    /// It is not one of our lines at all.
    #[error("the line cannot be read")]
    Unreadable,
    /// Its text was changed.
    #[error("the line does not match its hash")]
    Edited,
    /// A line before it was changed, removed or put in.
    #[error("the line does not follow the one before it")]
    Unlinked,
}

/// What every line has.
#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: String,
    hash: String,
}

/// The line, with its end, of an object that has `seq` and `prev` and no `hash` yet; and its hash.
pub fn seal(bare: &str) -> (String, String) {
    let hash = hash::sha256(bare.as_bytes());
    (format!("{},\"hash\":\"{hash}\"}}\n", bare.strip_suffix('}').unwrap_or(bare)), hash)
}

/// Checks a line, without its end, by its bytes, so that no way of writing the same JSON differently goes unnoticed; its
/// hash.
pub fn check(line: &[u8], seq: u64, prev: &str) -> Result<String, Break> {
    const TAIL: usize = r#","hash":""}"#.len() + 64;
    let link: Link = serde_json::from_slice(line).map_err(|_| Break::Unreadable)?;
    let cut = line.len().checked_sub(TAIL).ok_or(Break::Unreadable)?;
    let (bare, tail) = line.split_at(cut);
    if tail != format!(",\"hash\":\"{}\"}}", link.hash).as_bytes() {
        return Err(Break::Edited);
    }
    if hash::sha256(&[bare, b"}"].concat()) != link.hash {
        return Err(Break::Edited);
    }
    if link.seq != seq || link.prev != prev {
        return Err(Break::Unlinked);
    }
    Ok(link.hash)
}

/// Checks what stands behind the last whole line: only the beginning of the line with this number may, as a run leaves
/// it that is killed while it writes, and zeros behind that, as a file system leaves them that lost its power after it
/// had made the file longer. Whoever cuts into the last line gains no more than by taking it away.
pub fn check_torn(torn: &[u8], seq: u64, prev: &str) -> Result<(), Break> {
    let torn = without_zeros(torn);
    let begins = format!("{{\"seq\":{seq},");
    if !begins.bytes().zip(torn).all(|(expected, found)| expected == *found) {
        return Err(Break::Unlinked);
    }
    match serde_json::from_slice::<Link>(torn) {
        Err(error) if error.is_eof() => Ok(()),
        // All of it but its end.
        _ => check(torn, seq, prev).map(|_hash| ()),
    }
}

/// What was written of a torn line.
pub fn without_zeros(torn: &[u8]) -> &[u8] {
    torn.iter().rposition(|byte| *byte != 0).map_or(&[], |last| &torn[..=last])
}

/// The lines of a text that ends in a line end, and what follows the last one: see [`check_torn`].
pub fn lines(text: &[u8]) -> (impl Iterator<Item = &[u8]>, &[u8]) {
    let end = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let (whole, torn) = text.split_at(end);
    (whole.split_inclusive(|b| *b == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line)), torn)
}
