-- What Config delivered around an instant: the last delivery at or before it, the next after it, and that day's; and
-- in how many hours there is CloudTrail of the account.
select
  max(case when source = 'config_items' and hour <= $at then hour end) as before,
  min(case when source = 'config_items' and hour > $at then hour end) as after,
  sum(case when source = 'config_items' and hour >= date_trunc('day', $at)
    and hour < date_trunc('day', $at) + interval '1 day' then objects else 0 end) as of_day,
  count(*) filter (where source = 'cloudtrail') as cloudtrail_hours
from coverage
where account = $account and ($region = 'global' or region = $region or source = 'cloudtrail')
