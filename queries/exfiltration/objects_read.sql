-- title: Objects read from a bucket
-- question: Which objects of this bucket were read, by whom, how often and how many bytes?
-- sources: s3_access, cloudtrail
-- attack: T1530
-- parameter: bucket text = null
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the name of the bucket; null means all buckets
-- about actor: part of the requester's ARN or id, or an address; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: One request can stand in CloudTrail and in the access log; they are joined by request id and bucket, and counted once. seen_by_both, only_s3_access and only_cloudtrail say how many were seen where.
-- trap: Readers (an actor at an address) that took the most bytes of a bucket stand first; objects_of_reader and bytes_of_reader add up their lines. CloudFront reads for its own clients, whom edge/large_responses names.
-- trap: HEAD tells that an object exists and how large it is, and gives no content; it is counted apart.
-- trap: A range request (206) reads a part, and one download can be many of them, so gets is not the number of downloads; bytes is the safer measure.
-- trap: Answers 304 give no content and are not counted.
-- trap: The access log is delivered on best effort and CloudTrail only where data events were on: the numbers are lower bounds.
-- trap: CloudTrail has the key as sent; the access log encodes it up to twice, and the key shown is decoded as often.
-- trap: A copy (CopyObject) reads its source too and is counted with it; the access log gives no bytes sent for it, so the size of the object is taken.
-- next: exfiltration/bytes_out_by_requester
-- next: exfiltration/presigned_url_use
-- next: triage/ip_activity
with logged as (
  select
    *,
    row_number() over (partition by requestid, bucket_name order by event_time, evidence_object, evidence_record) as copy
  from s3_access
  where (action = 'read' or operation in ('REST.HEAD.OBJECT', 'WEBSITE.HEAD.OBJECT'))
    and error_class = 'success'
    and (httpstatus is null or httpstatus between 200 and 299)
    and event_time between $from and $to
), trailed as (
  select
    *,
    useridentity.arn as arn,
    useridentity.principalid as principal,
    case
      when eventname in ('CopyObject', 'UploadPartCopy')
        then split_part(ltrim(json_as_text(requestparameters, 'x-amz-copy-source'), '/'), '/', 1)
      else json_as_text(requestparameters, 'bucketName')
    end as bucket,
    case
      when eventname in ('CopyObject', 'UploadPartCopy')
        then regexp_replace(ltrim(json_as_text(requestparameters, 'x-amz-copy-source'), '/'), '^[^/]*/', '')
      else json_as_text(requestparameters, 'key')
    end as object_key,
    cast(try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as double) as bigint) as bytes,
    row_number() over (
      partition by requestid, json_as_text(requestparameters, 'bucketName')
      order by event_time, evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and eventname in (
      'GetObject', 'HeadObject', 'SelectObjectContent', 'GetObjectTorrent', 'CopyObject', 'UploadPartCopy'
    )
    and error_class = 'success'
    and event_time between $from and $to
), matched as (
  select
    coalesce(logged.bucket_name, trailed.bucket) as bucket,
    case
      when trailed.eventname in ('CopyObject', 'UploadPartCopy') then coalesce(logged.key_decoded, trailed.object_key)
      else coalesce(trailed.object_key, logged.key_decoded)
    end as object_key,
    coalesce(nullif(trailed.arn, ''), logged.requester, nullif(trailed.principal, ''), 'anonymous') as actor,
    coalesce(logged.remoteip, trailed.sourceipaddress) as ip,
    coalesce(logged.operation, trailed.eventname) in ('REST.HEAD.OBJECT', 'WEBSITE.HEAD.OBJECT', 'HeadObject') as is_head,
    coalesce(logged.httpstatus = 206, json_as_text(trailed.requestparameters, 'Range') is not null) as is_part,
    coalesce(logged.bytes_read, logged.bytessent, trailed.bytes) as bytes,
    logged.objectsize as object_size,
    logged.evidence_object is not null as in_log,
    trailed.evidence_object is not null as in_trail,
    coalesce(logged.event_time, trailed.event_time) as event_time,
    coalesce(logged.evidence_object, trailed.evidence_object) as evidence_object,
    coalesce(logged.evidence_record, trailed.evidence_record) as evidence_record
  from logged
  full join trailed
    on logged.requestid = trailed.requestid and logged.bucket_name = trailed.bucket
      and logged.copy = trailed.copy
), lines as (
  select
    bucket,
    object_key,
    actor,
    ip,
    count(*) filter (where not is_head) as gets,
    count(*) filter (where not is_head and is_part) as partial_gets,
    count(*) filter (where is_head) as heads,
    coalesce(sum(bytes) filter (where not is_head), 0) as bytes,
    max(object_size) as object_size,
    count(*) filter (where in_log and in_trail) as seen_by_both,
    count(*) filter (where in_log and not in_trail) as only_s3_access,
    count(*) filter (where in_trail and not in_log) as only_cloudtrail,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from matched
  where ($bucket is null or bucket = $bucket)
    and ($actor is null or strpos(actor, $actor) > 0 or ip = $actor)
  group by bucket, object_key, actor, ip
), readers as (
  select bucket, actor, ip, count(distinct object_key) as objects_of_reader, sum(bytes) as bytes_of_reader
  from lines
  where gets > 0
  group by bucket, actor, ip
)
select
  lines.bucket, lines.object_key, lines.actor, lines.ip, lines.gets, lines.partial_gets, lines.heads, lines.bytes,
  lines.object_size, coalesce(readers.objects_of_reader, 0) as objects_of_reader,
  coalesce(readers.bytes_of_reader, 0) as bytes_of_reader, lines.seen_by_both, lines.only_s3_access,
  lines.only_cloudtrail, lines.first_time, lines.last_time, lines.evidence_object, lines.evidence_record
from lines
left join readers
  on (readers.bucket is not distinct from lines.bucket) and readers.actor = lines.actor
  and (readers.ip is not distinct from lines.ip)
order by bytes_of_reader desc, lines.bucket nulls first, lines.actor, lines.ip nulls first, lines.object_key nulls first
