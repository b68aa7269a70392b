//! `coldtrail sql`

use std::io::Read;

use anyhow::{Result, anyhow};
use coldtrail_query::Value;

use crate::args::Sql;
use crate::commands::session;
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;
use crate::terminal;

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
    let answer = session(settings, &arguments.reading)?.query(&sql, &parameters)?;
    terminal::answer(settings, &answer, &arguments.output)?;
    Ok(Status::Clean)
}
