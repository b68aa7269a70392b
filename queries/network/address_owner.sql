-- title: Whose address it was
-- question: Which interface, instance or service had this address at that time?
-- sources: config_items
-- attack: T1016
-- parameter: ip text = null
-- parameter: at timestamp = end
-- about ip: an address, private or public; null means every address that AWS Config ever captured
-- about at: the instant asked about
-- trap: Addresses are used again: only the owner as of that time is right.
-- trap: An instance and its interface are both lines where Config has both.
-- trap: Where no owner is known the answer is `unknown then`, with the last owner before and the first after it; neither need have been it.
-- trap: An interval begins with the capture that first showed the address, which is later than the fact; without recording of interfaces there is nothing.
-- trap: The same private address can be in use in several VPCs at once: each is a line.
-- trap: Addresses outside the recorded accounts have no owner here at all.
-- next: network/reused_addresses
-- next: triage/ip_activity
-- next: config/resource_history
with owned as (
  select
    ip, account, region, vpc_id, interface_id,
    max(instance_id) as instance_id,
    max(interface_type) as interface_type,
    max(description) as description,
    valid_from, valid_to, max(last_confirmed) as last_confirmed,
    min(evidence_object) as evidence_object,
    first_value(evidence_record order by evidence_object, evidence_record) as evidence_record,
    case
      when valid_from > $at then 'after'
      when valid_to <= $at then 'before'
      else 'then'
    end as side
  from ip_owner
  where $ip is null or ip = $ip
  group by ip, account, region, vpc_id, interface_id, valid_from, valid_to
  union all
  select $ip, null, null, null, null, null, null, null, null, null, null, null, null, 'asked'
  where $ip is not null
), known as (
  select
    *,
    count(*) filter (where side = 'then') over (partition by ip) as owners_then,
    first_value(case when side = 'before' then coalesce(interface_id, instance_id) end) over (
      partition by ip order by side = 'before' desc, valid_to desc, interface_id nulls last, instance_id nulls last
      rows between unbounded preceding and unbounded following) as owner_before,
    max(case when side = 'before' then valid_to end) over (partition by ip) as before_until,
    first_value(case when side = 'after' then coalesce(interface_id, instance_id) end) over (
      partition by ip order by side = 'after' desc, valid_from, interface_id nulls last, instance_id nulls last
      rows between unbounded preceding and unbounded following) as owner_after,
    min(case when side = 'after' then valid_from end) over (partition by ip) as after_since,
    row_number() over (partition by ip order by side <> 'asked', valid_from, interface_id nulls last, instance_id nulls last) as number
  from owned
)
select
  ip,
  $at as at,
  case when side = 'then' then 'known' else 'unknown then' end as answer,
  case when side = 'then' then account end as account,
  case when side = 'then' then region end as region,
  case when side = 'then' then interface_id end as interface,
  case when side = 'then' then instance_id end as instance,
  case when side = 'then' then interface_type end as interface_type,
  case when side = 'then' then description end as description,
  case when side = 'then' then vpc_id end as vpc,
  case when side = 'then' then valid_from end as owned_from,
  case when side = 'then' then valid_to end as owned_to,
  case when side = 'then' then last_confirmed end as last_confirmed,
  case when side <> 'then' then owner_before end as owner_before,
  case when side <> 'then' then before_until end as before_until,
  case when side <> 'then' then owner_after end as owner_after,
  case when side <> 'then' then after_since end as after_since,
  case when side = 'then' then evidence_object end as evidence_object,
  case when side = 'then' then evidence_record end as evidence_record
from known
where side = 'then' or (owners_then = 0 and number = 1)
order by ip, account nulls first, vpc nulls first, interface nulls last, instance nulls first, owned_from nulls first,
  evidence_object nulls first, evidence_record nulls first
