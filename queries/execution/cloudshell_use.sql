-- title: Use of CloudShell
-- question: Who opened CloudShell, moved files through it, and what was called from inside of it?
-- sources: cloudtrail
-- attack: T1059.009, T1105, T1567
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: One line for each principal, account, region and day; what is typed in the shell makes no event unless it calls AWS.
-- trap: Files that go up or down do not pass through S3 or CloudTrail; only GetFileUploadUrls and GetFileDownloadUrls tell that there were some.
-- trap: A call from inside is known by exec-env/CloudShell in its user agent, which the caller can change; its address is one of AWS's.
-- trap: Opening the console's bar can start an environment without anybody typing anything.
-- next: triage/console_or_tool
-- next: triage/principal_sessions
select
  date_trunc('day', event_time) as day,
  account,
  region,
  coalesce(useridentity.arn, useridentity.principalid) as actor,
  count(*) filter (where eventsource = 'cloudshell.amazonaws.com') as shell_calls,
  count(*) filter (where eventname = 'CreateSession') as sessions_opened,
  count(*) filter (where eventname in ('GetFileUploadUrls', 'GetFileUploadUrl')) as uploads,
  count(*) filter (where eventname in ('GetFileDownloadUrls', 'GetFileDownloadUrl')) as downloads,
  count(*) filter (where (eventsource is distinct from 'cloudshell.amazonaws.com')) as calls_from_inside,
  count(*) filter (where (eventsource is distinct from 'cloudshell.amazonaws.com') and is_write and error_class = 'success') as writes_from_inside,
  count(*) filter (where error_class = 'denied') as denied,
  array_to_string(array_slice(array_sort(array_agg(distinct eventname)), 1, 20), ', ') as actions,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from cloudtrail
where event_time between $from and $to
  and (eventsource = 'cloudshell.amazonaws.com' or useragent ilike '%exec-env/cloudshell%')
group by date_trunc('day', event_time), account, region, coalesce(useridentity.arn, useridentity.principalid)
order by day, first_time, account nulls first, region nulls first, actor nulls first
