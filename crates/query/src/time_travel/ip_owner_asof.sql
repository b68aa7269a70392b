-- Whose addresses they were at $at, by everything that knows it; an address without a row is unknown then.
select ip, account, region, owner_kind, owner, interface_id, instance_id, description, vpc_id, security_groups, basis,
  valid_from, valid_to, evidence_object, evidence_record
from ip_owner
where valid_from <= $at and (valid_to is null or valid_to > $at)
