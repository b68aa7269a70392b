-- title: Tables dropped, emptied or replaced by a note
-- question: Which tables, databases and users were dropped or emptied, what was created in the look of a ransom note, and by whom?
-- sources: rds_audit
-- attack: T1485, T1486, T1491
-- parameter: user text = null
-- parameter: all_changes boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the user of the database; null means every user
-- about all_changes: true lists every create, alter and rename, too
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A statement that failed is listed with its error_class; whether rows were there before, and how many, the log does not say.
-- trap: Dropping temporary tables is the daily work of many applications, and migrations drop and rename; by_usual_user says whether the same user dropped or emptied something on an earlier day.
-- trap: delete without where empties a table; whether it was rolled back afterwards stands in the statements of the same session.
-- trap: Beside each QUERY, Aurora and MariaDB can write a line for the table (CREATE, ALTER, RENAME, DROP); these are left out where the statement itself is there. Procedures and events do their work without a line of their own.
-- trap: A note is guessed by the name or the text: readme, recover, ransom, warning, bitcoin, decrypt and the like.
-- next: database/statements
-- next: credential_access/database_logins
-- next: persistence/database_users
with changes as (
  select
    *,
    -- Through unnest, so that it is computed once and not for every use.
    unnest(make_array(lower(regexp_replace(regexp_replace(statement, '/\*!?[0-9]*|\*/', ' ', 'g'), '\s+', ' ', 'g')))) as words
  from rds_audit
  where statement is not null
    and lower(operation) in ('query', 'execute')
    and coalesce(is_write, true)
), kinds as (
  select
    *,
    unnest(make_array(case
      when regexp_like(words, '^ ?(create|rename|alter|insert).*(readme|read_me|ransom|recover_|_recover|how_to_|restore_your|your_data|bitcoin|btc|decrypt|hacked|warning)')
        then 'looks like a note'
      when regexp_like(words, '^ ?drop (database|schema)') then 'database dropped'
      when regexp_like(words, '^ ?drop (table|view|materialized|index|procedure|function|trigger|event)') then 'object dropped'
      when regexp_like(words, '^ ?drop temporary') then 'temporary table dropped'
      when regexp_like(words, '^ ?drop (user|role|owned)') then 'user dropped'
      when regexp_like(words, '^ ?truncate ') then 'table emptied'
      when regexp_like(words, '^ ?delete from [^ ]+ ?;?$') then 'table emptied'
      when regexp_like(words, '^ ?update [^ ]+ set ') and not regexp_like(words, ' where ') then 'all rows changed'
      when regexp_like(words, '^ ?(purge (binary|master) logs|reset (master|binary)|drop event|call mysql.rds_set_configuration)') then 'log or backup touched'
      when $all_changes and regexp_like(words, '^ ?(create|alter|rename|drop) ') then 'structure changed'
    end)) as kind
  from changes
  where ($user is not null or coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin'))
), found as (
  select
    *,
    min(date_trunc('day', event_time)) over (partition by account, region, server_host, username) < date_trunc('day', event_time) as by_usual_user
  from kinds
  where kind is not null
)
select
  evidence_object, evidence_record, event_time, kind, account, region, server_host as server, username as user, host as client,
  session_id as session, database, statement, error_class, retcode as error, by_usual_user
from found
where event_time between $from and $to
  and ($user is null or username = $user)
order by kind = 'temporary table dropped', event_time, evidence_object, evidence_record
