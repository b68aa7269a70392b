-- What Config delivered around an instant: the last delivery at or before it, the next after it, and that day's.
select
  max(case when hour <= $at then hour end) as before,
  min(case when hour > $at then hour end) as after,
  sum(case when hour >= date_trunc('day', $at) and hour < date_trunc('day', $at) + interval '1 day' then objects else 0 end) as of_day
from coverage
where source = 'config_items' and account = $account and ($region = 'global' or region = $region)
