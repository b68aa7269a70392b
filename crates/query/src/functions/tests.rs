//! Every function through the engine: its example, and what examples do not show.

use std::collections::HashSet;

use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::*;
use crate::dialect::{Dialect, Unknown};

fn context() -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    all().for_each(|function| context.register_udf(function));
    context
}

fn speaking_athena(context: &SessionContext) -> SessionContext {
    Dialect::default().context(context, &Unknown::default(), 1 << 30).expect("a context")
}

/// The first value of the answer, as text.
async fn first(context: &SessionContext, sql: &str) -> Result<String> {
    let speaks_athena = context.state().scalar_functions().contains_key("date_parse");
    let dialect = if speaks_athena { Dialect::default() } else { Dialect::Datafusion };
    let plan = dialect.plan(context, context, sql, &[]).await?;
    let batches = context.execute_logical_plan(plan).await?.collect().await?;
    let options = FormatOptions::default().with_null("null");
    match batches.iter().find(|batch| batch.num_rows() > 0) {
        Some(batch) => Ok(ArrayFormatter::try_new(batch.column(0), &options)?.value(0).to_string()),
        None => Ok("no row".to_owned()),
    }
}

/// All that are not as expected, so that one run shows them together.
async fn differences<'a>(context: &SessionContext, cases: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (example, expected) in cases {
        let answer = match first(context, &format!("select {example}")).await {
            Ok(answer) => answer,
            Err(error) => error.to_string(),
        };
        if answer != expected {
            wrong.push(format!("{example}\n  is       {answer}\n  expected {expected}"));
        }
    }
    wrong
}

#[tokio::test]
async fn examples_are_true() {
    let (plain, athena) = (context(), speaking_athena(&context()));
    for (context, lists) in [(&plain, FUNCTIONS), (&athena, FUNCTIONS), (&athena, ATHENA_FUNCTIONS)] {
        let cases = lists.iter().copied().flatten().map(|function| (function.example, function.result));
        let wrong = differences(context, cases).await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn every_name_can_be_called() {
    let context = speaking_athena(&context());
    let state = context.state();
    let mut names = HashSet::new();
    for function in [FUNCTIONS, ATHENA_FUNCTIONS].into_iter().flatten().copied().flatten() {
        let name = function.name;
        assert!(names.insert(name), "{name} is there twice");
        assert!(function.usage.starts_with(name), "{name} is used by its name");
        assert!(!function.about.is_empty() && function.example.contains(name), "{name} has an example");
        let known = state.scalar_functions().contains_key(name) || state.aggregate_functions().contains_key(name);
        assert!(known, "{name} is registered");
    }
}

#[tokio::test]
async fn what_examples_do_not_show() {
    let cases = [
        // Null in, null out; nothing in a row can make a question fail.
        ("json_extract_scalar(null, '$.a')", "null"),
        ("json_extract_scalar('{\"a\":', '$.a')", "null"),
        ("json_extract_scalar('{\"a\":12345678901234567890123}', '$.a')", "12345678901234567890123"),
        ("json_extract_scalar('{\"a\":{\"b\":1}}', '$.a')", "null"),
        ("json_extract_scalar(cast(null as varchar), '$.a')", "null"),
        ("json_extract('{\"a\": {\"b\": \"x y\"}}', '$.a')", "{\"b\":\"x y\"}"),
        ("json_parse('no')", "null"),
        ("element_at('{\"a\":null}', 'a')", "null"),
        ("element_at('{\"a\":{\"b\":[1]}}', 'a')", "{\"b\":[1]}"),
        ("element_at('no', 'a')", "null"),
        ("element_at(split('a,b', ','), -1)", "b"),
        ("element_at(split('a,b', ','), 3)", "null"),
        ("element_at(split_to_map('a=1', ',', '='), 'a')", "1"),
        ("element_at(split_to_map('a=1', ',', '='), 'b')", "null"),
        ("element_at(map([1, 2], ['a', 'b']), 2)", "b"),
        ("cardinality('{\"a\":1}')", "1"),
        ("cardinality(split_to_map('a=1', ',', '='))", "1"),
        ("map_keys(split_to_map('a=1', ',', '='))", "[a]"),
        ("contains(split('a,b', ','), 'b')", "true"),
        ("contains('10.0.0.0/8', 'AWS Internal')", "false"),
        ("concat('a', 1, 'b')", "a1b"),
        ("concat(split('a', ','), split('b', ','))", "[a, b]"),
        ("cardinality(filter(split('a,b', ','), x -> x = 'a'))", "1"),
        ("transform(split('a,b', ','), x -> upper(x))", "[A, B]"),
        ("any_match(split('a,b', ','), x -> x = 'b')", "true"),
        ("substring('abcdef' from -2)", "ef"),
        ("position('c' in 'abc')", "3"),
        ("regexp_extract('abc', 'x')", "null"),
        ("regexp_replace('a1b2', '[0-9]')", "ab"),
        ("greatest('a', 'c', 'b')", "c"),
        ("greatest(1, null)", "null"),
        ("greatest(1, 2.5)", "2.5"),
        ("mod(5.5, 2)", "1.5"),
        ("typeof(split('a', ','))", "array(varchar)"),
        ("date_parse('never', '%Y-%m-%d')", "null"),
        ("date_parse(timestamp '2026-04-09 00:00:00', '%Y')", "2026-04-09T00:00:00Z"),
        ("date_add('hour', -1, timestamp '2026-04-09 00:00:00')", "2026-04-08T23:00:00"),
        ("date_add('day', 1, '2026-04-09T00:00:00Z')", "2026-04-10T00:00:00Z"),
        ("date_diff('day', timestamp '2026-04-09 23:00:00', timestamp '2026-04-10 01:00:00')", "0"),
        ("date_diff('hour', '2026-04-09T00:00:00Z', '2026-04-08T22:30:00Z')", "-1"),
        ("hour(at_timezone(from_iso8601_timestamp('2026-04-09T14:11:12Z'), 'America/New_York'))", "10"),
        ("to_iso8601(at_timezone(from_unixtime(0), 'Asia/Kolkata'))", "1970-01-01T05:30:00.000+05:30"),
        ("date_format(from_unixtime(0), '%Y-%m-%d %H:%i:%s')", "1970-01-01 00:00:00"),
        ("from_unixtime(1e300)", "null"),
        ("url_extract_parameter('https://example.com/?a', 'b')", "null"),
        ("count_if(false)", "0"),
        ("(select max_by(x, y) from (values ('a', 1)) as t(x, y) where y > 1)", "null"),
        (
            "(select min(k) from (select max_by(x, y) as k from (values ('a', 1, 1), ('b', 2, 1)) as t(x, y, z) \
             group by z) as u)",
            "b",
        ),
        ("within('2026-04-09T00:00:00Z', null, 5)", "null"),
        ("key_account('AKIAIOSFODNN7EXAMPLE')", "null"),
    ];
    let wrong = differences(&speaking_athena(&context()), cases).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is written wrong in the question itself says so.
#[tokio::test]
async fn mistakes_of_the_question_are_told() {
    let context = speaking_athena(&context());
    for sql in [
        "select regexp_like('a', '(')",
        "select json_extract('{}', '$.a..b')",
        "select date_format(timestamp '2026-04-09 00:00:00', '%D')",
        "select date_diff('fortnight', date '2026-04-09', date '2026-04-09')",
        "select regexp_extract('a', 'a', 1)",
        "select split('a')",
        "select year(1, 2)",
    ] {
        assert!(first(&context, sql).await.is_err(), "{sql}");
    }
}

/// Columns, of every type that text can have, and batches in which there is nothing.
#[tokio::test]
async fn columns_of_every_type_of_text() {
    let context = speaking_athena(&context());
    for text in ["Utf8", "Utf8View", "LargeUtf8", "Dictionary(Int32, Utf8)"] {
        let rows =
            format!("(select arrow_cast(x, '{text}') as x from (values ('{{\"a\":\"1\"}}'), (null)) as t(x)) as u");
        for (what, expected) in [
            ("max(json_extract_scalar(x, '$.a'))", "1"),
            ("max(element_at(x, 'a'))", "1"),
            ("count(regexp_extract(x, '[0-9]'))", "1"),
            ("count(url_encode(x))", "1"),
        ] {
            let answer =
                first(&context, &format!("select {what} from {rows}")).await.map_err(|error| error.to_string());
            assert_eq!(answer.as_deref(), Ok(expected), "{what} of {text}");
        }
        let none = first(&context, &format!("select json_extract_scalar(x, '$.a') from {rows} where false")).await;
        assert_eq!(none.map_err(|error| error.to_string()).as_deref(), Ok("no row"), "{text}");
    }
}
