-- From when to when there are events, and on how many of the days between.
select source, account, region, count(*) as events, min(event_time) as first, max(event_time) as last,
  count(distinct date) as days_with_events,
  cast(max(date) as int) - cast(min(date) as int) + 1 as days
from events
group by source, account, region
order by source, account nulls last, region nulls last
