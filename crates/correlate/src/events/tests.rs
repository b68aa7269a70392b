//! Who it was, in the language of CloudTrail: rows of one log, and the sessions that they make.

use super::*;

/// A row of which nothing is known but when and where from.
fn row(time: i64, ip: &'static str) -> Row<'static> {
    Row {
        time: time * 1_000_000,
        object: "log",
        record: time,
        account: Some("111122223333"),
        region: Some("us-east-1"),
        error_class: "success",
        is_write: false,
        session_id: None,
        kind: Some("IAMUser"),
        principal: None,
        arn: None,
        principal_account: Some("111122223333"),
        key: None,
        user: None,
        invoked_by: None,
        person: None,
        store: None,
        credential: None,
        of_instance: false,
        issued: None,
        mfa: None,
        issuer: None,
        source_identity: None,
        source: "sts.amazonaws.com",
        name: "GetCallerIdentity",
        ip: Some(ip).filter(|ip| !ip.is_empty()),
        agent: None,
        event_id: None,
        shared: None,
        event_type: None,
        console: false,
    }
}

/// The rows give these sessions: id, part, actor, kind of actor, is the chain complete, how many events.
#[track_caller]
fn check(rows: &[Row<'_>], expected: &[&str]) -> Vec<Option<String>> {
    let (mut names, mut sessions, grants) = (Names::default(), Sessions::default(), Grants::default());
    for row in rows {
        sessions.add(&mut names, row, 0);
    }
    let chains = Chains::new(&grants, &sessions, &mut names);
    let told = sessions.told(&names, &chains);
    let lines: Vec<&str> = told.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines, expected);
    told.into_iter().map(|(_, caveat)| caveat).collect()
}

#[test]
fn people_of_identity_center() {
    let person = |time, who: &'static str, ip| Row {
        kind: Some("IdentityCenterUser"),
        person: Some(who).filter(|who| !who.is_empty()),
        credential: Some("c-1"),
        ..row(time, ip)
    };
    let rows =
        [person(1, "aaaa", "198.51.100.10"), person(2, "bbbb", "203.0.113.9"), person(3, "aaaa", "198.51.100.11")];
    let caveats = check(
        &rows,
        &[
            "111122223333/aaaa 1 aaaa identity center user true 2",
            "111122223333/bbbb 1 bbbb identity center user true 1",
        ],
    );
    assert_eq!(caveats, [None, None]);
    // A credential is one sign-in, though not a person.
    check(&[person(1, "", "198.51.100.10")], &["111122223333/c-1 1 c-1 identity center user false 1"]);
    // Two stores may give the same id to two people.
    let stores = ["arn:aws:identitystore::1:identitystore/d-1", "arn:aws:identitystore::1:identitystore/d-2"];
    let [one, two] = stores.map(|store| Row { store: Some(store), ..person(1, "aaaa", "198.51.100.10") });
    check(
        &[one, two],
        &[
            "111122223333/aaaa 1 aaaa identity center user true 1",
            "111122223333/aaaa 2 aaaa identity center user true 1",
        ],
    );
}

#[test]
fn nobody_known_is_not_one_person() {
    let hidden = |time, ip| Row { user: Some("HIDDEN_DUE_TO_SECURITY_REASONS"), ..row(time, ip) };
    let caveats = check(
        &[hidden(1, "192.0.2.3"), hidden(2, "192.0.2.4"), hidden(3, "192.0.2.3"), hidden(4, ""), hidden(5, "")],
        &[
            "111122223333/from 192.0.2.3 1 - unknown false 2",
            "111122223333/from 192.0.2.4 1 - unknown false 1",
            "111122223333/event log#4 1 - unknown false 1",
            "111122223333/event log#5 1 - unknown false 1",
        ],
    );
    assert!(caveats.iter().all(Option::is_some), "{caveats:?}");
    let anonymous = |ip| Row {
        kind: Some("AWSAccount"),
        principal_account: Some("anonymous"),
        session_id: Some("anonymous/"),
        principal: Some(""),
        ..row(1, ip)
    };
    let caveats = check(
        &[anonymous("192.0.2.3"), anonymous("192.0.2.4")],
        &["anonymous/ 1 anonymous account false 1", "anonymous/ 2 anonymous account false 1"],
    );
    assert!(caveats.iter().all(Option::is_some), "{caveats:?}");
}

#[test]
fn a_key_under_two_principals_is_two_sessions() {
    let key = |principal: &'static str, arn: &'static str| Row {
        session_id: Some("AKIAEXAMPLE"),
        key: Some("AKIAEXAMPLE"),
        principal: Some(principal).filter(|text| !text.is_empty()),
        arn: Some(arn).filter(|text| !text.is_empty()),
        ..row(1, "192.0.2.3")
    };
    let (alice, bob) = ("arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/bob");
    let caveats = check(
        &[key("AIDA1", alice), key("", ""), key("AIDA2", bob), key("AIDA1", alice)],
        &[
            "AKIAEXAMPLE 0 arn:aws:iam::111122223333:user/alice user false 3",
            "AKIAEXAMPLE 1 arn:aws:iam::111122223333:user/bob user false 1",
        ],
    );
    assert!(caveats.iter().flatten().all(|caveat| caveat.contains("several principal ids")), "{caveats:?}");
    // A renamed user keeps its id.
    let caveats = check(
        &[key("AIDA1", alice), key("AIDA1", bob)],
        &["AKIAEXAMPLE 0 arn:aws:iam::111122223333:user/alice user true 2"],
    );
    assert_eq!(caveats, [None]);
}

#[test]
fn only_aws_says_that_it_is_an_instance() {
    let session = |region: &'static str, arn: &'static str, of_instance| Row {
        kind: Some("AssumedRole"),
        session_id: Some("ASIAEXAMPLE"),
        key: Some("ASIAEXAMPLE"),
        principal: Some("AROA1:i-0123456789abcdef0"),
        arn: Some(arn),
        region: Some(region),
        of_instance,
        ..row(1, "192.0.2.3")
    };
    let own = "arn:aws:sts::111122223333:assumed-role/r/i-0123456789abcdef0";
    let caveats = check(
        &[session("us-east-1", own, false)],
        &["ASIAEXAMPLE 0 arn:aws:sts::111122223333:assumed-role/r/i-0123456789abcdef0 says it is an instance false 1"],
    );
    assert!(caveats.iter().flatten().any(|caveat| caveat.starts_with("says it is")), "{caveats:?}");
    for (region, partition) in [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")] {
        let arn = format!("arn:{partition}:sts::111122223333:assumed-role/r/i-0123456789abcdef0").leak();
        let expected = format!(
            "ASIAEXAMPLE 0 arn:{partition}:ec2:{region}:111122223333:instance/i-0123456789abcdef0 instance true 1"
        );
        check(&[session(region, arn, true)], &[&expected]);
    }
}
