-- What became of the collected objects.
select coalesce(source, '-') as source, status, count(*) as objects, sum(records) as records, sum(kept) as kept,
  sum(duplicates) as duplicates, sum(rejects) as rejects, sum(size) as bytes, sum(inflated_size) as inflated_bytes
from objects
group by 1, 2
order by 1, 2
