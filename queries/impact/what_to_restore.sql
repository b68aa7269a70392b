-- title: Objects to restore
-- question: Which objects were deleted or written over by somebody other than their usual writer, what is the last good version, and does it still stand in an inventory?
-- sources: s3_access, cloudtrail, s3_inventory
-- attack: T1485, T1490, T1565.001
-- parameter: bucket text = null
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every one
-- about actor: part of the name of who did it, or an address; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: written_before and version_before come from the last write in the collected logs before the loss; an object that is older than the logs has none, and the inventory may know it.
-- trap: A version can be told only where CloudTrail recorded the write and the bucket keeps versions.
-- trap: Lifecycle rules delete as planned and are left out.
-- trap: by_usual_writer is true where the same user or role wrote the object before; such a loss can be the daily work of a program.
-- trap: Of a deletion of many keys at once only the access log has the keys. Losses that both logs have are one line.
-- trap: later_writes says that somebody wrote the object again afterwards, which may have been the repair.
-- next: impact/bulk_deletions
-- next: inventory/changes
with both as (
  select
    requestid, bucket_name as bucket, key_decoded as object_key, action = 'delete' as is_loss,
    coalesce(regexp_replace(requester, '^arn:[^:]*:sts::([0-9]*):assumed-role/([^/]+)/.*$', 'role \1/\2'), concat('anonymous ', remoteip)) as who,
    remoteip as ip, versionid, objectsize, 0 as log, operation as how, event_time, evidence_object, evidence_record
  from s3_access
  where key_decoded is not null
    and error_class = 'success'
    and operation not like 'S3.%'
    and operation in ('REST.PUT.OBJECT', 'REST.POST.UPLOAD', 'REST.COPY.OBJECT', 'REST.DELETE.OBJECT', 'BATCH.DELETE.OBJECT', 'REST.POST.OBJECT')
  union all
  select
    requestid, json_as_text(requestparameters, 'bucketName') as bucket, json_as_text(requestparameters, 'key') as object_key, starts_with(eventname, 'Delete') as is_loss,
    case
      when useridentity.sessioncontext.sessionissuer.arn is not null
        then concat('role ', useridentity.accountid, '/', split_part(arn_resource(useridentity.sessioncontext.sessionissuer.arn), '/', -1))
      when useridentity.arn is not null then useridentity.arn
      else concat('anonymous ', sourceipaddress)
    end as who,
    sourceipaddress as ip,
    coalesce(json_as_text(responseelements, 'x-amz-version-id'), json_as_text(requestparameters, 'versionId')) as versionid,
    cast(try_cast(json_as_text(additionaleventdata, 'bytesTransferredIn') as double) as bigint) as objectsize,
    1 as log, eventname as how, event_time, evidence_object, evidence_record
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and eventname in ('PutObject', 'CopyObject', 'CompleteMultipartUpload', 'DeleteObject', 'DeleteObjectVersion')
    and error_class = 'success'
    and json_as_text(requestparameters, 'key') is not null
), once as (
  select
    bucket, object_key, is_loss, who, ip, how, event_time, coalesce(requestid, '') as requestid,
    max(versionid) as versionid, max(objectsize) as objectsize,
    min(concat(cast(log as text), ' ', evidence_object, ' ', lpad(cast(evidence_record as text), 12, '0'))) as evidence
  from both
  group by 1, 2, 3, 4, 5, 6, 7, 8
), joined as (
  select
    l.bucket, l.object_key, l.is_loss, l.who, l.ip, l.how, l.event_time, l.versionid, l.evidence,
    max(w.event_time) filter (where w.event_time < l.event_time and not w.is_loss) as written_before,
    count(*) filter (where w.event_time < l.event_time and not w.is_loss) as writes_before,
    coalesce(bool_or(w.who = l.who) filter (where w.event_time < l.event_time and not w.is_loss), false) as by_usual_writer,
    last_value(w.versionid order by w.event_time, w.evidence) filter (where w.event_time < l.event_time and not w.is_loss and w.versionid is not null) as version_before,
    last_value(w.who order by w.event_time, w.evidence) filter (where w.event_time < l.event_time and not w.is_loss) as writer_before,
    count(*) filter (where w.event_time > l.event_time and not w.is_loss) as later_writes
  from once l
  join once w on w.bucket = l.bucket and w.object_key = l.object_key
  where l.event_time between $from and $to
    and ($bucket is null or l.bucket = $bucket)
    and ($actor is null or strpos(l.who, $actor) > 0 or l.ip = $actor)
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9
), listed as (
  select bucket, key_decoded as object_key, max(size) as size, max(last_modified_date) as last_modified, max(version_id) as a_version
  from s3_inventory
  where inventory_record = 'object'
  group by bucket, key_decoded
)
select
  case when j.is_loss then 'deleted' else 'written over' end as loss,
  j.bucket, j.object_key, j.event_time, j.who as actor, j.ip, j.how, j.by_usual_writer, j.written_before, j.writer_before, j.version_before, j.writes_before, j.later_writes,
  l.object_key is not null as in_inventory, l.size as size_in_inventory, l.last_modified, l.a_version as version_in_inventory,
  split_part(j.evidence, ' ', 2) as evidence_object, cast(split_part(j.evidence, ' ', 3) as bigint) as evidence_record
from joined j
left join listed l on l.bucket = j.bucket and l.object_key = j.object_key
where j.is_loss
  or (j.writes_before > 0 and not j.by_usual_writer)
order by j.event_time, j.bucket, j.object_key, j.how, j.who, j.evidence
