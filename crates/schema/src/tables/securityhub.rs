//! Security Hub findings.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One state of a finding of Security Hub, in the AWS Security Finding Format (ASFF), from whichever product: a finding is written anew, under the same `id`, each time it is updated; `event_time` is that of the update.
    "securityhub", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    SecurityhubRow => SecurityhubRows, SecurityhubColumn, TABLE {
        /// The version of the format, 2018-10-08.
        schema_version: Text,
        /// The id of the finding, the same in all of its states; often an ARN.
        id: Id,
        /// The ARN of the product that made the finding.
        product_arn: Key,
        /// The name of that product, such as GuardDuty or Inspector.
        product_name: Text,
        /// The company of that product.
        company_name: Text,
        /// What in the product made the finding: the rule, control or detector.
        generator_id: Key,
        /// The account that the finding is about.
        aws_account_id: Text,
        /// The name of that account.
        aws_account_name: Text,
        /// The types of the finding, as `namespace/category/classifier`.
        types: Json,
        /// What the finding says, in a few words.
        title: Text,
        /// What the finding says, in some sentences.
        description: Text,
        /// When the problem was first seen.
        first_observed_at: Time,
        /// When the problem was last seen.
        last_observed_at: Time,
        /// When the finding was made first.
        created_at: Time,
        /// When the product wrote it like this; `event_time` is the same.
        updated_at: Time,
        /// When Security Hub took it in.
        processed_at: Time,
        /// The severity, in all its spellings.
        severity: Json,
        /// INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL.
        severity_label: Text,
        /// The severity from 0 to 100.
        severity_normalized: Int,
        /// How sure the product is, from 0 to 100.
        confidence: Int,
        /// How much the resource matters to the owner, from 0 to 100.
        criticality: Int,
        /// The resources that the finding is about, with details.
        event_resources: Json,
        /// The type of the first of them, such as AwsEc2Instance.
        resource_type: Text,
        /// The id of the first of them, mostly an ARN.
        resource_id: Key,
        /// What happened: a network connection, an API call, a DNS request or a port probe.
        action: Json,
        /// The first address from which, or to which, it was done.
        remote_ip: Key,
        /// The check that found it, its result and the standards it belongs to.
        compliance: Json,
        /// The result of the check: PASSED, WARNING, FAILED or NOT_AVAILABLE.
        compliance_status: Text,
        /// The control that was checked, such as S3.1.
        security_control_id: Text,
        /// ACTIVE or ARCHIVED: does the product still see it?
        record_state: Text,
        /// What people made of it.
        workflow: Json,
        /// NEW, NOTIFIED, SUPPRESSED or RESOLVED.
        workflow_status: Text,
        /// The older form of `workflow_status`.
        workflow_state: Text,
        /// Did people find it to be true: UNKNOWN, TRUE_POSITIVE, FALSE_POSITIVE or BENIGN_POSITIVE?
        verification_state: Text,
        /// The note that somebody left, with the time and who it was.
        note: Json,
        /// What to do about it.
        remediation: Json,
        /// Where the product shows the finding.
        source_url: Text,
        /// Further fields of the product.
        product_fields: Json,
        /// Fields that the owner added.
        user_defined_fields: Json,
        /// Confidence, criticality, severity and types as the product gave them.
        finding_provider_fields: Json,
        /// The malware that was found.
        malware: Json,
        /// The connection that was seen.
        network: Json,
        /// The parts of the path of a connection.
        network_path: Json,
        /// The process that was seen.
        process: Json,
        /// The threats that were found, with the files.
        threats: Json,
        /// The indicators that matched.
        threat_intel_indicators: Json,
        /// The vulnerabilities that were found.
        vulnerabilities: Json,
        /// How the resource stands with patches.
        patch_summary: Json,
        /// What an attack sequence is made of: actors, endpoints, signals.
        detection: Json,
        /// Findings that belong to it.
        related_findings: Json,
        /// Is it one of the sample findings that a product makes on request?
        sample: Flag,
        /// Everything in the finding that has no column of its own; what surrounded it is under `envelope`.
        extra: Json,
    }
}
