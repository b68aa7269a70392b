-- title: Users and grants in databases
-- question: Which users were made, changed or given rights inside a database, by whom and from where?
-- sources: rds_audit
-- attack: T1136, T1098
-- parameter: user text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: part of the name of the user who acts or who is named in the statement; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: RDS changes passwords of its own users by itself; such lines carry the user rdsadmin and are left out where no user is given.
-- trap: Passwords in statements are replaced by the server or not, depending on its version: what stands in statement may be a secret.
-- trap: Rights given by writing into tables of the schema mysql are found only where the statement names such a table.
-- trap: ALTER USER can be a change of the own password.
-- trap: A user that was made stays until it is dropped; dropped_later says whether a DROP USER of that name follows in the collected log.
-- next: database/statements
-- next: credential_access/database_logins
-- next: impact/database_destroyed
with said as (
  select
    *,
    -- Through unnest, so that it is computed once and not for every use.
    unnest(make_array(lower(regexp_replace(regexp_replace(statement, '/\*!?[0-9]*|\*/', ' ', 'g'), '\s+', ' ', 'g')))) as words
  from rds_audit
  where statement is not null
    and lower(operation) in ('query', 'execute')
    and (
      statement ilike '%user%' or statement ilike '%role%' or statement ilike '%grant%' or statement ilike '%revoke%'
      or statement ilike '%password%' or statement ilike '%mysql%'
    )
), kinds as (
  select
    *,
    unnest(make_array(case
      when regexp_like(words, '^ ?create (user|role)') then 'user made'
      when regexp_like(words, '^ ?drop (user|role)') then 'user dropped'
      when regexp_like(words, '^ ?(alter user|set password|rename user|alter role)') then 'user changed'
      when regexp_like(words, '^ ?grant ') then 'rights given'
      when regexp_like(words, '^ ?revoke ') then 'rights taken'
      when regexp_like(words, '^ ?(insert into|update|replace into|delete from) .?mysql.?[.].?(user|db|tables_priv|columns_priv|proxies_priv|global_grants|role_edges|default_roles)') then 'table of rights written'
    end)) as kind
  from said
), named as (
  select
    *,
    case
      when kind in ('user made', 'user dropped', 'user changed')
        then regexp_replace(words, '^ ?(create user|create role|drop user|drop role|alter user|alter role|rename user|set password for|set password) (if not exists |if exists )?[''"`]?([^''"`@ ;,=]*).*$', '\3')
      when kind = 'rights given' then regexp_replace(words, '^.* to [''"`]?([^''"`@ ;,]*).*$', '\1')
      when kind = 'rights taken' then regexp_replace(words, '^.* from [''"`]?([^''"`@ ;,]*).*$', '\1')
    end as named_user
  from kinds
  where kind is not null
), dropped as (
  select account, region, server_host, named_user, max(event_time) as last_drop
  from named
  where kind = 'user dropped' and coalesce(error_class, 'success') = 'success'
  group by account, region, server_host, named_user
)
select
  named.evidence_object,
  named.evidence_record,
  named.event_time,
  named.kind,
  named.account,
  named.region,
  named.server_host as server,
  named.named_user,
  named.username as by_user,
  named.host as client,
  named.session_id as session,
  strpos(named.words, '@''%''') > 0 or strpos(named.words, '@`%`') > 0 or strpos(named.words, '@"%"') > 0 as from_anywhere,
  regexp_like(named.words, '(grant all|with grant option|super|rds_superuser|rds_superuser_role|create user|file| on \*[.]\*)') and named.kind = 'rights given' as far_reaching,
  coalesce(dropped.last_drop > named.event_time, false) as dropped_later,
  named.error_class,
  named.retcode as error,
  named.statement
from named
left join dropped
  on (dropped.account is not distinct from named.account) and (dropped.region is not distinct from named.region)
  and (dropped.server_host is not distinct from named.server_host) and dropped.named_user = named.named_user
where named.event_time between $from and $to
  and (case when $user is null then coalesce(named.username, '') not in ('rdsadmin', 'rdsrepladmin')
    else strpos(lower(named.username), lower($user)) > 0 or strpos(named.named_user, lower($user)) > 0 end)
order by named.event_time desc, named.evidence_object, named.evidence_record
