-- title: Who moved most bytes
-- question: Between which addresses did most bytes go through each interface, and over which service port?
-- sources: vpc_flow
-- attack: T1048, T1041
-- parameter: ip text = null
-- parameter: outside_only boolean = false
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: an address or network at either end; null means every address
-- about outside_only: true leaves out what has a private address at both ends
-- about top: how many lines where no address is given, most bytes first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A flow is one direction: an exchange has two lines, one each way; source and destination say which.
-- trap: Traffic between two recorded interfaces is written by both, and what passes a NAT gateway or a load balancer again by theirs: do not add up lines of different interfaces.
-- trap: The service port is a judgement: by the SYN of TCP where the log has tcp_flags, else the smaller port.
-- trap: Source and destination are those in the packet where the log has them, else those that the interface saw.
-- trap: Not logged at all: traffic to the resolver, the metadata address, DHCP, time service and mirrored traffic.
-- next: network/new_outside_peers
-- next: exfiltration/large_uploads
-- next: network/address_owner
with flows as (
  select
    account,
    interface_id,
    coalesce(pkt_srcaddr, srcaddr) as source,
    coalesce(pkt_dstaddr, dstaddr) as destination,
    protocol,
    case
      when protocol = 6 and (tcp_flags & 18) = 2 then dstport
      when protocol = 6 and (tcp_flags & 18) = 18 then srcport
      else least(srcport, dstport)
    end as service_port,
    case when protocol = 6 and (tcp_flags & 18) > 0 then 'SYN' when srcport is not null then 'smaller port' end as port_by,
    action,
    packets,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and event_time between $from and $to
    and ($ip is null or srcaddr = $ip or dstaddr = $ip or pkt_srcaddr = $ip or pkt_dstaddr = $ip
      or ip_in_cidr(coalesce(pkt_srcaddr, srcaddr), $ip) or ip_in_cidr(coalesce(pkt_dstaddr, dstaddr), $ip))
), lines as (
  select
    account,
    interface_id,
    source,
    destination,
    protocol,
    service_port,
    min(port_by) as port_by,
    coalesce(sum(bytes) filter (where action = 'ACCEPT'), 0) as bytes,
    coalesce(sum(packets) filter (where action = 'ACCEPT'), 0) as packets,
    count(*) as flows,
    count(*) filter (where action = 'REJECT') as rejected,
    min(event_time) as first_time,
    max(event_time) as last_time
  from flows
  group by account, interface_id, source, destination, protocol, service_port
), owners as (
  select
    interface_id,
    coalesce(
      nullif(array_to_string(array_sort(array_agg(distinct instance_id)), ', '), ''),
      nullif(array_to_string(array_sort(array_agg(distinct description)), ', '), ''),
      min(interface_type)
    ) as owner
  from ip_owner
  where interface_id is not null
  group by interface_id
), ranked as (
  select
    *,
    row_number() over (
      order by bytes desc, flows desc, account nulls first, interface_id nulls first, source nulls first,
        destination nulls first, protocol nulls first, service_port nulls first
    ) as rank,
    count(*) over () as of_lines
  from lines
  where $outside_only = false or not ip_is_private(source) or not ip_is_private(destination)
), shown as (
  select * from ranked where $ip is not null or $top is null or rank <= $top
), examples as (
  select
    shown.rank,
    first_value(flows.evidence_object order by flows.event_time, flows.evidence_object, flows.evidence_record) as evidence_object,
    first_value(flows.evidence_record order by flows.event_time, flows.evidence_object, flows.evidence_record) as evidence_record
  from shown
  join flows
    on (flows.account is not distinct from shown.account) and (flows.interface_id is not distinct from shown.interface_id)
    and (flows.source is not distinct from shown.source) and (flows.destination is not distinct from shown.destination)
    and (flows.protocol is not distinct from shown.protocol) and (flows.service_port is not distinct from shown.service_port)
  group by shown.rank
)
select
  shown.account,
  shown.interface_id as interface,
  owners.owner,
  shown.source,
  shown.destination,
  case shown.protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'icmpv6'
    else cast(shown.protocol as text) end as protocol,
  shown.service_port,
  shown.port_by,
  shown.bytes,
  shown.packets,
  shown.flows,
  shown.rejected,
  shown.first_time,
  shown.last_time,
  examples.evidence_object,
  examples.evidence_record,
  shown.of_lines
from shown
join examples on examples.rank = shown.rank
left join owners
  on owners.interface_id = shown.interface_id
order by shown.rank, owners.owner nulls first
