//! The manifest against the custody log. The manifest is only ever appended to, so whatever was noted of it at any time
//! must still be its beginning, and what stands behind it must come from an action that collects.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::{Value, json};

use crate::case::Case;
use crate::custody::{self, Phase};
use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::inside::{self, Use};

const SHA256: &str = "manifest_sha256";
const BYTES: &str = "manifest_bytes";
/// Among the inputs of an action that collects: the manifest before it.
const BEFORE: &str = "manifest";

/// Among the inputs of an action that writes into the lake, and its outputs: the state of the lake's list of commits, null
/// when there is no lake.
pub const LAKE: &str = "lake";

/// What the custody log says of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestVerdict {
    /// All of it was noted, and nothing was changed since.
    AsNoted,
    /// It is not what was noted, or has lines that no action has written.
    Changed,
    /// Nothing was noted, or its last lines are of an action that was cut off (or is still going on).
    NotNoted,
}

/// The right to be the one action that collects, from its first line in the custody log to its last: then the log tells
/// whose every line of the manifest is. Held as long as it lives.
pub struct Turn {
    _file: std::fs::File,
}

impl Turn {
    /// Takes it; [`Error::Busy`] while another process has it.
    pub fn take(case: &Case) -> Result<Turn> {
        let path = case.root().join(".evidence.lock");
        let file = inside::open(case.root(), &path, Use::Change).map_err(Error::io("open", &path))?.into_file();
        match file.try_lock() {
            Ok(()) => Ok(Turn { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy { root: case.root().to_path_buf() }),
            Err(std::fs::TryLockError::Error(source)) => Err(Error::io("lock", &path)(source)),
        }
    }
}

/// The manifest as it stands, for the custody log: SHA-256 and size of its whole lines; null when there is none. All of
/// it is on the disk: another run may just be writing, and when the power fails the log must not name what is gone.
pub fn state(case: &Case) -> Result<Value> {
    let state = manifest_state(case)?;
    let path = case.manifest_path();
    inside::sync_file(case.root(), &path).map_err(Error::io("flush", &path))?;
    Ok(match state {
        Some(Noted { bytes, sha256 }) => json!({ SHA256: sha256, BYTES: bytes }),
        None => Value::Null,
    })
}

/// Does an action with these inputs collect? Then the log has to say how it left the manifest, also when it failed.
pub fn collects(inputs: &Value) -> bool {
    inputs.get(BEFORE).is_some()
}

/// Compares the manifest with everything that the custody log says of it.
pub fn verdict(case: &Case) -> Result<ManifestVerdict> {
    // Before the log is read: what an action writes after that is no concern of this look.
    let now = manifest_state(case)?.map_or(0, |now| now.bytes);
    let entries = custody::read(case)?;
    let told = |entry: &custody::Entry| {
        let inputs = entry.inputs.get(BEFORE).unwrap_or(&entry.inputs);
        (Noted::of(inputs), Noted::of(&entry.outputs))
    };
    let all: BTreeSet<Noted> = entries.iter().flat_map(|entry| <[_; 2]>::from(told(entry))).flatten().collect();
    if !begins_with(case, &all)? {
        return Ok(ManifestVerdict::Changed);
    }
    // Up to here the actions that collect account for the manifest.
    let mut accounted = 0;
    // Actions that collect and have not said how they left the manifest.
    let mut open: BTreeSet<u64> = BTreeSet::new();
    // All that collect: one may have ended after another that was waited for closed it below.
    let mut begun: BTreeSet<u64> = BTreeSet::new();
    let mut doubtful = false;
    for entry in &entries {
        let (before, after) = told(entry);
        if let Some(seen) = before.filter(|seen| seen.bytes > accounted) {
            if open.is_empty() {
                return Ok(ManifestVerdict::Changed);
            }
            (accounted, doubtful) = (seen.bytes, true);
        }
        match entry.phase {
            Phase::Begin if collects(&entry.inputs) => {
                open.insert(entry.seq);
                begun.insert(entry.seq);
            }
            Phase::End if entry.of.is_some_and(|of| begun.contains(&of)) => {
                let Some(after) = after else { continue };
                accounted = accounted.max(after.bytes);
                let of = entry.of.unwrap_or_default();
                open.remove(&of);
                // Only one can collect at a time: what began earlier and has not ended was cut off, or waits.
                if matches!(entry.exit, Some(0 | 3)) {
                    open.retain(|other| *other > of);
                    doubtful = false;
                }
            }
            _ => {}
        }
    }
    Ok(match (now > accounted, doubtful || !open.is_empty()) {
        _ if all.is_empty() => ManifestVerdict::NotNoted,
        (true, true) => ManifestVerdict::NotNoted,
        (true, false) => ManifestVerdict::Changed,
        (false, _) if doubtful => ManifestVerdict::NotNoted,
        (false, _) => ManifestVerdict::AsNoted,
    })
}

/// What the custody log says of the lake.
#[derive(Debug, Default)]
pub struct LakeNoted {
    /// The states of its list of commits, each with the number of the entry; only those since it was last made from
    /// nothing.
    pub states: Vec<(u64, Value)>,
    /// So many lines of the list are of actions that have said how they left it, or were cut off.
    pub accounted: u64,
    /// Where an action found more lines than that, and none was open that could have written them: the number of its
    /// entry, the lines, and those accounted for. Everything after it was built on these.
    pub foreign: Option<(u64, u64, u64)>,
    /// Has an action that writes into it begun, and not said how it left it?
    pub is_open: bool,
}

/// What the custody log says of the lake. Actions that write into it do so one after the other, from their first line
/// here to their last: whatever is open when another begins was cut off.
pub fn lake(case: &Case) -> Result<LakeNoted> {
    let mut noted = LakeNoted::default();
    // The action that has begun last.
    let mut open: Option<u64> = None;
    let lines = |state: &Value| state.get("commits").and_then(Value::as_u64).unwrap_or(0);
    for entry in custody::read(case)? {
        if let Some(state) = entry.inputs.get(LAKE) {
            let found = lines(state);
            match state {
                Value::Null => noted = LakeNoted::default(),
                // The first one that was noted is believed.
                _ if found > noted.accounted && open.is_none() && !noted.states.is_empty() => {
                    noted.foreign = noted.foreign.or(Some((entry.seq, found, noted.accounted)));
                }
                _ => noted.accounted = noted.accounted.max(found),
            }
            if !state.is_null() {
                noted.states.push((entry.seq, state.clone()));
            }
            open = Some(entry.seq);
        }
        if let Some(state) = entry.outputs.get(LAKE) {
            // What could not be read then says nothing of how it was left.
            if state.is_null() || state.get("commits").is_some() {
                open = open.filter(|open| Some(*open) != entry.of);
            }
            noted.accounted = noted.accounted.max(lines(state));
            noted.states.push((entry.seq, state.clone()));
        }
    }
    noted.is_open = open.is_some();
    Ok(noted)
}

/// A state of the manifest, as it stands in the custody log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Noted {
    bytes: u64,
    sha256: String,
}

impl Noted {
    fn of(value: &Value) -> Option<Noted> {
        let sha256 = value.get(SHA256)?.as_str()?.to_owned();
        // Without a size it is no state that this program has written, and no manifest has it.
        let bytes = value.get(BYTES).and_then(Value::as_u64).unwrap_or(u64::MAX);
        Some(Noted { bytes, sha256 })
    }
}

/// What one reads from the beginning of the manifest on.
fn read(case: &Case, each: &mut dyn FnMut(&[u8])) -> Result<bool> {
    let path = case.manifest_path();
    let mut file = match inside::open(case.root(), &path, Use::Read) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        other => other.map_err(Error::io("open", &path))?,
    };
    let mut buffer = vec![0; 256 << 10];
    loop {
        let got = file.read(&mut buffer).map_err(Error::io("read", &path))?;
        if got == 0 {
            return Ok(true);
        }
        each(buffer.get(..got).unwrap_or_default());
    }
}

fn manifest_state(case: &Case) -> Result<Option<Noted>> {
    let mut hasher = Hasher::default();
    let (mut whole, mut whole_bytes, mut bytes) = (hasher.clone(), 0, 0);
    let there = read(case, &mut |read| {
        let end = read.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let (lines, torn) = read.split_at(end);
        hasher.update(lines);
        if end > 0 {
            (whole, whole_bytes) = (hasher.clone(), bytes + end as u64);
        }
        hasher.update(torn);
        bytes += read.len() as u64;
    })?;
    Ok(there.then(|| Noted { bytes: whole_bytes, sha256: whole.finish() }))
}

/// Is each of these states a beginning of the manifest?
fn begins_with(case: &Case, states: &BTreeSet<Noted>) -> Result<bool> {
    let mut hasher = Hasher::default();
    let mut bytes = 0;
    let mut left = states.iter().peekable();
    let mut all = true;
    let mut compare = |hasher: &Hasher, bytes: u64| {
        while let Some(noted) = left.next_if(|noted| noted.bytes == bytes) {
            all &= hasher.clone().finish() == noted.sha256;
        }
        left.peek().map(|noted| noted.bytes)
    };
    let mut next = compare(&hasher, 0);
    read(case, &mut |mut read| {
        while let Some(to) = next.filter(|to| *to <= bytes + read.len() as u64) {
            let (first, rest) = read.split_at(usize::try_from(to - bytes).unwrap_or(read.len()));
            hasher.update(first);
            (bytes, read) = (to, rest);
            next = compare(&hasher, bytes);
        }
        hasher.update(read);
        bytes += read.len() as u64;
    })?;
    Ok(all && next.is_none())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use fs_err as fs;

    use super::*;
    use crate::NewCase;
    use crate::custody::{Action, Entry, Outcome};

    struct Lab {
        _folder: tempfile::TempDir,
        case: Case,
    }

    impl Lab {
        fn new() -> Lab {
            let folder = tempfile::tempdir().unwrap();
            let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
            let case = Case::init(&folder.path().join("case"), &new).unwrap();
            Lab { _folder: folder, case }
        }

        fn begin(&self, inputs: Value) -> Entry {
            let action = Action { time: "", actor: "", host: "", command: "", tool_version: "", tool_sha256: "" };
            custody::begin(&self.case, &action, || Ok(inputs)).unwrap()
        }

        fn begin_add(&self) -> Entry {
            self.begin(json!({ "manifest": state(&self.case).unwrap() }))
        }

        fn end(&self, begun: &Entry, outputs: Value, exit: i32) {
            custody::end(&self.case, begun, &Outcome { time: "", counts: Value::Null, outputs, exit }).unwrap();
        }

        fn end_add(&self, begun: &Entry, exit: i32) {
            self.end(begun, state(&self.case).unwrap(), exit);
        }

        fn append(&self, text: &str) {
            let path = self.case.manifest_path();
            let before = if path.exists() { fs::read_to_string(&path).unwrap() } else { String::new() };
            fs::write(&path, before + text).unwrap();
        }

        fn verdict(&self) -> ManifestVerdict {
            verdict(&self.case).unwrap()
        }
    }

    #[test]
    fn actions_at_the_same_moment_accuse_nobody() {
        let lab = Lab::new();
        assert_eq!(lab.verdict(), ManifestVerdict::NotNoted);
        let add = lab.begin_add();
        lab.append("1\n");
        lab.end_add(&add, 0);
        assert_eq!(lab.verdict(), ManifestVerdict::AsNoted);
        // An ingest looks at the manifest before an add, and its entry comes after it.
        let looked = state(&lab.case).unwrap();
        let add = lab.begin_add();
        lab.append("2\nhal");
        let halfway = state(&lab.case).unwrap();
        lab.append("f\n");
        lab.end_add(&add, 0);
        lab.begin(looked);
        lab.begin(halfway);
        assert_eq!(lab.verdict(), ManifestVerdict::AsNoted);
        // One add while another is at work, and one of something that is not there.
        let first = lab.begin_add();
        lab.append("3\n");
        let busy = lab.begin_add();
        lab.end_add(&busy, 1);
        lab.append("4\n");
        lab.end_add(&first, 0);
        let nothing = lab.begin_add();
        lab.end_add(&nothing, 1);
        assert_eq!(lab.verdict(), ManifestVerdict::AsNoted);
    }

    #[test]
    fn lines_that_nobody_wrote_show() {
        let lab = Lab::new();
        let add = lab.begin_add();
        lab.append("1\n2\n");
        lab.end_add(&add, 0);
        lab.append("3\n");
        assert_eq!(lab.verdict(), ManifestVerdict::Changed);
        // To look at it, or to collect more, does not make it right.
        lab.begin(state(&lab.case).unwrap());
        assert_eq!(lab.verdict(), ManifestVerdict::Changed);
        let add = lab.begin_add();
        lab.append("4\n");
        lab.end_add(&add, 0);
        assert_eq!(lab.verdict(), ManifestVerdict::Changed);
    }

    #[test]
    fn lines_that_were_changed_or_cut_off_show() {
        for text in ["1\n3\n", "1\n", "", "2\n1\n", "1\n2"] {
            let lab = Lab::new();
            let add = lab.begin_add();
            lab.append("1\n2\n");
            lab.end_add(&add, 0);
            fs::write(lab.case.manifest_path(), text).unwrap();
            assert_eq!(lab.verdict(), ManifestVerdict::Changed, "{text:?}");
        }
    }

    #[test]
    fn after_an_action_that_was_cut_off_nobody_knows() {
        let lab = Lab::new();
        let add = lab.begin_add();
        lab.append("1\n");
        lab.end_add(&add, 0);
        lab.begin_add();
        assert_eq!(lab.verdict(), ManifestVerdict::AsNoted, "it has written nothing");
        lab.append("2\n");
        assert_eq!(lab.verdict(), ManifestVerdict::NotNoted);
        let add = lab.begin_add();
        lab.end_add(&add, 0);
        assert_eq!(lab.verdict(), ManifestVerdict::AsNoted);
        lab.append("3\n");
        assert_eq!(lab.verdict(), ManifestVerdict::Changed);
    }
}
