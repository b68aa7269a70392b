//! Log sources: how each kind of log is recognised, framed into records, and decoded into rows.
//!
//! No IO, no clock, no threads: readers come in, batches go out. [`SOURCES`] is the only registry of what the program
//! knows by itself; what a user defines comes in as [`Definitions`].

mod canonical;
mod carried;
mod error_class;
mod fields;
mod findings;
pub mod framing;
pub mod json;
mod log_group;
mod members;
mod recognise;
mod routing;
mod second_hand;
mod source;
mod sql_text;
pub mod time;
mod unwrap;
mod window;

mod billing;
mod cloudfront;
mod cloudtrail;
mod cloudtrail_digests;
mod cloudwatch_logs;
mod cloudwatch_metrics;
mod config_items;
mod elb_access;
mod elb_connections;
mod eventbridge_events;
mod guardduty;
mod load_balancer;
mod network_firewall;
mod own;
mod rds_audit;
mod rds_log;
mod rds_slow;
mod route53_queries;
mod route53_resolver;
mod s3_access;
mod s3_inventory;
mod s3_operations;
mod securityhub;
mod vpc_flow;
mod waf;

pub use framing::{Broken, Entries, Framing, Record, Sink, frame};
pub use own::{Checked, Definition, DefinitionError, Definitions, FieldType, OWN, RejectedRecord, check, own_decoder};
pub use recognise::{Recognised, recognise};
pub use routing::Routing;
pub use source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject, SOURCES};
