-- title: Whole tables read
-- question: Which statements read whole tables, as a dump does, by whom, and how many rows and seconds did that take?
-- sources: rds_audit, rds_slow
-- attack: T1005, T1213.006
-- parameter: user text = null
-- parameter: least_rows integer = 100000
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the user of the database; null means every user
-- about least_rows: a statement of the slow log that sent so many rows is listed whatever its text
-- about top: how many lines where no user is given, dumps first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: One statement can stand in the audit log and in the slow log; they are two lines here, with the table in log, as the logs have no number in common that is sure.
-- trap: kind says what speaks for it: the marks of mysqldump (SQL_NO_CACHE) and pg_dump (copy … to stdout, lock table … in access share mode), a file written by the server (into outfile, into S3), `select * from` one table without where, join or limit, or many rows sent.
-- trap: The audit log knows no rows: rows_sent and seconds are empty there, and how much was taken cannot be said from it.
-- trap: The slow log has only what took longer than long_query_time; a dump of a small table is not in it.
-- trap: Small tables are read whole by applications and by backups every day; usual_days says on how many days the same user read the same text from the same client before.
-- trap: A dump that was cut into pieces (where id between …) has no such mark; see rows in database/slow_against_usual.
-- next: database/statements
-- next: database/slow_against_usual
-- next: database/reached_by
with said as (
  select
    evidence_object, evidence_record, event_time, 'rds_audit' as log, account, region, server_host as server, username, host,
    session_id, database, statement, error_class, cast(null as double) as seconds, cast(null as bigint) as rows_sent,
    cast(null as bigint) as bytes_sent
  from rds_audit
  where statement is not null and lower(operation) in ('query', 'execute', 'prepare')
  union all
  select
    evidence_object, evidence_record, event_time, 'rds_slow' as log, account, region, cast(null as varchar) as server, username, host,
    session_id, database, statement, error_class, query_time as seconds, rows_sent, bytes_sent
  from rds_slow
  where statement is not null
), plain as (
  select
    *,
    -- Through unnest, so that it is computed once and not for every use.
    unnest(make_array(lower(regexp_replace(regexp_replace(statement, '/\*!?[0-9]*|\*/', ' ', 'g'), '\s+', ' ', 'g')))) as words
  from said
), kinds as (
  select
    *,
    unnest(make_array(case
      when strpos(words, 'sql_no_cache') > 0 and regexp_like(words, '\* ?from') then 'mysqldump'
      when regexp_like(words, '^ ?copy .* to stdout') then 'pg_dump'
      when regexp_like(words, '^ ?lock table .* in access share mode') then 'pg_dump'
      when regexp_like(words, 'into (outfile|dumpfile)|into s3|aws_s3.query_export_to_s3') then 'written to a file'
      when regexp_like(words, '^ ?select (distinct )?\* from [^ ,;()]+ ?;?$')
        and not regexp_like(words, 'from .?(information_schema|performance_schema|mysql|sys).?[.]') then 'whole table'
      when rows_sent >= $least_rows then 'many rows'
    end)) as kind
  from plain
), found as (
  select
    *,
    date_trunc('day', event_time) as day,
    first_value(event_time) over (
      partition by account, log, username, host, database, words order by event_time, evidence_object, evidence_record
    ) as first_time
  from kinds
  where kind is not null
    and ($user is not null or coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin'))
), days as (
  select account, log, username, host, database, words, day, count(*) as times
  from found
  group by account, log, username, host, database, words, day
), used as (
  select
    account, log, username, host, database, words, day,
    count(*) over (
      partition by account, log, username, host, database, words order by day rows between unbounded preceding and 1 preceding
    ) as usual_days
  from days
), ranked as (
  select
    found.*,
    coalesce(used.usual_days, 0) as usual_days,
    row_number() over (
      order by
        case found.kind when 'mysqldump' then 0 when 'pg_dump' then 0 when 'written to a file' then 0 else 1 end,
        coalesce(used.usual_days, 0), found.rows_sent desc nulls last, found.event_time, found.evidence_object, found.evidence_record
    ) as rank,
    count(*) over () as of_lines
  from found
  left join used
    on (used.account is not distinct from found.account) and used.log = found.log
    and (used.username is not distinct from found.username) and (used.host is not distinct from found.host)
    and (used.database is not distinct from found.database) and used.words = found.words and used.day = found.day
  where found.event_time between $from and $to
    and ($user is null or found.username = $user)
)
select
  evidence_object, evidence_record, event_time, log, kind, account, region, server, username as user, host as client, session_id as session,
  database, statement, rows_sent, round(seconds, 3) as seconds, bytes_sent, error_class, usual_days, of_lines
from ranked
where $user is not null or $top is null or rank <= $top
order by rank
