-- title: First and last sight of indicators
-- question: When was each of these indicators seen first and last, and where?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- attack: T1078
-- parameter: iocs text = null
-- parameter: kind text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about iocs: indicators separated by commas: addresses, access keys, principals, ARNs, resource ids, exactly as logged; null means everything that was seen
-- about kind: ip, key, actor or resource; null means all kinds
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: An indicator that is not in the answer was not seen in the evidence that was collected; evidence/coverage says what that is.
-- trap: Indicators are compared whole: a role's ARN does not match the ARNs of its sessions.
-- trap: First sight is bounded by the oldest log that was collected.
-- next: triage/ip_activity
-- next: triage/key_activity
-- next: evidence/coverage
with chosen as (
  select * from events where event_time between $since and $until
), seen as (
  select 'ip' as kind, unnest(ips) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
  union all
  select 'key' as kind, unnest(keys) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
  union all
  select 'actor' as kind, unnest(actors) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
  union all
  select 'resource' as kind, unnest(resources) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
)
select
  kind,
  indicator,
  source,
  account,
  region,
  count(*) as events,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from seen
where ($kind is null or kind = $kind)
  and ($iocs is null or array_has(string_to_array(regexp_replace($iocs, '\s*,\s*', ',', 'g'), ','), indicator))
group by kind, indicator, source, account, region
order by kind, indicator, source, account nulls first, region nulls first
