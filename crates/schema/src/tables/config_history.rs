//! What `coldtrail derive` makes of AWS Config's items and CloudTrail's write calls: states, changes, and who made
//! them. Each derivation that has something new takes the place of the one before.

use super::{cloudtrail, config_items, ledger};
use crate::column::{Role, Table};
use crate::table_macro::table;

/// Of the ledger: when snapshots were delivered, and whose accounts are in the evidence.
const ITEMS: &[&Table] = &[&config_items::TABLE, &ledger::OBJECTS];
const ITEMS_AND_CALLS: &[&Table] = &[&config_items::TABLE, &cloudtrail::TABLE, &ledger::OBJECTS];

table! {
    /// One state of a resource: from the item that first showed it to the item that showed the next one.
    "config_states", Resource, Role::Derived { from: ITEMS },
    ConfigStateRow => ConfigStateRows, ConfigStateColumn, CONFIG_STATES {
        /// When Config captured this state first.
        valid_from: Time,
        /// When Config captured the next one; null for the last state in the evidence.
        valid_to: Time,
        /// exists, deleted, or not recorded (Config was told not to record it).
        state: Text,
        /// As Config says it: OK, ResourceDiscovered, ResourceNotRecorded, ResourceDeleted, ResourceDeletedNotRecorded.
        configurationitemstatus: Text,
        /// Orders the items of a resource.
        configurationstateid: Text,
        /// When the resource was created, by Config's account.
        resourcecreationtime: Time,
        /// How many later items said the same again (snapshots, other regions, other copies).
        confirmations: Int,
        /// When this state was last said again: the capture of an equal item, or the delivery of a snapshot.
        last_confirmed: Time,
        /// CONTINUOUS or DAILY, as the captures of this account and region tell; null when there are too few.
        recordingfrequency: Text,
        /// How many paths differ from the state before; null for the first one.
        changes: Int,
        /// The item: `config_items.evidence_object`.
        evidence_object: Id,
        /// The item: `config_items.evidence_record`.
        evidence_record: Int,
    }
}

table! {
    /// One path of a resource's document that differs between two states that follow each other.
    "config_changes", Resource, Role::Derived { from: ITEMS },
    ConfigChangeRow => ConfigChangeRows, ConfigChangeColumn, CONFIG_CHANGES {
        /// When Config captured the state after the change: the change is not later.
        configurationitemcapturetime: Time,
        /// When Config captured the state before; null when the resource was new.
        previouscapturetime: Time,
        /// created, deleted, changed, not recorded, or recorded again.
        kind: Text,
        /// What changed, such as `configuration.ipPermissions[]`; an element with an identity is `[name=value]`, one
        /// without is `[]`. For created and deleted it is `configurationItemStatus`.
        path: Text,
        /// JSON: the value before; null when there was none.
        before: Json,
        /// JSON: the value after; null when there is none.
        after: Json,
        /// The item before: `config_items.evidence_object`.
        from_object: Id,
        /// The item before: `config_items.evidence_record`.
        from_record: Int,
        /// The item after: `config_items.evidence_object`.
        evidence_object: Id,
        /// The item after: `config_items.evidence_record`.
        evidence_record: Int,
    }
}

table! {
    /// Who made one change of a resource, and how sure that is.
    "config_attribution", Resource, Role::Derived { from: ITEMS_AND_CALLS },
    ConfigAttributionRow => ConfigAttributionRows, ConfigAttributionColumn, CONFIG_ATTRIBUTION {
        /// When Config captured the state after the change.
        configurationitemcapturetime: Time,
        /// From when on a call could have caused it: the capture before, with some slack.
        window_from: Time,
        /// certain (identifiers and changed fields match, and nothing else does), likely, ambiguous (see candidates),
        /// service-driven, or none found (see why).
        class: Text,
        /// 0 to 100: how well the best candidate fits.
        score: Int,
        /// The best candidate: `cloudtrail.eventid`.
        eventid: Id,
        /// When that call was made.
        event_time: Time,
        /// The call, such as `ec2:AuthorizeSecurityGroupIngress`.
        api: Text,
        /// Every call that could have caused it, the best first: event ids.
        candidates: Texts,
        /// Who it was at the root of the chain: an ARN, or the subject of a federated sign-in.
        actor: Key,
        /// The chain from there to the session that called: ARNs.
        chain: Texts,
        /// The session that called: `sessions.session_id`.
        session_id: Key,
        /// Where the call came from.
        sourceipaddress: Key,
        /// What the caller said it was.
        useragent: Text,
        /// The AWS service that called on the actor's behalf.
        invokedby: Text,
        /// AwsApiCall, AwsServiceEvent, AwsConsoleAction and others.
        eventtype: Text,
        /// Did the credentials come from a console session?
        console: Flag,
        /// What speaks for it, or what the absence rests on.
        why: Text,
        /// The item: `config_items.evidence_object`.
        evidence_object: Id,
        /// The item: `config_items.evidence_record`.
        evidence_record: Int,
        /// The call: `cloudtrail.evidence_object`.
        event_object: Id,
        /// The call: `cloudtrail.evidence_record`.
        event_record: Int,
    }
}

table! {
    /// One successful write call and one resource of AWS Config that it names: did Config see a change of it?
    "config_calls", Resource, Role::Derived { from: ITEMS_AND_CALLS },
    ConfigCallRow => ConfigCallRows, ConfigCallColumn, CONFIG_CALLS {
        /// The call: `cloudtrail.eventid`.
        eventid: Id,
        /// When it was made.
        event_time: Time,
        /// The call, such as `ec2:AuthorizeSecurityGroupIngress`.
        api: Text,
        /// The session that called.
        session_id: Key,
        /// The capture of the change for which it is a candidate; null when Config saw no change that it explains.
        configurationitemcapturetime: Time,
        /// 0 to 100: how well it fits that change.
        score: Int,
        /// What speaks for it; or why Config may not have seen what it claims.
        why: Text,
        /// The changed paths that it explains.
        paths: Texts,
        /// The call: `cloudtrail.evidence_object`.
        event_object: Id,
        /// The call: `cloudtrail.evidence_record`.
        event_record: Int,
    }
}

table! {
    /// One statement of a policy document in a resource's state: trust, identity, bucket, key and other resource policies.
    "policy_statements", Resource, Role::Derived { from: ITEMS },
    PolicyStatementRow => PolicyStatementRows, PolicyStatementColumn, POLICY_STATEMENTS {
        /// Where the policy stands, such as `configuration.assumeRolePolicyDocument`.
        path: Text,
        /// The statement's id.
        sid: Text,
        /// Allow or Deny.
        effect: Text,
        /// Whom it is about: `AWS:arn`, `Service:name`, `Federated:provider`, or `*`.
        principals: Texts,
        /// Whom it is not about.
        notprincipals: Texts,
        /// Which actions.
        actions: Texts,
        /// Which actions not.
        notactions: Texts,
        /// Which resources.
        resources: Texts,
        /// Which resources not.
        notresources: Texts,
        /// JSON: under which conditions.
        conditions: Json,
        /// When Config captured it first.
        valid_from: Time,
        /// When Config captured a state without it; null when it is in the last state.
        valid_to: Time,
        /// The first item with it: `config_items.evidence_object`.
        evidence_object: Id,
        /// The first item with it: `config_items.evidence_record`.
        evidence_record: Int,
    }
}

table! {
    /// A time in which a resource was open to the world or to strangers.
    "exposures", Resource, Role::Derived { from: ITEMS },
    ExposureRow => ExposureRows, ExposureColumn, EXPOSURES {
        /// In a word, such as open_security_group, public_bucket, shared_snapshot, role_trusts_stranger.
        kind: Text,
        /// What exactly is open, such as `tcp 22 from 0.0.0.0/0`.
        detail: Text,
        /// Where in the document it stands.
        path: Text,
        /// When Config captured it first.
        valid_from: Time,
        /// When Config captured a state without it; null when it was open at the end of the evidence.
        valid_to: Time,
        /// The first item with it: `config_items.evidence_object`.
        evidence_object: Id,
        /// The first item with it: `config_items.evidence_record`.
        evidence_record: Int,
        /// The item that ended it: `config_items.evidence_object`.
        closing_object: Id,
        /// The item that ended it: `config_items.evidence_record`.
        closing_record: Int,
    }
}

table! {
    /// A time of which it cannot be said whether a resource was open: its type is not examined, or what would tell is not here.
    "exposure_unknowns", Resource, Role::Derived { from: ITEMS },
    ExposureUnknownRow => ExposureUnknownRows, ExposureUnknownColumn, EXPOSURE_UNKNOWNS {
        /// Why: type not examined (other than by the policies in its document), prefix list not in the evidence, security
        /// group not in the evidence, range not understood, document not parsed, or part of the item not in the evidence.
        reason: Text,
        /// What it is about: the type, the id of the prefix list, the text of the range.
        detail: Text,
        /// Where in the document it stands; null where it is about the whole.
        path: Text,
        /// From when on: the capture of the first state of which it cannot be said.
        valid_from: Time,
        /// Until when: the capture of a state of which it can be said; null for the last state in the evidence.
        valid_to: Time,
        /// The first such item: `config_items.evidence_object`.
        evidence_object: Id,
        /// The first such item: `config_items.evidence_record`.
        evidence_record: Int,
    }
}
