//! Tests of the sources over files: golden cases, conformance, real logs, speed.
#![allow(clippy::unwrap_used, reason = "tests")]

mod billing;
mod cases;
mod conformance;
mod csv;
mod databases;
mod decoded;
mod elb;
mod entries;
mod fidelity;
mod findings;
mod flows;
mod inventory;
mod log_groups;
mod metrics;
mod neighbours;
mod network_logs;
mod own;
mod server_logs;
mod shared_cases;
mod speed;
