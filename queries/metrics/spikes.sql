-- title: Spikes of metrics
-- question: Which metrics of which resources were far from what they usually are in that hour of the week, and how many changing calls were made meanwhile?
-- sources: cloudwatch_metrics, cloudtrail
-- attack: T1496, T1567, T1005
-- parameter: resource text = null
-- parameter: metric text = null
-- parameter: least_unusual number = 6
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: part of a value in the dimensions, such as an instance id; null means all
-- about metric: the name of the metric, such as CPUUtilization; null means all
-- about least_unusual: how many times the usual spread an hour must lie from its usual value
-- about top: how many lines where neither is given, the most unusual first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: value is the greatest average or sum of the hour (see measure); usual is the median of the same hour of the week in the other weeks, spread the median absolute deviation, at least a twentieth of the usual value. The hour itself is not counted.
-- trap: Where the same hour of the week stands in fewer than three other weeks, the median of the same hour of all days is taken, and compared_with says so; fewer than three of these: the hour is not judged and not here.
-- trap: Metrics do not say who: calls are the changing calls of CloudTrail in that account and region in the hour, and an_actor the one with the most of them; that they have to do with it is not said.
-- trap: Values that a stream sent again count once (cloudwatch_metric_values). Answers of the API (get-metric-data) have no dimensions and are not judged.
-- trap: A series with hourly points in usual weeks and minutes in others is compared by hours: a short peak is higher in minutes. points says how many there are.
-- next: metrics/around
-- next: metrics/alarm_states
-- next: triage/successful_writes
with points as (
  select
    account, region, namespace, metric_name, dimensions, unit, event_time, evidence_object, evidence_record,
    case when unit in ('Bytes', 'Count', 'By', '{Count}', 'Kilobytes', 'Megabytes') then 'sum' else 'average' end as measure,
    case when unit in ('Bytes', 'Count', 'By', '{Count}', 'Kilobytes', 'Megabytes') then sum / (period / 60.0) else average end as value
  from cloudwatch_metric_values
  where dimensions is not null
    and ($resource is null or strpos(dimensions, $resource) > 0)
    and ($metric is null or metric_name = $metric)
), hours as (
  select
    account, region, namespace, metric_name, dimensions, unit, measure, date_trunc('hour', event_time) as hour,
    max(value) as value, count(*) as points, min(event_time) as first_time, max(event_time) as last_time,
    first_value(evidence_object order by value desc, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by value desc, event_time, evidence_object, evidence_record) as evidence_record
  from points
  where value is not null
  group by account, region, namespace, metric_name, dimensions, unit, measure, date_trunc('hour', event_time)
), slotted as (
  select
    *,
    date_part('hour', hour) as of_day,
    date_part('dow', hour) as of_week,
    row_number() over (order by account, region, namespace, metric_name, dimensions, unit, hour) as id
  from hours
), others as (
  select
    a.id,
    b.value,
    b.of_week = a.of_week as same_slot,
    count(*) filter (where b.of_week = a.of_week) over (partition by a.id) as in_slot,
    count(*) over (partition by a.id) as in_days
  from slotted a
  join slotted b
    on coalesce(b.account, '') = coalesce(a.account, '') and coalesce(b.region, '') = coalesce(a.region, '') and b.namespace = a.namespace
    and b.metric_name = a.metric_name and b.dimensions = a.dimensions and coalesce(b.unit, '') = coalesce(a.unit, '')
    and b.of_day = a.of_day and b.id <> a.id
  where a.hour between date_trunc('hour', $from) and $to
), compared as (
  select * from others where case when in_slot >= 3 then same_slot else in_days >= 3 end
), usual as (
  select id, cast(median(value) as double) as usual, count(*) as compared, max(in_slot) >= 3 as by_week from compared group by id
), spread as (
  select compared.id, greatest(cast(median(abs(compared.value - usual.usual)) as double), abs(usual.usual) / 20, 0.000001) as spread
  from compared
  join usual on usual.id = compared.id
  group by compared.id, usual.usual
), judged as (
  select
    slotted.*, usual.usual, usual.compared, usual.by_week, spread.spread, (slotted.value - usual.usual) / spread.spread as distance
  from slotted
  join usual on usual.id = slotted.id
  join spread on spread.id = slotted.id
  where abs(slotted.value - usual.usual) / spread.spread >= $least_unusual
), writes as (
  select
    account, region, date_trunc('hour', event_time) as hour, coalesce(useridentity.arn, useridentity.principalid, useridentity.invokedby, '') as actor, count(*) as calls
  from cloudtrail
  where coalesce(is_write, true) and error_class = 'success'
  group by 1, 2, 3, 4
), calls as (
  select account, region, hour, sum(calls) as calls, first_value(actor order by calls desc, actor) as an_actor
  from writes
  group by account, region, hour
), ranked as (
  select
    judged.*, calls.calls, calls.an_actor,
    row_number() over (order by abs(judged.distance) desc, judged.hour, judged.id) as rank,
    count(*) over () as of_lines
  from judged
  left join calls
    on coalesce(calls.account, '') = coalesce(judged.account, '') and coalesce(calls.region, '') = coalesce(judged.region, '') and calls.hour = judged.hour
)
select
  account, region, namespace, metric_name as metric, dimensions, hour, round(value, 2) as value, round(usual, 2) as usual, unit, measure,
  round(distance, 1) as times_spread, points, case when by_week then 'same hour of the week' else 'same hour of all days' end as compared_with,
  compared as hours_compared, coalesce(calls, 0) as changing_calls, an_actor, first_time, last_time, evidence_object, evidence_record, of_lines
from ranked
where $resource is not null or $metric is not null or $top is null or rank <= $top
order by rank
