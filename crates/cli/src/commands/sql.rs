//! `coldtrail sql`

use anyhow::{Result, anyhow};
use coldtrail_query::Value;

use crate::args::Sql;
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
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            anyhow!(Usage {
                what: format!("`{pair}` is no parameter"),
                hint: Some("write --param name=value".to_owned())
            })
        })?;
        parameters.push((name.to_owned(), Value::Text(Some(value.to_owned()))));
    }
    let session = session(settings, &arguments.reading)?;
    for statement in statements {
        output::plain(settings, session.query(&statement, &parameters)?, &arguments.output)?;
    }
    Ok(Status::Clean)
}

/// The statements, from wherever they come.
fn text(arguments: &Sql) -> Result<String> {
    match (&arguments.from_file, arguments.sql.as_deref()) {
        (Some(file), _) => Ok(fs_err::read_to_string(file)?),
        (None, Some(sql)) if sql != "-" => Ok(sql.to_owned()),
        _ => Ok(std::io::read_to_string(std::io::stdin())?),
    }
}
