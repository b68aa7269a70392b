-- title: Objects copied from bucket to bucket
-- question: Who copied how many objects from which bucket into which, and is the other bucket known to be one's own?
-- sources: cloudtrail, s3_access, config_items, s3_inventory
-- attack: T1074.002, T1537, T1119
-- parameter: only_other_buckets boolean = true
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_other_buckets: true leaves copies within one bucket out; they can be the work of encryption, see impact/objects_encrypted_or_replaced
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: bucket_known says that the bucket stands in Config, an access log, an inventory, or in a call that made or changed it; a bucket that only copies name is likely a stranger's.
-- trap: Bytes are sizes of the source objects, from the access log of the source bucket; sized says of how many copies it is known.
-- trap: CopyObject is a data event; where these were off, only the access log of the source (REST.COPY.OBJECT_GET) or of the target has it, without the other bucket.
-- trap: Replication and DataSync copy without CopyObject: collection/transfers_set_up.
-- next: exfiltration/objects_read
-- next: exfiltration/share_intervals
with copies as (
  select
    c.evidence_object, c.evidence_record, c.event_time, c.account, c.error_class, c.sourceipaddress as ip, c.useragent,
    coalesce(c.useridentity.sessioncontext.sessionissuer.arn, c.useridentity.arn, c.useridentity.principalid) as actor,
    c.useridentity.accesskeyid as access_key, c.requestid,
    split_part(ltrim(json_as_text(c.requestparameters, 'x-amz-copy-source'), '/'), '/', 1) as from_bucket,
    regexp_replace(ltrim(json_as_text(c.requestparameters, 'x-amz-copy-source'), '/'), '^[^/]*/', '') as object_key,
    json_as_text(c.requestparameters, 'bucketName') as to_bucket
  from cloudtrail c
  where c.eventsource = 's3.amazonaws.com'
    and c.eventname in ('CopyObject', 'UploadPartCopy')
), sizes as (
  select requestid, bucket_name, max(coalesce(bytes_read, objectsize)) as bytes
  from s3_access
  where operation like 'REST.COPY.%_GET'
  group by requestid, bucket_name
), known as (
  select resourcename as bucket from config_items where resourcetype = 'AWS::S3::Bucket'
  union
  select bucket_name as bucket from s3_access
  union
  select bucket from s3_inventory
  union
  select json_as_text(requestparameters, 'bucketName') as bucket from cloudtrail
  where eventsource = 's3.amazonaws.com' and eventcategory = 'Management' and eventname ~ '^(CreateBucket|PutBucket|DeleteBucket)' and error_class = 'success'
)
select
  date_trunc('hour', copies.event_time) as hour,
  copies.account,
  copies.from_bucket,
  copies.to_bucket,
  known.bucket is not null as bucket_known,
  copies.actor,
  copies.access_key,
  copies.ip,
  copies.error_class,
  count(*) as copies,
  count(distinct copies.object_key) as objects,
  coalesce(sum(sizes.bytes), 0) as bytes,
  count(sizes.bytes) as sized,
  min(copies.object_key) as an_object,
  min(copies.useragent) as a_user_agent,
  min(copies.event_time) as first_time,
  max(copies.event_time) as last_time,
  first_value(copies.evidence_object order by copies.event_time, copies.evidence_object, copies.evidence_record) as evidence_object,
  first_value(copies.evidence_record order by copies.event_time, copies.evidence_object, copies.evidence_record) as evidence_record
from copies
left join known on known.bucket = copies.to_bucket
left join sizes on sizes.requestid = copies.requestid and sizes.bucket_name = copies.from_bucket
where copies.event_time between $from and $to
  and (not $only_other_buckets or (copies.from_bucket is distinct from copies.to_bucket))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
order by first_time, from_bucket nulls first, to_bucket nulls first, actor nulls first, ip nulls first, error_class, evidence_object, evidence_record
