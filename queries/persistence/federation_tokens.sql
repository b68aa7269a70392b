-- title: Tokens that outlive their key
-- question: Which long-lived keys handed out session or federation tokens, what did these do, and did they go on after the key was disabled or deleted?
-- sources: cloudtrail
-- attack: T1550.001, T1098.001, T1078.004
-- parameter: key text = null
-- parameter: only_outlived boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: the access key that asked for the token, or the new one; null means every key
-- about only_outlived: true leaves out tokens that were not used after their key was disabled
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A federation token lives up to 36 hours; disabling or deleting the key that made it does not end it. Only a Deny on the user, or the end of its time, does.
-- trap: key_ended_at is the first call that disabled or deleted that key, in any collected log; null means that none is in the evidence, not that the key is still active.
-- trap: GetSigninToken turns temporary credentials into a console session, whose calls then carry another key; see the console column in triage/principal_sessions.
-- trap: expiration is what the answer said; where it is null, the log did not have the answer.
-- trap: Failed attempts are listed as well; see error_class.
-- next: triage/key_activity
-- next: privilege_escalation/assume_role_edges
with tokens as (
  select
    evidence_object, evidence_record, event_time, account, eventname as action, error_class,
    coalesce(useridentity.arn, useridentity.principalid) as actor,
    useridentity.accesskeyid as parent_key,
    sourceipaddress as ip,
    useragent as user_agent,
    json_as_text(requestparameters, 'name') as token_name,
    json_as_text(requestparameters, 'durationSeconds') as duration_seconds,
    coalesce(json_get_json(requestparameters, 'policy'), json_get_json(requestparameters, 'policyArns')) as policy,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key,
    json_as_text(responseelements, 'credentials', 'expiration') as expiration
  from cloudtrail
  where (eventsource = 'sts.amazonaws.com' and eventname in ('GetFederationToken', 'GetSessionToken'))
    or (eventsource = 'signin.amazonaws.com' and eventname = 'GetSigninToken')
), ended as (
  select
    json_as_text(requestparameters, 'accessKeyId') as ended_key,
    min(event_time) as key_ended_at
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and error_class = 'success'
    and (eventname = 'DeleteAccessKey' or (eventname = 'UpdateAccessKey' and json_as_text(requestparameters, 'status') = 'Inactive'))
  group by 1
), used as (
  select
    tokens.new_key,
    count(*) as uses,
    min(calls.event_time) as first_use,
    max(calls.event_time) as last_use,
    count(*) filter (where calls.event_time > ended.key_ended_at) as uses_after_end,
    array_to_string(array_sort(array_agg(distinct calls.sourceipaddress)), ', ') as used_from
  from tokens
  join cloudtrail as calls on calls.useridentity.accesskeyid = tokens.new_key
  left join ended on ended.ended_key = tokens.parent_key
  group by tokens.new_key
)
select
  tokens.evidence_object, tokens.evidence_record, tokens.event_time, tokens.account, tokens.action, tokens.actor, tokens.parent_key, tokens.new_key,
  tokens.token_name, tokens.duration_seconds, tokens.expiration, tokens.policy, ended.key_ended_at, coalesce(used.uses, 0) as uses,
  coalesce(used.uses_after_end, 0) as uses_after_end, used.first_use, used.last_use, used.used_from, tokens.ip, tokens.user_agent, tokens.error_class
from tokens
left join ended on ended.ended_key = tokens.parent_key
left join used on used.new_key = tokens.new_key
where tokens.event_time between $from and $to
  and ($key is null or tokens.parent_key = $key or tokens.new_key = $key)
  and ($only_outlived = false or used.uses_after_end > 0)
order by uses_after_end desc, tokens.event_time, tokens.evidence_object, tokens.evidence_record
