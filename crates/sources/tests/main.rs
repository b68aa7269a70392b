//! Tests of the sources over files: golden cases, conformance, real logs, speed.
#![allow(clippy::unwrap_used, reason = "tests")]

mod billing;
mod cases;
mod conformance;
mod databases;
mod csv;
mod decoded;
mod entries;
mod elb;
mod fidelity;
mod flows;
mod findings;
mod inventory;
mod metrics;
mod neighbours;
mod network_logs;
mod shared_cases;
mod speed;
