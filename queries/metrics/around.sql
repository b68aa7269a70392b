-- title: Metrics around an instant
-- question: What did the metrics of a resource show around an instant, against the time before?
-- sources: cloudwatch_metrics
-- attack: T1496
-- parameter: at timestamp = end
-- parameter: resource text = null
-- parameter: metric text = null
-- parameter: minutes integer = 60
-- parameter: top integer = 200
-- about at: the instant
-- about resource: part of a value in the dimensions, such as an instance id; null means all
-- about metric: the name of the metric; null means all
-- about minutes: how many minutes before and after it
-- about top: how many lines where no resource is given; null means all
-- trap: average_before is the mean over the same time before the window; it is null where nothing was measured then.
-- trap: Values of a stream can come again, with more measurements; each stands here once, emissions counts how often it came.
-- trap: Points stand for a minute or more (period, in seconds), and their time is its beginning.
-- trap: Answers of the API have no resource in them; series says what the caller called them.
-- next: metrics/spikes
-- next: triage/successful_writes
-- next: metrics/alarm_states
with points as (
  select
    evidence_object, evidence_record, event_time, account, region, namespace, metric_name, dimensions, unit, period, sample_count, sum, minimum, maximum,
    average, cast(null as double) as value, cast(null as varchar) as series, emissions
  from cloudwatch_metric_values
  union all
  select
    evidence_object, evidence_record, event_time, account, region, namespace, metric_name, dimensions, unit, period, sample_count, sum, minimum, maximum,
    average, value, coalesce(label, id) as series, cast(1 as bigint) as emissions
  from cloudwatch_metrics
  where metric_source <> 'stream'
), chosen as (
  select * from points
  where ($resource is null or strpos(dimensions, $resource) > 0 or strpos(series, $resource) > 0)
    and ($metric is null or metric_name = $metric)
), before as (
  select account, region, namespace, metric_name, dimensions, unit, series, avg(coalesce(average, value)) as average_before
  from chosen
  where event_time < $at - cast(concat(cast($minutes as text), ' minutes') as interval)
    and event_time >= $at - cast(concat(cast(3 * $minutes as text), ' minutes') as interval)
  group by account, region, namespace, metric_name, dimensions, unit, series
), ranked as (
  select
    chosen.*, before.average_before,
    row_number() over (
      order by chosen.event_time, chosen.namespace nulls first, chosen.metric_name nulls first, chosen.dimensions nulls first, chosen.evidence_object, chosen.evidence_record
    ) as rank,
    count(*) over () as of_lines
  from chosen
  left join before
    on (before.account is not distinct from chosen.account) and (before.region is not distinct from chosen.region)
    and (before.namespace is not distinct from chosen.namespace) and (before.metric_name is not distinct from chosen.metric_name)
    and (before.dimensions is not distinct from chosen.dimensions) and (before.unit is not distinct from chosen.unit)
    and (before.series is not distinct from chosen.series)
  where chosen.event_time between $at - cast(concat(cast($minutes as text), ' minutes') as interval)
    and $at + cast(concat(cast($minutes as text), ' minutes') as interval)
)
select
  evidence_object, evidence_record, event_time, account, region, namespace, metric_name as metric, dimensions, series, round(coalesce(average, value), 2) as average,
  round(average_before, 2) as average_before, round(minimum, 2) as minimum, round(maximum, 2) as maximum, round(sum, 2) as sum, sample_count, unit,
  period as period_seconds, emissions, of_lines
from ranked
where $resource is not null or $top is null or rank <= $top
order by rank
