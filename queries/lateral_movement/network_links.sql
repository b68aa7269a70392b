-- title: New ways between networks
-- question: Who made or changed peerings, transit gateways, endpoints, VPNs, private links, routes or shares of resources that join networks and accounts?
-- sources: cloudtrail
-- attack: T1021, T1599, T1133
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: names_other_account is true where twelve digits other than the own account stand in the request: the other side, an owner of a template, or a number that only looks so.
-- trap: The other side accepts in its own account, whose log has that call.
-- trap: Taking away is listed beside making (direction), as a link can be made for an hour.
-- trap: Failed attempts are listed as well; see error_class.
-- trap: A link alone carries nothing: routes and security groups decide; network/new_internal_pairs shows who then talked.
-- next: network/new_internal_pairs
-- next: network/new_outside_peers
-- next: config/who_changed
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  case
    when eventname ~ '^(Delete|Reject|Detach|Disassociate|Disable|Remove)' then 'taken away'
    when eventname ~ '^(Modify|Replace|Update)' then 'changed'
    else 'made'
  end as direction,
  case
    when eventname ~ 'Peering' then 'peering'
    when eventname ~ 'TransitGateway' then 'transit gateway'
    when eventname ~ 'VpcEndpoint' then 'endpoint or private link'
    when eventname ~ '(Vpn|CustomerGateway|ClientVpn)' then 'vpn'
    when eventname ~ 'Route' then 'route'
    when eventsource = 'ram.amazonaws.com' then 'share of a resource'
    when eventsource = 'directconnect.amazonaws.com' then 'direct connect'
    when eventsource = 'vpc-lattice.amazonaws.com' then 'lattice'
    else 'gateway or interface'
  end as link,
  coalesce(replace(concat(requestparameters, responseelements), coalesce(account, '-'), '') ~ '(^|[^0-9a-f-])[0-9]{12}([^0-9a-f-]|$)', false) as names_other_account,
  resources,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from cloudtrail
where event_time between $from and $to
  and (
    (eventsource = 'ec2.amazonaws.com' and eventname ~ '^(Create|Accept|Reject|Delete|Modify|Attach|Detach|Associate|Disassociate|Replace|Enable|Disable|Start|Add|Remove)'
      and eventname ~ '(VpcPeeringConnection|TransitGateway|VpcEndpoint|Vpn|CustomerGateway|ClientVpn|InternetGateway|NatGateway|EgressOnly|Route|NetworkInterface$|Subnet$|TrafficMirror|PrivateIpAddresses)')
    or (eventsource = 'ram.amazonaws.com' and eventname in ('CreateResourceShare', 'AssociateResourceShare', 'UpdateResourceShare', 'AcceptResourceShareInvitation', 'DisassociateResourceShare', 'DeleteResourceShare', 'EnableSharingWithAwsOrganization'))
    or (eventsource = 'directconnect.amazonaws.com' and eventname ~ '^(Create|Confirm|Accept|Associate|Delete|Allocate|Update)')
    or (eventsource = 'vpc-lattice.amazonaws.com' and eventname ~ '^(Create|Put|Delete|Update)')
    or (eventsource = 'networkmanager.amazonaws.com' and eventname ~ '^(Create|Accept|Register|Put|Execute|Delete)')
  )
order by event_time, evidence_object, evidence_record
