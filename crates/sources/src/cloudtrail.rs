//! CloudTrail events: management, data, insight, network activity and aggregated ones, of every version.

mod session;

use std::borrow::Cow;

use coldtrail_schema::tables::cloudtrail::{self, CloudtrailRow, CloudtrailRows};
use coldtrail_schema::{Common, Pivots, Rows, partition};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::error_class;
use crate::fields::{Extra, Fields, Opened, json_hash, pivots_of};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Value};
use crate::members::members;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::{eventbridge_events, recognise, second_hand, unwrap};
use session::Caller;

pub(crate) static SOURCE: LogSource = LogSource {
    name: "cloudtrail",
    title: "CloudTrail events",
    table: &cloudtrail::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines | Framing::Points | Framing::OpenTelemetry => false,
        // A table with CloudTrail's columns.
        Framing::Csv => recognise::any_framed(head, Framing::Csv, second_hand::is_one),
        Framing::Json | Framing::Parquet => {
            named(head) || (recognise::any_record(head, holds_event) && !eventbridge_events::is_ours(head))
        }
    },
    decoder: || Box::<CloudtrailDecoder>::default(),
};

/// Where the first records are broken, or longer than the head, key and content tell together.
fn named(head: &Head<'_>) -> bool {
    let folder = head.key.service.as_deref().is_some_and(|s| s.starts_with("CloudTrail") && s != "CloudTrail-Digest");
    folder && memchr::memmem::find(head.bytes, b"\"eventVersion\"").is_some()
}

/// Is this, or does it wrap, a CloudTrail event?
pub(crate) fn holds_event(value: Value<'_>) -> bool {
    is_event(value) || second_hand::is_one(value) || unwrap::unwrap(value, is_event).is_some()
}

/// Is this a CloudTrail event?
pub(crate) fn is_event(value: Value<'_>) -> bool {
    value.is_object() && Event::of(Some(value), &[], &mut Extra::default()).is_one()
}

#[derive(Default)]
struct CloudtrailDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: CloudtrailRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for CloudtrailDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = CloudtrailDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..CloudtrailDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let outer = record.json();
        if !outer.is_object() {
            return Err(Reject::new("a CloudTrail event is a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        let event = Event::of(Some(outer), &[], &mut fields.extra);
        if event.is_one() {
            // Rows of a table have no place of their own in a file.
            if record.offset.is_none() {
                self.form = Form::Export;
            }
            fields.envelope(record.envelope, &[]);
            return self.event(record, fields, event, record.text, record.tape);
        }
        if let Some(inner) = unwrap::unwrap(outer, is_event) {
            self.form = self.form.max(Form::Wrapped);
            let mut fields = Fields::of(record, self.years);
            let event = Event::of(Some(inner.tape.root(&inner.text)), &[], &mut fields.extra);
            fields.envelope(record.envelope, &inner.envelopes);
            return self.event(record, fields, event, &inner.text, &inner.tape);
        }
        if let Some(text) = second_hand::event(outer) {
            self.form = Form::Export;
            let mut tape = Tape::default();
            if tape.read(text.as_bytes()) != Ok(text.len()) {
                return Err(Reject::new("the event is no JSON in CloudTrail's own form"));
            }
            let mut fields = Fields::of(record, self.years);
            let event = Event::of(Some(tape.root(&text)), &[], &mut fields.extra);
            fields.envelope(record.envelope, &[]);
            return self.event(record, fields, event, &text, &tape);
        }
        // A record that lacks what tells an event apart is one all the same when its neighbours are.
        if event.time.is_some() || event.version.is_some() {
            fields.envelope(record.envelope, &[]);
            return self.event(record, fields, event, record.text, record.tape);
        }
        if unwrap::is_check(record) {
            return Ok(Decoded::Nothing);
        }
        Err(Reject::new("neither eventName and eventSource nor eventCategory tell a CloudTrail event"))
    }

    fn form(&self) -> Form {
        self.form
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

members! {
    /// An event.
    Event {
        version: "eventVersion",
        identity: "userIdentity",
        time: "eventTime",
        source: "eventSource",
        name: "eventName",
        region: "awsRegion",
        ip: "sourceIPAddress",
        agent: "userAgent",
        error_code: "errorCode",
        error_message: "errorMessage",
        request: "requestParameters",
        response: "responseElements",
        additional: "additionalEventData",
        request_id: "requestID",
        event_id: "eventID",
        read_only: "readOnly",
        resources: "resources",
        kind: "eventType",
        api_version: "apiVersion",
        management: "managementEvent",
        recipient: "recipientAccountId",
        details: "serviceEventDetails",
        shared: "sharedEventID",
        endpoint: "vpcEndpointId",
        endpoint_account: "vpcEndpointAccountId",
        category: "eventCategory",
        tls: "tlsDetails",
        console: "sessionCredentialFromConsole",
        insight: "insightDetails",
        addendum: "addendum",
        edge: "edgeDeviceDetails",
        /// As aggregated events write it.
        aggregated_id: "eventId",
    }
}

impl Event<'_> {
    /// A CloudTrail event names its service and its action (S3 event notifications, which share the wrapper
    /// `Records`, have an event source beginning with `aws:`), or is an insight or aggregated one.
    fn is_one(&self) -> bool {
        let source = self.source.and_then(|source| source.text());
        let api = source.is_some_and(|source| !source.is_empty() && !source.starts_with("aws:"))
            && self.name.is_some_and(|name| name.text().is_some());
        api || self.category.is_some_and(|category| category.is("Insight") || category.is("Aggregated"))
            || self.kind.is_some_and(|kind| kind.is("AwsCloudTrailInsight") || kind.is("AwsAggregatedEvent"))
    }
}

members! {
    /// `userIdentity`: who called.
    Identity {
        kind: "type",
        principal: "principalId",
        arn: "arn",
        account: "accountId",
        key: "accessKeyId",
        user: "userName",
        context: "sessionContext",
        invoked_by: "invokedBy",
        provider: "identityProvider",
        behalf: "onBehalfOf",
        credential: "credentialId",
    }
}

members! {
    Context {
        issuer: "sessionIssuer",
        federation: "webIdFederationData",
        attributes: "attributes",
        source_identity: "sourceIdentity",
        role_delivery: "ec2RoleDelivery",
    }
}

members! {
    Issuer {
        kind: "type",
        principal: "principalId",
        arn: "arn",
        account: "accountId",
        user: "userName",
    }
}

members! {
    Attributes {
        created: "creationDate",
        mfa: "mfaAuthenticated",
    }
}

members! {
    OnBehalfOf {
        user: "userId",
        store: "identityStoreArn",
    }
}

members! {
    Addendum {
        reason: "reason",
        updated: "updatedFields",
        request_id: "originalRequestID",
        event_id: "originalEventID",
    }
}

members! {
    Tls {
        version: "tlsVersion",
        cipher: "cipherSuite",
        host: "clientProvidedHostHeader",
    }
}

const ID: &str = "userIdentity";
const CONTEXT: &str = "sessionContext";
const ISSUER: &str = "sessionIssuer";

impl CloudtrailDecoder {
    fn event(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        e: Event<'_>,
        text: &str,
        tape: &Tape,
    ) -> Result<Decoded, Reject> {
        let root = tape.root(text);
        let f = &mut fields;
        if let Some(second) = e.aggregated_id.filter(|_| e.event_id.is_some()) {
            f.extra.put(&["eventId"], second.raw());
        }
        // Exporters write documents as text.
        let identity = Opened::of(e.identity);
        let id = Identity::of(identity.value(), &[ID], &mut f.extra);
        let context = Opened::of(id.context);
        let context = Context::of(context.value(), &[ID, CONTEXT], &mut f.extra);
        let issuer = Opened::of(context.issuer);
        let issuer = Issuer::of(issuer.value(), &[ID, CONTEXT, ISSUER], &mut f.extra);
        let attributes = Opened::of(context.attributes);
        let attributes = Attributes::of(attributes.value(), &[ID, CONTEXT, "attributes"], &mut f.extra);
        let behalf = Opened::of(id.behalf);
        let behalf = OnBehalfOf::of(behalf.value(), &[ID, "onBehalfOf"], &mut f.extra);
        let addendum = Opened::of(e.addendum);
        let addendum = Addendum::of(addendum.value(), &["addendum"], &mut f.extra);
        let tls = Opened::of(e.tls);
        let tls = Tls::of(tls.value(), &["tlsDetails"], &mut f.extra);
        let (asked, answered) = (Opened::of(e.request), Opened::of(e.response));
        let event_time = event_time(root, e.time, f);
        let kind = f.text(&[ID, "type"], id.kind);
        let principal = f.text(&[ID, "principalId"], id.principal);
        let arn = f.text(&[ID, "arn"], id.arn);
        let account = f.account(&[ID, "accountId"], id.account);
        let key = f.text(&[ID, "accessKeyId"], id.key);
        let user = f.text(&[ID, "userName"], id.user);
        let invoked_by = f.text(&[ID, "invokedBy"], id.invoked_by);
        let credential = f.text(&[ID, "credentialId"], id.credential);
        let behalf_user = f.text(&[ID, "onBehalfOf", "userId"], behalf.user);
        let name = f.text(&["eventName"], e.name);
        let source = f.text(&["eventSource"], e.source);
        let error_code = f.text(&["errorCode"], e.error_code);
        let error_message = f.text(&["errorMessage"], e.error_message);
        let request = f.opened(&asked);
        let response = f.opened(&answered);
        let read_only = f.flag(&["readOnly"], e.read_only);
        let recipient = f.account(&["recipientAccountId"], e.recipient);
        let region = f.text(&["awsRegion"], e.region);
        let ip = f.text(&["sourceIPAddress"], e.ip);

        self.pivots.clear();
        pivots_of(text, tape, &mut self.pivots);
        if let Some(ip) = &ip {
            self.pivots.addresses(ip);
        }
        // The principal id of a root user is only the number of the account.
        if let Some(principal) = principal.as_ref().filter(|id| !id.bytes().all(|b| b.is_ascii_digit())) {
            self.pivots.actors.push(principal);
        }
        if let Some(user) = &behalf_user {
            self.pivots.actors.push(user);
        }
        let here = region.as_deref().or(self.region.as_deref());
        if let Some(request) = asked.value() {
            s3_resources(request, || partition::of_record([arn.as_deref()], here), &mut self.pivots);
        }
        let error_class = match (name.as_deref(), response.as_deref()) {
            (Some("ConsoleLogin"), Some(answer)) if answer.contains("\"Failure\"") => error_class::class::LOGIN_FAILED,
            _ => match e.error_code.filter(|code| !code.is_null()) {
                Some(code) if code.text().is_none() => error_class::of_other(code.raw()),
                _ => error_class::of_api(error_code.as_deref(), error_message.as_deref(), request.as_deref()),
            },
        };
        let caller = Caller {
            kind: &kind,
            account: &account,
            key: &key,
            principal: &principal,
            arn: &arn,
            behalf: &behalf_user,
            credential: &credential,
            invoked_by: &invoked_by,
            name: &user,
        };
        let session_id = caller.session(error_class == error_class::class::SUCCESS);
        let row = CloudtrailRow {
            error_class: Some(Cow::Borrowed(error_class)),
            is_write: Some(read_only.map_or_else(|| name.as_deref().is_some_and(is_write), |read| !read)),
            session_id,
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
            additionaleventdata: f.opened(&Opened::of(e.additional)),
            requestid: f.text(&["requestID"], e.request_id),
            eventid: f.text(&["eventID"], e.event_id.or(e.aggregated_id)),
            event_resources: f.opened(&Opened::of(e.resources)),
            eventtype: f.text(&["eventType"], e.kind),
            apiversion: f.text(&["apiVersion"], e.api_version),
            readonly: read_only,
            managementevent: f.flag(&["managementEvent"], e.management),
            recipientaccountid: recipient.clone(),
            serviceeventdetails: f.opened(&Opened::of(e.details)),
            sharedeventid: f.text(&["sharedEventID"], e.shared),
            vpcendpointid: f.text(&["vpcEndpointId"], e.endpoint),
            vpcendpointaccountid: f.account(&["vpcEndpointAccountId"], e.endpoint_account),
            eventcategory: f.text(&["eventCategory"], e.category),
            insightdetails: f.opened(&Opened::of(e.insight)),
            sessioncredentialfromconsole: f.flag(&["sessionCredentialFromConsole"], e.console),
            edgedevicedetails: f.opened(&Opened::of(e.edge)),
            addendum_reason: f.text(&["addendum", "reason"], addendum.reason),
            addendum_updatedfields: f.text(&["addendum", "updatedFields"], addendum.updated),
            addendum_originalrequestid: f.text(&["addendum", "originalRequestID"], addendum.request_id),
            addendum_originaleventid: f.text(&["addendum", "originalEventID"], addendum.event_id),
            tlsdetails_tlsversion: f.text(&["tlsDetails", "tlsVersion"], tls.version),
            tlsdetails_ciphersuite: f.text(&["tlsDetails", "cipherSuite"], tls.cipher),
            tlsdetails_clientprovidedhostheader: f.text(&["tlsDetails", "clientProvidedHostHeader"], tls.host),
            useridentity_type: kind,
            useridentity_principalid: principal,
            useridentity_arn: arn,
            useridentity_accountid: account,
            useridentity_accesskeyid: key,
            useridentity_username: user,
            useridentity_invokedby: invoked_by,
            useridentity_identityprovider: f.text(&[ID, "identityProvider"], id.provider),
            useridentity_credentialid: credential,
            useridentity_onbehalfof_userid: behalf_user,
            useridentity_onbehalfof_identitystorearn: f.text(&[ID, "onBehalfOf", "identityStoreArn"], behalf.store),
            useridentity_sessioncontext_attributes_creationdate: f
                .time(&[ID, CONTEXT, "attributes", "creationDate"], attributes.created),
            useridentity_sessioncontext_attributes_mfaauthenticated: f
                .flag(&[ID, CONTEXT, "attributes", "mfaAuthenticated"], attributes.mfa),
            useridentity_sessioncontext_sessionissuer_type: f.text(&[ID, CONTEXT, ISSUER, "type"], issuer.kind),
            useridentity_sessioncontext_sessionissuer_principalid: f
                .text(&[ID, CONTEXT, ISSUER, "principalId"], issuer.principal),
            useridentity_sessioncontext_sessionissuer_arn: f.text(&[ID, CONTEXT, ISSUER, "arn"], issuer.arn),
            useridentity_sessioncontext_sessionissuer_accountid: f
                .account(&[ID, CONTEXT, ISSUER, "accountId"], issuer.account),
            useridentity_sessioncontext_sessionissuer_username: f.text(&[ID, CONTEXT, ISSUER, "userName"], issuer.user),
            useridentity_sessioncontext_sourceidentity: f
                .text(&[ID, CONTEXT, "sourceIdentity"], context.source_identity),
            useridentity_sessioncontext_ec2roledelivery: f
                .text(&[ID, CONTEXT, "ec2RoleDelivery"], context.role_delivery),
            useridentity_sessioncontext_webidfederationdata: f.opened(&Opened::of(context.federation)),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
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

/// `eventTime`. Aggregated events have none; their window begins at `timeWindow.windowStart`. An export of Logstash
/// may have lost it, and says when Logstash took the event for: that is used, and `extra` says so.
fn event_time(event: Value<'_>, time: Option<Value<'_>>, f: &mut Fields) -> Option<i64> {
    if time.is_some_and(|time| !time.is_null()) {
        return f.time(&["eventTime"], time);
    }
    if let Some(start) = event.get("timeWindow").and_then(|window| window.get("windowStart")) {
        return f.instant(start);
    }
    let found = f.instant(event.get("@timestamp")?)?;
    f.extra.put(&["event_time_from"], "\"@timestamp\"");
    Some(found)
}

/// The bucket and the object that a request names, and the source of a copy.
fn s3_resources<'p>(request: Value<'_>, partition: impl FnOnce() -> &'p str, pivots: &mut Pivots) {
    let (mut bucket, mut key, mut source) = (None, None, None);
    request.each(|name, value| {
        let slot = match name.plain() {
            Some("bucketName") => &mut bucket,
            Some("key") => &mut key,
            Some("x-amz-copy-source") => &mut source,
            _ => return,
        };
        *slot = value.text();
    });
    let Some(bucket) = bucket.filter(|bucket| !bucket.is_empty() && !bucket.starts_with("arn:")) else { return };
    let mut arn = format!("arn:{}:s3:::", partition());
    let start = arn.len();
    arn.push_str(&bucket);
    pivots.classify(&arn);
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        arn.push('/');
        arn.push_str(&key);
        pivots.classify(&arn);
    }
    // `bucket/key?versionId=…`, encoded as in a URL.
    if let Some(source) = source.filter(|source| !source.starts_with("arn:")) {
        let source = source.split('?').next().unwrap_or_default();
        arn.truncate(start);
        arn.push_str(percent_decode_str(source).decode_utf8_lossy().trim_start_matches('/'));
        pivots.classify(&arn);
    }
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
