-- title: Copies of disks, databases and machines made
-- question: Who made snapshots, images, exports or backups of what, and was that new for this actor, source or region?
-- sources: cloudtrail
-- attack: T1578.001, T1005, T1074.002, T1213
-- parameter: source text = null
-- parameter: quiet_days integer = 14
-- parameter: only_new boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about source: the volume, instance, database or table that was copied; null means every one
-- about quiet_days: a line is new when it was first seen later than this many days after the first event of the case
-- about only_new: true keeps new lines only
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Calls of one actor with the same action in the same region are one line, as backups make thousands; new lines stand first.
-- trap: A copy lies in the own account until it is shared, exported or mounted: exfiltration/share_intervals and lateral_movement/volumes_mounted.
-- trap: Copies that a service makes by plan have the service as invoked_by, and automatic backups of databases make no call at all.
-- trap: Failed attempts count in failed.
-- next: exfiltration/share_intervals
-- next: lateral_movement/volumes_mounted
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as who,
    useridentity.invokedby as invoked_by,
    coalesce(
      json_as_text(requestparameters, 'volumeId'), json_as_text(requestparameters, 'instanceId'), json_as_text(requestparameters, 'sourceSnapshotId'),
      json_as_text(requestparameters, 'sourceImageId'), json_as_text(requestparameters, 'dBInstanceIdentifier'), json_as_text(requestparameters, 'dBClusterIdentifier'),
      json_as_text(requestparameters, 'sourceDBSnapshotIdentifier'), json_as_text(requestparameters, 'sourceArn'), json_as_text(requestparameters, 'tableName'),
      json_as_text(requestparameters, 'tableArn'), json_as_text(requestparameters, 'clusterIdentifier'), json_as_text(requestparameters, 'imageId'),
      json_as_text(requestparameters, 'resourceArn'), json_as_text(requestparameters, 'fileSystemId')
    ) as copied
  from cloudtrail
  where eventname in (
      'CreateSnapshot', 'CreateSnapshots', 'CopySnapshot', 'CreateImage', 'CopyImage', 'CreateInstanceExportTask', 'ExportImage', 'CreateStoreImageTask',
      'CreateDBSnapshot', 'CreateDBClusterSnapshot', 'CopyDBSnapshot', 'CopyDBClusterSnapshot', 'StartExportTask', 'RestoreDBInstanceFromDBSnapshot',
      'RestoreDBClusterFromSnapshot', 'RestoreDBInstanceToPointInTime', 'RestoreDBClusterToPointInTime', 'CreateDBInstanceReadReplica',
      'ExportTableToPointInTime', 'CreateBackup', 'RestoreTableFromBackup', 'RestoreTableToPointInTime', 'CreateClusterSnapshot', 'CopyClusterSnapshot',
      'RestoreFromClusterSnapshot', 'StartBackupJob', 'StartCopyJob', 'StartRestoreJob', 'CreateFileSystemFromBackup', 'CreateRecoveryPoint', 'ListSnapshotBlocks', 'GetSnapshotBlock'
    )
), placed as (
  select
    *,
    min(event_time) over (partition by who, eventname, region) as first_ever
  from calls
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), lines as (
  select
    who as actor,
    account,
    region,
    eventsource as service,
    eventname as action,
    min(first_ever) as first_ever,
    min(invoked_by) as invoked_by,
    count(*) as calls,
    count(*) filter (where error_class <> 'success') as failed,
    count(distinct copied) as sources,
    min(copied) as a_source,
    count(distinct date_trunc('day', event_time)) as days,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from placed
  where event_time between $from and $to
    and ($source is null or strpos(requestparameters, $source) > 0)
  group by who, account, region, eventsource, eventname
)
select
  l.first_ever >= b.quiet_until as is_new, l.actor, l.account, l.region, l.service, l.action, l.invoked_by, l.calls, l.failed, l.sources, l.a_source, l.days, l.ips,
  l.first_time, l.last_time, l.evidence_object, l.evidence_record
from lines l
cross join begun b
where not $only_new or l.first_ever >= b.quiet_until
order by is_new desc, l.first_time, l.actor nulls first, l.account nulls first, l.region nulls first, l.action
