-- Columns as in "Create a table in Athena for GuardDuty findings" (Athena User Guide), which writes createdat and
-- updatedat, before createdate and updatedate.
-- Where it differs: what GuardDuty wrote several times, as a finding went on, is several rows in both.
select
  schemaversion, accountid, region, partition, id, arn, type, resource, service, severity, createdat, updatedat,
  createdat as createdate, updatedat as updatedate,
  title, description,
  year, month, day,
  evidence_object, evidence_record, event_time, account, ips, actors, keys, resource_type, resource_id, action_type,
  api, remote_ip, archived, sample, error_class, record_hash, extra, date
from (
  select
    schemaversion, accountid, region, partition, id, arn, type, resource, service,
    case when severity = trunc(severity) then cast(cast(severity as bigint) as varchar)
      else cast(severity as varchar) end as severity,
    to_char(createdat, '%Y-%m-%dT%H:%M:%S%.3fZ') as createdat,
    to_char(updatedat, '%Y-%m-%dT%H:%M:%S%.3fZ') as updatedat,
    title, description,
    year, month, day,
    evidence_object, evidence_record, event_time, account, ips, actors, keys, resource_type, resource_id, action_type,
    api, remote_ip, archived, sample, error_class, record_hash, extra, date
  from lake.guardduty
)
