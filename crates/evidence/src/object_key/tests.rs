//! Real keys, and keys as they come out of the hands of analysts.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[derive(Default)]
struct Expected {
    account: &'static str,
    region: &'static str,
    service: &'static str,
    time: &'static str,
    distribution: &'static str,
    bucket: &'static str,
}

#[track_caller]
fn check(key: &str, expected: Expected) {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let found = ObjectKey::parse(key);
    let time = found.delivery_time.map(|micros| jiff::Timestamp::from_microsecond(micros).unwrap().to_string());
    assert_eq!(time, some(expected.time), "{key}");
    assert_eq!(found.account, some(expected.account), "{key}");
    assert_eq!(found.region, some(expected.region), "{key}");
    assert_eq!(found.service, some(expected.service), "{key}");
    assert_eq!(found.distribution, some(expected.distribution), "{key}");
    assert_eq!(found.bucket, some(expected.bucket), "{key}");
}

#[test]
fn cloudtrail() {
    let expected = || Expected {
        account: "011122223333",
        region: "us-east-1",
        service: "CloudTrail",
        time: "2023-07-10T12:15:00Z",
        ..Expected::default()
    };
    let name = "011122223333_CloudTrail_us-east-1_20230710T1215Z_Z8x5aqgtcXn5NEG9.json.gz";
    for folder in [
        "AWSLogs/011122223333/CloudTrail/us-east-1/2023/07/10",
        "prefix/AWSLogs/o-abc1234567/011122223333/CloudTrail/us-east-1/2023/07/10",
        "AWSLogs/999999999999/x/AWSLogs/011122223333/CloudTrail/us-east-1/2023/07/10",
        "case.zip!/AWSLogs/011122223333/CloudTrail/us-east-1/2023/07/10",
        "copied/flat",
        "AWSLogs/aws-account-id=011122223333/aws-service=CloudTrail/aws-region=us-east-1/year=2023/month=07/day=10",
        "AWSLogs/payments-team/011122223333/CloudTrail/us-east-1/2023/07/10",
        "o-abc1234567/AWSLogs/o-abc1234567/eu/payments/011122223333/CloudTrail/us-east-1/2023/07/10",
        "logs//AWSLogs//011122223333/CloudTrail/us-east-1/2023/07/10",
        "AWSLogs/011122223333/copy/CloudTrail/us-east-1/2023/07/10",
        r"C:\logs\AWSLogs\011122223333\CloudTrail\us-east-1\2023\07\10",
    ] {
        check(&format!("{folder}/{name}"), expected());
    }
    check(name, expected());
    check("011122223333_CloudTrail_us-east-1-20230710T1215.json", expected());
    let midnight = Expected { time: "2023-07-10T00:00:00Z", ..expected() };
    check("AWSLogs/011122223333/CloudTrail/us-east-1/2023/07/10/renamed.json", midnight);
    let digest = "AWSLogs/218007301253/CloudTrail-Digest/eu-west-1/2023/07/10/\
                  218007301253_CloudTrail-Digest_eu-west-1_lab-trail_us-east-1_20230710T143207Z.json.gz";
    let expected = Expected {
        account: "218007301253",
        region: "eu-west-1",
        service: "CloudTrail-Digest",
        time: "2023-07-10T14:32:07Z",
        ..Expected::default()
    };
    check(digest, expected);
}

#[test]
fn config() {
    let expected =
        |region, time| Expected { account: "123456789012", region, service: "Config", time, ..Expected::default() };
    let folder = "o-abc1234567/AWSLogs/123456789012/Config/us-east-2/2016/9/27";
    for kind in ["AWS::EC2::Instance", "AWS%3A%3AEC2%3A%3AInstance", "AWS__EC2__Instance"] {
        let name =
            format!("123456789012_Config_us-east-2_ConfigHistory_{kind}_20160927T195818Z_20160928T014818Z_1.json.gz");
        check(&format!("{folder}/ConfigHistory/{name}"), expected("us-east-2", "2016-09-28T01:48:18Z"));
        check(&name, expected("us-east-2", "2016-09-28T01:48:18Z"));
    }
    check(&format!("{folder}/ConfigSnapshot/x.json.gz"), expected("us-east-2", "2016-09-27T00:00:00Z"));
    let oversized = "AWSLogs/123456789012/Config/global/2023/10/1/OversizedChangeNotification/AWS::IAM::Role/AROAEXAMPLE/\
                     123456789012_Config_global_ChangeNotification_AWS::IAM::Role_AROAEXAMPLE_20231010T203453Z_1696970093120.json.gz";
    check(oversized, expected("global", "2023-10-10T20:34:53Z"));
    check("AWSLogs/123456789012/Config/ConfigWritabilityCheckFile", expected("", ""));
}

#[test]
fn network_firewall() {
    let name = "011122223333_network-firewall_flow_eu-west-1_edge_202307101215_0a1b2c3d.log.gz";
    check(
        &format!("logs/AWSLogs/011122223333/network-firewall/flow/eu-west-1/edge/2023/07/10/12/{name}"),
        Expected {
            account: "011122223333",
            region: "eu-west-1",
            service: "network-firewall",
            time: "2023-07-10T12:00:00Z",
            ..Expected::default()
        },
    );
}

#[test]
fn s3_access() {
    let time = "2023-11-28T10:05:59Z";
    check("logs/2023-11-28-10-05-59-0123456789ABCDEF", Expected { time, ..Expected::default() });
    check("logs2023-11-28-10-05-59-0123456789ABCDEF", Expected { time, ..Expected::default() });
    check("logs/2023-11-28-10-05-59-0123456789ABCDEF.gz", Expected { time, ..Expected::default() });
    let partitioned = || Expected {
        account: "123456789012",
        region: "us-west-2",
        bucket: "amzn-s3.demo-bucket",
        time,
        ..Expected::default()
    };
    for prefix in ["", "p/", "glued", "AWSLogs/"] {
        let folders = format!("{prefix}123456789012/us-west-2/amzn-s3.demo-bucket/2023/11/28");
        check(&format!("{folders}/2023-11-28-10-05-59-0123456789ABCDEF"), partitioned());
    }
    let firehose = "stream-1-2023-11-28-10-05-59-6f2a0b3e-5a0c-4a43-8ed2-0a0b0c0d0e0f.gz";
    check(firehose, Expected { time, ..Expected::default() });
}

#[test]
fn cloudfront() {
    let expected = || Expected { distribution: "E123ABCDEF456", time: "2019-12-04T21:00:00Z", ..Expected::default() };
    check("cf/E123ABCDEF456.2019-12-04-21.d111111a.gz", expected());
    check("E123ABCDEF456.2019-12-04-21.RT4KCN4SGK9.gz", expected());
    let v2 = Expected { account: "123456789012", service: "CloudFront", ..expected() };
    check(
        "AWSLogs/aws-account-id=123456789012/CloudFront/DistributionId=E123ABCDEF456/year=2019/month=12/day=04/hour=21/part.parquet",
        v2,
    );
    let v2 = Expected { account: "123456789012", service: "CloudFront", ..expected() };
    check("AWSLogs/123456789012/CloudFront/E123ABCDEF456.2019-12-04-21.d111111a.parquet", v2);
}

#[test]
fn nothing_is_invented_and_nothing_panics() {
    for key in [
        "",
        "/",
        "a",
        "AWSLogs",
        "AWSLogs/",
        "AWSLogs/12/CloudTrail/x",
        "notes.txt",
        "9999-99-99-99-99-99-0123456789ABCDEF",
    ] {
        let service_only = ObjectKey::parse(key);
        assert_eq!((service_only.account, service_only.delivery_time), (None, None), "{key}");
    }
    let seed = "AWSLogs/é12/ÿT2023/20230710T1215Zé_o-_%ff%C3_::=E.2019-12-04-21.";
    for start in (0..=seed.len()).filter(|&i| seed.is_char_boundary(i)) {
        for end in (start..=seed.len()).filter(|&i| seed.is_char_boundary(i)) {
            ObjectKey::parse(&seed[start..end]);
        }
    }
}
