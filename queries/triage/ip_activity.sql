-- title: Activity of an address
-- question: What did this address or network do in every log?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- attack: T1078, T1190
-- parameter: ip text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: an address or a network such as 198.51.100.0/24 or 2001:db8::/32; null means every address
-- about top: how many lines where no address is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without an address only as many lines are shown as top says; of_lines tells how many there are.
-- trap: Without an address, addresses that first came after the quiet_days and were refused most stand first.
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
  where event_time between $from and $to
), lines as (
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
), grouped as (
  select
    address,
    min(first_time) as first_of_address,
    coalesce(sum(events) filter (where error_class in ('denied', 'login_failed')), 0) as denied_of_address,
    count(distinct source) as sources_of_address
  from lines
  group by address
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from events
), addresses as (
  select grouped.*, grouped.first_of_address >= begun.quiet_until as is_new
  from grouped
  cross join begun
), ranked as (
  select
    lines.*,
    addresses.sources_of_address,
    addresses.denied_of_address,
    addresses.is_new,
    row_number() over (
      order by
        addresses.is_new desc,
        addresses.denied_of_address desc, lines.address, lines.first_time, lines.source, lines.account nulls first,
        lines.region nulls first, lines.role, lines.actor nulls first, lines.action nulls first, lines.error_class nulls first
    ) as rank,
    count(*) over () as of_lines
  from lines
  join addresses on addresses.address = lines.address
)
select
  address, is_private, is_new, role, source, account, region, actor, action, error_class, events, writes, first_time,
  last_time, sources_of_address, denied_of_address, evidence_object, evidence_record, of_lines
from ranked
where $ip is not null or $top is null or rank <= $top
order by rank
