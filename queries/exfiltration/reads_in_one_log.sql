-- title: Object reads that only one log saw
-- question: Which reads of objects stand in CloudTrail or in the access log of the bucket only, though both logs have reads of that bucket on that day?
-- sources: cloudtrail, s3_access
-- attack: T1530, T1562.008
-- parameter: bucket text = null
-- parameter: seen_in text = null
-- parameter: each boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every one
-- about seen_in: cloudtrail or s3_access: only reads that stand in that log alone; null means both
-- values seen_in: cloudtrail, s3_access
-- about each: true gives a line for each read; false one for each bucket, reader, address, log and hour
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A read is matched by S3's request id. Ids are not unique in the access log, and a copy has its source under an operation of its own.
-- trap: The access log is best effort: a read that only CloudTrail has may have been lost there.
-- trap: CloudTrail has reads only where data events are switched on for that bucket and kind of call: a read that only the access log has may be of an hour, prefix or caller that was not selected.
-- trap: Only days are compared on which the other log has any read of the bucket too; of the rest nothing can be told. other_log_that_hour = 0 may be an hour that was not delivered or not collected.
-- trap: Refused requests of strangers, and requests of AWS services, are not in both logs alike.
-- next: exfiltration/objects_read
-- next: evidence/coverage
-- next: defense_evasion/cloudtrail_tampering
with trail as (
  select
    requestid,
    json_as_text(requestparameters, 'bucketName') as bucket,
    json_as_text(requestparameters, 'key') as object,
    coalesce(useridentity.arn, useridentity.principalid, useridentity.type) as reader,
    sourceipaddress as ip,
    cast(null as bigint) as bytes,
    event_time, evidence_object, evidence_record
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and eventname in ('GetObject', 'GetObjectTorrent', 'SelectObjectContent')
    and error_class = 'success'
    and requestid is not null
), access as (
  select
    requestid, bucket_name as bucket, key_decoded as object, coalesce(requester, 'anonymous') as reader, remoteip as ip,
    coalesce(bytes_read, bytessent) as bytes,
    event_time, evidence_object, evidence_record
  from s3_access
  where action = 'read'
    and operation in ('REST.GET.OBJECT', 'WEBSITE.GET.OBJECT', 'REST.SELECT.OBJECT')
    and error_class = 'success'
    and requestid is not null
), hours as (
  select
    bucket, date_trunc('day', event_time) as day, date_trunc('hour', event_time) as hour,
    count(*) filter (where log = 'cloudtrail') as cloudtrail_hour,
    count(*) filter (where log = 's3_access') as access_hour
  from (
    select bucket, event_time, 'cloudtrail' as log from trail
    union all
    select bucket, event_time, 's3_access' as log from access
  )
  group by bucket, date_trunc('day', event_time), date_trunc('hour', event_time)
), both as (
  select
    *,
    sum(cloudtrail_hour) over (partition by bucket, day) as cloudtrail_day,
    sum(access_hour) over (partition by bucket, day) as access_day
  from hours
), alone as (
  select 'cloudtrail' as seen_in, t.*
  from trail t
  where not exists (select 1 from access a where a.requestid = t.requestid)
  union all
  select 's3_access' as seen_in, a.*
  from access a
  where not exists (select 1 from trail t where t.requestid = a.requestid)
), lines as (
  select
    alone.*,
    both.hour,
    case when alone.seen_in = 'cloudtrail' then both.access_hour else both.cloudtrail_hour end as other_log_that_hour,
    case when alone.seen_in = 'cloudtrail' then both.access_day else both.cloudtrail_day end as other_log_that_day,
    case when $each then alone.evidence_object else '' end as each_object,
    case when $each then alone.evidence_record else 0 end as each_record
  from alone
  join both on both.bucket = alone.bucket and both.hour = date_trunc('hour', alone.event_time)
  where alone.event_time between $from and $to
    and ($bucket is null or alone.bucket = $bucket)
    and ($seen_in is null or alone.seen_in = $seen_in)
)
select
  hour,
  seen_in,
  bucket,
  reader,
  ip,
  count(*) as reads,
  other_log_that_hour,
  other_log_that_day,
  count(distinct object) as objects,
  sum(bytes) as bytes,
  min(object) as an_object,
  min(requestid) as a_request_id,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from lines
where other_log_that_day > 0
group by hour, other_log_that_hour, other_log_that_day, seen_in, bucket, reader, ip, each_object, each_record
order by hour, seen_in, bucket, reader nulls first, ip nulls first, evidence_object, evidence_record
