-- title: First logins to databases
-- question: When did a user of a database first log in from a client, and was the user or the client known before?
-- sources: rds_audit
-- attack: T1078, T1021
-- parameter: user text = null
-- parameter: client text = null
-- parameter: quiet_days integer = 14
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the user of the database; null means every user
-- about client: the client as the database wrote it; null means every client
-- about quiet_days: what was first seen within so many days of the first line of a server's log is taken for usual
-- about top: how many lines where neither user nor client is given, the newest pairs first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: First means first in the collected log of that server; in its first quiet_days nothing can be called new, and is_new is false.
-- trap: Servers are told apart by their name alone, as an exported file does not name the account: two of one name count as one.
-- trap: Addresses of containers and functions change all the time; a new client in the range of a known one says little.
-- trap: The users with which RDS works on its own instances are left out where no user is given.
-- trap: A login that failed is no login here; credential_access/database_logins has both.
-- next: credential_access/database_logins
-- next: database/statements
-- next: credential_access/secret_then_database_login
with begun as (
  select server_host, min(event_time) as log_begins
  from rds_audit
  group by server_host
), logins as (
  select *
  from rds_audit
  where lower(operation) in ('connect', 'change user')
    and error_class = 'success'
    and ($user is not null or coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin', 'rdsproxyadmin'))
), pairs as (
  select
    max(account) as account, max(region) as region, server_host, username, host, count(*) as logins, min(event_time) as first_login, max(event_time) as last_login,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from logins
  group by server_host, username, host
), placed as (
  select
    *,
    min(first_login) over (partition by server_host, username) as first_of_user,
    min(first_login) over (partition by server_host, host) as first_of_client
  from pairs
), judged as (
  select
    placed.*,
    begun.log_begins,
    placed.first_login >= begun.log_begins + cast(concat(cast($quiet_days as text), ' days') as interval) as is_new
  from placed
  join begun
    on coalesce(begun.server_host, '') = coalesce(placed.server_host, '')
), ranked as (
  select
    *,
    row_number() over (
      order by is_new desc, case when is_new then logins end nulls last, first_login desc, evidence_object, evidence_record
    ) as rank,
    count(*) over () as of_lines
  from judged
  where first_login between $from and $to
    and ($user is null or username = $user)
    and ($client is null or host = $client)
)
select
  evidence_object,
  evidence_record,
  first_login,
  account,
  region,
  server_host as server,
  username as user,
  host as client,
  is_new,
  first_of_user < first_login as user_known_elsewhere,
  first_of_client < first_login as client_known_as_other_user,
  logins,
  last_login,
  log_begins,
  of_lines
from ranked
where $user is not null or $client is not null or $top is null or rank <= $top
order by rank
