-- title: Role chains
-- question: Which chains of sessions lead from a key or a first caller to the roles it ended in?
-- sources: cloudtrail
-- attack: T1550.001, T1021.007
-- parameter: key text = null
-- parameter: most_steps integer = 8
-- parameter: each boolean = false
-- about key: the access key with which the chain begins; null means every caller whose key was not made in the collected logs
-- about most_steps: how long a chain may be
-- about each: true gives one line for each step that was walked; with a key this is always so
-- trap: A chain breaks where the log of an account or region was not collected; then it seems to begin at a temporary key (ASIA…), and starts_whole is false.
-- trap: Without each, a chain of the same roles is one line; times says how often it was walked. The longest chains stand first, and of these the newest.
-- trap: Every beginning of a chain is a line of its own, for it may have been walked without the rest.
-- trap: Steps into another account that both accounts recorded are taken once, the copy of the caller's account first.
-- next: privilege_escalation/assume_role_edges
-- next: triage/key_activity
with recursive copies as (
  select
    evidence_object, evidence_record, event_time, account,
    useridentity.accesskeyid as caller_key,
    coalesce(useridentity.arn, useridentity.principalid, useridentity.invokedby, sourceipaddress) as caller,
    coalesce(
      useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby,
      sourceipaddress
    ) as caller_role,
    sourceipaddress as ip,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key,
    coalesce(
      json_as_text(responseelements, 'assumedRoleUser', 'arn'), json_as_text(requestparameters, 'roleArn'),
      json_as_text(responseelements, 'federatedUser', 'arn'),
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
  select
    evidence_object, evidence_record, event_time, account, caller_key, caller, caller_role, ip, new_key, session,
    regexp_replace(session, '^arn:([^:]*):sts::([0-9]*):assumed-role/([^/]+)/.*$', 'arn:\1:iam::\2:role/\3') as role
  from copies
  where copy = 1
), chains as (
  select
    steps.evidence_object, steps.evidence_record, steps.event_time, steps.account,
    cast(1 as bigint) as step,
    coalesce(steps.caller_key, steps.caller) as begins_with,
    steps.caller_key is null or not starts_with(steps.caller_key, 'ASIA') as starts_whole,
    steps.caller, steps.caller_key, steps.session, steps.new_key, steps.ip,
    concat(coalesce(steps.caller_role, '?'), ' > ', coalesce(steps.role, '?')) as chain
  from steps
  left join steps as earlier on earlier.new_key = steps.caller_key
  where steps.caller_key = $key or ($key is null and earlier.new_key is null)
  union all
  select
    steps.evidence_object, steps.evidence_record, steps.event_time, steps.account,
    chains.step + 1 as step,
    chains.begins_with,
    chains.starts_whole,
    steps.caller, steps.caller_key, steps.session, steps.new_key, steps.ip,
    concat(chains.chain, ' > ', coalesce(steps.role, '?')) as chain
  from chains
  join steps on steps.caller_key = chains.new_key
  where chains.step < $most_steps
), walked as (
  select
    *,
    case
      when $each or $key is not null then concat(evidence_object, ' ', cast(evidence_record as text))
      else ''
    end as fold
  from chains
)
select
  chain,
  step as steps,
  count(*) as times,
  min(event_time) as first_time,
  max(event_time) as last_time,
  array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
  first_value(begins_with order by event_time, evidence_object, evidence_record) as begins_with,
  bool_and(starts_whole) as starts_whole,
  first_value(caller_key order by event_time, evidence_object, evidence_record) as caller_key,
  first_value(session order by event_time, evidence_object, evidence_record) as session,
  first_value(new_key order by event_time, evidence_object, evidence_record) as new_key,
  min(account) as account,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from walked
group by chain, step, fold
order by steps desc, first_time desc, chain, evidence_object, evidence_record
