//! The state of the lake: what the ledger says about all objects, whichever run read them.

use coldtrail_lake::{Snapshot, integers, read_columns, texts};
use coldtrail_schema::TABLES;
use coldtrail_schema::arrow::array::Array;
use coldtrail_schema::tables::ledger::{self, ObjectColumn};

use crate::decode::Status;
use crate::error::{Error, Result};

/// How much of the evidence is in the lake, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LakeState {
    pub objects: u64,
    /// Objects no source knows.
    pub unrecognised: u64,
    /// Objects that could not be read.
    pub failed: u64,
    /// Objects with damage in their container, whatever else became of them.
    pub damaged: u64,
    /// Records that were found in all objects, and what became of them.
    pub records: u64,
    pub kept: u64,
    pub duplicates: u64,
    pub rejects: u64,
    /// Rows of all tables of events that have no time, or one that cannot be true.
    pub undated: u64,
}

impl LakeState {
    /// Is everything in tables, and in every answer that it belongs to?
    pub fn is_whole(&self) -> bool {
        self.unrecognised == 0 && self.failed == 0 && self.damaged == 0 && self.rejects == 0 && self.undated == 0
    }
}

/// The state of one version of the lake.
pub fn state(snapshot: &Snapshot) -> Result<LakeState> {
    use ObjectColumn as C;
    let mut state = LakeState::default();
    let columns = [C::status, C::damage, C::records, C::kept, C::duplicates, C::rejects].map(C::position);
    for file in snapshot.files(ledger::OBJECTS.name) {
        for batch in read_columns(file, &columns).map_err(Error::Lake)? {
            let (status, damage) = (texts(&batch, 0).map_err(Error::Lake)?, texts(&batch, 1).map_err(Error::Lake)?);
            state.objects += batch.num_rows() as u64;
            state.damaged += (damage.len() - damage.null_count()) as u64;
            let count = |wanted: Status| (0..status.len()).filter(|row| status.value(*row) == wanted.name()).count();
            state.unrecognised += count(Status::Unrecognised) as u64;
            state.failed += count(Status::Failed) as u64;
            let sum = |at| {
                let counts = integers(&batch, at).map_err(Error::Lake)?;
                Ok(counts.iter().flatten().map(|count| u64::try_from(count).unwrap_or_default()).sum::<u64>())
            };
            state.records += sum(2)?;
            state.kept += sum(3)?;
            state.duplicates += sum(4)?;
            state.rejects += sum(5)?;
        }
    }
    state.undated = TABLES.iter().map(|table| snapshot.undated(table.name)).sum();
    Ok(state)
}
