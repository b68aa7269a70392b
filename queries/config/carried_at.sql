-- title: Who carried this at a time
-- question: Which resources had this role, profile, key, security group, subnet, address or any other text in their state at that time?
-- sources: config_items
-- attack: T1580, T1526
-- parameter: thing text = null
-- parameter: type text = null
-- parameter: at timestamp = end
-- about thing: what to look for: an id, a name or an ARN; null lists all resources that are related to another
-- about type: the type of the resources that carry it; null means every type
-- about at: the instant that is asked about
-- trap: It is looked for as text in the state, so a short name finds too much; where says in which part it stands.
-- trap: A resource that Config did not record, or captured only later, is not found: no line is no proof.
-- trap: Lists of relations can lag behind the state by minutes.
-- trap: A resource that vanished without an item of deletion is still found; last_confirmed says when it was last seen.
-- next: config/state_at
-- next: config/resource_history
with held as (
  select
    s.awsaccountid, s.awsregion, s.resourcetype, s.resourceid, s.resourcename, s.arn, s.valid_from, s.valid_to, s.last_confirmed, s.evidence_object, s.evidence_record,
    i.configuration, i.supplementaryconfiguration, i.relationships, i.tags
  from config_states s
  join config_items i
    on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
  where s.state = 'exists'
    and s.valid_from <= $at
    and (s.valid_to is null or s.valid_to > $at)
    and s.resourcetype <> 'AWS::Config::ResourceCompliance'
    and ($type is null or s.resourcetype = $type)
)
select
  awsaccountid as account, awsregion as region, resourcetype, resourceid, resourcename, arn,
  case
    when $thing is null then 'relationships'
    else array_to_string(array_remove(make_array(
      case when strpos(configuration, $thing) > 0 then 'configuration' else '' end,
      case when strpos(supplementaryconfiguration, $thing) > 0 then 'supplementaryConfiguration' else '' end,
      case when strpos(relationships, $thing) > 0 then 'relationships' else '' end,
      case when strpos(tags, $thing) > 0 then 'tags' else '' end
    ), ''), ', ')
  end as found_in,
  cardinality(json_get_array(relationships)) as relations,
  relationships, valid_from, valid_to, last_confirmed, evidence_object, evidence_record
from held
where ($thing is null and cardinality(json_get_array(relationships)) > 0)
  or strpos(configuration, $thing) > 0
  or strpos(supplementaryconfiguration, $thing) > 0
  or strpos(relationships, $thing) > 0
  or strpos(tags, $thing) > 0
order by account nulls first, region nulls first, resourcetype, resourceid, evidence_object, evidence_record
