-- title: Keys and users at new places
-- question: Which access keys, users and roles were used from a network in which they had never been seen, and what did they do there?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: key text = null
-- parameter: history_days integer = 7
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: an access key id, or part of the ARN of the user or role; null means all
-- about history_days: how many days of earlier events of the same principal there have to be
-- about from: the first instant in which the first use there may lie
-- about to: the last instant in which the first use there may lie
-- trap: First means first in this evidence; a principal with less history than history_days has nothing that is new by this rule, and is left out.
-- trap: Networks are /24 and /48: mobile and home lines change theirs, and a cloud provider's next door neighbour is no friend.
-- trap: Country and provider of an address are in no log here; look them up.
-- trap: also_elsewhere counts the principal's calls from its old networks within an hour of the first use: two at once are rarely one person.
-- trap: A service that calls in the principal's name has no address and is left out.
-- next: triage/ip_activity
-- next: triage/key_activity
-- next: initial_access/before_first_key_use
with calls as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1)) as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, useragent, account, event_time, evidence_object, evidence_record, is_write,
    error_class, eventsource, eventname,
    case
      when strpos(sourceipaddress, ':') > 0 then concat(array_to_string(array_slice(string_to_array(sourceipaddress, ':'), 1, 3), ':'), '::/48')
      else concat(array_to_string(array_slice(string_to_array(sourceipaddress, '.'), 1, 3), '.'), '.0/24')
    end as network
  from cloudtrail
  where ip_kind(sourceipaddress) <> 'none'
    and useridentity.invokedby is null
), placed as (
  select *, min(event_time) over (partition by actor) as history_from
  from calls
), places as (
  select
    actor, network,
    min(history_from) as history_from,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) as events,
    count(distinct eventname) as actions,
    count(*) filter (where is_write and error_class = 'success') as writes,
    count(*) filter (where error_class = 'denied') as denied,
    array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
    array_to_string(array_slice(array_sort(array_agg(distinct access_key)), 1, 5), ', ') as access_keys,
    array_to_string(array_sort(array_agg(distinct account)), ', ') as accounts,
    min(useragent) as a_user_agent,
    first_value(concat(eventsource, ':', eventname) order by event_time, evidence_object, evidence_record) as first_action,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record,
    bool_or($key is null or access_key = $key or strpos(actor, $key) > 0) as is_asked
  from placed
  group by actor, network
), fresh as (
  select *
  from places
  where places.first_time >= places.history_from + cast(concat(cast($history_days as text), ' days') as interval)
    and places.first_time between $from and $to
    and places.is_asked
), beside as (
  select fresh.actor, fresh.network, count(*) as also_elsewhere
  from fresh
  join calls
    on calls.actor = fresh.actor and calls.network <> fresh.network
    and calls.event_time between fresh.first_time - interval '1 hour' and fresh.first_time + interval '1 hour'
  group by fresh.actor, fresh.network
)
select
  fresh.actor, fresh.network, fresh.ips, fresh.first_time, fresh.last_time,
  round((date_part('epoch', fresh.first_time) - date_part('epoch', fresh.history_from)) / 86400, 1) as days_of_history,
  fresh.first_action, fresh.events, fresh.actions, fresh.writes, fresh.denied, coalesce(beside.also_elsewhere, 0) as also_elsewhere,
  fresh.access_keys, fresh.accounts, fresh.a_user_agent, fresh.evidence_object, fresh.evidence_record
from fresh
left join beside on beside.actor = fresh.actor and beside.network = fresh.network
order by fresh.first_time, fresh.actor, fresh.network
