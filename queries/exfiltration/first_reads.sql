-- title: Objects read for the first time, and new readers
-- question: On which days did somebody read objects of a bucket that nobody had read before, or that were new to this reader?
-- sources: s3_access, cloudtrail
-- attack: T1530
-- parameter: bucket text = null
-- parameter: quiet_days integer = 14
-- parameter: only_new_readers boolean = false
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every one
-- about quiet_days: how many days after the first read of the bucket the history is too short to call anything new
-- about only_new_readers: true keeps the readers whose first read of the bucket comes after the quiet days
-- about top: how many lines where no bucket is given, the most new objects first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: First means first in the collected logs; history_days says on how much that rests, and in the first days everything is new.
-- trap: A request that both logs have is counted once, by its request id and bucket.
-- trap: Programs that read each new file once are first readers every day; a reader that is new itself is the unusual one (new_reader).
-- trap: Readers are users and roles, an anonymous reader is its address.
-- trap: CloudFront reads for its viewers under its own name.
-- next: exfiltration/objects_read
-- next: collection/bucket_sweeps
with both as (
  select
    requestid, bucket_name as bucket, key_decoded as object_key,
    coalesce(regexp_replace(requester, '^(arn:[^:]*:sts::[0-9]*:assumed-role/[^/]+)/.*$', '\1'), concat('anonymous ', remoteip)) as reader,
    remoteip as ip, coalesce(bytes_read, bytessent, 0) as bytes, 0 as log, event_time, evidence_object, evidence_record
  from s3_access
  where action = 'read' and error_class = 'success' and (operation <> 'REST.COPY.OBJECT_GET') and remoteip is not null
  union all
  select
    requestid, json_as_text(requestparameters, 'bucketName') as bucket, json_as_text(requestparameters, 'key') as object_key,
    case
      when useridentity.sessioncontext.sessionissuer.arn is not null
        then concat('arn:', arn_partition(useridentity.arn), ':sts::', useridentity.accountid, ':assumed-role/', split_part(arn_resource(useridentity.sessioncontext.sessionissuer.arn), '/', -1))
      when useridentity.arn is not null then useridentity.arn
      when useridentity.invokedby is not null or useridentity.type = 'AWSService' then concat('svc:', coalesce(useridentity.invokedby, sourceipaddress))
      else concat('anonymous ', sourceipaddress)
    end as reader,
    sourceipaddress as ip, cast(coalesce(try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as double), 0) as bigint) as bytes, 1 as log, event_time,
    evidence_object, evidence_record
  from cloudtrail
  where eventsource = 's3.amazonaws.com' and eventname in ('GetObject', 'SelectObjectContent', 'GetObjectTorrent') and error_class = 'success'
), once as (
  select *, row_number() over (partition by requestid, bucket, object_key order by log, event_time, evidence_object, evidence_record) as copy
  from both
), reads as (
  select
    *,
    row_number() over (partition by bucket, object_key order by event_time, log, evidence_object, evidence_record) as nth_of_object,
    row_number() over (partition by bucket, object_key, reader order by event_time, log, evidence_object, evidence_record) as nth_of_reader,
    min(event_time) over (partition by bucket) as bucket_from,
    min(event_time) over (partition by bucket, reader) as reader_from
  from once
  where copy = 1 or requestid is null
), daily as (
  select
    date_trunc('day', event_time) as day,
    bucket,
    reader,
    min(reader_from) as reader_from,
    min(bucket_from) as bucket_from,
    count(*) as reads,
    count(distinct object_key) as objects,
    count(*) filter (where nth_of_object = 1) as never_read_before,
    count(*) filter (where nth_of_reader = 1) as new_to_reader,
    sum(bytes) as bytes,
    array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, log, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, log, evidence_object, evidence_record) as evidence_record
  from reads
  group by date_trunc('day', event_time), bucket, reader
), judged as (
  select
    *,
    reader_from >= bucket_from + cast(concat(cast($quiet_days as text), ' days') as interval)
      or bucket_from >= (select min(event_time) from s3_access) + cast(concat(cast($quiet_days as text), ' days') as interval) as new_reader
  from daily
  where last_time >= $from and first_time <= $to
    and ($bucket is null or bucket = $bucket)
    and new_to_reader > 0
), ranked as (
  select
    *,
    row_number() over (order by new_reader desc, never_read_before desc, new_to_reader desc, day, bucket nulls first, reader nulls first) as rank,
    count(*) over () as of_lines
  from judged
  where not $only_new_readers or new_reader
)
select
  day, bucket, reader, new_reader, reads, objects, never_read_before, new_to_reader, bytes, ips, reader_from,
  round((date_part('epoch', first_time) - date_part('epoch', bucket_from)) / 86400, 1) as history_days, first_time, last_time, evidence_object, evidence_record,
  of_lines
from ranked
where $bucket is not null or $top is null or rank <= $top
order by rank
