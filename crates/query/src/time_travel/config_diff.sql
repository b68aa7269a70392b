-- The states that held at $from and at $to, where they are not the same.
with
a as (
  select * from lake.config_states
  where valid_from <= $from and (valid_to is null or valid_to > $from) and state <> 'deleted'
),
b as (
  select * from lake.config_states
  where valid_from <= $to and (valid_to is null or valid_to > $to) and state <> 'deleted'
),
pairs as (
  select
    coalesce(b.awsaccountid, a.awsaccountid) as awsaccountid, coalesce(b.awsregion, a.awsregion) as awsregion,
    coalesce(b.resourcetype, a.resourcetype) as resourcetype, coalesce(b.resourceid, a.resourceid) as resourceid,
    coalesce(b.resourcename, a.resourcename) as resourcename, coalesce(b.arn, a.arn) as arn,
    case when a.resourceid is null then 'appeared' when b.resourceid is null then 'vanished' else 'changed' end as kind,
    a.valid_from as from_capture, b.valid_from as to_capture,
    a.evidence_object as from_object, a.evidence_record as from_record,
    b.evidence_object as to_object, b.evidence_record as to_record
  from a full join b
    on a.awsaccountid = b.awsaccountid and a.awsregion = b.awsregion
    and a.resourcetype = b.resourcetype and a.resourceid = b.resourceid
  where a.valid_from is null or b.valid_from is null or a.valid_from <> b.valid_from
),
documents as (
  select
    evidence_object, evidence_record,
    concat('{"configuration":', coalesce(configuration, 'null'),
      ',"supplementaryConfiguration":', coalesce(supplementaryconfiguration, 'null'),
      ',"tags":', coalesce(tags, 'null'), ',"relationships":', coalesce(relationships, 'null'), '}') as document
  from lake.config_items
),
compared as (
  select p.*, unnest(json_diff(x.document, y.document)) as difference
  from pairs p
  join documents x on x.evidence_object = p.from_object and x.evidence_record = p.from_record
  join documents y on y.evidence_object = p.to_object and y.evidence_record = p.to_record
  where p.kind = 'changed'
)
select
  awsaccountid, awsregion, resourcetype, resourceid, resourcename, arn, kind, from_capture, to_capture,
  difference['path'] as path, difference['before'] as before, difference['after'] as after,
  from_object, from_record, to_object, to_record
from compared
union all
select
  awsaccountid, awsregion, resourcetype, resourceid, resourcename, arn, kind, from_capture, to_capture,
  cast(null as varchar) as path, cast(null as varchar) as before, cast(null as varchar) as after,
  from_object, from_record, to_object, to_record
from pairs
where kind <> 'changed'
