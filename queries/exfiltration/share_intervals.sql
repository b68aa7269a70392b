-- title: From when to when something was shared
-- question: Which snapshots and images were given to which other account or to everybody, by whom, for how long, and is that still so?
-- sources: cloudtrail
-- attack: T1537, T1578.001
-- parameter: resource text = null
-- parameter: only_open boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: the id of the snapshot or image; null means every one
-- about only_open: true leaves out what was taken back
-- about from: the first gift to look at
-- about to: the last gift to look at
-- trap: Taking a share back does not take back the copy that the other account made meanwhile; that copy is logged in that account only.
-- trap: taken_back_at is null where no call in the logs took it back; the snapshot may have been deleted since (deleted_at), or a call may stand in a log that is missing.
-- trap: An encrypted snapshot is of no use without the key: look for CreateGrant and PutKeyPolicy too (impact/keys_at_risk).
-- trap: made_at and of_volume are known only where the making stands in the logs.
-- trap: Shares through RAM, repositories of images, and policies of buckets and vaults are not here.
-- next: exfiltration/shared_copies
-- next: lateral_movement/volumes_mounted
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'snapshotId'), json_as_text(requestparameters, 'imageId'),
      json_as_text(requestparameters, 'dBSnapshotIdentifier'), json_as_text(requestparameters, 'dBClusterSnapshotIdentifier')
    ) as resource,
    coalesce(
      json_get_array(requestparameters, 'createVolumePermission', 'add', 'items'), json_get_array(requestparameters, 'launchPermission', 'add', 'items'),
      json_get_array(requestparameters, 'valuesToAdd')
    ) as given,
    coalesce(
      json_get_array(requestparameters, 'createVolumePermission', 'remove', 'items'), json_get_array(requestparameters, 'launchPermission', 'remove', 'items'),
      json_get_array(requestparameters, 'valuesToRemove')
    ) as taken
  from cloudtrail
  where eventname in ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute')
    and error_class = 'success'
), resets as (
  select
    coalesce(json_as_text(requestparameters, 'snapshotId'), json_as_text(requestparameters, 'imageId')) as resource, event_time, useridentity.arn as actor
  from cloudtrail
  where eventname in ('ResetSnapshotAttribute', 'ResetImageAttribute') and error_class = 'success'
), gifts as (
  select
    evidence_object, evidence_record, event_time, account, region, eventname, resource, useridentity.arn as actor, useridentity.accesskeyid as access_key,
    sourceipaddress as ip, unnest(given) as item
  from calls
), backs as (
  select event_time, resource, useridentity.arn as actor, unnest(taken) as item from calls
), given as (
  select *, coalesce(json_as_text(item, 'userId'), json_as_text(item, 'group'), json_as_text(item, 'organizationArn'), replace(item, '"', '')) as to_whom from gifts
), taken as (
  select event_time, resource, actor, coalesce(json_as_text(item, 'userId'), json_as_text(item, 'group'), json_as_text(item, 'organizationArn'), replace(item, '"', '')) as to_whom
  from backs
  union all
  select event_time, resource, actor, cast(null as text) as to_whom from resets
), closed as (
  select
    g.evidence_object, g.evidence_record, g.to_whom,
    min(t.event_time) as taken_back_at,
    first_value(t.actor order by t.event_time, t.actor) as taken_back_by
  from given g
  join taken t on t.resource = g.resource and t.event_time >= g.event_time and (t.to_whom is null or t.to_whom = g.to_whom)
  group by g.evidence_object, g.evidence_record, g.to_whom
), made as (
  select
    coalesce(json_as_text(responseelements, 'snapshotId'), json_as_text(responseelements, 'imageId'), json_as_text(requestparameters, 'dBSnapshotIdentifier'), json_as_text(requestparameters, 'dBClusterSnapshotIdentifier')) as resource,
    min(event_time) as made_at,
    min(useridentity.arn) as made_by,
    min(coalesce(json_as_text(requestparameters, 'volumeId'), json_as_text(requestparameters, 'instanceId'), json_as_text(requestparameters, 'dBInstanceIdentifier'), json_as_text(requestparameters, 'dBClusterIdentifier'), json_as_text(requestparameters, 'sourceSnapshotId'))) as made_of,
    max(try_cast(json_as_text(responseelements, 'volumeSize') as bigint)) as gigabytes,
    max(json_as_text(responseelements, 'encrypted')) as encrypted
  from cloudtrail
  where eventname in ('CreateSnapshot', 'CopySnapshot', 'CreateImage', 'CopyImage', 'CreateDBSnapshot', 'CreateDBClusterSnapshot', 'CopyDBSnapshot', 'CopyDBClusterSnapshot')
    and error_class = 'success'
  group by 1
), deleted as (
  select
    coalesce(json_as_text(requestparameters, 'snapshotId'), json_as_text(requestparameters, 'imageId'), json_as_text(requestparameters, 'dBSnapshotIdentifier'), json_as_text(requestparameters, 'dBClusterSnapshotIdentifier')) as resource,
    min(event_time) as deleted_at
  from cloudtrail
  where eventname in ('DeleteSnapshot', 'DeregisterImage', 'DeleteDBSnapshot', 'DeleteDBClusterSnapshot') and error_class = 'success'
  group by 1
)
select
  g.event_time as given_at, g.account, g.region, g.resource, g.to_whom, g.to_whom in ('all', '*') as to_everybody, g.actor as given_by, g.access_key, g.ip,
  c.taken_back_at, c.taken_back_by, deleted.deleted_at,
  c.taken_back_at is null and deleted.deleted_at is null as still_shared,
  round((date_part('epoch', coalesce(c.taken_back_at, deleted.deleted_at)) - date_part('epoch', g.event_time)) / 3600, 2) as hours,
  made.made_at, made.made_by, made.made_of, made.gigabytes, made.encrypted, g.evidence_object, g.evidence_record
from given g
left join closed c on c.evidence_object = g.evidence_object and c.evidence_record = g.evidence_record and c.to_whom = g.to_whom
left join made on made.resource = g.resource
left join deleted on deleted.resource = g.resource
where g.event_time between $from and $to
  and ($resource is null or g.resource = $resource)
  and (not $only_open or (c.taken_back_at is null and deleted.deleted_at is null))
order by g.event_time, g.evidence_object, g.evidence_record, g.to_whom
