-- title: Bursts of secret reads
-- question: Which sessions read many different secrets or parameters within a few minutes?
-- sources: cloudtrail
-- attack: T1555.006
-- parameter: minutes integer = 5
-- parameter: least_secrets integer = 3
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least_secrets: how many different secrets make a burst
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Windows begin at fixed times, so a burst across an edge is cut in two and may fall below the limit.
-- trap: A call for many secrets counts once for each name that it gives; a call by path or filter counts once.
-- trap: Applications that start up read many secrets at once; compare with the same principal on other days.
-- next: credential_access/secrets_read
-- next: triage/key_activity
with reads as (
  select
    *,
    useridentity.arn as actor,
    coalesce(
      json_get_json(requestparameters, 'secretIdList'), json_get_json(requestparameters, 'names'),
      concat('[', coalesce(
        json_get_json(requestparameters, 'secretId'), json_get_json(requestparameters, 'name'),
        json_get_json(requestparameters, 'path'), '"?"'
      ), ']')
    ) as names
  from cloudtrail
  where (
      (eventsource = 'secretsmanager.amazonaws.com' and eventname in ('GetSecretValue', 'BatchGetSecretValue'))
      or (eventsource = 'ssm.amazonaws.com' and eventname in ('GetParameter', 'GetParameters', 'GetParametersByPath'))
    )
    and event_time between $from and $to
), named as (
  select
    session_id, account, region, actor, event_time, evidence_object, evidence_record, error_class, sourceipaddress,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    unnest(json_get_array(names)) as quoted
  from reads
), plain as (
  select *, btrim(quoted, '"') as secret
  from named
)
select
  window_start,
  account,
  region,
  session_id,
  min(actor) as actor,
  count(distinct secret) as secrets,
  count(*) as reads,
  count(*) filter (where error_class = 'denied') as denied,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  array_to_string(array_sort(array_agg(distinct secret)), ', ') as names,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from plain
group by window_start, account, region, session_id
having count(distinct secret) >= $least_secrets
order by window_start, account nulls first, region nulls first, session_id nulls first
