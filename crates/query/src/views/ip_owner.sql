-- Whose address it was, and when: interfaces and instances as AWS Config captured them. An interval begins with the
-- capture that first showed the address on its owner and ends with the one that showed it gone; before the first
-- capture, and where Config did not record the type, the owner is unknown.
with items as (
  select
    s.awsaccountid as account, s.awsregion as region, s.resourcetype, s.resourceid, s.valid_from, s.valid_to,
    s.last_confirmed, s.evidence_object, s.evidence_record, i.configuration
  from lake.config_states s
  join lake.config_items i
    on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record
  where s.resourcetype in ('AWS::EC2::NetworkInterface', 'AWS::EC2::Instance') and s.state = 'exists'
), interfaces as (
  select
    account, region, valid_from, valid_to, last_confirmed, evidence_object, evidence_record,
    resourceid as interface_id,
    json_as_text(configuration, 'attachment', 'instanceId') as instance_id,
    json_as_text(configuration, 'interfaceType') as interface_type,
    json_as_text(configuration, 'description') as description,
    json_as_text(configuration, 'vpcId') as vpc_id,
    unnest(coalesce(json_get_array(configuration, 'privateIpAddresses'), make_array('{}'))) as private,
    json_as_text(configuration, 'association', 'publicIp') as public_ip
  from items
  where resourcetype = 'AWS::EC2::NetworkInterface'
), addresses as (
  select account, region, json_as_text(private, 'privateIpAddress') as ip, interface_id, instance_id, interface_type, description, vpc_id,
    valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from interfaces
  union all
  select account, region, json_as_text(private, 'association', 'publicIp') as ip, interface_id, instance_id, interface_type, description, vpc_id,
    valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from interfaces
  union all
  select account, region, json_as_text(configuration, 'privateIpAddress') as ip, cast(null as varchar) as interface_id, resourceid as instance_id,
    cast(null as varchar) as interface_type, cast(null as varchar) as description, json_as_text(configuration, 'vpcId') as vpc_id,
    valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from items where resourcetype = 'AWS::EC2::Instance'
  union all
  select account, region, json_as_text(configuration, 'publicIpAddress') as ip, cast(null as varchar) as interface_id, resourceid as instance_id,
    cast(null as varchar) as interface_type, cast(null as varchar) as description, json_as_text(configuration, 'vpcId') as vpc_id,
    valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from items where resourcetype = 'AWS::EC2::Instance'
)
select distinct * from addresses where ip is not null and ip <> ''
