-- title: Decryption with KMS
-- question: Which principals decrypted with which KMS key and for what, and was that new for the principal, the context or the address?
-- sources: cloudtrail
-- attack: T1552, T1555.006, T1486
-- parameter: key_id text = null
-- parameter: quiet_days integer = 14
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key_id: part of the id or ARN of the KMS key; null means every key
-- about quiet_days: how many days after the first event of the case count as quiet
-- about top: how many lines where no key is given, the newest first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without a key only as many lines are shown as top says, what was new after the quiet_days first; of_lines tells how many there are.
-- trap: Decrypt does not name its key in the request; the key stands in the list of resources, and the encryption context names the secret, parameter, bucket or function.
-- trap: A service that decrypts for a caller (by_service) is logged as the caller's act; with bucket keys of S3 many reads share one call.
-- trap: High-volume events of KMS can be left out of a trail by its selectors, so no line is no proof.
-- trap: GenerateDataKey and ReEncrypt by a stranger are how data are taken hostage; they are listed with their action.
-- next: credential_access/secrets_read
-- next: credential_access/rotation_list
-- next: triage/key_activity
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor,
    coalesce(json_as_text(event_resources, 0, 'ARN'), json_as_text(requestparameters, 'keyId')) as kms_key,
    coalesce(
      json_as_text(requestparameters, 'encryptionContext', 'SecretARN'), json_as_text(requestparameters, 'encryptionContext', 'PARAMETER_ARN'),
      json_as_text(requestparameters, 'encryptionContext', 'aws:s3:arn'), json_as_text(requestparameters, 'encryptionContext', 'aws:lambda:FunctionArn'),
      json_as_text(requestparameters, 'encryptionContext', 'aws:ebs:id'), json_as_text(requestparameters, 'encryptionContext', 'aws:cloudtrail:arn'),
      json_get_json(requestparameters, 'encryptionContext')
    ) as context
  from cloudtrail
  where eventsource = 'kms.amazonaws.com'
    and eventname in ('Decrypt', 'ReEncrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'GenerateDataKeyPair', 'Encrypt')
    and coalesce(useridentity.type, '') <> 'AWSService'
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), folded as (
  select
    account, region, actor, eventname as action, kms_key, context, sourceipaddress as ip, error_class,
    count(*) as events,
    count(*) filter (where useridentity.invokedby is not null or sourceipaddress like '%.amazonaws.com') as by_service,
    min(event_time) as first_time,
    max(event_time) as last_time,
    min(min(event_time)) over (partition by actor) as first_of_actor,
    min(min(event_time)) over (partition by actor, context) as first_of_context,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  group by account, region, actor, eventname, kms_key, context, sourceipaddress, error_class
), ranked as (
  select
    folded.*,
    first_of_actor >= begun.quiet_until as new_actor,
    first_of_context >= begun.quiet_until as new_context,
    first_time >= begun.quiet_until as is_new,
    row_number() over (
      order by first_of_actor >= begun.quiet_until desc, first_of_context >= begun.quiet_until desc, first_time >= begun.quiet_until desc, first_time desc,
        evidence_object, evidence_record
    ) as rank,
    count(*) over () as of_lines
  from folded
  cross join begun
  where last_time >= $from and first_time <= $to
    and ($key_id is null or strpos(kms_key, $key_id) > 0)
)
select
  actor, action, context, kms_key, ip, new_actor, new_context, is_new, events, by_service, error_class, account, region, first_time, last_time,
  evidence_object, evidence_record, of_lines
from ranked
where $key_id is not null or $top is null or rank <= $top
order by rank
