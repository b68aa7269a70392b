//! What states of resources lay open, kind by kind.

use coldtrail_diff::exposure::{Judgement, Surroundings, exposures};
use serde_json::{Value, json};

const OWN: &str = "111122223333";
const FRIEND: &str = "444455556666";
const STRANGER: &str = "999988887777";

/// One other account of ours, and two prefix lists.
struct Around;

impl Surroundings for Around {
    fn is_ours(&self, account: &str) -> bool {
        account == FRIEND
    }

    fn prefix_list(&self, id: &str) -> Option<Vec<String>> {
        match id {
            "pl-all" => Some(vec!["198.51.100.0/24".to_owned(), "0.0.0.0/0".to_owned()]),
            "pl-half" => Some(vec!["128.0.0.0/1".to_owned()]),
            "pl-office" => Some(vec!["198.51.100.0/24".to_owned()]),
            _ => None,
        }
    }
}

fn judged(resource_type: &str, configuration: &Value, supplementary: &Value) -> Judgement {
    exposures(resource_type, OWN, &Around, configuration, supplementary)
}

/// What cannot be said, as lines: reason, detail, path.
fn unknown(resource_type: &str, configuration: &Value, supplementary: &Value) -> Vec<String> {
    let found = judged(resource_type, configuration, supplementary).unknowns;
    found.iter().map(|u| format!("{}: {} @ {}", u.reason.name(), u.detail, u.path)).collect()
}

/// Exposures as lines: kind, detail, path.
fn open(resource_type: &str, configuration: &Value, supplementary: &Value) -> Vec<String> {
    let found = judged(resource_type, configuration, supplementary).exposures;
    found.iter().map(|e| format!("{}: {} @ {}", e.kind, e.detail, e.path)).collect()
}

fn details(resource_type: &str, configuration: &Value, supplementary: &Value) -> Vec<String> {
    let found = judged(resource_type, configuration, supplementary).exposures;
    found.iter().map(|e| format!("{}: {}", e.kind, e.detail)).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn security_groups() {
    let group = |permission: Value| json!({"ipPermissions": [permission], "ipPermissionsEgress": [{"ipProtocol": "-1", "ipRanges": ["0.0.0.0/0"]}]});
    for (permission, expected) in [
        (
            json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": ["0.0.0.0/0"], "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipv6Ranges": []}),
            vec!["tcp 22 from 0.0.0.0/0"],
        ),
        (
            json!({"ipProtocol": "tcp", "fromPort": 80, "toPort": 443, "ipRanges": [{"cidrIp": "0.0.0.0/0"}], "ipv6Ranges": [{"cidrIpv6": "::/0"}]}),
            vec!["tcp 80-443 from 0.0.0.0/0", "tcp 80-443 from ::/0"],
        ),
        (
            json!({"ipProtocol": "-1", "ipRanges": ["0.0.0.0/1", "10.0.0.0/8", "192.0.2.1/32"], "ipv6Ranges": [{"cidrIpv6": "fd00::/7"}]}),
            vec!["all traffic from 0.0.0.0/1"],
        ),
        (
            json!({"ipProtocol": "icmp", "fromPort": 8, "toPort": -1, "ipRanges": ["0.0.0.0/0"]}),
            vec!["icmp type 8 from 0.0.0.0/0"],
        ),
        (
            json!({"ipProtocol": "udp", "fromPort": 0, "toPort": 65535, "ipRanges": ["0.0.0.0/0"]}),
            vec!["udp all ports from 0.0.0.0/0"],
        ),
        (
            json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": [], "userIdGroupPairs": [{"groupId": "sg-1", "userId": OWN}]}),
            vec![],
        ),
    ] {
        let expected: Vec<String> = expected.into_iter().map(|line| format!("open_security_group: {line}")).collect();
        assert_eq!(details("AWS::EC2::SecurityGroup", &group(permission), &json!({})), expected);
    }
    let cloudformation = json!({"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389, "CidrIp": "0.0.0.0/0"}]});
    assert_eq!(
        open("AWS::EC2::SecurityGroup", &cloudformation, &Value::Null),
        [
            "open_security_group: tcp 3389 from 0.0.0.0/0 @ configuration.SecurityGroupIngress[IpProtocol=tcp,FromPort=3389,ToPort=3389].CidrIp"
        ]
    );
    let classic = group(json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": ["0.0.0.0/0"]}));
    assert_eq!(
        open("AWS::EC2::SecurityGroup", &classic, &json!({})),
        [
            "open_security_group: tcp 22 from 0.0.0.0/0 @ configuration.ipPermissions[ipProtocol=tcp,fromPort=22,toPort=22].ipRanges[]"
        ]
    );
}

#[test]
fn ranges_of_a_rule_are_judged_together() {
    let group = |ranges: Value, lists: Value| {
        let ranges: Vec<Value> = ranges.as_array().expect("a list").clone();
        let (v6, v4): (Vec<Value>, Vec<Value>) = ranges.into_iter().partition(|range| range.to_string().contains(':'));
        let v6: Vec<Value> = v6.into_iter().map(|range| json!({"cidrIpv6": range})).collect();
        json!({"ipPermissions": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": v4, "ipv6Ranges": v6, "prefixListIds": lists}]})
    };
    let eighths: Vec<String> = (0..=255).map(|first| format!("{first}.0.0.0/8")).collect();
    let private = json!(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8", "fc00::/8"]);
    for (ranges, lists, expected) in [
        (json!(["0.0.0.0/1", "128.0.0.0/1"]), json!([]), vec!["tcp 22 from 0.0.0.0/0 (by 2 ranges together)"]),
        (json!(["::/1", "8000::/1"]), json!([]), vec!["tcp 22 from ::/0 (by 2 ranges together)"]),
        (json!(["2000::/4", "3000::/4"]), json!([]), vec!["tcp 22 from 2000::/4", "tcp 22 from 3000::/4"]),
        (json!(eighths), json!([]), vec!["tcp 22 from 0.0.0.0/0 (by 256 ranges together)"]),
        (json!(eighths[1..]), json!([]), vec!["tcp 22 from 255 ranges, together 98.7 % of IPv4"]),
        (json!(eighths[..2]), json!([]), vec!["tcp 22 from 2 ranges, together 0.7 % of IPv4"]),
        (private, json!([]), vec![]),
        (json!([]), json!([{"prefixListId": "pl-all"}]), vec!["tcp 22 from 0.0.0.0/0 (by pl-all)"]),
        (json!(["0.0.0.0/1"]), json!(["pl-half"]), vec!["tcp 22 from 0.0.0.0/0 (by 2 ranges together)"]),
        (json!([]), json!([{"prefixListId": "pl-office"}]), vec![]),
    ] {
        let group = group(ranges, lists);
        let expected: Vec<String> = expected.into_iter().map(|line| format!("open_security_group: {line}")).collect();
        assert_eq!(details("AWS::EC2::SecurityGroup", &group, &json!({})), expected, "{group}");
        assert!(unknown("AWS::EC2::SecurityGroup", &group, &json!({})).is_empty(), "{group}");
    }
    // One rule for each range, as CloudFormation has them.
    let rule = |range: &str| json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": range});
    let halves = json!({"SecurityGroupIngress": [rule("0.0.0.0/1"), rule("128.0.0.0/1")]});
    assert_eq!(
        details("AWS::EC2::SecurityGroup", &halves, &Value::Null),
        ["open_security_group: tcp 22 from 0.0.0.0/0 (by 2 ranges together)"]
    );
    let state = |ranges: Value| json!({"Policy": allow(json!("*"), json!({"IpAddress": {"aws:SourceIp": ranges}}))});
    assert_eq!(details("AWS::SQS::Queue", &state(json!(["0.0.0.0/1", "128.0.0.0/1"])), &json!({})).len(), 1);
    assert_eq!(details("AWS::SQS::Queue", &state(json!(["10.0.0.0/8", "192.168.0.0/16"])), &json!({})), NONE);
}

#[test]
fn what_a_rule_refers_to_and_what_is_not_known() {
    let group = |more: Value| {
        let mut permission = json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": []});
        for (name, value) in more.as_object().expect("members") {
            permission[name] = value.clone();
        }
        json!({"ipPermissions": [permission]})
    };
    let place = "configuration.ipPermissions[ipProtocol=tcp,fromPort=22,toPort=22]";
    let kind = "AWS::EC2::SecurityGroup";
    let list = group(json!({"prefixListIds": [{"prefixListId": "pl-1"}]}));
    assert_eq!(
        unknown(kind, &list, &json!({})),
        [format!("prefix list not in the evidence: pl-1 @ {place}.prefixListIds[prefixListId=pl-1]")]
    );
    assert_eq!(open(kind, &list, &json!({})), NONE);
    let range = group(json!({"ipRanges": ["0.0.0.0/O"]}));
    assert_eq!(unknown(kind, &range, &json!({})), [format!("range not understood: 0.0.0.0/O @ {place}.ipRanges[]")]);
    let pair = |account: Value| group(json!({"userIdGroupPairs": [{"groupId": "sg-1", "userId": account}]}));
    assert_eq!(
        details(kind, &pair(json!(STRANGER)), &json!({})),
        [format!("security_group_shared: tcp 22 from sg-1 of account {STRANGER}")]
    );
    for ours in [OWN, FRIEND] {
        assert_eq!(judged(kind, &pair(json!(ours)), &json!({})), Judgement::default());
    }
    assert_eq!(
        unknown(kind, &pair(Value::Null), &json!({})),
        [format!("security group not in the evidence: sg-1 @ {place}.userIdGroupPairs[groupId=sg-1]")]
    );
}

#[test]
fn types_that_are_not_examined() {
    let public = allow(json!({"AWS": "*"}), json!({}));
    for (kind, document) in [
        ("AWS::EFS::FileSystem", json!({"FileSystemPolicy": public})),
        ("AWS::Backup::BackupVault", json!({"AccessPolicy": public.to_string()})),
        ("AWS::Made::Up", json!({"deep": [{"in": {"it": public}}]})),
        ("AWS::ApiGateway::RestApi", json!({"policy": public, "endpointConfiguration": {"types": ["REGIONAL"]}})),
    ] {
        let found = details(kind, &document, &Value::Null);
        assert_eq!(found, ["public_policy: anyone may x:Get on r"], "{kind}");
        assert_eq!(unknown(kind, &document, &Value::Null), [format!("type not examined: {kind} @ ")]);
    }
    let private = json!({"policy": public, "endpointConfiguration": {"types": ["PRIVATE"]}});
    assert_eq!(open("AWS::ApiGateway::RestApi", &private, &Value::Null), NONE);
    let stranger = json!({"policy": allow(json!({"AWS": STRANGER}), json!({}))});
    assert_eq!(
        details("AWS::Glacier::Vault", &stranger, &Value::Null),
        [format!("shared_policy: account {STRANGER} may x:Get on r")]
    );
    let mounted = allow(json!("*"), json!({"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}));
    assert_eq!(open("AWS::EFS::FileSystem", &json!({"FileSystemPolicy": mounted}), &Value::Null), NONE);
    // A type that is examined for other things has its policies judged all the same.
    assert_eq!(details("AWS::RDS::DBInstance", &json!({"policy": public}), &Value::Null).len(), 1);
    assert_eq!(judged("AWS::IAM::User", &json!({"userName": "u"}), &Value::Null), Judgement::default());
}

#[test]
fn clusters() {
    let cluster = |access: Value| json!({"Name": "c", "ResourcesVpcConfig": access});
    for (access, expected) in [
        (json!({"EndpointPublicAccess": true, "PublicAccessCidrs": ["0.0.0.0/0"]}), 1),
        (json!({"EndpointPublicAccess": true, "PublicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}), 1),
        (json!({"EndpointPublicAccess": true}), 1),
        (json!({"EndpointPublicAccess": true, "PublicAccessCidrs": ["198.51.100.0/24"]}), 0),
        (json!({"EndpointPublicAccess": false, "PublicAccessCidrs": ["0.0.0.0/0"]}), 0),
    ] {
        let judged = judged("AWS::EKS::Cluster", &cluster(access.clone()), &Value::Null);
        assert_eq!((judged.exposures.len(), judged.unknowns.len()), (expected, 0), "{access}");
    }
}

#[test]
fn what_does_not_parse_is_said() {
    let cut = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "#;
    let bucket = json!({"BucketPolicy": {"policyText": cut}});
    assert_eq!(
        unknown("AWS::S3::Bucket", &json!({}), &bucket),
        ["document not parsed: a policy @ supplementaryConfiguration.BucketPolicy.policyText"]
    );
    assert_eq!(
        unknown("AWS::KMS::Key", &json!("{\"a\": "), &Value::Null),
        ["document not parsed: the whole document @ configuration"]
    );
    assert_eq!(
        unknown("AWS::S3::Bucket", &json!({"name": "b"}), &Value::Null),
        ["part of the item not in the evidence: policy and access list of the bucket @ supplementaryConfiguration"]
    );
}

fn allow(principal: Value, condition: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "S", "Effect": "Allow", "Principal": principal, "Action": "x:Get", "Resource": "r", "Condition": condition,
    }]})
}

#[test]
fn access_control_lists() {
    let acl = json!({"grantSet": null, "grantList": [
        {"grantee": {"id": "8ac8", "displayName": null}, "permission": "FullControl"},
        {"grantee": "AllUsers", "permission": "Read"},
    ]});
    let line = "public_bucket: AllUsers may Read @ supplementaryConfiguration.AccessControlList.grantList[]";
    for list in [acl.clone(), json!(acl.to_string()), json!(json!(acl.to_string()).to_string())] {
        assert_eq!(open("AWS::S3::Bucket", &json!({}), &json!({"AccessControlList": list})), [line]);
    }
    for (block, expected) in [
        (json!({"ignorePublicAcls": true}), 0),
        (json!({"IgnorePublicAcls": "true"}), 0),
        (json!({"blockPublicAcls": true, "ignorePublicAcls": false}), 1),
    ] {
        let state = json!({"AccessControlList": acl, "PublicAccessBlockConfiguration": block});
        assert_eq!(open("AWS::S3::Bucket", &json!({}), &state).len(), expected, "{block}");
    }
    let owned =
        json!({"AccessControlList": acl, "OwnershipControls": {"rules": [{"objectOwnership": "BucketOwnerEnforced"}]}});
    assert_eq!(open("AWS::S3::Bucket", &json!({}), &owned), NONE);
    let api = json!({"AccessControlList": {"Grants": [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}, "Permission": "WRITE"}]}});
    assert_eq!(details("AWS::S3::Bucket", &json!({}), &api), ["public_bucket: AuthenticatedUsers may WRITE"]);
}

#[test]
fn bucket_policies() {
    let bucket = |policy: &Value, block: Value| {
        let state =
            json!({"BucketPolicy": {"policyText": policy.to_string()}, "PublicAccessBlockConfiguration": block});
        open("AWS::S3::Bucket", &json!({"name": "b"}), &state)
    };
    let place = "supplementaryConfiguration.BucketPolicy.policyText.Statement[Sid=S]";
    let public = allow(json!("*"), json!({}));
    assert_eq!(bucket(&public, json!({})), [format!("public_bucket: anyone may x:Get on r @ {place}")]);
    assert_eq!(bucket(&public, json!({"blockPublicPolicy": true})).len(), 1, "what is there stays in force");
    assert_eq!(bucket(&public, json!({"restrictPublicBuckets": true})), NONE);
    let shared =
        allow(json!({"AWS": [OWN, FRIEND, format!("arn:aws:iam::{STRANGER}:user/x"), "AIDAEXAMPLE"]}), json!({}));
    for block in [json!({}), json!({"restrictPublicBuckets": true})] {
        assert_eq!(
            bucket(&shared, block),
            [format!("bucket_shared: account {STRANGER} (arn:aws:iam::{STRANGER}:user/x) may x:Get on r @ {place}")]
        );
    }
    let deny = json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]});
    assert_eq!(bucket(&deny, json!({})), NONE);
    assert_eq!(open("AWS::S3::Bucket", &json!({}), &json!({"BucketPolicy": {"policyText": null}})), NONE);
}

#[test]
fn conditions_confine() {
    let anyone = ["public_queue: anyone may x:Get on r if "];
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({"StringEquals": {"aws:SourceAccount": OWN}}), &[]),
        (json!({"StringEquals": {"AWS:SourceOwner": [OWN, FRIEND]}}), &[]),
        (json!({"ArnLike": {"aws:SourceArn": format!("arn:aws:sns:*:{OWN}:*")}}), &[]),
        (json!({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::bucket"}}), &[]),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}), &anyone),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}), &anyone),
        (json!({"StringLike": {"aws:SourceArn": "*"}}), &anyone),
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}), &[]),
        (json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), &anyone),
        (json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}), &anyone),
        (json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}), &anyone),
        (json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a/r-b/"}}), &anyone),
        (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a/r-b/*"}}), &[]),
        (json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}), &[]),
        (json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}), &[]),
        (json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}), &anyone),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), &anyone),
        (json!({"StringLike": {"aws:Referer": "https://example.com/*"}}), &anyone),
        (
            json!({"StringEquals": {"aws:SourceAccount": STRANGER}}),
            &["public_queue: account 999988887777 may x:Get on r if "],
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": OWN}, "ArnLike": {"aws:SourceArn": format!("arn:aws:sns:*:{STRANGER}:*")}}),
            &[],
        ),
    ];
    for (condition, expected) in cases {
        let state = json!({"Policy": allow(json!({"AWS": "*"}), condition.clone())});
        let found = details("AWS::SQS::Queue", &state, &json!({}));
        let found: Vec<&str> =
            found.iter().map(|line| line.split_inclusive(" if ").next().expect("a first piece")).collect();
        assert_eq!(found, *expected, "{condition}");
    }
    // From whatever address: an account that is named is a stranger, unless the organisation is demanded.
    let stranger = |condition: Value| {
        details("AWS::SQS::Queue", &json!({"Policy": allow(json!({"AWS": STRANGER}), condition)}), &json!({})).len()
    };
    assert_eq!(stranger(json!({"IpAddress": {"aws:SourceIp": "192.0.2.1/32"}})), 1);
    assert_eq!(stranger(json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}})), 0);
}

#[test]
fn resource_policies() {
    let public = allow(json!("*"), json!({}));
    for (resource_type, kind, member) in [
        ("AWS::KMS::Key", "public_key", "Policy"),
        ("AWS::SNS::Topic", "public_topic", "Policy"),
        ("AWS::SecretsManager::Secret", "public_secret", "ResourcePolicy"),
        ("AWS::ECR::Repository", "public_repository", "RepositoryPolicyText"),
        ("AWS::Lambda::Function", "public_function", "Policy"),
    ] {
        let expected = format!("{kind}: anyone may x:Get on r @ supplementaryConfiguration.{member}.Statement[Sid=S]");
        assert_eq!(open(resource_type, &json!({}), &json!({member: public.to_string()})), [expected]);
    }
    let key = allow(
        json!({"AWS": "*"}),
        json!({"StringEquals": {"kms:CallerAccount": OWN, "kms:ViaService": "lambda.us-east-1.amazonaws.com"}}),
    );
    assert_eq!(open("AWS::KMS::Key", &json!({}), &json!({"Policy": key})), NONE);
    let all_but = json!({"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": OWN}, "NotAction": "kms:Put*", "Resource": "*"}]});
    assert_eq!(
        details("AWS::KMS::Key", &json!({}), &json!({"Policy": all_but})),
        ["public_key: anyone may all but kms:Put* on *"]
    );
    let service = allow(json!({"Service": "s3.amazonaws.com"}), json!({}));
    assert_eq!(open("AWS::SNS::Topic", &json!({"Policy": service}), &json!({})), NONE);
    let url = json!({"functionName": "f", "FunctionUrlConfig": {"AuthType": "NONE"}});
    assert_eq!(
        open("AWS::Lambda::Function", &url, &json!({})),
        ["public_function: function URL without authentication @ configuration.FunctionUrlConfig.AuthType"]
    );
    let actions: Vec<String> = (1..=6).map(|n| format!("x:{n}")).collect();
    let many = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": actions}]});
    assert_eq!(
        details("AWS::SQS::Queue", &many, &json!({})),
        ["public_queue: anyone may x:1, x:2, x:3, x:4 and 2 more"]
    );
}

#[test]
fn snapshots_and_images() {
    let volume = json!({"createVolumePermissions": [{"userId": STRANGER}, {"userId": FRIEND}, {"group": "all"}]});
    let restore = |values: Value| json!({"DBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": values}, {"attributeName": "other", "attributeValues": ["all"]}]});
    assert_eq!(
        details("AWS::EC2::Snapshot", &volume, &json!({})),
        ["public_snapshot: anyone may create volumes", "shared_snapshot: account 999988887777 may create volumes"]
    );
    assert_eq!(
        open("AWS::RDS::DBSnapshot", &json!({}), &restore(json!([OWN, STRANGER]))),
        [
            "shared_snapshot: account 999988887777 may restore @ supplementaryConfiguration.DBSnapshotAttributes[attributeName=restore].attributeValues[]"
        ]
    );
    assert_eq!(
        details("AWS::RDS::DBSnapshot", &json!({}), &restore(json!(["all"]))),
        ["public_snapshot: anyone may restore"]
    );
    assert_eq!(open("AWS::RDS::DBSnapshot", &json!({}), &restore(json!([]))), NONE);
    assert_eq!(details("AWS::EC2::Image", &json!({"public": true}), &Value::Null), ["public_image: anyone may launch"]);
    let launch = json!({"public": true, "launchPermissions": [{"group": "all"}, {"userId": STRANGER}]});
    assert_eq!(
        details("AWS::EC2::Image", &launch, &Value::Null),
        ["public_image: anyone may launch", "shared_image: account 999988887777 may launch"]
    );
}

#[test]
fn databases() {
    let database =
        json!({"engine": "mysql", "publiclyAccessible": true, "endpoint": {"address": "db.example.com", "port": 3306}});
    assert_eq!(
        open("AWS::RDS::DBInstance", &database, &json!({})),
        ["public_database: publicly accessible, mysql at db.example.com:3306 @ configuration.publiclyAccessible"]
    );
    assert_eq!(
        details("AWS::Redshift::Cluster", &json!({"PubliclyAccessible": true}), &json!({})),
        ["public_database: publicly accessible"]
    );
    assert_eq!(open("AWS::RDS::DBInstance", &json!({"publiclyAccessible": false}), &json!({})), NONE);
    assert_eq!(open("AWS::EC2::Instance", &json!({"publiclyAccessible": true}), &json!({})), NONE);
    let domain = json!({"accessPolicies": allow(json!({"AWS": "*"}), json!({})).to_string()});
    assert_eq!(details("AWS::Elasticsearch::Domain", &domain, &json!({})), ["public_database: anyone may x:Get on r"]);
    let mut inside = domain;
    inside["vpcoptions"] = json!({"subnetIds": ["subnet-1"]});
    assert_eq!(open("AWS::Elasticsearch::Domain", &inside, &json!({})), NONE);
}

#[test]
fn roles() {
    let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let claim = |name: &str| format!("token.actions.githubusercontent.com:{name}");
    let unconfined = ["anyone with a token of token.actions.githubusercontent.com: no condition on its subject"];
    let eks = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/AB12";
    let cases: Vec<(Value, Value, &[&str])> = vec![
        (json!({"AWS": "*"}), json!(null), &["anyone"]),
        (json!("*"), json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}), &[]),
        (json!({"AWS": [OWN, FRIEND]}), json!(null), &[]),
        (
            json!({"AWS": STRANGER}),
            json!({"StringEquals": {"sts:ExternalId": "x"}}),
            &["account 999988887777 if sts:ExternalId"],
        ),
        (
            json!({"AWS": format!("arn:aws:iam::{STRANGER}:role/r")}),
            json!(null),
            &["account 999988887777 (arn:aws:iam::999988887777:role/r)"],
        ),
        (json!({"Service": "ec2.amazonaws.com"}), json!(null), &[]),
        (json!({"Federated": github}), json!({"StringEquals": {claim("aud"): "sts.amazonaws.com"}}), &unconfined),
        (json!({"Federated": github}), json!({"StringLike": {claim("sub"): "repo:*"}}), &unconfined),
        (
            json!({"Federated": github}),
            json!({"StringLike": {claim("sub"): "repo:*:ref:refs/heads/main"}}),
            &unconfined,
        ),
        (json!({"Federated": github}), json!({"StringNotLike": {claim("sub"): "repo:org/*"}}), &unconfined),
        (json!({"Federated": github}), json!({"ForAllValues:StringLike": {claim("sub"): ["repo:org/*"]}}), &[]),
        (json!({"Federated": github}), json!({"StringLike": {claim("sub"): "repo:org/r:*"}}), &[]),
        (
            json!({"Federated": eks}),
            json!({"StringEquals": {"oidc.eks.us-east-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com"}}),
            &[],
        ),
        (
            json!({"Federated": eks}),
            json!(null),
            &[
                "anyone with a token of oidc.eks.us-east-1.amazonaws.com/id/AB12: no condition on its subject or audience",
            ],
        ),
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            json!({"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"}}),
            &["anyone with a token of cognito-identity.amazonaws.com: no condition on its subject or audience"],
        ),
        (json!({"Federated": "arn:aws:iam::111122223333:saml-provider/x"}), json!(null), &[]),
        (
            json!({"Federated": "arn:aws:iam::999988887777:saml-provider/x"}),
            json!(null),
            &["identity provider of account 999988887777 (arn:aws:iam::999988887777:saml-provider/x)"],
        ),
    ];
    for (principal, condition, expected) in cases {
        let role =
            json!({"assumeRolePolicyDocument": allow(principal.clone(), condition.clone()), "rolePolicyList": []});
        let expected: Vec<String> = expected.iter().map(|detail| format!("role_trusts_stranger: {detail}")).collect();
        assert_eq!(details("AWS::IAM::Role", &role, &json!({})), expected, "{principal} {condition}");
    }
}
