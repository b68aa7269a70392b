-- title: Findings, each in its latest state
-- question: Which findings are there, how severe, how often, from when to when, and in which state?
-- sources: guardduty, securityhub
-- parameter: least_severity number = 0
-- parameter: samples boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_severity: from 1 (low) over 4 (medium) and 7 (high) to 9 (critical)
-- about samples: true lists the sample findings that products make on request, too
-- about from: the first update to look at
-- about to: the last update to look at
-- trap: A finding is written anew each time it is updated; only its latest state is here, and states says how many there are. findings/history has them all.
-- trap: Security Hub repeats findings of GuardDuty: one thing can stand here twice, and product says whose state it is.
-- trap: Severities of Security Hub go from 0 to 100 and are divided by 10 here, to compare; the words of products (LOW, HIGH) do not agree.
-- trap: A finding says what its product thinks; that there is none does not say that nothing happened: the product may have been off, or its findings not exported.
-- trap: first_seen and last_seen are the product's times of the activity, created and updated those of the finding, which come minutes to hours later.
-- next: findings/unattended
-- next: findings/with_calls
-- next: findings/history
with states as (
  select
    evidence_object, evidence_record, event_time, 'GuardDuty' as product, account, region, coalesce(arn, id) as finding, id, type as kind, title, severity,
    resource_type, resource_id, remote_ip, access_key_id as access_key, user_name as user, count as times, first_seen, last_seen, createdat as created,
    case when archived then 'archived' else 'active' end as state, sample
  from guardduty
  union all
  select
    evidence_object, evidence_record, event_time, concat('Security Hub: ', coalesce(product_name, product_arn, '')) as product, account, region, id as finding, id,
    json_as_text(types, 0) as kind, title, coalesce(cast(severity_normalized as double) / 10,
      case severity_label when 'INFORMATIONAL' then 0.0 when 'LOW' then 2.0 when 'MEDIUM' then 5.0 when 'HIGH' then 7.5 when 'CRITICAL' then 9.5 end) as severity,
    resource_type, resource_id, remote_ip, keys[1] as access_key, cast(null as varchar) as user, cast(null as bigint) as times,
    first_observed_at as first_seen, last_observed_at as last_seen, created_at as created,
    concat(lower(coalesce(record_state, 'active')), ', ', lower(coalesce(workflow_status, workflow_state, 'new'))) as state, sample
  from securityhub
), placed as (
  select
    *,
    row_number() over (partition by product, account, region, finding order by event_time desc nulls last, evidence_object desc, evidence_record desc) as place,
    count(*) over (partition by product, account, region, finding) as states
  from states
  where event_time between $from and $to
)
select
  evidence_object, evidence_record, severity, product, kind, title, resource_type, resource_id, remote_ip, access_key, user, times, states, state, first_seen,
  last_seen, created, event_time as updated, account, region, id
from placed
where place = 1
  and coalesce(severity, 0) >= $least_severity
  and ($samples or not coalesce(sample, false))
order by severity desc nulls last, updated desc, product, evidence_object, evidence_record
