-- Requests for the same path about the same time in logs of the edge: what may be the same request, though no id says so.
with edge as (
  select 'cloudfront' as source, c_ip as ip, cs_method as method, cs_uri_stem_decoded as path,
    cast(sc_status as varchar) as outcome, event_time, evidence_object, evidence_record
  from lake.cloudfront
  union all
  select 'waf' as source, httprequest_clientip as ip, httprequest_httpmethod as method, httprequest_uri as path,
    action as outcome, event_time, evidence_object, evidence_record
  from lake.waf
  union all
  select 'elb_access' as source, client_ip as ip, request_verb as method, request_path as path,
    cast(elb_status_code as varchar) as outcome, event_time, evidence_object, evidence_record
  from lake.elb_access
), seen as (
  select e.* from edge e where e.evidence_object = $object and e.evidence_record = $record
)
select e.source, e.ip, e.method, e.path, e.outcome, e.event_time, e.evidence_object, e.evidence_record
from edge e
join seen s on s.path = e.path and s.method = e.method
where e.source <> s.source
  and e.event_time between s.event_time - interval '3 seconds' and s.event_time + interval '3 seconds'
order by e.event_time, e.source, e.evidence_object, e.evidence_record
limit 20
