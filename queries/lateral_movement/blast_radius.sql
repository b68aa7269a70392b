-- title: What a credential led to
-- question: Which sessions and keys came of this key or actor, step by step, and what did each of them do?
-- sources: cloudtrail
-- attack: T1550.001, T1098.001, T1078.004
-- parameter: key text = null
-- parameter: actor text = null
-- parameter: ip text = null
-- parameter: most_steps integer = 8
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: the access key to begin with
-- about actor: part of the ARN of the session to begin with
-- about ip: begin with every session that acted from this address; with neither key, actor nor ip: with what came from addresses to which two users or roles moved that had worked elsewhere before
-- about most_steps: how long a chain may be
-- about from: the first step to follow, as a credential is leaked at some time and was in honest use before
-- about to: the last step to follow
-- trap: Steps are sessions taken by roles, tokens, sign-ins, and keys that were made for a user: made_key means that the key was made and not that its user is hostile.
-- trap: A long-lived key can be in honest use at the same time. Where it begins by address, only what came from that address is counted and followed in the first step; by key or actor everything is, so give from.
-- trap: Without key, actor and ip the beginning is a guess: an office that moved looks the same. See lateral_movement/addresses_with_many_identities.
-- trap: A machine, function or password that was taken over is no step that CloudTrail shows: see lateral_movement/into_instances and persistence/still_standing.
-- trap: Links that need logs of another account are missing where that account was not collected.
-- next: triage/key_activity
-- next: config/changes_of_actor
-- next: persistence/still_standing
with recursive edges as (
  select
    parent_session, child_session, kind, event_time, evidence_object, evidence_record,
    row_number() over (partition by coalesce(sharedeventid, eventid), child_session order by how is null, evidence_object, evidence_record) as copy
  from session_edges
  where event_time between $from and $to
    and child_session is not null
    and parent_session is not null
    and child_session <> parent_session
), moved as (
  select value as ip, min(first_time) over (partition by actor) < first_time as moved_in
  from first_seen
  where scope = 'actor' and kind = 'ip' and ip_kind(value) = 'public'
), guessed as (
  select ip from moved where moved_in group by ip having count(*) > 1
), places as (
  select session_id, useridentity_accesskeyid as access_key, useridentity_arn as arn, unnest(ips) as ip
  from sessions
  where last_time >= $from
    and first_time <= $to
    and (useridentity_type is distinct from 'AWSAccount')
    and actor_kind <> 'service'
), begun as (
  select distinct p.session_id, case when $key is null and $actor is null then p.ip end as only_ip
  from places p
  left join guessed g on g.ip = p.ip
  where p.access_key = $key
    or strpos(p.arn, $actor) > 0
    or p.ip = $ip
    or ($key is null and $actor is null and $ip is null and g.ip is not null)
), calls as (
  select evidence_object, evidence_record, sourceipaddress as ip
  from cloudtrail
  where eventsource in ('sts.amazonaws.com', 'signin.amazonaws.com', 'iam.amazonaws.com')
    and event_time between $from and $to
), first_steps as (
  select distinct e.child_session, e.parent_session, e.kind, e.event_time
  from edges e
  join begun b on b.session_id = e.parent_session
  left join calls on calls.evidence_object = e.evidence_object and calls.evidence_record = e.evidence_record
  where e.copy = 1
    and (b.only_ip is null or b.only_ip = calls.ip)
), walk as (
  select cast(1 as bigint) as step, child_session as session_id, parent_session as by_session, kind as how, event_time as at_time
  from first_steps
  union all
  select w.step + 1 as step, e.child_session as session_id, e.parent_session as by_session, e.kind as how, e.event_time as at_time
  from walk w
  join edges e on e.parent_session = w.session_id and e.copy = 1
  where w.step < $most_steps
), every_step as (
  select step, session_id, by_session, how, at_time from walk
  union all
  select distinct cast(0 as bigint) as step, session_id, cast(null as text) as by_session, 'begins' as how, cast(null as timestamp) as at_time
  from begun
), reached as (
  select *, row_number() over (partition by session_id order by step desc, at_time, by_session nulls first) as nth
  from every_step
), bound as (
  select session_id, bool_and(only_ip is not null) as by_address from begun group by session_id
), done as (
  select
    c.session_id,
    min(coalesce(c.useridentity.arn, c.useridentity.principalid)) as arn,
    count(*) as events,
    count(*) filter (where coalesce(c.is_write, true) and c.error_class = 'success') as changes,
    count(*) filter (where c.error_class = 'denied') as denied,
    count(distinct c.eventname) as actions,
    array_to_string(array_sort(array_agg(distinct c.eventname) filter (where coalesce(c.is_write, true) and c.error_class = 'success')), ', ') as changed_by,
    array_to_string(array_sort(array_agg(distinct c.sourceipaddress)), ', ') as ips,
    array_to_string(array_sort(array_agg(distinct c.account)), ', ') as accounts,
    array_to_string(array_sort(array_agg(distinct c.region)), ', ') as regions,
    min(c.event_time) as first_time,
    max(c.event_time) as last_time,
    first_value(c.evidence_object order by c.event_time, c.evidence_object, c.evidence_record) as evidence_object,
    first_value(c.evidence_record order by c.event_time, c.evidence_object, c.evidence_record) as evidence_record
  from cloudtrail c
  left join bound on bound.session_id = c.session_id
  left join begun on begun.session_id = c.session_id and begun.only_ip = c.sourceipaddress
  where c.event_time >= $from
    and (not coalesce(bound.by_address, false) or begun.session_id is not null)
  group by c.session_id
)
select
  r.step, r.how, r.by_session, r.session_id as session_or_key, d.arn, r.at_time as made_at, coalesce(d.events, 0) as events, coalesce(d.changes, 0) as changes,
  coalesce(d.denied, 0) as denied, coalesce(d.actions, 0) as actions, d.changed_by, d.ips, d.accounts, d.regions, d.first_time, d.last_time,
  d.evidence_object, d.evidence_record
from reached r
left join done d on d.session_id = r.session_id
where r.nth = 1
order by coalesce(r.at_time, d.first_time), r.step, r.session_id
