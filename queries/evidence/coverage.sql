-- title: Coverage
-- question: Which accounts, regions and hours does the evidence cover, source by source?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- parameter: by_hour boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about by_hour: true gives a line for each hour instead of each day
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: By day, hours_with_events says how many of its 24 hours have events at all.
-- trap: An hour without a line here has no event in the evidence; that may be silence, logs that were not collected, or logging that was off. See defense_evasion/silent_hours.
-- trap: Account and region are null where neither the record nor the key of the object names them.
-- trap: The hours are those of the events, not of delivery.
-- next: defense_evasion/silent_hours
-- next: evidence/objects_not_ingested
-- next: evidence/late_deliveries
-- next: evidence/undated_rows
select
  source,
  account,
  region,
  case when $by_hour then date_trunc('hour', event_time) else date_trunc('day', event_time) end as from_time,
  count(distinct date_trunc('hour', event_time)) as hours_with_events,
  count(*) as events,
  count(distinct evidence_object) as objects,
  count(distinct actor) as actors,
  count(*) filter (where is_write) as writes,
  min(event_time) as first_time,
  max(event_time) as last_time
from events
where event_time between $from and $to
group by source, account, region, case when $by_hour then date_trunc('hour', event_time) else date_trunc('day', event_time) end
order by source, account nulls first, region nulls first, from_time
