-- title: Activity of an access key
-- question: What did this access key do, in order, and from where?
-- sources: cloudtrail, s3_access
-- attack: T1078, T1078.004
-- parameter: key text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: the access key id, AKIA… or ASIA…; null means every key, and then one line for each key at each address
-- about top: how many lines where no key is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: With a key every event is listed in order. Without one there is one line for each key at each address, the first event there, and events counts them all; without a key only as many lines are shown as top says; of_lines tells how many there are.
-- trap: is_new marks a principal at an address at which it was not seen in the first quiet_days of the case.
-- trap: S3 access logs name the requester and not the key; only presigned URLs show a key there. What else the key's owner did in S3 is in triage/ip_activity and exfiltration/objects_read.
-- trap: A key can be named in an event without having signed it, for instance when it was created or deactivated; see the column role.
-- trap: A dry run that would have been allowed is an error in the log, but no refusal; see error_class.
-- next: triage/principal_sessions
-- next: privilege_escalation/assume_role_edges
-- next: triage/accounts_regions
with known as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    coalesce(sourceipaddress, '-') as place,
    min(event_time) as pair_first,
    (select min(event_time) from cloudtrail) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from cloudtrail
  group by 1, 2
), rows as (
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, region,
    case when $key is null or useridentity.accesskeyid = $key then 'signed' else 'named' end as role,
    coalesce($key, useridentity.accesskeyid) as access_key,
    useridentity.arn as actor, eventsource as service, eventname as action,
    sourceipaddress as ip, useragent as user_agent, error_class, errorcode as error, is_write, requestparameters as request,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer
  from cloudtrail
  where event_time between $from and $to
    and (($key is null and useridentity.accesskeyid is not null) or array_has(keys, $key))
  union all
  select
    evidence_object, evidence_record, event_time, 's3_access' as source, account, region,
    'presigned' as role, presigned_accesskeyid as access_key,
    requester as actor, 's3.amazonaws.com' as service, operation as action,
    remoteip as ip, useragent as user_agent, error_class, errorcode as error, is_write, request_uri as request,
    coalesce(requester, '-') as issuer
  from s3_access
  where event_time between $from and $to
    and presigned_accesskeyid is not null
    and ($key is null or presigned_accesskeyid = $key)
), placed as (
  select
    *,
    row_number() over (partition by source, access_key, ip order by event_time, evidence_object, evidence_record) as nth_here
  from rows
), totals as (
  select
    source, access_key, ip,
    count(*) as events,
    count(*) filter (where error_class in ('denied', 'login_failed')) as denied,
    max(event_time) as last_time
  from rows
  group by source, access_key, ip
), lines as (
  select
    placed.*, totals.events, totals.denied, totals.last_time,
    coalesce(known.pair_first >= known.quiet_until, true) as is_new
  from placed
  join totals
    on totals.source = placed.source and (totals.access_key is not distinct from placed.access_key)
    and (totals.ip is not distinct from placed.ip)
  left join known on known.issuer = placed.issuer and known.place = coalesce(placed.ip, '-')
  where $key is not null or placed.nth_here = 1
), ranked as (
  select
    *,
    row_number() over (order by is_new desc, denied desc, events desc, event_time, source, evidence_object, evidence_record) as rank,
    count(*) over () as of_lines
  from lines
)
select
  evidence_object, evidence_record, event_time, action, ip, error_class, actor, service, role, access_key, source, account,
  region, user_agent, error, is_write, is_new,
  case when $key is null then events end as events,
  case when $key is null then denied end as denied_events,
  case when $key is null then last_time end as last_time,
  request,
  of_lines
from ranked
where $key is not null or $top is null or rank <= $top
order by case when $key is null then rank end, event_time, source, evidence_object, evidence_record
