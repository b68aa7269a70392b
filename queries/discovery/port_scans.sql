-- title: Port and host scans in the flows
-- question: Which addresses tried many ports or many hosts within a short time, and how much of it was refused?
-- sources: vpc_flow
-- attack: T1046, T1595.001
-- parameter: minutes integer = 60
-- parameter: least_targets integer = 15
-- parameter: inside_only boolean = false
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least_targets: how many different pairs of host and port make a scan
-- about inside_only: true leaves only scans that come from a private address
-- about top: how many lines, most targets first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A flow log counts per aggregation window; a scan of one port on one host leaves one row however often it knocked.
-- trap: Only the interfaces that have a flow log see the scan; a scan from inside is seen at both ends and counted once here.
-- trap: Monitoring, load balancers and service discovery fan out as well: their tries are accepted, those of a scan mostly refused.
-- trap: A slow scan stays below least_targets in each window; give longer windows.
-- trap: From a private address a port that is open to all is no REJECT: accepted tries at many hosts count too.
-- next: network/accepted_from_outside
-- next: network/address_owner
with opened as (
  select
    coalesce(pkt_srcaddr, srcaddr) as source,
    dstaddr as host,
    dstport as port,
    protocol,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    action,
    bytes,
    account,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and event_time between $from and $to
    and protocol in (6, 17)
    and case
      when protocol = 6 and (tcp_flags & 18) = 2 then true
      when protocol = 6 and (tcp_flags & 18) = 18 then false
      else srcport > dstport
    end
    and ($inside_only = false or ip_is_private(coalesce(pkt_srcaddr, srcaddr)))
), tries as (
  select
    source, window_start, host, port, protocol,
    count(*) filter (where action = 'REJECT') as refused,
    count(*) filter (where action = 'ACCEPT') as accepted,
    coalesce(sum(bytes), 0) as bytes,
    min(event_time) as first_time,
    max(event_time) as last_time
  from opened
  group by source, window_start, host, port, protocol
), busy as (
  select source, window_start
  from tries
  group by source, window_start
  having count(*) >= $least_targets
), scans as (
  select
    tries.source,
    tries.window_start,
    count(*) as targets,
    count(distinct tries.host) as hosts,
    count(distinct tries.port) as ports,
    count(*) filter (where tries.refused > 0) as targets_refused,
    count(*) filter (where tries.accepted > 0) as targets_accepted,
    sum(tries.bytes) as bytes,
    min(tries.port) as lowest_port,
    max(tries.port) as highest_port,
    min(tries.host) as a_host,
    min(tries.first_time) as first_time,
    max(tries.last_time) as last_time
  from busy
  join tries on tries.source = busy.source and tries.window_start = busy.window_start
  group by tries.source, tries.window_start
), ranked as (
  select
    *,
    row_number() over (order by targets desc, targets_refused desc, window_start, source nulls first) as rank,
    count(*) over () as of_lines
  from scans
), shown as (
  select * from ranked where $top is null or rank <= $top
), examples as (
  select
    shown.rank,
    min(o.account) as account,
    first_value(o.evidence_object order by o.event_time, o.evidence_object, o.evidence_record) as evidence_object,
    first_value(o.evidence_record order by o.event_time, o.evidence_object, o.evidence_record) as evidence_record
  from shown
  join opened o on o.source = shown.source and o.window_start = shown.window_start
  group by shown.rank
)
select
  shown.window_start,
  shown.source,
  ip_is_private(shown.source) as from_inside,
  shown.targets,
  shown.hosts,
  shown.ports,
  shown.lowest_port,
  shown.highest_port,
  shown.a_host,
  shown.targets_refused,
  shown.targets_accepted,
  round(shown.targets_refused * 100.0 / shown.targets, 1) as refused_percent,
  shown.bytes,
  examples.account,
  shown.first_time,
  shown.last_time,
  examples.evidence_object,
  examples.evidence_record,
  shown.of_lines
from shown
join examples on examples.rank = shown.rank
order by shown.rank
