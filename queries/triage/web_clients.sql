-- title: Clients of the web side
-- question: Who came to the load balancers, CloudFront and WAF, what was stopped, what was answered, and who stands out?
-- sources: elb_access, cloudfront, waf
-- attack: T1595, T1190
-- parameter: ip text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: the address of the client or a network; null means every one
-- about top: how many clients where no address is given, those with most blocked and refused requests first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The same request stands in WAF and in the log behind it: requests are counted for each log by itself.
-- trap: An address can be a proxy, an office or a whole network behind NAT.
-- trap: The agent is what the client writes; that of a browser is easily written.
-- trap: Behind CloudFront the load balancer sees addresses of CloudFront as its clients.
-- next: edge/waf_blocked_then_allowed
-- next: edge/rare_paths
-- next: triage/ip_activity
with requests as (
  select
    'elb_access' as source, client_ip as ip, concat(request_host, request_path) as path, elb_status_code as status, sent_bytes as bytes,
    user_agent, cast(null as varchar) as country, false as blocked, false as counted, is_write, event_time, evidence_object, evidence_record
  from elb_access
  union all
  select
    'cloudfront' as source, c_ip as ip, concat(cs_host, cs_uri_stem_decoded) as path, sc_status as status, sc_bytes as bytes,
    cs_user_agent_decoded as user_agent, c_country as country, false as blocked, false as counted, is_write, event_time, evidence_object, evidence_record
  from cloudfront
  union all
  select
    'waf' as source, httprequest_clientip as ip, concat(host, httprequest_uri) as path, cast(null as bigint) as status, cast(null as bigint) as bytes,
    useragent as user_agent, httprequest_country as country, action not in ('ALLOW', 'COUNT') as blocked,
    coalesce(nonterminatingmatchingrules, '[]') <> '[]' as counted, is_write, event_time, evidence_object, evidence_record
  from waf
), clients as (
  select
    ip,
    count(*) filter (where source = 'elb_access') as requests_elb,
    count(*) filter (where source = 'cloudfront') as requests_cloudfront,
    count(*) filter (where source = 'waf') as requests_waf,
    count(*) filter (where blocked) as blocked,
    count(*) filter (where counted) as counted,
    count(*) filter (where status between 200 and 299) as answered,
    count(*) filter (where status in (401, 403)) as refused,
    count(*) filter (where status = 404) as not_found,
    count(*) filter (where status >= 500) as server_errors,
    count(*) filter (where is_write) as writes,
    coalesce(sum(bytes), 0) as bytes,
    count(distinct path) as paths,
    count(distinct user_agent) as agents,
    min(user_agent) as an_agent,
    max(user_agent) filter (where user_agent ~* '(sqlmap|nikto|nuclei|nmap|masscan|zgrab|gobuster|dirbuster|ffuf|feroxbuster|wpscan|acunetix|nessus|openvas|burp|hydra|censys|expanse|curl|wget|python|go-http-client)') as a_tool,
    min(country) as country,
    count(distinct date_trunc('day', event_time)) as days,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from requests
  where event_time between $from and $to
    and ($ip is null or ip = $ip or ip_in_cidr(ip, $ip))
  group by ip
), ranked as (
  select
    *,
    row_number() over (order by blocked + counted + refused + not_found + server_errors desc, answered desc, ip nulls first) as rank,
    count(*) over () as of_lines
  from clients
)
select
  ip, country, blocked, counted, refused, not_found, server_errors, answered, writes, bytes, paths, requests_elb,
  requests_cloudfront, requests_waf, days, agents, an_agent, a_tool, first_time, last_time, evidence_object, evidence_record, of_lines
from ranked
where $ip is not null or $top is null or rank <= $top
order by rank
