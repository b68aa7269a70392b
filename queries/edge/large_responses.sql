-- title: Large answers at the edge
-- question: Which paths and clients took the most bytes out through CloudFront?
-- sources: cloudfront
-- attack: T1567, T1048
-- parameter: least_bytes integer = 1000000
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_bytes: how many bytes a client must have taken by one path
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A distribution is a way out of a private bucket: in the access log of the bucket such reads are CloudFront's, here the client is named.
-- trap: What is answered from the cache never reaches the bucket's own log.
-- trap: Range requests (206) fetch a file in parts.
-- next: exfiltration/bytes_out_by_requester
-- next: edge/top_clients
select
  cs_host as host,
  distribution,
  cs_uri_stem_decoded as path,
  c_ip as ip,
  count(*) as requests,
  sum(sc_bytes) as bytes,
  max(sc_bytes) as largest,
  count(*) filter (where sc_status = 206) as partial,
  count(*) filter (where x_edge_result_type = 'Hit') as from_cache,
  min(cs_user_agent_decoded) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from cloudfront
where event_time between $from and $to
  and error_class = 'success'
group by cs_host, distribution, cs_uri_stem_decoded, c_ip
having sum(sc_bytes) >= $least_bytes
order by bytes desc, host nulls first, distribution nulls first, path nulls first, ip nulls first
