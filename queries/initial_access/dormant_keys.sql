-- title: Keys and users that woke up
-- question: Which access keys, users and roles were used again after a long silence, and from where?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: days integer = 14
-- parameter: key text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about days: how many days of silence count as long
-- about key: an access key id, or part of the ARN of the user or role; null means all
-- about from: the first instant at which it may have woken
-- about to: the last instant at which it may have woken
-- trap: Silence is silence in the collected logs: a missing region, account or week looks alike; evidence/coverage says what is there.
-- trap: What was never used before in the logs has no gap and is listed with gap_days null only where the logs reach further back than days; when the key was made, persistence/new_access_keys says.
-- trap: Temporary keys (ASIA) are left out; their users and roles are not.
-- trap: same_network says whether it came back from a network (/24, /48) that it had used before.
-- trap: Refused calls count as use.
-- next: initial_access/keys_at_new_places
-- next: triage/key_activity
-- next: persistence/new_access_keys
with calls as (
  select
    useridentity.accesskeyid as access_key,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1)) as actor,
    sourceipaddress as ip, useragent, account, eventsource, eventname, error_class, event_time, evidence_object, evidence_record,
    case
      when strpos(sourceipaddress, ':') > 0 then concat(array_to_string(array_slice(string_to_array(sourceipaddress, ':'), 1, 3), ':'), '::/48')
      else concat(array_to_string(array_slice(string_to_array(sourceipaddress, '.'), 1, 3), '.'), '.0/24')
    end as network
  from cloudtrail
  where useridentity.invokedby is null
    and coalesce(useridentity.accountid, '') not in ('ANONYMOUS_PRINCIPAL', 'anonymous')
    and coalesce(useridentity.type, '') <> 'AWSService'
), things as (
  select 'key' as kind, access_key as id, * from calls where starts_with(access_key, 'AKIA')
  union all
  select 'user or role' as kind, actor as id, * from calls where actor is not null
), begun as (
  select min(event_time) as history_from from cloudtrail
), stepped as (
  select
    *,
    lag(event_time) over (partition by kind, id order by event_time, evidence_object, evidence_record) as time_before,
    min(event_time) over (partition by kind, id, network) as network_since
  from things
)
select
  stepped.kind,
  stepped.id,
  stepped.actor,
  stepped.time_before as last_used_before,
  stepped.event_time as woke_at,
  round((date_part('epoch', stepped.event_time) - date_part('epoch', stepped.time_before)) / 86400, 1) as gap_days,
  stepped.time_before is null as first_use,
  stepped.network_since < stepped.event_time as same_network,
  stepped.ip,
  concat(stepped.eventsource, ':', stepped.eventname) as action,
  stepped.error_class,
  stepped.useragent as user_agent,
  stepped.account,
  stepped.evidence_object,
  stepped.evidence_record
from stepped
cross join begun
where stepped.event_time between $from and $to
  and ($key is null or stepped.id = $key or strpos(stepped.actor, $key) > 0)
  and (
    stepped.event_time >= stepped.time_before + cast(concat(cast($days as text), ' days') as interval)
    or (stepped.time_before is null and stepped.event_time >= begun.history_from + cast(concat(cast($days as text), ' days') as interval))
  )
order by woke_at, kind, stepped.id, stepped.evidence_object, stepped.evidence_record
