//! `coldtrail sql`

use anyhow::{Result, anyhow};
use coldtrail_query::{Dialect, Session, Value, similar, views};

use crate::args::{Output, Sql, SqlDialect};
use crate::commands::session;
use crate::diagnostics::{Status, Usage};
use crate::output;
use crate::settings::Settings;

pub(crate) fn run(arguments: &Sql, settings: &Settings) -> Result<Status> {
    let statements = coldtrail_query::statements(&text(arguments)?);
    if statements.is_empty() {
        let hint = Some("write one, such as \"select count(*) from cloudtrail\"".to_owned());
        return Err(anyhow!(Usage { what: "there is no statement".to_owned(), hint }));
    }
    if statements.len() > 1 && arguments.output.file.is_some() {
        let hint = Some("run them one by one, or without -o".to_owned());
        return Err(anyhow!(Usage { what: "a file takes the answer of one statement".to_owned(), hint }));
    }
    let mut parameters = Vec::new();
    for pair in &arguments.parameters {
        let (name, value) = halves(pair, "parameter", "write --param name=value")?;
        parameters.push((name.to_owned(), Value::Text(Some(value.to_owned()))));
    }
    let dialect = dialect(arguments)?;
    let session = session(settings, &arguments.reading)?;
    for statement in statements {
        ask(settings, &session, &dialect, &statement, &parameters, &arguments.output)?;
    }
    Ok(Status::Clean)
}

/// Runs a statement; what the tables that it names leave out is said behind the rows.
pub(crate) fn ask(
    settings: &Settings,
    session: &Session,
    dialect: &Dialect,
    statement: &str,
    parameters: &[(String, Value)],
    output: &Output,
) -> Result<()> {
    let rows = session.query_in(dialect, statement, parameters)?;
    output::plain(settings, rows, &session.left_out(dialect, statement)?, output)
}

/// How the statements are written, and which other names of tables they use.
fn dialect(arguments: &Sql) -> Result<Dialect> {
    let names = views().iter().map(|view| view.name.to_owned()).collect::<Vec<_>>();
    let mut aliases = Vec::new();
    for pair in &arguments.aliases {
        let (name, table) = halves(pair, "alias of a table", "write --table-alias name=cloudtrail_logs")?;
        if !names.iter().any(|known| known == table) {
            let similar = similar(table, &names);
            return Err(anyhow!(coldtrail_query::Error::UnknownTable {
                table: table.to_owned(),
                similar,
                place: None
            }));
        }
        aliases.push((name.to_owned(), table.to_owned()));
    }
    Ok(match arguments.dialect {
        SqlDialect::Datafusion => Dialect::Datafusion,
        SqlDialect::Athena | SqlDialect::Lake => Dialect::Athena { aliases },
    })
}

/// What stands before and behind the first `=`.
fn halves<'a>(pair: &'a str, what: &str, hint: &str) -> Result<(&'a str, &'a str)> {
    pair.split_once('=')
        .ok_or_else(|| anyhow!(Usage { what: format!("`{pair}` is no {what}"), hint: Some(hint.to_owned()) }))
}

/// The statements, from wherever they come.
fn text(arguments: &Sql) -> Result<String> {
    match (&arguments.from_file, arguments.sql.as_deref()) {
        (Some(file), _) => Ok(fs_err::read_to_string(file)?),
        (None, Some(sql)) if sql != "-" => Ok(sql.to_owned()),
        _ => Ok(std::io::read_to_string(std::io::stdin())?),
    }
}
