-- title: Security Hub by state of work
-- question: How many findings of each product and control are new, notified, suppressed or resolved, and since when?
-- sources: securityhub
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first update to look at
-- about to: the last update to look at
-- trap: Each finding counts once, in its latest state here.
-- trap: SUPPRESSED can be set by a rule for all findings to come; who set it stands in CloudTrail (CreateAutomationRule, BatchUpdateFindings).
-- trap: record_state ARCHIVED means that the product sees it no longer, and not that anybody worked on it.
-- trap: Findings of controls (compliance) are of the resource's settings, not of something that happened.
-- next: findings/latest
-- next: findings/unattended
with placed as (
  select
    *,
    row_number() over (partition by account, region, product_arn, id order by event_time desc nulls last, evidence_object desc, evidence_record desc) as place
  from securityhub
  where event_time between $from and $to
    and not coalesce(sample, false)
)
select
  account,
  region,
  coalesce(product_name, product_arn) as product,
  coalesce(security_control_id, generator_id) as control,
  coalesce(workflow_status, workflow_state) as work,
  record_state,
  compliance_status as compliance,
  count(*) as findings,
  count(distinct resource_id) as resources,
  max(severity_normalized) as highest_severity,
  count(note) as with_note,
  min(created_at) as first_created,
  max(event_time) as last_updated,
  first_value(title order by event_time, evidence_object, evidence_record) as a_title,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from placed
where place = 1
group by account, region, coalesce(product_name, product_arn), coalesce(security_control_id, generator_id), coalesce(workflow_status, workflow_state), record_state,
  compliance_status
order by highest_severity desc nulls last, findings desc, account nulls first, region nulls first, product nulls first, control nulls first, work nulls first,
  record_state nulls first, compliance nulls first
