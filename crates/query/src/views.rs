//! The views over the lake: AWS's nesting, Athena's names, and all sources as one.

/// A view, in the order in which they can be made.
pub struct View {
    pub name: &'static str,
    pub sql: &'static str,
}

macro_rules! views {
    ($($name:literal),* $(,)?) => {
        /// Every view; a later one may use those before it.
        pub static VIEWS: &[View] = &[$(View { name: $name, sql: include_str!(concat!("views/", $name, ".sql")) }),*];
    };
}

views!(
    "cloudtrail",
    "cloudtrail_digests",
    "s3_access",
    "cloudfront",
    "config_items",
    "objects",
    "rejects",
    "duplicates",
    "digest_verdicts",
    "log_verdicts",
    "config_states",
    "config_changes",
    "config_attribution",
    "config_calls",
    "policy_statements",
    "exposures",
    "sessions",
    "session_edges",
    "first_seen",
    "coverage",
    "events",
    "cloudtrail_logs",
    "s3_access_logs",
    "cloudfront_standard_logs",
);
