-- title: All ways in which data left
-- question: How much left by which way: reads of buckets, CloudFront, load balancers, flows to outside, dumps of databases, shares and copies, and to whom?
-- sources: s3_access, cloudtrail, cloudfront, elb_access, vpc_flow, rds_slow
-- attack: T1530, T1537, T1567, T1048, T1041
-- parameter: way text = null
-- parameter: taker text = null
-- parameter: only_new boolean = true
-- parameter: quiet_days integer = 14
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about way: only this way
-- values way: s3 read, s3 copy, s3 read seen by CloudTrail only, cloudfront, load balancer, flow, database, share or export
-- about taker: part of the name, or the address, of who took it or where it went; null means everybody
-- about only_new: true keeps only pairs of a source and a taker that were first seen after the quiet days
-- about quiet_days: how many days after the first event of the case count as quiet
-- about top: how many lines, the most bytes first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The ways overlap: what CloudFront read from a bucket went out through CloudFront, a dump of a database went out as a flow or a web answer afterwards, and one flow can stand at a host and at a gateway. bytes_of_way adds up one way; never add ways without looking.
-- trap: New is judged by first sight in the collected logs. A usual taker who took more than usual is not new: see exfiltration/bytes_out_by_requester and exfiltration/flow_bytes_by_day, or set only_new to false.
-- trap: Bytes of S3 are without overhead and a lower bound; those of flows and web logs are with headers. Of the database bytes are there only where the server writes them; items are rows then.
-- trap: Shares have no bytes; items counts calls. What the other side then copied stands in its own logs.
-- trap: A way of which no log was collected has no line, and that is no proof.
-- trap: Flows without flow_direction between addresses of IPv6 are not counted, and public addresses of own machines count as outside.
-- next: exfiltration/objects_read
-- next: exfiltration/large_uploads
-- next: exfiltration/share_intervals
-- next: exfiltration/objects_for_notice
with s3 as (
  select
    case when operation like '%COPY%' then 's3 copy' else 's3 read' end as way,
    bucket_name as source,
    coalesce(regexp_replace(requester, '^(arn:[^:]*:sts::[0-9]*:assumed-role/[^/]+)/.*$', '\1'), 'anonymous') as taken_by,
    coalesce(remoteip, 'S3') as taken_to,
    coalesce(bytes_read, bytessent, 0) as bytes,
    key_decoded as item,
    event_time, evidence_object, evidence_record
  from s3_access
  where action = 'read'
    and error_class = 'success'
), trail as (
  select
    's3 read seen by CloudTrail only' as way,
    json_as_text(c.requestparameters, 'bucketName') as source,
    coalesce(c.useridentity.sessioncontext.sessionissuer.arn, c.useridentity.arn, c.useridentity.principalid, 'anonymous') as taken_by,
    coalesce(c.sourceipaddress, '-') as taken_to,
    cast(coalesce(try_cast(json_as_text(c.additionaleventdata, 'bytesTransferredOut') as double), 0) as bigint) as bytes,
    json_as_text(c.requestparameters, 'key') as item,
    c.event_time, c.evidence_object, c.evidence_record
  from cloudtrail c
  left join (select distinct requestid from s3_access where requestid is not null) s on s.requestid = c.requestid
  where c.eventsource = 's3.amazonaws.com'
    and c.eventname in ('GetObject', 'SelectObjectContent', 'GetObjectTorrent')
    and c.error_class = 'success'
    and s.requestid is null
), edge as (
  select 'cloudfront' as way, coalesce(distribution, '-') as source, c_ip as taken_by, c_ip as taken_to, sc_bytes as bytes, cs_uri_stem_decoded as item, event_time,
    evidence_object, evidence_record
  from cloudfront
  where error_class = 'success'
), balancer as (
  select 'load balancer' as way, coalesce(elb, '-') as source, client_ip as taken_by, client_ip as taken_to, sent_bytes as bytes, request_url as item, event_time,
    evidence_object, evidence_record
  from elb_access
  where error_class = 'success'
), flows as (
  select 'flow' as way, coalesce(instance_id, interface_id) as source, coalesce(pkt_dstaddr, dstaddr) as taken_by, coalesce(pkt_dstaddr, dstaddr) as taken_to, bytes,
    cast(null as text) as item, event_time, evidence_object, evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and action = 'ACCEPT'
    and (flow_direction = 'egress' or (flow_direction is null and ip_is_private(srcaddr)))
    and not ip_is_private(coalesce(pkt_dstaddr, dstaddr))
    and (flow_direction is not null or srcport >= 1024 or dstport < 1024)
), database as (
  select 'database' as way, coalesce(database, '-') as source, username as taken_by, coalesce(host, '-') as taken_to, coalesce(bytes_sent, 0) as bytes,
    fingerprint as item, rows_sent, event_time, evidence_object, evidence_record
  from rds_slow
  where rows_sent > 0
), shares as (
  select 'share or export' as way, array_to_string(resources, ', ') as source,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, '-') as taken_by,
    coalesce(array_to_string(regexp_match(replace(requestparameters, coalesce(account, '-'), ''), '"([0-9]{12}|all|\*)"'), ''), json_as_text(requestparameters, 's3BucketName'), json_as_text(requestparameters, 's3Bucket'), '-') as taken_to,
    cast(0 as bigint) as bytes, eventname as item, event_time, evidence_object, evidence_record
  from cloudtrail
  where error_class = 'success'
    and ((eventname in ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute')
        and requestparameters ~ '("add"|valuesToAdd)')
      or eventname in ('StartExportTask', 'CreateInstanceExportTask', 'ExportImage', 'CreateStoreImageTask', 'ExportTableToPointInTime', 'CreateDataShare', 'AuthorizeDataShare', 'PutBucketReplication'))
), everything as (
  select way, source, taken_by, taken_to, bytes, item, cast(1 as bigint) as weight, event_time, evidence_object, evidence_record from s3
  union all
  select way, source, taken_by, taken_to, bytes, item, cast(1 as bigint) as weight, event_time, evidence_object, evidence_record from trail
  union all
  select way, source, taken_by, taken_to, bytes, item, cast(1 as bigint) as weight, event_time, evidence_object, evidence_record from edge
  union all
  select way, source, taken_by, taken_to, bytes, item, cast(1 as bigint) as weight, event_time, evidence_object, evidence_record from balancer
  union all
  select way, source, taken_by, taken_to, bytes, item, cast(1 as bigint) as weight, event_time, evidence_object, evidence_record from flows
  union all
  select way, source, taken_by, taken_to, bytes, item, rows_sent as weight, event_time, evidence_object, evidence_record from database
  union all
  select way, source, taken_by, taken_to, bytes, item, cast(1 as bigint) as weight, event_time, evidence_object, evidence_record from shares
), pairs as (
  select
    way, source, taken_by, taken_to,
    min(event_time) as first_ever,
    coalesce(sum(bytes) filter (where event_time between $from and $to), 0) as bytes,
    count(*) filter (where event_time between $from and $to) as requests,
    case
      when way = 'database' then coalesce(sum(weight) filter (where event_time between $from and $to), 0)
      else count(distinct item) filter (where event_time between $from and $to)
    end as items,
    min(event_time) filter (where event_time between $from and $to) as first_time,
    max(event_time) filter (where event_time between $from and $to) as last_time,
    first_value(evidence_object order by bytes desc, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by bytes desc, event_time, evidence_object, evidence_record) as evidence_record
  from everything
  group by way, source, taken_by, taken_to
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), judged as (
  select p.*, coalesce(p.first_ever >= b.quiet_until, true) as is_new
  from pairs p
  cross join begun b
  where p.requests > 0
), kept as (
  select *
  from judged
  where (is_new or not $only_new)
    and ($way is null or way = $way)
    and ($taker is null or strpos(taken_by, $taker) > 0 or taken_to = $taker)
), ranked as (
  select
    *,
    sum(bytes) over (partition by way) as bytes_of_way,
    row_number() over (order by bytes desc, items desc, way, source nulls first, taken_by nulls first, taken_to nulls first) as rank,
    count(*) over () as of_lines
  from kept
)
select
  way, source, taken_by, taken_to, is_new, bytes, bytes_of_way, requests, items, first_ever, first_time, last_time, evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
