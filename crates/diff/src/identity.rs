//! By which members the elements of a list are told apart.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::path;

/// A part of an identity: the first of the members that an element has.
pub(crate) struct Part {
    names: &'static [&'static str],
    needed: bool,
}

const fn needed(names: &'static [&'static str]) -> Part {
    Part { names, needed: true }
}

const fn optional(names: &'static [&'static str]) -> Part {
    Part { names, needed: false }
}

/// Identities of several members, tried first: their members alone would be taken for more than they say.
static COMPOSITE: &[&[Part]] = &[
    // Relationships of a configuration item; the API says relationshipName.
    &[needed(&["resourceType"]), needed(&["resourceId", "resourceName"]), optional(&["name", "relationshipName"])],
    // Security groups: AWS keeps one permission for each protocol and range of ports.
    &[needed(&["ipProtocol"]), optional(&["fromPort"]), optional(&["toPort"])],
    // Network ACLs number inbound and outbound rules separately.
    &[needed(&["ruleNumber"]), optional(&["egress"])],
    &[needed(&["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"])],
];

/// Identities of one member.
static SINGLE: &[&str] = &[
    "sid",
    "id",
    "arn",
    "key",
    "name",
    "policyArn",
    "policyName",
    "groupId",
    "userId",
    "deviceName",
    "networkInterfaceId",
    "attributeName",
    "cidrIp",
    "cidrIpv6",
    "cidrBlock",
    "ipv6CidrBlock",
    "prefixListId",
    "networkAclAssociationId",
    "routeTableAssociationId",
    "associationId",
    "attachmentId",
    "subnetId",
    "vpcSecurityGroupId",
    "instanceId",
    "volumeId",
    "allocationId",
    "roleName",
    "roleArn",
    "groupName",
    "userName",
    "instanceProfileId",
    "instanceProfileName",
    "accessKeyId",
    "keyId",
    "versionId",
    "indexName",
    "parameterName",
    "parameterGroupName",
    "dbParameterGroupName",
    "optionName",
    "optionGroupName",
    "dbInstanceIdentifier",
    "dbClusterIdentifier",
    "logicalResourceId",
    "listenerArn",
    "targetGroupArn",
    "certificateArn",
    "resourceArn",
    "domainName",
    "containerName",
    "containerPath",
    "hostName",
    "regionName",
    "streamName",
    "statementId",
    "ruleName",
    "ruleId",
    "priority",
];

/// An identity: what a list was found to be told apart by.
pub(crate) enum Identity {
    Composite(&'static [Part]),
    Single(&'static str),
}

impl Identity {
    /// `name=value`, as the element is written in a path.
    pub(crate) fn label(&self, element: &Value) -> Option<String> {
        match self {
            Identity::Single(name) => scalar(element, name),
            Identity::Composite(parts) => {
                let mut labels = Vec::new();
                for part in *parts {
                    match part.names.iter().find_map(|name| scalar(element, name)) {
                        Some(label) => labels.push(label),
                        None if part.needed => return None,
                        None => {}
                    }
                }
                Some(labels.join(","))
            }
        }
    }

    fn holds(&self, lists: &[&[Value]]) -> bool {
        lists.iter().all(|list| {
            let mut seen = BTreeSet::new();
            list.iter().all(|element| self.label(element).is_some_and(|label| seen.insert(label)))
        })
    }
}

/// The first identity that every element of every list has, and no two of a list share.
pub(crate) fn choose(lists: &[&[Value]]) -> Option<Identity> {
    let mut elements = lists.iter().flat_map(|list| list.iter()).peekable();
    elements.peek()?;
    if !elements.all(Value::is_object) {
        return None;
    }
    let composite = COMPOSITE.iter().map(|parts| Identity::Composite(parts));
    composite.chain(SINGLE.iter().map(|name| Identity::Single(name))).find(|identity| identity.holds(lists))
}

fn scalar(element: &Value, name: &str) -> Option<String> {
    let (written, value) = element.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let text = match value {
        Value::String(text) if !text.is_empty() => crate::node::spelled(text.trim()),
        Value::Number(_) => crate::node::number(value),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    Some(path::label(written, &text))
}
