-- What clients did in databases, whichever log tells: audit and general logs of MySQL, MariaDB and Aurora (rds_audit), and
-- of PostgreSQL, SQL Server, Oracle and MySQL's error log what rds_log has of clients (pgaudit, statements, logins). A
-- statement may stand in more than one log of the same server: count by `source`.
select
  evidence_object, evidence_record, event_time, 'rds_audit' as source, account, region, server_host as server,
  username, host as client, case upper(operation) when 'QUIT' then 'DISCONNECT' else upper(operation) end as operation,
  database, object, statement, cast(null as double) as duration_seconds, error_class, is_write, session_id
from lake.rds_audit
union all
select
  evidence_object, evidence_record, event_time, 'rds_log' as source, account, region, cast(null as varchar) as server,
  username, host as client, coalesce(operation, upper(audit_class)) as operation,
  database, audit_object as object, statement, duration as duration_seconds, error_class, is_write, session_id
from lake.rds_log
where operation is not null or audit_class is not null
