-- title: Buckets read from end to end
-- question: Who read many different objects of a bucket within a short time, and how much of the bucket was that?
-- sources: s3_access, cloudtrail, s3_inventory
-- attack: T1530, T1119
-- parameter: hours integer = 24
-- parameter: least_objects integer = 10
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: the length of the windows into which time is cut
-- about least_objects: how many different objects a reader must have read in a window
-- about bucket: the bucket; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: known_objects counts every name that was read or stands in an inventory of the bucket, so part_of_bucket is a lower bound; without an inventory only names that were used are known.
-- trap: Windows begin at fixed times, so a sweep across an edge is cut in two.
-- trap: Web servers, exports and backups sweep by nature; usual_objects is the median over all windows of the same reader, and windows_of_reader says how many there are.
-- trap: Requests that both logs have are counted once. Readers are users and roles; an anonymous reader is its address.
-- next: exfiltration/objects_read
-- next: exfiltration/read_without_listing
with both as (
  select
    requestid, bucket_name as bucket, key_decoded as object_key,
    coalesce(regexp_replace(requester, '^arn:[^:]*:sts::([0-9]*):assumed-role/([^/]+)/.*$', 'role \1/\2'), concat('anonymous ', remoteip)) as reader,
    remoteip as ip, coalesce(bytes_read, 0) as bytes, 0 as log, event_time, evidence_object, evidence_record
  from s3_access
  where action = 'read' and error_class = 'success' and remoteip is not null
  union all
  select
    requestid,
    case when eventname in ('CopyObject', 'UploadPartCopy') then split_part(ltrim(json_as_text(requestparameters, 'x-amz-copy-source'), '/'), '/', 1) else json_as_text(requestparameters, 'bucketName') end as bucket,
    case when eventname in ('CopyObject', 'UploadPartCopy') then regexp_replace(ltrim(json_as_text(requestparameters, 'x-amz-copy-source'), '/'), '^[^/]*/', '') else json_as_text(requestparameters, 'key') end as object_key,
    case
      when useridentity.sessioncontext.sessionissuer.arn is not null
        then concat('role ', useridentity.accountid, '/', split_part(arn_resource(useridentity.sessioncontext.sessionissuer.arn), '/', -1))
      when useridentity.arn is not null then useridentity.arn
      when useridentity.invokedby is not null or useridentity.type = 'AWSService' then concat('svc:', coalesce(useridentity.invokedby, sourceipaddress))
      else concat('anonymous ', sourceipaddress)
    end as reader,
    sourceipaddress as ip, cast(coalesce(try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as double), 0) as bigint) as bytes, 1 as log, event_time,
    evidence_object, evidence_record
  from cloudtrail
  where eventsource = 's3.amazonaws.com' and eventname in ('GetObject', 'SelectObjectContent', 'GetObjectTorrent', 'CopyObject', 'UploadPartCopy') and error_class = 'success'
), once as (
  select
    bucket, object_key, reader, coalesce(requestid, concat(evidence_object, ' ', cast(evidence_record as text))) as request,
    min(ip) as ip, max(bytes) as bytes, min(event_time) as event_time,
    min(concat(cast(log as text), ' ', evidence_object, ' ', cast(evidence_record as text))) as evidence
  from both
  group by 1, 2, 3, 4
), windows as (
  select
    date_bin(cast(concat(cast($hours as text), ' hours') as interval), event_time) as window_start,
    bucket, reader,
    count(*) as reads,
    count(distinct object_key) as objects,
    sum(bytes) as bytes,
    array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence order by event_time, evidence) as evidence
  from once
  group by 1, 2, 3
), names as (
  select distinct bucket, object_key from both where object_key is not null
  union
  select bucket, key_decoded as object_key from s3_inventory where inventory_record = 'object'
), sizes as (
  select bucket, count(distinct object_key) as known_objects from names group by bucket
), usual as (
  select bucket, reader, cast(median(cast(objects as double)) as double) as usual_objects, count(*) as windows_of_reader
  from windows
  group by bucket, reader
)
select
  w.window_start, w.bucket, w.reader, w.ips, w.reads, w.objects, s.known_objects, round(cast(w.objects as double) / s.known_objects, 3) as part_of_bucket,
  u.usual_objects, u.windows_of_reader, w.bytes, w.first_time, w.last_time,
  split_part(w.evidence, ' ', 2) as evidence_object, cast(split_part(w.evidence, ' ', 3) as bigint) as evidence_record
from windows w
join usual u on u.bucket = w.bucket and u.reader = w.reader
left join sizes s on s.bucket = w.bucket
where w.objects >= $least_objects
  and w.last_time >= $from
  and w.first_time <= $to
  and ($bucket is null or w.bucket = $bucket)
order by w.objects desc, w.window_start, w.bucket, w.reader
