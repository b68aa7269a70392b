-- title: Read without having listed
-- question: Who read objects of a bucket whose names nobody had listed for them, or listed a bucket and read little of it?
-- sources: s3_access, cloudtrail
-- attack: T1530, T1619
-- parameter: bucket text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every one
-- about quiet_days: a reader is new when its first use of the bucket comes later than this many days after the first request in the logs; new ones stand first
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Who reads without listing had the names from elsewhere: an application that keeps them, an inventory, another key, a link. Between two identities of one intruder the list of one serves the other; listed_by_others says whether anybody had listed the bucket before.
-- trap: Listing is a data event in CloudTrail (ListObjects) and REST.GET.BUCKET in the access log; where neither log is there, nothing was seen.
-- trap: One list can cover a prefix only, and the answer names up to a thousand objects: that a list came before does not mean that it had this object.
-- trap: Readers are users and roles, an anonymous reader is its address. Reads that both logs have are counted once.
-- next: exfiltration/first_reads
-- next: exfiltration/objects_read
with both as (
  select
    requestid, bucket_name as bucket, key_decoded as object_key, action = 'list' as is_list,
    coalesce(regexp_replace(requester, '^arn:[^:]*:sts::([0-9]*):assumed-role/([^/]+)/.*$', 'role \1/\2'), concat('anonymous ', remoteip)) as reader,
    coalesce(bytes_read, 0) as bytes, 0 as log, event_time, evidence_object, evidence_record
  from s3_access
  where (action = 'read' or operation in ('REST.GET.BUCKET', 'REST.GET.BUCKETVERSIONS')) and error_class = 'success' and remoteip is not null
  union all
  select
    requestid, json_as_text(requestparameters, 'bucketName') as bucket, json_as_text(requestparameters, 'key') as object_key, starts_with(eventname, 'List') as is_list,
    case
      when useridentity.sessioncontext.sessionissuer.arn is not null
        then concat('role ', useridentity.accountid, '/', split_part(arn_resource(useridentity.sessioncontext.sessionissuer.arn), '/', -1))
      when useridentity.arn is not null then useridentity.arn
      when useridentity.invokedby is not null or useridentity.type = 'AWSService' then concat('svc:', coalesce(useridentity.invokedby, sourceipaddress))
      else concat('anonymous ', sourceipaddress)
    end as reader,
    cast(coalesce(try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as double), 0) as bigint) as bytes, 1 as log, event_time,
    evidence_object, evidence_record
  from cloudtrail
  where eventsource = 's3.amazonaws.com' and eventname in ('GetObject', 'SelectObjectContent', 'GetObjectTorrent', 'ListObjects', 'ListObjectsV2', 'ListObjectVersions')
    and error_class = 'success'
), once as (
  select *, row_number() over (partition by requestid, bucket, is_list order by log, event_time, evidence_object, evidence_record) as copy
  from both
), uses as (
  select
    *,
    min(case when is_list then event_time end) over (partition by bucket, reader) as own_list,
    min(case when is_list then event_time end) over (partition by bucket) as any_list,
    min(event_time) over (partition by bucket, reader) as reader_from
  from once
  where (copy = 1 or requestid is null)
), folded as (
  select
    bucket,
    reader,
    count(*) filter (where is_list) as lists,
    count(*) filter (where not is_list) as reads,
    count(distinct object_key) filter (where not is_list) as objects_read,
    count(distinct object_key) filter (where not is_list and (own_list is null or own_list > event_time)) as before_own_list,
    coalesce(bool_or(any_list <= event_time) filter (where not is_list), false) as listed_by_others,
    min(reader_from) as reader_from,
    min(own_list) as first_list,
    min(event_time) filter (where not is_list) as first_read,
    max(event_time) filter (where not is_list) as last_read,
    coalesce(sum(bytes) filter (where not is_list), 0) as bytes,
    first_value(evidence_object order by event_time, log, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, log, evidence_object, evidence_record) as evidence_record
  from uses
  where event_time between $from and $to
    and ($bucket is null or bucket = $bucket)
  group by bucket, reader
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from once
), lines as (
  select
    folded.*,
    reader_from >= quiet_until as new_reader,
    case
      when reads = 0 then 'listed, not read'
      when before_own_list = objects_read then 'read without list'
      when before_own_list > 0 then 'partly before the list'
      else 'listed, then read'
    end as kind
  from folded
  cross join begun
)
select
  kind, new_reader, bucket, reader, lists, reads, objects_read, before_own_list, listed_by_others, first_list, first_read, last_read, bytes, evidence_object,
  evidence_record
from lines
order by new_reader desc, before_own_list desc, objects_read desc, bucket nulls first, reader
