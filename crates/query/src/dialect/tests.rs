//! Statements as published ones are written, over a small table of events and one of AWS Config.

#![allow(clippy::unwrap_used, reason = "tests")]

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;

use super::{Dialect, Unknown};

/// Three events, as `cloudtrail_logs` has them, and three resources.
const TABLES: &[(&str, &str)] = &[
    (
        "cloudtrail_logs",
        r#"select column1 as eventname, column2 as readonly, column3 as errorcode, column4 as requestparameters,
            named_struct('arn', column5, 'sessioncontext', named_struct('mfa', column6)) as useridentity,
            make_array(column1, column5) as resources, arrow_cast(column7, 'Timestamp(Microsecond, Some("UTC"))') as eventtime
        from (values
            ('GetObject', true, null, '{"bucketName":"b1","key":"k","tags":[{"Key":"a"},{"Key":"b"}]}', 'arn:1', 'true', '2026-04-09T01:00:00Z'),
            ('PutObject', false, 'AccessDenied', '{"bucketName":"b2"}', 'arn:2', null, '2026-04-09T10:30:00Z'),
            ('ListUsers', true, 'Throttling', null, 'arn:1', 'false', '2026-04-10T00:00:00Z'))"#,
    ),
    ("event_data_store", "select * from cloudtrail_logs"),
    (
        "config_current",
        r#"select column1 as resourceid, column2 as resourcetype, column3 as configuration from (values
            ('i-1', 'AWS::EC2::Instance', '{"instanceType":"t3.micro","securityGroups":[{"groupId":"sg-1"},{"groupId":"sg-2"}],"cores":2}'),
            ('i-2', 'AWS::EC2::Instance', '{"instanceType":"m5.large","securityGroups":[{"groupId":"sg-3"}],"cores":16}'),
            ('b-1', 'AWS::S3::Bucket', '{"name":"b-1"}'))"#,
    ),
];

struct Asked {
    runtime: Runtime,
    context: SessionContext,
    names: Vec<String>,
}

impl Asked {
    fn new() -> Asked {
        let runtime = Runtime::new().unwrap();
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        for (name, sql) in TABLES {
            let plan = runtime.block_on(context.sql(sql)).unwrap();
            context.register_table(*name, plan.into_view()).unwrap();
        }
        Asked { runtime, context, names: TABLES.iter().map(|(name, _)| (*name).to_owned()).collect() }
    }

    /// The headings and the rows, values between `|`; or why there are none.
    fn ask(&self, dialect: &Dialect, sql: &str) -> Result<Vec<String>, String> {
        let unknown = Unknown::default();
        let rows: Result<Vec<RecordBatch>, String> = self.runtime.block_on(async {
            let context = dialect.context(&self.context, &unknown, 1 << 30).map_err(|error| error.to_string())?;
            let plan =
                dialect.plan(&context, &self.context, sql, &self.names).await.map_err(|error| error.to_string())?;
            let frame = context.execute_logical_plan(plan).await.map_err(|error| error.to_string())?;
            frame.collect().await.map_err(|error| error.to_string())
        });
        rows.map(|batches| shown(&batches)).map_err(|error| match unknown.get() {
            Some((name, known)) => format!("{name} is none of {}", known.join(", ")),
            None => error,
        })
    }
}

fn shown(batches: &[RecordBatch]) -> Vec<String> {
    let mut lines = Vec::new();
    for batch in batches {
        if lines.is_empty() {
            let schema = batch.schema();
            let headings: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            lines.push(headings.join("|"));
        }
        let options = FormatOptions::default().with_null("null");
        let cells = |array: &ArrayRef, row| ArrayFormatter::try_new(array, &options).unwrap().value(row).to_string();
        lines.extend(
            (0..batch.num_rows())
                .map(|row| batch.columns().iter().map(|array| cells(array, row)).collect::<Vec<_>>().join("|")),
        );
    }
    lines
}

#[test]
fn published_statements() {
    let asked = Asked::new();
    let dialect = Dialect::Athena { aliases: vec![("mine".to_owned(), "cloudtrail_logs".to_owned())] };
    for (sql, expected) in [
        // Tables by every name.
        ("select count(*) n from default.cloudtrail_logs", "n;3"),
        ("select count(*) n from \"AwsDataCatalog\".\"default\".\"cloudtrail_logs_my_bucket\"", "n;3"),
        ("select count(*) n from a1b2c3d4-5678-90ab-cdef-111111111111", "n;3"),
        ("select count(*) n from a1b2c3d4-5678-90ab-cdef-111111111111 as e, db.mine", "n;9"),
        ("select count(*) n from \"a1b2c3d4-5678-90ab-cdef-111111111111\"", "n;3"),
        ("with mine as (select 1 as x) select * from mine", "x;1"),
        // Headings.
        (
            "select useridentity.arn, count(*) from cloudtrail_logs group by useridentity.arn order by 2 desc, arn limit 1",
            "arn|count(*);arn:1|2",
        ),
        ("select arn from (select useridentity.arn from cloudtrail_logs) order by arn limit 1", "arn;arn:1"),
        ("select eventname, eventname from cloudtrail_logs limit 1", "eventname|eventname_2;GetObject|GetObject"),
        ("select count(*), count(*) from cloudtrail_logs", "count(*)|_col1;3|3"),
        ("select t.eventname from cloudtrail_logs t order by t.eventname limit 1", "eventname;GetObject"),
        ("select \"eventName\" as \"Name\" from cloudtrail_logs limit 1", "name;GetObject"),
        // Text where our columns have types.
        ("select eventname from cloudtrail_logs where readonly = 'false'", "eventname;PutObject"),
        (
            "select eventname from cloudtrail_logs where eventtime > '2026-04-09T10' and eventtime < '2026-04-10'",
            "eventname;PutObject",
        ),
        // Members of JSON text.
        ("select requestParameters.bucketName from cloudtrail_logs order by 1", "bucketname;b1;b2;null"),
        ("select eventname from cloudtrail_logs where requestParameters['bucketName'] = 'b2'", "eventname;PutObject"),
        ("select requestparameters.tags.key from cloudtrail_logs limit 1", "key;[\"a\",\"b\"]"),
        // NULLs come last.
        ("select errorcode from cloudtrail_logs order by errorcode desc", "errorcode;Throttling;AccessDenied;null"),
        ("select errorcode from cloudtrail_logs order by errorcode", "errorcode;AccessDenied;Throttling;null"),
        // Lists of the row itself.
        (
            "select eventname, r from cloudtrail_logs cross join unnest(resources) as t(r) where r like 'arn%' order by 1",
            "eventname|r;GetObject|arn:1;ListUsers|arn:1;PutObject|arn:2",
        ),
        (
            "select r, n from cloudtrail_logs c, unnest(c.resources) with ordinality as t(r, n) order by n desc, r limit 1",
            "r|n;arn:1|2",
        ),
        ("select count(*) n from cloudtrail_logs c left join unnest(c.resources) as t(r) on true", "n;6"),
        // Words that mean something else.
        ("select if(readonly, 'r', 'w') as x from cloudtrail_logs order by 1", "x;r;r;w"),
        ("select if(readonly, 'r') as x, try(1 + 1) as y from cloudtrail_logs order by 1 limit 1", "x|y;r|2"),
        (
            "select cast(1.5 as bigint) a, cast(2.4 as integer) b, cast('7' as bigint) c, cast(3 as bigint) d",
            "a|b|c|d;2|2|7|3",
        ),
        ("select 'a\\_b' like 'a\\_b' as x, 'a\\b' like 'a\\%' as y", "x|y;true|true"),
        ("select cast('[1,\"x\",null]' as array(varchar)) as x", "x;[1, x, null]"),
        ("select cast('[{\"a\":1}]' as array(map(varchar, json))) as x", "x;[{\"a\":1}]"),
        ("select eventname from cloudtrail_logs order by 1 fetch first 1 row only", "eventname;GetObject"),
        ("select count(*) n from cloudtrail_logs tablesample bernoulli (100)", "n;3"),
        ("select `eventname` from cloudtrail_logs limit 1", "eventname;GetObject"),
        // Members of what is no column.
        (
            "select vpcflow.eventname from cloudtrail_logs vpcflow where vpcflow.requestparameters.bucketName = 'b1'",
            "eventname;GetObject",
        ),
        (
            "select cloudtrail_mine.eventname, cloudtrail_mine.useridentity.arn from cloudtrail_mine order by 2, 1 limit 1",
            "eventname|arn;GetObject|arn:1",
        ),
        ("select any_match(array[named_struct('a', 1)], x -> x.a = 1) as x", "x;true"),
        (
            "select array[named_struct('a', 1), named_struct('a', 2)][2].a as x, element_at(array[named_struct('a', 3)], 1).a as y",
            "x|y;2|3",
        ),
        (
            "select v.key from cloudtrail_logs cross join unnest(cast(json_extract(requestparameters, '$.tags') as array(row(key varchar)))) as u(v) order by 1",
            "key;a;b",
        ),
        ("select all_match(array[1, 2], x -> x > 0) as a, none_match(array[1, 2], x -> x > 1) as n", "a|n;true|false"),
        (
            "select listagg(eventname, ',') within group (order by eventname) as x from cloudtrail_logs",
            "x;GetObject,ListUsers,PutObject",
        ),
        (
            "select contains('10.0.0.0/8', IPADDRESS '10.1.2.3') as x, contains('10.0.0.0/8', cast('11.1.2.3' as ipaddress)) as y",
            "x|y;true|false",
        ),
        (
            "select count(*) as n from cloudtrail_logs where resources[1] = 'GetObject' and eventname <> 'ListUsers'",
            "n;1",
        ),
        (
            "select count(*) as n from cloudtrail_logs a where exists (select 1 from cloudtrail_logs b where b.useridentity.arn = a.useridentity.arn and b.eventname <> a.eventname)",
            "n;2",
        ),
        (
            "select count(*) as n from cloudtrail_logs c left join unnest(filter(c.resources, x -> x = 'no')) as t(r) on true",
            "n;3",
        ),
        (
            "with cloudtrail_logs as (select * from default.cloudtrail_logs where readonly) select (select count(*) from cloudtrail_logs) as a, (select count(*) from default.cloudtrail_logs) as b",
            "a|b;2|3",
        ),
        ("select 1 as x where 1 = 1", "x;1"),
        ("select x from (values 1, 2) as t(x) where exists (select 1 where t.x > 1)", "x;2"),
        ("select distinct useridentity.arn from cloudtrail_logs order by useridentity.arn", "arn;arn:1;arn:2"),
        (
            "select t.*, t.eventname from (select eventname from cloudtrail_logs limit 1) t",
            "eventname|eventname_2;GetObject|GetObject",
        ),
        (
            "select d.\"a.b\" as x, d['a.b'] as y, d.a.b as z from (values '{\"a.b\":1,\"a\":{\"b\":2}}') t(d)",
            "x|y|z;1|1|2",
        ),
        (
            "select d.n as x, d.m as y from (values '{\"n\":12345678901234567890123,\"m\":1.10}') t(d)",
            "x|y;12345678901234567890123|1.10",
        ),
        ("select any_match(filter(array[named_struct('a', 1)], x -> x.a = 9), x -> x.a = 1) as x", "x;false"),
        ("select requestparameters.values as x from cloudtrail_logs limit 1", "x;null"),
        // What is cast.
        (
            "select cast(json_extract('{\"a\":\"x\"}', '$.a') as varchar) as x, cast(json_extract('{\"a\":\"5\"}', '$.a') as integer) as y",
            "x|y;x|5",
        ),
        ("select array_max(cast(json_parse('[9,10]') as array(integer))) as x", "x;10"),
        (
            "select cast(timestamp '2026-04-09 01:02:03' as varchar) as x, cast(from_iso8601_timestamp('2026-04-09T01:02:03Z') as varchar) as y",
            "x|y;2026-04-09 01:02:03|2026-04-09 01:02:03.000 UTC",
        ),
        (
            "select substr(cast(eventtime as varchar), 1, 13) as x from cloudtrail_logs order by 1 limit 1",
            "x;2026-04-09 01",
        ),
        (
            "select try(cast('x' as integer)) as x, coalesce(try(1 / 0), 7) as y, try_cast('nope' as ipaddress) as z",
            "x|y|z;null|7|null",
        ),
        ("select r.b from (select cast(row(1, 'x') as row(a integer, b varchar)) as r)", "b;x"),
        // Times.
        ("select timestamp '2026-04-10 02:00:00' - timestamp '2026-04-09 00:00:00' > interval '1' day as x", "x;true"),
        ("select max(eventtime) - min(eventtime) > interval '7' day as x from cloudtrail_logs", "x;false"),
        ("select hour(timestamp '2026-04-09 05:00:00 UTC' at time zone 'America/New_York') as x", "x;1"),
        (
            "select from_iso8601_timestamp('2026-04-09T02:00:00Z') at time zone 'America/New_York' > timestamp '2026-04-09 01:00:00' as x",
            "x;true",
        ),
        ("select extract(dow from date '2026-04-12') as x", "x;7"),
        // Addresses.
        (
            "select cast('10.0.0.9' as ipaddress) between ipaddress '10.0.0.0' and ipaddress '10.0.0.255' as x, ipaddress '10.0.0.9' < ipaddress '10.0.0.10' as y",
            "x|y;true|true",
        ),
        // More of a list, and of a map.
        (
            "select k, v from cloudtrail_logs cross join unnest(cast(json_parse(requestparameters) as map(varchar, json))) as t(k, v) where eventname = 'PutObject'",
            "k|v;bucketName|b2",
        ),
        ("select a, b from unnest(array[row(1, 'x'), row(2, 'y')]) as t(a, b)", "a|b;1|x;2|y"),
        (
            "select a, b, n from unnest(map(array['p', 'q'], array[1, 2])) with ordinality as t(a, b, n)",
            "a|b|n;p|1|1;q|2|2",
        ),
        ("values 1, 2", "column1;1;2"),
        ("select x from (values 'a', 'b') as t(x) order by 1", "x;a;b"),
        ("select 'a#b' like '%##%' escape '#' as x, 'a%b' like 'a!%b' escape '!' as y", "x|y;true|true"),
        ("select eventname like p as x from (select 'a\\b' as eventname, 'a\\b' as p)", "x;true"),
        // AWS Config's advanced queries.
        ("select resourceId where resourceType = 'AWS::S3::Bucket'", "resourceid;b-1"),
        (
            "SELECT configuration.instanceType, count(*) WHERE resourceType = 'AWS::EC2::Instance' GROUP BY configuration.instanceType ORDER BY 1",
            "instancetype|count(*);m5.large|1;t3.micro|1",
        ),
        ("select resourceId where configuration.securityGroups.groupId = 'sg-2'", "resourceid;i-1"),
        ("select resourceId where configuration.securityGroups.groupId in ('sg-9', 'sg-3')", "resourceid;i-2"),
        (
            "select resourceId where configuration.instanceType like 't%' and configuration.cores between 1 and 4",
            "resourceid;i-1",
        ),
        ("select resourceId where configuration.cores > 9", "resourceid;i-2"),
        (
            "select resourceId, configuration.securityGroups.groupId where configuration.cores = 2",
            "resourceid|groupid;i-1|[\"sg-1\",\"sg-2\"]",
        ),
    ] {
        let found = asked.ask(&dialect, sql).map(|lines| lines.join(";"));
        assert_eq!(found.as_deref(), Ok(expected), "{sql}");
    }
}

#[test]
fn a_sample_is_one() {
    let asked = Asked::new();
    let sql = "select count(*) from cloudtrail_logs as c tablesample bernoulli (0)";
    assert_eq!(asked.ask(&Dialect::default(), sql), Ok(vec!["count(*)".to_owned(), "0".to_owned()]));
}

#[test]
fn what_is_not_there_is_said() {
    let asked = Asked::new();
    for (sql, expected) in [
        (
            "select useridentity.arnn from cloudtrail_logs",
            "useridentity.arnn is none of useridentity.arn, useridentity.sessioncontext",
        ),
        ("select eventname.x.y, readonly.x from cloudtrail_logs", "readonly.x is none of readonly"),
        ("select 1; select 2", "one statement"),
        ("select 1 from cloudtrail_logs c left join unnest(c.resources) as t(r) on r = 'x'", "ON TRUE"),
        ("select p from (values ('a#_','a_')) t(p, s) where s like p escape '#'", "escape"),
        ("select * from default.nothing", "nothing"),
        ("select", "Expected"),
        ("select 'open", "Unterminated"),
    ] {
        let error = asked.ask(&Dialect::default(), sql).unwrap_err();
        assert!(error.contains(expected), "{sql}: {error}");
    }
}

/// What is a name or a text of the statement is left alone.
#[test]
fn texts_are_not_read() {
    let asked = Asked::new();
    for (sql, expected) in [
        (
            "select 'FROM a1b2c3d4-5678-90ab-cdef-111111111111 as array(x)' as x",
            "x;FROM a1b2c3d4-5678-90ab-cdef-111111111111 as array(x)",
        ),
        ("select 1 as array, array[1, 2] as x -- from a1b2c3d4-5678-90ab-cdef-111111111111", "array|x;1|[1, 2]"),
        ("select 'E\"x\"' as x", "x;E\"x\""),
    ] {
        let found = asked.ask(&Dialect::default(), sql).map(|lines| lines.join(";"));
        assert_eq!(found.as_deref(), Ok(expected), "{sql}");
    }
}
