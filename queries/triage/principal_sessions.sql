-- title: Sessions of a principal
-- question: What did this principal do, folded into sessions?
-- sources: cloudtrail
-- attack: T1078
-- parameter: actor text = null
-- parameter: gap_minutes integer = 30
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN, the unique id, the user name or the account id of the actor; null means everybody
-- about gap_minutes: after so many quiet minutes a new session of a long-lived key begins; sessions of temporary keys are never split
-- about top: how many lines where no principal is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without a principal only as many lines are shown as top says; of_lines tells how many there are.
-- trap: Without a principal, sessions at an address at which the principal was not seen in the first quiet_days stand first (new_places counts these addresses), and of these the most refused. With one, the order is that of time.
-- trap: Calls that AWS services made on the principal's behalf count as its own; the column by_services says how many they are.
-- trap: The user agent and the session name are written by the caller.
-- next: triage/key_activity
-- next: triage/successful_writes
-- next: triage/failed_actions
with known as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    coalesce(sourceipaddress, '-') as place,
    min(event_time) as pair_first,
    (select min(event_time) from cloudtrail) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from cloudtrail
  group by 1, 2
), calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer_name,
    useridentity.arn as arn,
    useridentity.accesskeyid as access_key,
    lag(event_time) over (partition by session_id order by event_time, evidence_object, evidence_record) as before
  from cloudtrail
  where event_time between $from and $to
    and (
      $actor is null
      or strpos(useridentity.arn, $actor) > 0
      or strpos(useridentity.principalid, $actor) > 0
      or useridentity.username = $actor
      or useridentity.accountid = $actor
      or useridentity.sessioncontext.sessionissuer.arn = $actor
    )
), numbered as (
  select
    *,
    sum(
      case
        when before is null then 1
        when starts_with(access_key, 'ASIA') then 0
        when event_time - before > cast(concat(cast($gap_minutes as text), ' minutes') as interval) then 1
        else 0
      end
    ) over (
      partition by session_id order by event_time, evidence_object, evidence_record
      rows between unbounded preceding and current row
    ) as part
  from calls
), sessions as (
  select
    session_id,
    part,
    min(arn) as actor,
    min(useridentity.type) as actor_type,
    min(useridentity.sessioncontext.sessionissuer.arn) as issuer,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) as events,
    count(*) filter (where is_write and error_class = 'success') as successful_writes,
    count(*) filter (where error_class = 'denied') as denied,
    count(*) filter (where error_class not in ('success', 'denied', 'dry_run_allowed')) as other_errors,
    count(*) filter (where useridentity.invokedby is not null) as by_services,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    array_to_string(array_sort(array_agg(distinct awsregion)), ', ') as regions,
    array_to_string(array_sort(array_agg(distinct eventsource)), ', ') as services,
    count(distinct eventname) as actions,
    count(distinct useragent) as user_agents,
    count(distinct sourceipaddress) filter (where known.pair_first >= known.quiet_until) as new_places,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from numbered
  left join known
    on known.issuer = numbered.issuer_name and known.place = coalesce(numbered.sourceipaddress, '-')
  group by session_id, part
), ranked as (
  select
    *,
    row_number() over (order by new_places > 0 desc, denied desc, successful_writes desc, first_time, session_id, part) as rank,
    count(*) over () as of_lines
  from sessions
)
select
  session_id, part, actor, actor_type, issuer, first_time, last_time, events, successful_writes, denied, other_errors,
  by_services, new_places, ips, regions, services, actions, user_agents, evidence_object, evidence_record, of_lines
from ranked
where $actor is not null or $top is null or rank <= $top
order by case when $actor is null then rank end, first_time, session_id, part
