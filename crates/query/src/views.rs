//! The views over the lake: every table of the schema's list, all sources as one, and the tables that AWS documents.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::{cloudtrail, s3_access};
use coldtrail_schema::{TABLES, Table};

use crate::aws_views::{AWS, Aws};

/// A name that can be asked in SQL.
#[derive(Debug)]
pub struct View {
    pub name: &'static str,
    /// What one row of it is.
    pub about: Cow<'static, str>,
    /// The table of which it shows every row; none for what shows several, or some rows only.
    pub table: Option<&'static Table>,
    /// Is it the table under its own name?
    pub own: bool,
    pub(crate) sql: Cow<'static, str>,
}

impl View {
    /// What it is to the case: `event`, `ledger`, `verdict`, `derived`; `view` for another form and for several tables.
    pub fn role(&self) -> &'static str {
        match self.table {
            Some(table) if self.own => table.role.name(),
            _ => "view",
        }
    }
}

/// Tables that SQL sees in another form than the files have. All others are shown as they are.
static SHAPED: &[(&Table, &str)] = &[
    (&cloudtrail::TABLE, include_str!("views/cloudtrail.sql")),
    (&s3_access::TABLE, include_str!("views/s3_access.sql")),
];

/// All sources as one.
static EVENTS: &str = include_str!("views/events.sql");

/// What shows several tables at once: name, what one row is, statement.
static SEVERAL: &[(&str, &str, &str)] = &[
    ("events", "All sources as one: who, what, on what, from where, with which outcome.", EVENTS),
    (
        "row_verdicts",
        "Rows of CloudTrail with the verdicts of all files that hold them.",
        include_str!("views/row_verdicts.sql"),
    ),
    (
        "cloudwatch_metric_values",
        "Values of CloudWatch metrics, each once: of a value that came again, the last one.",
        include_str!("views/cloudwatch_metric_values.sql"),
    ),
    (
        "database_activity",
        "What clients did in databases: logins and statements, from audit logs and from the logs of the servers.",
        include_str!("views/database_activity.sql"),
    ),
    (
        "ip_owner",
        "Whose an address was and when, by AWS Config, CloudTrail and flow logs (`basis`); where no row is, it is unknown.",
        include_str!("views/ip_owner.sql"),
    ),
    (
        "request_ids",
        "Rows of all logs by the ids under which they know their request: equal ids are the same request.",
        include_str!("views/request_ids.sql"),
    ),
    (
        "request_pairs",
        "Rows of two logs that know a request under the same id, such as a data event of CloudTrail and the line of S3.",
        include_str!("views/request_pairs.sql"),
    ),
    ("same_id", "Ids of CloudTrail events that stand for different contents.", include_str!("views/same_id.sql")),
];

static VIEWS: LazyLock<Vec<View>> = LazyLock::new(|| {
    let mut views: Vec<View> = TABLES.iter().copied().map(own).collect();
    views.extend(SEVERAL.iter().map(|(name, about, sql)| View {
        name,
        about: Cow::Borrowed(about),
        table: None,
        own: false,
        sql: Cow::Borrowed(sql),
    }));
    views.extend(AWS.iter().map(aws));
    views
});

/// Every view, in the order in which they can be made: a later one may use those before it.
pub fn views() -> &'static [View] {
    &VIEWS
}

/// The views that every statement finds: those in AWS's shape are made when one is named, since planning them all takes
/// longer than most answers.
pub(crate) fn ready() -> impl Iterator<Item = &'static View> {
    views().iter().filter(|view| !is_aws(view.name))
}

/// A word of statements that list the tables.
pub(crate) const EVERY: &str = "*";

/// The views in AWS's shape that these words name, with those that they use, in the order in which they can be made.
pub(crate) fn named(words: &BTreeSet<String>) -> Vec<&'static View> {
    let all = words.contains(EVERY);
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for view in AWS.iter().rev() {
        let is_used =
            wanted.iter().any(|user| AWS.iter().any(|other| other.name == *user && uses(other.sql, view.name)));
        if all || is_used || words.contains(view.name) {
            wanted.insert(view.name);
        }
    }
    views().iter().filter(|view| wanted.contains(view.name)).collect()
}

/// Does a statement read this table?
fn uses(sql: &str, name: &str) -> bool {
    sql.split_whitespace().zip(sql.split_whitespace().skip(1)).any(|(before, word)| before == "from" && word == name)
}

fn is_aws(name: &str) -> bool {
    AWS.iter().any(|view| view.name == name)
}

fn own(table: &'static Table) -> View {
    let shaped = SHAPED.iter().find(|(shaped, _)| shaped.name == table.name).map(|(_, sql)| *sql);
    let sql = match shaped {
        Some(sql) => sql.replace("{columns}", &columns(table)),
        None => format!("select {} from lake.{}", columns(table), table.name),
    };
    View { name: table.name, about: table.doc.trim().into(), table: Some(table), own: true, sql: sql.into() }
}

/// All columns that a table says it has: the lake's tables of events have parts of the day beside them.
fn columns(table: &Table) -> String {
    let columns = table.columns();
    let day = table.is_event().then_some(DATE.name);
    let names = columns.iter().map(|column| column.name).chain(day);
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn aws(view: &Aws) -> View {
    View { name: view.name, about: view.about.into(), table: view.table, own: false, sql: view.sql.into() }
}

#[cfg(test)]
mod tests {
    use coldtrail_schema::InEvents;
    use coldtrail_schema::tables::events;

    use super::*;

    /// A source that is not in `events` is missing from status, timeline and every question about all sources.
    #[test]
    fn the_view_of_all_sources_has_them_all() {
        let parts: Vec<&str> = EVENTS.split("union all").collect();
        let of = |table: &Table| {
            let (from, source) = (format!("from lake.{}", table.name), format!("'{}' as source", table.name));
            let ends = |part: &&&str| part.trim_end().ends_with(&from) && part.contains(&source);
            parts.iter().filter(ends).count()
        };
        let mut expected = 0;
        for (table, event) in events() {
            let wanted = usize::from(event.view == InEvents::Rows);
            assert_eq!(of(table), wanted, "parts of views/events.sql about {} ({:?})", table.name, event.view);
            expected += wanted;
        }
        assert_eq!(parts.len(), expected, "every part of views/events.sql is about a table of events");
    }

    #[test]
    fn names_are_distinct_and_files_are_used() {
        let mut names: Vec<&str> = views().iter().map(|view| view.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for (table, sql) in SHAPED {
            assert!(sql.contains(&format!("from lake.{}", table.name)), "{}", table.name);
        }
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/views");
        let files = |dir: &std::path::Path| {
            let paths = fs_err::read_dir(dir).expect("a folder of views").map(|entry| entry.expect("an entry").path());
            paths.filter(|path| path.is_file()).count()
        };
        assert_eq!(files(&dir), SHAPED.len() + SEVERAL.len(), "every file of src/views is a view");
        assert_eq!(files(&dir.join("aws")), AWS.len(), "every file of src/views/aws is a view");
    }

    #[test]
    fn what_a_view_uses_comes_with_it() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let names = |words| named(&words).iter().map(|view| view.name).collect::<Vec<_>>();
        assert_eq!(names(words(&["select", "alb_logs"])), ["alb_access_logs", "alb_logs"]);
        assert!(names(words(&["cloudtrail"])).is_empty());
        assert_eq!(names(words(&[EVERY])).len(), AWS.len());
    }

    /// A published query about one of AWS's tables must not find our columns under its name.
    #[test]
    fn tables_of_aws_have_the_form_that_aws_documents() {
        for view in AWS {
            assert!(view.sql.starts_with("-- "), "{} says whose columns it has", view.name);
            if let Some(table) = view.table {
                let reads = view.sql.trim_end().ends_with(&format!("from lake.{}", table.name));
                assert!(reads || view.name == "mybucket_logs" || view.name == "gd_logs", "{}", view.name);
            }
        }
        for (table, event) in events() {
            let Some(name) = event.athena else { continue };
            assert!(AWS.iter().any(|view| view.name == name), "{}: `{name}` is a view of src/views/aws", table.name);
        }
    }
}
