-- title: One principal at two places at once
-- question: Which users, roles or keys called from two networks within a short time, and how often does that usually happen to them?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: minutes integer = 60
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: within how many minutes the two calls lie
-- about top: how many lines, the rarest first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: No log here says where an address is: distance and speed have to be looked up, and this shows only that two networks (/24, /48) followed each other.
-- trap: VPNs, mobile lines, a laptop beside a build server, and roles that many people or machines share look alike: switches_of_principal says how often it happens to the same one.
-- trap: A new person behind the same NAT or VPN does not show.
-- trap: One line for each principal and pair of networks, with the first switch as example.
-- trap: A call that a service made in the principal's name has no address and is left out.
-- next: initial_access/keys_at_new_places
-- next: triage/ip_activity
-- next: triage/key_activity
with calls as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1)) as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, useragent, account, event_time, evidence_object, evidence_record,
    concat(eventsource, ':', eventname) as action,
    case
      when strpos(sourceipaddress, ':') > 0 then concat(array_to_string(array_slice(string_to_array(sourceipaddress, ':'), 1, 3), ':'), '::/48')
      else concat(array_to_string(array_slice(string_to_array(sourceipaddress, '.'), 1, 3), '.'), '.0/24')
    end as network
  from cloudtrail
  where ip_kind(sourceipaddress) <> 'none'
    and useridentity.invokedby is null
    and coalesce(useridentity.accountid, '') not in ('ANONYMOUS_PRINCIPAL', 'anonymous')
    and event_time between $from and $to
), steps as (
  select
    *,
    lag(network) over ordered as network_before,
    lag(ip) over ordered as ip_before,
    lag(event_time) over ordered as time_before,
    lag(access_key) over ordered as key_before,
    lag(evidence_object) over ordered as object_before,
    lag(evidence_record) over ordered as record_before
  from calls
  where actor is not null
  window ordered as (partition by actor order by event_time, evidence_object, evidence_record)
), switches as (
  select
    *,
    least(network, network_before) as one_network,
    greatest(network, network_before) as other_network
  from steps
  where network <> network_before
    and event_time <= time_before + cast(concat(cast($minutes as text), ' minutes') as interval)
), folded as (
  select
    actor, one_network, other_network,
    count(*) as switches,
    min(event_time) as first_time,
    max(event_time) as last_time,
    round(min(date_part('epoch', event_time) - date_part('epoch', time_before)) / 60, 1) as least_minutes,
    bool_or(access_key = key_before) as same_key,
    first_value(ip_before order by event_time, evidence_object, evidence_record) as ip_before,
    first_value(ip order by event_time, evidence_object, evidence_record) as ip_after,
    first_value(action order by event_time, evidence_object, evidence_record) as action_after,
    min(account) as account,
    first_value(object_before order by event_time, evidence_object, evidence_record) as before_object,
    first_value(record_before order by event_time, evidence_object, evidence_record) as before_record,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from switches
  group by actor, one_network, other_network
), ranked as (
  select
    *,
    sum(switches) over (partition by actor) as switches_of_principal,
    row_number() over (order by switches, first_time desc, actor, one_network, other_network) as rank,
    count(*) over () as of_lines
  from folded
)
select
  actor, one_network, other_network, switches, switches_of_principal, least_minutes, same_key, ip_before, ip_after, action_after, first_time, last_time,
  account, before_object, before_record, evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
