//! Changes between documents: shapes of Config, policies, and laws that hold for any document.

use coldtrail_diff::{blame, diff, is_volatile, leaves, policy, same};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Changes as lines: path, before, after.
fn lines(before: &Value, after: &Value) -> Vec<String> {
    let changes = diff("c", before, after);
    assert_eq!(changes.is_empty(), same(before, after), "same and diff agree: {before} {after}");
    let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), Value::to_string);
    changes.iter().map(|c| format!("{} {} {}", c.path, text(&c.before), text(&c.after))).collect()
}

fn check(cases: &[(Value, Value, &[&str])]) {
    for (before, after, expected) in cases {
        assert_eq!(lines(before, after), *expected, "{before} -> {after}");
    }
}

#[test]
fn plain_documents() {
    check(&[
        (json!({"a": 1, "b": null}), json!({"a": 1.0}), &[]),
        (json!({"a": 0}), json!({"a": -0.0}), &[]),
        (json!({"a": 10}), json!({"a": 10.0, "z": null}), &[]),
        (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), &[]),
        (json!({"a": 1}), json!({"a": "1"}), &["c.a 1 \"1\""]),
        (json!({"a": 1.5}), json!({"a": 2}), &["c.a 1.5 2"]),
        (json!(null), json!({"a": 1}), &["c - {\"a\":1}"]),
        (json!({"a": {"b": true}}), json!({"a": {"b": false}, "x": []}), &["c.a.b true false"]),
        (json!({"a": 1, "b": [], "c": {"d": [{}]}, "e": ""}), json!({"a": 1, "b": "{}", "f": [null]}), &[]),
        (json!({"a": []}), json!({"a": false}), &["c.a [] false"]),
        (json!({"command": ["", "a"]}), json!({"command": ["a"]}), &["c.command [\"\",\"a\"] [\"a\"]"]),
        (json!({"a.b": {"x": 1}}), json!({"a.b": {"x": 2}}), &["c[\"a.b\"].x 1 2"]),
        (json!({"aws:x": 1}), json!({"aws:x": 2}), &["c.aws:x 1 2"]),
        (json!({"a": "{\"b\":1}"}), json!({"a": {"b": 1.0}}), &[]),
        (json!({"a": "\"{\\\"b\\\":1}\""}), json!({"a": "{\"b\": 2}"}), &["c.a.b 1 2"]),
        (json!({"a": "%7B%22b%22%3A1%7D"}), json!({"a": {"b": 1}}), &[]),
        (json!({"a": "{"}), json!({"a": "{{"}), &["c.a \"{\" \"{{\""]),
    ]);
}

#[test]
fn lists() {
    check(&[
        (json!({"a": [1, 2, 2]}), json!({"a": [2, 1, 2]}), &[]),
        (json!({"a": [1, 2, 2]}), json!({"a": [2, 3, 1]}), &["c.a[] - 3"]),
        (json!({"a": [null]}), json!({"a": []}), &[]),
        (json!({"command": ["a", "a"]}), json!({"command": ["a"]}), &["c.command [\"a\",\"a\"] [\"a\"]"]),
        (
            json!({"tags": [{"key": "k", "value": "1"}, {"value": "1", "key": "k", "x": null}]}),
            json!({"tags": [{"key": "k", "value": "2"}]}),
            &["c.tags[key=k].value \"1\" \"2\""],
        ),
        (json!({"Command": ["a", "b"]}), json!({"Command": ["b", "a"]}), &["c.Command [\"a\",\"b\"] [\"b\",\"a\"]"]),
        (
            json!({"cacheBehaviors": {"quantity": 2, "items": ["a", "b"]}}),
            json!({"cacheBehaviors": {"quantity": 2, "items": ["b", "a"]}}),
            &["c.cacheBehaviors.items [\"a\",\"b\"] [\"b\",\"a\"]"],
        ),
        (
            json!({"tags": [{"key": "Name", "value": "a"}, {"key": "x", "value": "1"}]}),
            json!({"tags": [{"value": "1", "key": "x"}, {"key": "Name", "value": "b"}]}),
            &["c.tags[key=Name].value \"a\" \"b\""],
        ),
        (
            json!({"tags": [{"key": "a]", "value": "a"}]}),
            json!({"tags": [{"key": "a]", "value": "b"}]}),
            &["c.tags[key=\"a]\"].value \"a\" \"b\""],
        ),
        (
            json!({"attachedManagedPolicies": [{"policyName": "p", "policyArn": "arn:aws:iam::aws:policy/p"}]}),
            json!({"attachedManagedPolicies": []}),
            &[
                "c.attachedManagedPolicies[policyArn=arn:aws:iam::aws:policy/p] {\"policyName\":\"p\",\"policyArn\":\"arn:aws:iam::aws:policy/p\"} -",
            ],
        ),
        (
            json!([{"policyName": "a", "policyArn": "x"}, {"policyName": "a"}]),
            json!([{"policyName": "a", "policyArn": "x"}]),
            &["c[] {\"policyName\":\"a\"} -"],
        ),
        (json!([{"x": {"y": 1}}]), json!([{"x": {"y": 2}}]), &["c[] {\"x\":{\"y\":1}} -", "c[] - {\"x\":{\"y\":2}}"]),
    ]);
}

#[test]
fn lists_told_apart_by_several_members() {
    let permission = |ranges: Value| {
        json!({"ipPermissions": [
            {"ipProtocol": "-1", "ipRanges": []},
            {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "userIdGroupPairs": [], "ipRanges": ranges},
        ]})
    };
    let entry = |egress: bool, action: &str| json!({"ruleNumber": 100, "egress": egress, "ruleAction": action});
    let related = |id: &str| json!({"resourceType": "AWS::EC2::VPC", "resourceId": id, "name": "Is contained in "});
    check(&[
        (
            permission(json!(["10.0.0.0/8"])),
            permission(json!(["0.0.0.0/0", "10.0.0.0/8"])),
            &["c.ipPermissions[ipProtocol=tcp,fromPort=22,toPort=22].ipRanges[] - \"0.0.0.0/0\""],
        ),
        (
            json!([entry(true, "allow"), entry(false, "deny")]),
            json!([entry(false, "allow"), entry(true, "allow")]),
            &["c[ruleNumber=100,egress=false].ruleAction \"deny\" \"allow\""],
        ),
        (
            json!([related("vpc-1")]),
            json!([related("vpc-2")]),
            &[
                "c[resourceType=AWS::EC2::VPC,resourceId=vpc-1,name=Is contained in] {\"resourceType\":\"AWS::EC2::VPC\",\"resourceId\":\"vpc-1\",\"name\":\"Is contained in \"} -",
                "c[resourceType=AWS::EC2::VPC,resourceId=vpc-2,name=Is contained in] - {\"resourceType\":\"AWS::EC2::VPC\",\"resourceId\":\"vpc-2\",\"name\":\"Is contained in \"}",
            ],
        ),
    ]);
}

#[test]
fn ranges_are_what_they_take_in() {
    let rules = |ranges: Value| json!({"ipPermissions": [{"ipProtocol": "tcp", "fromPort": 22, "ipRanges": ranges}]});
    for (one, other) in [
        (json!(["0.0.0.0/0"]), json!([{"cidrIp": "0.0.0.0/0", "description": null}])),
        (json!(["10.0.0.0/8"]), json!(["10.1.2.3/8", "10.0.0.0/8"])),
        (json!([{"cidrIpv6": "::/0"}]), json!([{"cidrIpv6": "0:0:0:0:0:0:0:0/0", "description": ""}])),
        (json!(["192.0.2.1/32"]), json!(["192.0.2.1"])),
        (json!(["2001:DB8::1/128"]), json!(["2001:db8:0::1"])),
    ] {
        assert_eq!(lines(&rules(one.clone()), &rules(other.clone())), Vec::<String>::new(), "{one} {other}");
    }
    assert_eq!(
        lines(&rules(json!(["10.0.0.0/8"])), &rules(json!(["10.0.0.0/9"]))),
        [
            "c.ipPermissions[ipProtocol=tcp,fromPort=22].ipRanges[] \"10.0.0.0/8\" -",
            "c.ipPermissions[ipProtocol=tcp,fromPort=22].ipRanges[] - \"10.0.0.0/9\"",
        ]
    );
}

fn policy_of(statement: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statement})
}

#[test]
fn policies_that_say_the_same() {
    let long = policy_of(json!([{
        "Sid": "", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "*"]},
        "Action": ["S3:getobject", "s3:PutObject"], "Resource": ["a", "b"],
        "Condition": {"Bool": {"aws:SecureTransport": ["true"]}, "NumericLessThan": {"k": [5]}},
    }]));
    let short = json!({"Statement": {
        "Effect": "Allow", "Principal": {"AWS": ["*", "111122223333"]},
        "Action": ["s3:putobject", "s3:GetObject"], "Resource": ["b", "a"],
        "Condition": {"NumericLessThan": {"K": "5"}, "bool": {"AWS:securetransport": true}},
    }, "Version": "2012-10-17"});
    let encoded = percent_encoding_of(&short.to_string());
    for other in [short.clone(), json!(short.to_string()), json!(encoded)] {
        assert_eq!(lines(&json!({"p": long}), &json!({"p": other})), Vec::<String>::new());
    }
    let star = |principal: Value| json!({"Statement": [{"Effect": "Deny", "Principal": principal, "Action": "*"}]});
    assert!(same(&star(json!("*")), &star(json!({"AWS": "*"}))));
    let old = json!({"Version": "2008-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}]});
    assert!(same(&star(json!("*")), &old));
}

fn percent_encoding_of(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn policies_that_changed() {
    let with = |value: Value| json!({"p": policy_of(value)});
    let s = |sid: &str, principal: Value, action: Value| json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"});
    let own = json!({"AWS": "111122223333"});
    let both = json!({"AWS": ["111122223333", "999988887777"], "Service": "ec2.amazonaws.com"});
    check(&[
        (
            with(json!([s("A", own.clone(), json!("s3:Get*"))])),
            with(json!([s("A", both, json!(["s3:get*", "s3:Put*"]))])),
            &[
                "c.p.Statement[Sid=A].Action[] - \"s3:Put*\"",
                "c.p.Statement[Sid=A].Principal.AWS[] - \"arn:aws:iam::999988887777:root\"",
                "c.p.Statement[Sid=A].Principal.Service[] - \"ec2.amazonaws.com\"",
            ],
        ),
        (
            json!({"p": null}),
            with(json!({"Effect": "Deny", "Action": "*", "Resource": "*"})),
            &["c.p.Statement[] - {\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}"],
        ),
        (
            with(json!({"Sid": "x", "Effect": "Deny", "Action": "*"})),
            json!({}),
            &["c.p.Statement[Sid=x] {\"Sid\":\"x\",\"Effect\":\"Deny\",\"Action\":\"*\"} -"],
        ),
        (
            with(json!([{"Effect": "Allow", "Action": "a:B", "Resource": "r"}])),
            with(json!([{"Effect": "Deny", "Action": "a:B", "Resource": "r", "Condition": {"Bool": {"k": "true"}}}])),
            &["c.p.Statement[].Condition - {\"Bool\":{\"k\":[\"true\"]}}", "c.p.Statement[].Effect \"Allow\" \"Deny\""],
        ),
        (
            with(json!([{"Sid": "a", "Effect": "Allow", "NotAction": "a:B", "Resource": "r"}])),
            with(json!([{"Sid": "b", "Effect": "Allow", "NotAction": "a:B", "NotResource": "q"}])),
            &[
                "c.p.Statement[].NotResource[] - \"q\"",
                "c.p.Statement[].Resource[] \"r\" -",
                "c.p.Statement[].Sid \"a\" \"b\"",
            ],
        ),
        (
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B"}], "Id": "x"}),
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B"}], "Version": "2012-10-17"}),
            &["c.Id \"x\" -", "c.Version - \"2012-10-17\""],
        ),
        // A list of one policy, as the RDK writes them.
        (
            json!({"policyDocument": [policy_of(json!({"Effect": "Allow", "Action": "a:B"}))]}),
            json!({"policyDocument": [policy_of(json!({"Effect": "Allow", "Action": ["a:B", "a:C"]}))]}),
            &["c.policyDocument[].Statement[].Action[] - \"a:C\""],
        ),
        // Not a policy.
        (
            json!({"Statement": {"ByteMatchStatement": {"SearchString": "a"}}}),
            json!({"Statement": {"ByteMatchStatement": {"SearchString": "b"}}}),
            &["c.Statement.ByteMatchStatement.SearchString \"a\" \"b\""],
        ),
    ]);
}

#[test]
fn policies_are_found() {
    let text = policy_of(json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"})).to_string();
    let document = json!({"rolePolicyList": [{"policyName": "p", "policyDocument": text}], "x": {"policyText": null}});
    let found = policy::policies("configuration", &document);
    assert_eq!(found.len(), 1);
    let (path, statements) = &found[0];
    assert_eq!(path, "configuration.rolePolicyList[policyName=p].policyDocument");
    assert_eq!(statements[0].principals, ["*"]);
    assert_eq!(statements[0].sid, None);
    assert_eq!(statements[0].canonical(), policy::policies("", &document)[0].1[0].canonical());
}

#[test]
fn leaves_are_visited() {
    let mut seen = Vec::new();
    let document = json!({
        "a": [1, true, null, "x"],
        "p": "{\"Condition\":{\"StringEquals\":{\"aws:SourceVpce\":\"vpce-1\"}}}",
        "q": "%7B%22r%22%3A%22i-1%22%7D",
    });
    leaves(&document, &mut |leaf| seen.push(leaf.to_owned()));
    assert_eq!(seen, ["1", "true", "x", "vpce-1", "i-1"]);
}

#[test]
fn volatile_members() {
    for (resource_type, path, volatile) in [
        ("AWS::IAM::Role", "configuration.roleLastUsed.lastUsedDate", true),
        ("AWS::IAM::Role", "configuration.RoleLastUsed", true),
        ("AWS::IAM::Role", "configuration.roleLastUsedBy", false),
        ("AWS::IAM::User", "configuration.roleLastUsed", false),
        ("AWS::DynamoDB::Table", "configuration.globalSecondaryIndexes[indexName=a.b].itemCount", true),
        ("AWS::DynamoDB::Table", "configuration.globalSecondaryIndexes[indexName=\"a]\"].itemCount", true),
        ("AWS::EC2::VPNConnection", "configuration.vgwTelemetry[]", true),
        ("AWS::Lambda::Function", "configuration.lastModified", false),
        ("AWS::None", "configuration", false),
    ] {
        assert_eq!(is_volatile(resource_type, path), volatile, "{resource_type} {path}");
    }
}

/// Blame as lines: path, value, version.
fn blamed(versions: &[Value]) -> Vec<String> {
    let versions: Vec<&Value> = versions.iter().collect();
    blame(&versions).iter().map(|b| format!("{} {} {}", b.path, b.value, b.version)).collect()
}

#[test]
fn blame_goes_back_to_who_set_it() {
    assert!(blamed(&[]).is_empty());
    let versions = [
        json!({"a": 1, "b": 1, "l": ["x"], "tags": [{"key": "k", "value": "1"}]}),
        json!({"a": 2, "b": 1.0, "l": ["y", "x"], "tags": []}),
        json!({"a": 1, "b": 1, "l": ["x", "y", "x"], "tags": [{"key": "k", "value": "1"}], "e": {}, "n": null}),
    ];
    assert_eq!(
        blamed(&versions),
        ["a 1 2", "b 1 0", "l[] \"x\" 0", "l[] \"y\" 1", "tags[key=k].key \"k\" 2", "tags[key=k].value \"1\" 2"]
    );
}

#[test]
fn blame_reads_policies() {
    let version = |statement: Value| json!({"p": policy_of(statement).to_string()});
    let versions = [
        version(
            json!([{"Sid": "A", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]),
        ),
        version(
            json!({"Action": ["sts:assumerole"], "Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"]}}),
        ),
        version(json!([
            {"Effect": "Deny", "Principal": "*", "Action": "x:Y"},
            {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["*", "111122223333"]}, "Action": "sts:AssumeRole",
             "Condition": {"Bool": {"k": true}}},
        ])),
    ];
    assert_eq!(
        blamed(&versions),
        [
            "p.Statement[Sid=A].Action[] \"sts:AssumeRole\" 0",
            "p.Statement[Sid=A].Condition {\"Bool\":{\"k\":[\"true\"]}} 2",
            "p.Statement[Sid=A].Effect \"Allow\" 0",
            "p.Statement[Sid=A].Principal.AWS[] \"*\" 1",
            "p.Statement[Sid=A].Principal.AWS[] \"arn:aws:iam::111122223333:root\" 0",
            "p.Statement[Sid=A].Sid \"A\" 0",
            "p.Statement[].Action[] \"x:Y\" 2",
            "p.Statement[].Effect \"Deny\" 2",
            "p.Statement[].Principal.AWS[] \"*\" 2",
            "p.Version \"2012-10-17\" 0",
        ]
    );
}

/// Small alphabets, so that documents have something in common.
fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        (0..3_i64).prop_map(|n| Value::from(n as f64 / 2.0)),
        prop::sample::select(vec!["a", "b", "{\"a\":1}", "[]", "[1,2]", "{", ""]).prop_map(Value::from),
        statements().prop_map(|list| policy_of(Value::Array(list))),
        statements().prop_map(|list| Value::from(policy_of(Value::Array(list)).to_string())),
    ];
    scalar.prop_recursive(4, 40, 4, |inner| {
        let name = prop::sample::select(vec![
            "a",
            "a.b",
            "key",
            "name",
            "id",
            "command",
            "items",
            "ipProtocol",
            "resourceType",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    let text = |list: &[&'static str]| prop::sample::select(list.to_vec());
    let statement = (
        text(&["", "A", "B"]),
        text(&["Allow", "Deny"]),
        prop::collection::vec(text(&["*", "111122223333", "arn:aws:iam::111122223333:root"]), 0..3),
        prop::collection::vec(text(&["s3:Get", "S3:get", "s3:Put"]), 1..3),
        prop::option::of(text(&["true", "false"])),
    );
    let statement = statement.prop_map(|(sid, effect, principals, actions, condition)| {
        json!({"Sid": sid, "Effect": effect, "Principal": {"AWS": principals}, "Action": actions, "Resource": "*",
               "Condition": condition.map(|c| json!({"Bool": {"k": c}}))})
    });
    prop::collection::vec(statement, 0..4)
}

/// The document with every list and every object turned round, except where order counts.
fn turned(value: &Value, name: &str) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|v| turned(v, "")).collect();
            if name != "command" {
                list.reverse();
            }
            Value::Array(list)
        }
        Value::Object(members) => {
            let inherited = |key: &str| if key == "items" { name.to_owned() } else { key.to_owned() };
            Value::Object(members.iter().rev().map(|(k, v)| (k.clone(), turned(v, &inherited(k)))).collect())
        }
        other => other.clone(),
    }
}

/// The document with members that say nothing, and every element of a list twice, except where order counts.
fn padded(value: &Value, name: &str) -> Value {
    match value {
        Value::Array(list) => {
            let once: Vec<Value> = list.iter().map(|v| padded(v, "")).collect();
            let twice = once.iter().chain(&once).cloned().chain([json!(null), json!({"n": []})]).collect();
            if name == "command" { Value::Array(once) } else { Value::Array(twice) }
        }
        // Policies have their own rules.
        Value::Object(members) if !members.contains_key("Statement") => {
            let inherited = |key: &str| if key == "items" { name.to_owned() } else { key.to_owned() };
            let members = members.iter().map(|(k, v)| (k.clone(), padded(v, &inherited(k))));
            Value::Object(
                members.chain([("n1".to_owned(), json!("")), ("n2".to_owned(), json!({"x": [null]}))]).collect(),
            )
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn a_document_is_what_it_is(a in document()) {
        prop_assert!(diff("c", &a, &a).is_empty());
        prop_assert!(same(&a, &a));
    }

    #[test]
    fn order_does_not_count(a in document()) {
        let b = turned(&a, "");
        prop_assert_eq!(diff("", &a, &b), vec![]);
        prop_assert!(same(&a, &b));
    }

    #[test]
    fn nothing_and_twins_do_not_count(a in document()) {
        let b = padded(&a, "");
        prop_assert_eq!(diff("", &a, &b), vec![]);
        prop_assert!(same(&a, &b));
        prop_assert!(blame(&[&a, &b]).iter().all(|blamed| blamed.version == 0));
    }

    #[test]
    fn there_and_back(a in document(), b in document()) {
        let there: Vec<String> = diff("c", &a, &b).iter().map(|c| format!("{:?}", (&c.path, &c.before, &c.after))).collect();
        let mut back: Vec<String> = diff("c", &b, &a).iter().map(|c| format!("{:?}", (&c.path, &c.after, &c.before))).collect();
        let mut sorted = there.clone();
        sorted.sort();
        back.sort();
        prop_assert_eq!(sorted, back);
        prop_assert_eq!(there.is_empty(), same(&a, &b));
    }

    #[test]
    fn what_never_changed_is_from_the_beginning(a in document(), b in document()) {
        let turned = turned(&a, "");
        prop_assert!(blame(&[&a, &turned, &a]).iter().all(|blamed| blamed.version == 0));
        prop_assert!(blame(&[&a, &b, &turned]).iter().all(|blamed| blamed.version != 1));
    }
}
