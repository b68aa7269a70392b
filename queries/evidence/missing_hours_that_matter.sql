-- title: Missing log files, and what was going on meanwhile
-- question: Which log files that CloudTrail's digests list are not in the evidence, who was active around them, and what did other logs see in that time?
-- sources: cloudtrail_digests, cloudtrail, config_items, s3_access
-- attack: T1070, T1562.008
-- parameter: minutes integer = 60
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: how long before and after the missing events somebody counts as active around them
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Whatever an answer says was not seen holds for these hours only with this reserve: what was done in them stands in no row of cloudtrail.
-- trap: The times are those of the oldest and newest event that the digest gives for the file; the file may have few or many events.
-- trap: Only files that a digest lists are known to be missing; where the digest is missing too, see evidence/digest_problems and defense_evasion/silent_hours.
-- trap: A file counts as here when its key was collected under the name of its bucket or as it stands, whether it could be read or not (evidence/objects_not_ingested).
-- trap: changes_without_call and reads_elsewhere are of the same account, and of the same time only.
-- next: config/changes_without_call
-- next: exfiltration/reads_in_one_log
-- next: evidence/log_problems
with listed as (
  select awsaccountid, region, evidence_object, evidence_record, unnest(json_get_array(logfiles)) as file
  from cloudtrail_digests
), files as (
  select
    awsaccountid,
    json_as_text(file, 's3Bucket') as bucket,
    json_as_text(file, 's3Object') as key,
    split_part(regexp_replace(json_as_text(file, 's3Object'), '^.*/CloudTrail[^/]*/', ''), '/', 1) as file_region,
    try_cast(json_as_text(file, 'oldestEventTime') as timestamp) as oldest,
    try_cast(json_as_text(file, 'newestEventTime') as timestamp) as newest,
    json_as_text(file, 'hashValue') as sha256,
    evidence_object, evidence_record
  from listed
), missing as (
  select f.*, row_number() over (partition by f.bucket, f.key order by f.evidence_object, f.evidence_record) as nth
  from files f
  left join objects o on o.key = concat(f.bucket, '/', f.key) or o.key = f.key
  where o.key is null
    and f.newest >= $from
    and f.oldest <= $to
), active as (
  select
    m.key,
    count(*) as events_around,
    count(distinct coalesce(c.useridentity.sessioncontext.sessionissuer.arn, c.useridentity.arn, c.useridentity.principalid)) as actors_around,
    array_to_string(array_sort(array_agg(distinct coalesce(c.useridentity.sessioncontext.sessionissuer.arn, c.useridentity.arn))), ', ') as who_around,
    array_to_string(array_sort(array_agg(distinct c.sourceipaddress)), ', ') as ips_around
  from missing m
  join cloudtrail c on c.account = m.awsaccountid and c.region = m.file_region
    and c.event_time >= m.oldest - cast(concat(cast($minutes as text), ' minutes') as interval)
    and c.event_time <= m.newest + cast(concat(cast($minutes as text), ' minutes') as interval)
  where m.nth = 1
  group by m.key
), changed as (
  select m.key, count(*) as changes, count(*) filter (where a.class = 'none found') as changes_without_call,
    array_to_string(array_sort(array_agg(distinct concat(a.resourcetype, ' ', a.resourcename)) filter (where a.class = 'none found')), ', ') as changed_without_call
  from missing m
  join config_attribution a on a.awsaccountid = m.awsaccountid and a.configurationitemcapturetime >= m.oldest
    and a.configurationitemcapturetime <= m.newest + interval '15 minutes'
  where m.nth = 1
  group by m.key
), elsewhere as (
  select m.key, count(*) as requests_elsewhere, count(*) filter (where s.action = 'read') as reads_elsewhere, coalesce(sum(s.bytes_read), 0) as bytes_elsewhere,
    array_to_string(array_sort(array_agg(distinct coalesce(s.requester, 'anonymous'))), ', ') as readers_elsewhere
  from missing m
  join s3_access s on s.account = m.awsaccountid and s.event_time >= m.oldest and s.event_time <= m.newest
  left join cloudtrail c on c.requestid = s.requestid
  where m.nth = 1
    and c.requestid is null
    and s.requestid is not null
  group by m.key
)
select
  m.awsaccountid as account, m.file_region as region, m.oldest, m.newest, concat(m.bucket, '/', m.key) as missing_file, m.sha256,
  coalesce(active.events_around, 0) as events_around, coalesce(active.actors_around, 0) as actors_around, active.who_around, active.ips_around,
  coalesce(changed.changes, 0) as config_changes, coalesce(changed.changes_without_call, 0) as changes_without_call, changed.changed_without_call,
  coalesce(elsewhere.requests_elsewhere, 0) as requests_elsewhere, coalesce(elsewhere.reads_elsewhere, 0) as reads_elsewhere, coalesce(elsewhere.bytes_elsewhere, 0) as bytes_elsewhere,
  elsewhere.readers_elsewhere, m.evidence_object, m.evidence_record
from missing m
left join active on active.key = m.key
left join changed on changed.key = m.key
left join elsewhere on elsewhere.key = m.key
where m.nth = 1
order by m.oldest, m.bucket, m.key
