//! Views of the user's: one for each definition of a log, with its fields as columns.

use std::fmt::Write as _;

use crate::views::views;

const SQL: &str = include_str!("own_views/view.sql");

/// What a column of such a view is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnColumn {
    Text,
    Integer,
    Number,
    Boolean,
    Time,
    Json,
}

/// The view of a definition.
#[derive(Debug, Clone)]
pub struct OwnView {
    name: String,
    about: String,
    sql: String,
}

impl OwnView {
    /// None where the name, or one of a column, is none that can be written into SQL as it is, or the name is taken.
    pub fn new(name: &str, about: &str, columns: &[(String, OwnColumn)]) -> Option<OwnView> {
        if !is_name(name) || is_taken(name) || !columns.iter().all(|(column, _)| is_name(column)) {
            return None;
        }
        let mut list = String::new();
        for (column, kind) in columns {
            let value = match kind {
                OwnColumn::Text => format!("json_get_str(fields, '{column}')"),
                OwnColumn::Integer => format!("json_get_int(fields, '{column}')"),
                OwnColumn::Number => format!("json_get_float(fields, '{column}')"),
                OwnColumn::Boolean => format!("json_get_bool(fields, '{column}')"),
                OwnColumn::Time => format!("try_cast(json_get_str(fields, '{column}') as timestamp)"),
                OwnColumn::Json => format!("json_get_json(fields, '{column}')"),
            };
            let _fits = write!(list, "{value} as \"{column}\", ");
        }
        let sql = SQL.replace("{columns}", &list).replace("{name}", name);
        Some(OwnView { name: name.to_owned(), about: about.to_owned(), sql })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// What one row of it is.
    pub fn about(&self) -> &str {
        &self.about
    }

    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }
}

/// Is there a table or a view of that name?
fn is_taken(name: &str) -> bool {
    views().iter().any(|view| view.name == name)
}

/// Letters in lower case, digits and `_`, as names fold.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_written_into_sql() {
        let columns = [("pid".to_owned(), OwnColumn::Integer)];
        let view = OwnView::new("secure", "Logins.", &columns).expect("a view");
        assert!(view.sql().contains("json_get_int(fields, 'pid') as \"pid\", message"), "{}", view.sql());
        assert!(view.sql().contains("log = 'secure'"), "{}", view.sql());
        for name in ["", "a'b", "A", "1a", "cloudtrail", "events", "cloudtrail_logs", "own_logs"] {
            assert!(OwnView::new(name, "", &columns).is_none(), "{name}");
        }
        assert!(OwnView::new("a", "", &[("b\"c".to_owned(), OwnColumn::Text)]).is_none());
    }
}
