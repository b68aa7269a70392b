-- title: Secrets read, then a login to a database
-- question: Which logins to a database came within hours of a secret being read, and was the login or the reader new?
-- sources: cloudtrail, rds_audit
-- attack: T1555.006, T1078
-- parameter: hours integer = 48
-- parameter: quiet_days integer = 14
-- parameter: secret text = null
-- parameter: user text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: how long after the read of a secret a login still counts
-- about quiet_days: in so many days after the first line of a log nothing is called new
-- about secret: part of the name or ARN of the secret; null means every secret
-- about user: the user of the database; null means every user
-- about top: how many lines where neither secret nor user is given, new logins and new readers first; null means all
-- about from: the first login to look at
-- about to: the last login to look at
-- trap: That one follows the other is no proof: which secret holds the password of which user stands in no log. Applications read their secret and log in all day.
-- trap: new_login is true where no login of the user from that client was seen before the read; new_reader where that reader had not read the secret from that address before. In the first quiet_days of the logs nothing is called new.
-- trap: names_database is true where the name of the secret has db, database, rds, sql, postgres or aurora in it; other secrets hold passwords, too.
-- trap: The secret may be read long before it is used, or out of a cache; a longer time finds more, and more by chance.
-- trap: One line for each reader of a secret and each new pair of user and client; reads and logins count all of them in that time, and the last read before the first login is the evidence.
-- trap: Names of databases in CloudTrail and in the audit log need not be equal, and the logs of the account may differ; they are not compared.
-- next: credential_access/secrets_read
-- next: credential_access/database_logins
-- next: database/statements
with begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as audit_quiet_until from rds_audit
), trailed as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as trail_quiet_until from cloudtrail
), reads as (
  select
    evidence_object, evidence_record, event_time, account, region,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as reader,
    sourceipaddress as ip,
    useridentity.accesskeyid as access_key,
    coalesce(json_as_text(requestparameters, 'secretId'), json_as_text(requestparameters, 'name'),
      json_get_json(requestparameters, 'secretIdList'), json_get_json(requestparameters, 'names')) as secret
  from cloudtrail
  where error_class = 'success'
    and ((eventsource = 'secretsmanager.amazonaws.com' and eventname in ('GetSecretValue', 'BatchGetSecretValue'))
      or (eventsource = 'ssm.amazonaws.com' and eventname in ('GetParameter', 'GetParameters')
        and json_as_text(requestparameters, 'withDecryption') = 'true'))
), placed as (
  select *, min(event_time) over (partition by account, region, secret, reader, ip) as first_of_reader
  from reads
), logins as (
  select
    server_host, username, host, date_trunc('hour', event_time) as hour, count(*) as logins, min(event_time) as first_time,
    min(min(event_time)) over (partition by server_host, username, host) as first_of_pair,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as login_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as login_record
  from rds_audit
  where lower(operation) = 'connect'
    and error_class = 'success'
    and event_time between $from and $to
    and coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin', 'rdsproxyadmin')
    and ($user is null or username = $user)
  group by server_host, username, host, date_trunc('hour', event_time)
), pairs as (
  select
    placed.account, placed.region, placed.secret, placed.reader, placed.ip,
    logins.server_host, logins.username, logins.host,
    logins.first_of_pair >= placed.event_time and logins.first_of_pair >= begun.audit_quiet_until as new_login,
    placed.first_of_reader >= trailed.trail_quiet_until and placed.first_of_reader = placed.event_time as new_reader,
    placed.event_time, placed.access_key, placed.evidence_object, placed.evidence_record,
    logins.hour, logins.first_time, logins.logins, logins.login_object, logins.login_record
  from placed
  join logins
    on logins.first_time >= placed.event_time
    and logins.first_time <= placed.event_time + cast(concat(cast($hours as text), ' hours') as interval)
  cross join begun
  cross join trailed
  where $secret is null or strpos(placed.secret, $secret) > 0
), grouped as (
  select
    account, region, secret, reader, ip, server_host, username, host, new_login,
    first_value(new_reader order by first_time, event_time desc, evidence_object, evidence_record) as new_reader,
    count(distinct event_time) as reads,
    count(distinct hour) as hours_with_logins,
    min(first_time) as first_login,
    first_value(event_time order by first_time, event_time desc, evidence_object, evidence_record) as read_time,
    first_value(access_key order by first_time, event_time desc, evidence_object, evidence_record) as access_key,
    first_value(login_object order by first_time, event_time desc, evidence_object, evidence_record) as login_object,
    first_value(login_record order by first_time, event_time desc, evidence_object, evidence_record) as login_record,
    first_value(evidence_object order by first_time, event_time desc, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by first_time, event_time desc, evidence_object, evidence_record) as evidence_record
  from pairs
  group by account, region, secret, reader, ip, server_host, username, host, new_login
), ranked as (
  select
    *,
    regexp_like(lower(secret), '(db|database|rds|sql|postgres|aurora)') as names_database,
    row_number() over (
      order by new_login desc, new_reader desc, regexp_like(lower(secret), '(db|database|rds|sql|postgres|aurora)') desc, first_login - read_time, account, region, secret nulls first, reader nulls first,
        ip nulls first, server_host nulls first, username nulls first, host nulls first
    ) as rank,
    count(*) over () as of_lines
  from grouped
)
select
  account, region, secret, reader, ip, access_key, read_time, first_login,
  round((date_part('epoch', first_login) - date_part('epoch', read_time)) / 3600, 2) as hours_between,
  server_host as server, username as user, host as client, new_login, new_reader, names_database, reads, hours_with_logins,
  evidence_object, evidence_record, login_object, login_record, of_lines
from ranked
where $secret is not null or $user is not null or $top is null or rank <= $top
order by rank
