-- By source: objects that are not in any table, or not as a whole, and records that were not understood.
select source,
  count(*) filter (where status = 'failed') as failed,
  count(*) filter (where status = 'unrecognised') as unrecognised,
  count(*) filter (where status not in ('failed', 'unrecognised') and damage is not null) as damaged,
  coalesce(sum(rejects), 0) as rejects
from objects
group by source
order by source
