//! End to end: the real binary, as a user runs it.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod answers;
mod bad_input;
mod cases;
mod corpora;
mod custody;
mod digests;
mod documents;
mod engines;
mod fetch;
mod formats;
mod hostile;
mod hostile_case;
mod joined;
mod ledger;
mod own_sources;
mod published;
mod questions;
mod report;
mod restart;
mod sample;
mod screens;
mod support;
mod time_machine;
