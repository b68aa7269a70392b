-- title: Changes without MFA
-- question: Which users and roles changed something with credentials that were issued without MFA, and do they otherwise use it?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: actor text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the ARN or unique id; null means everybody
-- about top: how many lines where no actor is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without an actor only as many lines are shown as top says, addresses that were new after the quiet_days first; of_lines tells how many there are.
-- trap: A long-lived key never has MFA of its own (mfa is then null); only credentials from GetSessionToken, AssumeRole or the console tell whether it was used.
-- trap: A role that was taken without MFA says false also where the person had used it before: the chain counts, see privilege_escalation/session_roots.
-- trap: Federated people and Identity Center have their MFA elsewhere and say false always.
-- trap: Services and machines have none either; calls by services are left out, roles of machines are not, and usual_percent says how the principal's other calls are.
-- next: initial_access/console_logins_without_mfa
-- next: privilege_escalation/session_roots
-- next: triage/successful_writes
with calls as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1)) as actor,
    useridentity.type as actor_type, useridentity.arn as arn, useridentity.principalid as principal, useridentity.accesskeyid as access_key,
    useridentity.sessioncontext.attributes.mfaauthenticated as mfa, sourceipaddress as ip, eventname, eventsource, is_write, error_class,
    account, event_time, evidence_object, evidence_record
  from cloudtrail
  where useridentity.type in ('IAMUser', 'Root', 'AssumedRole', 'FederatedUser')
    and useridentity.invokedby is null
    and eventsource <> 'signin.amazonaws.com'
), weighed as (
  select
    *,
    avg(case when coalesce(mfa, false) then 100.0 else 0.0 end) over (partition by actor) as usual_percent,
    min(event_time) over (partition by actor, ip) as first_here
  from calls
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), folded as (
  select
    actor, actor_type, mfa, ip, account,
    round(min(usual_percent), 1) as usual_percent,
    min(first_here) as first_here,
    count(*) as writes,
    count(distinct concat(eventsource, eventname)) as actions,
    array_to_string(array_slice(array_sort(array_agg(distinct eventname)), 1, 15), ', ') as a_few_actions,
    count(distinct access_key) as keys,
    min(access_key) as a_key,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from weighed
  where coalesce(is_write, true)
    and error_class = 'success'
    and coalesce(mfa, false) = false
    and event_time between $from and $to
    and ($actor is null or access_key = $actor or strpos(arn, $actor) > 0 or strpos(principal, $actor) > 0)
  group by actor, actor_type, mfa, ip, account
), ranked as (
  select
    folded.*,
    folded.first_here >= begun.quiet_until as is_new,
    row_number() over (
      order by folded.first_here >= begun.quiet_until desc, folded.writes, folded.first_time, folded.actor nulls first, folded.ip nulls first,
        folded.account nulls first, folded.mfa nulls first
    ) as rank,
    count(*) over () as of_lines
  from folded
  cross join begun
)
select
  actor, actor_type, ip, is_new, mfa, usual_percent, writes, actions, a_few_actions, keys, a_key, account, first_time, last_time, evidence_object,
  evidence_record, of_lines
from ranked
where $actor is not null or $top is null or rank <= $top
order by rank
