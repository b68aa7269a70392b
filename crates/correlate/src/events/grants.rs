//! Who handed credentials to whom.
//!
//! The answer to AssumeRole and its like names the access key that it gives out; that key signs the calls of the next
//! session. <https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>

mod chains;

use serde_json::Value;

pub(crate) use chains::{Chains, ROOT_KINDS, SAYS_INSTANCE};

use super::Row;
use crate::names::Names;

/// Makes a long-term key. The key's user acts with it, so it is no link of a chain, but who made it counts.
const MAKES_KEY: &str = "CreateAccessKey";

/// The calls that hand out credentials, and console sign-ins.
const KINDS: [&str; 8] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "GetSessionToken",
    "GetFederationToken",
    "ConsoleLogin",
    MAKES_KEY,
];

pub(super) fn hands_out(name: &str) -> bool {
    KINDS.contains(&name)
}

/// What a call hands out, as its documents tell.
pub(crate) struct Grant {
    kind: &'static str,
    key: Option<String>,
    arn: Option<String>,
    /// `AROA…:session`, by which sessions can be known whose key is not in the answer.
    principal: Option<String>,
    role: Option<String>,
    session_name: Option<String>,
    source_identity: Option<String>,
    /// Who signed in, for SAML and web identities.
    subject: Option<String>,
    mfa: Option<bool>,
}

/// None when the row hands nothing out.
pub(super) fn grant(row: &Row<'_>, request: &Value, response: &Value) -> Option<Grant> {
    let kind = KINDS.iter().find(|kind| **kind == row.name)?;
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let user = ["/assumedRoleUser", "/federatedUser"].into_iter().find_map(|at| response.pointer(at));
    let of_user = |names: [&str; 2]| names.into_iter().find_map(|name| Some(user?.get(name)?.as_str()?.to_owned()));
    let federated = row.name == "AssumeRoleWithSAML" || row.name == "AssumeRoleWithWebIdentity";
    let sign_in = row.name == "ConsoleLogin";
    let own = |text: Option<&str>| text.filter(|_| sign_in || row.name == "GetSessionToken").map(str::to_owned);
    Some(Grant {
        kind,
        key: text(response, "/credentials/accessKeyId").or_else(|| text(response, "/accessKey/accessKeyId")),
        arn: of_user(["arn", "arn"]).or_else(|| own(row.arn)),
        principal: of_user(["assumedRoleId", "federatedUserId"]).or_else(|| own(row.principal)),
        role: text(request, "/roleArn").or_else(|| text(request, "/targetPrincipal")),
        session_name: text(request, "/roleSessionName").or_else(|| text(request, "/name")),
        source_identity: text(request, "/sourceIdentity").or_else(|| text(response, "/sourceIdentity")),
        subject: federated
            .then(|| {
                row.user
                    .map(str::to_owned)
                    .or_else(|| text(response, "/subject"))
                    .or_else(|| text(response, "/subjectFromWebIdentityToken"))
            })
            .flatten(),
        mfa: request.get("serialNumber").map(|_| true),
    })
}

/// A grant with the row that made it.
pub(super) struct Given {
    kind: &'static str,
    time: i64,
    /// The session that asked.
    parent: u32,
    key: Option<u32>,
    arn: Option<u32>,
    principal: Option<u32>,
    role: Option<u32>,
    session_name: Option<u32>,
    source_identity: Option<u32>,
    subject: Option<u32>,
    mfa: Option<bool>,
    /// The service that asked, if it was one.
    service: Option<u32>,
    account: Option<u32>,
    region: Option<u32>,
    event: Option<u32>,
    shared: Option<u32>,
    object: u32,
    record: i64,
    /// How much the row says about who asked: the copy in the account of the role says little.
    rank: u8,
}

#[derive(Default)]
pub(crate) struct Grants {
    all: Vec<Given>,
}

impl Grants {
    pub(super) fn add(&mut self, names: &mut Names, row: &Row<'_>, parent: u32, object: u32, grant: Grant) {
        let mut number = |text: Option<&str>| text.map(|text| names.number(text));
        let service = row.invoked_by.filter(|_| row.kind == Some("AWSService"));
        let rank = match (row.key.or(row.arn), row.kind) {
            (_, Some("AWSAccount")) => 0,
            (None, _) => 1,
            (Some(_), _) => 2,
        };
        self.all.push(Given {
            kind: grant.kind,
            time: row.time,
            parent,
            key: number(grant.key.as_deref()),
            arn: number(grant.arn.as_deref()),
            principal: number(grant.principal.as_deref()),
            role: number(grant.role.as_deref()),
            session_name: number(grant.session_name.as_deref()),
            source_identity: number(grant.source_identity.as_deref()),
            subject: number(grant.subject.as_deref()),
            mfa: grant.mfa,
            service: number(service),
            account: number(row.account),
            region: number(row.region),
            event: number(row.event_id),
            shared: number(row.shared),
            object,
            record: row.record,
            rank,
        });
    }
}
