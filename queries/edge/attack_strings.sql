-- title: Attack strings in web requests
-- question: Which requests carry the marks of attacks or scanners, and which of them were answered?
-- sources: cloudfront, s3_access, elb_access, waf
-- attack: T1190, T1595.002, T1552.005
-- parameter: ip text = null
-- parameter: only_answered boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: the address of the client; null means every client
-- about only_answered: true leaves requests out that did not end in success
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Bodies of requests are in none of these logs, so attacks in a POST are not seen, and of headers only a few outside WAF.
-- trap: A request stands in WAF and in the log behind it: two lines with the same request_id; a line of WAF says what WAF did, with its own status only where it answered itself.
-- trap: Values are decoded once; a string that was encoded twice is found only by the pattern for double encoding.
-- trap: An answer 200 does not mean that the attack worked: many sites answer 200 to everything.
-- trap: The patterns are coarse: they find candidates, and harmless requests among them.
-- next: triage/ip_activity
-- next: edge/follow_request
-- next: edge/top_clients
with requests as (
  select
    evidence_object, evidence_record, event_time, 'cloudfront' as source, c_ip as client_ip, cs_method as method,
    cs_host as host, cs_uri_stem_decoded as path, cs_uri_query_decoded as query, cs_user_agent_decoded as user_agent,
    cs_referrer as referrer, sc_status as status, sc_bytes as bytes, error_class, x_edge_request_id as request_id,
    concat_ws(' ', cs_uri_stem, cs_uri_stem_decoded, cs_uri_query, cs_uri_query_decoded, cs_user_agent_decoded, cs_referrer, cs_cookie) as words
  from cloudfront
  where event_time between $from and $to
  union all
  select
    evidence_object, evidence_record, event_time, 's3_access' as source, remoteip as client_ip,
    split_part(request_uri, ' ', 1) as method, coalesce(endpoint, bucket_name) as host, key_decoded as path,
    split_part(split_part(request_uri, '?', 2), ' ', 1) as query, useragent as user_agent, referrer,
    httpstatus as status, bytessent as bytes, error_class, requestid as request_id,
    concat_ws(' ', request_uri, key_decoded, useragent, referrer) as words
  from s3_access
  where event_time between $from and $to
  union all
  select
    evidence_object, evidence_record, event_time, 'elb_access' as source, client_ip, request_verb as method,
    request_host as host, request_path as path,
    case when strpos(request_url, '?') > 0 then substr(request_url, strpos(request_url, '?') + 1) end as query, user_agent,
    cast(null as varchar) as referrer, elb_status_code as status, sent_bytes as bytes, error_class,
    split_part(regexp_replace(trace_id, '^.*Root=', ''), ';', 1) as request_id,
    replace(replace(concat_ws(' ', request_url, request_path, user_agent), '%20', ' '), '%27', '''') as words
  from elb_access
  where event_time between $from and $to
  union all
  select
    evidence_object, evidence_record, event_time, 'waf' as source, httprequest_clientip as client_ip,
    httprequest_httpmethod as method, host, httprequest_uri as path, httprequest_args as query, useragent as user_agent, referer as referrer,
    responsecodesent as status, cast(null as bigint) as bytes, error_class,
    split_part(regexp_replace(httprequest_requestid, '^.*Root=', ''), ';', 1) as request_id,
    replace(replace(concat_ws(' ', httprequest_uri, httprequest_args, httprequest_headers), '%20', ' '), '%27', '''') as words
  from waf
  where event_time between $from and $to
), judged as (
  select
    *,
    case
      when words ~* '(\$\{(jndi|lower|upper|env):|%24%7bjndi)' then 'log4shell'
      when words ~* '(169\.254\.169\.254|metadata\.google|latest/meta-data|\[fd00:ec2::254\]|169\.254\.170\.2)' then 'metadata service'
      when words ~* '(union[^a-z]+(all[^a-z]+)?select|or[^a-z0-9]+1=1|sleep\([0-9]|benchmark\(|information_schema|;[^a-z]*(drop|delete|insert|update|alter)[^a-z]+(table|from|into|database)|xp_cmdshell|pg_sleep|waitfor[^a-z]+delay)' then 'sql injection'
      when words ~* '(<script|javascript:|onerror\s*=|onload\s*=|%3cscript)' then 'cross-site scripting'
      when words ~* '(\.\./|\.\.\\|%2e%2e(/|%2f)|%252e|/etc/passwd|win\.ini|/proc/self)' then 'path traversal'
      when words ~* '(;|\||`|\$\()\s*(cat|id|whoami|curl|wget|nc|bash|sh|powershell)([^a-z0-9]|$)' then 'command injection'
      when words ~* '(/\.env|/\.git/|/\.aws/|wp-config|id_rsa|\.htpasswd|/\.ssh/|credentials\.json|\.bak([^a-z]|$)|phpinfo)' then 'hunt for secrets'
      when words ~* '(wp-login|xmlrpc\.php|phpmyadmin|/cgi-bin/|/actuator|/solr/|/manager/html|shell\.php|eval-stdin\.php|/boaform)' then 'hunt for weak software'
      when user_agent ~* '(sqlmap|nikto|nuclei|nmap|masscan|zgrab|gobuster|dirbuster|ffuf|feroxbuster|wpscan|acunetix|nessus|openvas|burp|hydra|censys|expanse)' then 'scanner'
      when words ~ '%25[0-9a-fA-F]{2}' then 'double encoding'
    end as kind
  from requests
)
select
  evidence_object, evidence_record, event_time, source, kind, client_ip as ip, method, host, path, query, status,
  error_class, bytes, user_agent, referrer, request_id
from judged
where kind is not null
  and ($ip is null or client_ip = $ip or ip_in_cidr(client_ip, $ip))
  and ($only_answered = false or error_class = 'success')
order by event_time, source, evidence_object, evidence_record
