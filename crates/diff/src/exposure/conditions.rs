//! To whom the conditions of a statement confine it.
//!
//! After what S3 counts as public:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>.

use crate::policy::Statement;

use super::ranges::take_in_the_internet;

/// Whom conditions let through of everybody.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Confined {
    /// Everybody.
    No,
    /// Ours, or a place such as an organisation, network or bucket.
    Yes,
    /// Accounts that are not ours.
    To(Vec<String>),
}

/// Keys whose values are accounts.
static ACCOUNTS: &[&str] = &[
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:principalaccount",
    "aws:vpceaccount",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
];

/// Keys whose values are ARNs.
static ARNS: &[&str] = &[
    "aws:sourcearn",
    "aws:principalarn",
    "ec2:sourceinstancearn",
    "lambda:sourcefunctionarn",
    "s3:dataaccesspointarn",
    "elasticfilesystem:accesspointarn",
];

/// Keys whose values name something that a stranger does not have.
static PLACES: &[&str] = &[
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:userid",
    "lambda:eventsourcetoken",
];

/// Keys that say whose the caller is; an account that is named stays a stranger from whatever address.
static CALLER: &[&str] =
    &["aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "kms:calleraccount"];

static POSITIVE: &[&str] =
    &["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "bool"];

/// Whom the conditions of a statement let through, were its principal everybody.
pub(crate) fn confined(statement: &Statement, ours: &dyn Fn(&str) -> bool) -> Confined {
    by_keys(statement, ours, &|_| true)
}

/// Do the conditions demand that the caller is one of ours?
pub(crate) fn demands_ours(statement: &Statement, ours: &dyn Fn(&str) -> bool) -> bool {
    by_keys(statement, ours, &|key| CALLER.contains(&key)) == Confined::Yes
}

fn by_keys(statement: &Statement, ours: &dyn Fn(&str) -> bool, counts: &dyn Fn(&str) -> bool) -> Confined {
    let mut strangers: Option<Vec<String>> = None;
    for (operator, key, values) in statement.tests() {
        let key = key.to_ascii_lowercase();
        if !is_positive(operator, false) || values.is_empty() || !counts(&key) {
            continue;
        }
        match test(&key, &values, ours) {
            Confined::Yes => return Confined::Yes,
            Confined::To(accounts) => strangers = Some(strangers.unwrap_or(accounts)),
            Confined::No => {}
        }
    }
    strangers.map_or(Confined::No, Confined::To)
}

/// Does the operator demand that the key has one of the values? `…IfExists` and, unless the key is
/// always there, `ForAllValues:` let those through who have no such key.
pub(crate) fn is_positive(operator: &str, key_is_always_there: bool) -> bool {
    let operator = operator.to_ascii_lowercase();
    let plain = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
    let plain = if key_is_always_there {
        let plain = plain.strip_prefix("forallvalues:").unwrap_or(plain);
        plain.strip_suffix("ifexists").unwrap_or(plain)
    } else {
        plain
    };
    POSITIVE.contains(&plain)
}

fn test(key: &str, values: &[&str], ours: &dyn Fn(&str) -> bool) -> Confined {
    let all = |holds: &dyn Fn(&str) -> bool| if values.iter().all(|v| holds(v)) { Confined::Yes } else { Confined::No };
    match key {
        "aws:sourceip" | "aws:vpcsourceip" if take_in_the_internet(values) => Confined::No,
        "aws:sourceip" | "aws:vpcsourceip" => Confined::Yes,
        // A mount target is reached from inside a VPC only.
        "aws:principalisawsservice" | "elasticfilesystem:accessedviamounttarget" => {
            all(&|flag| flag.eq_ignore_ascii_case("true"))
        }
        _ if ACCOUNTS.contains(&key) => accounts(values.iter().map(|v| Some(*v)), ours),
        _ if ARNS.contains(&key) => {
            if values.iter().any(|arn| is_any_arn(arn)) {
                return Confined::No;
            }
            accounts(
                values.iter().map(|arn| arn.split(':').nth(4)).filter(|account| is_account(account.unwrap_or(""))),
                ours,
            )
        }
        _ if PLACES.contains(&key) => all(&|value| !value.trim_start_matches("o-").starts_with(['*', '?'])),
        _ => Confined::No,
    }
}

fn accounts<'a>(values: impl Iterator<Item = Option<&'a str>>, ours: &dyn Fn(&str) -> bool) -> Confined {
    let mut strangers = Vec::new();
    for account in values.flatten() {
        if !is_account(account) {
            return Confined::No;
        }
        if !ours(account) {
            strangers.push(account.to_owned());
        }
    }
    if strangers.is_empty() { Confined::Yes } else { Confined::To(strangers) }
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// An ARN pattern that names neither an account nor a resource, such as `arn:aws:s3:::*`.
fn is_any_arn(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next().unwrap_or("*"), parts.next().unwrap_or("*"));
    if is_account(account) {
        return false;
    }
    let resource = resource.rsplit(['/', ':']).next().unwrap_or(resource);
    !account.is_empty() || resource.starts_with(['*', '?'])
}
