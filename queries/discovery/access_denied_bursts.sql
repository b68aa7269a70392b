-- title: Bursts of refusals
-- question: Which sessions were refused many different actions within a few minutes?
-- sources: cloudtrail
-- attack: T1580, T1526, T1069.003
-- parameter: minutes integer = 10
-- parameter: least_actions integer = 5
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least_actions: how many different refused actions make a burst
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Services name refusals differently; error_class joins all of them, dry runs that were refused included.
-- trap: Windows begin at fixed times, so a burst across an edge is cut in two.
-- trap: What was allowed in the same window stands in succeeded: the tries that worked matter most.
-- next: triage/failed_actions
-- next: discovery/enumeration_bursts
-- next: triage/successful_writes
select
  date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
  account,
  session_id,
  min(useridentity.arn) as actor,
  count(distinct concat(eventsource, ':', eventname)) filter (where error_class in ('denied', 'dry_run_denied')) as refused_actions,
  count(*) filter (where error_class in ('denied', 'dry_run_denied')) as refused,
  count(*) filter (where error_class in ('success', 'dry_run_allowed')) as succeeded,
  count(distinct awsregion) as regions,
  array_to_string(array_sort(array_agg(distinct eventname) filter (where error_class in ('denied', 'dry_run_denied'))), ', ') as names,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  min(useragent) as a_user_agent,
  min(event_time) filter (where error_class in ('denied', 'dry_run_denied')) as first_refusal,
  max(event_time) filter (where error_class in ('denied', 'dry_run_denied')) as last_refusal,
  first_value(evidence_object order by event_time, evidence_object, evidence_record)
    filter (where error_class in ('denied', 'dry_run_denied')) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record)
    filter (where error_class in ('denied', 'dry_run_denied')) as evidence_record
from cloudtrail
where event_time between $from and $to
group by date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time), account, session_id
having count(distinct concat(eventsource, ':', eventname)) filter (where error_class in ('denied', 'dry_run_denied'))
  >= $least_actions
order by refused_actions desc, window_start, account nulls first, session_id nulls first
