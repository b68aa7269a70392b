-- The values of metric streams, each once. A stream sends a value again when more measurements of the minute have come
-- in; none are taken away, so the emission with the most of them is the last one. `emissions` counts how often it was
-- sent, by however many streams.
select
  evidence_object, evidence_record, event_time, account, region, metric_stream_name, namespace, metric_name, dimensions,
  unit, period, sample_count, sum, minimum, maximum, average, percentiles, resources, emissions, date
from (
  select
    *,
    count(*) over (partition by account, region, namespace, metric_name, dimensions, unit, event_time) as emissions,
    row_number() over (
      partition by account, region, namespace, metric_name, dimensions, unit, event_time
      order by sample_count desc nulls last, evidence_object desc, evidence_record desc) as place
  from lake.cloudwatch_metrics
  where metric_source = 'stream'
) emitted
where place = 1
