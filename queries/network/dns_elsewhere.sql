-- title: DNS past the resolver
-- question: Which machines sent DNS to outside servers, where the query log of the resolver does not see it?
-- sources: vpc_flow
-- attack: T1071.004, T1572
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: DNS over HTTPS goes to port 443 and cannot be told from the web; of such resolvers only the best known addresses are taken here.
-- trap: Questions to the Route 53 Resolver are not in flow logs at all, so those that are here went elsewhere.
-- trap: Own DNS servers that forward to the outside stand here by nature.
-- trap: REJECT means that it was tried and stopped.
-- next: network/who_asked
-- next: network/top_talkers
with outgoing as (
  select
    account,
    interface_id,
    srcaddr as source,
    coalesce(pkt_dstaddr, dstaddr) as server,
    dstport as port,
    protocol,
    action,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and event_time between $from and $to
    and protocol in (6, 17)
    and ip_is_private(srcaddr)
    and not ip_is_private(coalesce(pkt_dstaddr, dstaddr))
    and (dstport in (53, 853)
      or (dstport = 443 and coalesce(pkt_dstaddr, dstaddr) in
        ('1.1.1.1', '1.0.0.1', '8.8.8.8', '8.8.4.4', '9.9.9.9', '149.112.112.112', '208.67.222.222', '208.67.220.220', '94.140.14.14', '94.140.15.15')))
)
select
  account,
  interface_id as interface,
  source,
  server,
  case protocol when 6 then 'tcp' when 17 then 'udp' end as protocol,
  port,
  count(*) as flows,
  count(*) filter (where action = 'REJECT') as rejected,
  coalesce(sum(bytes) filter (where action = 'ACCEPT'), 0) as bytes_out,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from outgoing
group by account, interface_id, source, server, protocol, port
order by bytes_out desc, flows desc, account nulls first, interface nulls first, source, server, port, protocol
