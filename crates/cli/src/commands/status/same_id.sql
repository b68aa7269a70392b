-- CloudTrail gives each event an id of its own: one that has two contents was altered, or put in.
select account, count(*) as ids, sum(rows) as rows,
  min(concat(evidence_object, ' ', cast(evidence_record as varchar))) as example
from same_id
group by account
order by account nulls last
