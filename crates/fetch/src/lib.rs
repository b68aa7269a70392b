//! Listing and downloading S3 objects into the evidence.
//!
//! Everything that proves an object later is taken with it: ETag, version, checksums, all user metadata (the signature
//! of a CloudTrail digest is there and nowhere else), and what S3 answered. What cannot be had is listed with the
//! reason, and the run goes on. The manifest is the state: a run that was cut off, or whose credentials expired, is
//! run again and fetches the rest.
//!
//! Nothing is ever written to AWS: an interceptor refuses every operation that is not in a short list.
//!
//! Deliberately absent: any knowledge of what is in a log, printing, and the clock beyond waiting.

mod checksum;
mod client;
mod cost;
mod download;
mod error;
mod failure;
mod folder;
mod inventory;
mod list;
mod plan;
mod run;
mod throttle;
mod trails;

pub use client::{Connection, READ_OPERATIONS};
pub use cost::Estimate;
pub use error::{Error, Result};
pub use plan::Pruned;
pub use run::{Fetched, Options, Progress, State, dry_run, fetch};
