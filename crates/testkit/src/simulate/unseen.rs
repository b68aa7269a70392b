//! Calls that write and change nothing that Config records.

use std::rc::Rc;

use serde_json::{Value, json};

use super::calls::{CHANGES, Scene, authorize, modify_database, s3, switch_key};
use super::make::about;
use super::resource::{Call, KINDS, Kind, REGIONS, Resource, World};
use super::session::Session;
use super::text::chance;
use super::{Simulation, share};
use crate::world::Ids;

impl Simulation {
    /// What else happens beside a step.
    pub(super) fn try_unseen(&mut self, session: &Rc<Session>, now: i64) {
        if chance(&mut self.ids, share::FAILED) {
            self.fail(session, now);
        }
        if chance(&mut self.ids, share::IDEMPOTENT) {
            self.repeat(session, now);
        }
        if chance(&mut self.ids, share::REVERTED) {
            self.revert(session, now);
        }
        if chance(&mut self.ids, share::NOT_RECORDED)
            && let Some(at) = self.anything(session.account)
        {
            let call = passing(&mut self.ids, &self.world, &self.world.resources[at]);
            self.tell(session, at, &call, now, None, "not_recorded");
            self.summary.not_recorded += 1;
        }
    }

    /// A resource of the account, of any type.
    pub(super) fn anything(&mut self, account: usize) -> Option<usize> {
        let kind = KINDS[self.ids.0.usize(..KINDS.len())];
        self.world.pick(&mut self.ids, account, kind, None)
    }

    fn tell(
        &mut self,
        session: &Session,
        at: usize,
        call: &Call,
        time: i64,
        error: Option<(&str, &str)>,
        why: &'static str,
    ) {
        let region = self.world.resources[at].region;
        let logged = self.called(session, call, region, time, false, error);
        self.truth.unseen(&self.world, &self.world.resources[at], &logged.id, call.name, why);
    }

    fn fail(&mut self, session: &Rc<Session>, now: i64) {
        if chance(&mut self.ids, 300) {
            return self.fail_twice(session, now);
        }
        for _ in 0..20 {
            let (kind, _, change) = CHANGES[self.ids.0.usize(..CHANGES.len())];
            let Some(at) = self.world.pick(&mut self.ids, session.account, kind, None) else { continue };
            let me = &self.world.resources[at];
            let mut document = me.value();
            let mut scene = Scene { ids: &mut self.ids, world: &self.world, me, time: now };
            let Some(call) = change(&mut scene, &mut document) else { continue };
            let code = match call.service {
                "ec2" => "Client.UnauthorizedOperation",
                "lambda" | "kms" => "AccessDeniedException",
                _ => "AccessDenied",
            };
            let name = call.name.trim_end_matches("20150331v2").trim_end_matches("20150331");
            let action = format!("{}:{name}", call.service);
            let message = format!(
                "User: {} is not authorized to perform: {action} on resource: {} because no identity-based policy allows the {action} action",
                session.arn, me.arn
            );
            self.tell(session, at, &call, now, Some((code, &message)), "failed");
            self.summary.failed += 1;
            return;
        }
    }

    /// A rule that is there already.
    fn fail_twice(&mut self, session: &Rc<Session>, now: i64) {
        let Some(at) = self.world.pick(&mut self.ids, session.account, Kind::Group, None) else { return };
        let me = &self.world.resources[at];
        let mut document = me.value();
        let mut scene = Scene { ids: &mut self.ids, world: &self.world, me, time: now };
        let Some(mut call) = authorize(&mut scene, &mut document) else { return };
        let before = me.value();
        let rule = &before["configuration"]["ipPermissions"][0];
        let (Some(port), Some(range)) = (rule["fromPort"].as_i64(), rule["ipRanges"][0].as_str()) else { return };
        let item = &mut call.request["ipPermissions"]["items"][0];
        item["fromPort"] = json!(port);
        item["toPort"] = json!(port);
        item["ipRanges"] = json!({"items": [{"cidrIp": range}]});
        let message = format!(
            "the specified rule \"peer: {range}, TCP, from port: {port}, to port: {port}, ALLOW\" already exists"
        );
        self.tell(session, at, &call, now, Some(("Client.InvalidPermission.Duplicate", &message)), "failed");
        self.summary.failed += 1;
    }

    /// Another actor asks for what is so already.
    fn repeat(&mut self, session: &Rc<Session>, now: i64) {
        let other = self.another(session, now);
        for _ in 0..20 {
            let Some(at) = self.anything(session.account) else { continue };
            let me = &self.world.resources[at];
            let mut scene = Scene { ids: &mut self.ids, world: &self.world, me, time: now };
            let Some(call) = same_again(&mut scene) else { continue };
            self.tell(&other, at, &call, now + 3, None, "idempotent");
            self.summary.idempotent += 1;
            return;
        }
    }

    /// A change, and its opposite within seconds, before Config looks.
    fn revert(&mut self, session: &Rc<Session>, now: i64) {
        let kind = [Kind::Group, Kind::Key, Kind::Role][self.ids.0.usize(..3)];
        let Some(at) = self.world.pick(&mut self.ids, session.account, kind, None) else { return };
        if self.world.resources[at].due {
            // A capture that is under way could see the moment between.
            return;
        }
        let me = &self.world.resources[at];
        let mut document = me.value();
        let mut scene = Scene { ids: &mut self.ids, world: &self.world, me, time: now };
        let pair = match kind {
            Kind::Group => authorize(&mut scene, &mut document).map(|call| {
                let back = Call::new("ec2", "RevokeSecurityGroupIngress", call.request.clone(), scene.done());
                (call, back)
            }),
            Kind::Key => {
                let first = switch_key(&mut scene, &mut document);
                first.and_then(|first| switch_key(&mut scene, &mut document).map(|second| (first, second)))
            }
            _ => {
                let policy = "arn:aws:iam::aws:policy/job-function/NetworkAdministrator";
                let request = json!({"roleName": me.name, "policyArn": policy});
                let call = |name| Call::new("iam", name, request.clone(), Value::Null);
                Some((call("AttachRolePolicy"), call("DetachRolePolicy")))
            }
        };
        let Some((first, second)) = pair else { return };
        let later = now + self.ids.0.i64(1..6);
        self.tell(session, at, &first, now, None, "reverted");
        self.tell(session, at, &second, later, None, "reverted");
        self.summary.reverted += 2;
    }
}

/// A call that asks for the present state, where there is one that leaves no trace in the item.
fn same_again(scene: &mut Scene<'_>) -> Option<Call> {
    let document = scene.me.value();
    let (configuration, more) = (&document["configuration"], &document["supplementaryConfiguration"]);
    match scene.me.kind {
        Kind::Database => {
            let members = json!({
                "backupRetentionPeriod": configuration["backupRetentionPeriod"],
                "publiclyAccessible": configuration["publiclyAccessible"],
            });
            Some(modify_database(scene, &document, members))
        }
        Kind::Bucket => {
            let status = more["BucketVersioningConfiguration"]["status"].as_str().filter(|status| *status != "Off")?;
            let member = json!({"Status": status, "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"});
            Some(s3(scene, "PutBucketVersioning", "versioning", Some(("VersioningConfiguration", member))))
        }
        Kind::Role | Kind::User => {
            let policy = &configuration["attachedManagedPolicies"][0]["policyArn"];
            let policy = policy.as_str()?;
            let (member, name) = match scene.me.kind {
                Kind::Role => ("roleName", "AttachRolePolicy"),
                _ => ("userName", "AttachUserPolicy"),
            };
            Some(Call::new("iam", name, json!({member: scene.me.name, "policyArn": policy}), Value::Null))
        }
        Kind::Key => {
            let name = if configuration["enabled"] == true { "EnableKey" } else { "DisableKey" };
            let more = about(scene.account(), "AWS::KMS::Key", &scene.me.arn);
            Some(Call::new("kms", name, json!({"keyId": scene.me.id}), Value::Null).more(more))
        }
        Kind::Group | Kind::Instance => {
            let tag = configuration["tags"].as_array()?.first()?.clone();
            let request = json!({"resourcesSet": {"items": [{"resourceId": scene.me.id}]}, "tagSet": {"items": [tag]}});
            Some(Call::new("ec2", "CreateTags", request, scene.done()))
        }
        Kind::Policy | Kind::Snapshot | Kind::Function => None,
    }
}

/// A call that writes something unrecorded, and names the resource in passing.
pub(super) fn passing(ids: &mut Ids, world: &World, me: &Resource) -> Call {
    let account = &world.accounts[me.account];
    let region = REGIONS[me.region];
    match me.kind {
        Kind::Group => {
            let name = format!("template-{}", ids.hex(6));
            let request = json!({"CreateLaunchTemplateRequest": {
                "LaunchTemplateName": name, "LaunchTemplateData": {"InstanceType": "t3.micro", "SecurityGroupId": {"tag": 1, "content": me.id}},
            }});
            let response = json!({"CreateLaunchTemplateResponse": {"launchTemplate": {
                "launchTemplateId": format!("lt-{}", ids.hex(17)), "launchTemplateName": name,
            }}});
            Call::new("ec2", "CreateLaunchTemplate", request, response)
        }
        Kind::Instance => {
            let group = format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/web/{}", ids.hex(16));
            let request = json!({"targetGroupArn": group, "targets": [{"id": me.id}]});
            Call::new("elasticloadbalancing", "RegisterTargets", request, Value::Null)
        }
        Kind::User => {
            let key = super::text::akia(ids);
            let response = json!({"accessKey": {"userName": me.name, "accessKeyId": key, "status": "Active"}});
            Call::new("iam", "CreateAccessKey", json!({"userName": me.name}), response)
        }
        Kind::Role => {
            let (name, reference) = (format!("rule-{}", ids.hex(6)), json!({"id": "1", "arn": me.arn}));
            Call::new(
                "events",
                "PutTargets",
                json!({"rule": name, "targets": [reference]}),
                json!({"failedEntryCount": 0}),
            )
        }
        Kind::Key => {
            let response = json!({"grantId": ids.hex(64), "keyId": me.arn});
            let request = json!({"keyId": me.arn, "granteePrincipal": "rds.amazonaws.com", "operations": ["Decrypt"]});
            Call::new("kms", "CreateGrant", request, response).more(about(account, me.kind.name(), &me.arn))
        }
        Kind::Function => {
            let queue = format!("arn:aws:sqs:{region}:{account}:jobs");
            let request = json!({"functionName": me.name, "eventSourceArn": queue, "batchSize": 10});
            let response = json!({"uUID": ids.uuid(), "functionArn": me.arn, "state": "Creating"});
            Call::new("lambda", "CreateEventSourceMapping20150331", request, response)
        }
        Kind::Bucket => {
            let name = format!("trail-{}", ids.hex(6));
            let request = json!({"name": name, "s3BucketName": me.name, "isMultiRegionTrail": false});
            Call::new("cloudtrail", "CreateTrail", request, json!({"name": name, "s3BucketName": me.name}))
        }
        Kind::Database | Kind::Snapshot => {
            let task = format!("export-{}", ids.hex(6));
            let request = json!({"exportTaskIdentifier": task, "sourceArn": me.arn, "s3BucketName": "exports"});
            Call::new("rds", "StartExportTask", request, json!({"exportTaskIdentifier": task, "status": "STARTING"}))
        }
        Kind::Policy => {
            let set = format!("arn:aws:sso:::permissionSet/ssoins-{}/ps-{}", ids.hex(16), ids.hex(16));
            let request = json!({
                "permissionSetArn": set, "customerManagedPolicyReference": {"name": me.name, "path": "/"},
            });
            Call::new("sso", "AttachCustomerManagedPolicyReferenceToPermissionSet", request, Value::Null)
        }
    }
}
