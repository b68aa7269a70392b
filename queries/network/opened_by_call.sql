-- title: Network opened by a call
-- question: Which calls opened a security group, network list, route or gateway, on which ports, for whom, and was it taken back?
-- sources: cloudtrail
-- attack: T1562.007, T1133
-- parameter: only_world boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_world: true leaves out all but what was opened to everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Calls only: what a group allowed before, and what was opened in hours whose logs are missing, only Config knows; see config/open_security_groups.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- trap: A single foreign address (/32, /128) is the mark of somebody who let himself in; scope names it, and /0 as everybody. Private ranges are inside.
-- trap: closed_at is the first later call that revokes from the same group with that range and those ports; it says nothing of a group that was deleted or left behind.
-- trap: Rules made inline by CloudFormation or Terraform stand here too; read user_agent and invoked_by.
-- next: config/open_security_groups
-- next: network/accepted_from_outside
-- next: triage/key_activity
with calls as (
  select
    *,
    coalesce(json_get_array(json_get_json(requestparameters, 'ipPermissions', 'items')), make_array('{}')) as permissions,
    coalesce(
      json_as_text(requestparameters, 'groupId'), json_as_text(requestparameters, 'groupName'), json_as_text(requestparameters, 'networkAclId'),
      json_as_text(requestparameters, 'routeTableId'), json_as_text(requestparameters, 'vpcId'),
      json_as_text(responseelements, 'internetGateway', 'internetGatewayId'), json_as_text(requestparameters, 'DBSecurityGroupName')
    ) as target
  from cloudtrail
  where eventsource in ('ec2.amazonaws.com', 'rds.amazonaws.com', 'redshift.amazonaws.com', 'elasticache.amazonaws.com')
    and eventname in (
      'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'ModifySecurityGroupRules', 'CreateNetworkAclEntry', 'ReplaceNetworkAclEntry',
      'CreateRoute', 'ReplaceRoute', 'AttachInternetGateway', 'CreateInternetGateway', 'CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection',
      'AuthorizeDBSecurityGroupIngress', 'AuthorizeClusterSecurityGroupIngress', 'AuthorizeCacheSecurityGroupIngress', 'ModifyManagedPrefixList'
    )
), rules as (
  select *, unnest(permissions) as permission from calls
), listed as (
  select
    *,
    array_concat(
      coalesce(json_get_array(json_get_json(permission, 'ipRanges', 'items')), make_array()),
      coalesce(json_get_array(json_get_json(permission, 'ipv6Ranges', 'items')), make_array()),
      coalesce(json_get_array(json_get_json(permission, 'prefixListIds', 'items')), make_array()),
      coalesce(json_get_array(json_get_json(permission, 'groups', 'items')), make_array())
    ) as items
  from rules
), ranged as (
  select *, unnest(case when array_length(items) > 0 then items else make_array('{}') end) as item
  from listed
), opened as (
  select
    evidence_object, evidence_record, event_time, account, region, eventname as action, target, error_class,
    coalesce(json_as_text(permission, 'ipProtocol'), json_as_text(requestparameters, 'ipProtocol'), json_as_text(requestparameters, 'aclProtocol')) as protocol,
    coalesce(json_as_text(permission, 'fromPort'), json_as_text(requestparameters, 'fromPort'), json_as_text(requestparameters, 'portRange', 'from')) as from_port,
    coalesce(json_as_text(permission, 'toPort'), json_as_text(requestparameters, 'toPort'), json_as_text(requestparameters, 'portRange', 'to')) as to_port,
    coalesce(
      json_as_text(item, 'cidrIp'), json_as_text(item, 'cidrIpv6'), json_as_text(item, 'prefixListId'), json_as_text(item, 'groupId'),
      json_as_text(requestparameters, 'cidrIp'), json_as_text(requestparameters, 'cidrBlock'), json_as_text(requestparameters, 'ipv6CidrBlock'),
      json_as_text(requestparameters, 'destinationCidrBlock'), json_as_text(requestparameters, 'destinationIpv6CidrBlock'),
      json_as_text(requestparameters, 'cIDRIP'),
      json_as_text(requestparameters, 'ModifySecurityGroupRulesRequest', 'SecurityGroupRule', 'SecurityGroupRule', 'CidrIpv4')
    ) as range,
    coalesce(json_as_text(requestparameters, 'ruleAction'), 'allow') as rule_action,
    eventname = 'RevokeSecurityGroupIngress' and error_class = 'success' as is_closing,
    useridentity.arn as actor,
    useridentity.accesskeyid as access_key,
    useridentity.invokedby as invoked_by,
    sourceipaddress as ip,
    useragent as user_agent,
    requestparameters as request
  from ranged
), followed as (
  select
    *,
    first_value(case when is_closing then event_time end) ignore nulls over later as closed_at,
    first_value(case when is_closing then actor end) ignore nulls over later as closed_by
  from opened
  window later as (
    partition by account, region, target, range, protocol, from_port, to_port order by event_time, evidence_object, evidence_record
    rows between 1 following and unbounded following
  )
), judged as (
  select
    *,
    case
      when action in ('CreateRoute', 'ReplaceRoute') and range in ('0.0.0.0/0', '::/0') then 'a way to the internet'
      when range in ('0.0.0.0/0', '::/0') then 'everybody'
      when ip_is_private(split_part(range, '/', 1)) then 'inside'
      when range ~ '(^[0-9.]+/32|:.*/128)$' then 'a single address'
      when range ~ '/[0-9]+$' then 'a foreign range'
      when range is not null then 'a group or list'
      else 'see request'
    end as scope
  from followed
  where action <> 'RevokeSecurityGroupIngress'
    and rule_action <> 'deny'
    and event_time between $from and $to
)
select distinct
  evidence_object, evidence_record, event_time, account, region, action, target, protocol, from_port, to_port, range, scope,
  case when action = 'AuthorizeSecurityGroupIngress' then closed_at end as closed_at,
  case when action = 'AuthorizeSecurityGroupIngress' then closed_by end as closed_by,
  actor, access_key, invoked_by, ip, user_agent, error_class, request
from judged
where $only_world = false or scope = 'everybody'
order by event_time, evidence_object, evidence_record, range nulls first, protocol nulls first, from_port nulls first, to_port nulls first
