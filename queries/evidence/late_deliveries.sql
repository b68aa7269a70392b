-- title: Late deliveries
-- question: How long after the event did AWS deliver it, and which sources have late ones?
-- sources: cloudtrail, s3_access, cloudfront, config_items, objects
-- parameter: late_minutes integer = 60
-- about late_minutes: after how many minutes a delivery counts as late
-- trap: The time of delivery is the time in the object's name, to the minute for CloudTrail; a small negative delay is rounding.
-- trap: Objects whose name has no time (renamed, exported) are counted in without_delivery_time and are in no other number.
-- trap: A file of Config's history covers hours, and a snapshot repeats items that are weeks old; their delay says nothing about lateness.
-- trap: An addendum in CloudTrail (addendum.reason) marks events that came late or were corrected.
-- trap: Late events mean that an answer can change when more objects are collected.
-- next: evidence/coverage
-- next: defense_evasion/silent_hours
with delays as (
  select
    events.source,
    events.account,
    events.region,
    events.event_time,
    events.evidence_object,
    events.evidence_record,
    objects.delivery_time,
    date_part('epoch', objects.delivery_time) - date_part('epoch', events.event_time) as seconds
  from events
  left join objects on objects.evidence_object = events.evidence_object
)
select
  source,
  account,
  region,
  count(*) as events,
  count(*) filter (where delivery_time is null) as without_delivery_time,
  count(*) filter (where seconds > 60.0 * $late_minutes) as late,
  round(min(seconds) / 60, 1) as least_minutes,
  round(percentile_cont(0.5) within group (order by seconds) / 60, 1) as median_minutes,
  round(percentile_cont(0.95) within group (order by seconds) / 60, 1) as p95_minutes,
  round(max(seconds) / 60, 1) as most_minutes,
  first_value(evidence_object order by seconds desc nulls last, evidence_object, evidence_record) as latest_object,
  first_value(evidence_record order by seconds desc nulls last, evidence_object, evidence_record) as latest_record
from delays
group by source, account, region
order by source, account nulls first, region nulls first
