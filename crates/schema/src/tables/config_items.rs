//! AWS Config: configuration items, and the messages about them.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One statement of AWS Config: a configuration item from a history file, a snapshot, a change notification or an API answer; or a compliance change or rule evaluation.
    "config_items", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html",
        services: &["Config"],
        athena: None,
        view: InEvents::Rows,
    }),
    ConfigItemRow => ConfigItemRows, ConfigItemColumn, TABLE {
        /// Always success: Config records states, not calls.
        error_class: Text,
        /// Always true: an item is there because something changed (a snapshot repeats the last one).
        is_write: Flag,
        /// Null: Config does not know who acted.
        session_id: Key,
        /// Where the item stood: history, snapshot, notification, oversized, evaluation, compliance, status, api or item.
        item_source: Text,
        /// For notifications: ConfigurationItemChangeNotification, ComplianceChangeNotification and so on.
        messagetype: Text,
        /// The version of the file.
        fileversion: Text,
        /// For snapshots: the id of the snapshot.
        configsnapshotid: Text,
        /// The version of the item's format, such as 1.3.
        configurationitemversion: Text,
        /// When Config captured the state (not when it changed); `event_time` is the same.
        configurationitemcapturetime: Time,
        /// OK, ResourceDiscovered, ResourceNotRecorded, ResourceDeleted, ResourceDeletedNotRecorded.
        configurationitemstatus: Text,
        /// Orders the items of a resource.
        configurationstateid: Text,
        /// The hash that older items carry.
        configurationstatemd5hash: Text,
        /// The account of the resource.
        awsaccountid: Text,
        /// The region of the resource; `global` for IAM.
        awsregion: Text,
        /// The availability zone, or Regional, Multiple Availability Zones, Not Applicable.
        availabilityzone: Text,
        /// The type, such as AWS::EC2::SecurityGroup.
        resourcetype: Text,
        /// The id of the resource.
        resourceid: Key,
        /// The name of the resource.
        resourcename: Text,
        /// The ARN of the resource.
        arn: Key,
        /// When the resource was created.
        resourcecreationtime: Time,
        /// The tags, as object.
        tags: Json,
        /// Event ids of CloudTrail; empty since version 1.3.
        relatedevents: Json,
        /// The related resources: `[{"resourceType", "resourceId", "resourceName", "name"}]`.
        relationships: Json,
        /// The state of the resource; where AWS wrote the document as a string it is a document here, and URL-encoded policies are decoded.
        configuration: Json,
        /// Further state of the resource; strings that hold JSON are documents here.
        supplementaryconfiguration: Json,
        /// For change notifications: what changed.
        configurationitemdiff: Json,
        /// For change notifications: CREATE, UPDATE or DELETE.
        changetype: Text,
        /// For oversized notifications: where the whole one lies.
        s3deliverysummary: Json,
        /// For compliance: the rule.
        configrulename: Text,
        /// For compliance: COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, INSUFFICIENT_DATA.
        compliancetype: Text,
        /// For compliance: the new evaluation.
        newevaluationresult: Json,
        /// For compliance: the evaluation before.
        oldevaluationresult: Json,
        /// When the notification was made.
        notificationcreationtime: Time,
        /// The original text of `configuration`, where decoding changed it.
        configuration_raw: Json,
        /// The original text of `supplementaryconfiguration`, where decoding changed it.
        supplementaryconfiguration_raw: Json,
        /// Everything in the item that has no column of its own; what surrounded it is under `envelope`.
        extra: Json,
    }
}
