-- title: Enumeration bursts
-- question: Which sessions tried many different read actions within a few minutes, far more than they usually do?
-- sources: cloudtrail
-- attack: T1580, T1526, T1087.004, T1619
-- parameter: minutes integer = 10
-- parameter: least_actions integer = 10
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least_actions: how many different Describe, List and Get actions make a burst
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The console and inventory services enumerate by nature; usual_actions says how many different actions the session's median window has.
-- trap: Calls that AWS services made for the principal are left out.
-- trap: Windows begin at fixed times, so a burst across an edge is cut in two.
-- next: discovery/access_denied_bursts
-- next: triage/user_agents
-- next: triage/principal_sessions
with windows as (
  select
    session_id,
    account,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    min(useridentity.arn) as actor,
    count(distinct concat(eventsource, ':', eventname)) as actions,
    count(distinct eventsource) as services,
    count(distinct awsregion) as regions,
    count(*) as events,
    count(*) filter (where error_class = 'denied') as denied,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    min(useragent) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from cloudtrail
  where eventname ~ '^(Describe|List|Get|BatchGet|Lookup|Search|Head)'
    and (eventcategory is distinct from 'Data')
    and useridentity.invokedby is null
  group by session_id, account, date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time)
), usual as (
  select session_id, account, cast(median(cast(actions as double)) as double) as usual_actions, count(*) as windows
  from windows
  group by session_id, account
)
select
  windows.window_start,
  windows.account,
  windows.session_id,
  windows.actor,
  windows.actions,
  round(windows.actions / usual.usual_actions, 2) as times_usual,
  usual.usual_actions,
  usual.windows as windows_of_session,
  windows.services,
  windows.regions,
  windows.events,
  windows.denied,
  windows.ips,
  windows.a_user_agent,
  windows.first_time,
  windows.last_time,
  windows.evidence_object,
  windows.evidence_record
from windows
join usual
  on (usual.session_id is not distinct from windows.session_id) and (usual.account is not distinct from windows.account)
where windows.actions >= $least_actions
  and windows.first_time between $from and $to
order by windows.actions / usual.usual_actions desc, windows.window_start, windows.account nulls first, windows.session_id nulls first
