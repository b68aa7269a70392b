-- title: Ports open to the world, and who came through
-- question: While a security group was open to the world, which outside addresses were let in through that port, and to what?
-- sources: config_items, vpc_flow
-- attack: T1133, T1190, T1562.007
-- parameter: group text = null
-- parameter: minutes integer = 15
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about group: the id of the security group; null means every one
-- about minutes: how long before Config's capture and after its closing capture a flow still counts, since Config trails the call
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: ACCEPT means that the packets passed the security group and the network ACL, not that a login or a request succeeded.
-- trap: The times of the opening are those of captures; in_doubt says that the first flow lies in the minutes before or after them.
-- trap: Which interfaces had the group is taken from Config as of the flow; interfaces that Config did not record are not here.
-- trap: A port open to the world without any line here was not seen in use: the interface may have had no flow log.
-- trap: Of openings whose range could not be judged, see the table exposure_unknowns.
-- next: config/exposure_intervals
-- next: network/remote_logins
-- next: network/accepted_from_outside
with openings as (
  select
    resourceid as group_id,
    resourcename as group_name,
    detail,
    valid_from,
    valid_to,
    case
      when detail like 'tcp %' then 6 when detail like 'udp %' then 17
      when detail like 'icmpv6%' then 58 when detail like 'icmp%' then 1
    end as protocol,
    detail like 'all traffic%' as everything,
    case
      when detail ~ '^(tcp|udp) [0-9]+' then cast(split_part(split_part(split_part(detail, ' ', 2), '-', 1), ' ', 1) as bigint)
      else 0
    end as low,
    case
      when detail ~ '^(tcp|udp) [0-9]+-[0-9]+' then cast(split_part(split_part(detail, ' ', 2), '-', 2) as bigint)
      when detail ~ '^(tcp|udp) [0-9]+' then cast(split_part(detail, ' ', 2) as bigint)
      else 65535
    end as high,
    evidence_object as opening_object,
    evidence_record as opening_record
  from exposures
  where kind = 'open_security_group'
    and ($group is null or resourceid = $group)
), states as (
  select
    s.resourceid as interface_id, s.valid_from, s.valid_to,
    json_as_text(i.configuration, 'attachment', 'instanceId') as instance_id,
    json_as_text(i.configuration, 'description') as description,
    unnest(json_get_array(i.configuration, 'groups')) as one
  from config_states s
  join config_items i on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record
  where s.resourcetype = 'AWS::EC2::NetworkInterface' and s.state = 'exists'
), members as (
  select distinct
    interface_id, valid_from, valid_to, coalesce(instance_id, description) as owner,
    coalesce(json_as_text(one, 'groupId'), json_as_text(one, 'GroupId')) as group_id
  from states
), open_interfaces as (
  select
    openings.*, members.interface_id, members.owner, members.valid_from as had_from, members.valid_to as had_to
  from openings
  join members on members.group_id = openings.group_id
), used as (
  select
    o.group_id, o.group_name, o.detail, o.valid_from, o.valid_to, o.interface_id, o.owner, o.opening_object, o.opening_record,
    coalesce(f.pkt_srcaddr, f.srcaddr) as source,
    f.dstport as port,
    f.protocol,
    f.bytes,
    f.event_time,
    f.evidence_object,
    f.evidence_record
  from open_interfaces o
  join vpc_flow f on f.interface_id = o.interface_id
  where f.action = 'ACCEPT'
    and f.event_time between $from and $to
    and not ip_is_private(coalesce(f.pkt_srcaddr, f.srcaddr))
    and (f.flow_direction is null or f.flow_direction = 'ingress')
    and (o.everything or f.protocol = o.protocol)
    and (f.protocol not in (6, 17) or f.dstport between o.low and o.high)
    and (f.protocol not in (6, 17)
      or (f.protocol = 6 and (f.tcp_flags & 18) = 2)
      or (((f.tcp_flags & 18) is null or (f.tcp_flags & 18) = 0 or f.protocol = 17) and f.srcport > f.dstport))
    and f.event_time >= o.valid_from - cast(concat(cast($minutes as text), ' minutes') as interval)
    and (o.valid_to is null or f.event_time <= o.valid_to + cast(concat(cast($minutes as text), ' minutes') as interval))
    and (f.event_time >= o.had_from or o.had_from = o.valid_from)
    and (o.had_to is null or f.event_time < o.had_to)
)
select
  group_id as security_group,
  group_name,
  detail as open_for,
  valid_from as open_from,
  valid_to as open_to,
  interface_id as interface,
  owner,
  source,
  port,
  case protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'icmpv6'
    else cast(protocol as text) end as protocol,
  count(*) as flows,
  sum(bytes) as bytes_in,
  min(event_time) as first_time,
  max(event_time) as last_time,
  min(event_time) < valid_from or coalesce(min(event_time) > valid_to, false) as in_doubt,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record,
  opening_object,
  opening_record
from used
group by group_id, group_name, detail, valid_from, valid_to, interface_id, owner, source, port, protocol, opening_object, opening_record
order by open_from, security_group, open_for, first_time, interface, owner nulls first, source, port, protocol, opening_object, opening_record
