-- title: Plain HTTP and old TLS
-- question: Which clients came without TLS or with an old version of it, to what, and was anything answered?
-- sources: elb_access, elb_connections, cloudfront
-- attack: T1557, T1040
-- parameter: answered_only boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about answered_only: true leaves out what was only redirected or refused
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A plain request that is answered with a redirect to HTTPS is usual; answered counts only those that got an answer of their own.
-- trap: Behind CloudFront the connection to the load balancer is that of CloudFront.
-- trap: Health checks are not in access logs; old clients, scanners and devices are.
-- trap: Connections and requests are different logs: the same visit stands in both, as a connection and as requests.
-- trap: A refused certificate of a client and a failed handshake stand here with the outcome.
-- next: edge/alb_no_target
-- next: triage/ip_activity
with all_rows as (
  select
    'elb_access' as source, elb as place, client_ip as ip,
    case when type in ('http', 'ws') then 'plain HTTP' else coalesce(ssl_protocol, 'plain HTTP') end as transport,
    ssl_cipher as cipher,
    case when elb_status_code between 300 and 399 then 'redirected' when error_class = 'success' then 'answered' else 'refused or failed' end as outcome,
    request_host as host, user_agent, event_time, evidence_object, evidence_record
  from elb_access
  where (type in ('http', 'ws') or ssl_protocol is not null or (lb_type = 'classic' and request_url like 'http:%'))
  union all
  select
    'elb_connections' as source, elb as place, client_ip as ip, coalesce(tls_protocol,
      case when listener_port in (443, 8443) then 'no TLS agreed' else 'plain HTTP' end) as transport,
    tls_cipher as cipher,
    case when error_class = 'success' then 'answered' else coalesce(tls_verify_status, 'refused or failed') end as outcome,
    cast(null as varchar) as host, cast(null as varchar) as user_agent, event_time, evidence_object, evidence_record
  from elb_connections
  union all
  select
    'cloudfront' as source, distribution as place, c_ip as ip, case when cs_protocol in ('http', 'ws') then 'plain HTTP' else coalesce(ssl_protocol, 'not told') end as transport,
    ssl_cipher as cipher,
    case when sc_status between 300 and 399 then 'redirected' when error_class = 'success' then 'answered' else 'refused or failed' end as outcome,
    cs_host as host, cs_user_agent_decoded as user_agent, event_time, evidence_object, evidence_record
  from cloudfront
)
select
  source,
  place,
  transport,
  ip,
  count(*) as times,
  count(*) filter (where outcome = 'answered') as answered,
  count(*) filter (where outcome = 'redirected') as redirected,
  count(*) filter (where outcome not in ('answered', 'redirected')) as refused,
  min(case when outcome not in ('answered', 'redirected') then outcome end) as a_refusal,
  min(cipher) as a_cipher,
  min(host) as a_host,
  min(user_agent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by outcome, event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by outcome, event_time, evidence_object, evidence_record) as evidence_record
from all_rows
where event_time between $from and $to
  and (transport in ('plain HTTP', 'no TLS agreed') or lower(replace(transport, '.', '')) in ('sslv2', 'sslv3', 'tlsv1', 'tlsv10', 'tlsv11'))
group by source, place, transport, ip
having $answered_only = false or count(*) filter (where outcome = 'answered') > 0
order by answered desc, times desc, source, place nulls first, transport, ip nulls first
