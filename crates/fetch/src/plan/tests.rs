//! Plans over buckets of many layouts.

#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

#[test]
fn keys_are_chosen_by_what_they_tell() {
    let wanted = Wanted {
        sources: vec![Source::named("cloudtrail").unwrap()],
        accounts: vec!["111122223333".to_owned()],
        regions: vec!["us-east-1".to_owned()],
        from: Some(at("2026-03-01T12:00:00Z")),
        to: Some(at("2026-03-02T00:00:00Z")),
    };
    let key = |service: &str, account: &str, day: &str| {
        format!(
            "AWSLogs/{account}/{service}/us-east-1/2026/03/{day}/{account}_{service}_us-east-1_202603{day}T0005Z_x.json.gz"
        )
    };
    assert!(wanted.wants(&key("CloudTrail", "111122223333", "01")));
    assert!(wanted.wants(&key("CloudTrail-Digest", "111122223333", "03")), "late ones");
    assert!(!wanted.wants(&key("CloudTrail", "111122223333", "04")));
    assert!(!wanted.wants(&key("CloudTrail", "444455556666", "01")));
    assert!(!wanted.wants(&key("Config", "111122223333", "01")));
    assert!(wanted.wants(&key("CloudTrail", "111122223333", "01").replace("AWSLogs/", "AWSLogs/team/")));
    let logs = Wanted { sources: vec![Source::named("s3_access").unwrap()], ..Wanted::default() };
    assert!(logs.wants("access/2026-03-01-00-10-22-0123456789ABCDEF"));
    assert!(!logs.wants("readme.txt"));
    // Logs of a database lie where their owner has put them, under any name.
    let database = Wanted::new(&["rds_audit".to_owned()], &[], &[], None, None).unwrap();
    assert!(database.wants("db-1/audit/server_audit.log") && database.wants("db-1/2026-03-01-00-10-22-audit.gz"));
    assert!(!database.wants(&key("CloudTrail", "111122223333", "01")));
}

/// A bucket of these keys.
struct Keys(Vec<String>);

impl Folders for Keys {
    async fn shallow(&self, prefix: &str, _first: bool, _versions: bool) -> Result<Page> {
        let mut page = Page::default();
        for key in self.0.iter().filter(|key| key.starts_with(prefix)) {
            match key[prefix.len()..].find('/') {
                Some(at) => page.folders.push(key[..prefix.len() + at + 1].to_owned()),
                None => page.objects.push(Listed { key: key.clone(), ..Listed::default() }),
            }
        }
        page.folders.dedup();
        Ok(page)
    }
}

/// The keys that a fetch with these wishes takes.
fn fetched(keys: &[String], wanted: &Wanted, prefix: &str) -> (Vec<String>, Plan) {
    let mut keys = keys.to_vec();
    keys.sort();
    let bucket = Keys(keys.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let plan = runtime.block_on(plan(&bucket, wanted, prefix, false)).unwrap();
    let mut found: Vec<String> = plan.found.iter().map(|listed| listed.key.clone()).collect();
    for query in &plan.queries {
        let start = query.start_after.clone().unwrap_or_default();
        found.extend(keys.iter().filter(|key| key.starts_with(&query.prefix) && **key > start).cloned());
    }
    found.sort();
    let all = found.len();
    found.dedup();
    assert_eq!(found.len(), all, "nothing is listed twice: {plan:?}");
    found.retain(|key| wanted.wants(key));
    (found, plan)
}

const NAME: &str = "111122223333_CloudTrail_us-east-1_20260301T1005Z_abcdefgh12345678.json.gz";

#[test]
fn every_layout_is_found_with_every_wish() {
    let day = "2026/03/01";
    let layouts = [
        format!("AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("p/q/AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("a/b/c/d/AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("AWSLogs/payments-team/111122223333/CloudTrail/us-east-1/{day}"),
        format!("AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-east-1/{day}"),
        format!("AWSLogs/o-exampleorg1/eu/payments/111122223333/CloudTrail/us-east-1/{day}"),
        format!("AWSLogs/x/y/z/a/b/c/111122223333/CloudTrail/us-east-1/{day}"),
        format!("o-exampleorg1/AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("o-exampleorg1/AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-east-1/{day}"),
        format!("999999999999/AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("eu-west-1/AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("2019/AWSLogs/111122223333/CloudTrail/us-east-1/{day}"),
        format!("AWSLogs//111122223333/CloudTrail/us-east-1/{day}"),
        format!("/AWSLogs/111122223333//CloudTrail//us-east-1/{day}"),
        format!("AWSLogs/111122223333/copy/CloudTrail/us-east-1/{day}"),
        format!("AWSLogs/111122223333/CloudTrail/archive/us-east-1/{day}"),
        "AWSLogs/111122223333/CloudTrail/us-east-1".to_owned(),
        "AWSLogs/111122223333/CloudTrail/us-east-1/march".to_owned(),
        "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03".to_owned(),
        "AWSLogs/111122223333/CloudTrail/us-east-1/year=2026/month=03/day=01".to_owned(),
        "AWSLogs/aws-account-id=111122223333/aws-service=CloudTrail/aws-region=us-east-1/year=2026/month=03/day=01"
            .to_owned(),
        "flat".to_owned(),
    ];
    for layout in layouts {
        let key = format!("{layout}/{NAME}");
        // Others beside it, so that there is something to choose from.
        let mut keys = vec![key.clone()];
        keys.extend([
            key.replace("111122223333", "444455556666"),
            key.replace("us-east-1", "eu-west-1"),
            key.replace("CloudTrail", "Config"),
            key.replace("20260301", "20250301").replace("2026", "2025"),
        ]);
        keys.sort();
        keys.dedup();
        for wish in 0..16 {
            let asked = |bit: i32, text: &str| if wish & bit != 0 { vec![text.to_owned()] } else { Vec::new() };
            let (from, to) = (at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z"));
            for (from, to) in [(Some(from), Some(to)), (Some(from), None), (None, Some(to))] {
                let time = wish & 8 != 0;
                let (from, to) = (from.filter(|_| time), to.filter(|_| time));
                let wanted =
                    Wanted::new(&asked(1, "cloudtrail"), &asked(2, "111122223333"), &asked(4, "us-east-1"), from, to)
                        .unwrap();
                let (found, plan) = fetched(&keys, &wanted, "");
                let expected: Vec<String> = keys.iter().filter(|key| wanted.wants(key)).cloned().collect();
                assert_eq!(found, expected, "{layout} with {wanted:?}: {plan:?}");
                assert!(found.contains(&key), "{layout} with {wanted:?}: {plan:?}");
            }
        }
    }
}

#[test]
fn what_is_left_aside_is_said() {
    let key = |account: &str, service: &str, region: &str, day: &str| {
        format!("AWSLogs/{account}/{service}/{region}/{day}/{NAME}")
    };
    let keys = [
        key("111122223333", "CloudTrail", "us-east-1", "2026/03/01"),
        key("111122223333", "CloudTrail", "us-east-1", "2026/03/09"),
        key("111122223333", "CloudTrail", "us-east-1", "2025/03/01"),
        key("111122223333", "CloudTrail", "eu-west-1", "2026/03/01"),
        key("111122223333", "elasticloadbalancing", "us-east-1", "2026/03/01"),
        key("444455556666", "CloudTrail", "us-east-1", "2026/03/01"),
    ];
    let wanted = Wanted {
        sources: vec![Source::named("cloudtrail").unwrap()],
        accounts: vec!["111122223333".to_owned()],
        regions: vec!["us-east-1".to_owned()],
        from: Some(at("2026-03-01T00:00:00Z")),
        to: Some(at("2026-03-02T00:00:00Z")),
    };
    let (found, plan) = fetched(&keys, &wanted, "");
    assert_eq!(found, keys[..1]);
    let pruned: Vec<(&str, &str)> =
        plan.pruned.iter().map(|pruned| (pruned.prefix.as_str(), pruned.why.as_str())).collect();
    assert_eq!(
        pruned,
        [
            ("AWSLogs/444455556666/", "account 444455556666 is not asked for"),
            ("AWSLogs/111122223333/elasticloadbalancing/", "elasticloadbalancing is not asked for"),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/", "region eu-west-1 is not asked for"),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/2025/", "its days are not asked for"),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/09/", "its days are not asked for"),
        ]
    );
}

/// CloudFront's owners choose the folders; the names tell.
#[test]
fn cloudfront_in_folders_of_its_owner() {
    for layout in [
        "AWSLogs/111122223333/CloudFront",
        "AWSLogs/111122223333/CloudFront/E2EXAMPLE1ABCD/2026/03/01/10",
        "AWSLogs/aws-account-id=111122223333/CloudFront/DistributionId=E2EXAMPLE1ABCD/year=2026/month=03/day=01/hour=10",
        "web/E2EXAMPLE1ABCD",
    ] {
        let key = format!("{layout}/E2EXAMPLE1ABCD.2026-03-01-10.abcd1234.gz");
        let wanted = Wanted::new(
            &["cloudfront".to_owned()],
            &[],
            &["us-east-1".to_owned()],
            Some(at("2026-03-01T00:00:00Z")),
            Some(at("2026-03-02T00:00:00Z")),
        );
        let keys = [key.clone(), key.replace("2026", "2025")];
        assert_eq!(fetched(&keys, &wanted.unwrap(), "").0, [key], "{layout}");
    }
}

#[test]
fn every_table_of_events_can_be_asked_for() {
    for (table, event) in tables::events() {
        let source = Source::named(table.name).unwrap();
        for service in event.services {
            assert_eq!(Source::of_service(service), Some(source), "{service}");
        }
    }
    assert!(Source::named("objects").is_err());
    assert_eq!(Source::named("config").unwrap(), Source::named("config_items").unwrap());
    assert_ne!(Source::named("config").unwrap(), Source::named("cloudtrail").unwrap());
}
