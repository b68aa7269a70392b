//! Security Hub findings in the AWS Security Finding Format: answers of the API, events of EventBridge, single ones.

use std::borrow::Cow;

use coldtrail_schema::tables::securityhub::{self, SecurityhubRow, SecurityhubRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::fields::{Fields, json_hash, pivots_of};
use crate::findings::{self, at, first_text, member, text};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Value};
use crate::members::members;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::{eventbridge_events, recognise, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "securityhub",
    title: "Security Hub findings",
    table: &securityhub::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines | Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
        Framing::Json | Framing::Parquet => recognise::any_record(head, holds) && !eventbridge_events::is_ours(head),
    },
    decoder: || Box::<SecurityhubDecoder>::default(),
};

pub(crate) fn holds(value: Value<'_>) -> bool {
    is_ours(value) || unwrap::unwrap(value, is_ours).is_some()
}

fn is_ours(value: Value<'_>) -> bool {
    is_finding(value) || is_list(value)
}

/// A finding of the format has an id, and two at least of the members that it must have and nothing else has.
pub(crate) fn is_finding(value: Value<'_>) -> bool {
    const OWN: [&str; 4] = ["ProductArn", "GeneratorId", "SchemaVersion", "AwsAccountId"];
    let has = |name: &str| value.get(name).is_some_and(|value| value.text().is_some());
    has("Id") && OWN.iter().filter(|name| has(name)).count() > 1
}

/// The detail of an event: a list of findings.
pub(crate) fn is_list(value: Value<'_>) -> bool {
    member(value, LIST).and_then(|list| list.items().next()).is_some_and(is_finding)
}

const LIST: &str = "findings";

#[derive(Default)]
struct SecurityhubDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: SecurityhubRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for SecurityhubDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = SecurityhubDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..SecurityhubDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let root = record.json();
        if !root.is_object() {
            return Err(Reject::new("a Security Hub finding is a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        if is_finding(root) {
            let form = match record.envelope.contains("\"detail") {
                _ if record.offset.is_none() => Form::Export,
                true => Form::Wrapped,
                false => Form::Log,
            };
            self.form = self.form.max(form);
            fields.envelope(record.envelope, &[]);
            let whole = (record.text, record.tape);
            return self.finding(record, fields, whole, whole);
        }
        self.form = self.form.max(Form::Wrapped);
        if is_list(root) {
            return self.list(record, fields, root, Vec::new());
        }
        match unwrap::unwrap(root, is_ours) {
            Some(inner) if is_finding(inner.tape.root(&inner.text)) => {
                fields.envelope(record.envelope, &inner.envelopes);
                let whole = (inner.text.as_str(), &inner.tape);
                self.finding(record, fields, whole, whole)
            }
            Some(inner) => self.list(record, fields, inner.tape.root(&inner.text), inner.envelopes),
            // CloudWatch Logs checks a destination before it sends anything.
            None if record.envelope.contains("\"CONTROL_MESSAGE\"") => Ok(Decoded::Nothing),
            None => Err(Reject::new("no Security Hub finding: Id, ProductArn, GeneratorId, SchemaVersion are missing")),
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

members! {
    /// A finding.
    Finding {
        version: "SchemaVersion",
        id: "Id",
        product_arn: "ProductArn",
        product_name: "ProductName",
        company_name: "CompanyName",
        region: "Region",
        generator: "GeneratorId",
        account: "AwsAccountId",
        types: "Types",
        first_observed: "FirstObservedAt",
        last_observed: "LastObservedAt",
        created: "CreatedAt",
        updated: "UpdatedAt",
        severity: "Severity",
        confidence: "Confidence",
        criticality: "Criticality",
        title: "Title",
        description: "Description",
        remediation: "Remediation",
        source_url: "SourceUrl",
        product_fields: "ProductFields",
        user_fields: "UserDefinedFields",
        malware: "Malware",
        network: "Network",
        network_path: "NetworkPath",
        process: "Process",
        threats: "Threats",
        indicators: "ThreatIntelIndicators",
        resources: "Resources",
        compliance: "Compliance",
        verification: "VerificationState",
        workflow_state: "WorkflowState",
        workflow: "Workflow",
        record_state: "RecordState",
        related: "RelatedFindings",
        note: "Note",
        vulnerabilities: "Vulnerabilities",
        patches: "PatchSummary",
        action: "Action",
        provider_fields: "FindingProviderFields",
        sample: "Sample",
        processed: "ProcessedAt",
        account_name: "AwsAccountName",
        detection: "Detection",
    }
}

impl SecurityhubDecoder {
    /// A list of findings inside a message that is one record. A record is one row: that of the first finding. The
    /// others stay whole, their pivots are the row's, and they are counted as what no column could take.
    fn list(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        list: Value<'_>,
        mut around: Vec<String>,
    ) -> Result<Decoded, Reject> {
        let mut items = member(list, LIST).into_iter().flat_map(|list| list.items());
        let first = items.next().map(|first| first.raw()).unwrap_or_default();
        let others: Vec<&str> = items.map(|other| other.raw()).collect();
        let (mut tape, mut all) = (Tape::default(), Tape::default());
        if tape.read(first.as_bytes()).is_err() || all.read(list.raw().as_bytes()).is_err() {
            return Err(Reject::field(LIST, "the list of findings cannot be taken apart"));
        }
        let whole = if others.is_empty() { (first, &tape) } else { (list.raw(), &all) };
        if !others.is_empty() {
            fields.extra.misfit(&[LIST], &format!("[{}]", others.join(",")));
        }
        let name = list.entries().map(|(name, _)| name).find(|name| name.eq_ignore_ascii_case(LIST));
        around.push(unwrap::envelope(list, name.as_deref().unwrap_or(LIST)));
        fields.envelope(record.envelope, &around);
        self.finding(record, fields, (first, &tape), whole)
    }

    /// `whole` is what the row stands for: the finding itself, or the list of which it is the first.
    fn finding(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        (json, tape): (&str, &Tape),
        whole: (&str, &Tape),
    ) -> Result<Decoded, Reject> {
        let f = &mut fields;
        f.extra.snake_case();
        let m = Finding::of(Some(tape.root(json)), &[], &mut f.extra);
        let account = f.account(&["AwsAccountId"], m.account);
        let region = f.text(&["Region"], m.region);
        let created = f.time(&["CreatedAt"], m.created);
        let updated = f.time(&["UpdatedAt"], m.updated);
        let processed = f.time(&["ProcessedAt"], m.processed);
        self.pivots.clear();
        pivots_of(whole.0, whole.1, &mut self.pivots);
        let root = whole.1.root(whole.0);
        match member(root, LIST) {
            Some(list) if !is_finding(root) => list.items().for_each(|one| resources_of(one, &mut self.pivots)),
            _ => resources_of(root, &mut self.pivots),
        }
        let action = m.action.and_then(findings::action);
        let severity = at(m.severity, &["Normalized"]).and_then(|value| value.raw().parse().ok());
        let row = SecurityhubRow {
            schema_version: f.text(&["SchemaVersion"], m.version),
            id: f.text(&["Id"], m.id),
            product_arn: f.text(&["ProductArn"], m.product_arn),
            product_name: f.text(&["ProductName"], m.product_name),
            company_name: f.text(&["CompanyName"], m.company_name),
            generator_id: f.text(&["GeneratorId"], m.generator),
            aws_account_id: account.clone(),
            aws_account_name: f.text(&["AwsAccountName"], m.account_name),
            types: f.json(m.types),
            title: f.text(&["Title"], m.title),
            description: f.text(&["Description"], m.description),
            first_observed_at: f.time(&["FirstObservedAt"], m.first_observed),
            last_observed_at: f.time(&["LastObservedAt"], m.last_observed),
            created_at: created,
            updated_at: updated,
            processed_at: processed,
            severity_label: text(m.severity, &["Label"]),
            severity_normalized: severity,
            severity: f.json(m.severity),
            confidence: f.number(&["Confidence"], m.confidence),
            criticality: f.number(&["Criticality"], m.criticality),
            resource_type: text(m.resources, &["Type"]),
            resource_id: text(m.resources, &["Id"]),
            event_resources: f.json(m.resources),
            remote_ip: findings::remote_ip(action)
                .or_else(|| first_text(m.network, &[&["SourceIpV4"], &["SourceIpV6"]])),
            action: f.json(m.action),
            compliance_status: text(m.compliance, &["Status"]),
            security_control_id: text(m.compliance, &["SecurityControlId"]),
            compliance: f.json(m.compliance),
            record_state: f.text(&["RecordState"], m.record_state),
            workflow_status: text(m.workflow, &["Status"]),
            workflow: f.json(m.workflow),
            workflow_state: f.text(&["WorkflowState"], m.workflow_state),
            verification_state: f.text(&["VerificationState"], m.verification),
            note: f.json(m.note),
            remediation: f.json(m.remediation),
            source_url: f.text(&["SourceUrl"], m.source_url),
            product_fields: f.json(m.product_fields),
            user_defined_fields: f.json(m.user_fields),
            finding_provider_fields: f.json(m.provider_fields),
            malware: f.json(m.malware),
            network: f.json(m.network),
            network_path: f.json(m.network_path),
            process: f.json(m.process),
            threats: f.json(m.threats),
            threat_intel_indicators: f.json(m.indicators),
            vulnerabilities: f.json(m.vulnerabilities),
            patch_summary: f.json(m.patches),
            detection: f.json(m.detection),
            related_findings: f.json(m.related),
            sample: f.flag(&["Sample"], m.sample),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: updated.or(processed).or(created),
            account: account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash("", whole.0, whole.1, &mut self.scratch),
            // The same finding is delivered again at each update; only equal content is the same state.
            unique: row.id.is_some(),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// What the resources of a finding name in a form of their own: `AWS::IAM::AccessKey:AKIA…`, and principals by their
/// ids.
pub(crate) fn resources_of(finding: Value<'_>, pivots: &mut Pivots) {
    for resource in finding.get("Resources").into_iter().flat_map(|list| list.items()) {
        let id = text(Some(resource), &["Id"]);
        if let Some((_, key)) = id.as_deref().filter(|id| id.starts_with("AWS::")).and_then(|id| id.rsplit_once(':')) {
            pivots.classify(key);
        }
        let principal = text(Some(resource), &["Details", "AwsIamAccessKey", "PrincipalId"]);
        if let Some(principal) = principal.filter(|id| !id.bytes().all(|b| b.is_ascii_digit())) {
            pivots.actors.push(&principal);
        }
    }
}
