-- The places of each kind of reject; one of them as example.
select source, coalesce(field, '-') as field, sum(records) as rejects,
  min(concat(evidence_object, ' ', cast(evidence_record as varchar))) as example, min(reason) as reason
from rejects
group by source, field
order by rejects desc, source, field
