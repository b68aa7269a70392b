-- title: Role chains
-- question: Which chains of sessions lead from a key or a first caller to the roles it ended in?
-- sources: cloudtrail
-- attack: T1550.001, T1021.007
-- parameter: key text = null
-- parameter: most_steps integer = 8
-- about key: the access key with which the chain begins; null means every caller whose key was not made in the collected logs
-- about most_steps: how long a chain may be
-- trap: A chain breaks where the log of an account or region was not collected; then it seems to begin at a temporary key (ASIA…), and starts_whole is false.
-- trap: Every step is an event; a chain that was walked twice is listed twice.
-- trap: Steps into another account that both accounts recorded are taken once, the copy of the caller's account first.
-- next: privilege_escalation/assume_role_edges
-- next: triage/key_activity
with recursive copies as (
  select
    evidence_object, evidence_record, event_time, account,
    useridentity.accesskeyid as caller_key,
    coalesce(useridentity.arn, useridentity.principalid, useridentity.invokedby, sourceipaddress) as caller,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key,
    coalesce(
      json_as_text(responseelements, 'assumedRoleUser', 'arn'), json_as_text(requestparameters, 'roleArn'),
      json_as_text(requestparameters, 'targetPrincipal')
    ) as session,
    row_number() over (
      partition by json_as_text(responseelements, 'credentials', 'accessKeyId')
      order by useridentity.accesskeyid nulls last, case when useridentity.accountid = recipientaccountid then 0 else 1 end,
        event_time, evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where eventsource = 'sts.amazonaws.com'
    and error_class = 'success'
    and json_as_text(responseelements, 'credentials', 'accessKeyId') is not null
), steps as (
  select evidence_object, evidence_record, event_time, account, caller_key, caller, new_key, session
  from copies
  where copy = 1
), chains as (
  select
    steps.evidence_object, steps.evidence_record, steps.event_time, steps.account,
    cast(1 as bigint) as step,
    coalesce(steps.caller_key, steps.caller) as begins_with,
    steps.caller_key is null or not starts_with(steps.caller_key, 'ASIA') as starts_whole,
    steps.caller, steps.caller_key, steps.session, steps.new_key,
    concat(coalesce(steps.caller, '?'), ' > ', coalesce(steps.session, '?')) as chain
  from steps
  left join steps as earlier on earlier.new_key = steps.caller_key
  where steps.caller_key = $key or ($key is null and earlier.new_key is null)
  union all
  select
    steps.evidence_object, steps.evidence_record, steps.event_time, steps.account,
    chains.step + 1 as step,
    chains.begins_with,
    chains.starts_whole,
    steps.caller, steps.caller_key, steps.session, steps.new_key,
    concat(chains.chain, ' > ', coalesce(steps.session, '?')) as chain
  from chains
  join steps on steps.caller_key = chains.new_key
  where chains.step < $most_steps
)
select
  evidence_object, evidence_record, event_time, account, begins_with, starts_whole, step, caller, caller_key, session,
  new_key, chain
from chains
order by begins_with nulls first, chain, event_time, step, evidence_object, evidence_record
