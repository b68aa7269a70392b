//! How the intruder tries to stay: a trust policy, a function's URL, a federation token, commands on an instance; and
//! the defences that it tries to switch off.

use serde_json::json;

use crate::cloudtrail::Deed;
use crate::states::INSTANCE;
use crate::story::{Story, trust};
use crate::world::{EUROPE, PROD, STRANGER, Who, at, iso};

/// The key of the federated session, which goes on after the key that made it was disabled.
pub(crate) const FEDERATED_KEY: &str = "ASIAFEDERATEDXEXAMPL";

pub(crate) fn tell(story: &mut Story) {
    story.take_roles("04-10 04:44:00", false);
    let admin = story.admin.clone();
    let hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
    let done = [
        (
            "04-10 04:52:10",
            "iam",
            "UpdateAssumeRolePolicy",
            json!({"roleName": "MonitoringRole", "policyDocument": trust(STRANGER).to_string()}),
            "backdoor_trust",
            "MonitoringRole comes to trust the stranger account 999988887777",
        ),
        (
            "04-10 04:55:33",
            "lambda",
            "CreateFunctionUrlConfig",
            json!({"functionName": "orders-0", "authType": "NONE"}),
            "function_url",
            "A function gets a URL that asks for no authentication",
        ),
        (
            "04-10 04:55:50",
            "lambda",
            "AddPermission20150331v2",
            json!({"functionName": "orders-0", "statementId": "url", "action": "lambda:InvokeFunctionUrl", "principal": "*", "functionUrlAuthType": "NONE"}),
            "function_permission",
            "Everybody may call the function",
        ),
        (
            "04-10 05:01:12",
            "ssm",
            "SendCommand",
            json!({"documentName": "AWS-RunShellScript", "instanceIds": [INSTANCE], "parameters": hidden, "interactive": false}),
            "send_command",
            "A shell script is run on the instance i-0a1b2c3d4000000a1",
        ),
    ];
    for (time, service, name, request, step, sentence) in done {
        let mut deed = Deed::new(&admin, PROD, at(time), service, name);
        deed.request = request;
        story.act(step, sentence, &deed);
    }
    let refused = [
        (
            "04-10 05:10:00",
            "guardduty",
            "UpdateDetector",
            json!({"detectorId": "12abc34d567e8fa901bc2d34e56789f0", "enable": false}),
        ),
        ("04-10 05:11:10", "config", "StopConfigurationRecorder", json!({"configurationRecorderName": "default"})),
        (
            "04-10 05:12:20",
            "ec2",
            "DeleteFlowLogs",
            json!({"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-0a1b2c3d4e5f60718"}}}),
        ),
        (
            "04-10 05:13:30",
            "kms",
            "ScheduleKeyDeletion",
            json!({"keyId": "1f2e3d4c-0000-4000-8000-000000000001", "pendingWindowInDays": 7}),
        ),
        (
            "04-10 05:14:40",
            "logs",
            "PutRetentionPolicy",
            json!({"logGroupName": "/aws/lambda/orders-0", "retentionInDays": 1}),
        ),
    ];
    for (time, service, name, request) in refused {
        let mut deed = Deed::new(&admin, PROD, at(time), service, name);
        deed.request = request;
        let code = if service == "ec2" { "Client.UnauthorizedOperation" } else { "AccessDeniedException" };
        let step = format!("{}_denied", name.to_lowercase());
        story.act(&step, &format!("{service}:{name} is denied"), &deed.denied(code));
    }
    federate(story);
}

/// A federation token of `backup-svc`, used again after the key that made it was disabled.
fn federate(story: &mut Story) {
    let backup = story.backup.clone();
    let since = at("04-10 23:38:01");
    let arn = format!("arn:aws:sts::{PROD}:federated-user/sync");
    let mut deed = Deed::new(&backup, PROD, since, "sts", "GetFederationToken");
    deed.read_only = false;
    deed.version = "1.08";
    deed.request = json!({"name": "sync", "durationSeconds": 129_600});
    deed.response = json!({
        "credentials": {"accessKeyId": FEDERATED_KEY, "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLE", "expiration": iso(since + 129_600)},
        "federatedUser": {"federatedUserId": format!("{PROD}:sync"), "arn": arn}, "packedPolicySize": 0,
    });
    story.act("federation_token", "`backup-svc` gets a federation token for 36 hours", &deed);
    let identity = json!({
        "type": "FederatedUser", "principalId": format!("{PROD}:sync"), "arn": arn, "accountId": PROD,
        "accessKeyId": FEDERATED_KEY,
        "sessionContext": {
            "sessionIssuer": {
                "type": "IAMUser", "principalId": backup.identity["principalId"], "arn": backup.arn,
                "accountId": PROD, "userName": "backup-svc",
            },
            "attributes": {"creationDate": iso(since), "mfaAuthenticated": "false"},
        },
    });
    let federated = Who { identity, arn, key: FEDERATED_KEY.to_owned(), ip: backup.ip, agent: backup.agent };
    let deed = Deed::new(&federated, PROD, at("04-10 23:40:09"), "sts", "GetCallerIdentity");
    story.act("federated_first_use", "The federated session is used", &deed);
    let mut deed = Deed::new(&federated, PROD, at("04-11 11:30:47"), "ec2", "DescribeSnapshots");
    deed.region = EUROPE;
    let sentence =
        "The federated session still works, two hours after the key that made it was disabled: the last call";
    story.act("last_event", sentence, &deed);
}
