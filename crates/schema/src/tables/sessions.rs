//! What `coldtrail derive` makes of CloudTrail's events: stretches of acting, how they hang together, what was new.

use super::{cloudtrail, config_items, ledger};
use crate::column::Role;
use crate::table_macro::table;

table! {
    /// One stretch of acting: all events of an access key under one principal id; of a principal without a key, events less than 30 minutes apart.
    "sessions", None, Role::Derived { from: &[&cloudtrail::TABLE] },
    SessionRow => SessionRows, SessionColumn, SESSIONS {
        /// The access key, else account and principal: `cloudtrail.session_id`. Where the record names neither: account and
        /// Identity Center user, else account and address, else account and event.
        session_id: Key,
        /// 0 for access keys, and counted on where one key stands under several principal ids; for principals without a
        /// key, which stretch it is, counted from 1.
        part: Int,
        /// Who it was at the root of the chain: an ARN, or the subject of a federated sign-in.
        actor: Key,
        /// What the root is: user, root, federated user, identity center user, instance, function, service, account, unknown,
        /// or says it is an instance (only the name that the session gave itself says so).
        actor_kind: Text,
        /// The chain from the root to this session: ARNs.
        chain: Texts,
        /// Is every link of the chain in the evidence, and does AWS itself say who stands at the root?
        chain_complete: Flag,
        /// What is doubtful about who it was; null when nothing is.
        caveat: Text,
        /// As CloudTrail says it: Root, IAMUser, AssumedRole and so on.
        useridentity_type: Text,
        /// The ARN of the session.
        useridentity_arn: Key,
        /// The unique id of the principal.
        useridentity_principalid: Key,
        /// The account of the principal.
        useridentity_accountid: Text,
        /// The access key.
        useridentity_accesskeyid: Key,
        /// The role or user that issued the session.
        sessionissuer_arn: Key,
        /// When the credentials were issued, by their own account.
        creationdate: Time,
        /// Was MFA used when they were issued?
        mfaauthenticated: Flag,
        /// Did the credentials come from a console session?
        console: Flag,
        /// The source identity that was set along the chain.
        sourceidentity: Text,
        /// For SAML and web identities: the subject that signed in.
        federation_subject: Text,
        /// The first event.
        first_time: Time,
        /// The last event.
        last_time: Time,
        /// How many events.
        events: Int,
        /// How many of them changed something and succeeded.
        writes: Int,
        /// How many of them did not succeed.
        errors: Int,
        /// How many of them were denied.
        denied: Int,
        /// How many things this actor did here for the first time, with earlier history to compare: see `first_seen`.
        first_evers: Int,
        /// Where the calls came from.
        ips: Texts,
        /// What the callers said they were.
        useragents: Texts,
        /// In which regions.
        regions: Texts,
        /// In which accounts the events were recorded.
        accounts: Texts,
        /// JSON: for each service, how many events of each error class.
        services: Json,
        /// The first event: `cloudtrail.evidence_object`.
        evidence_object: Id,
        /// The first event: `cloudtrail.evidence_record`.
        evidence_record: Int,
    }
}

table! {
    /// One link of a chain: who handed credentials to which session.
    "session_edges", None, Role::Derived { from: &[&cloudtrail::TABLE] },
    SessionEdgeRow => SessionEdgeRows, SessionEdgeColumn, SESSION_EDGES {
        /// AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRoot, GetSessionToken, GetFederationToken,
        /// ConsoleLogin; or CreateAccessKey: who made a long-term key, which is no link of the chain of the key's user.
        kind: Text,
        /// The session that asked: `sessions.session_id`; null when it stands in no log here.
        parent_session: Key,
        /// Who asked: an ARN, a service, or the subject of a federated sign-in.
        parent: Key,
        /// The session that was made: `sessions.session_id`.
        child_session: Key,
        /// The ARN of that session.
        child: Key,
        /// The role that was assumed.
        rolearn: Key,
        /// The session name that was given.
        rolesessionname: Text,
        /// The source identity that was given.
        sourceidentity: Text,
        /// When.
        event_time: Time,
        /// The event: `cloudtrail.eventid`.
        eventid: Id,
        /// Links the copies of the event in two accounts.
        sharedeventid: Text,
        /// How the link is known: credentials, shared event, sign-in time, session name.
        how: Text,
        /// The event: `cloudtrail.evidence_object`.
        evidence_object: Id,
        /// The event: `cloudtrail.evidence_record`.
        evidence_record: Int,
    }
}

table! {
    /// The first time that something was seen, of one actor or of all.
    "first_seen", None, Role::Derived { from: &[&cloudtrail::TABLE] },
    FirstSeenRow => FirstSeenRows, FirstSeenColumn, FIRST_SEEN {
        /// actor, or all.
        scope: Text,
        /// The actor: the user's or role's ARN, else the principal; null for all.
        actor: Key,
        /// api, service, region, ip, network (/24, /48) or user_agent.
        kind: Text,
        /// What was seen.
        value: Key,
        /// The first time.
        first_time: Time,
        /// The last time.
        last_time: Time,
        /// How many events.
        events: Int,
        /// From when on there are events of that actor (or of anybody): on how much history the word first rests.
        history_from: Time,
        /// The first event: `cloudtrail.evidence_object`.
        evidence_object: Id,
        /// The first event: `cloudtrail.evidence_record`.
        evidence_record: Int,
    }
}

table! {
    /// How many rows of a source there are in one hour of one account and region. An hour without a row here is an hour
    /// of which the tables say nothing.
    "coverage", None, Role::Derived { from: &[&cloudtrail::TABLE, &config_items::TABLE, &ledger::OBJECTS] },
    CoverageRow => CoverageRows, CoverageColumn, COVERAGE {
        /// The source: cloudtrail, or config_items.
        source: Text,
        /// The account that recorded it.
        account: Text,
        /// The region that recorded it.
        region: Text,
        /// The hour, by the time of the events; for config_items by the time of delivery.
        hour: Time,
        /// How many rows.
        rows: Int,
        /// How many objects they come from.
        objects: Int,
    }
}
