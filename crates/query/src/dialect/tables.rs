//! Which of our tables a published name means.

use std::collections::BTreeSet;

use coldtrail_schema::tables::cloudtrail;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

/// What tables there are, and what else they are called.
pub(super) struct Tables<'a> {
    names: BTreeSet<&'a str>,
    aliases: &'a [(String, String)],
    /// The words of the statement: columns that only a published table has tell which one is meant.
    words: BTreeSet<String>,
    /// Those that the statement reads.
    pub(super) used: BTreeSet<String>,
    /// Names that only begin like a published one, and the table that they were taken for.
    pub(super) read_as: BTreeSet<(String, String)>,
}

/// The schema of our views.
const OURS: &str = "public";

/// The partitions of tables that AWS's own tools make, which have some of our names.
const PARTITIONS: [&str; 3] = ["date_partition", "region_partition", "account_partition"];

/// The items of AWS Config in an event data store, which has them in this column.
const ITEMS: &str = "event_data_store_items";
const ITEM: &str = "eventdata";

/// The view of CloudTrail Lake's shape, for whatever id an event data store has.
const STORE: &str = "event_data_store";

/// The beginning of published names, longest first where one begins another, and the view of ours that has that shape.
/// Names of one's own (`cloudtrail_logs_mybucket`, as Athena's console makes them) begin like this, too.
static PUBLISHED: &[(&str, &str)] = &[
    ("cloudtrail_lake", STORE),
    ("cloudtrail_", "cloudtrail_logs"),
    ("aws_cloudtrail", "cloudtrail_logs"),
    ("cloudfront_standard_log", "cloudfront_standard_logs"),
    ("cloudfront_log", "cloudfront_logs"),
    ("s3_access_log", "s3_access_logs"),
    ("s3_accesslog", "s3_access_logs"),
    ("s3_server_access_log", "s3_access_logs"),
    ("mybucket_log", "s3_access_logs"),
    ("aws_config_configuration_snapshot", "aws_config_configuration_snapshot"),
    ("aws_config", "aws_config_configuration_snapshot"),
    ("awsconfig", "aws_config_configuration_snapshot"),
    ("vpc_flow_log", "vpc_flow_logs"),
    ("vpcflow", "vpc_flow_logs"),
    ("vpc_log", "vpc_flow_logs"),
    ("alb", "alb_logs"),
    ("elb_log", "elb_logs"),
    ("waf_", "waf_logs"),
    ("waflog", "waf_logs"),
    ("r53", "r53_rlogs"),
    ("route53_resolver_log", "r53_rlogs"),
];

impl<'a> Tables<'a> {
    pub(super) fn new(names: &'a [String], aliases: &'a [(String, String)], words: BTreeSet<String>) -> Tables<'a> {
        Tables {
            names: names.iter().map(String::as_str).collect(),
            aliases,
            words,
            used: BTreeSet::new(),
            read_as: BTreeSet::new(),
        }
    }

    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Puts the name of the table that is meant in place of a published one. `with` are the names that the statement
    /// gives itself. What is not known stays, and is an unknown table.
    pub(super) fn resolve(&mut self, name: &mut ObjectName, with: &BTreeSet<String>) {
        let parts: Option<Vec<String>> =
            name.0.iter().map(|part| part.as_ident().map(|ident| ident.value.to_lowercase())).collect();
        let Some(parts) = parts else { return };
        let Some((last, before)) = parts.split_last() else { return };
        if before.is_empty() && with.contains(last) {
            return;
        }
        if before.last().is_some_and(|schema| schema == OURS) {
            self.used.insert(last.clone());
        }
        if before.last().is_some_and(|schema| ["lake", "information_schema", OURS].contains(&schema.as_str())) {
            return;
        }
        let Some(table) = self.table(last, &parts.join(".")).map(str::to_owned) else { return };
        if table != *last && !is_store(last) && !self.aliases.iter().any(|(alias, _)| alias.eq_ignore_ascii_case(last))
        {
            self.read_as.insert((last.clone(), table.clone()));
        }
        self.used.insert(table.clone());
        // With its schema, no part of the statement that has its name stands in its place.
        name.0 = [OURS, &table].map(|part| ObjectNamePart::Identifier(Ident::with_quote('"', part))).into();
    }

    fn table(&self, last: &str, whole: &str) -> Option<&str> {
        let alias =
            self.aliases.iter().find(|(alias, _)| [last, whole].iter().any(|name| alias.eq_ignore_ascii_case(name)));
        if let Some((_, table)) = alias {
            return Some(table);
        }
        // Our `cloudtrail` has another form than that of a data base of theirs.
        let is_theirs = last != whole || PARTITIONS.iter().any(|partition| self.words.contains(*partition));
        if is_theirs && last == cloudtrail::TABLE.name {
            return Some("cloudtrail_logs");
        }
        if let Some(own) = self.names.get(last) {
            return Some(own);
        }
        if is_store(last) {
            return Some(if self.words.contains(ITEM) { ITEMS } else { STORE });
        }
        let (begin, view) = PUBLISHED.iter().find(|(begin, _)| last.starts_with(begin))?;
        // A slip of the pen is told, not taken for another table.
        let is_slip = |name: &&&str| last != *begin && *name != view && strsim::damerau_levenshtein(name, last) == 1;
        (self.names.contains(view) && !self.names.iter().any(|name| is_slip(&name))).then_some(*view)
    }
}

/// Is it the id of an event data store, as CloudTrail Lake's statements have it in place of a table?
pub(super) fn is_store(name: &str) -> bool {
    let groups: Vec<&str> = name.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12]) && name.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
