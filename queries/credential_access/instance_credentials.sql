-- title: Credentials of instances used from several places
-- question: Were the credentials of an EC2 instance used from more than one address, or from outside its network?
-- sources: cloudtrail
-- attack: T1552.005
-- parameter: instance text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about instance: the id of the instance; null means every instance
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: An instance has a public address, perhaps one of a NAT gateway and, through VPC endpoints, a private one, so two or three addresses can be right; an address that other instances never use is the one to look at.
-- trap: Session names are free: somebody who may assume a role can name the session like an instance; the column role_delivery is set only for real instance credentials in newer logs.
-- trap: role_delivery 1.0 means IMDSv1, which request forgery on a web server can reach.
-- trap: Calls that AWS services made with the role are left out.
-- next: triage/ip_activity
-- next: triage/key_activity
with calls as (
  select
    *,
    split_part(useridentity.principalid, ':', 2) as instance_id,
    useridentity.accesskeyid as access_key,
    useridentity.sessioncontext.sessionissuer.arn as role_arn,
    useridentity.sessioncontext.ec2roledelivery as role_delivery
  from cloudtrail
  where useridentity.type = 'AssumedRole'
    and useridentity.invokedby is null
    and split_part(useridentity.principalid, ':', 2) ~ '^i-[0-9a-f]{8,17}$'
    and sourceipaddress !~ '\.amazonaws\.com$'
    and event_time between $from and $to
), users as (
  select sourceipaddress as ip, count(distinct instance_id) as instances
  from calls
  group by sourceipaddress
), places as (
  select
    account,
    instance_id,
    role_arn,
    sourceipaddress as ip,
    max(role_delivery) as role_delivery,
    count(*) as events,
    count(distinct access_key) as keys_used,
    count(*) filter (where error_class = 'denied') as denied,
    count(distinct useragent) as user_agents,
    min(useragent) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where $instance is null or instance_id = $instance
  group by account, instance_id, role_arn, sourceipaddress
)
select
  places.account,
  places.instance_id,
  places.role_arn,
  places.ip,
  ip_is_private(places.ip) as is_private,
  count(*) over (partition by places.account, places.instance_id) as addresses,
  users.instances as instances_at_this_address,
  places.role_delivery,
  places.events,
  places.keys_used,
  places.denied,
  places.user_agents,
  places.a_user_agent,
  places.first_time,
  places.last_time,
  places.evidence_object,
  places.evidence_record
from places
join users on users.ip = places.ip
order by addresses desc, places.account nulls first, places.instance_id, places.first_time, places.ip,
  places.role_arn nulls first
