//! GuardDuty findings: exports to S3, events of EventBridge, answers of the API, rows of tables.

use std::borrow::Cow;

use coldtrail_schema::tables::guardduty::{self, GuarddutyRow, GuarddutyRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::error_class;
use crate::fields::{Fields, Opened, json_hash, pivots_of};
use crate::findings::{self, at, first_text, flag, text};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Value};
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::{eventbridge_events, recognise, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "guardduty",
    title: "GuardDuty findings",
    table: &guardduty::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines | Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
        Framing::Json | Framing::Parquet => {
            named(head) || (recognise::any_record(head, holds) && !eventbridge_events::is_ours(head))
        }
    },
    decoder: || Box::<GuarddutyDecoder>::default(),
};

/// Where the first findings are broken, or longer than the head, key and content tell together.
fn named(head: &Head<'_>) -> bool {
    head.key.service.as_deref() == Some("GuardDuty")
        && memchr::memmem::find(head.bytes, b"\"schemaVersion\"").is_some()
        && memchr::memmem::find(head.bytes, b":guardduty:").is_some()
}

pub(crate) fn holds(value: Value<'_>) -> bool {
    is_finding(value) || unwrap::unwrap(value, is_finding).is_some()
}

/// A finding has a type, and says that it is GuardDuty's by its ARN or its service.
pub(crate) fn is_finding(value: Value<'_>) -> bool {
    if text(Some(value), &["type"]).is_none() {
        return false;
    }
    let arn = text(Some(value), &["arn"]);
    arn.is_some_and(|arn| arn.contains(":guardduty:") && arn.contains("/finding/")) || {
        let service = Opened::of(findings::member(value, "service"));
        text(service.value(), &["serviceName"]).is_some_and(|name| name == "guardduty")
    }
}

#[derive(Default)]
struct GuarddutyDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: GuarddutyRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for GuarddutyDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = GuarddutyDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..GuarddutyDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        if !record.json().is_object() {
            return Err(Reject::new("a GuardDuty finding is a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        if is_finding(record.json()) {
            // The export writes small letters first, the API capital ones; rows of a table have no place of their own.
            let exported = record.offset.is_none() || record.json().get("id").is_none();
            self.form = self.form.max(if exported { Form::Export } else { Form::Log });
            fields.envelope(record.envelope, &[]);
            return self.finding(record, fields, record.text, record.tape);
        }
        match unwrap::unwrap(record.json(), is_finding) {
            Some(inner) => {
                self.form = self.form.max(Form::Wrapped);
                fields.envelope(record.envelope, &inner.envelopes);
                self.finding(record, fields, &inner.text, &inner.tape)
            }
            // CloudWatch Logs checks a destination before it sends anything.
            None if record.envelope.contains("\"CONTROL_MESSAGE\"") => Ok(Decoded::Nothing),
            None => Err(Reject::new("no GuardDuty finding: type is missing, or neither arn nor service tells one")),
        }
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

/// Where the id of the resource stands, by the type of the resource.
const RESOURCE_IDS: &[(&str, &[&str])] = &[
    ("AccessKey", &["accessKeyDetails", "accessKeyId"]),
    ("Instance", &["instanceDetails", "instanceId"]),
    ("S3Bucket", &["s3BucketDetails", "arn"]),
    ("S3Object", &["s3BucketDetails", "s3ObjectDetails", "objectArn"]),
    ("EKSCluster", &["eksClusterDetails", "arn"]),
    ("KubernetesCluster", &["eksClusterDetails", "arn"]),
    ("ECSCluster", &["ecsClusterDetails", "arn"]),
    ("Container", &["containerDetails", "id"]),
    ("RDSDBInstance", &["rdsDbInstanceDetails", "dbInstanceArn"]),
    ("RDSLimitlessDB", &["rdsLimitlessDbDetails", "dbShardGroupArn"]),
    ("Lambda", &["lambdaDetails", "functionArn"]),
    ("EBSSnapshot", &["ebsSnapshotDetails", "snapshotArn"]),
    ("EC2Image", &["ec2ImageDetails", "imageArn"]),
    ("RecoveryPoint", &["recoveryPointDetails", "recoveryPointArn"]),
];

/// The id of what the finding is about; where its type is not known, or nothing stands there, of whatever is named.
fn resource_id<'a>(resource: Option<Value<'a>>, kind: Option<&str>) -> Option<Cow<'a, str>> {
    let own = RESOURCE_IDS.iter().filter(|(name, _)| Some(*name) == kind);
    own.chain(RESOURCE_IDS).find_map(|(_, path)| text(resource, path))
}

impl GuarddutyDecoder {
    fn finding(&mut self, record: &Record<'_>, mut fields: Fields, json: &str, tape: &Tape) -> Result<Decoded, Reject> {
        let f = &mut fields;
        const NAMES: [&str; 15] = [
            "schemaVersion",
            "accountId",
            "region",
            "partition",
            "id",
            "arn",
            "type",
            "resource",
            "service",
            "severity",
            "confidence",
            "createdAt",
            "updatedAt",
            "title",
            "description",
        ];
        let [
            version,
            account,
            region,
            partition,
            id,
            arn,
            kind,
            resource,
            service,
            severity,
            confidence,
            created,
            updated,
            title,
            description,
        ] = findings::take(tape.root(json), &NAMES, f);
        // Exporters write documents as text.
        let (resource, service) = (Opened::of(resource), Opened::of(service));
        let (about, what) = (resource.value(), service.value());
        let action = at(what, &["action"]).and_then(findings::action);
        let account = f.account(&["accountId"], account);
        let region = f.text(&["region"], region);
        let created = f.time(&["createdAt"], created);
        let updated = f.time(&["updatedAt"], updated);
        let principal = text(about, &["accessKeyDetails", "principalId"]);
        let key = text(about, &["accessKeyDetails", "accessKeyId"]);
        let resource_type = text(about, &["resourceType"]);
        let resource_id = resource_id(about, resource_type.as_deref());
        let error_code = text(action, &["errorCode"]);
        let api = text(action, &["api"]);
        let class = api.is_some().then(|| Cow::Borrowed(error_class::of_api(error_code.as_deref(), None, None)));

        self.pivots.clear();
        pivots_of(json, tape, &mut self.pivots);
        // The principal id of a root user is only the number of the account.
        if let Some(principal) = principal.as_ref().filter(|id| !id.bytes().all(|b| b.is_ascii_digit())) {
            self.pivots.actors.push(principal);
        }
        let count = at(what, &["count"]).and_then(|count| count.raw().trim_matches('"').parse().ok());
        let instant = |f: &Fields, name| at(what, &[name]).and_then(|value| f.instant(value));
        let row = GuarddutyRow {
            error_class: class,
            is_write: Some(false),
            session_id: key.clone(),
            schemaversion: f.text_or_number(&["schemaVersion"], version),
            accountid: account.clone(),
            partition: f.text(&["partition"], partition),
            id: f.text(&["id"], id),
            arn: f.text(&["arn"], arn),
            r#type: f.text(&["type"], kind),
            severity: f.number(&["severity"], severity),
            confidence: f.number(&["confidence"], confidence),
            title: f.text(&["title"], title),
            description: f.text(&["description"], description),
            createdat: created,
            updatedat: updated,
            resource: f.opened(&resource),
            service: f.opened(&service),
            resource_type,
            resource_id,
            resource_role: text(what, &["resourceRole"]),
            access_key_id: key,
            principal_id: principal,
            user_name: first_text(
                about,
                &[
                    &["accessKeyDetails", "userName"],
                    &["rdsDbUserDetails", "user"],
                    &["kubernetesDetails", "kubernetesUserDetails", "username"],
                ],
            ),
            action_type: text(what, &["action", "actionType"]),
            api,
            api_service: text(action, &["serviceName"]),
            error_code,
            remote_ip: findings::remote_ip(action),
            remote_country: first_text(
                action,
                &[
                    &["remoteIpDetails", "country", "countryName"],
                    &["portProbeDetails", "remoteIpDetails", "country", "countryName"],
                ],
            ),
            remote_asn_org: first_text(
                action,
                &[
                    &["remoteIpDetails", "organization", "asnOrg"],
                    &["portProbeDetails", "remoteIpDetails", "organization", "asnOrg"],
                ],
            ),
            domain: first_text(action, &[&["domain"], &["domainDetails", "domain"]]),
            blocked: flag(action, &["blocked"]),
            detector_id: text(what, &["detectorId"]),
            count,
            first_seen: instant(f, "eventFirstSeen"),
            last_seen: instant(f, "eventLastSeen"),
            archived: flag(what, &["archived"]),
            sample: flag(what, &["additionalInfo", "sample"]),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: updated.or(created),
            account: account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash("", json, tape, &mut self.scratch),
            // The same finding is delivered again at each update; only equal content is the same state.
            unique: row.id.is_some(),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}
