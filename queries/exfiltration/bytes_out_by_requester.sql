-- title: Bytes read by requester and day
-- question: How many bytes did each requester take out of each bucket per day, against its own usual day?
-- sources: s3_access
-- attack: T1530, T1567.002
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the name of the bucket; null means all buckets
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The usual day is the median over all days on which the requester read from the bucket in the collected logs; with few days it says little.
-- trap: Bytes are counted without protocol overhead, for answers of reads only, whatever their status; the log is best effort, so they are a lower bound.
-- trap: For a copy the log gives no bytes sent; the size of the object is taken.
-- trap: What CloudFront or another service fetched for its own clients stands under that service.
-- trap: A role appears under the ARN of each of its sessions; requester here is cut after the name of the role.
-- next: exfiltration/objects_read
-- next: edge/large_responses
with daily as (
  select
    bucket_name as bucket,
    coalesce(regexp_replace(requester, '^(arn:[^:]*:sts::[0-9]*:assumed-role/[^/]+)/.*$', '\1'), 'anonymous') as reader,
    date_trunc('day', event_time) as day,
    sum(coalesce(bytes_read, bytessent, 0)) as bytes,
    count(*) as requests,
    count(distinct key) as objects,
    count(distinct remoteip) as ips,
    min(remoteip) as an_ip,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from s3_access
  where action = 'read'
    and remoteip is not null
  group by 1, 2, 3
), usual as (
  select bucket, reader, cast(median(cast(bytes as double)) as double) as usual_bytes, count(*) as days
  from daily
  group by bucket, reader
)
select
  daily.bucket,
  daily.reader as requester,
  daily.day,
  daily.bytes,
  usual.usual_bytes,
  case when usual.usual_bytes > 0 then round(daily.bytes / usual.usual_bytes, 2) end as times_usual,
  usual.days as days_seen,
  daily.requests,
  daily.objects,
  daily.ips,
  daily.an_ip,
  daily.first_time,
  daily.last_time,
  daily.evidence_object,
  daily.evidence_record
from daily
join usual on (usual.bucket is not distinct from daily.bucket) and usual.reader = daily.reader
where daily.last_time >= $from
  and daily.first_time <= $to
  and ($bucket is null or daily.bucket = $bucket)
order by daily.bytes desc, daily.bucket nulls first, daily.reader, daily.day
