-- They lie in the partition without a day; one of them as example.
select source, count(*) as rows, min(concat(evidence_object, ' ', cast(evidence_record as varchar))) as example
from (
  {rows}
)
where date is null
group by source
order by source
