-- title: Sessions in databases
-- question: Who was connected to which database, for how long, and how much was read and changed in each session?
-- sources: rds_audit
-- attack: T1213.006
-- parameter: user text = null
-- parameter: client text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the user of the database; null means every user
-- about client: the client as the database wrote it; null means every client
-- about top: how many lines where neither user nor client is given, the most unusual first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The numbers of connections begin anew when the server does, and a name of a server can be used again: more than one connection stands then under one session; logins greater than 1 says so.
-- trap: Applications keep connections open for days and share them, so a session is no visit of a person.
-- trap: In a general log only the line of the login names the user and the client; log_type says which log it is.
-- trap: Sessions that created, dropped or granted something stand first, then those of users with the fewest sessions.
-- trap: tables counts what the log names as object; logs without these lines (QUERY only) count none.
-- next: database/statements
-- next: exfiltration/database_dumps
with lines as (
  select
    *,
    lower(ltrim(regexp_replace(statement, '^\s*/\*!?[0-9]*', ''))) as words
  from rds_audit
  where event_time between $from and $to
), grouped as (
  select
    account,
    region,
    log_type,
    coalesce(server_host, '') as server,
    coalesce(session_id, concat(evidence_object, '/', cast(connection_id as text))) as session,
    max(username) as user,
    max(host) as client,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) filter (where lower(operation) = 'connect') as logins,
    count(*) filter (where lower(operation) = 'failed_connect' or error_class = 'login_failed') as failures,
    count(*) filter (where lower(operation) in ('query', 'execute')) as statements,
    count(*) filter (where lower(operation) in ('query', 'execute') and is_write) as changing,
    count(*) filter (where lower(operation) in ('query', 'execute') and coalesce(error_class, 'success') <> 'success') as refused,
    count(*) filter (where lower(operation) in ('query', 'execute')
      and regexp_like(words, '^(create|alter|drop|truncate|grant|revoke|rename|set password)') and not regexp_like(words, '^(create|drop) temporary')) as structural,
    count(distinct concat(coalesce(database, ''), '.', object)) filter (where object is not null) as tables,
    array_to_string(array_sort(array_agg(distinct database) filter (where database is not null)), ', ') as databases,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from lines
  group by account, region, log_type, coalesce(server_host, ''),
    coalesce(session_id, concat(evidence_object, '/', cast(connection_id as text)))
), ranked as (
  select
    *,
    row_number() over (order by structural > 0 desc, sessions_of_pair, structural desc, refused desc, first_time desc, account nulls first, region nulls first, session) as rank,
    count(*) over () as of_lines
  from (
    select *, count(*) over (partition by account, server, user, client) as sessions_of_pair
    from grouped
    where ($user is not null or coalesce(user, '') not in ('rdsadmin', 'rdsrepladmin'))
      and ($user is null or user = $user)
      and ($client is null or client = $client)
  ) paired
)
select
  account, region, server, session, user, client, first_time, last_time,
  round((date_part('epoch', last_time) - date_part('epoch', first_time)) / 60, 1) as minutes,
  logins, failures, statements, changing, structural, refused, tables, databases, sessions_of_pair, log_type,
  evidence_object, evidence_record, of_lines
from ranked
where $user is not null or $client is not null or $top is null or rank <= $top
order by rank
