-- title: Volumes made from snapshots and attached
-- question: Which volumes were made from a snapshot and attached to a machine, or detached from one and attached to another, and by whom?
-- sources: cloudtrail
-- attack: T1578.001, T1578.002, T1003
-- parameter: volume text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about volume: a volume, snapshot or instance; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Whoever mounts a copy of a disk reads everything on it, the hashes of passwords of a domain controller too, and no log of the machine tells.
-- trap: A volume can be made with the machine (block device mapping of RunInstances); such a machine from a foreign image or snapshot is listed by its snapshot, where the call names one.
-- trap: Snapshots of another account can be used without any call in that account, once they are shared.
-- trap: What was made in another account is in the logs of that account only.
-- trap: Refused attempts are listed too; see error_class.
-- next: exfiltration/share_intervals
-- next: lateral_movement/into_instances
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'volumeId'), json_as_text(responseelements, 'volumeId')) as volume_id,
    coalesce(
      json_as_text(requestparameters, 'snapshotId'), json_as_text(responseelements, 'snapshotId'),
      array_to_string(regexp_match(requestparameters, '"(snap-[0-9a-f]+)"'), '')
    ) as snapshot_id,
    json_as_text(requestparameters, 'instanceId') as instance_id
  from cloudtrail
  where eventsource = 'ec2.amazonaws.com'
    and (eventname in ('CreateVolume', 'AttachVolume', 'DetachVolume', 'CopyVolumes', 'CreateReplaceRootVolumeTask')
      or (eventname in ('RunInstances', 'RegisterImage') and requestparameters ~ '"snap-[0-9a-f]+"'))
), made as (
  select volume_id, min(snapshot_id) as from_snapshot, min(event_time) as made_at, min(useridentity.arn) as made_by
  from calls
  where eventname = 'CreateVolume' and error_class = 'success'
  group by volume_id
), snapshots as (
  select json_as_text(responseelements, 'snapshotId') as snapshot_id, min(json_as_text(requestparameters, 'volumeId')) as of_volume, min(event_time) as snapshot_at,
    min(useridentity.arn) as snapshot_by
  from cloudtrail
  where eventname = 'CreateSnapshot' and error_class = 'success'
  group by json_as_text(responseelements, 'snapshotId')
), homes as (
  select volume_id, count(distinct instance_id) as instances
  from calls
  where eventname in ('AttachVolume', 'DetachVolume') and error_class = 'success'
  group by volume_id
)
select
  c.evidence_object, c.evidence_record, c.event_time, c.account, c.region, c.eventname as action, c.volume_id as volume,
  coalesce(c.snapshot_id, made.from_snapshot) as snapshot, snapshots.of_volume as snapshot_of_volume, snapshots.snapshot_at, snapshots.snapshot_by,
  made.made_at, made.made_by, c.instance_id as instance, homes.instances as instances_of_volume,
  c.useridentity.arn as actor, c.useridentity.accesskeyid as access_key, c.sourceipaddress as ip, c.useragent as user_agent, c.error_class, c.requestparameters as request
from calls c
left join made on made.volume_id = c.volume_id
left join snapshots on snapshots.snapshot_id = coalesce(c.snapshot_id, made.from_snapshot)
left join homes on homes.volume_id = c.volume_id
where c.event_time between $from and $to
  and ($volume is null or c.volume_id = $volume or coalesce(c.snapshot_id, made.from_snapshot) = $volume or c.instance_id = $volume)
order by c.event_time, c.evidence_object, c.evidence_record
