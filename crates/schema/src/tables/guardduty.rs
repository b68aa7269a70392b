//! GuardDuty findings.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One state of a GuardDuty finding: GuardDuty writes a finding anew, under the same `id`, each time it is updated; `event_time` is that of the update.
    "guardduty", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html",
        services: &["GuardDuty"],
        athena: Some("gd_logs"),
        view: InEvents::Rows,
    }),
    GuarddutyRow => GuarddutyRows, GuarddutyColumn, TABLE {
        /// How the API call that the finding is about ended: success, denied, throttled, invalid or other; null where it is about no call.
        error_class: Text,
        /// Always false: a finding changes nothing, whatever it is about.
        is_write: Flag,
        /// The access key that the finding names, as in CloudTrail; null where it names none.
        session_id: Key,
        /// The version of the format, 2.0.
        schemaversion: Text,
        /// The account that the finding is about.
        accountid: Text,
        /// The partition of the region, such as aws.
        partition: Text,
        /// The id of the finding, the same in all of its states.
        id: Id,
        /// The ARN of the finding.
        arn: Id,
        /// The type, such as `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`.
        r#type: Text,
        /// The severity: from 1 (low) over 4 (medium) and 7 (high) to 9 (critical).
        severity: Real,
        /// How sure GuardDuty is; only its API says it.
        confidence: Real,
        /// What the finding says, in a few words.
        title: Text,
        /// What the finding says, in a sentence.
        description: Text,
        /// When the finding was made first.
        createdat: Time,
        /// When the finding was written like this; `event_time` is the same.
        updatedat: Time,
        /// What the finding is about: instance, access key, bucket, cluster, database, function.
        resource: Json,
        /// What happened: the action, who did it from where, how often, the evidence.
        service: Json,
        /// The type of the resource: AccessKey, Instance, S3Bucket, EKSCluster and so on.
        resource_type: Text,
        /// The resource that the finding is about: the id of the instance or access key, the ARN of the bucket, cluster, database or function.
        resource_id: Key,
        /// The part that the resource has in it: TARGET or ACTOR.
        resource_role: Text,
        /// The access key that was used.
        access_key_id: Key,
        /// The unique id of the principal whose key it is.
        principal_id: Key,
        /// The name of the user or role whose key it is, or of the user of the database.
        user_name: Text,
        /// What kind of action it was: AWS_API_CALL, NETWORK_CONNECTION, PORT_PROBE, DNS_REQUEST, KUBERNETES_API_CALL, RDS_LOGIN_ATTEMPT.
        action_type: Text,
        /// The API call that was made.
        api: Text,
        /// The service that was called, such as iam.amazonaws.com.
        api_service: Text,
        /// The error code of the API call, where it failed.
        error_code: Text,
        /// The address from which, or to which, it was done.
        remote_ip: Key,
        /// The country of that address, by GuardDuty's account.
        remote_country: Text,
        /// The owner of the network of that address, by GuardDuty's account.
        remote_asn_org: Text,
        /// The domain that was looked up, or the service that called.
        domain: Text,
        /// Was the connection or the look-up blocked?
        blocked: Flag,
        /// The detector that made the finding.
        detector_id: Key,
        /// How often it was seen so far.
        count: Int,
        /// When the activity was first seen.
        first_seen: Time,
        /// When the activity was last seen.
        last_seen: Time,
        /// Was the finding archived, by a person or a rule?
        archived: Flag,
        /// Is it one of the sample findings that GuardDuty makes on request?
        sample: Flag,
        /// Everything in the finding that has no column of its own; what surrounded it is under `envelope`.
        extra: Json,
    }
}
