-- title: Findings over time
-- question: How did each finding change from state to state: its count, its severity, whether it was archived or worked on?
-- sources: guardduty, securityhub
-- parameter: finding text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about finding: the id or ARN of the finding; null means every finding
-- about top: how many lines where no finding is given, those with the most states first; null means all
-- about from: the first update to look at
-- about to: the last update to look at
-- trap: Only states that were exported are here; GuardDuty joins what happens within its export interval (15 minutes to 6 hours) into one.
-- trap: more is how much the count rose since the state before; the first state has its whole count.
-- trap: The same state can be exported twice; same is true where nothing but the time differs.
-- trap: What a person did in the console shows with the next update only, or never.
-- next: findings/latest
-- next: findings/with_calls
with states as (
  select evidence_object, evidence_record, event_time, 'GuardDuty' as product, account, region, coalesce(arn, id) as finding, id, type as kind, severity, count as times,
    last_seen, case when archived then 'archived' else 'active' end as state
  from guardduty
  union all
  select evidence_object, evidence_record, event_time, concat('Security Hub: ', coalesce(product_name, product_arn, '')) as product, account, region, id as finding, id, json_as_text(types, 0) as kind,
    coalesce(cast(severity_normalized as double) / 10, 0.0) as severity, cast(null as bigint) as times, last_observed_at as last_seen,
    concat(lower(coalesce(record_state, '')), ', ', lower(coalesce(workflow_status, workflow_state, '')), case when compliance_status is null then '' else concat(', ', lower(compliance_status)) end) as state
  from securityhub
), numbered as (
  select
    *,
    row_number() over (partition by product, account, region, finding order by event_time, evidence_object, evidence_record) as nth,
    count(*) over (partition by product, account, region, finding) as states
  from states
), compared as (
  select
    a.*,
    a.times - coalesce(b.times, 0) as more,
    b.state as state_before,
    b.severity as severity_before,
    b.nth is not null and (a.times is not distinct from b.times) and a.state = b.state and (a.severity is not distinct from b.severity)
      and (a.last_seen is not distinct from b.last_seen) as same
  from numbered a
  left join numbered b
    on b.product = a.product and (b.account is not distinct from a.account) and (b.region is not distinct from a.region) and b.finding = a.finding and b.nth = a.nth - 1
), ranked as (
  select
    *,
    row_number() over (order by states desc, product, finding, account nulls first, region nulls first, nth) as rank,
    count(*) over () as of_lines
  from compared
  where event_time between $from and $to
    and ($finding is null or id = $finding or finding = $finding)
)
select
  evidence_object, evidence_record, event_time as updated, product, kind, nth, states, times, more, severity, severity_before, state, state_before, same, last_seen, account,
  region, finding, of_lines
from ranked
where $finding is not null or $top is null or rank <= $top
order by rank
