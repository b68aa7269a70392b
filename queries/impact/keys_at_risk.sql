-- title: Encryption keys disabled, given away or to be deleted
-- question: Which keys of KMS were disabled, scheduled for deletion, given to others or locked by a new policy, by whom, and is that still so?
-- sources: cloudtrail
-- attack: T1485, T1486, T1490, T1098
-- parameter: key text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: the id or ARN of the key; null means every key
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A scheduled deletion can be taken back until its day (CancelKeyDeletion); the key is disabled meanwhile, and after a cancel it stays disabled until it is enabled. undone_at is the first call that takes this one back.
-- trap: A new policy can lock everybody out, and can also be harmless; read the column request.
-- trap: A grant lets others use the key and is in no policy; grants that AWS services make for themselves are left out.
-- trap: uses_before counts Decrypt, GenerateDataKey and Encrypt of all callers in the 30 days before, in the collected logs: what depends on the key.
-- trap: Refused attempts are listed as well; see error_class.
-- next: config/who_changed
-- next: impact/backups_removed
with calls as (
  select
    *,
    regexp_replace(coalesce(json_as_text(requestparameters, 'keyId'), json_as_text(requestparameters, 'targetKeyId'), json_as_text(responseelements, 'keyId')), '^.*/', '') as key_id
  from cloudtrail
  where eventsource = 'kms.amazonaws.com'
    and eventname in (
      'ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy', 'DeleteImportedKeyMaterial', 'CreateGrant', 'RevokeGrant', 'RetireGrant', 'DeleteAlias', 'UpdateAlias',
      'DisableKeyRotation', 'DisconnectCustomKeyStore', 'DeleteCustomKeyStore', 'UpdatePrimaryRegion', 'ReplicateKey', 'CancelKeyDeletion', 'EnableKey', 'ImportKeyMaterial',
      'ConnectCustomKeyStore', 'EnableKeyRotation', 'DeleteKey'
    )
), uses as (
  select
    regexp_replace(coalesce(json_as_text(requestparameters, 'keyId'), array_to_string(regexp_match(event_resources, ':key/([0-9a-z-]+)'), '')), '^.*/', '') as key_id,
    event_time
  from cloudtrail
  where eventsource = 'kms.amazonaws.com'
    and eventname in ('Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt', 'Sign')
    and error_class = 'success'
), undone as (
  select c.evidence_object, c.evidence_record, min(u.event_time) as undone_at, first_value(u.useridentity.arn order by u.event_time, u.evidence_object, u.evidence_record) as undone_by
  from calls c
  join calls u on u.key_id = c.key_id and u.event_time > c.event_time and u.error_class = 'success'
    and (
      (c.eventname = 'ScheduleKeyDeletion' and u.eventname = 'CancelKeyDeletion')
      or (c.eventname = 'DisableKey' and u.eventname = 'EnableKey')
      or (c.eventname = 'DeleteImportedKeyMaterial' and u.eventname = 'ImportKeyMaterial')
      or (c.eventname = 'DisableKeyRotation' and u.eventname = 'EnableKeyRotation')
      or (c.eventname = 'CreateGrant' and u.eventname in ('RevokeGrant', 'RetireGrant') and json_as_text(u.requestparameters, 'grantId') = json_as_text(c.responseelements, 'grantId'))
      or (c.eventname = 'PutKeyPolicy' and u.eventname = 'PutKeyPolicy')
    )
  group by c.evidence_object, c.evidence_record
), used as (
  select c.evidence_object, c.evidence_record, count(*) filter (where u.event_time <= c.event_time) as uses_before, count(*) filter (where u.event_time > c.event_time) as uses_after
  from calls c
  join uses u on u.key_id = c.key_id and u.event_time >= c.event_time - interval '30 days'
  group by c.evidence_object, c.evidence_record
)
select
  c.evidence_object, c.evidence_record, c.event_time, c.account, c.region, c.eventname as action, c.key_id,
  json_as_text(c.requestparameters, 'pendingWindowInDays') as days_until,
  coalesce(json_as_text(c.responseelements, 'deletionDate'), '') as deletion_date,
  json_as_text(c.requestparameters, 'granteePrincipal') as grantee,
  coalesce(replace(c.requestparameters, coalesce(c.account, '-'), '') ~ '"(arn:[^"]*:)?[0-9]{12}(:[^"]*)?"|"\*"', false) as names_others,
  undone.undone_at, undone.undone_by,
  c.error_class = 'success' and undone.undone_at is null as still_so,
  coalesce(used.uses_before, 0) as uses_before, coalesce(used.uses_after, 0) as uses_after,
  c.useridentity.arn as actor, c.useridentity.accesskeyid as access_key, c.useridentity.invokedby as invoked_by, c.sourceipaddress as ip, c.useragent as user_agent, c.error_class,
  c.requestparameters as request
from calls c
left join undone on undone.evidence_object = c.evidence_object and undone.evidence_record = c.evidence_record
left join used on used.evidence_object = c.evidence_object and used.evidence_record = c.evidence_record
where c.event_time between $from and $to
  and ($key is null or strpos($key, c.key_id) > 0)
  and not (c.eventname in ('CreateGrant', 'RetireGrant') and c.useridentity.invokedby is not null)
order by c.event_time, c.evidence_object, c.evidence_record
