-- title: Requests for odd hosts, and requests that are not clean
-- question: Which clients asked for a host that hardly anybody else asks for, by the bare address, or in a way that servers may read differently?
-- sources: elb_access
-- attack: T1190, T1595.001
-- parameter: most_clients integer = 2
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about most_clients: a host that at most so many clients ever asked for is odd
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Scanners that try addresses name the address or none as host; a request without a host name is no attack on this site in particular.
-- trap: Ambiguous and Severe are AWS's words for requests that break RFC 7230 (desync mitigation); broken clients make them as well.
-- trap: A line that can be split in more than one way (quotes in what the client wrote) is marked, since its columns may be cut wrongly.
-- trap: The host is what the client wrote; the name of the load balancer itself is a host too.
-- next: edge/alb_no_target
-- next: edge/attack_strings
with requests as (
  select
    account, elb, client_ip as ip, request_host as host, domain_name, request_path as path, elb_status_code as status,
    classification, classification_reason, parse_ambiguous, user_agent, event_time, evidence_object, evidence_record
  from elb_access
  where coalesce(lb_type, '') <> 'net'
), hosts as (
  select elb, host, count(distinct ip) as clients_of_host, count(*) as requests_of_host
  from requests
  group by elb, host
), judged as (
  select
    r.*, h.clients_of_host, h.requests_of_host,
    case
      when r.classification = 'Severe' then 'desync: severe'
      when r.classification = 'Ambiguous' then 'desync: ambiguous'
      when r.parse_ambiguous then 'line cannot be split for certain'
      when r.host is null then 'no host'
      when r.host ~ '^[0-9.]+$' or r.host ~ '^\[' then 'bare address'
      when lower(r.domain_name) <> lower(r.host) then 'host differs from TLS'
      when h.clients_of_host <= $most_clients then 'rare host'
    end as kind
  from requests r
  join hosts h on (h.elb is not distinct from r.elb) and (h.host is not distinct from r.host)
  where r.event_time between $from and $to
)
select
  min(event_time) as first_time,
  max(event_time) as last_time,
  account,
  elb,
  kind,
  ip,
  host,
  count(*) as requests,
  count(*) filter (where status between 200 and 299) as answered,
  clients_of_host,
  requests_of_host,
  min(path) as a_path,
  min(domain_name) as a_tls_name,
  min(classification_reason) as a_reason,
  min(user_agent) as a_user_agent,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from judged
where kind is not null
group by account, elb, kind, ip, host, clients_of_host, requests_of_host
order by answered desc, requests desc, first_time, elb nulls first, kind, ip nulls first, host nulls first, account nulls first
