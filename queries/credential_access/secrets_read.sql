-- title: Secrets and parameters read
-- question: Which secrets and encrypted parameters were read, by whom, and was it the first time?
-- sources: cloudtrail
-- attack: T1555.006, T1552
-- parameter: actor text = null
-- parameter: repeats boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about repeats: true lists every read; with an actor this is always so
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without an actor only the first read of each secret by each reader from each address is listed, the latest first; reads counts them all.
-- trap: Values never stand in the log; a successful read means that the caller knows the value.
-- trap: One call can ask for many (BatchGetSecretValue, GetParameters, GetParametersByPath); for a path or a filter the names of what came back are not logged.
-- trap: A parameter is decrypted only where withDecryption is true; plain ones are listed with decrypted false.
-- trap: A secret can be named by name, by ARN or by part of the ARN, so one secret may have several names.
-- trap: First time means first in the collected logs.
-- trap: Denied reads are listed too; see error_class.
-- next: triage/key_activity
-- next: triage/successful_writes
with reads as (
  select
    *,
    useridentity.arn as actor,
    useridentity.accesskeyid as access_key,
    coalesce(
      useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, sourceipaddress
    ) as reader,
    coalesce(
      json_as_text(requestparameters, 'secretId'), json_as_text(requestparameters, 'name'),
      json_as_text(requestparameters, 'path'), json_get_json(requestparameters, 'secretIdList'),
      json_get_json(requestparameters, 'names'), json_get_json(requestparameters, 'filters')
    ) as secret
  from cloudtrail
  where (
      (eventsource = 'secretsmanager.amazonaws.com' and eventname in ('GetSecretValue', 'BatchGetSecretValue'))
      or (eventsource = 'ssm.amazonaws.com' and eventname in (
        'GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory'
      ))
    )
), totals as (
  select account, region, reader, eventsource, secret, sourceipaddress, error_class, count(*) as reads
  from reads
  group by account, region, reader, eventsource, secret, sourceipaddress, error_class
), numbered as (
  select
    *,
    row_number() over (
      partition by account, region, reader, eventsource, secret order by event_time, evidence_object, evidence_record
    ) as nth,
    row_number() over (
      partition by account, region, reader, eventsource, secret, sourceipaddress, error_class
      order by event_time, evidence_object, evidence_record
    ) as nth_here
  from reads
)
select
  evidence_object,
  evidence_record,
  event_time,
  numbered.account,
  numbered.region,
  eventname as action,
  numbered.secret,
  numbered.eventsource = 'secretsmanager.amazonaws.com'
    or coalesce(json_as_text(requestparameters, 'withDecryption') = 'true', false) as decrypted,
  nth = 1 as first_by_reader,
  totals.reads,
  numbered.reader,
  actor,
  access_key,
  useridentity.invokedby as invoked_by,
  numbered.sourceipaddress as ip,
  useragent as user_agent,
  numbered.error_class
from numbered
left join totals
  on (totals.account is not distinct from numbered.account) and (totals.region is not distinct from numbered.region)
  and totals.reader = numbered.reader and totals.eventsource = numbered.eventsource
  and (totals.secret is not distinct from numbered.secret)
  and (totals.sourceipaddress is not distinct from numbered.sourceipaddress)
  and totals.error_class = numbered.error_class
where ($repeats or $actor is not null or nth_here = 1)
  and event_time between $from and $to
  and (
    $actor is null
    or access_key = $actor
    or strpos(actor, $actor) > 0
    or strpos(useridentity.principalid, $actor) > 0
  )
order by case when $actor is null and not $repeats then event_time end desc nulls last, event_time, evidence_object, evidence_record
