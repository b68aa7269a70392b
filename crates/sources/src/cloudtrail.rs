//! CloudTrail events: management, data, insight, network activity and aggregated ones, of every version.

use std::borrow::Cow;

use coldtrail_schema::tables::cloudtrail::{self, CloudtrailRow, CloudtrailRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::error_class;
use crate::fields::{Fields, json_hash, pivots_of, words};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Value};
use crate::source::{Decoded, Decoder, Head, LogSource, Reject};
use crate::{recognise, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "cloudtrail",
    title: "CloudTrail events",
    table: &cloudtrail::TABLE,
    claims: |head, framing| framing != Framing::Lines && (recognise::any_record(head, holds_event) || named(head)),
    decoder: |head| {
        Box::new(CloudtrailDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            ..CloudtrailDecoder::default()
        })
    },
};

/// Where the first records are broken, or longer than the head, key and content tell together.
fn named(head: &Head<'_>) -> bool {
    let folder = head.key.service.as_deref().is_some_and(|s| s.starts_with("CloudTrail") && s != "CloudTrail-Digest");
    folder && memchr::memmem::find(head.bytes, b"\"eventVersion\"").is_some()
}

/// Is this, or does it wrap, a CloudTrail event?
fn holds_event(value: Value<'_>) -> bool {
    is_event(value) || unwrap::unwrap(value, is_event).is_some()
}

/// A CloudTrail event names its service and its action (S3 event notifications, which share the wrapper
/// `Records`, have an event source beginning with `aws:`), or is an insight or aggregated one.
fn is_event(value: Value<'_>) -> bool {
    let (mut source, mut name, mut special) = (false, false, false);
    value.each(|key, value| {
        if key.is("eventSource") {
            source = value.text().is_some_and(|text| !text.starts_with("aws:") && !text.is_empty());
        } else if key.is("eventName") {
            name = value.text().is_some();
        } else if key.is("eventCategory") {
            special |= value.is("Insight") || value.is("Aggregated");
        } else if key.is("eventType") {
            special |= value.is("AwsCloudTrailInsight") || value.is("AwsAggregatedEvent");
        }
    });
    source && name || special
}

#[derive(Default)]
struct CloudtrailDecoder {
    account: Option<String>,
    region: Option<String>,
    rows: CloudtrailRows,
    pivots: Pivots,
    scratch: String,
}

impl Decoder for CloudtrailDecoder {
    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let outer = record.json();
        if !outer.is_object() {
            return Err(Reject::new("a CloudTrail event is a JSON object"));
        }
        let mut fields = Fields::of(record);
        if is_event(outer) {
            fields.envelope(record.envelope, &[]);
            return self.event(record, fields, record.text, record.tape);
        }
        match unwrap::unwrap(outer, is_event) {
            Some(inner) => {
                fields.envelope(record.envelope, &inner.envelopes);
                self.event(record, fields, &inner.text, &inner.tape)
            }
            // A record that lacks what tells an event apart is one all the same when its neighbours are.
            None if outer.get("eventTime").is_some() || outer.get("eventVersion").is_some() => {
                fields.envelope(record.envelope, &[]);
                self.event(record, fields, record.text, record.tape)
            }
            // CloudWatch Logs checks a destination before it sends anything.
            None if record.envelope.contains("\"CONTROL_MESSAGE\"") => Ok(Decoded::Nothing),
            None => Err(Reject::new("neither eventName and eventSource nor eventCategory tell a CloudTrail event")),
        }
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }
}

/// The members of an event that have columns.
#[derive(Default)]
struct Event<'a> {
    version: Option<Value<'a>>,
    identity: Option<Value<'a>>,
    time: Option<Value<'a>>,
    source: Option<Value<'a>>,
    name: Option<Value<'a>>,
    region: Option<Value<'a>>,
    ip: Option<Value<'a>>,
    agent: Option<Value<'a>>,
    error_code: Option<Value<'a>>,
    error_message: Option<Value<'a>>,
    request: Option<Value<'a>>,
    response: Option<Value<'a>>,
    additional: Option<Value<'a>>,
    request_id: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    resources: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    api_version: Option<Value<'a>>,
    read_only: Option<Value<'a>>,
    management: Option<Value<'a>>,
    recipient: Option<Value<'a>>,
    details: Option<Value<'a>>,
    shared: Option<Value<'a>>,
    endpoint: Option<Value<'a>>,
    endpoint_account: Option<Value<'a>>,
    category: Option<Value<'a>>,
    insight: Option<Value<'a>>,
    addendum: Option<Value<'a>>,
    console: Option<Value<'a>>,
    edge: Option<Value<'a>>,
    tls: Option<Value<'a>>,
}

impl<'a> Event<'a> {
    fn of(value: Value<'a>, fields: &mut Fields) -> Event<'a> {
        let mut e = Event::default();
        for (key, value) in value.entries() {
            let slot = match key.as_ref() {
                "eventVersion" => &mut e.version,
                "userIdentity" => &mut e.identity,
                "eventTime" => &mut e.time,
                "eventSource" => &mut e.source,
                "eventName" => &mut e.name,
                "awsRegion" => &mut e.region,
                "sourceIPAddress" => &mut e.ip,
                "userAgent" => &mut e.agent,
                "errorCode" => &mut e.error_code,
                "errorMessage" => &mut e.error_message,
                "requestParameters" => &mut e.request,
                "responseElements" => &mut e.response,
                "additionalEventData" => &mut e.additional,
                "requestID" => &mut e.request_id,
                // Aggregated events write it like this.
                "eventID" | "eventId" => &mut e.event_id,
                "resources" => &mut e.resources,
                "eventType" => &mut e.kind,
                "apiVersion" => &mut e.api_version,
                "readOnly" => &mut e.read_only,
                "managementEvent" => &mut e.management,
                "recipientAccountId" => &mut e.recipient,
                "serviceEventDetails" => &mut e.details,
                "sharedEventID" => &mut e.shared,
                "vpcEndpointId" => &mut e.endpoint,
                "vpcEndpointAccountId" => &mut e.endpoint_account,
                "eventCategory" => &mut e.category,
                "insightDetails" => &mut e.insight,
                "addendum" => &mut e.addendum,
                "sessionCredentialFromConsole" => &mut e.console,
                "edgeDeviceDetails" => &mut e.edge,
                "tlsDetails" => &mut e.tls,
                other => {
                    fields.extra.put(&[other], value.raw());
                    continue;
                }
            };
            fields.set(slot, &key, value);
        }
        e
    }
}

/// The members of `userIdentity` that have columns.
#[derive(Default)]
struct Identity<'a> {
    kind: Option<Cow<'a, str>>,
    principal: Option<Cow<'a, str>>,
    arn: Option<Cow<'a, str>>,
    account: Option<Cow<'a, str>>,
    key: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
    invoked_by: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    behalf_user: Option<Cow<'a, str>>,
    behalf_store: Option<Cow<'a, str>>,
    created: Option<i64>,
    mfa: Option<bool>,
    issuer_kind: Option<Cow<'a, str>>,
    issuer_principal: Option<Cow<'a, str>>,
    issuer_arn: Option<Cow<'a, str>>,
    issuer_account: Option<Cow<'a, str>>,
    issuer_user: Option<Cow<'a, str>>,
    source_identity: Option<Cow<'a, str>>,
    role_delivery: Option<Cow<'a, str>>,
    federation: Option<Cow<'a, str>>,
}

const ID: &str = "userIdentity";
const CONTEXT: &str = "sessionContext";

impl<'a> Identity<'a> {
    fn of(value: Option<Value<'a>>, fields: &mut Fields) -> Identity<'a> {
        let mut id = Identity::default();
        let Some(value) = value.filter(|v| !v.is_null()) else { return id };
        if !value.is_object() {
            fields.extra.put(&[ID], value.raw());
            return id;
        }
        for (key, value) in value.entries() {
            let slot = match key.as_ref() {
                "type" => &mut id.kind,
                "principalId" => &mut id.principal,
                "arn" => &mut id.arn,
                "accountId" => &mut id.account,
                "accessKeyId" => &mut id.key,
                "userName" => &mut id.user,
                "invokedBy" => &mut id.invoked_by,
                "identityProvider" => &mut id.provider,
                "credentialId" => &mut id.credential,
                CONTEXT if value.is_object() => {
                    id.context(value, fields);
                    continue;
                }
                "onBehalfOf" if value.is_object() => {
                    id.on_behalf_of(value, fields);
                    continue;
                }
                other => {
                    if !value.is_null() {
                        fields.extra.put(&[ID, other], value.raw());
                    }
                    continue;
                }
            };
            take(slot, fields, &[ID, &key], value);
        }
        id
    }

    fn on_behalf_of(&mut self, value: Value<'a>, fields: &mut Fields) {
        for (key, value) in value.entries() {
            let path: &[&str] = &[ID, "onBehalfOf", &key];
            match key.as_ref() {
                "userId" => take(&mut self.behalf_user, fields, path, value),
                "identityStoreArn" => take(&mut self.behalf_store, fields, path, value),
                _ => fields.extra.put(path, value.raw()),
            }
        }
    }

    fn context(&mut self, value: Value<'a>, fields: &mut Fields) {
        for (key, value) in value.entries() {
            let path: &[&str] = &[ID, CONTEXT, &key];
            match key.as_ref() {
                "sourceIdentity" => take(&mut self.source_identity, fields, path, value),
                "ec2RoleDelivery" => take(&mut self.role_delivery, fields, path, value),
                "webIdFederationData" if self.federation.is_none() => self.federation = fields.json(Some(value)),
                "sessionIssuer" if value.is_object() => self.issuer(value, fields),
                "attributes" if value.is_object() => {
                    for (name, value) in value.entries() {
                        let path: &[&str] = &[ID, CONTEXT, "attributes", &name];
                        match name.as_ref() {
                            "creationDate" if self.created.is_none() => self.created = fields.time(path, Some(value)),
                            "mfaAuthenticated" if self.mfa.is_none() => self.mfa = fields.flag(path, Some(value)),
                            _ => fields.extra.put(path, value.raw()),
                        }
                    }
                }
                _ if value.is_null() => {}
                _ => fields.extra.put(path, value.raw()),
            }
        }
    }

    fn issuer(&mut self, value: Value<'a>, fields: &mut Fields) {
        for (key, value) in value.entries() {
            let path: &[&str] = &[ID, CONTEXT, "sessionIssuer", &key];
            match key.as_ref() {
                "type" => take(&mut self.issuer_kind, fields, path, value),
                "principalId" => take(&mut self.issuer_principal, fields, path, value),
                "arn" => take(&mut self.issuer_arn, fields, path, value),
                "accountId" => take(&mut self.issuer_account, fields, path, value),
                "userName" => take(&mut self.issuer_user, fields, path, value),
                _ => fields.extra.put(path, value.raw()),
            }
        }
    }
}

/// Fills a text column; a second value of the same name is kept in the extra.
fn take<'a>(slot: &mut Option<Cow<'a, str>>, fields: &mut Fields, path: &[&str], value: Value<'a>) {
    if slot.is_some() {
        fields.extra.put(path, value.raw());
    } else {
        *slot = fields.text(path, Some(value));
    }
}

impl CloudtrailDecoder {
    fn event(&mut self, record: &Record<'_>, mut fields: Fields, text: &str, tape: &Tape) -> Result<Decoded, Reject> {
        let root = tape.root(text);
        let e = Event::of(root, &mut fields);
        let id = Identity::of(e.identity, &mut fields);
        let f = &mut fields;
        let event_time = match f.time(&["eventTime"], e.time) {
            None => window_start(root),
            time => time,
        };
        let name = f.text(&["eventName"], e.name);
        let source = f.text(&["eventSource"], e.source);
        let error_code = f.text(&["errorCode"], e.error_code);
        let error_message = f.text(&["errorMessage"], e.error_message);
        let request = f.json(e.request);
        let response = f.json(e.response);
        let read_only = f.flag(&["readOnly"], e.read_only);
        let recipient = f.text(&["recipientAccountId"], e.recipient);
        let region = f.text(&["awsRegion"], e.region);
        let ip = f.text(&["sourceIPAddress"], e.ip);
        let (addendum, tls) = (Addendum::of(e.addendum, f), Tls::of(e.tls, f));

        self.pivots.clear();
        pivots_of(text, tape, &mut self.pivots);
        // The principal id of a root user is only the number of the account.
        if let Some(principal) = id.principal.as_ref().filter(|id| !id.bytes().all(|b| b.is_ascii_digit())) {
            self.pivots.actors.push(principal);
        }
        if let Some(bucket) = e.request.and_then(|r| r.get("bucketName")).and_then(|b| b.text()) {
            words(&format!("arn:aws:s3:::{bucket}"), &mut self.pivots);
        }
        let error_class = match (name.as_deref(), response.as_deref()) {
            (Some("ConsoleLogin"), Some(answer)) if answer.contains("\"Failure\"") => error_class::class::LOGIN_FAILED,
            _ => error_class::of_api(error_code.as_deref(), error_message.as_deref(), request.as_deref()),
        };
        let session_id = session_id(&id);
        let row = CloudtrailRow {
            error_class: Some(Cow::Borrowed(error_class)),
            is_write: Some(read_only.map_or_else(|| name.as_deref().is_some_and(is_write), |read| !read)),
            session_id: session_id.map(Cow::Owned),
            eventversion: f.text_or_number(&["eventVersion"], e.version),
            eventsource: source,
            eventname: name,
            awsregion: region.clone(),
            sourceipaddress: ip,
            useragent: f.text(&["userAgent"], e.agent),
            errorcode: error_code,
            errormessage: error_message,
            requestparameters: request,
            responseelements: response,
            additionaleventdata: f.json(e.additional),
            requestid: f.text(&["requestID"], e.request_id),
            eventid: f.text(&["eventID"], e.event_id),
            event_resources: f.json(e.resources),
            eventtype: f.text(&["eventType"], e.kind),
            apiversion: f.text(&["apiVersion"], e.api_version),
            readonly: read_only,
            managementevent: f.flag(&["managementEvent"], e.management),
            recipientaccountid: recipient.clone(),
            serviceeventdetails: f.json(e.details),
            sharedeventid: f.text(&["sharedEventID"], e.shared),
            vpcendpointid: f.text(&["vpcEndpointId"], e.endpoint),
            vpcendpointaccountid: f.text(&["vpcEndpointAccountId"], e.endpoint_account),
            eventcategory: f.text(&["eventCategory"], e.category),
            insightdetails: f.json(e.insight),
            sessioncredentialfromconsole: f.flag(&["sessionCredentialFromConsole"], e.console),
            edgedevicedetails: f.json(e.edge),
            addendum_reason: addendum.reason,
            addendum_updatedfields: addendum.updated,
            addendum_originalrequestid: addendum.request_id,
            addendum_originaleventid: addendum.event_id,
            tlsdetails_tlsversion: tls.version,
            tlsdetails_ciphersuite: tls.cipher,
            tlsdetails_clientprovidedhostheader: tls.host,
            useridentity_type: id.kind,
            useridentity_principalid: id.principal,
            useridentity_arn: id.arn,
            useridentity_accountid: id.account,
            useridentity_accesskeyid: id.key,
            useridentity_username: id.user,
            useridentity_invokedby: id.invoked_by,
            useridentity_identityprovider: id.provider,
            useridentity_credentialid: id.credential,
            useridentity_onbehalfof_userid: id.behalf_user,
            useridentity_onbehalfof_identitystorearn: id.behalf_store,
            useridentity_sessioncontext_attributes_creationdate: id.created,
            useridentity_sessioncontext_attributes_mfaauthenticated: id.mfa,
            useridentity_sessioncontext_sessionissuer_type: id.issuer_kind,
            useridentity_sessioncontext_sessionissuer_principalid: id.issuer_principal,
            useridentity_sessioncontext_sessionissuer_arn: id.issuer_arn,
            useridentity_sessioncontext_sessionissuer_accountid: id.issuer_account,
            useridentity_sessioncontext_sessionissuer_username: id.issuer_user,
            useridentity_sessioncontext_sourceidentity: id.source_identity,
            useridentity_sessioncontext_ec2roledelivery: id.role_delivery,
            useridentity_sessioncontext_webidfederationdata: id.federation,
            extra: fields.extra.finish().map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: recipient
                .or_else(|| aggregated_account(root))
                .or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash("", text, tape, &mut self.scratch),
            // Without an id, equal records may be different events.
            unique: row.eventid.is_some(),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// Aggregated events name their account like this.
fn aggregated_account(event: Value<'_>) -> Option<Cow<'_, str>> {
    event.get("accountId")?.text()
}

/// Aggregated events have no time of their own: their window begins at `timeWindow.windowStart`.
fn window_start(event: Value<'_>) -> Option<i64> {
    let text = event.get("timeWindow")?.get("windowStart")?.text()?;
    crate::time::iso(&text).map(|instant| instant.micros)
}

#[derive(Default)]
struct Addendum<'a> {
    reason: Option<Cow<'a, str>>,
    updated: Option<Cow<'a, str>>,
    request_id: Option<Cow<'a, str>>,
    event_id: Option<Cow<'a, str>>,
}

impl<'a> Addendum<'a> {
    fn of(value: Option<Value<'a>>, fields: &mut Fields) -> Addendum<'a> {
        let mut this = Addendum::default();
        let Some(value) = value.filter(|v| !v.is_null()) else { return this };
        if !value.is_object() {
            fields.extra.put(&["addendum"], value.raw());
        }
        for (key, value) in value.entries() {
            let path: &[&str] = &["addendum", &key];
            match key.as_ref() {
                "reason" => take(&mut this.reason, fields, path, value),
                "updatedFields" => take(&mut this.updated, fields, path, value),
                "originalRequestID" => take(&mut this.request_id, fields, path, value),
                "originalEventID" => take(&mut this.event_id, fields, path, value),
                _ => fields.extra.put(path, value.raw()),
            }
        }
        this
    }
}

#[derive(Default)]
struct Tls<'a> {
    version: Option<Cow<'a, str>>,
    cipher: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
}

impl<'a> Tls<'a> {
    fn of(value: Option<Value<'a>>, fields: &mut Fields) -> Tls<'a> {
        let mut this = Tls::default();
        let Some(value) = value.filter(|v| !v.is_null()) else { return this };
        if !value.is_object() {
            fields.extra.put(&["tlsDetails"], value.raw());
        }
        for (key, value) in value.entries() {
            let path: &[&str] = &["tlsDetails", &key];
            match key.as_ref() {
                "tlsVersion" => take(&mut this.version, fields, path, value),
                "cipherSuite" => take(&mut this.cipher, fields, path, value),
                "clientProvidedHostHeader" => take(&mut this.host, fields, path, value),
                _ => fields.extra.put(path, value.raw()),
            }
        }
        this
    }
}

/// The access key, else the principal, else the ARN, else the service; with the account, because
/// principal ids of console users repeat the account id.
fn session_id(id: &Identity<'_>) -> Option<String> {
    if let Some(key) = id.key.as_deref().filter(|key| !key.is_empty()) {
        return Some(key.to_owned());
    }
    let who = id.principal.as_deref().or(id.arn.as_deref()).or(id.invoked_by.as_deref())?;
    Some(match id.account.as_deref() {
        Some(account) if account != who => format!("{account}/{who}"),
        _ => who.to_owned(),
    })
}

/// Does the name of the event say that it changes something? For old records without `readOnly`.
fn is_write(name: &str) -> bool {
    const READS: &[&str] = &[
        "Get",
        "List",
        "Describe",
        "Head",
        "Lookup",
        "Search",
        "Query",
        "Scan",
        "Select",
        "View",
        "Test",
        "Check",
        "Validate",
        "Simulate",
        "Preview",
        "Estimate",
        "BatchGet",
        "Filter",
        "Download",
        "Decrypt",
        "AssumeRole",
        "ConsoleLogin",
    ];
    !READS.iter().any(|read| name.starts_with(read))
}
