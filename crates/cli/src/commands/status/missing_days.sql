-- Gaps of whole days. Best-effort logs may lack days on which nothing happened.
with days as (
  select distinct source, account, region, date from events where date is not null
), gaps as (
  select source, account, region, date,
    lag(date) over (partition by source, account, region order by date) as before
  from days
)
select source, account, region,
  cast(cast(before as int) + 1 as date) as from_day, cast(cast(date as int) - 1 as date) as to_day,
  cast(date as int) - cast(before as int) - 1 as days
from gaps
where cast(date as int) - cast(before as int) > 1
order by days desc, source, account nulls last, region nulls last, from_day
