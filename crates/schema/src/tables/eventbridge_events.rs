//! Events of EventBridge that are of no other log, and the history of CloudWatch alarms.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One event as EventBridge (CloudWatch Events) hands it on, whose detail no other table takes: state changes of instances and alarms, AWS Health, Trusted Advisor, ECR scans, events of applications; or one item of the history of a CloudWatch alarm. In a file that holds events of several kinds, all of them.
    "eventbridge_events", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    EventbridgeRow => EventbridgeRows, EventbridgeColumn, TABLE {
        /// The version of the envelope, 0.
        version: Text,
        /// The id of the event; null for the history of alarms.
        id: Id,
        /// What kind of event it is, such as `EC2 Instance State-change Notification`; `CloudWatch Alarm History` for an item of the history of an alarm.
        detail_type: Text,
        /// Who sent it: `aws.ec2`, or the name that an application gave itself. Anybody who may put events can write any name but those beginning with `aws.`.
        source: Text,
        /// The resources that the sender named.
        event_resources: Json,
        /// The event itself.
        detail: Json,
        /// The replay with which an archived event was sent again.
        replay_name: Text,
        /// Everything in the event that has no column of its own; what surrounded it is under `envelope`.
        extra: Json,
    }
}
