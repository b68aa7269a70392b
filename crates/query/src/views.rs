//! The views over the lake: every table of the schema's list, AWS's nesting, Athena's names, and all sources as one.

use std::borrow::Cow;
use std::sync::LazyLock;

use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::{cloudtrail, s3_access};
use coldtrail_schema::{Role, TABLES, Table};

/// A name that can be asked in SQL.
#[derive(Debug)]
pub struct View {
    pub name: &'static str,
    /// What one row of it is.
    pub about: Cow<'static, str>,
    /// The table that it shows; none for what shows several.
    pub table: Option<&'static Table>,
    /// Is it the table under its own name?
    pub own: bool,
    pub(crate) sql: Cow<'static, str>,
}

impl View {
    /// What it is to the case: `event`, `ledger`, `verdict`, `derived`; `view` for another name and for several tables.
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
    views.extend(TABLES.iter().copied().filter_map(athena));
    views
});

/// Every view, in the order in which they can be made: a later one may use those before it.
pub fn views() -> &'static [View] {
    &VIEWS
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

fn athena(table: &'static Table) -> Option<View> {
    let Role::Event(event) = table.role else { return None };
    Some(View {
        name: event.athena?,
        about: format!("`{}` under the name that AWS's Athena examples use.", table.name).into(),
        table: Some(table),
        own: false,
        sql: format!("select * from {}", table.name).into(),
    })
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
        let files = fs_err::read_dir(dir).expect("the folder of the views").count();
        assert_eq!(files, SHAPED.len() + SEVERAL.len(), "every file of src/views is a view");
    }
}
