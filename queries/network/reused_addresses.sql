-- title: Addresses with several owners
-- question: Which addresses belonged to one interface or instance and later to another?
-- sources: config_items
-- attack: T1016
-- parameter: ip text = null
-- about ip: only this address or network; null means all
-- trap: A question by address alone mixes the owners of these addresses: ask with times, or by interface.
-- trap: Between two owners nobody is known: the address was free, or Config captured nothing; hours_without_owner says how long.
-- trap: Private addresses are compared within one VPC, public ones over all accounts.
-- trap: An interface that moves from one instance to another is one interface here; instances count only where no interface was captured.
-- next: network/address_owner
-- next: network/top_talkers
with rows as (
  select
    ip, account,
    case when ip_is_private(ip) then vpc_id end as vpc,
    interface_id, instance_id, interface_type, description, valid_from, valid_to, evidence_object, evidence_record,
    max(interface_id) over (partition by ip, case when ip_is_private(ip) then account end, case when ip_is_private(ip) then vpc_id end) as any_interface
  from ip_owner
  where $ip is null or ip = $ip or ip_in_cidr(ip, $ip)
), stays as (
  select
    ip, min(account) as account, vpc, coalesce(interface_id, instance_id) as owner,
    max(instance_id) as instance_id,
    max(interface_type) as interface_type,
    max(description) as description,
    min(valid_from) as owned_from,
    case when count(*) = count(valid_to) then max(valid_to) end as owned_to,
    first_value(evidence_object order by valid_from, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by valid_from, evidence_object, evidence_record) as evidence_record
  from rows
  where any_interface is null or interface_id is not null
  group by ip, vpc, coalesce(interface_id, instance_id)
), numbered as (
  select
    *,
    count(*) over (partition by ip, vpc) as owners,
    lag(owned_to) over (partition by ip, vpc order by owned_from, owner) as before_until
  from stays
)
select
  ip,
  account,
  vpc,
  owner,
  instance_id as instance,
  interface_type,
  description,
  owned_from,
  owned_to,
  round((date_part('epoch', owned_from) - date_part('epoch', before_until)) / 3600, 1) as hours_without_owner,
  owners,
  evidence_object,
  evidence_record
from numbered
where owners > 1
order by ip, vpc nulls first, owned_from, owner
