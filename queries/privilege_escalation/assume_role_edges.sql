-- title: Edges of AssumeRole
-- question: Who assumed which role from where, since when, which temporary keys came of it, and were they used?
-- sources: cloudtrail
-- attack: T1078.004, T1548.005
-- parameter: key text = null
-- parameter: role text = null
-- parameter: each boolean = false
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: an access key id, of the caller or the new one; null means every key
-- about role: part of the ARN of the role; null means every role
-- about each: true gives one line for each step; with a key this is always so
-- about quiet_days: a line is new when it was first seen later than this many days after the first event of the case
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without a key, steps of the same caller into the same role from the same address are one line; the newest lines stand first, as a step that was never seen in the quiet weeks is the unusual one.
-- trap: New means new in the collected logs; with a short time before the incident everything looks new.
-- trap: The answer holds the new key (responseElements.credentials.accessKeyId), and the next step is the events that this key signed; session names are chosen by the caller and prove nothing.
-- trap: A step into another account is recorded in both, and the two events share sharedEventID; it is counted once, as the caller's account saw it where that was collected, as only there the caller has a name.
-- trap: uses counts what the new keys did in all collected logs, whatever the time limits.
-- trap: Services take roles all the time; caller_service names them.
-- next: privilege_escalation/role_chains
-- next: triage/key_activity
with copies as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'roleArn'), json_as_text(responseelements, 'assumedRoleUser', 'arn'),
      json_as_text(responseelements, 'federatedUser', 'arn'), json_as_text(requestparameters, 'targetPrincipal')
    ) as taken,
    json_as_text(requestparameters, 'roleSessionName') as session_name,
    json_as_text(requestparameters, 'sourceIdentity') as source_identity,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key,
    row_number() over (
      partition by coalesce(sharedeventid, concat(evidence_object, ' ', cast(evidence_record as text)))
      order by case when useridentity.arn is not null then 0 else 1 end,
        case when useridentity.accountid = recipientaccountid then 0 else 1 end, event_time, evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where eventsource = 'sts.amazonaws.com'
    and eventname in (
      'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot', 'GetSessionToken',
      'GetFederationToken'
    )
), used as (
  select
    useridentity.accesskeyid as access_key,
    count(*) as events,
    min(event_time) as first_use,
    max(event_time) as last_use
  from cloudtrail
  where starts_with(useridentity.accesskeyid, 'ASIA')
  group by useridentity.accesskeyid
), begun as (
  select min(event_time) as first_event from cloudtrail
), steps as (
  select
    copies.evidence_object,
    copies.evidence_record,
    copies.event_time,
    copies.account,
    copies.eventname as action,
    coalesce(
      copies.useridentity.sessioncontext.sessionissuer.arn, copies.useridentity.arn, copies.useridentity.principalid,
      copies.useridentity.invokedby, copies.sourceipaddress
    ) as caller,
    copies.useridentity.accountid as caller_account,
    copies.useridentity.accesskeyid as caller_key,
    coalesce(
      copies.useridentity.invokedby, case when copies.useridentity.type = 'AWSService' then copies.sourceipaddress end
    ) as caller_service,
    copies.sourceipaddress as ip,
    copies.taken,
    copies.session_name,
    copies.source_identity,
    copies.new_key,
    copies.error_class,
    used.events as uses,
    used.first_use,
    used.last_use,
    min(copies.event_time) over (
      partition by coalesce(copies.useridentity.sessioncontext.sessionissuer.arn, copies.useridentity.arn, copies.useridentity.principalid,
        copies.useridentity.invokedby, copies.sourceipaddress), copies.taken, copies.sourceipaddress
    ) as first_ever,
    case
      when $each or $key is not null then concat(copies.evidence_object, ' ', cast(copies.evidence_record as text))
      else ''
    end as fold
  from copies
  left join used on used.access_key = copies.new_key
  where copies.copy = 1
)
select
  caller,
  taken,
  ip,
  caller_service,
  min(first_ever) >= min(begun.first_event) + cast(concat(cast($quiet_days as text), ' days') as interval) as is_new,
  coalesce(min(caller_account) <> nullif(arn_account(taken), ''), false) as cross_account,
  count(*) as steps,
  count(*) filter (where error_class <> 'success') as failed,
  min(event_time) as first_time,
  max(event_time) as last_time,
  array_to_string(array_sort(array_agg(distinct action)), ', ') as actions,
  first_value(caller_key order by event_time, evidence_object, evidence_record) as caller_key,
  first_value(new_key order by event_time, evidence_object, evidence_record) as new_key,
  first_value(session_name order by event_time, evidence_object, evidence_record) as session_name,
  first_value(source_identity order by event_time, evidence_object, evidence_record) as source_identity,
  count(distinct new_key) as new_keys,
  count(distinct new_key) filter (where uses > 0) as new_keys_used,
  coalesce(sum(uses), 0) as uses,
  min(first_use) as first_use,
  max(last_use) as last_use,
  account,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from steps
cross join begun
where event_time between $from and $to
  and ($key is null or caller_key = $key or new_key = $key)
  and ($role is null or strpos(taken, $role) > 0)
group by fold, caller, taken, ip, caller_service, account
order by is_new desc, cross_account desc, first_time desc, caller nulls first, taken nulls first, ip nulls first, caller_service nulls first,
  account nulls first, evidence_object, evidence_record
