-- title: First and last sight of indicators
-- question: When was each of these indicators seen first and last, and where?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- attack: T1078
-- parameter: iocs text = null
-- parameter: kind text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about iocs: indicators separated by commas: addresses or networks, access keys, principals, ARNs, resource ids, exactly as logged; null means everything that was seen
-- about kind: ip, key, actor or resource; null means all kinds
-- values kind: ip, key, actor, resource
-- about top: how many lines where no list is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without a list only as many lines are shown as top says; of_lines tells how many there are.
-- trap: Without a list, addresses and keys that first came after the quiet_days stand first, and of these the busiest; sources_of_indicator says in how many kinds of log an indicator stands.
-- trap: An indicator that is not in the answer was not seen in the evidence that was collected; evidence/coverage says what that is.
-- trap: Indicators are compared whole: a role's ARN does not match the ARNs of its sessions.
-- trap: First sight is bounded by the oldest log that was collected.
-- next: triage/ip_activity
-- next: triage/key_activity
-- next: evidence/coverage
with chosen as (
  select * from events where event_time between $from and $to
), seen as (
  select 'ip' as kind, unnest(ips) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
  union all
  select 'key' as kind, unnest(keys) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
  union all
  select 'actor' as kind, unnest(actors) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
  union all
  select 'resource' as kind, unnest(resources) as indicator, source, account, region, event_time, evidence_object, evidence_record from chosen
), lines as (
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
    and ($iocs is null or array_has(string_to_array(regexp_replace($iocs, '\s*,\s*', ',', 'g'), ','), indicator)
      or (kind = 'ip' and ip_in_cidr(indicator, $iocs)))
  group by kind, indicator, source, account, region
), grouped as (
  select
    kind, indicator, count(distinct source) as sources_of_indicator, sum(events) as events_of_indicator,
    min(first_time) as first_of_indicator
  from lines
  group by kind, indicator
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from events
), indicators as (
  select grouped.*, grouped.first_of_indicator >= begun.quiet_until as is_new
  from grouped
  cross join begun
), ranked as (
  select
    lines.*,
    indicators.sources_of_indicator,
    indicators.is_new,
    row_number() over (
      order by
        indicators.is_new desc,
        case when lines.kind in ('ip', 'key') then 0 else 1 end,
        indicators.sources_of_indicator desc, indicators.events_of_indicator desc,
        lines.kind, lines.indicator, lines.source, lines.account nulls first, lines.region nulls first
    ) as rank,
    count(*) over () as of_lines
  from lines
  join indicators on indicators.kind = lines.kind and indicators.indicator = lines.indicator
)
select
  kind, indicator, source, account, region, events, first_time, last_time, is_new, sources_of_indicator, evidence_object,
  evidence_record, of_lines
from ranked
where $iocs is not null or $top is null or rank <= $top
order by case when $iocs is null then rank end, kind, indicator, source, account nulls first, region nulls first
