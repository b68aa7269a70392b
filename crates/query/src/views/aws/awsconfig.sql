-- Columns as in the tables that AWS publishes for files of AWS Config ("How to query your AWS resource configuration
-- states using AWS Config and Amazon Athena", "Query AWS Config data with Athena"): one row is one file, history or
-- snapshot, with its items as a list.
-- Where it differs: tags and supplementaryConfiguration are JSON text and not maps; an item that came in two copies
-- is in one of them only; the names of members in JSON text are as Config writes them, where Athena's reader may have
-- made them lower case.
select
  i.fileversion, i.configsnapshotid, i.configurationitems,
  coalesce(o.account, i.account) as accountid, i.dt, coalesce(o.region, i.region) as region, o.key as "$path",
  i.evidence_object, i.item_source, o.delivery_time
from (
  select
    evidence_object, item_source, fileversion, configsnapshotid,
    min(account) as account, min(region) as region,
    to_char(max(event_time), '%Y-%m-%d') as dt,
    array_agg(named_struct(
      'configurationitemversion', configurationitemversion,
      'configurationitemcapturetime', to_char(configurationitemcapturetime, '%Y-%m-%dT%H:%M:%S%.3fZ'),
      'configurationstateid', try_cast(configurationstateid as bigint),
      'awsaccountid', awsaccountid,
      'configurationitemstatus', configurationitemstatus,
      'resourcetype', resourcetype,
      'resourceid', resourceid,
      'resourcename', resourcename,
      'relationships', json_get_array(relationships),
      'arn', arn,
      'awsregion', awsregion,
      'availabilityzone', availabilityzone,
      'configurationstatemd5hash', configurationstatemd5hash,
      'configuration', configuration,
      'supplementaryconfiguration', supplementaryconfiguration,
      'tags', tags,
      'resourcecreationtime', to_char(resourcecreationtime, '%Y-%m-%dT%H:%M:%S%.3fZ'),
      'evidence_record', evidence_record)
      order by evidence_record) as configurationitems
  from lake.config_items
  where item_source in ('history', 'snapshot')
  group by evidence_object, item_source, fileversion, configsnapshotid
) i
left join lake.objects o on o.evidence_object = i.evidence_object
