-- title: Objects for the notice of a breach
-- question: Which objects and versions were given out to anybody but ourselves, when first and last, how often, how much of each, and how was it asked for?
-- sources: s3_access, cloudtrail, s3_inventory
-- attack: T1530
-- parameter: bucket text = null
-- parameter: prefix text = null
-- parameter: reader text = null
-- parameter: ours text = null
-- parameter: top integer = 500
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every bucket
-- about prefix: how the names of the objects begin; null means all
-- about reader: part of the ARN of the reader, or an address; null means everybody
-- about ours: addresses and networks that are our own, separated by commas, whose reads do not count; null means none
-- about top: how many lines where neither bucket nor reader is given; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Requests for content only: HEAD and lists are not here. A copy into another bucket counts as given out (copies).
-- trap: bytes_seen is what went out in all requests together; whole is true where one request took as many bytes as the object has. Many small parts can be the whole object, too.
-- trap: A request that both logs have is counted once by request id, bucket and object; the access log is best effort and CloudTrail has only what was selected: the list is a lower bound.
-- trap: The size is that of the access log, else of the latest inventory, whatever version was read; the version is known only where it was asked for.
-- trap: What CloudFront read for its viewers is under CloudFront; out of its cache the same object may have gone out more often (edge/large_responses).
-- trap: Whose data an object holds no log tells.
-- next: exfiltration/objects_read
-- next: evidence/provenance
with logged as (
  select
    requestid, bucket_name as bucket, key_decoded as object_key, versionid, coalesce(requester, 'anonymous') as reader, remoteip as ip,
    coalesce(bytes_read, bytessent) as bytes, objectsize,
    case
      when operation like '%COPY%' then 'copy'
      when requester is null then 'anonymous'
      when authtype = 'QueryString' then 'presigned'
      when requester like 'svc:%' then 'service'
      else 'signed'
    end as way,
    0 as log, event_time, evidence_object, evidence_record
  from s3_access
  where action = 'read' and error_class = 'success' and coalesce(httpstatus, 200) between 200 and 299 and remoteip is not null
), trailed as (
  select
    c.requestid,
    case when c.eventname in ('CopyObject', 'UploadPartCopy') then split_part(ltrim(json_as_text(c.requestparameters, 'x-amz-copy-source'), '/'), '/', 1) else json_as_text(c.requestparameters, 'bucketName') end as bucket,
    case when c.eventname in ('CopyObject', 'UploadPartCopy') then regexp_replace(ltrim(json_as_text(c.requestparameters, 'x-amz-copy-source'), '/'), '^[^/]*/', '') else json_as_text(c.requestparameters, 'key') end as object_key,
    json_as_text(c.requestparameters, 'versionId') as versionid,
    coalesce(c.useridentity.arn, c.useridentity.invokedby, case when c.useridentity.type = 'AWSService' then c.sourceipaddress end, 'anonymous') as reader,
    c.sourceipaddress as ip,
    cast(try_cast(json_as_text(c.additionaleventdata, 'bytesTransferredOut') as double) as bigint) as bytes,
    cast(null as bigint) as objectsize,
    case
      when c.eventname in ('CopyObject', 'UploadPartCopy') then 'copy'
      when json_as_text(c.additionaleventdata, 'AuthenticationMethod') = 'QueryString' then 'presigned'
      when c.useridentity.invokedby is not null or c.useridentity.type = 'AWSService' then 'service'
      when c.useridentity.arn is null then 'anonymous'
      else 'signed'
    end as way,
    1 as log, c.event_time, c.evidence_object, c.evidence_record
  from cloudtrail c
  where c.eventsource = 's3.amazonaws.com'
    and c.eventname in ('GetObject', 'SelectObjectContent', 'GetObjectTorrent', 'CopyObject', 'UploadPartCopy')
    and c.error_class = 'success'
), once as (
  select
    *,
    row_number() over (partition by requestid, bucket, object_key order by log, event_time, evidence_object, evidence_record) as copy
  from (select * from logged union all select * from trailed)
), kept as (
  select *
  from once
  where (copy = 1 or requestid is null)
    and event_time between $from and $to
    and ($bucket is null or bucket = $bucket)
    and ($prefix is null or starts_with(object_key, $prefix))
    and ($reader is null or strpos(reader, $reader) > 0 or ip = $reader)
    and ($ours is null or not coalesce(ip_in_cidr(ip, $ours), false))
), listed as (
  select bucket, key_decoded as object_key, max(size) as size, first_value(e_tag order by event_time desc, e_tag) as e_tag, max(last_modified_date) as last_modified
  from s3_inventory
  where inventory_record = 'object'
  group by bucket, key_decoded
), folded as (
  select
    bucket, object_key, versionid,
    count(*) as requests,
    count(distinct concat(reader, ' ', coalesce(ip, ''))) as readers,
    array_to_string(array_sort(array_agg(distinct reader)), ', ') as who,
    array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
    array_to_string(array_sort(array_agg(distinct way)), ', ') as ways,
    count(*) filter (where way = 'copy') as copies,
    coalesce(sum(bytes), 0) as bytes_seen,
    max(bytes) as largest,
    max(objectsize) as objectsize,
    count(*) filter (where log = 1) as only_cloudtrail,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, log, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, log, evidence_object, evidence_record) as evidence_record
  from kept
  group by bucket, object_key, versionid
), ranked as (
  select
    f.*,
    coalesce(f.objectsize, l.size) as size, l.e_tag, l.last_modified, l.object_key is not null as in_inventory,
    row_number() over (order by f.readers desc, f.requests desc, f.bucket nulls first, f.object_key nulls first, f.versionid nulls first) as rank,
    count(*) over () as of_lines
  from folded f
  left join listed l on l.bucket = f.bucket and l.object_key = f.object_key
)
select
  bucket, object_key, versionid as version, size, requests, readers, who, ips, ways, copies, bytes_seen, coalesce(largest >= size, false) as whole, only_cloudtrail,
  in_inventory, e_tag, last_modified, first_time, last_time, evidence_object, evidence_record, of_lines
from ranked
where $bucket is not null or $reader is not null or $top is null or rank <= $top
order by rank
