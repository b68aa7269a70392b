-- title: Console sessions made from keys
-- question: Who turned an access key into another session: federation tokens, sign-in tokens and console sessions, and what was done with it?
-- sources: cloudtrail
-- attack: T1550.001, T1538, T1078.004
-- parameter: key text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: an access key id, of the caller or the new one; null means every key
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A federated session lives up to 36 hours and goes on after the key that made it is disabled or deleted; used_after_key_disabled says whether it did, by the calls of UpdateAccessKey and DeleteAccessKey in the logs.
-- trap: GetSigninToken names no new key; what the console then does carries the credentials that were handed in, with the mark of a console session.
-- trap: A federation token without a policy can do nothing but what resource policies grant it; packed_policy_size is 0 then.
-- trap: A session that was never used, or used where no log was collected, has uses = 0.
-- next: triage/key_activity
-- next: persistence/still_standing
with made as (
  select
    *,
    useridentity.arn as arn,
    useridentity.accesskeyid as caller_key,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key,
    row_number() over (
      partition by coalesce(sharedeventid, concat(evidence_object, ' ', cast(evidence_record as text))) order by event_time, evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where (eventsource = 'sts.amazonaws.com' and eventname in ('GetFederationToken', 'GetSessionToken', 'GetDelegatedAccessToken'))
    or (eventsource = 'signin.amazonaws.com' and eventname in ('GetSigninToken', 'SwitchRole', 'CreateOAuth2Token', 'ExitRole', 'UserAuthentication'))
    or (eventsource = 'signin.amazonaws.com' and eventname = 'ConsoleLogin' and useridentity.type in ('FederatedUser', 'AssumedRole'))
), uses as (
  select
    useridentity.accesskeyid as access_key,
    count(*) as uses,
    count(*) filter (where coalesce(is_write, true) and error_class = 'success') as changes,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as used_from,
    min(event_time) as first_use,
    max(event_time) as last_use
  from cloudtrail
  where starts_with(useridentity.accesskeyid, 'ASIA')
  group by useridentity.accesskeyid
), ended as (
  select json_as_text(requestparameters, 'accessKeyId') as access_key, min(event_time) as disabled_at
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and error_class = 'success'
    and (eventname = 'DeleteAccessKey' or (eventname = 'UpdateAccessKey' and json_as_text(requestparameters, 'status') = 'Inactive'))
  group by json_as_text(requestparameters, 'accessKeyId')
)
select
  m.evidence_object, m.evidence_record, m.event_time, m.account, m.region, m.eventname as action, m.arn as caller, m.caller_key,
  coalesce(json_as_text(m.responseelements, 'federatedUser', 'arn'), json_as_text(m.requestparameters, 'name'), json_as_text(m.additionaleventdata, 'SwitchTo')) as session,
  m.new_key,
  try_cast(json_as_text(m.requestparameters, 'durationSeconds') as bigint) as seconds,
  json_as_text(m.responseelements, 'credentials', 'expiration') as expires,
  json_as_text(m.responseelements, 'packedPolicySize') as packed_policy_size,
  coalesce(uses.uses, 0) as uses, coalesce(uses.changes, 0) as changes, uses.used_from, uses.first_use, uses.last_use,
  ended.disabled_at as key_disabled_at,
  coalesce(uses.last_use > ended.disabled_at, false) as used_after_key_disabled,
  m.sourceipaddress as ip, m.useragent as user_agent, m.error_class, m.requestparameters as request
from made m
left join uses on uses.access_key = m.new_key
left join ended on ended.access_key = m.caller_key
where m.copy = 1
  and m.event_time between $from and $to
  and ($key is null or m.caller_key = $key or m.new_key = $key)
order by m.event_time, m.evidence_object, m.evidence_record
