-- title: Bytes out per interface and day
-- question: On which days did an interface send more bytes to outside addresses than on its usual day?
-- sources: vpc_flow
-- attack: T1048, T1041
-- parameter: interface text = null
-- parameter: least_bytes integer = 10000000
-- parameter: least_times number = 3
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about interface: the interface; null means every one, and then only days that stand out
-- about least_bytes: how many bytes a day must have, where no interface is given
-- about least_times: how many times the usual day it must be, where no interface is given
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The usual day is the median over the days on which the interface sent anything out in the collected logs; with few days it says little (days_seen).
-- trap: Days are those of UTC; a transfer across midnight is cut in two.
-- trap: What leaves through a NAT gateway stands at the host and again at the gateway: do not add them up.
-- trap: Bytes include the headers of packets, so they are somewhat more than the content; skipped records make them less (network/flow_log_gaps).
-- trap: Traffic to AWS services such as S3 is outside too; bytes_to_aws says how much of it, where the log has the field.
-- trap: Between addresses of IPv6 the way is told only where the log has flow_direction.
-- next: exfiltration/large_uploads
-- next: network/top_talkers
-- next: exfiltration/bytes_out_by_requester
with outgoing as (
  select
    account,
    interface_id,
    coalesce(pkt_dstaddr, dstaddr) as peer,
    pkt_dst_aws_service as aws_service,
    date_trunc('day', event_time) as day,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and action = 'ACCEPT'
    and (flow_direction = 'egress' or (flow_direction is null and ip_is_private(srcaddr)))
    and not ip_is_private(coalesce(pkt_dstaddr, dstaddr))
    and ($interface is null or interface_id = $interface)
), by_peer as (
  select
    account, interface_id, day, peer,
    sum(bytes) as bytes,
    coalesce(sum(bytes) filter (where aws_service is not null), 0) as bytes_to_aws,
    count(*) as flows,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by bytes desc, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by bytes desc, event_time, evidence_object, evidence_record) as evidence_record
  from outgoing
  group by account, interface_id, day, peer
), daily as (
  select
    account, interface_id, day,
    sum(bytes) as bytes,
    sum(bytes_to_aws) as bytes_to_aws,
    sum(flows) as flows,
    count(*) as peers,
    first_value(peer order by bytes desc, peer) as largest_peer,
    max(bytes) as bytes_to_largest,
    min(first_time) as first_time,
    max(last_time) as last_time,
    first_value(evidence_object order by bytes desc, peer) as evidence_object,
    first_value(evidence_record order by bytes desc, peer) as evidence_record
  from by_peer
  group by account, interface_id, day
), usual as (
  select account, interface_id, cast(median(cast(bytes as double)) as double) as usual_bytes, count(*) as days_seen
  from daily
  group by account, interface_id
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
)
select
  d.day,
  d.account,
  d.interface_id as interface,
  owners.owner,
  d.bytes,
  u.usual_bytes,
  case when u.usual_bytes > 0 then round(d.bytes / u.usual_bytes, 2) end as times_usual,
  u.days_seen,
  d.bytes_to_aws,
  d.flows,
  d.peers,
  d.largest_peer,
  d.bytes_to_largest,
  d.first_time,
  d.last_time,
  d.evidence_object,
  d.evidence_record
from daily d
join usual u on (u.account is not distinct from d.account) and (u.interface_id is not distinct from d.interface_id)
left join owners
  on owners.interface_id = d.interface_id
where d.last_time >= $from
  and d.first_time <= $to
  and ($interface is not null or (d.bytes >= $least_bytes and d.bytes >= $least_times * u.usual_bytes))
order by d.bytes desc, d.day, account nulls first, interface nulls first, owner nulls first
