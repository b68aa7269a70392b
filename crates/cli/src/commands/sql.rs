//! `coldtrail sql`

use std::io::Read;

use anyhow::{Result, anyhow};
use coldtrail_query::Value;

use crate::args::Sql;
use crate::commands::session;
use crate::diagnostics::{Status, Usage};
use crate::output;
use crate::settings::Settings;

pub(crate) fn run(arguments: &Sql, settings: &Settings) -> Result<Status> {
    let mut sql = arguments.sql.clone();
    if sql == "-" {
        sql.clear();
        std::io::stdin().read_to_string(&mut sql)?;
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
    output::answer(settings, session.query(&sql, &parameters)?, &arguments.output)?;
    Ok(Status::Clean)
}
