-- title: Buckets looked at, then read
-- question: Which keys listed or examined buckets, and then read objects of the buckets that they had found?
-- sources: cloudtrail
-- attack: T1619, T1530
-- parameter: hours integer = 72
-- parameter: only_with_reads boolean = false
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: how long after the last look a read still belongs to it
-- about only_with_reads: true leaves keys out that read nothing afterwards
-- about top: how many lines, the most bytes first; null means all
-- about from: the first look to take
-- about to: the last look to take
-- trap: Reads are data events: where they were not switched on, nothing was recorded, and reads = 0 proves nothing; exfiltration/objects_read also asks the access log of the buckets.
-- trap: Some programs examine and read their bucket every day; days_looked says on how many days the key looked in all the logs.
-- trap: A long-lived key may have more than one holder; ips shows from where it looked and from where it read.
-- trap: Calls of AWS services on behalf of somebody are left out.
-- trap: Only as many lines are shown as top says; of_lines tells how many there are.
-- next: exfiltration/objects_read
-- next: collection/bucket_sweeps
with looks as (
  select
    session_id,
    coalesce(useridentity.arn, useridentity.principalid) as actor,
    json_as_text(requestparameters, 'bucketName') as bucket,
    sourceipaddress, eventname, error_class, event_time, evidence_object, evidence_record
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and useridentity.invokedby is null
    and (eventname ~ '^(GetBucket|GetAccountPublicAccessBlock|ListBuckets|ListAllMyBuckets|ListDirectoryBuckets|HeadBucket|ListObjects|ListObjectVersions|ListMultipartUploads)')
), looked as (
  select
    session_id,
    min(actor) as actor,
    count(distinct date_trunc('day', event_time)) as days_looked,
    count(*) as looks,
    count(*) filter (where error_class = 'denied') as denied_looks,
    count(distinct bucket) as buckets_examined,
    array_to_string(array_sort(array_agg(distinct eventname)), ', ') as looks_by,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as looked_from,
    min(event_time) as first_look,
    max(event_time) as last_look,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from looks
  where event_time between $from and $to
  group by session_id
), reads as (
  select
    c.session_id,
    json_as_text(c.requestparameters, 'bucketName') as bucket,
    json_as_text(c.requestparameters, 'key') as object_key,
    c.sourceipaddress, c.error_class, c.event_time, c.evidence_object, c.evidence_record,
    try_cast(json_as_text(c.additionaleventdata, 'bytesTransferredOut') as double) as bytes
  from cloudtrail c
  join looked l on (l.session_id is not distinct from c.session_id)
  where c.eventsource = 's3.amazonaws.com'
    and c.eventname in ('GetObject', 'SelectObjectContent', 'GetObjectTorrent')
    and c.useridentity.invokedby is null
    and c.event_time >= l.first_look
    and c.event_time <= l.last_look + cast(concat(cast($hours as text), ' hours') as interval)
), taken as (
  select
    session_id,
    count(*) filter (where error_class = 'success') as reads,
    count(*) filter (where error_class <> 'success') as refused_reads,
    count(distinct concat(bucket, '/', object_key)) filter (where error_class = 'success') as objects_read,
    cast(coalesce(sum(bytes) filter (where error_class = 'success'), 0) as bigint) as bytes,
    array_to_string(array_sort(array_agg(distinct bucket)), ', ') as buckets_read,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as read_from,
    min(event_time) as first_read,
    max(event_time) as last_read,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as read_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as read_record
  from reads
  group by session_id
), lines as (
  select
    looked.actor, looked.session_id, looked.days_looked, looked.looks, looked.denied_looks, looked.buckets_examined, looked.looks_by, looked.looked_from,
    looked.first_look, looked.last_look, coalesce(taken.reads, 0) as reads, coalesce(taken.refused_reads, 0) as refused_reads,
    coalesce(taken.objects_read, 0) as objects_read, coalesce(taken.bytes, 0) as bytes, taken.buckets_read, taken.read_from, taken.first_read,
    taken.last_read,
    round((date_part('epoch', taken.first_read) - date_part('epoch', looked.first_look)) / 60, 1) as minutes_to_first_read,
    looked.evidence_object, looked.evidence_record, taken.read_object, taken.read_record
  from looked
  left join taken on (taken.session_id is not distinct from looked.session_id)
  where not $only_with_reads or taken.reads > 0
), ranked as (
  select
    *,
    row_number() over (order by bytes desc, objects_read desc, refused_reads desc, denied_looks desc, first_look, session_id nulls first) as rank,
    count(*) over () as of_lines
  from lines
)
select
  actor, session_id, days_looked, looks, denied_looks, buckets_examined, looks_by, looked_from, first_look, last_look, reads, refused_reads, objects_read,
  bytes, buckets_read, read_from, first_read, last_read, minutes_to_first_read, evidence_object, evidence_record, read_object, read_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
