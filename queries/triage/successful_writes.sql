-- title: Successful changes
-- question: Which actions changed something and succeeded?
-- sources: cloudtrail
-- attack: T1578, T1098
-- parameter: actor text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about top: how many lines where no actor is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without an actor only as many lines are shown as top says; of_lines tells how many there are.
-- trap: Without an actor new and rare writes stand first: times says how often the same principal made the same call in the whole case. With one, the order is that of time.
-- trap: is_new marks a principal at an address at which it was not seen in the first quiet_days of the case.
-- trap: Old events lack readOnly; is_write is then derived from the name of the action, and an event for which that is not possible is listed with is_write null rather than left out.
-- trap: A dry run that would have been allowed changed nothing and is not here; see discovery/dry_run_probes.
-- trap: Success means that the request was accepted; asynchronous work can fail later, and calls such as DeleteObjects or RunInstances report errors of single items in the answer.
-- trap: AssumeRole and sign-ins count as writes for some services and as reads for others, as the service says.
-- next: config/resource_history
-- next: triage/failed_actions
-- next: triage/principal_sessions
with known as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    coalesce(sourceipaddress, '-') as place,
    min(event_time) as pair_first,
    (select min(event_time) from cloudtrail) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from cloudtrail
  group by 1, 2
), writes as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    count(*) over (
      partition by coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-'), eventsource, eventname
    ) as times
  from cloudtrail
  where coalesce(is_write, true)
    and error_class = 'success'
), ranked as (
  select
    writes.*,
    coalesce(known.pair_first >= known.quiet_until, true) as is_new,
    row_number() over (
      order by coalesce(known.pair_first >= known.quiet_until, true) desc, writes.times, writes.event_time,
        writes.evidence_object, writes.evidence_record
    ) as rank,
    count(*) over () as of_lines
  from writes
  left join known on known.issuer = writes.issuer and known.place = coalesce(writes.sourceipaddress, '-')
  where writes.event_time between $from and $to
    and (
      $actor is null
      or writes.useridentity.accesskeyid = $actor
      or strpos(writes.useridentity.arn, $actor) > 0
      or strpos(writes.useridentity.principalid, $actor) > 0
    )
)
select
  evidence_object,
  evidence_record,
  event_time,
  eventname as action,
  useridentity.arn as actor,
  sourceipaddress as ip,
  eventsource as service,
  times,
  is_new,
  account,
  region,
  useridentity.type as actor_type,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  useragent as user_agent,
  is_write,
  resources,
  requestparameters as request,
  of_lines
from ranked
where $actor is not null or $top is null or rank <= $top
order by case when $actor is null then rank end, event_time, evidence_object, evidence_record
