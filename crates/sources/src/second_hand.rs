//! CloudTrail events that come second-hand: out of tables of Athena and Glue, as CSV of the console or of a query, or
//! as OCSF of Security Lake. They are turned back into CloudTrail's own record, so that one decoder serves all; what
//! has no place in it stays under its own name.

use std::borrow::Cow;

use crate::fields::{Extra, json_string};
use crate::json::{Tape, Value};
use crate::source::Mistyped;

/// Where members belong, by their names in lower case without marks; those of nested ones are put together.
const PATHS: &[(&str, &[&str])] = &[
    ("eventversion", &["eventVersion"]),
    ("useridentity", &["userIdentity"]),
    ("eventtime", &["eventTime"]),
    ("eventsource", &["eventSource"]),
    ("eventname", &["eventName"]),
    ("awsregion", &["awsRegion"]),
    ("sourceipaddress", &["sourceIPAddress"]),
    ("useragent", &["userAgent"]),
    ("errorcode", &["errorCode"]),
    ("errormessage", &["errorMessage"]),
    ("requestparameters", &["requestParameters"]),
    ("responseelements", &["responseElements"]),
    ("additionaleventdata", &["additionalEventData"]),
    ("requestid", &["requestID"]),
    ("eventid", &["eventID"]),
    ("readonly", &["readOnly"]),
    ("resources", &["resources"]),
    ("eventtype", &["eventType"]),
    ("apiversion", &["apiVersion"]),
    ("managementevent", &["managementEvent"]),
    ("recipientaccountid", &["recipientAccountId"]),
    ("serviceeventdetails", &["serviceEventDetails"]),
    ("sharedeventid", &["sharedEventID"]),
    ("vpcendpointid", &["vpcEndpointId"]),
    ("vpcendpointaccountid", &["vpcEndpointAccountId"]),
    ("eventcategory", &["eventCategory"]),
    ("insightdetails", &["insightDetails"]),
    ("sessioncredentialfromconsole", &["sessionCredentialFromConsole"]),
    ("edgedevicedetails", &["edgeDeviceDetails"]),
    ("addendum", &["addendum"]),
    ("addendumreason", &["addendum", "reason"]),
    ("addendumupdatedfields", &["addendum", "updatedFields"]),
    ("addendumoriginalrequestid", &["addendum", "originalRequestID"]),
    ("addendumoriginaleventid", &["addendum", "originalEventID"]),
    ("tlsdetails", &["tlsDetails"]),
    ("tlsdetailstlsversion", &["tlsDetails", "tlsVersion"]),
    ("tlsdetailsciphersuite", &["tlsDetails", "cipherSuite"]),
    ("tlsdetailsclientprovidedhostheader", &["tlsDetails", "clientProvidedHostHeader"]),
    ("useridentitytype", &["userIdentity", "type"]),
    ("useridentityprincipalid", &["userIdentity", "principalId"]),
    ("useridentityarn", &["userIdentity", "arn"]),
    ("useridentityaccountid", &["userIdentity", "accountId"]),
    ("useridentityaccesskeyid", &["userIdentity", "accessKeyId"]),
    ("useridentityusername", &["userIdentity", "userName"]),
    ("useridentityinvokedby", &["userIdentity", "invokedBy"]),
    ("useridentityidentityprovider", &["userIdentity", "identityProvider"]),
    ("useridentitycredentialid", &["userIdentity", "credentialId"]),
    ("useridentityonbehalfof", &["userIdentity", "onBehalfOf"]),
    ("useridentityonbehalfofuserid", &["userIdentity", "onBehalfOf", "userId"]),
    ("useridentityonbehalfofidentitystorearn", &["userIdentity", "onBehalfOf", "identityStoreArn"]),
    ("useridentitysessioncontext", &["userIdentity", "sessionContext"]),
    ("useridentitysessioncontextsourceidentity", &["userIdentity", "sessionContext", "sourceIdentity"]),
    ("useridentitysessioncontextec2roledelivery", &["userIdentity", "sessionContext", "ec2RoleDelivery"]),
    ("useridentitysessioncontextwebidfederationdata", &["userIdentity", "sessionContext", "webIdFederationData"]),
    ("useridentitysessioncontextattributes", &["userIdentity", "sessionContext", "attributes"]),
    (
        "useridentitysessioncontextattributescreationdate",
        &["userIdentity", "sessionContext", "attributes", "creationDate"],
    ),
    (
        "useridentitysessioncontextattributesmfaauthenticated",
        &["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"],
    ),
    ("useridentitysessioncontextsessionissuer", &["userIdentity", "sessionContext", "sessionIssuer"]),
    ("useridentitysessioncontextsessionissuertype", &["userIdentity", "sessionContext", "sessionIssuer", "type"]),
    (
        "useridentitysessioncontextsessionissuerprincipalid",
        &["userIdentity", "sessionContext", "sessionIssuer", "principalId"],
    ),
    ("useridentitysessioncontextsessionissuerarn", &["userIdentity", "sessionContext", "sessionIssuer", "arn"]),
    (
        "useridentitysessioncontextsessionissueraccountid",
        &["userIdentity", "sessionContext", "sessionIssuer", "accountId"],
    ),
    (
        "useridentitysessioncontextsessionissuerusername",
        &["userIdentity", "sessionContext", "sessionIssuer", "userName"],
    ),
    // As the console and `select useridentity.arn` name them.
    ("username", &["userIdentity", "userName"]),
    ("awsaccesskey", &["userIdentity", "accessKeyId"]),
    ("accesskeyid", &["userIdentity", "accessKeyId"]),
    ("principalid", &["userIdentity", "principalId"]),
    ("arn", &["userIdentity", "arn"]),
];

/// Members of OCSF, by their paths. <https://docs.aws.amazon.com/security-lake/latest/userguide/open-cybersecurity-schema-framework.html>
const OCSF: &[(&str, &[&str])] = &[
    ("metadata.product.version", &["eventVersion"]),
    ("metadata.product.feature.name", &["eventCategory"]),
    ("metadata.uid", &["eventID"]),
    ("api.operation", &["eventName"]),
    ("api.service.name", &["eventSource"]),
    ("api.version", &["apiVersion"]),
    ("api.request.uid", &["requestID"]),
    ("api.request.data", &["requestParameters"]),
    ("api.response.error", &["errorCode"]),
    ("api.response.message", &["errorMessage"]),
    ("api.response.data", &["responseElements"]),
    ("cloud.region", &["awsRegion"]),
    ("cloud.account.uid", &["recipientAccountId"]),
    ("cloud.account_uid", &["recipientAccountId"]),
    ("src_endpoint.ip", &["sourceIPAddress"]),
    ("src_endpoint.uid", &["vpcEndpointId"]),
    ("http_request.user_agent", &["userAgent"]),
    ("tls.version", &["tlsDetails", "tlsVersion"]),
    ("tls.cipher", &["tlsDetails", "cipherSuite"]),
    ("tls.sni", &["tlsDetails", "clientProvidedHostHeader"]),
    ("actor.invoked_by", &["userIdentity", "invokedBy"]),
    ("actor.idp.name", &["userIdentity", "identityProvider"]),
    ("actor.user.type", &["userIdentity", "type"]),
    ("actor.user.name", &["userIdentity", "userName"]),
    ("actor.user.uid", &["userIdentity", "arn"]),
    ("actor.user.uid_alt", &["userIdentity", "principalId"]),
    ("actor.user.uuid", &["userIdentity", "principalId"]),
    ("actor.user.account.uid", &["userIdentity", "accountId"]),
    ("actor.user.account_uid", &["userIdentity", "accountId"]),
    ("actor.user.credential_uid", &["userIdentity", "accessKeyId"]),
    ("actor.session.credential_uid", &["userIdentity", "accessKeyId"]),
    ("actor.session.issuer", &["userIdentity", "sessionContext", "sessionIssuer", "arn"]),
    ("actor.session.is_mfa", &["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"]),
    ("actor.session.mfa", &["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"]),
    ("actor.session.created_time", &["userIdentity", "sessionContext", "attributes", "creationDate"]),
    ("time", &["eventTime"]),
];

/// How deep members are followed.
const MAX_DEPTH: usize = 12;

/// Is this a CloudTrail event in one of these forms?
pub(crate) fn is_one(value: Value<'_>) -> bool {
    is_ocsf(value) || is_flat(value)
}

fn is_ocsf(value: Value<'_>) -> bool {
    let text = |parent: Option<Value<'_>>, name: &str| {
        parent.and_then(|parent| parent.get(name)?.text()).is_some_and(|text| !text.is_empty())
    };
    let api = value.get("api");
    value.get("metadata").is_some_and(|metadata| metadata.get("product").is_some())
        && text(api, "operation")
        && text(api.and_then(|api| api.get("service")), "name")
}

/// The names of a table of CloudTrail's, of which the name of the event and one more of its own must be there.
fn is_flat(value: Value<'_>) -> bool {
    let (mut name, mut more) = (false, 0);
    for (key, member) in value.entries().filter(|(_, member)| !member.is_null()) {
        match fold(&key).as_str() {
            "eventname" => name = member.text().is_some(),
            "eventsource" => match member.text() {
                // Notifications of S3, which share the names, have sources like `aws:s3`.
                Some(source) if !source.starts_with("aws:") => more += 1,
                _ => return false,
            },
            "eventid" | "eventtime" | "useridentity" | "eventversion" | "awsregion" => more += 1,
            _ => {}
        }
    }
    name && more >= 2
}

/// The event as CloudTrail writes it; none when it is none.
pub(crate) fn event(value: Value<'_>) -> Option<String> {
    let mut out = Extra::default();
    if is_ocsf(value) {
        ocsf(value, &mut Vec::new(), &mut out);
    } else if is_flat(value) {
        flat(value, "", &[], &mut out, 0);
    } else {
        return None;
    }
    // Nothing is too much for a column here: the text is decoded as an event of its own.
    out.finish(&mut Mistyped::default())
}

/// A name in lower case, without marks: `Event name`, `event_name` and `eventName` are one.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.')).flat_map(char::to_lowercase).collect()
}

fn flat(object: Value<'_>, above: &str, path: &[&str], out: &mut Extra, depth: usize) {
    for (name, member) in object.entries() {
        let folded = format!("{above}{}", fold(&name));
        let Some((_, path)) = PATHS.iter().find(|(known, _)| *known == folded) else {
            if !member.is_null() {
                out.put(&[path, &[&name]].concat(), member.raw());
            }
            continue;
        };
        let opened = opened(member);
        let mut tape = Tape::default();
        let inner = match &opened {
            Some(text) if tape.read(text.as_bytes()).is_ok() => tape.root(text),
            _ => member,
        };
        let nested = PATHS.iter().any(|(_, other)| other.len() > path.len() && other.starts_with(path));
        if nested && inner.is_object() && depth < MAX_DEPTH {
            flat(inner, &folded, path, out, depth + 1);
        } else if is_document(path) || nested {
            out.put(path, inner.raw());
        } else if *path == ["eventTime"] {
            time(&name, member, out);
        } else {
            out.put(path, member.raw());
        }
    }
}

/// Members whose values are documents.
fn is_document(path: &[&str]) -> bool {
    const DOCUMENTS: &[&str] = &[
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "serviceEventDetails",
        "insightDetails",
        "resources",
        "edgeDeviceDetails",
        "webIdFederationData",
    ];
    path.last().is_some_and(|last| DOCUMENTS.contains(last))
}

/// A document that is written as text: JSON, or as Athena writes structures.
fn opened(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut tape = Tape::default();
    if tape.read(text.as_bytes()) == Ok(text.len()) {
        return Some(text.to_owned());
    }
    let mut out = String::new();
    let rest = structure(text, &mut out, 0)?;
    rest.is_empty().then_some(out)
}

/// `{type=IAMUser, sessioncontext={attributes=null}}` and `[{arn=…}]`, as JSON; what is left of the text.
fn structure<'a>(text: &'a str, out: &mut String, depth: usize) -> Option<&'a str> {
    if depth > MAX_DEPTH {
        return None;
    }
    let list = text.starts_with('[');
    let close = if list { ']' } else { '}' };
    let mut rest = text.get(1..)?;
    out.push(if list { '[' } else { '{' });
    let mut first = true;
    loop {
        if let Some(rest) = rest.strip_prefix(close) {
            out.push(close);
            return Some(rest);
        }
        if !std::mem::take(&mut first) {
            rest = rest.strip_prefix(", ")?;
            out.push(',');
        }
        if !list {
            let (name, value) = rest.split_once('=')?;
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(())?;
            out.push_str(&json_string(name));
            out.push(':');
            rest = value;
        }
        rest = match rest.as_bytes().first()? {
            b'{' | b'[' => structure(rest, out, depth + 1)?,
            _ => scalar(rest, list, close, out)?,
        };
    }
}

/// A value up to the next name or the end of what it stands in.
fn scalar<'a>(text: &'a str, list: bool, close: char, out: &mut String) -> Option<&'a str> {
    let ends = |at: usize, c: char| {
        let after = text.get(at..).unwrap_or_default();
        let name = after.strip_prefix(", ").is_some_and(|after| {
            let length = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            list || (length > 0 && after.as_bytes().get(length) == Some(&b'='))
        });
        name || c == close
    };
    let end = text.char_indices().find(|(at, c)| ends(*at, *c))?.0;
    let value = text.get(..end)?;
    if value == "null" {
        out.push_str(value)
    } else {
        out.push_str(&json_string(value))
    }
    text.get(end..)
}

/// `March 01, 2026, 10:00:00 (UTC+00:00)`, as the console writes it, in CloudTrail's form; the text is kept beside it.
fn time(name: &str, value: Value<'_>, out: &mut Extra) {
    match value.text().and_then(|text| console_time(&text)) {
        Some(instant) => {
            out.put(&["eventTime"], &json_string(&instant));
            out.put(&[if name == "eventTime" { "written" } else { name }], value.raw());
        }
        None => out.put(&["eventTime"], value.raw()),
    }
}

fn console_time(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (month, rest) = text.split_once(' ')?;
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let mut parts = rest.split(", ");
    let (day, year, clock) = (parts.next()?, parts.next()?, parts.next()?);
    let (clock, zone) = clock.split_once(" (UTC")?;
    let zone = zone.strip_suffix(')')?;
    let zone = if matches!(zone, "" | "+00:00" | "-00:00" | "+0:00") { "Z" } else { zone };
    let day: u8 = day.parse().ok()?;
    let instant = format!("{year}-{month:02}-{day:02}T{clock}{zone}");
    crate::time::iso(&instant).map(|_| instant)
}

fn ocsf(value: Value<'_>, path: &mut Vec<String>, out: &mut Extra) {
    for (name, member) in value.entries() {
        if path.is_empty() && name == "unmapped" && member.is_object() {
            unmapped(member, out);
            continue;
        }
        path.push(name.into_owned());
        let known = OCSF.iter().find(|(known, _)| path.iter().map(String::as_str).eq(known.split('.')));
        match known {
            Some(_) if member.is_null() => {}
            Some((_, to)) if is_document(to) => {
                let text = opened(member);
                out.put(to, text.as_deref().unwrap_or(member.raw()));
            }
            Some((_, to)) if matches!(to.last(), Some(&"eventTime" | &"creationDate")) => out.put(to, &seconds(member)),
            Some((_, to)) => out.put(to, member.raw()),
            None if member.is_object() && path.len() < MAX_DEPTH => ocsf(member, path, out),
            None if member.is_null() => {}
            None => {
                let names: Vec<&str> = std::iter::once("ocsf").chain(path.iter().map(String::as_str)).collect();
                out.put(&names, member.raw());
            }
        }
        path.pop();
    }
}

/// OCSF counts milliseconds.
fn seconds(value: Value<'_>) -> Cow<'_, str> {
    match value.raw().parse::<i64>() {
        Ok(millis) if millis > 0 => Cow::Owned(format!("{}.{:03}", millis / 1000, millis % 1000)),
        _ => Cow::Borrowed(value.raw()),
    }
}

/// What OCSF has no place for, under CloudTrail's own names: `requestParameters.bucketName`.
fn unmapped(members: Value<'_>, out: &mut Extra) {
    for (name, member) in members.entries().filter(|(_, member)| !member.is_null()) {
        let path: Vec<&str> = name.split('.').take(MAX_DEPTH).collect();
        let text = if is_document(&path) { opened(member) } else { None };
        out.put(&path, text.as_deref().unwrap_or(member.raw()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn structures_of_athena() {
        let json = |text: &str| {
            let mut out = String::new();
            structure(text, &mut out, 0).filter(|rest| rest.is_empty()).map(|_| out)
        };
        assert_eq!(json("{type=Root, arn=null}").unwrap(), r#"{"type":"Root","arn":null}"#);
        assert_eq!(json("{a={b=c, d=[x, y]}, e=f, g}").unwrap(), r#"{"a":{"b":"c","d":["x","y"]},"e":"f, g"}"#);
        assert_eq!(json("[{arn=a:b=c}]").unwrap(), r#"[{"arn":"a:b=c"}]"#);
        assert_eq!(json("{}").unwrap(), "{}");
        assert!(json("{a=b").is_none() && json("{no}").is_none());
    }

    #[test]
    fn times_of_the_console() {
        assert_eq!(console_time("March 01, 2026, 10:00:00 (UTC+00:00)").unwrap(), "2026-03-01T10:00:00Z");
        assert_eq!(console_time("May 7, 2026, 10:00:00 (UTC+02:00)").unwrap(), "2026-05-07T10:00:00+02:00");
        assert!(console_time("2026-03-01T10:00:00Z").is_none());
    }
}
