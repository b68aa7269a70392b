-- title: Findings and what the same key or address did
-- question: What did the keys and addresses of a finding do in every log, before and after it was made?
-- sources: guardduty, securityhub, cloudtrail
-- attack: T1078
-- parameter: finding text = null
-- parameter: hours integer = 24
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about finding: the id or ARN of the finding; null means every finding
-- about hours: how many hours before the first and after the last activity are looked at
-- about top: how many lines where no finding is given, the most severe findings first; null means all
-- about from: the first update of findings to look at
-- about to: the last update of findings to look at
-- trap: One line for each finding, indicator (key or public address) and source; what was done stands in triage/key_activity and triage/ip_activity.
-- trap: An address can be that of many people, and a finding can name addresses of both sides; private addresses are left out.
-- trap: Where events is 0, nothing of that key or address is in any log of that time: findings/without_events.
-- trap: The findings themselves are not counted as events.
-- trap: GuardDuty reads logs that may not be collected here (flow logs, DNS, data events).
-- trap: An address can be that of the victim, which is busy before and after as well; domains and instances are not looked for.
-- next: triage/key_activity
-- next: triage/ip_activity
-- next: findings/without_events
with states as (
  select evidence_object, evidence_record, event_time, 'GuardDuty' as product, account, coalesce(arn, id) as finding, id, type as kind, severity,
    coalesce(first_seen, createdat, event_time) as first_seen, coalesce(last_seen, event_time) as last_seen, ips, keys
  from guardduty
  where not coalesce(sample, false)
  union all
  select evidence_object, evidence_record, event_time, concat('Security Hub: ', coalesce(product_name, product_arn, '')) as product, account, id as finding, id, json_as_text(types, 0) as kind,
    coalesce(cast(severity_normalized as double) / 10, 0.0) as severity,
    coalesce(first_observed_at, created_at, event_time) as first_seen, coalesce(last_observed_at, event_time) as last_seen, ips, keys
  from securityhub
  where not coalesce(sample, false)
), chosen as (
  select *
  from states
  where event_time between $from and $to
    and ($finding is null or id = $finding or finding = $finding)
), findings as (
  select
    product, account, finding, max(kind) as kind, max(severity) as severity, min(first_seen) as first_seen, max(last_seen) as last_seen,
    last_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    last_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from chosen
  group by product, account, finding
), named as (
  select product, account, finding, 'key' as sort, unnest(keys) as indicator from chosen
  union all
  select product, account, finding, 'ip' as sort, unnest(ips) as indicator from chosen
), indicators as (
  select distinct product, account, finding, sort, indicator from named where sort = 'key' or not coalesce(ip_is_private(indicator), true)
), touched as (
  select 'key' as sort, unnest(keys) as indicator, source, event_time, action, error_class, is_write from events where source not in ('guardduty', 'securityhub')
  union all
  select 'ip' as sort, unnest(ips) as indicator, source, event_time, action, error_class, is_write from events where source not in ('guardduty', 'securityhub')
), grouped as (
  select
    indicators.product, indicators.account, indicators.finding, indicators.sort, indicators.indicator, touched.source,
    count(*) as events,
    count(*) filter (where touched.event_time < findings.first_seen) as before,
    count(*) filter (where touched.event_time between findings.first_seen and findings.last_seen) as during,
    count(*) filter (where touched.event_time > findings.last_seen) as after,
    count(*) filter (where touched.is_write and coalesce(touched.error_class, 'success') = 'success') as changes,
    count(*) filter (where touched.error_class in ('denied', 'login_failed')) as refused,
    count(distinct touched.action) as actions,
    min(touched.event_time) as first_event,
    max(touched.event_time) as last_event
  from indicators
  join findings
    on findings.product = indicators.product and findings.finding = indicators.finding and coalesce(findings.account, '') = coalesce(indicators.account, '')
  join touched
    on touched.sort = indicators.sort and touched.indicator = indicators.indicator
  where touched.event_time >= findings.first_seen - cast(concat(cast($hours as text), ' hours') as interval)
    and touched.event_time <= findings.last_seen + cast(concat(cast($hours as text), ' hours') as interval)
  group by indicators.product, indicators.account, indicators.finding, indicators.sort, indicators.indicator, touched.source
), ranked as (
  select
    findings.*, indicators.sort, indicators.indicator, grouped.source, coalesce(grouped.events, 0) as events, grouped.before, grouped.during, grouped.after,
    grouped.changes, grouped.refused, grouped.actions, grouped.first_event, grouped.last_event,
    row_number() over (
      order by findings.severity desc nulls last, findings.first_seen, findings.product, findings.finding, indicators.sort desc, indicators.indicator, grouped.source nulls first
    ) as rank,
    count(*) over () as of_lines
  from findings
  join indicators
    on indicators.product = findings.product and indicators.finding = findings.finding and coalesce(indicators.account, '') = coalesce(findings.account, '')
  left join grouped
    on grouped.product = indicators.product and grouped.finding = indicators.finding and coalesce(grouped.account, '') = coalesce(indicators.account, '')
    and grouped.sort = indicators.sort and grouped.indicator = indicators.indicator
)
select
  severity, product, kind, account, sort as indicator_kind, indicator, source, events, before, during, after, changes, refused, actions, first_event, last_event,
  first_seen, last_seen, finding, evidence_object, evidence_record, of_lines
from ranked
where $finding is not null or $top is null or rank <= $top
order by rank
