//! New resources: their first documents, and the calls that make them.

use std::rc::Rc;

use serde_json::{Value, json};

use super::resource::{Call, Edit, Kind, REGIONS, Resource, World, relate, relation};
use super::text::{database, name, one, percent, principal, us_date};
use crate::world::{Ids, iso_millis};

/// Where and when something is made.
#[derive(Debug)]
pub(super) struct Maker<'a> {
    pub(super) ids: &'a mut Ids,
    pub(super) world: &'a World,
    pub(super) account: usize,
    pub(super) region: usize,
    /// In seconds.
    pub(super) time: i64,
}

/// A new resource with its document, and the call.
pub(super) type Made = (Resource, Value, Call);

impl Maker<'_> {
    pub(super) fn make(&mut self, kind: Kind) -> (Resource, Call) {
        let (mut resource, document, call) = match kind {
            Kind::Policy => self.policy(),
            Kind::Role => self.role(),
            Kind::Group => self.group(),
            Kind::User => self.user(),
            Kind::Bucket => self.bucket(),
            Kind::Key => self.key(),
            Kind::Instance => self.instance(),
            Kind::Database => self.database(),
            Kind::Snapshot => self.snapshot(),
            Kind::Function => self.function(),
        };
        resource.document = document.to_string().into();
        (resource, call)
    }

    fn account(&self) -> &str {
        &self.world.accounts[self.account]
    }

    fn resource(&self, kind: Kind, id: &str, name: &str, arn: String) -> Resource {
        Resource {
            account: self.account,
            region: if kind.global() { 0 } else { self.region },
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            arn,
            created: self.time,
            living: true,
            document: Rc::from(""),
            seen: None,
            pending: Vec::new(),
            due: false,
        }
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", REGIONS[self.region], self.account())
    }

    fn partner(&mut self, kind: Kind) -> Option<usize> {
        let region = (!kind.global()).then_some(self.region);
        self.world.pick(self.ids, self.account, kind, region)
    }

    fn created(&self) -> String {
        iso_millis(self.time * 1_000)
    }

    fn group(&mut self) -> Made {
        let (id, label) = (format!("sg-{}", self.ids.hex(17)), name(self.ids));
        let vpc = self.world.vpc(self.account, self.region)[0].clone();
        let resource = self.resource(Kind::Group, &id, &label, self.arn("ec2", &format!("security-group/{id}")));
        let configuration = json!({
            "description": format!("{label} access"), "groupName": label, "ipPermissions": [],
            "ownerId": self.account(), "groupId": id, "ipPermissionsEgress": [{
                "ipProtocol": "-1", "ipv6Ranges": [], "prefixListIds": [], "userIdGroupPairs": [],
                "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"],
            }],
            "tags": [], "vpcId": vpc,
        });
        let relation = json!({"resourceId": vpc, "resourceType": "AWS::EC2::VPC", "name": "Is contained in "});
        let request = json!({"groupName": label, "groupDescription": format!("{label} access"), "vpcId": vpc});
        let response = json!({"requestId": self.ids.uuid(), "_return": true, "groupId": id});
        let call = Call::new("ec2", "CreateSecurityGroup", request, response);
        (resource, document(configuration, json!({}), json!([relation])), call)
    }

    fn role(&mut self) -> Made {
        let (id, label) = (principal(self.ids, "AROA"), name(self.ids));
        let trust = trust(one(self.ids, &["lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]));
        let arn = format!("arn:aws:iam::{}:role/{label}", self.account());
        let encoded = percent(&trust);
        let configuration = json!({
            "path": "/", "roleName": label, "roleId": id, "arn": arn, "createDate": self.created(),
            "assumeRolePolicyDocument": encoded, "instanceProfileList": [], "rolePolicyList": [],
            "attachedManagedPolicies": [], "permissionsBoundary": null, "tags": [], "roleLastUsed": null,
        });
        let request = json!({
            "path": "/", "roleName": label, "assumeRolePolicyDocument": trust, "maxSessionDuration": 3600,
        });
        let response = json!({"role": {
            "path": "/", "roleName": label, "roleId": id, "arn": arn, "createDate": us_date(self.time),
            "assumeRolePolicyDocument": encoded,
        }});
        let call = Call::new("iam", "CreateRole", request, response);
        (self.resource(Kind::Role, &id, &label, arn), document(configuration, json!({}), json!([])), call)
    }

    fn user(&mut self) -> Made {
        let (id, label) = (principal(self.ids, "AIDA"), name(self.ids));
        let arn = format!("arn:aws:iam::{}:user/{label}", self.account());
        let configuration = json!({
            "path": "/", "userName": label, "userId": id, "arn": arn, "createDate": self.created(),
            "userPolicyList": [], "groupList": [], "attachedManagedPolicies": [], "permissionsBoundary": null,
            "tags": [],
        });
        let response = json!({"user": {
            "path": "/", "arn": arn, "userId": id, "createDate": us_date(self.time), "userName": label,
        }});
        let call = Call::new("iam", "CreateUser", json!({"userName": label, "path": "/"}), response);
        (self.resource(Kind::User, &id, &label, arn), document(configuration, json!({}), json!([])), call)
    }

    fn policy(&mut self) -> Made {
        let (id, label) = (principal(self.ids, "ANPA"), name(self.ids));
        let arn = format!("arn:aws:iam::{}:policy/{label}", self.account());
        let text = permissions(self.ids);
        let created = self.created();
        let configuration = json!({
            "policyName": label, "policyId": id, "arn": arn, "path": "/", "defaultVersionId": "v1",
            "attachmentCount": 0, "permissionsBoundaryUsageCount": 0, "isAttachable": true, "description": null,
            "createDate": created, "updateDate": created, "policyVersionList": [{
                "document": percent(&text), "versionId": "v1", "isDefaultVersion": true, "createDate": created,
            }],
        });
        let request = json!({"policyName": label, "path": "/", "policyDocument": text});
        let date = us_date(self.time);
        let response = json!({"policy": {
            "policyName": label, "policyId": id, "arn": arn, "path": "/", "defaultVersionId": "v1",
            "attachmentCount": 0, "permissionsBoundaryUsageCount": 0, "isAttachable": true,
            "createDate": date, "updateDate": date,
        }});
        let call = Call::new("iam", "CreatePolicy", request, response);
        (self.resource(Kind::Policy, &id, &label, arn), document(configuration, json!({}), json!([])), call)
    }

    fn bucket(&mut self) -> Made {
        let label = name(self.ids);
        let owner = &self.world.owners[self.account];
        let arn = format!("arn:aws:s3:::{label}");
        let configuration = json!({
            "name": label, "owner": {"displayName": null, "id": owner}, "creationDate": self.created(),
        });
        let supplementary = json!({
            "AccessControlList": access_list(owner, None),
            "BucketAccelerateConfiguration": {"status": null},
            "BucketLoggingConfiguration": {"destinationBucketName": null, "logFilePrefix": null},
            "BucketNotificationConfiguration": {"configurations": {}},
            "BucketPolicy": {"policyText": null},
            "BucketVersioningConfiguration": {"status": "Off", "isMfaDeleteEnabled": null},
            "IsRequesterPaysEnabled": false,
            "PublicAccessBlockConfiguration": {
                "blockPublicAcls": true, "ignorePublicAcls": true, "blockPublicPolicy": true,
                "restrictPublicBuckets": true,
            },
        });
        let host = format!("{label}.s3.{}.amazonaws.com", REGIONS[self.region]);
        let mut request = json!({"bucketName": label, "Host": host});
        if self.region != 0 {
            request["CreateBucketConfiguration"] =
                json!({"LocationConstraint": REGIONS[self.region], "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"});
        }
        let call =
            Call::new("s3", "CreateBucket", request, Value::Null).more(about(self.account(), "AWS::S3::Bucket", &arn));
        (self.resource(Kind::Bucket, &label, &label, arn), document(configuration, supplementary, json!([])), call)
    }

    fn key(&mut self) -> Made {
        let id = self.ids.uuid();
        let arn = self.arn("kms", &format!("key/{id}"));
        let description = format!("key of {}", name(self.ids));
        let metadata = json!({
            "keyId": id, "arn": arn, "creationDate": self.time * 1_000, "enabled": true,
            "description": description, "keyUsage": "ENCRYPT_DECRYPT", "keyState": "Enabled", "origin": "AWS_KMS",
            "keyManager": "CUSTOMER", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keySpec": "SYMMETRIC_DEFAULT",
            "encryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "signingAlgorithms": [], "multiRegion": false,
            "awsaccountId": self.account(),
        });
        let policy = key_policy(self.account(), None);
        let supplementary = json!({"Policy": policy, "KeyRotationStatus": false, "Tags": []});
        let mut answer = metadata.clone();
        answer["creationDate"] = json!(us_date(self.time));
        let request = json!({
            "bypassPolicyLockoutSafetyCheck": false, "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "description": description, "keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT",
            "multiRegion": false, "origin": "AWS_KMS", "policy": policy,
        });
        let call = Call::new("kms", "CreateKey", request, json!({"keyMetadata": answer})).more(about(
            self.account(),
            "AWS::KMS::Key",
            &arn,
        ));
        (self.resource(Kind::Key, &id, "", arn), document(metadata, supplementary, json!([])), call)
    }

    fn instance(&mut self) -> Made {
        let id = format!("i-{}", self.ids.hex(17));
        let arn = self.arn("ec2", &format!("instance/{id}"));
        let [vpc, subnet, _] = self.world.vpc(self.account, self.region).clone();
        let zone = format!("{}a", REGIONS[self.region]);
        let (class, image) = (one(self.ids, CLASSES), format!("ami-{}", self.ids.hex(17)));
        let address = format!("10.0.{}.{}", self.ids.0.u32(..250), self.ids.0.u32(4..250));
        let interface = format!("eni-{}", self.ids.hex(17));
        let partner = self.partner(Kind::Group);
        let group = partner.map(|at| &self.world.resources[at]);
        let groups: Vec<Value> =
            group.iter().map(|group| json!({"groupName": group.name, "groupId": group.id})).collect();
        let configuration = json!({
            "amiLaunchIndex": 0, "imageId": image, "instanceId": id, "instanceType": class, "kernelId": null,
            "keyName": null, "launchTime": self.created(), "monitoring": {"state": "disabled"},
            "placement": {"availabilityZone": zone, "affinity": null, "groupName": "", "hostId": null, "tenancy": "default"},
            "platform": null, "privateIpAddress": address, "publicIpAddress": null,
            "state": {"code": 16, "name": "running"}, "stateTransitionReason": "", "subnetId": subnet, "vpcId": vpc,
            "architecture": "x86_64", "blockDeviceMappings": [], "ebsOptimized": false, "hypervisor": "xen",
            "iamInstanceProfile": null, "networkInterfaces": [{"networkInterfaceId": interface, "subnetId": subnet, "status": "in-use"}],
            "rootDeviceName": "/dev/xvda", "rootDeviceType": "ebs", "securityGroups": groups,
            "sourceDestCheck": true, "tags": [], "virtualizationType": "hvm",
        });
        let mut document = document(configuration, json!({}), json!([]));
        for (kind, id, how) in [
            ("AWS::EC2::NetworkInterface", &interface, "Contains "),
            ("AWS::EC2::Subnet", &subnet, "Is contained in "),
            ("AWS::EC2::VPC", &vpc, "Is contained in "),
        ] {
            relate(&mut document, json!({"resourceId": id, "resourceType": kind, "name": how}));
        }
        let resource = self.resource(Kind::Instance, &id, "", arn);
        let mut others = Vec::new();
        if let (Some(at), Some(group)) = (partner, group) {
            relate(&mut document, relation(group, "Is associated with "));
            others.push(Edit::relate(at, relation(&resource, "Is associated with ")));
        }
        let ids: Vec<Value> = group.iter().map(|group| json!({"groupId": group.id})).collect();
        let request = json!({
            "instancesSet": {"items": [{"imageId": image, "minCount": 1, "maxCount": 1}]}, "instanceType": class,
            "groupSet": {"items": ids}, "subnetId": subnet, "blockDeviceMapping": {},
            "monitoring": {"enabled": false}, "disableApiTermination": false, "clientToken": self.ids.uuid(),
        });
        let response = json!({
            "requestId": self.ids.uuid(), "ownerId": self.account(), "groupSet": {}, "instancesSet": {"items": [{
                "instanceId": id, "imageId": image, "instanceState": {"code": 0, "name": "pending"},
                "instanceType": class, "subnetId": subnet, "vpcId": vpc, "privateIpAddress": address,
                "groupSet": {"items": groups},
            }]},
        });
        (resource, document, Call::new("ec2", "RunInstances", request, response).with(others))
    }

    fn database(&mut self) -> Made {
        let (id, label) = (database(self.ids), name(self.ids));
        let arn = self.arn("rds", &format!("db:{label}"));
        let [vpc, one_subnet, other_subnet] = self.world.vpc(self.account, self.region).clone();
        let region = REGIONS[self.region];
        let partner = self.partner(Kind::Group);
        let group = partner.map(|at| &self.world.resources[at]);
        let groups: Vec<Value> =
            group.iter().map(|group| json!({"vpcSecurityGroupId": group.id, "status": "active"})).collect();
        let class = one(self.ids, DATABASES);
        let configuration = json!({
            "dBInstanceIdentifier": label, "dBInstanceClass": class, "engine": "postgres",
            "dBInstanceStatus": "available", "masterUsername": "dbadmin", "dBName": "main",
            "endpoint": {"address": format!("{label}.c{}.{region}.rds.amazonaws.com", self.ids.hex(11)), "port": 5432, "hostedZoneId": "Z2R2ITUGPM61AM"},
            "allocatedStorage": 20, "instanceCreateTime": self.created(), "preferredBackupWindow": "05:19-05:49",
            "backupRetentionPeriod": 7, "dBSecurityGroups": [], "vpcSecurityGroups": groups,
            "dBParameterGroups": [{"dBParameterGroupName": "default.postgres16", "parameterApplyStatus": "in-sync"}],
            "availabilityZone": format!("{region}a"),
            "dBSubnetGroup": {
                "dBSubnetGroupName": "default", "dBSubnetGroupDescription": "default", "vpcId": vpc,
                "subnetGroupStatus": "Complete", "subnets": [
                    {"subnetIdentifier": one_subnet, "subnetAvailabilityZone": {"name": format!("{region}a")}, "subnetStatus": "Active"},
                    {"subnetIdentifier": other_subnet, "subnetAvailabilityZone": {"name": format!("{region}b")}, "subnetStatus": "Active"},
                ],
            },
            "preferredMaintenanceWindow": "sat:08:19-sat:08:49", "pendingModifiedValues": {}, "multiAZ": false,
            "engineVersion": "16.3", "autoMinorVersionUpgrade": true, "readReplicaDBInstanceIdentifiers": [],
            "licenseModel": "postgresql-license", "publiclyAccessible": false, "storageType": "gp3",
            "dbInstancePort": 0, "storageEncrypted": true, "dbiResourceId": id, "cACertificateIdentifier": "rds-ca-rsa2048-g1",
            "copyTagsToSnapshot": true, "monitoringInterval": 0, "dBInstanceArn": arn,
            "iAMDatabaseAuthenticationEnabled": false, "deletionProtection": true,
        });
        let request = json!({
            "dBInstanceIdentifier": label, "dBInstanceClass": class, "engine": "postgres", "allocatedStorage": 20,
            "masterUsername": "dbadmin", "masterUserPassword": "****", "deletionProtection": true,
            "vpcSecurityGroupIds": group.iter().map(|group| group.id.as_str()).collect::<Vec<_>>(),
        });
        let response = answer(&configuration, "creating");
        let mut document = document(configuration, json!({"Tags": []}), json!([]));
        relate(
            &mut document,
            json!({"resourceId": "default", "resourceType": "AWS::RDS::DBSubnetGroup", "name": "Is associated with "}),
        );
        let resource = self.resource(Kind::Database, &id, &label, arn);
        let mut others = Vec::new();
        if let (Some(at), Some(group)) = (partner, group) {
            relate(&mut document, relation(group, "Is associated with "));
            others.push(Edit::relate(at, relation(&resource, "Is associated with ")));
        }
        (resource, document, Call::new("rds", "CreateDBInstance", request, response).with(others))
    }

    fn snapshot(&mut self) -> Made {
        let label = name(self.ids);
        let arn = self.arn("rds", &format!("snapshot:{label}"));
        let source = self.partner(Kind::Database).map(|at| self.world.resources[at].name.clone());
        let source = source.unwrap_or_else(|| name(self.ids));
        let vpc = self.world.vpc(self.account, self.region)[0].clone();
        let configuration = json!({
            "dBSnapshotIdentifier": label, "dBInstanceIdentifier": source, "snapshotCreateTime": self.created(),
            "engine": "postgres", "allocatedStorage": 20, "status": "available", "port": 5432,
            "availabilityZone": format!("{}a", REGIONS[self.region]), "vpcId": vpc, "masterUsername": "dbadmin",
            "engineVersion": "16.3", "licenseModel": "postgresql-license", "snapshotType": "manual",
            "percentProgress": 100, "storageType": "gp3", "encrypted": false, "kmsKeyId": null,
            "dBSnapshotArn": arn, "iAMDatabaseAuthenticationEnabled": false,
        });
        let supplementary = json!({
            "DBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": []}], "Tags": [],
        });
        let relation = json!({"resourceId": vpc, "resourceType": "AWS::EC2::VPC", "name": "Is associated with "});
        let request = json!({"dBInstanceIdentifier": source, "dBSnapshotIdentifier": label});
        let mut response = configuration.clone();
        response["status"] = json!("creating");
        response["percentProgress"] = json!(0);
        let call = Call::new("rds", "CreateDBSnapshot", request, response);
        (
            self.resource(Kind::Snapshot, &label, &label, arn),
            document(configuration, supplementary, json!([relation])),
            call,
        )
    }

    fn function(&mut self) -> Made {
        let label = name(self.ids);
        let arn = self.arn("lambda", &format!("function:{label}"));
        let role = self.partner(Kind::Role).map(|at| &self.world.resources[at]);
        let role_arn = role.map_or_else(
            || format!("arn:aws:iam::{}:role/service-role/lambda-basic", self.account()),
            |role| role.arn.clone(),
        );
        let runtime = one(self.ids, RUNTIMES);
        let configuration = json!({
            "functionName": label, "functionArn": arn, "runtime": runtime, "role": role_arn,
            "handler": "index.handler", "codeSize": self.ids.0.u32(200..90_000), "description": "", "timeout": 3,
            "memorySize": 128, "lastModified": stamp(self.time), "codeSha256": digest(self.ids),
            "version": "$LATEST", "tracingConfig": {"mode": "PassThrough"}, "revisionId": self.ids.uuid(),
            "layers": [], "state": "Active", "lastUpdateStatus": "Successful", "fileSystemConfigs": [],
            "packageType": "Zip", "architectures": ["x86_64"], "ephemeralStorage": {"size": 512},
        });
        let request = json!({
            "functionName": label, "runtime": runtime, "role": role_arn, "handler": "index.handler",
            "code": {"s3Bucket": "deployments", "s3Key": format!("{label}.zip")}, "timeout": 3, "memorySize": 128,
            "publish": false, "packageType": "Zip", "environment": {},
        });
        let mut response = configuration.clone();
        response["state"] = json!("Pending");
        let mut document = document(configuration, json!({"Policy": null, "Tags": {}}), json!([]));
        if let Some(role) = role {
            let name = "Is associated with ";
            relate(&mut document, json!({"resourceName": role.name, "resourceType": "AWS::IAM::Role", "name": name}));
        }
        let call = Call::new("lambda", "CreateFunction20150331", request, response);
        (self.resource(Kind::Function, &label, &label, arn), document, call)
    }
}

fn document(configuration: Value, supplementary: Value, relationships: Value) -> Value {
    json!({
        "relationships": relationships, "configuration": configuration,
        "supplementaryConfiguration": supplementary, "tags": {},
    })
}

pub(super) const CLASSES: &[&str] = &["t3.micro", "t3.small", "m6i.large", "c6i.xlarge", "r6i.large"];
pub(super) const DATABASES: &[&str] = &["db.t4g.micro", "db.t4g.medium", "db.r6g.large", "db.m6g.large"];
pub(super) const RUNTIMES: &[&str] = &["python3.12", "nodejs20.x", "java21", "provided.al2023"];

/// `,"resources":[…]` of a record.
pub(super) fn about(account: &str, kind: &str, arn: &str) -> String {
    format!(",\"resources\":[{{\"accountId\":\"{account}\",\"type\":\"{kind}\",\"ARN\":\"{arn}\"}}]")
}

/// What RDS answers: the instance without what the answer calls otherwise.
pub(super) fn answer(configuration: &Value, status: &str) -> Value {
    let mut answer = configuration.clone();
    answer["dBInstanceStatus"] = json!(status);
    answer
}

pub(super) fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    ]})
    .to_string()
}

/// A policy document with a few actions.
pub(super) fn permissions(ids: &mut Ids) -> String {
    const ACTIONS: &[&str] = &[
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "dynamodb:*",
        "sqs:SendMessage",
        "logs:PutLogEvents",
        "ec2:Describe*",
        "kms:Decrypt",
        "iam:PassRole",
        "secretsmanager:GetSecretValue",
        "sts:AssumeRole",
    ];
    let actions: Vec<&str> = (0..ids.0.usize(1..4)).map(|_| one(ids, ACTIONS)).collect();
    let resource = if ids.0.bool() { "*".to_owned() } else { format!("arn:aws:s3:::{}/*", name(ids)) };
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": format!("S{}", ids.hex(6)), "Effect": "Allow", "Action": actions, "Resource": resource},
    ]})
    .to_string()
}

/// The ACL as Config keeps it: a string with JSON in it.
pub(super) fn access_list(owner: &str, public: Option<&str>) -> String {
    let mut grants = vec![json!({"grantee": {"id": owner, "displayName": null}, "permission": "FullControl"})];
    grants.extend(public.map(|permission| json!({"grantee": "AllUsers", "permission": permission})));
    json!({
        "grantSet": null, "grantList": grants, "owner": {"displayName": null, "id": owner}, "isRequesterCharged": false,
    })
    .to_string()
}

pub(super) fn key_policy(account: &str, guest: Option<&str>) -> String {
    let root = format!("arn:aws:iam::{account}:root");
    let mut statements = vec![json!({
        "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*",
        "Resource": "*",
    })];
    statements.extend(guest.map(|arn| {
        json!({
            "Sid": "Allow use of the key", "Effect": "Allow", "Principal": {"AWS": arn},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"], "Resource": "*",
        })
    }));
    json!({"Version": "2012-10-17", "Id": "key-policy", "Statement": statements}).to_string()
}

/// `2026-01-05T01:36:18.000+0000`, as Lambda writes it.
pub(super) fn stamp(time: i64) -> String {
    iso_millis(time * 1_000).replace('Z', "+0000")
}

/// A SHA-256 in base64, of code that never was.
pub(super) fn digest(ids: &mut Ids) -> String {
    format!("{}=", ids.alnum(43))
}
