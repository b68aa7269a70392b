-- title: Activity of an address
-- question: What did this address or network do in every log?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- attack: T1078, T1190
-- parameter: ip text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about ip: an address or a network such as 198.51.100.0/24 or 2001:db8::/32; null means every address
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: An address in a row is not always where the request came from: it can stand in a parameter or in X-Forwarded-For. The column role says which.
-- trap: CloudTrail writes the name of an AWS service, or `AWS Internal`, in place of an address when a service made the call; such rows have no address and are not here.
-- trap: Many people can share an address (NAT, VPN, proxies), and private addresses reach S3 and CloudTrail through VPC endpoints.
-- next: triage/iocs_first_last
-- next: triage/user_agents
-- next: edge/top_clients
with addressed as (
  select
    evidence_object, evidence_record, event_time, source, account, region, actor, action, error_class, is_write,
    ip as caller, unnest(ips) as address
  from events
  where event_time between $since and $until
)
select
  address,
  ip_is_private(address) as is_private,
  case when caller = address then 'caller' else 'mentioned' end as role,
  source,
  account,
  region,
  actor,
  action,
  error_class,
  count(*) as events,
  count(*) filter (where is_write) as writes,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from addressed
where $ip is null or address = $ip or ip_in_cidr(address, $ip)
group by address, ip_is_private(address), case when caller = address then 'caller' else 'mentioned' end,
  source, account, region, actor, action, error_class
order by address, first_time, source, account nulls first, region nulls first, role, actor nulls first,
  action nulls first, error_class nulls first
