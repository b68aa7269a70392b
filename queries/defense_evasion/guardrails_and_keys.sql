-- title: Guardrails taken away, keys disabled or granted
-- question: Who detached guardrails of the organisation, disabled, deleted or locked KMS keys, or made and withdrew grants on them?
-- sources: cloudtrail
-- attack: T1562.001, T1485, T1486, T1098
-- parameter: service text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about service: kms or organizations; null means both
-- values service: kms, organizations
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: AWS services make grants all day (volumes, databases); those that a service made itself are left out, those that it made for a caller are not, and invoked_by names it.
-- trap: A key that is disabled or scheduled for deletion makes everything that it encrypted unreadable: log buckets, volumes, snapshots. CancelKeyDeletion leaves the key disabled.
-- trap: PutKeyPolicy replaces the whole policy and can lock everybody out, and bypass says whether the check against that was switched off.
-- trap: SCPs are recorded in the management account only.
-- trap: Failed attempts are listed as well; see error_class.
-- next: persistence/resource_policies
-- next: persistence/organization_changes
-- next: config/who_changed
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  case
    when eventname in ('DisableKey', 'ScheduleKeyDeletion', 'DeleteImportedKeyMaterial', 'DeleteCustomKeyStore', 'DisconnectCustomKeyStore') then 'key out of use'
    when eventname in ('EnableKey', 'CancelKeyDeletion') then 'key back in use'
    when eventname in ('CreateGrant', 'RetireGrant', 'RevokeGrant') then 'grant'
    when eventname = 'PutKeyPolicy' then 'key policy'
    when eventname in ('DisableKeyRotation', 'UpdateAlias', 'DeleteAlias', 'ReplicateKey', 'ImportKeyMaterial') then 'key changed'
    when eventname in ('DetachPolicy', 'DeletePolicy', 'DisablePolicyType') then 'guardrail taken away'
    else 'guardrail changed'
  end as kind,
  eventname as action,
  coalesce(
    json_as_text(requestparameters, 'keyId'), json_as_text(requestparameters, 'targetKeyId'), json_as_text(requestparameters, 'aliasName'),
    json_as_text(requestparameters, 'policyId'), json_as_text(requestparameters, 'policyType'), json_as_text(requestparameters, 'servicePrincipal')
  ) as target,
  coalesce(json_as_text(requestparameters, 'granteePrincipal'), json_as_text(requestparameters, 'targetId')) as for_whom,
  json_get_json(requestparameters, 'operations') as operations,
  json_as_text(requestparameters, 'pendingWindowInDays') as pending_days,
  json_as_text(requestparameters, 'bypassPolicyLockoutSafetyCheck') as bypass,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from cloudtrail
where event_time between $from and $to
  and (
    (eventsource = 'kms.amazonaws.com' and ($service is null or $service = 'kms') and (useridentity.type is distinct from 'AWSService') and eventname in (
      'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'DeleteImportedKeyMaterial', 'ImportKeyMaterial', 'CreateGrant', 'RetireGrant',
      'RevokeGrant', 'PutKeyPolicy', 'DisableKeyRotation', 'UpdateAlias', 'DeleteAlias', 'ReplicateKey', 'DeleteCustomKeyStore', 'DisconnectCustomKeyStore'))
    or (eventsource = 'organizations.amazonaws.com' and ($service is null or $service = 'organizations') and eventname in (
      'DetachPolicy', 'DeletePolicy', 'DisablePolicyType', 'UpdatePolicy', 'AttachPolicy', 'DisableAWSServiceAccess'))
  )
order by event_time, evidence_object, evidence_record
