-- title: Slow statements against usual
-- question: Which statements took longer or sent more rows than statements of that form usually do, and which forms are new?
-- sources: rds_slow
-- attack: T1213.006, T1499
-- parameter: user text = null
-- parameter: quiet_days integer = 14
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the user of the database; null means every user
-- about quiet_days: what was first seen within so many days of the first line of the slow log is taken for usual
-- about top: how many lines where no user is given, the most rows sent by new forms first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The log has only statements above long_query_time: what is usual here is what is usual among the slow ones.
-- trap: usual_rows and usual_seconds are medians over all statements of the form (values left out); with few of them (times_of_form) they say little.
-- trap: is_new is true where the form was first seen after the quiet_days.
-- trap: rows_sent is what the client got; rows_examined what the server read to find it. A dump sends all that it reads.
-- trap: A long time with few rows is load or locks, and no sign of copying.
-- next: exfiltration/database_dumps
-- next: database/statements
-- next: metrics/spikes
with begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from rds_slow
), forms as (
  select
    account, region, fingerprint, count(*) as times_of_form, min(event_time) as first_of_form,
    cast(median(cast(rows_sent as double)) as double) as usual_rows,
    cast(median(query_time) as double) as usual_seconds
  from rds_slow
  group by account, region, fingerprint
), ranked as (
  select
    s.*, forms.times_of_form, forms.usual_rows, forms.usual_seconds, forms.first_of_form >= begun.quiet_until as is_new,
    row_number() over (
      order by forms.first_of_form >= begun.quiet_until desc, s.rows_sent desc nulls last, s.query_time desc nulls last, s.event_time, s.evidence_object, s.evidence_record
    ) as rank,
    count(*) over () as of_lines
  from rds_slow s
  join forms
    on coalesce(forms.account, '') = coalesce(s.account, '') and coalesce(forms.region, '') = coalesce(s.region, '')
    and coalesce(forms.fingerprint, '') = coalesce(s.fingerprint, '')
  cross join begun
  where s.event_time between $from and $to
    and ($user is null or s.username = $user)
)
select
  evidence_object, evidence_record, event_time, account, region, username as user, host as client, session_id as session, database, is_new,
  rows_sent, usual_rows, round(query_time, 3) as seconds, round(usual_seconds, 3) as usual_seconds, rows_examined, round(lock_time, 3) as lock_seconds,
  times_of_form, statement, of_lines
from ranked
where $user is not null or $top is null or rank <= $top
order by rank
