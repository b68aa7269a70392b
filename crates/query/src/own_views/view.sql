-- What a definition of the user's describes; its name and its columns are written into it.
select
  evidence_object, evidence_record, evidence_offset, event_time, account, region, ips, actors, keys, resources,
  error_class, {columns}message, fields, extra, date
from lake.own_logs
where log = '{name}'
