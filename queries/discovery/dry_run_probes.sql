-- title: Dry-run probes
-- question: Who tested permissions with dry runs, and what would have been allowed?
-- sources: cloudtrail
-- attack: T1580, T1069.003
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A dry run that would have been allowed is logged with the error Client.DryRunOperation: it is a success for the one who probes.
-- trap: Deployment tools use dry runs as well.
-- next: triage/successful_writes
-- next: triage/key_activity
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  error_class = 'dry_run_allowed' as would_have_worked,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  requestparameters as request
from cloudtrail
where error_class in ('dry_run_allowed', 'dry_run_denied')
  and event_time between $from and $to
order by event_time, evidence_object, evidence_record
