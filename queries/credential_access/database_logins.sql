-- title: Logins to databases
-- question: Which users logged in to which databases from which clients, how often did it fail, and did it work after it had failed?
-- sources: rds_audit
-- attack: T1110, T1078
-- parameter: client text = null
-- parameter: user text = null
-- parameter: within_minutes integer = 60
-- parameter: own boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about client: the client as the database wrote it, an address or a name; null means every client
-- about user: the user of the database; null means every user
-- about within_minutes: within how many minutes after a failure a success counts as the end of it
-- about own: true lists the users that RDS itself logs in with, too
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Those that failed and then worked stand first. An application with a wrong password looks the same as somebody who guesses.
-- trap: Failures without an error number (1045 is a wrong password) can have other reasons, such as an unknown database (1049) or too many connections (1040); errors lists the numbers.
-- trap: The client is what stands before the database: a proxy, a load balancer or a NAT gateway hides who is behind it.
-- trap: A log that records no connections (server_audit_events without CONNECT) has no logins, and none of them is here.
-- trap: Servers are told apart by their name alone, as an exported file does not name the account: two of one name count as one.
-- trap: What PostgreSQL writes about logins is not in this table.
-- next: database/statements
-- next: initial_access/database_first_logins
-- next: database/reached_by
with tries as (
  select
    *,
    coalesce(error_class, 'other') = 'success' as worked
  from rds_audit
  where lower(operation) in ('connect', 'failed_connect', 'change user')
    and event_time between $from and $to
    and ($client is null or host = $client)
    and ($user is null or username = $user)
    and ($own or $user is not null or coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin', 'rdsproxyadmin'))
), ordered as (
  select
    *,
    max(case when not worked then event_time end) over (
      partition by server_host, username, host order by event_time, evidence_object, evidence_record
      rows between unbounded preceding and current row
    ) as failed_before
  from tries
)
select
  max(account) as account,
  max(region) as region,
  server_host as server,
  username as user,
  host as client,
  count(*) filter (where worked) as logins,
  count(*) filter (where not worked) as failures,
  min(event_time) filter (where worked and event_time - failed_before
    <= cast(concat(cast($within_minutes as text), ' minutes') as interval)) as first_login_after_failure,
  array_to_string(array_sort(array_agg(distinct cast(retcode as text)) filter (where not worked)), ', ') as errors,
  array_to_string(array_sort(array_agg(distinct connection_type) filter (where connection_type is not null)), ', ') as connection_types,
  min(event_time) filter (where not worked) as first_failure,
  max(event_time) filter (where not worked) as last_failure,
  min(event_time) filter (where worked) as first_login,
  max(event_time) filter (where worked) as last_login,
  coalesce(
    first_value(evidence_object order by event_time, evidence_object, evidence_record) filter (where not worked),
    first_value(evidence_object order by event_time, evidence_object, evidence_record)
  ) as evidence_object,
  coalesce(
    first_value(evidence_record order by event_time, evidence_object, evidence_record) filter (where not worked),
    first_value(evidence_record order by event_time, evidence_object, evidence_record)
  ) as evidence_record
from ordered
group by server_host, username, host
order by first_login_after_failure is null, failures desc, logins desc,
  server nulls first, user nulls first, client nulls first
