-- title: Backups and protection taken away
-- question: Who deleted backups, snapshots or recovery points, shortened their keeping, or switched off protection from deletion?
-- sources: cloudtrail
-- attack: T1490, T1485, T1562.001
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN of the actor; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Old snapshots are deleted by plan every day: earlier_calls counts the same action of the same actor before.
-- trap: Modify calls are listed only where the request speaks of keeping or protection; whether they took it away or gave it, surely_weaker says where it can be told, else read request.
-- trap: A snapshot that is deleted with its database (skipFinalSnapshot) has no call of its own.
-- trap: Refused attempts are listed as well; see error_class.
-- next: impact/bulk_deletions
-- next: impact/keys_at_risk
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as who,
    eventname ~ '^(Delete|Deregister|Disable|Disassociate|Stop)'
      or requestparameters ~* '"(deletionProtection|disableApiTermination|pointInTimeRecoveryEnabled|enableTerminationProtection)"\s*:\s*(\{\s*"value"\s*:\s*)?"?false'
      or requestparameters ~* '"backupRetentionPeriod"\s*:\s*0' or requestparameters ~* '"skipFinalSnapshot"\s*:\s*true' as surely_weaker
  from cloudtrail
  where eventname in (
      'DeleteSnapshot', 'DeregisterImage', 'DeleteDBSnapshot', 'DeleteDBClusterSnapshot', 'DeleteDBInstanceAutomatedBackup', 'DeleteDBClusterAutomatedBackup', 'DeleteBackup',
      'DeleteRecoveryPoint', 'DisassociateRecoveryPoint', 'DeleteBackupVault', 'DeleteBackupPlan', 'DeleteBackupSelection', 'DeleteBackupVaultLockConfiguration',
      'DeleteBackupVaultAccessPolicy', 'PutBackupVaultAccessPolicy', 'UpdateRecoveryPointLifecycle', 'UpdateGlobalSettings', 'StopBackupJob', 'UpdateBackupPlan',
      'DeleteLifecyclePolicy', 'UpdateLifecyclePolicy', 'DeleteClusterSnapshot', 'ModifyClusterSnapshot', 'DeleteCluster', 'DeleteReplicationConfiguration', 'DeleteBucketReplication',
      'UpdateContinuousBackups', 'DisableSnapshotCopy', 'DisableFastSnapshotRestores', 'DeleteSnapshotSchedule', 'DeleteRecoveryPlan', 'DisableSnapshotBlockPublicAccess', 'DeleteRule',
      'UnlockSnapshot', 'UnlockRule', 'DeleteDBInstance', 'DeleteDBCluster', 'RestoreSnapshotTier'
    )
    or (eventname in ('ModifyDBInstance', 'ModifyDBCluster', 'ModifyInstanceAttribute', 'UpdateTable', 'UpdateTerminationProtection', 'ModifyLoadBalancerAttributes', 'SetTerminationProtection')
      and requestparameters ~* '(deletionProtection|deletion_protection|disableApiTermination|terminationProtect|backupRetentionPeriod)')
    or (eventsource = 'rds.amazonaws.com' and eventname in ('StopDBInstanceAutomatedBackupsReplication', 'DeleteDBClusterEndpoint'))
), numbered as (
  select *, row_number() over (partition by who, eventname order by event_time, evidence_object, evidence_record) - 1 as earlier_calls
  from calls
)
select
  evidence_object, evidence_record, event_time, account, region, eventsource as service, eventname as action, coalesce(surely_weaker, false) as surely_weaker, earlier_calls,
  resources, useridentity.arn as actor, useridentity.accesskeyid as access_key, useridentity.invokedby as invoked_by, sourceipaddress as ip, useragent as user_agent, error_class,
  requestparameters as request
from numbered
where event_time between $from and $to
  and ($actor is null or strpos(who, $actor) > 0)
  and not (eventname = 'DeleteRule' and eventsource <> 'rbin.amazonaws.com')
order by event_time, evidence_object, evidence_record
