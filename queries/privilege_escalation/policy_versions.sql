-- title: Versions of policies
-- question: Which managed policies got a new version or another default version, what does it allow that the version before did not, and who did it?
-- sources: cloudtrail
-- attack: T1098.003, T1548.005
-- parameter: policy text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about policy: part of the name or ARN of the policy; null means every policy
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The statements before are those of the last CreatePolicy or CreatePolicyVersion of that policy in the logs; where there is none, before_known is false and everything looks new.
-- trap: A version that is not the default does nothing until SetDefaultPolicyVersion, which may go back to an old, wider version: its statements are those that the version was made with.
-- trap: added lists the statements, as they were written, that the version before does not have; a statement that was only put in other words counts as added.
-- trap: Whoever already has the policy gets the new rights at once, without any call about them.
-- trap: Failed attempts are listed as well; see error_class.
-- next: privilege_escalation/admin_policies
-- next: config/who_changed
-- next: triage/key_activity
with calls as (
  select
    evidence_object, evidence_record, event_time, account, eventname as action, error_class, useridentity, sourceipaddress, useragent,
    coalesce(json_as_text(requestparameters, 'policyArn'), json_as_text(responseelements, 'policy', 'arn')) as policy,
    coalesce(json_as_text(responseelements, 'policyVersion', 'versionId'), json_as_text(requestparameters, 'versionId'),
      case when eventname = 'CreatePolicy' then 'v1' end) as version,
    coalesce(json_as_text(requestparameters, 'setAsDefault') = 'true', false) or eventname in ('CreatePolicy', 'SetDefaultPolicyVersion') as becomes_default,
    json_as_text(requestparameters, 'policyDocument') as document
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and eventname in ('CreatePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicyVersion')
), texts as (
  select
    *,
    case
      when starts_with(trim(json_get_json(document, 'Statement')), '[') then json_get_json(document, 'Statement')
      when json_get_json(document, 'Statement') is not null then concat('[', json_get_json(document, 'Statement'), ']')
    end as statements
  from calls
), made as (
  select account, policy, version, event_time as made_at, statements as version_statements
  from texts
  where statements is not null and version is not null and error_class = 'success'
), told as (
  select
    texts.*,
    coalesce(texts.statements, made.version_statements) as now_statements,
    row_number() over (partition by texts.evidence_object, texts.evidence_record order by made.made_at desc nulls last) as nth
  from texts
  left join made
    on made.account = texts.account and made.policy = texts.policy and made.version = texts.version and made.made_at < texts.event_time
    and texts.action = 'SetDefaultPolicyVersion'
), ordered as (
  select
    *,
    last_value(case when becomes_default and error_class = 'success' then now_statements end) ignore nulls over earlier as before_statements
  from told
  where nth = 1
  window earlier as (
    partition by account, policy order by event_time, evidence_object, evidence_record rows between unbounded preceding and 1 preceding
  )
), compared as (
  select
    *,
    array_to_string(array_except(json_get_array(coalesce(now_statements, '[]')), json_get_array(coalesce(before_statements, '[]'))), ', ') as added,
    array_to_string(array_except(json_get_array(coalesce(before_statements, '[]')), json_get_array(coalesce(now_statements, '[]'))), ', ') as removed
  from ordered
  where event_time between $from and $to
    and action <> 'CreatePolicy'
    and ($policy is null or strpos(policy, $policy) > 0)
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  action,
  policy,
  version,
  becomes_default,
  now_statements is not null as statements_known,
  before_statements is not null as before_known,
  nullif(added, '') as added,
  case when now_statements is not null then nullif(removed, '') end as removed,
  coalesce(added ~ '"(Action|NotAction)"\s*:\s*\[?\s*"(\*|\*:\*|iam:\*|sts:\*)"', false) as adds_wildcard,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from compared
order by event_time, evidence_object, evidence_record
