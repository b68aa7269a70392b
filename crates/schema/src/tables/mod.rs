//! Every table of the lake, one module each.

pub mod cloudfront;
pub mod cloudtrail;
pub mod cloudtrail_digests;
pub mod common;
pub mod config_history;
pub mod config_items;
pub mod ledger;
pub mod s3_access;
pub mod sessions;
pub mod verdicts;

use crate::column::Table;

/// Every table, sources first: ingest, SQL and the documentation read this list.
pub static TABLES: &[&Table] = &[
    &cloudtrail::TABLE,
    &cloudtrail_digests::TABLE,
    &s3_access::TABLE,
    &cloudfront::TABLE,
    &config_items::TABLE,
    &ledger::OBJECTS,
    &ledger::REJECTS,
    &ledger::DUPLICATES,
    &verdicts::DIGEST_VERDICTS,
    &verdicts::LOG_VERDICTS,
    &config_history::CONFIG_STATES,
    &config_history::CONFIG_CHANGES,
    &config_history::CONFIG_ATTRIBUTION,
    &config_history::CONFIG_CALLS,
    &config_history::POLICY_STATEMENTS,
    &config_history::EXPOSURES,
    &sessions::SESSIONS,
    &sessions::SESSION_EDGES,
    &sessions::FIRST_SEEN,
    &sessions::COVERAGE,
];

/// The table of that name.
pub fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_where_their_names_say() {
        let name = |table: &Table, at: usize| table.columns().get(at).map(|column| column.name);
        assert_eq!(common::columns().len(), common::COUNT);
        assert_eq!(name(&cloudtrail::TABLE, cloudtrail::CloudtrailColumn::eventname.position()), Some("eventname"));
        assert_eq!(name(&ledger::OBJECTS, ledger::ObjectColumn::delivery_time.position()), Some("delivery_time"));
    }

    #[test]
    fn every_table_is_well_formed() {
        for table in TABLES {
            let columns = table.columns();
            assert!(!table.doc.trim().is_empty(), "{} says what a row is", table.name);
            for (i, column) in columns.iter().enumerate() {
                assert!(!column.doc.trim().is_empty(), "{}.{} is documented", table.name, column.name);
                assert!(columns.iter().take(i).all(|c| c.name != column.name), "{}.{} twice", table.name, column.name);
            }
            if table.events {
                assert!(columns.starts_with(&common::columns()), "{} begins with the common columns", table.name);
                assert!(!table.reference.is_empty(), "{} names its AWS page", table.name);
            }
        }
    }
}
