//! The tables that AWS documents for Athena, CloudTrail Lake and AWS Config, as views over ours: their columns, types and
//! nesting, so that published queries run unchanged and mean the same.

use coldtrail_schema::Table;
use coldtrail_schema::tables::{
    cloudtrail, elb_connections, guardduty, network_firewall, route53_resolver, s3_access, waf,
};

/// A table as AWS documents it for Athena, CloudTrail Lake or Config, so that published queries run unchanged.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The table of which it shows every row.
    pub(crate) table: Option<&'static Table>,
    pub(crate) sql: &'static str,
}

/// Rows of our table that a view in AWS's shape does not show: an answer from it is no answer about them.
pub(crate) struct LeftOut {
    pub(crate) view: &'static str,
    /// Counts them.
    pub(crate) count: &'static str,
    pub(crate) what: &'static str,
}

/// What the views leave out.
pub(crate) static LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        view: "cloudfront_standard_logs",
        count: "select count(*) as n from lake.cloudfront where log_type is distinct from 'standard'",
        what: "rows of `cloudfront`, of v2 and real-time logs",
    },
    LeftOut {
        view: "vpc_flow_logs",
        count: "select count(*) as n from lake.vpc_flow where tgw_id is not null",
        what: "rows of `vpc_flow`, of transit gateways",
    },
    LeftOut {
        view: "awsconfig",
        count: "select count(*) as n from lake.config_items where item_source not in ('history', 'snapshot')",
        what: "rows of `config_items`, of notifications, answers of the API and compliance",
    },
    LeftOut {
        view: "config_current",
        count: "select count(*) as n from lake.config_items where (select count(*) from lake.config_states) = 0",
        what: "rows of `config_items`, until `coldtrail derive` makes states of them",
    },
];

/// The tables of AWS's documentation. One that uses another comes after it.
pub(crate) static AWS: &[Aws] = &[
    Aws {
        name: "cloudtrail_logs",
        about: "`cloudtrail` as Athena's table for CloudTrail has it: times and flags as text, partitions by day.",
        table: Some(&cloudtrail::TABLE),
        sql: include_str!("views/aws/cloudtrail_logs.sql"),
    },
    Aws {
        name: "event_data_store",
        about: "`cloudtrail` as an event data store of CloudTrail Lake has it.",
        table: Some(&cloudtrail::TABLE),
        sql: include_str!("views/aws/event_data_store.sql"),
    },
    Aws {
        name: "event_data_store_items",
        about: "Items of AWS Config as an event data store of CloudTrail Lake has them.",
        table: None,
        sql: include_str!("views/aws/event_data_store_items.sql"),
    },
    Aws {
        name: "s3_access_logs",
        about: "`s3_access` as Athena's table for server access logs has it: `-` for what is absent, status and times as text.",
        table: Some(&s3_access::TABLE),
        sql: include_str!("views/aws/s3_access_logs.sql"),
    },
    Aws {
        name: "mybucket_logs",
        about: "`s3_access_logs` under the name of the S3 User Guide.",
        table: Some(&s3_access::TABLE),
        sql: include_str!("views/aws/mybucket_logs.sql"),
    },
    Aws {
        name: "cloudfront_standard_logs",
        about: "The legacy standard logs in `cloudfront` as Athena's tables have them; v2 and real-time logs are not in it.",
        table: None,
        sql: include_str!("views/aws/cloudfront_standard_logs.sql"),
    },
    Aws {
        name: "cloudfront_logs",
        about: "`cloudfront_standard_logs` under its former name.",
        table: None,
        sql: include_str!("views/aws/cloudfront_logs.sql"),
    },
    Aws {
        name: "vpc_flow_logs",
        about: "The flow logs of VPCs in `vpc_flow` as Athena's table has them.",
        table: None,
        sql: include_str!("views/aws/vpc_flow_logs.sql"),
    },
    Aws {
        name: "alb_access_logs",
        about: "The application load balancers in `elb_access` as Athena's table has them.",
        table: None,
        sql: include_str!("views/aws/alb_access_logs.sql"),
    },
    Aws {
        name: "alb_logs",
        about: "`alb_access_logs` under its former name.",
        table: None,
        sql: include_str!("views/aws/alb_logs.sql"),
    },
    Aws {
        name: "elb_logs",
        about: "The classic load balancers in `elb_access` as Athena's table has them.",
        table: None,
        sql: include_str!("views/aws/elb_logs.sql"),
    },
    Aws {
        name: "nlb_tls_logs",
        about: "The network load balancers in `elb_access` as Athena's table has them.",
        table: None,
        sql: include_str!("views/aws/nlb_tls_logs.sql"),
    },
    Aws {
        name: "alb_connection_logs",
        about: "`elb_connections` as Athena's table has it.",
        table: Some(&elb_connections::TABLE),
        sql: include_str!("views/aws/alb_connection_logs.sql"),
    },
    Aws {
        name: "waf_logs",
        about: "`waf` as Athena's table has it.",
        table: Some(&waf::TABLE),
        sql: include_str!("views/aws/waf_logs.sql"),
    },
    Aws {
        name: "r53_rlogs",
        about: "`route53_resolver` as Athena's table has it.",
        table: Some(&route53_resolver::TABLE),
        sql: include_str!("views/aws/r53_rlogs.sql"),
    },
    Aws {
        name: "network_firewall_logs",
        about: "`network_firewall` with the nesting of Athena's tables.",
        table: Some(&network_firewall::TABLE),
        sql: include_str!("views/aws/network_firewall_logs.sql"),
    },
    Aws {
        name: "gd_logs",
        about: "`guardduty` as Athena's table has it.",
        table: Some(&guardduty::TABLE),
        sql: include_str!("views/aws/gd_logs.sql"),
    },
    Aws {
        name: "awsconfig",
        about: "Files of AWS Config as Athena's tables have them: one row a history or snapshot, with its items as a list.",
        table: None,
        sql: include_str!("views/aws/awsconfig.sql"),
    },
    Aws {
        name: "aws_config",
        about: "`awsconfig` under another name.",
        table: None,
        sql: include_str!("views/aws/aws_config.sql"),
    },
    Aws {
        name: "aws_config_configuration_snapshot",
        about: "The snapshots in `awsconfig`, the last one of an account and region also under dt = 'latest'.",
        table: None,
        sql: include_str!("views/aws/aws_config_configuration_snapshot.sql"),
    },
    Aws {
        name: "config_current",
        about: "The last state of each resource that was not deleted, with the columns of AWS Config's advanced queries.",
        table: None,
        sql: include_str!("views/aws/config_current.sql"),
    },
];
