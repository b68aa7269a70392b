-- Columns as in "Create the table for resolver query logs" and "Use partition projection" (Athena User Guide).
-- Where it differs: `date`, the partition as text (2026/04/09), is the day of the query; `vpc` is the query's own.
select
  version,
  account as account_id,
  region, vpc_id,
  to_char(event_time, '%Y-%m-%dT%H:%M:%SZ') as query_timestamp,
  query_name, query_type, query_class, rcode,
  hive_json(answers, 'array<struct<rdata:string,type:string,class:string>>') as answers,
  srcaddr, srcport, transport,
  case when srcids_instance is not null or srcids_resolver_endpoint is not null
    then named_struct('instance', srcids_instance, 'resolver_endpoint', srcids_resolver_endpoint) end as srcids,
  firewall_rule_action, firewall_rule_group_id, firewall_domain_list_id,
  day_path as "date", date_partition,
  vpc_id as vpc, vpc_id as vpc_partition, concat(region, '') as region_partition, concat(account, '') as account_partition,
  evidence_object, evidence_record, event_time, ips, domain, error_class, record_hash, extra
from lake.route53_resolver
