-- title: Outside addresses seen for the first time
-- question: With which outside addresses did an interface exchange its first accepted flow, after how much history, and who began?
-- sources: vpc_flow
-- attack: T1071, T1133
-- parameter: ip text = null
-- parameter: history_days integer = 14
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: an outside address or network; null means every one
-- about history_days: how many days of earlier flows of the interface there have to be
-- about top: how many lines where no address is given, most bytes out first; null means all
-- about from: the first instant in which an address may be new
-- about to: the last instant in which an address may be new
-- trap: New means new in the collected flow logs; history_from says since when there are flows of that interface.
-- trap: An interface whose history begins with the incident has nothing that is new by this rule: set history_days to 0.
-- trap: Who began is told by the SYN of TCP where the log has tcp_flags, else the larger port is taken for the one that began.
-- trap: A public service meets new addresses all day; an interface that seldom meets any is where a new one says much (new_peers_of_interface).
-- trap: Addresses of IPv6 inside a VPC are public ones and are taken for outside unless the log has the direction.
-- next: network/address_owner
-- next: network/names_and_flows
-- next: triage/ip_activity
with flows as (
  select
    account,
    interface_id,
    case
      when flow_direction = 'egress' then 'out'
      when flow_direction = 'ingress' then 'in'
      when ip_is_private(srcaddr) and not ip_is_private(dstaddr) then 'out'
      when not ip_is_private(srcaddr) then 'in'
    end as way,
    coalesce(pkt_srcaddr, srcaddr) as source,
    coalesce(pkt_dstaddr, dstaddr) as destination,
    srcport,
    dstport,
    protocol,
    coalesce(pkt_dst_aws_service, pkt_src_aws_service) as aws_service,
    case
      when protocol = 6 and (tcp_flags & 18) = 2 then true
      when protocol = 6 and (tcp_flags & 18) = 18 then false
      when srcport > dstport then true
      when srcport < dstport then false
    end as source_began,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and action = 'ACCEPT'
), outside as (
  select *, case when way = 'out' then destination else source end as peer
  from flows
  where way is not null
    and not ip_is_private(case when way = 'out' then destination else source end)
), histories as (
  select interface_id, min(event_time) as history_from
  from vpc_flow
  where coalesce(log_status, 'OK') in ('OK', 'NODATA')
  group by interface_id
), peers as (
  select
    account,
    interface_id,
    peer,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) as flows,
    coalesce(sum(bytes) filter (where way = 'out'), 0) as bytes_out,
    coalesce(sum(bytes) filter (where way = 'in'), 0) as bytes_in
  from outside
  group by account, interface_id, peer
), fresh as (
  select peers.*, histories.history_from
  from peers
  join histories on (histories.interface_id is not distinct from peers.interface_id)
  where peers.first_time between $from and $to
    and peers.first_time >= histories.history_from + cast(concat(cast($history_days as text), ' days') as interval)
    and ($ip is null or peers.peer = $ip or ip_in_cidr(peers.peer, $ip))
), new_peers as (
  select interface_id, count(*) as new_peers_of_interface, sum(count(*)) over () as of_lines
  from fresh
  group by interface_id
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
      order by bytes_out desc, bytes_in desc, first_time, interface_id nulls first, peer, account nulls first
    ) as rank
  from fresh
), shown as (
  select * from ranked where $ip is not null or $top is null or rank <= $top
), examples as (
  select
    shown.rank,
    min(o.aws_service) as aws_service,
    first_value(case when o.source_began is null then 'unknown' when o.source_began = (o.way = 'out') then 'inside' else 'outside' end
      order by o.event_time, o.evidence_object, o.evidence_record) as began,
    first_value(case when o.source_began is null then null when o.source_began then o.dstport else o.srcport end
      order by o.event_time, o.evidence_object, o.evidence_record) as service_port,
    first_value(o.protocol order by o.event_time, o.evidence_object, o.evidence_record) as protocol,
    first_value(o.evidence_object order by o.event_time, o.evidence_object, o.evidence_record) as evidence_object,
    first_value(o.evidence_record order by o.event_time, o.evidence_object, o.evidence_record) as evidence_record
  from shown
  join outside o
    on o.peer = shown.peer and (o.interface_id is not distinct from shown.interface_id) and (o.account is not distinct from shown.account)
  where o.event_time = shown.first_time
  group by shown.rank
)
select
  shown.first_time,
  shown.account,
  shown.interface_id as interface,
  owners.owner,
  shown.peer,
  examples.began,
  case examples.protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'icmpv6'
    else cast(examples.protocol as text) end as protocol,
  examples.service_port,
  examples.aws_service,
  shown.bytes_out,
  shown.bytes_in,
  shown.flows,
  shown.last_time,
  shown.history_from,
  new_peers.new_peers_of_interface,
  examples.evidence_object,
  examples.evidence_record,
  new_peers.of_lines
from shown
join examples on examples.rank = shown.rank
join new_peers on (new_peers.interface_id is not distinct from shown.interface_id)
left join owners
  on owners.interface_id = shown.interface_id
order by shown.rank, owners.owner nulls first
