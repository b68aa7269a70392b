//! A case and its evidence: the case directory, the collected objects under their hashes, the manifest, the
//! custody log, and the one opener for everything that was collected.
//!
//! ```text
//! <case>/case.toml                      what the case is
//! <case>/evidence/objects/ab/<sha256>   the objects, never changed
//! <case>/evidence/altered/              what lay in the place of an object and was not that object
//! <case>/evidence/manifest.jsonl        what each of them was, one line each
//! <case>/custody.jsonl                  who did what, each line bound to the one before by its hash
//! <case>/lake/, <case>/reports/         what was made out of them
//! ```
//!
//! Deliberately absent: the clock, the environment and printing (times and names come in as arguments), any
//! knowledge of what a log means, and any path made out of an object's key: a key is data in the manifest, and a
//! hostile one can name nothing on the disk.

mod error;

pub mod absent;
pub mod add;
mod archive;
pub mod case;
pub mod chain;
mod collector;
pub mod custody;
pub mod digest;
pub mod export;
pub mod hash;
pub mod inside;
pub mod kept_keys;
pub mod manifest;
pub mod noted;
pub mod object_key;
pub mod open;
mod sidecar;
pub mod verify;

pub use add::{AddOptions, Progress, add};
pub use case::{Case, NewCase};
pub use collector::{About, Added, BATCH, Collector, Intake, Repaired, Taken, partial_dir};
pub use error::{Error, Result};
pub use manifest::{Entry, Location, Manifest, MemberPlace, Packing, S3Place};
pub use object_key::ObjectKey;
pub use open::{Damage, Facts, Limits, Opened, hash_stored, open, open_bytes, open_examined, read_stored};
