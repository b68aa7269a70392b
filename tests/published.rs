//! SQL as it is published for Athena, CloudTrail Lake and AWS Config, through the real binary over the sample.

use serde_json::{Value, json};

use crate::support::{run, sample_case};

fn rows(sql: &str) -> Vec<Value> {
    run(sample_case(), &["sql", sql, "--json"]).expect(0).rows()
}

/// What AWS's tables would give for the same files; the counts were found without this program, by a script over them.
#[test]
fn answers_are_those_of_aws_tables() {
    for (sql, expected) in [
        ("SELECT count(*) AS n FROM cloudtrail_logs WHERE resources IS NOT NULL", json!([{"n": 1761}])),
        ("SELECT count(*) AS n FROM \"default\".\"cloudtrail_logs\" WHERE tlsDetails IS NULL", json!([{"n": 623}])),
        (
            "SELECT count(*) AS n FROM cloudtrail_logs WHERE useridentity.sessioncontext.sessionissuer IS NOT NULL",
            json!([{"n": 4707}]),
        ),
        ("SELECT count(*) AS n FROM s3_access_logs_db.mybucket_logs WHERE errorcode = '-'", json!([{"n": 472}])),
        (
            "SELECT count(*) AS n, sum(sc_bytes) AS bytes FROM cloudfront_standard_logs",
            json!([{"n": 383, "bytes": 49_406_235}]),
        ),
        (
            "SELECT resourceId, configuration.instanceType, configuration.state.name \
             WHERE resourceType = 'AWS::EC2::Instance'",
            json!([{"resourceid": "i-0a1b2c3d4000000a1", "instancetype": "t3.medium", "name": "running"}]),
        ),
        (
            "SELECT DISTINCT eventname, r.arn FROM cloudtrail_logs CROSS JOIN UNNEST(resources) AS t(r) \
             WHERE r.type = 'AWS::S3::Bucket' AND eventname = 'PutBucketPolicy'",
            json!([{"eventname": "PutBucketPolicy", "arn": "arn:aws:s3:::acme-customer-exports"}]),
        ),
        (
            "SELECT element_at(requestParameters, 'bucketName') AS bucket, count(*) AS n \
             FROM a1b2c3d4-5678-90ab-cdef-111111111111 WHERE eventSource = 's3.amazonaws.com' \
             GROUP BY 1 ORDER BY n DESC LIMIT 1",
            json!([{"bucket": "acme-customer-exports", "n": 201}]),
        ),
        (
            "SELECT date_format(from_iso8601_timestamp(eventtime), '%Y-%m-%d %H:00') AS hour, count(*) AS n \
             FROM cloudtrail_logs WHERE year = '2026' AND month = '04' AND day = '09' GROUP BY 1 ORDER BY n DESC LIMIT 1",
            json!([{"hour": "2026-04-09 01:00", "n": 95}]),
        ),
        (
            "SELECT key, count(*) AS n FROM s3_access_logs WHERE parse_datetime(requestdatetime, \
             'dd/MMM/yyyy:HH:mm:ss Z') BETWEEN timestamp '2026-04-10 04:00:00' AND timestamp '2026-04-10 08:00:00' \
             AND operation = 'REST.GET.OBJECT' GROUP BY key ORDER BY n DESC, key LIMIT 1",
            json!([{"key": "exports/2026/03/customers-0001.csv.gz", "n": 3}]),
        ),
    ] {
        assert_eq!(Value::Array(rows(sql)), expected, "{sql}");
    }
}

#[test]
fn what_a_table_does_not_show_is_said() {
    let sql = "select count(*) as n from cloudfront_logs";
    let ran = run(sample_case(), &["sql", sql]).expect(0);
    assert!(ran.stderr.contains("does not show 36 rows of `cloudfront`"), "{}", ran.stderr);
    // A case ends before the present: what asks for the last days finds nothing.
    let sql =
        "select count(*) as n from cloudtrail_logs where from_iso8601_timestamp(eventtime) > now() - interval '7' day";
    let ran = run(sample_case(), &["sql", sql]).expect(0);
    assert!(ran.stderr.contains("the last row here is of 2026-"), "{}", ran.stderr);
    let ran = run(sample_case(), &["sql", "select count(*) as n from cloudtrail_logs", "--json"]).expect(0);
    assert!(!ran.stderr.contains("does not show"), "{}", ran.stderr);
}

#[test]
fn a_name_of_ones_own_means_a_table() {
    let alias = ["sql", "select count(*) as n from my_trail", "--table-alias", "my_trail=cloudtrail_logs", "--json"];
    assert_eq!(run(sample_case(), &alias).expect(0).rows(), [json!({"n": 7222})]);
    let unknown = run(sample_case(), &["sql", "select 1", "--table-alias", "a=cloudtrial"]).expect(2);
    assert!(unknown.stderr.contains("did you mean `cloudtrail`"), "{}", unknown.stderr);
    run(sample_case(), &["sql", "select 1", "--table-alias", "a"]).expect(2);
}

/// The same statement, in either dialect.
#[test]
fn dialects_differ_where_they_are_said_to() {
    let sql = "select concat('a', null) as a, substr('abcdef', -3) as b, regexp_replace('a1b2', '[0-9]', '#') as c";
    assert_eq!(rows(sql), [json!({"a": null, "b": "def", "c": "a#b#"})]);
    let ran = run(sample_case(), &["sql", "--dialect", "datafusion", sql, "--json"]).expect(0);
    assert_eq!(ran.rows(), [json!({"a": "a", "b": "abcdef", "c": "a#b2"})]);
}

/// What is wrong is named, and its place marked.
#[test]
fn errors_show_their_place() {
    for (sql, parts) in [
        (
            "select eventname,\n  useridentity.arnn from cloudtrail_logs",
            ["unknown column `useridentity.arnn`", "line 2:   useridentity.arnn", "did you mean `useridentity.arn`"],
        ),
        ("select evntname from cloudtrail_logs", ["unknown column `evntname`", "line 1: select", "`eventname`"]),
        (
            "select jsonextract(requestparameters, '$.a') from cloudtrail_logs",
            ["unknown function `jsonextract`", "^", "did you mean `json_extract`"],
        ),
        ("select * from nothing_like_it", ["unknown table `nothing_like_it`", "^", "coldtrail tables"]),
        ("selct 1", ["Expected: an SQL statement", "line 1: selct 1", "^"]),
    ] {
        let ran = run(sample_case(), &["sql", sql]).expect(2);
        for part in parts {
            assert!(ran.stderr.contains(part), "{sql}: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("bug in DataFusion"), "{}", ran.stderr);
    }
}
