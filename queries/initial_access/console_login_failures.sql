-- title: Failed console sign-ins by address and day
-- question: Does anything look like password guessing or spraying at the console?
-- sources: cloudtrail
-- attack: T1110.001, T1110.003
-- parameter: least_failures integer = 1
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_failures: how many failures an address must have on a day
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The result is in responseElements and not in errorCode.
-- trap: Unknown user names are hidden (HIDDEN_DUE_TO_SECURITY_REASONS), so the number of users is a lower bound.
-- trap: Slow guessing, or guessing from many addresses, stays below the limit; lower it and compare days.
-- trap: Federated and Identity Center sign-ins fail at the identity provider, outside these logs.
-- next: triage/ip_activity
-- next: initial_access/console_logins_without_mfa
with logins as (
  select
    *,
    json_as_text(responseelements, 'ConsoleLogin') as result,
    useridentity.username as user_name
  from cloudtrail
  where eventname = 'ConsoleLogin'
    and event_time between $from and $to
)
select
  account,
  sourceipaddress as ip,
  date_trunc('day', event_time) as day,
  count(*) filter (where result = 'Failure') as failures,
  count(*) filter (where result = 'Success') as successes,
  count(distinct user_name) as users,
  array_to_string(array_sort(array_agg(distinct user_name)), ', ') as user_names,
  min(event_time) filter (where result = 'Failure') as first_failure,
  max(event_time) filter (where result = 'Failure') as last_failure,
  min(event_time) filter (where result = 'Success') as first_success,
  coalesce(
    max(event_time) filter (where result = 'Success') > min(event_time) filter (where result = 'Failure'), false
  ) as success_after_failure,
  case
    when count(distinct user_name) filter (where result = 'Failure') >= 3 then 'many users: spraying'
    when count(*) filter (where result = 'Failure') >= 5 then 'many failures: guessing'
    else 'few failures: a slip, or a guess that came off'
  end as looks_like,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from logins
group by account, sourceipaddress, date_trunc('day', event_time)
having count(*) filter (where result = 'Failure') >= $least_failures
order by failures desc, success_after_failure desc, day, ip nulls first, account nulls first
