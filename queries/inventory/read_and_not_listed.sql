-- title: Objects used that stand in no inventory
-- question: Which objects were read or written in a bucket of which there are inventories, and stand in none of them?
-- sources: s3_access, cloudtrail, s3_inventory
-- attack: T1530, T1074.002, T1070.004
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every bucket that has an inventory
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: An object that lived only between two inventories stands in none: made for a while and taken away, or deleted before the first. Reads of names that never were are refused or answered 404, and are not counted.
-- trap: Buckets without an inventory here are left aside, as nothing can be said of them.
-- trap: An inventory can be limited to a prefix, and a file of it may be missing.
-- trap: The access log is best effort and CloudTrail has objects only where data events were on. One request can stand in both, so requests is not a sum of different ones.
-- next: inventory/changes
-- next: exfiltration/objects_read
-- next: triage/ip_activity
with listed as (
  select bucket, key_decoded as object_key, max(event_time) as last_modified from s3_inventory where inventory_record = 'object' group by bucket, key_decoded
), buckets as (
  select bucket, count(*) as objects_listed from listed group by bucket
), used as (
  select
    evidence_object, evidence_record, event_time, 's3_access' as log, bucket_name as bucket, key_decoded as object_key, operation as action,
    coalesce(requester, 'anonymous') as actor, remoteip as ip, is_write
  from s3_access
  where key_decoded is not null and error_class = 'success' and event_time between $from and $to
  union all
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as log, json_as_text(requestparameters, 'bucketName') as bucket,
    json_as_text(requestparameters, 'key') as object_key, eventname as action,
    coalesce(useridentity.arn, useridentity.principalid, 'anonymous') as actor, sourceipaddress as ip, is_write
  from cloudtrail
  where eventsource = 's3.amazonaws.com' and error_class = 'success' and json_as_text(requestparameters, 'key') is not null and eventname not like 'List%' and event_time between $from and $to
)
select
  used.bucket,
  used.object_key,
  count(*) as requests,
  count(*) filter (where coalesce(used.is_write, true)) as changing,
  array_to_string(array_sort(array_agg(distinct used.action)), ', ') as actions,
  array_to_string(array_sort(array_agg(distinct used.actor)), ', ') as actors,
  array_to_string(array_sort(array_agg(distinct used.ip)), ', ') as ips,
  array_to_string(array_sort(array_agg(distinct used.log)), ', ') as logs,
  min(used.event_time) as first_time,
  max(used.event_time) as last_time,
  max(buckets.objects_listed) as objects_listed,
  first_value(used.evidence_object order by used.event_time, used.evidence_object, used.evidence_record) as evidence_object,
  first_value(used.evidence_record order by used.event_time, used.evidence_object, used.evidence_record) as evidence_record
from used
join buckets on buckets.bucket = used.bucket
left join listed on listed.bucket = used.bucket and listed.object_key = used.object_key
where listed.object_key is null
  and ($bucket is null or used.bucket = $bucket)
group by used.bucket, used.object_key
order by used.bucket, first_time, used.object_key
