//! Route 53 Resolver: the queries that VPCs ask.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One DNS query that a VPC asked the Route 53 Resolver, with the answer.
    "route53_resolver", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html",
        services: &["vpcdnsquerylogs"],
        athena: Some("r53_rlogs"),
        view: InEvents::Rows,
    }),
    ResolverRow => ResolverRows, ResolverColumn, TABLE {
        /// How it ended: denied when the DNS firewall blocked it or the answer is REFUSED, else success for NOERROR, invalid for NXDOMAIN and FORMERR, other for the rest; null when the log does not say.
        error_class: Text,
        /// Always false: a query changes nothing.
        is_write: Flag,
        /// Which stretch of acting it belongs to: the instance, else the address that asked, with its VPC.
        session_id: Key,
        /// The name that was asked for in lower case and without the dot at its end.
        domain: Key,
        /// The version of the log's format.
        version: Text,
        /// The VPC from which the query came.
        vpc_id: Key,
        /// The name that was asked for, as the client wrote it.
        query_name: Key,
        /// The type of record that was asked for, such as A, AAAA, TXT, or a number.
        query_type: Text,
        /// The class of the query, nearly always IN.
        query_class: Text,
        /// The outcome: NOERROR, NXDOMAIN, SERVFAIL, REFUSED and so on.
        rcode: Text,
        /// The answers: `[{"Rdata", "Type", "Class"}]`.
        answers: Json,
        /// The address that asked.
        srcaddr: Key,
        /// The port from which it asked.
        srcport: Int,
        /// UDP, TCP or DOH.
        transport: Text,
        /// The instance that asked.
        srcids_instance: Key,
        /// The resolver endpoint through which the query came in or went out.
        srcids_resolver_endpoint: Key,
        /// The network interface of that endpoint.
        srcids_resolver_network_interface: Key,
        /// What a rule of the DNS firewall did, ALERT or BLOCK; null when none matched.
        firewall_rule_action: Text,
        /// The rule group of the DNS firewall that matched.
        firewall_rule_group_id: Key,
        /// The domain list of the DNS firewall that matched.
        firewall_domain_list_id: Key,
        /// More about the delivery, such as `is_delayed`.
        additional_properties: Json,
        /// Everything in the record that has no column of its own, under its own names; what surrounded the record is under `envelope`.
        extra: Json,
    }
}
