-- Whose address it was, and when. `basis` says what knows it: AWS Config (interfaces and instances as captured: an
-- interval begins with the capture that first showed the address on its owner and ends with the one that showed it
-- gone), CloudTrail (from the call that gave the address to the one that took it away), or flow logs (what all flows
-- of an interface of a day have in common, until another interface is seen with it). Where no row is, the owner is unknown.
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
    json_get_json(configuration, 'groups') as groups,
    coalesce(json_get_array(configuration, 'privateIpAddresses'), make_array('{}')) as privates,
    coalesce(json_get_array(configuration, 'ipv6Addresses'), make_array('{}')) as sixes,
    json_as_text(configuration, 'association', 'publicIp') as public_ip
  from items
  where resourcetype = 'AWS::EC2::NetworkInterface'
), instances as (
  select
    account, region, valid_from, valid_to, last_confirmed, evidence_object, evidence_record, resourceid as instance_id,
    json_as_text(configuration, 'privateIpAddress') as private_ip,
    json_as_text(configuration, 'publicIpAddress') as public_ip,
    json_as_text(configuration, 'vpcId') as vpc_id, json_get_json(configuration, 'securityGroups') as groups
  from items
  where resourcetype = 'AWS::EC2::Instance'
), privates as (
  select *, unnest(privates) as one from interfaces
), sixes as (
  select *, unnest(sixes) as one from interfaces
), captured as (
  select account, region, json_as_text(one, 'privateIpAddress') as ip, interface_id, instance_id, interface_type,
    description, vpc_id, groups, valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from privates
  union all
  select account, region, json_as_text(one, 'association', 'publicIp') as ip, interface_id, instance_id, interface_type,
    description, vpc_id, groups, valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from privates
  union all
  select account, region, json_as_text(one, 'ipv6Address') as ip, interface_id, instance_id, interface_type,
    description, vpc_id, groups, valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from sixes
  union all
  select account, region, public_ip as ip, interface_id, instance_id, interface_type,
    description, vpc_id, groups, valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from interfaces
  union all
  select account, region, private_ip as ip, cast(null as varchar) as interface_id, instance_id,
    cast(null as varchar) as interface_type, cast(null as varchar) as description, vpc_id, groups, valid_from,
    valid_to, last_confirmed, evidence_object, evidence_record
  from instances
  union all
  select account, region, public_ip as ip, cast(null as varchar) as interface_id, instance_id,
    cast(null as varchar) as interface_type, cast(null as varchar) as description, vpc_id, groups, valid_from,
    valid_to, last_confirmed, evidence_object, evidence_record
  from instances
), begun as (
  -- A new state of the same owner goes on with the interval of the one before.
  select *, case when lag(valid_to) over (
      partition by ip, account, region, interface_id, instance_id, interface_type, description, vpc_id, groups
      order by valid_from, evidence_object, evidence_record
    ) = valid_from then 0 else 1 end as begins
  from (select distinct * from captured where ip is not null)
), numbered as (
  select *, sum(begins) over (
      partition by ip, account, region, interface_id, instance_id, interface_type, description, vpc_id, groups
      order by valid_from, evidence_object, evidence_record rows unbounded preceding
    ) as stretch
  from begun
), merged as (
  select ip, account, region, interface_id, instance_id, interface_type, description, vpc_id, groups,
    min(valid_from) as valid_from,
    case when count(*) = count(valid_to) then max(valid_to) end as valid_to,
    max(last_confirmed) as last_confirmed,
    first_value(evidence_object order by valid_from, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by valid_from, evidence_object, evidence_record) as evidence_record
  from numbered
  group by ip, account, region, interface_id, instance_id, interface_type, description, vpc_id, groups, stretch
), calls as (
  select eventname, account, region, event_time, requestparameters as request, responseelements as response,
    evidence_object, evidence_record
  from lake.cloudtrail
  where eventsource = 'ec2.amazonaws.com' and error_class = 'success'
    and eventname in ('RunInstances', 'TerminateInstances', 'CreateNetworkInterface', 'DeleteNetworkInterface',
      'AllocateAddress', 'AssociateAddress', 'DisassociateAddress', 'ReleaseAddress')
), launched as (
  select account, region, event_time, evidence_object, evidence_record,
    unnest(coalesce(json_get_array(response, 'instancesSet', 'items'), make_array('{}'))) as one
  from calls where eventname = 'RunInstances'
), terminated as (
  select account, region, event_time,
    unnest(coalesce(json_get_array(request, 'instancesSet', 'items'), make_array('{}'))) as one
  from calls where eventname = 'TerminateInstances'
), given as (
  select account, region, json_as_text(one, 'privateIpAddress') as ip,
    json_as_text(one, 'networkInterfaceSet', 'items', 0, 'networkInterfaceId') as interface_id,
    json_as_text(one, 'instanceId') as instance_id, cast(null as varchar) as description,
    json_as_text(one, 'vpcId') as vpc_id, json_as_text(one, 'instanceId') as holder,
    event_time, evidence_object, evidence_record
  from launched
  union all
  select account, region, json_as_text(response, 'networkInterface', 'privateIpAddress') as ip,
    json_as_text(response, 'networkInterface', 'networkInterfaceId') as interface_id, cast(null as varchar) as instance_id,
    json_as_text(response, 'networkInterface', 'description') as description,
    json_as_text(response, 'networkInterface', 'vpcId') as vpc_id,
    json_as_text(response, 'networkInterface', 'networkInterfaceId') as holder,
    event_time, evidence_object, evidence_record
  from calls where eventname = 'CreateNetworkInterface'
  union all
  select c.account, c.region, coalesce(json_as_text(c.request, 'publicIp'), json_as_text(a.response, 'publicIp')) as ip,
    json_as_text(c.request, 'networkInterfaceId') as interface_id, json_as_text(c.request, 'instanceId') as instance_id,
    cast(null as varchar) as description, cast(null as varchar) as vpc_id,
    coalesce(json_as_text(c.response, 'associationId'), json_as_text(c.request, 'publicIp')) as holder,
    c.event_time, c.evidence_object, c.evidence_record
  from calls c
  left join (select * from calls where eventname = 'AllocateAddress') a
    on json_as_text(a.response, 'allocationId') = json_as_text(c.request, 'allocationId') and a.account = c.account
  where c.eventname = 'AssociateAddress'
), taken as (
  select account, region, event_time, json_as_text(one, 'instanceId') as holder from terminated
  union all
  select account, region, event_time, json_as_text(request, 'networkInterfaceId') as holder
  from calls where eventname = 'DeleteNetworkInterface'
  union all
  select account, region, event_time,
    coalesce(json_as_text(request, 'associationId'), json_as_text(request, 'publicIp')) as holder
  from calls where eventname in ('DisassociateAddress', 'ReleaseAddress')
), called as (
  select g.account, g.region, g.ip, g.interface_id, g.instance_id, g.description, g.vpc_id, g.event_time as valid_from,
    min(t.event_time) as valid_to, g.evidence_object, g.evidence_record
  from given g
  left join taken t on t.holder = g.holder and t.account = g.account and t.event_time >= g.event_time
  where g.ip is not null
  group by g.account, g.region, g.ip, g.interface_id, g.instance_id, g.description, g.vpc_id, g.event_time,
    g.evidence_object, g.evidence_record
), days as (
  -- An address that is in every flow is the greatest of the lesser ends or the least of the greater ones.
  select interface_id, account, region, date, count(*) as flows, min(event_time) as first_time, max(event_time) as last_time,
    max(least(srcaddr, dstaddr)) as low, min(greatest(srcaddr, dstaddr)) as high,
    max(instance_id) as instance_id, max(vpc_id) as vpc_id
  from lake.vpc_flow
  where interface_id is not null and srcaddr is not null and dstaddr is not null
  group by interface_id, account, region, date
), checked as (
  select d.interface_id, d.account, d.region, d.date, d.flows, d.low, d.high, d.first_time, d.last_time, d.instance_id, d.vpc_id,
    count(*) filter (where f.srcaddr = d.low or f.dstaddr = d.low) = d.flows as is_low,
    count(*) filter (where f.srcaddr = d.high or f.dstaddr = d.high) = d.flows as is_high
  from days d
  join lake.vpc_flow f on f.interface_id = d.interface_id and f.date = d.date
  where (f.account is not distinct from d.account) and (f.region is not distinct from d.region)
    and f.srcaddr is not null and f.dstaddr is not null
  group by d.interface_id, d.account, d.region, d.date, d.flows, d.low, d.high, d.first_time, d.last_time, d.instance_id, d.vpc_id
), own as (
  -- With a single peer both ends are in every flow, and nothing tells which is the interface's own.
  select *, case when is_low then low else high end as ip
  from checked
  where is_low and is_high and low = high or is_low and not is_high or is_high and not is_low
), turns as (
  -- An interface has it until another one is seen with it.
  select *, case when lag(interface_id) over (partition by ip, account, region order by first_time, interface_id)
    = interface_id then 0 else 1 end as begins
  from own
), turned as (
  select *, sum(begins) over (partition by ip, account, region order by first_time, interface_id rows unbounded preceding) as turn
  from turns
), held as (
  select account, region, ip, interface_id, turn, max(instance_id) as instance_id, max(vpc_id) as vpc_id,
    min(first_time) as first_time, max(last_time) as last_time
  from turned group by account, region, ip, interface_id, turn
), flowed as (
  select o.account, o.region, o.ip, o.interface_id, o.instance_id, o.vpc_id, o.first_time as valid_from,
    o.last_time as valid_to, min(concat(f.evidence_object, ' ', lpad(cast(f.evidence_record as varchar), 12, '0'))) as place
  from held o
  join lake.vpc_flow f on f.interface_id = o.interface_id and f.event_time = o.first_time
  where f.srcaddr = o.ip or f.dstaddr = o.ip
  group by o.account, o.region, o.ip, o.interface_id, o.instance_id, o.vpc_id, o.first_time, o.last_time
), owners as (
  select 'config' as basis, account, region, ip, interface_id, instance_id, interface_type, description, vpc_id, groups,
    valid_from, valid_to, last_confirmed, evidence_object, evidence_record
  from merged
  union all
  select 'cloudtrail' as basis, account, region, ip, interface_id, instance_id, cast(null as varchar) as interface_type,
    description, vpc_id, cast(null as varchar) as groups, valid_from, valid_to,
    cast(null as timestamp) as last_confirmed, evidence_object, evidence_record
  from called
  union all
  select 'flows' as basis, account, region, ip, interface_id, instance_id, cast(null as varchar) as interface_type,
    cast(null as varchar) as description, vpc_id, cast(null as varchar) as groups, valid_from, valid_to,
    valid_to as last_confirmed, split_part(place, ' ', 1) as evidence_object,
    cast(split_part(place, ' ', 2) as bigint) as evidence_record
  from flowed
)
select ip, account, region,
  case
    when instance_id is not null then 'instance'
    when description like 'ELB %' then 'load balancer'
    when interface_type = 'lambda' or description like 'AWS Lambda VPC ENI%' then 'function'
    when description = 'RDSNetworkInterface' then 'database'
    when interface_type = 'nat_gateway' or description like 'Interface for NAT Gateway%' then 'NAT gateway'
    when interface_type in ('vpc_endpoint', 'gateway_load_balancer_endpoint') or description like 'VPC Endpoint Interface%' then 'VPC endpoint'
    when description like 'EFS mount target%' then 'file system'
    when description like 'arn:aws:ecs:%:attachment/%' then 'task'
    when interface_type = 'transit_gateway' then 'transit gateway'
    when interface_id is not null then 'interface'
  end as owner_kind,
  coalesce(
    instance_id,
    regexp_replace(nullif(nullif(description, ''), 'RDSNetworkInterface'), '^(ELB |AWS Lambda VPC ENI-|Interface for NAT Gateway |VPC Endpoint Interface |EFS mount target for )', ''),
    interface_id
  ) as owner,
  interface_id, instance_id, interface_type, description, vpc_id, groups as security_groups, basis,
  valid_from, valid_to, last_confirmed, evidence_object, evidence_record
from owners
where ip is not null and ip <> ''
