-- title: Web requests before the first use of a key
-- question: Which suspicious web requests were answered, or asked for the metadata service, shortly before a key was used from an address for the first time?
-- sources: elb_access, waf, cloudfront, cloudtrail
-- attack: T1190, T1552.005, T1552.001
-- parameter: key text = null
-- parameter: hours integer = 12
-- parameter: history_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: the access key id; null means every key with a first use from a new address
-- about hours: how long before that use to look, at most 48
-- about history_days: how many days of CloudTrail there have to be before a use counts as the first; not asked with a key
-- about from: the first instant in which the use may lie
-- about to: the last instant in which the use may lie
-- trap: Before is not because: the requests are candidates; what the answer held no log says, only the application's own log may.
-- trap: Suspicious are the metadata address in URL or query (SSRF), and paths of settings and secrets; rare_paths finds pages that no pattern knows.
-- trap: Flow logs do not have traffic to the metadata address, so whether a server followed such a request they cannot tell.
-- trap: The one who took the key and the one who uses it can have different addresses; same_ip says where it is the same.
-- trap: Bodies of requests are in none of these logs.
-- trap: First means first in this evidence; a temporary key is new by nature and is left out unless it is named.
-- trap: The key may have been made after the request: triage/key_activity and CreateAccessKey in CloudTrail say when.
-- next: edge/follow_request
-- next: edge/rare_paths
-- next: triage/key_activity
with uses as (
  select
    useridentity.accesskeyid as key,
    sourceipaddress as ip,
    min(event_time) as first_use,
    min(useridentity.arn) as actor,
    first_value(eventname order by event_time, evidence_object, evidence_record) as first_action,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as use_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as use_record
  from cloudtrail
  where useridentity.accesskeyid is not null
    and ip_in_cidr(sourceipaddress, '0.0.0.0/0,::/0')
    and not ip_is_private(sourceipaddress)
    and ($key is null or useridentity.accesskeyid = $key)
    and ($key is not null or useridentity.accesskeyid like 'AKIA%')
  group by useridentity.accesskeyid, sourceipaddress
), begun as (
  select min(event_time) as history_from from cloudtrail
), fresh as (
  select
    uses.*,
    unnest(make_array(
      date_trunc('day', first_use), date_trunc('day', first_use) - interval '1 day', date_trunc('day', first_use) - interval '2 days')) as day
  from uses
  cross join begun
  where first_use between $from and $to
    and ($key is not null or first_use >= begun.history_from + cast(concat(cast($history_days as text), ' days') as interval))
), requests as (
  select
    'elb_access' as source, client_ip as ip, request_verb as method, request_host as host, request_url as asked, elb_status_code as status,
    sent_bytes as bytes, user_agent, trace_id as request_id, concat_ws(' ', request_url, request_path, user_agent) as words,
    event_time, evidence_object, evidence_record
  from elb_access
  union all
  select
    'cloudfront' as source, c_ip as ip, cs_method as method, cs_host as host, concat_ws('?', cs_uri_stem, cs_uri_query) as asked, sc_status as status,
    sc_bytes as bytes, cs_user_agent_decoded as user_agent, x_edge_request_id as request_id,
    concat_ws(' ', cs_uri_stem_decoded, cs_uri_query_decoded, cs_uri_query, cs_referrer) as words,
    event_time, evidence_object, evidence_record
  from cloudfront
  union all
  select
    'waf' as source, httprequest_clientip as ip, httprequest_httpmethod as method, host, concat_ws('?', httprequest_uri, httprequest_args) as asked,
    responsecodesent as status, cast(null as bigint) as bytes, useragent as user_agent, httprequest_requestid as request_id,
    concat_ws(' ', httprequest_uri, httprequest_args) as words, event_time, evidence_object, evidence_record
  from waf
  where action = 'ALLOW'
), suspicious as (
  select
    *,
    date_trunc('day', event_time) as day,
    case
      when words ~* '(169\.254\.169\.254|169\.254\.170\.2|fd00:ec2::254|2852039166|0xa9fea9fe|latest/(meta-data|dynamic|api/token)|metadata\.google)' then 'metadata service'
      when words ~* '(/\.env|/\.git/|/\.aws/|/\.ssh/|id_rsa|credentials|wp-config|web\.config|config\.json|\.npmrc|\.htpasswd)' then 'secrets'
      when words ~* '(/debug|/actuator|/env([/?]|$)|heapdump|phpinfo|server-status|/metrics|/trace|/_profiler|/telescope|/console)' then 'debug page'
      when words ~* '(\.\./|%2e%2e|/etc/passwd|/proc/self)' then 'path traversal'
    end as kind
  from requests
), candidates as (
  select *
  from suspicious
  where kind = 'metadata service' or (kind is not null and status between 200 and 299)
)
select
  fresh.key,
  fresh.first_use,
  fresh.ip as key_ip,
  fresh.actor,
  fresh.first_action,
  round((date_part('epoch', fresh.first_use) - date_part('epoch', candidates.event_time)) / 60, 1) as minutes_before,
  candidates.kind,
  candidates.status between 200 and 299 as answered,
  candidates.ip = fresh.ip as same_ip,
  candidates.event_time,
  candidates.source,
  candidates.ip,
  candidates.method,
  candidates.host,
  candidates.asked,
  candidates.status,
  candidates.bytes,
  candidates.user_agent,
  candidates.request_id,
  candidates.evidence_object,
  candidates.evidence_record,
  fresh.use_object,
  fresh.use_record
from fresh
join candidates on candidates.day = fresh.day
where candidates.event_time <= fresh.first_use
  and candidates.event_time >= fresh.first_use - cast(concat(cast($hours as text), ' hours') as interval)
order by fresh.first_use, fresh.key, key_ip, candidates.event_time, candidates.source, candidates.evidence_object, candidates.evidence_record
