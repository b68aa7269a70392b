//! Route 53: queries for public hosted zones.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One DNS query for a name in a public hosted zone, as Route 53 writes it to CloudWatch Logs; what resolvers answer from their caches is not logged.
    "route53_queries", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    Route53QueryRow => Route53QueryRows, Route53QueryColumn, TABLE {
        /// How it ended: success for NOERROR, denied for REFUSED and NOTAUTH, invalid for NXDOMAIN and FORMERR, else other.
        error_class: Text,
        /// Did it change anything? A query does not.
        is_write: Flag,
        /// Always null: the resolver that asks does it for somebody else.
        session_id: Key,
        /// The version of the format.
        version: Text,
        /// When Route 53 answered.
        query_timestamp: Time,
        /// The hosted zone.
        hosted_zone_id: Key,
        /// The name that was asked for.
        query_name: Key,
        /// The type of the record that was asked for, or ANY.
        query_type: Text,
        /// The answer: NOERROR, NXDOMAIN, SERVFAIL and so on.
        response_code: Text,
        /// UDP or TCP.
        protocol: Text,
        /// The edge location that answered: three letters of the nearest airport, and a number.
        edge_location: Text,
        /// The address of the resolver that asked.
        resolver_ip: Key,
        /// The part of the client's address that the resolver passed on.
        edns_client_subnet: Text,
        /// What CloudWatch Logs has put around the line; a time that is no time.
        extra: Json,
    }
}
