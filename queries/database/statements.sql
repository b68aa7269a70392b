-- title: Statements in databases
-- question: What was done in a database by this session, user or client, in order?
-- sources: rds_audit, rds_slow
-- attack: T1213.006, T1059
-- parameter: session text = null
-- parameter: user text = null
-- parameter: client text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about session: the session as database/sessions names it: the server and the number of the connection; null means all
-- about user: the user of the database; null means every user
-- about client: the client as the database wrote it; null means every client
-- about top: how many lines where nothing is given, the rarest statements first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: With nothing given, only as many lines are shown as top says: of each form of a statement the first of each user and client, the rarest first; of_lines tells how many lines there are.
-- trap: Lines of the slow log stand beside those of the audit log: the same statement is there twice where both have it, once with its rows and seconds. The slow log writes the time at which the statement ended, or began, depending on the server.
-- trap: Values of prepared statements stand in no log.
-- trap: The log cuts long statements (server_audit_query_log_limit, 1024 bytes by default in MariaDB); what follows is lost.
-- trap: Text in statements is written by clients and can imitate lines of a log.
-- next: exfiltration/database_dumps
-- next: persistence/database_users
-- next: impact/database_destroyed
with lines as (
  select
    evidence_object, evidence_record, event_time, 'rds_audit' as log, account, region, session_id, username, host, operation, database, object,
    statement, is_write, error_class, retcode, cast(null as bigint) as rows_sent, cast(null as double) as seconds
  from rds_audit
  union all
  select
    evidence_object, evidence_record, event_time, 'rds_slow' as log, account, region, session_id, username, host, 'SLOW' as operation, database,
    cast(null as varchar) as object, statement, is_write, error_class, cast(null as bigint) as retcode, rows_sent, query_time as seconds
  from rds_slow
), chosen as (
  select
    *,
    regexp_replace(regexp_replace(lower(coalesce(statement, operation)), '''[^'']*''|"[^"]*"|[0-9]+', '?', 'g'), '\s+', ' ', 'g') as form
  from lines
  where event_time between $from and $to
    and ($session is null or session_id = $session)
    and ($user is null or username = $user)
    and ($client is null or host = $client)
    and ($session is not null or $user is not null or coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin'))
), counted as (
  select
    *,
    count(*) over (partition by account, log, form) as times_of_form,
    row_number() over (partition by account, log, form, username, host order by event_time, evidence_object, evidence_record) as nth_of_form
  from chosen
), ranked as (
  select
    *,
    row_number() over (order by nth_of_form > 1, times_of_form, event_time desc, evidence_object, evidence_record) as rank,
    count(*) over () as of_lines
  from counted
)
select
  evidence_object, evidence_record, event_time, log, account, region, session_id as session, username as user, host as client, operation,
  database, object, statement, is_write, error_class, retcode as error, rows_sent, round(seconds, 3) as seconds, times_of_form, of_lines
from ranked
where $session is not null or $user is not null or $client is not null or $top is null or rank <= $top
order by event_time, evidence_object, evidence_record
