-- title: One address, many identities
-- question: From which addresses did several users or roles act that otherwise work elsewhere, as somebody does who collects credentials?
-- sources: cloudtrail
-- attack: T1078.004, T1550
-- parameter: least integer = 2
-- parameter: ip text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least: how many identities an address must have had
-- about ip: the address; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: An office, a VPN or a build machine has many identities by nature; moved_in counts those that had another address before and came to this one later, and usual_of_all says how many of the identities have most of their events here.
-- trap: Roles count by the role and not by session, keys of one user once.
-- trap: Names of AWS services in place of addresses are left out, and so is what services call for somebody.
-- trap: Addresses behind a large provider are shared by strangers.
-- next: triage/ip_activity
-- next: privilege_escalation/role_chains
with calls as (
  select
    sourceipaddress as ip,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) as who,
    account, error_class, is_write, useragent, event_time, evidence_object, evidence_record
  from cloudtrail
  where ip_kind(sourceipaddress) <> 'none'
    and useridentity.invokedby is null
    and coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) is not null
), pairs as (
  select
    ip, who,
    count(*) as events,
    count(*) filter (where error_class = 'denied') as denied,
    count(*) filter (where coalesce(is_write, true) and error_class = 'success') as changes,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  group by ip, who
), judged as (
  select
    *,
    min(first_time) over (partition by who) < first_time as moved_in,
    events * 2 > sum(events) over (partition by who) as usual
  from pairs
), folded as (
  select
    ip,
    count(*) as identities,
    count(*) filter (where moved_in) as moved_in,
    count(*) filter (where usual) as usual_of_all,
    array_to_string(array_sort(array_agg(distinct who)), ', ') as who,
    sum(events) as events,
    sum(changes) as changes,
    sum(denied) as denied,
    min(first_time) as first_time,
    max(last_time) as last_time,
    first_value(evidence_object order by first_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by first_time, evidence_object, evidence_record) as evidence_record
  from judged
  where last_time >= $from and first_time <= $to
  group by ip
)
select
  ip, identities, moved_in, usual_of_all, who, events, changes, denied, first_time, last_time, evidence_object, evidence_record
from folded
where identities >= $least
  and ($ip is null or ip = $ip)
order by moved_in desc, identities desc, first_time, ip
