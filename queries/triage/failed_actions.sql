-- title: Failed actions
-- question: Which actions failed, for whom, and with which error?
-- sources: cloudtrail
-- attack: T1580, T1526
-- parameter: actor text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: The code for a refusal differs from service to service (AccessDenied, Client.UnauthorizedOperation, Forbidden…); compare error_class and not the code.
-- trap: Client.DryRunOperation means that the call would have succeeded; it is no failure and not here. See discovery/dry_run_probes.
-- trap: Services read in the background of the console, so some refusals were never asked for by a person.
-- next: discovery/access_denied_bursts
-- next: triage/successful_writes
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
where event_time between $since and $until
  and error_class not in ('success', 'dry_run_allowed')
  and (
    $actor is null
    or useridentity.accesskeyid = $actor
    or strpos(useridentity.arn, $actor) > 0
    or strpos(useridentity.principalid, $actor) > 0
  )
group by useridentity.arn, useridentity.accesskeyid, eventsource, eventname, error_class, errorcode
order by actor nulls first, access_key nulls first, first_time, service nulls first, action nulls first,
  error_class, error nulls first
