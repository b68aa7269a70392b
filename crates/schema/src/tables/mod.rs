//! Every table of the lake, one module each.

pub mod cloudfront;
pub mod cloudtrail;
pub mod cloudtrail_digests;
pub mod common;
pub mod config_items;
pub mod ledger;
pub mod s3_access;
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
];

/// The table of that name.
pub fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

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
