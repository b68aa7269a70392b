-- title: Findings of which no log says anything
-- question: Which findings name a key, an address or a call that stands in no collected log of that time?
-- sources: guardduty, cloudtrail
-- attack: T1562.008
-- parameter: minutes integer = 60
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: how long before the first and after the last activity of the finding is looked
-- about from: the first update of findings to look at
-- about to: the last update of findings to look at
-- trap: GuardDuty reads the flows, DNS queries, data events and audit logs of AWS itself, whether the owner keeps them or not; that they are not here is the rule and says which logs are missing, not that the finding is wrong.
-- trap: needs names the log that would show it. rows_there counts the rows of that log in the account in that time: 0 means that the log is missing ("cannot say"), more that it is there and says nothing of this key or address.
-- trap: A call that was made in another account, or under another name of the key, is not matched.
-- trap: Sample findings are left out.
-- next: evidence/coverage
-- next: findings/with_calls
-- next: defense_evasion/silent_hours
with findings as (
  select
    account, coalesce(arn, id) as finding,
    max(type) as kind, max(severity) as severity, max(action_type) as action_type, max(api) as api, max(access_key_id) as access_key, max(remote_ip) as remote_ip,
    max(domain) as domain, max(resource_type) as resource_type, max(resource_id) as resource_id,
    min(coalesce(first_seen, createdat, event_time)) as first_seen, max(coalesce(last_seen, event_time)) as last_seen,
    last_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    last_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from guardduty
  where event_time between $from and $to
    and not coalesce(sample, false)
  group by account, coalesce(arn, id)
), needing as (
  select
    *,
    case action_type
      when 'AWS_API_CALL' then 'cloudtrail' when 'NETWORK_CONNECTION' then 'vpc_flow' when 'PORT_PROBE' then 'vpc_flow' when 'DNS_REQUEST' then 'route53_resolver'
      when 'RDS_LOGIN_ATTEMPT' then 'rds_audit' when 'KUBERNETES_API_CALL' then 'cloudwatch_logs'
    end as needs,
    first_seen - cast(concat(cast($minutes as text), ' minutes') as interval) as look_from,
    last_seen + cast(concat(cast($minutes as text), ' minutes') as interval) as look_to
  from findings
), there as (
  select source, account, date_trunc('hour', event_time) as hour, count(*) as rows_of_hour
  from events
  where source in ('cloudtrail', 'vpc_flow', 'route53_resolver', 'rds_audit', 'cloudwatch_logs')
  group by source, account, date_trunc('hour', event_time)
), counted as (
  select needing.finding, needing.account, sum(there.rows_of_hour) as rows_there
  from needing
  join there
    on there.source = needing.needs and (there.account is null or there.account = needing.account)
    and there.hour >= date_trunc('hour', needing.look_from) and there.hour <= needing.look_to
  group by needing.finding, needing.account
), touched as (
  select 'key' as sort, unnest(keys) as indicator, source, event_time from events where source not in ('guardduty', 'securityhub')
  union all
  select 'ip' as sort, unnest(ips) as indicator, source, event_time from events where source not in ('guardduty', 'securityhub')
  union all
  select 'domain' as sort, rtrim(target, '.') as indicator, source, event_time from events where source = 'route53_resolver'
), matched as (
  select
    needing.finding, needing.account, count(*) as events,
    count(*) filter (where touched.source = needing.needs) as events_there,
    array_to_string(array_sort(array_agg(distinct touched.source)), ', ') as seen_in
  from needing
  join touched
    on (touched.sort = 'key' and touched.indicator = needing.access_key)
    or (touched.sort = 'ip' and touched.indicator = needing.remote_ip)
    or (touched.sort = 'domain' and touched.indicator = rtrim(needing.domain, '.'))
  where touched.event_time between needing.look_from and needing.look_to
  group by needing.finding, needing.account
)
select
  needing.severity, needing.kind, needing.account, needing.resource_type, needing.resource_id, needing.api, needing.access_key, needing.remote_ip, needing.domain, needing.needs,
  coalesce(counted.rows_there, 0) as rows_there,
  case
    when needing.needs is null then 'cannot say: the finding does not name a log'
    when coalesce(counted.rows_there, 0) = 0 then 'cannot say: that log is not here for that time'
    when matched.events is not null then 'only other logs say something'
    else 'the log is here and says nothing'
  end as verdict,
  matched.seen_in, needing.first_seen, needing.last_seen, needing.finding, needing.evidence_object, needing.evidence_record
from needing
left join counted on counted.finding = needing.finding and (counted.account is not distinct from needing.account)
left join matched on matched.finding = needing.finding and (matched.account is not distinct from needing.account)
where coalesce(matched.events_there, 0) = 0
order by needing.severity desc nulls last, needing.first_seen, needing.evidence_object, needing.evidence_record
