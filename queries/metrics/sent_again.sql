-- title: Metrics that were sent again with other values
-- question: Which values did a metric stream send more than once, and what changed between the first and the last?
-- sources: cloudwatch_metrics
-- parameter: resource text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: part of a value in the dimensions; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Streams send a value again when more measurements of the minute have come in; that is how they work. Fewer measurements, or another value with as many, is not.
-- trap: The order of the emissions is not in the log; the one with the most measurements is taken for the last (and so in cloudwatch_metric_values).
-- trap: Two streams of one account send the same values; streams counts them.
-- next: metrics/around
-- next: metrics/spikes
with chosen as (
  select
    *,
    row_number() over (
      partition by account, region, namespace, metric_name, dimensions, unit, event_time
      order by sample_count desc nulls last, evidence_object desc, evidence_record desc
    ) as from_last
  from cloudwatch_metrics
  where metric_source = 'stream'
    and event_time between $from and $to
    and ($resource is null or strpos(dimensions, $resource) > 0)
)
select
  account, region, namespace, metric_name as metric, dimensions, unit, event_time,
  count(*) as emissions,
  count(distinct metric_stream_name) as streams,
  min(sample_count) as fewest_measurements,
  max(sample_count) as most_measurements,
  first_value(sum order by from_last desc) as first_sum,
  first_value(sum order by from_last) as last_sum,
  first_value(maximum order by from_last desc) as first_maximum,
  first_value(maximum order by from_last) as last_maximum,
  case
    when count(distinct sample_count) = 1 and (min(sum) <> max(sum) or min(maximum) <> max(maximum)) then 'other value, as many measurements'
    when (min(sum) is distinct from max(sum)) then 'more measurements'
    else 'the same value'
  end as what,
  first_value(evidence_object order by from_last) as evidence_object,
  first_value(evidence_record order by from_last) as evidence_record
from chosen
group by account, region, namespace, metric_name, dimensions, unit, event_time
having count(*) > 1
order by what = 'the same value', event_time, account nulls first, region nulls first, namespace nulls first, metric nulls first, dimensions nulls first, unit nulls first
