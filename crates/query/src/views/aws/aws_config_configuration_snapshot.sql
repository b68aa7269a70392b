-- Columns and partitions as in "How to query your AWS resource configuration states using AWS Config and Amazon
-- Athena" (AWS Cloud Operations Blog): snapshots only. As there, the last snapshot of an account and region is here
-- twice: under its day and under the partition dt = 'latest'. Ask with dt, or items of the last snapshot count twice.
-- Where it differs: see `awsconfig`; the day is that of the youngest item in the snapshot.
with snapshots as (
  select
    *,
    row_number() over (partition by accountid, region order by delivery_time desc nulls last, evidence_object) as age
  from awsconfig
  where item_source = 'snapshot'
)
select fileversion, configsnapshotid, configurationitems, accountid, dt, region, "$path", evidence_object from snapshots
union all
select
  fileversion, configsnapshotid, configurationitems, accountid, 'latest' as dt, region, "$path", evidence_object
from snapshots where age = 1
