//! CloudTrail events.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One CloudTrail event: management, data, insight, network activity or aggregated.
    "cloudtrail", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
        services: &["CloudTrail", "CloudTrail-Insight"],
        athena: Some("cloudtrail_logs"),
        view: InEvents::Rows,
    }),
    CloudtrailRow => CloudtrailRows, CloudtrailColumn, TABLE {
        /// How it ended, by one word for all services: success, denied, throttled, invalid, dry_run_allowed, dry_run_denied, login_failed or other.
        error_class: Text,
        /// Did the event change anything? `readOnly` where the record has it, else by the name of the event.
        is_write: Flag,
        /// Which stretch of acting it belongs to: the access key, else the principal id, else the ARN, with the account.
        session_id: Key,
        /// The version of the record's format, such as 1.08. Compare as pair of integers: 1.9 is older than 1.11.
        eventversion: Text,
        /// Who acted: Root, IAMUser, AssumedRole, Role, FederatedUser, AWSAccount, AWSService, IdentityCenterUser, SAMLUser, WebIdentityUser, Directory, Unknown.
        useridentity_type: Text,
        /// The unique id of the actor; for an assumed role `AROA…:session name`.
        useridentity_principalid: Text,
        /// The ARN of the actor; for an assumed role that of the session.
        useridentity_arn: Key,
        /// The account of the actor.
        useridentity_accountid: Text,
        /// The access key that signed the request; temporary ones begin with ASIA.
        useridentity_accesskeyid: Key,
        /// The friendly name of the actor.
        useridentity_username: Text,
        /// The AWS service that made the request on the actor's behalf.
        useridentity_invokedby: Text,
        /// For IdentityCenterUser: the store.
        useridentity_identityprovider: Text,
        /// For IdentityCenterUser: the credential.
        useridentity_credentialid: Text,
        /// The Identity Center user for whom the call was made.
        useridentity_onbehalfof_userid: Text,
        /// The identity store of that user.
        useridentity_onbehalfof_identitystorearn: Text,
        /// When the temporary credentials were issued.
        useridentity_sessioncontext_attributes_creationdate: Time,
        /// Were the temporary credentials issued to someone who had used MFA?
        useridentity_sessioncontext_attributes_mfaauthenticated: Flag,
        /// What issued the session: Role, IAMUser, Root.
        useridentity_sessioncontext_sessionissuer_type: Text,
        /// The unique id of the issuer.
        useridentity_sessioncontext_sessionissuer_principalid: Text,
        /// The ARN of the role or user from which the session was made.
        useridentity_sessioncontext_sessionissuer_arn: Key,
        /// The account of the issuer.
        useridentity_sessioncontext_sessionissuer_accountid: Text,
        /// The name of the role or user from which the session was made.
        useridentity_sessioncontext_sessionissuer_username: Text,
        /// The source identity that was set when the role was assumed.
        useridentity_sessioncontext_sourceidentity: Text,
        /// Which version of the instance metadata service handed out the credentials: 1.0 or 2.0.
        useridentity_sessioncontext_ec2roledelivery: Text,
        /// For web identities: the provider and its attributes.
        useridentity_sessioncontext_webidfederationdata: Json,
        /// The service that was called, such as `s3.amazonaws.com`.
        eventsource: Text,
        /// The action, such as `RunInstances`.
        eventname: Text,
        /// The region of the call; global services are recorded under us-east-1.
        awsregion: Text,
        /// Where the request came from: an address, or the name of an AWS service.
        sourceipaddress: Key,
        /// What the caller says it is; written by the caller.
        useragent: Text,
        /// The service's error code; absent on success.
        errorcode: Text,
        /// The service's error message.
        errormessage: Text,
        /// The parameters of the request.
        requestparameters: Json,
        /// The answer, for calls that change something.
        responseelements: Json,
        /// What else the service recorded.
        additionaleventdata: Json,
        /// The id that the service gave the request. Not unique.
        requestid: Id,
        /// The id of the event.
        eventid: Id,
        /// The resources of the event as CloudTrail lists them: `[{"ARN", "accountId", "type"}]`; AWS calls this field `resources`.
        event_resources: Json,
        /// AwsApiCall, AwsServiceEvent, AwsConsoleAction, AwsConsoleSignIn, AwsVpceEvent, AwsCloudTrailInsight, AwsAggregatedEvent and others.
        eventtype: Text,
        /// The version of the service's API.
        apiversion: Text,
        /// Does the service call it read-only?
        readonly: Flag,
        /// Was it a management event?
        managementevent: Flag,
        /// The account that received the event; differs from the actor's for cross-account access.
        recipientaccountid: Text,
        /// What a service recorded of an event of its own.
        serviceeventdetails: Json,
        /// Links the copies of one action in several accounts, and the start and end of an insight.
        sharedeventid: Text,
        /// The VPC endpoint through which the call came.
        vpcendpointid: Text,
        /// The account that owns that endpoint.
        vpcendpointaccountid: Text,
        /// Management, Data, NetworkActivity, Insight or Aggregated.
        eventcategory: Text,
        /// What set an insight off, and its baseline.
        insightdetails: Json,
        /// Why an event came late or was corrected: DELIVERY_DELAY, UPDATED_DATA, SERVICE_OUTAGE.
        addendum_reason: Text,
        /// Which fields a correction changes.
        addendum_updatedfields: Text,
        /// The request id of the event that it corrects.
        addendum_originalrequestid: Text,
        /// The event id of the event that it corrects.
        addendum_originaleventid: Id,
        /// Did the credentials come from a console session?
        sessioncredentialfromconsole: Flag,
        /// For edge devices.
        edgedevicedetails: Json,
        /// The TLS version of the call.
        tlsdetails_tlsversion: Text,
        /// The cipher suite of the call.
        tlsdetails_ciphersuite: Text,
        /// The host name that the client asked for.
        tlsdetails_clientprovidedhostheader: Text,
        /// Everything in the record that has no column of its own, under its own names; what surrounded the record is under `envelope`.
        extra: Json,
    }
}
