-- title: Failed actions
-- question: Which actions failed, for whom, and with which error?
-- sources: cloudtrail
-- attack: T1580, T1526
-- parameter: actor text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about top: how many lines where no actor is given, the most unusual first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without an actor only as many lines are shown as top says; of_lines tells how many there are.
-- trap: Whoever was refused the most different actions stands first; refused_actions counts them over all lines of the key.
-- trap: The code for a refusal differs from service to service (AccessDenied, Client.UnauthorizedOperation, Forbidden…); compare error_class and not the code.
-- trap: Client.DryRunOperation means that the call would have succeeded; it is no failure and not here. See discovery/dry_run_probes.
-- trap: Services read in the background of the console, so some refusals were never asked for by a person.
-- next: discovery/access_denied_bursts
-- next: triage/successful_writes
with failures as (
  select
    useridentity.arn as actor,
    useridentity.accesskeyid as access_key,
    eventsource as service,
    eventname as action,
    error_class,
    errorcode as error,
    min(errormessage) as a_message,
    count(*) as events,
    count(distinct awsregion) as regions,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from cloudtrail
  where event_time between $from and $to
    and error_class not in ('success', 'dry_run_allowed')
    and (
      $actor is null
      or useridentity.accesskeyid = $actor
      or strpos(useridentity.arn, $actor) > 0
      or strpos(useridentity.principalid, $actor) > 0
    )
  group by useridentity.arn, useridentity.accesskeyid, eventsource, eventname, error_class, errorcode
), counted as (
  select actor, access_key, count(distinct concat(service, ':', action)) as refused_actions
  from failures
  where error_class in ('denied', 'dry_run_denied', 'login_failed')
  group by actor, access_key
), ranked as (
  select
    failures.*,
    coalesce(counted.refused_actions, 0) as refused_actions,
    row_number() over (
      order by coalesce(counted.refused_actions, 0) desc, failures.actor nulls first, failures.access_key nulls first,
        failures.error_class = 'denied' desc, failures.first_time desc, failures.service nulls first, failures.action nulls first, failures.error_class,
        failures.error nulls first
    ) as rank,
    count(*) over () as of_lines
  from failures
  left join counted
    on (counted.actor is not distinct from failures.actor) and (counted.access_key is not distinct from failures.access_key)
)
select
  refused_actions, action, error_class, actor, events, service, ips, first_time, last_time, error, access_key, a_message,
  regions, evidence_object, evidence_record, of_lines
from ranked
where $actor is not null or $top is null or rank <= $top
order by rank
