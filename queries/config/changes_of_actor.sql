-- title: What an actor changed, and what of it still stands
-- question: Which values did this actor change, as Config saw it, and which of them still stand at the end of the evidence?
-- sources: config_items, cloudtrail
-- attack: T1578, T1098
-- parameter: actor text = null
-- parameter: only_standing boolean = false
-- parameter: with_unknown boolean = true
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN at the root of the chain, an access key, or an address; null means everybody
-- about only_standing: true leaves out what was undone or changed again
-- about with_unknown: true lists changes for which no call was found, too: they may be anybody's
-- about from: the first capture to look at
-- about to: the last capture to look at
-- trap: Changes with a known actor stand first, and of these the ones that still stand.
-- trap: Standing means that no later state in the evidence took the value away again; Config may not have captured a later change, and last_confirmed says how long it was seen.
-- trap: Undone by whom is not asked: an intruder who covers traces undoes, too. undone_by names the best call.
-- trap: Only what Config records is here: access keys, passwords, URLs of functions, shares of snapshots and many other things are not. persistence/still_standing goes by the calls.
-- trap: Changes without a call (class none found) are listed with with_unknown, and an honest program that leaves no call fills the list with them.
-- trap: A value of a list without an identity is told from others by its text alone.
-- next: persistence/still_standing
-- next: config/who_changed
-- next: config/reverted_changes
with made as (
  select
    c.awsaccountid, c.awsregion, c.resourcetype, c.resourceid, c.resourcename, c.configurationitemcapturetime, c.kind, c.path, c.before, c.after, c.evidence_object,
    c.evidence_record, a.class, a.api, a.event_time, a.actor, a.session_id, a.sourceipaddress, a.chain, a.event_object, a.event_record
  from config_changes c
  left join config_attribution a
    on a.evidence_object = c.evidence_object and a.evidence_record = c.evidence_record
    and a.configurationitemcapturetime = c.configurationitemcapturetime
  where c.resourcetype <> 'AWS::Config::ResourceCompliance'
), later as (
  select
    m.evidence_object, m.evidence_record, m.path, coalesce(m.before, '') as before, coalesce(m.after, '') as after,
    min(l.configurationitemcapturetime) as undone_at,
    first_value(coalesce(l.actor, l.class) order by l.configurationitemcapturetime, l.evidence_object, l.evidence_record) as undone_by,
    first_value(l.api order by l.configurationitemcapturetime, l.evidence_object, l.evidence_record) as undone_call,
    bool_or(l.kind = 'deleted') as deleted
  from made m
  join made l
    on l.awsaccountid = m.awsaccountid and l.awsregion = m.awsregion and l.resourcetype = m.resourcetype and l.resourceid = m.resourceid
    and l.configurationitemcapturetime > m.configurationitemcapturetime
    and (l.kind = 'deleted' or (l.path = m.path and ((m.after is not null and l.before = m.after) or (m.after is null and l.after = m.before))))
  group by m.evidence_object, m.evidence_record, m.path, coalesce(m.before, ''), coalesce(m.after, '')
), known as (
  select awsaccountid, awsregion, resourcetype, resourceid, max(coalesce(last_confirmed, valid_from)) as last_confirmed
  from config_states
  group by awsaccountid, awsregion, resourcetype, resourceid
)
select
  m.configurationitemcapturetime as captured, m.awsaccountid as account, m.awsregion as region, m.resourcetype, m.resourceid, m.resourcename, m.kind, m.path, m.before, m.after,
  m.class, m.api, m.event_time, m.actor, m.session_id, m.sourceipaddress as ip,
  later.undone_at is null as still_standing,
  later.undone_at, later.undone_by, later.undone_call,
  round((date_part('epoch', later.undone_at) - date_part('epoch', m.configurationitemcapturetime)) / 3600, 2) as hours,
  known.last_confirmed, m.evidence_object, m.evidence_record, m.event_object, m.event_record
from made m
left join later
  on later.evidence_object = m.evidence_object and later.evidence_record = m.evidence_record and later.path = m.path
  and later.before = coalesce(m.before, '') and later.after = coalesce(m.after, '')
left join known
  on known.awsaccountid = m.awsaccountid and known.awsregion = m.awsregion and known.resourcetype = m.resourcetype and known.resourceid = m.resourceid
where m.configurationitemcapturetime between $from and $to
  and (not $only_standing or later.undone_at is null)
  and (
    $actor is null and ($with_unknown or m.actor is not null)
    or strpos(m.actor, $actor) > 0 or m.session_id = $actor or m.sourceipaddress = $actor
    or (m.actor is null and $with_unknown)
  )
order by m.actor is null, later.undone_at is null desc, m.configurationitemcapturetime, m.evidence_object, m.evidence_record, m.path, m.before nulls first, m.after nulls first
