-- title: Policies of users and roles at a time
-- question: Which policies, groups and boundaries did each user, role and group have at that time, as AWS Config saw them?
-- sources: config_items
-- attack: T1069.003
-- parameter: identity text = null
-- parameter: at timestamp = end
-- about identity: the name, the id or the ARN of the user, role or group; null means all
-- about at: the instant to look at
-- trap: This lists what is attached, not what is allowed: boundaries, service control policies, session and resource policies and conditions take away or give more.
-- trap: Policies of a user's groups are lines of the group; look up each group that is listed.
-- trap: What a managed policy allows stands in its own document: of AWS's own in no log, of the customer's in Config as AWS::IAM::Policy.
-- trap: Config captures with delay, so a change up to some minutes before the instant may be missing; captured says when the state was seen first.
-- trap: Users and roles that Config was not told to record are missing: no line is "cannot say".
-- next: config/state_at
-- next: config/who_changed
-- next: privilege_escalation/admin_policies
with states as (
  select
    s.awsaccountid, s.resourcetype, s.resourceid, s.resourcename, s.arn, s.valid_from, s.last_confirmed, s.evidence_object, s.evidence_record,
    i.configuration,
    row_number() over (
      partition by s.awsaccountid, s.resourcetype, s.resourceid, s.valid_from order by i.evidence_object, i.evidence_record
    ) as copy
  from config_states s
  join lake.config_items i
    on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
  where s.resourcetype in ('AWS::IAM::User', 'AWS::IAM::Role', 'AWS::IAM::Group')
    and s.valid_from <= $at
    and (s.valid_to is null or s.valid_to > $at)
    and s.state = 'exists'
    and ($identity is null or s.resourcename = $identity or s.resourceid = $identity or s.arn = $identity)
), listed as (
  select
    *,
    array_concat(
      coalesce(json_get_array(json_get_json(configuration, 'attachedManagedPolicies')), make_array()),
      coalesce(json_get_array(json_get_json(configuration, 'userPolicyList')), make_array()),
      coalesce(json_get_array(json_get_json(configuration, 'rolePolicyList')), make_array()),
      coalesce(json_get_array(json_get_json(configuration, 'groupPolicyList')), make_array()),
      make_array('{"none": true}')
    ) as policies,
    array_to_string(coalesce(json_get_array(json_get_json(configuration, 'groupList')), make_array()), ', ') as group_names,
    coalesce(json_as_text(configuration, 'permissionsBoundary', 'permissionsBoundaryArn'), json_as_text(configuration, 'permissionsBoundary')) as boundary
  from states
  where copy = 1
), placed as (
  select *, unnest(policies) as policy, array_length(policies) as policy_count
  from listed
)
select
  awsaccountid as account,
  resourcetype as type,
  resourcename as principal,
  arn,
  coalesce(json_as_text(policy, 'policyArn'), json_as_text(policy, 'policyName')) as policy,
  case
    when json_as_text(policy, 'policyArn') like 'arn:%:iam::aws:policy/%' then 'managed by AWS'
    when json_as_text(policy, 'policyArn') is not null then 'managed by the customer'
    when json_as_text(policy, 'policyName') is not null then 'inline'
    else 'none'
  end as kind,
  coalesce(json_as_text(policy, 'policyArn') ~ ':aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess|job-function/SystemAdministrator)', false)
    as broad,
  json_as_text(policy, 'policyDocument') as document,
  nullif(replace(group_names, '"', ''), '') as group_names,
  boundary,
  valid_from as captured,
  last_confirmed,
  evidence_object,
  evidence_record
from placed
where policy_count = 1
  or json_as_text(policy, 'none') is null
order by broad desc, account, type, principal, arn, kind, policy nulls first, document nulls first
