-- title: Findings that nobody looked at
-- question: Which findings were never archived, resolved or noted, how long did they lie, and did anybody open the service after they came?
-- sources: guardduty, securityhub, cloudtrail
-- parameter: least_severity number = 4
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_severity: from 1 (low) over 4 (medium) and 7 (high) to 9 (critical)
-- about from: the first creation to look at
-- about to: the last creation to look at
-- trap: GuardDuty exports a finding when it is made and when it happens again; that it was archived by hand later is written only with the next update, so never_archived means that no state here says so.
-- trap: looked_at counts calls of CloudTrail that read findings (GetFindings, ListFindings …) in that account after the creation; tools and other products read them all the time, people may read in another account or by mail. readers names them.
-- trap: Where CloudTrail has no events of the account after the creation, looked_at is null: that cannot be said.
-- trap: Sample findings are left out.
-- trap: days_open ends at the end of the evidence (all of it), not today.
-- trap: Findings below least_severity are left out, 4 unless another is given: 1 gives all.
-- next: findings/latest
-- next: findings/with_calls
-- next: defense_evasion/security_services_turned_down
with states as (
  select
    evidence_object, evidence_record, event_time, 'GuardDuty' as product, account, region, coalesce(arn, id) as finding, type as kind, title, severity, resource_id,
    createdat as created, archived as attended
  from guardduty
  where not coalesce(sample, false)
  union all
  select
    evidence_object, evidence_record, event_time, concat('Security Hub: ', coalesce(product_name, product_arn, '')) as product, account, region, id as finding, json_as_text(types, 0) as kind,
    title, coalesce(cast(severity_normalized as double) / 10,
      case severity_label when 'INFORMATIONAL' then 0.0 when 'LOW' then 2.0 when 'MEDIUM' then 5.0 when 'HIGH' then 7.5 when 'CRITICAL' then 9.5 end) as severity,
    resource_id, created_at as created,
    coalesce(record_state, '') = 'ARCHIVED' or coalesce(workflow_status, 'NEW') <> 'NEW' or note is not null
      or coalesce(compliance_status, '') = 'PASSED' as attended
  from securityhub
  where not coalesce(sample, false)
), findings as (
  select
    product, account, region, finding,
    last_value(kind order by event_time, evidence_object, evidence_record) as kind,
    last_value(title order by event_time, evidence_object, evidence_record) as title,
    last_value(severity order by event_time, evidence_object, evidence_record) as severity,
    last_value(resource_id order by event_time, evidence_object, evidence_record) as resource_id,
    coalesce(min(created), min(event_time)) as created,
    max(event_time) as updated,
    count(*) as states,
    coalesce(bool_or(attended), false) as attended,
    last_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    last_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from states
  group by product, account, region, finding
), bounds as (
  select account, max(event_time) as last_event from cloudtrail group by account
), ends as (
  select max(event_time) as last_event from events
), reads as (
  select account, event_time, coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby, useridentity.principalid) as reader
  from cloudtrail
  where eventsource in ('guardduty.amazonaws.com', 'securityhub.amazonaws.com', 'detective.amazonaws.com')
    and error_class = 'success'
    and (eventname like '%Finding%' or eventname like '%Insight%')
), looked as (
  select
    findings.product, findings.finding, findings.account, findings.region, count(*) as looked_at, min(reads.event_time) as first_look,
    array_to_string(array_sort(array_agg(distinct reads.reader)), ', ') as readers
  from findings
  join reads on reads.account = findings.account and reads.event_time >= findings.created
  where not findings.attended
  group by findings.product, findings.finding, findings.account, findings.region
)
select
  findings.severity, findings.product, findings.kind, findings.title, findings.resource_id, findings.account, findings.region, findings.created, findings.updated,
  findings.states, not findings.attended as never_archived,
  round((date_part('epoch', ends.last_event) - date_part('epoch', findings.created)) / 86400, 1) as days_open,
  case when bounds.last_event >= findings.created then coalesce(looked.looked_at, 0) end as looked_at, looked.first_look, looked.readers,
  findings.finding, findings.evidence_object, findings.evidence_record
from findings
cross join ends
left join bounds on bounds.account = findings.account
left join looked
  on looked.product = findings.product and looked.finding = findings.finding and (looked.account is not distinct from findings.account)
  and (looked.region is not distinct from findings.region)
where not findings.attended
  and coalesce(findings.severity, 0) >= $least_severity
  and findings.created between $from and $to
order by severity desc nulls last, created, product, findings.evidence_object, findings.evidence_record
