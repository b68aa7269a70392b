-- The account of all objects, by table.
select coalesce(source, 'none (not recognised, empty, archives)') as source, count(*) as objects, cast(sum(records) as bigint) as records,
  cast(sum(kept) as bigint) as kept, cast(sum(duplicates) as bigint) as duplicates, cast(sum(rejects) as bigint) as rejects
from objects
group by 1
order by 1
