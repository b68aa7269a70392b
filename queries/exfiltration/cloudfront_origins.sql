-- title: Distributions that got another origin
-- question: Which CloudFront distributions were made or given an origin, by whom, and what went out through the paths that lead to it?
-- sources: cloudtrail, cloudfront, s3_access
-- attack: T1567, T1537, T1584
-- parameter: distribution text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about distribution: the id of the distribution; null means every one
-- about from: the first call to look at
-- about to: the last call to look at
-- trap: The call sends the whole configuration: every origin of it is a line, and seen_before says whether an earlier call in the logs had the same one. Where there is no earlier call, before_known is false, and what stood there before is not known.
-- trap: Requests are those of the distribution after the call whose path fits the behaviour that leads to the origin; an origin of the default behaviour has no path, and its requests are not counted.
-- trap: bytes_out is what the viewers got from CloudFront, some of it out of the cache; bytes_from_bucket is what CloudFront read from the bucket after the call. Do not add them up.
-- trap: Who asked CloudFront stands only in CloudFront's log, and there only an address.
-- trap: CloudFront needs a right to read the bucket: a policy of the bucket, or an origin access control, made before or after.
-- next: edge/large_responses
-- next: exfiltration/buckets_opened
-- next: edge/rare_paths
with calls as (
  select
    evidence_object, evidence_record, event_time, account, eventname, useridentity.arn as actor, useridentity.accesskeyid as access_key, sourceipaddress as ip,
    useragent, error_class,
    coalesce(json_as_text(requestparameters, 'id'), json_as_text(responseelements, 'distribution', 'id')) as distribution,
    json_get_array(coalesce(json_get_json(requestparameters, 'distributionConfig'), json_get_json(requestparameters, 'distributionConfigWithTags', 'distributionConfig')), 'origins', 'items') as origins,
    json_get_array(coalesce(json_get_json(requestparameters, 'distributionConfig'), json_get_json(requestparameters, 'distributionConfigWithTags', 'distributionConfig')), 'cacheBehaviors', 'items') as behaviours
  from cloudtrail
  where eventsource = 'cloudfront.amazonaws.com'
    and eventname ~ '^(Create|Update)(Streaming)?Distribution(WithTags)?(20[0-9_]+)?$'
), origins as (
  select *, unnest(origins) as origin from calls
), named as (
  select
    *,
    json_as_text(origin, 'id') as origin_id,
    json_as_text(origin, 'domainName') as domain,
    min(event_time) over (partition by distribution) < event_time as before_known,
    min(event_time) over (partition by distribution, json_as_text(origin, 'domainName')) < event_time as seen_before,
    regexp_replace(json_as_text(origin, 'domainName'), '\.s3[.-].*$', '') as bucket
  from origins
), listed as (
  select evidence_object, evidence_record, unnest(behaviours) as behaviour from calls
), paths as (
  select
    evidence_object, evidence_record, json_as_text(behaviour, 'targetOriginId') as origin_id, json_as_text(behaviour, 'pathPattern') as pattern,
    replace(replace(replace(json_as_text(behaviour, 'pathPattern'), '%', '\%'), '_', '\_'), '*', '%') as likes
  from listed
), asked as (
  select
    n.evidence_object, n.evidence_record, n.origin_id,
    array_to_string(array_sort(array_agg(distinct p.pattern)), ', ') as patterns,
    count(f.evidence_object) as requests,
    count(distinct f.c_ip) as clients,
    array_to_string(array_sort(array_agg(distinct f.c_ip) filter (where f.c_ip is not null)), ', ') as client_ips,
    count(distinct f.cs_uri_stem_decoded) as objects,
    coalesce(sum(f.sc_bytes), 0) as bytes_out,
    min(f.event_time) as first_request,
    max(f.event_time) as last_request
  from named n
  join paths p on p.evidence_object = n.evidence_object and p.evidence_record = n.evidence_record and p.origin_id = n.origin_id
  left join cloudfront f on f.distribution = n.distribution and f.event_time >= n.event_time and f.cs_uri_stem_decoded like p.likes
    and f.error_class = 'success'
  group by n.evidence_object, n.evidence_record, n.origin_id
), fetched as (
  select n.evidence_object, n.evidence_record, n.origin_id, count(*) as bucket_reads, sum(s.bytes_read) as bytes_from_bucket
  from named n
  join s3_access s on s.bucket_name = n.bucket and s.event_time >= n.event_time and s.action = 'read' and s.requester like '%cloudfront%'
  group by n.evidence_object, n.evidence_record, n.origin_id
)
select
  n.evidence_object, n.evidence_record, n.event_time, n.account, n.eventname as action, n.distribution, n.origin_id, n.domain, n.before_known, n.seen_before,
  asked.patterns, n.actor, n.access_key, n.ip, n.useragent as user_agent, n.error_class, coalesce(asked.requests, 0) as requests, coalesce(asked.clients, 0) as clients,
  asked.client_ips, coalesce(asked.objects, 0) as objects, coalesce(asked.bytes_out, 0) as bytes_out, asked.first_request, asked.last_request,
  coalesce(fetched.bucket_reads, 0) as bucket_reads, coalesce(fetched.bytes_from_bucket, 0) as bytes_from_bucket
from named n
left join asked on asked.evidence_object = n.evidence_object and asked.evidence_record = n.evidence_record and asked.origin_id = n.origin_id
left join fetched on fetched.evidence_object = n.evidence_object and fetched.evidence_record = n.evidence_record and fetched.origin_id = n.origin_id
where n.event_time between $from and $to
  and ($distribution is null or n.distribution = $distribution)
order by n.event_time, n.evidence_object, n.evidence_record, n.origin_id nulls first, n.domain nulls first
