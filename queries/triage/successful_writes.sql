-- title: Successful changes
-- question: Which actions changed something and succeeded?
-- sources: cloudtrail
-- attack: T1578, T1098
-- parameter: actor text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: Old events lack readOnly; is_write is then derived from the name of the action, and an event for which that is not possible is listed with is_write null rather than left out.
-- trap: A dry run that would have been allowed changed nothing and is not here; see discovery/dry_run_probes.
-- trap: Success means that the request was accepted; asynchronous work can fail later, and calls such as DeleteObjects or RunInstances report errors of single items in the answer.
-- trap: AssumeRole and sign-ins count as writes for some services and as reads for others, as the service says.
-- next: config/resource_history
-- next: triage/failed_actions
-- next: triage/principal_sessions
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  useridentity.type as actor_type,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  eventsource as service,
  eventname as action,
  is_write,
  resources,
  requestparameters as request
from cloudtrail
where event_time between $since and $until
  and coalesce(is_write, true)
  and error_class = 'success'
  and (
    $actor is null
    or useridentity.accesskeyid = $actor
    or strpos(useridentity.arn, $actor) > 0
    or strpos(useridentity.principalid, $actor) > 0
  )
order by event_time, evidence_object, evidence_record
