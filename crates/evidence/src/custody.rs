//! The custody log: what touched the case, each line bound to the line before by its hash.
//!
//! The chain shows an edit, an insertion or a removal anywhere but at the end: whoever can rewrite the whole file can
//! also compute it anew. Note the last hash elsewhere (a report, a ticket) to prove the end too.

use std::io::{Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

use crate::case::Case;
pub use crate::chain::Break;
use crate::chain::{self, BEGINNING};
use crate::error::{Error, Result};
use crate::inside::{self, Use};

/// What is being done, told by the caller, who knows clock, user and host.
#[derive(Debug, Clone)]
pub struct Action<'a> {
    /// When, RFC 3339 with the offset from UTC.
    pub time: &'a str,
    /// Who does it.
    pub actor: &'a str,
    /// On which machine.
    pub host: &'a str,
    /// The command line.
    pub command: &'a str,
    /// Which version of the program.
    pub tool_version: &'a str,
    /// SHA-256 of the program's file.
    pub tool_sha256: &'a str,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// When it ended, RFC 3339 with the offset from UTC.
    pub time: &'a str,
    /// In numbers.
    pub counts: serde_json::Value,
    /// What was made, with hashes or versions.
    pub outputs: serde_json::Value,
    /// The exit status.
    pub exit: i32,
}

/// One line of the custody log. An action has two: one before anything of it can be seen, one when it has ended. Where
/// the second is missing, the action was cut off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 1.
    pub seq: u64,
    /// When, RFC 3339 with the offset from UTC.
    pub time: String,
    /// `begin` or `end`.
    pub phase: Phase,
    /// Of an end: the line of its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// Who did it.
    pub actor: String,
    /// On which machine.
    pub host: String,
    /// The command line.
    pub command: String,
    /// Which version of the program.
    pub tool: String,
    /// SHA-256 of the program's file.
    pub tool_sha256: String,
    /// What it worked on.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub inputs: serde_json::Value,
    /// What came of it, in numbers.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub counts: serde_json::Value,
    /// What was made, with hashes or versions.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub outputs: serde_json::Value,
    /// The exit status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Bytes of an unfinished line (of a run that was killed while writing it) that this one took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<u64>,
    /// These bytes, those that are no ASCII escaped as in Rust: `\xe2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn_text: Option<String>,
    /// The hash of the line before.
    pub prev: String,
    /// SHA-256 of this line as it was written, without this member.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

/// Which of the two lines of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before anything of it can be seen.
    Begin,
    /// When it has ended.
    End,
}

/// What checking the chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every line is what was written, in its order.
    Intact {
        /// How many.
        entries: u64,
        /// The hash of the last one: note it elsewhere.
        last: Option<String>,
        /// Lines that were begun, by runs that were killed while they wrote them.
        unfinished: Vec<Unfinished>,
    },
    /// The first line that is not.
    Broken {
        /// Its place, counted from 1.
        seq: u64,
        /// What is wrong with it.
        reason: Break,
    },
}

impl Verdict {
    /// Was a line changed, removed or put in?
    pub fn is_broken(&self) -> bool {
        matches!(self, Verdict::Broken { .. })
    }
}

/// The beginning of a line, of a run that was killed while it wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// The number that the line would have.
    pub seq: u64,
    /// How many bytes of it there are.
    pub bytes: u64,
    /// Whether the entry with this number has them now, as its `torn_text`; if not, they stand at the end of the log.
    pub is_set_aside: bool,
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Unfinished { seq, bytes, is_set_aside } = self;
        match is_set_aside {
            true => write!(f, "entry {seq} has {bytes} bytes of an unfinished line, which was in its place"),
            false => write!(f, "entry {seq} is unfinished ({bytes} bytes): a run was killed while it wrote it"),
        }
    }
}

/// Writes that an action begins, and waits until it is on the disk. `inputs` tells what it works on, such as the state of
/// the manifest; it is asked when no other entry can come between.
pub fn begin(case: &Case, action: &Action<'_>, inputs: impl FnOnce() -> Result<serde_json::Value>) -> Result<Entry> {
    append(
        case,
        inputs,
        Entry {
            seq: 0,
            time: action.time.to_owned(),
            phase: Phase::Begin,
            of: None,
            actor: action.actor.to_owned(),
            host: action.host.to_owned(),
            command: action.command.to_owned(),
            tool: action.tool_version.to_owned(),
            tool_sha256: action.tool_sha256.to_owned(),
            inputs: serde_json::Value::Null,
            counts: serde_json::Value::Null,
            outputs: serde_json::Value::Null,
            exit: None,
            torn: None,
            torn_text: None,
            prev: String::new(),
            hash: String::new(),
        },
    )
}

/// Writes how an action that began has ended, and waits until it is on the disk.
pub fn end(case: &Case, begun: &Entry, outcome: &Outcome<'_>) -> Result<Entry> {
    append(
        case,
        || Ok(serde_json::Value::Null),
        Entry {
            time: outcome.time.to_owned(),
            phase: Phase::End,
            of: Some(begun.seq),
            counts: outcome.counts.clone(),
            outputs: outcome.outputs.clone(),
            exit: Some(outcome.exit),
            hash: String::new(),
            ..begun.clone()
        },
    )
}

/// Adds a line, with its number and its tie to the line before.
fn append(case: &Case, inputs: impl FnOnce() -> Result<serde_json::Value>, mut entry: Entry) -> Result<Entry> {
    let path = case.custody_path();
    let mut file = inside::open(case.root(), &path, Use::Change).map_err(Error::io("open", &path))?;
    // Two commands may end at once; the second must see the line of the first.
    file.file().lock().map_err(Error::io("lock", &path))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(Error::io("read", &path))?;
    let (lines, torn) = chain::lines(&text);
    let end = text.len() - torn.len();
    let (mut seq, mut prev) = (1, BEGINNING.to_owned());
    if let Some((number, line)) = (1..).zip(lines).last() {
        let last: Entry = parse(case, line, number)?;
        (seq, prev) = (last.seq + 1, last.hash);
    }
    (entry.torn, entry.torn_text) = (None, None);
    if !torn.is_empty() {
        // What no killed run leaves stays where it is.
        chain::check_torn(torn, seq, &prev).map_err(|reason| Error::Line {
            path: path.clone(),
            line: seq,
            source: serde::de::Error::custom(reason),
        })?;
        let text = chain::without_zeros(torn).escape_ascii().to_string();
        (entry.torn, entry.torn_text) = (Some(torn.len() as u64), Some(text));
    }
    (entry.seq, entry.prev) = (seq, prev);
    entry.inputs = inputs()?;
    let bare = serde_json::to_string(&entry).expect("texts and numbers are always JSON");
    let (line, hash) = chain::seal(&bare);
    entry.hash = hash;
    // The bytes of an unfinished line are in the new one.
    let written = file
        .set_len(end as u64)
        .and_then(|()| file.seek(SeekFrom::Start(end as u64)))
        .and_then(|_| file.write_all(line.as_bytes()))
        .and_then(|()| file.sync_all())
        .and_then(|()| if seq == 1 { inside::sync_folder(case.root()) } else { Ok(()) });
    if let Err(source) = written {
        // Half a line on a full disk would be read as a torn one; take it back as far as the disk lets us.
        let _best_effort = file.set_len(end as u64);
        return Err(Error::Io { doing: "write", path, source });
    }
    Ok(entry)
}

/// All lines. Does not check the chain.
pub fn read(case: &Case) -> Result<Vec<Entry>> {
    let text = load(case)?;
    chain::lines(&text).0.zip(1..).map(|(line, number)| parse(case, line, number)).collect()
}

/// Checks that every line is what was written and follows the one before. Behind the last one may be an unfinished one,
/// which the next entry will have.
pub fn verify(case: &Case) -> Result<Verdict> {
    let text = load(case)?;
    let (lines, torn) = chain::lines(&text);
    let (mut seq, mut prev) = (0, BEGINNING.to_owned());
    let mut unfinished = Vec::new();
    for line in lines {
        seq += 1;
        let checked = chain::check(line, seq, &prev);
        match checked.and_then(|_hash| serde_json::from_slice::<Entry>(line).map_err(|_| Break::Unreadable)) {
            Ok(entry) => {
                unfinished.extend(entry.torn.map(|bytes| Unfinished { seq, bytes, is_set_aside: true }));
                prev = entry.hash;
            }
            Err(reason) => return Ok(Verdict::Broken { seq, reason }),
        }
    }
    if !torn.is_empty() {
        if let Err(reason) = chain::check_torn(torn, seq + 1, &prev) {
            return Ok(Verdict::Broken { seq: seq + 1, reason });
        }
        unfinished.push(Unfinished { seq: seq + 1, bytes: torn.len() as u64, is_set_aside: false });
    }
    Ok(Verdict::Intact { entries: seq, last: (seq > 0).then_some(prev), unfinished })
}

fn load(case: &Case) -> Result<Vec<u8>> {
    let path = case.custody_path();
    Ok(inside::read(case.root(), &path).map_err(Error::io("read", &path))?.unwrap_or_default())
}

fn parse(case: &Case, line: &[u8], number: u64) -> Result<Entry> {
    serde_json::from_slice(line).map_err(|source| Error::Line { path: case.custody_path(), line: number, source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use fs_err as fs;

    use super::*;
    use crate::NewCase;

    fn case() -> (tempfile::TempDir, Case) {
        let folder = tempfile::tempdir().unwrap();
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&folder.path().join("case"), &new).unwrap();
        (folder, case)
    }

    fn act(case: &Case, command: &str) -> Entry {
        let action = Action {
            time: "2026-05-01T00:00:00+02:00",
            actor: "analyst",
            host: "laptop",
            command,
            tool_version: "0.1.0",
            tool_sha256: "00",
        };
        let begun = begin(case, &action, || Ok(serde_json::json!({ "nested": { "share": 0.5 } }))).unwrap();
        let counts = serde_json::json!({ "objects": 3 });
        let outcome = Outcome { time: "2026-05-01T00:00:01+02:00", counts, outputs: serde_json::Value::Null, exit: 0 };
        end(case, &begun, &outcome).unwrap()
    }

    #[test]
    fn every_edit_of_the_chain_shows() {
        let (_folder, case) = case();
        let last = ["init", "add logs", "ingest"].map(|command| act(&case, command)).into_iter().last().unwrap();
        let entries = read(&case).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            entries.iter().map(|entry| entry.of).collect::<Vec<_>>(),
            [None, Some(1), None, Some(3), None, Some(5)]
        );
        let intact = Verdict::Intact { entries: 6, last: Some(last.hash), unfinished: Vec::new() };
        assert_eq!(verify(&case).unwrap(), intact);
        let path = case.custody_path();
        let text = fs::read_to_string(&path).unwrap();
        let broken = |text: &str, seq, reason| {
            fs::write(&path, text).unwrap();
            assert_eq!(verify(&case).unwrap(), Verdict::Broken { seq, reason });
        };
        broken(&text.replace("add logs", "add less"), 3, Break::Edited);
        broken(&text.replacen("{\"seq\":2", "{ \"seq\":2", 1), 2, Break::Edited);
        let lines: Vec<&str> = text.lines().collect();
        for gone in 0..lines.len() - 1 {
            let rest: Vec<&str> = lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, l)| *l).collect();
            broken(&format!("{}\n", rest.join("\n")), gone as u64 + 1, Break::Unlinked);
        }
    }

    #[test]
    fn the_last_line_of_a_killed_run_is_set_aside() {
        let (_folder, case) = case();
        for command in ["init", "add –"] {
            act(&case, command);
        }
        let path = case.custody_path();
        let text = fs::read(&path).unwrap();
        let last = text.len() - 1 - text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
        for cut in 1..last {
            let torn = &text[text.len() - last..text.len() - cut];
            let unfinished = |is_set_aside| vec![Unfinished { seq: 4, bytes: torn.len() as u64, is_set_aside }];
            let found = |verdict| match verdict {
                Verdict::Intact { entries, unfinished, .. } => (entries, unfinished),
                broken => panic!("cut {cut}: {broken:?}"),
            };
            fs::write(&path, &text[..text.len() - cut]).unwrap();
            assert_eq!(found(verify(&case).unwrap()), (3, unfinished(false)));
            assert_eq!(read(&case).unwrap().len(), 3);
            if cut % 40 != 1 {
                continue;
            }
            act(&case, "sql");
            assert_eq!(found(verify(&case).unwrap()), (5, unfinished(true)));
            let entries = read(&case).unwrap();
            assert_eq!(entries[3].torn_text.as_deref(), Some(&*torn.escape_ascii().to_string()));
            assert_eq!(entries[4].torn, None);
        }
    }

    #[test]
    fn zeros_of_a_power_cut_are_set_aside() {
        let (_folder, case) = case();
        act(&case, "init");
        let path = case.custody_path();
        let text = fs::read(&path).unwrap();
        let half = br#"{"seq":3,"prev":"#;
        for (left, written) in [(vec![0; 4096], ""), ([&half[..], &[0; 80]].concat(), r#"{\"seq\":3,\"prev\":"#)] {
            fs::write(&path, [&text[..], &left].concat()).unwrap();
            let bytes = left.len() as u64;
            let told = |verdict| matches!(verdict, Verdict::Intact { unfinished, .. } if unfinished[0].bytes == bytes);
            assert!(told(verify(&case).unwrap()), "{written}");
            act(&case, "sql");
            assert!(told(verify(&case).unwrap()), "{written}");
            assert_eq!(read(&case).unwrap()[2].torn_text.as_deref(), Some(written));
        }
    }

    #[test]
    fn what_no_killed_run_leaves_is_contradicted_and_stays() {
        let (_folder, case) = case();
        for command in ["init", "add"] {
            act(&case, command);
        }
        let path = case.custody_path();
        let text = fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let half = |line: usize| &lines[line][..50];
        for (what, changed) in [
            ("not the last line", [lines[0], half(1), b"\n", lines[2], lines[3]].concat()),
            ("another line", [lines[0], lines[1], half(3)].concat()),
            ("of other bytes", [lines[0], lines[1], b"x"].concat()),
            ("behind a whole line", [&text[..text.len() - 1], b" "].concat()),
            ("zeros within", [&text[..], &[0_u8; 20], b"x"].concat()),
            ("zeros and a whole line", [lines[0], lines[1], lines[2], &[0_u8; 20], lines[3]].concat()),
        ] {
            fs::write(&path, &changed).unwrap();
            assert!(matches!(verify(&case).unwrap(), Verdict::Broken { .. }), "{what}");
            let action = Action { time: "", actor: "", host: "", command: "", tool_version: "", tool_sha256: "" };
            let begun = begin(&case, &action, || Ok(serde_json::Value::Null));
            assert_eq!(begun.is_ok(), what == "not the last line", "{what}");
            assert!(fs::read(&path).unwrap().starts_with(&changed), "{what}");
        }
    }

    #[test]
    fn a_bit_flipped_in_any_byte_shows() {
        let (_folder, case) = case();
        for number in 0..4 {
            act(&case, &format!("command {number}"));
        }
        let path = case.custody_path();
        let text = fs::read(&path).unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            assert!(matches!(verify(&case).unwrap(), Verdict::Broken { .. }), "byte {at}");
        }
    }
}
