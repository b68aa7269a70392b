-- What `coldtrail verify` found out about each row of CloudTrail, through all copies of its record: the files that hold
-- it. `verdict` is what holds for the row: verified when any copy is, else contradicted when any is. A copy without a
-- verdict (no file as CloudTrail delivers them, or not verified yet) takes nothing away from the others.
with weights as (
  select evidence_object, case verdict when 'verified' then 0 when 'not checkable' then 1 else 2 end as weight
  from lake.log_verdicts
  where evidence_object is not null
), others as (
  select d.kept_object, d.kept_record, count(*) as copies, min(w.weight) as best, max(w.weight) as worst
  from lake.duplicates d
  left join weights w on w.evidence_object = d.evidence_object
  where d.source = 'cloudtrail'
  group by d.kept_object, d.kept_record
), weighed as (
  select
    c.evidence_object, c.evidence_record, c.event_time, c.account, c.region,
    1 + coalesce(o.copies, 0) as copies,
    least(w.weight, o.best) as best,
    greatest(w.weight, o.worst) as worst
  from lake.cloudtrail c
  left join weights w on w.evidence_object = c.evidence_object
  left join others o on o.kept_object = c.evidence_object and o.kept_record = c.evidence_record
)
select
  evidence_object, evidence_record, event_time, account, region, copies,
  case when best = 0 then 'verified' when worst = 2 then 'contradicted' when best = 1 then 'not checkable' end as verdict,
  case best when 0 then 'verified' when 1 then 'not checkable' when 2 then 'contradicted' end as best_verdict,
  case worst when 0 then 'verified' when 1 then 'not checkable' when 2 then 'contradicted' end as worst_verdict
from weighed
