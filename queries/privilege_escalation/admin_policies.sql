-- title: Administrator rights granted
-- question: Who was given an administrator or wildcard policy, and by whom?
-- sources: cloudtrail, config_items
-- attack: T1098.003, T1078.004
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A row of Config is a policy that the state before did not have, seen with delay. Its actor is the caller at the root of the chain of the call that explains the change best, as in config_attribution; class says how sure that is, and none found that the call is missing from the evidence (config/changes_without_call).
-- trap: Taking such a policy away is listed too, as it tells that it was there.
-- trap: Failed attempts are listed as well; see error_class.
-- trap: A customer managed policy that is attached shows only its ARN; what it allows stands in CreatePolicy, CreatePolicyVersion or Config. Attachments are listed here only for AWS's own broad policies.
-- trap: A new default version widens every principal that already has the policy.
-- trap: Narrow-looking rights such as iam:PassRole with ec2:RunInstances can amount to administrator too; they are not found here.
-- trap: Wildcards are found in Action; NotAction with Allow is marked apart.
-- next: privilege_escalation/passed_roles
-- next: persistence/new_access_keys
-- next: triage/successful_writes
with grants as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'userName'), json_as_text(requestparameters, 'roleName'),
      json_as_text(requestparameters, 'groupName'), json_as_text(requestparameters, 'permissionSetArn'),
      json_as_text(requestparameters, 'policyName'), json_as_text(requestparameters, 'policyArn')
    ) as given_to,
    coalesce(
      json_as_text(requestparameters, 'policyArn'), json_as_text(requestparameters, 'managedPolicyArn'),
      json_as_text(requestparameters, 'policyName')
    ) as policy,
    coalesce(
      json_as_text(requestparameters, 'policyDocument'), json_as_text(requestparameters, 'inlinePolicy')
    ) as document
  from cloudtrail
  where eventname in (
      'AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy', 'PutUserPolicy', 'PutRolePolicy',
      'PutGroupPolicy', 'CreatePolicy', 'CreatePolicyVersion', 'AttachManagedPolicyToPermissionSet',
      'PutInlinePolicyToPermissionSet', 'DetachUserPolicy', 'DetachRolePolicy', 'DetachGroupPolicy',
      'DetachManagedPolicyFromPermissionSet'
    )
    and eventsource in ('iam.amazonaws.com', 'sso.amazonaws.com')
    and event_time between $from and $to
), listed as (
  select
    *,
    case
      when starts_with(trim(json_get_json(document, 'Statement')), '[') then json_get_json(document, 'Statement')
      when json_get_json(document, 'Statement') is not null then concat('[', json_get_json(document, 'Statement'), ']')
      else '[{}]'
    end as statements
  from grants
), split as (
  select *, unnest(json_get_array(statements)) as statement
  from listed
), judged as (
  select
    *,
    case
      when policy ~ ':aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess|AdministratorAccess-.*|AWSOrganizationsFullAccess|job-function/SystemAdministrator)$'
        then case when starts_with(eventname, 'Detach') then 'broad AWS policy taken away' else 'broad AWS policy' end
      when json_as_text(statement, 'Effect') = 'Allow' and json_get_json(statement, 'Action') ~ '"(\*|\*:\*)"'
        then 'allows every action'
      when json_as_text(statement, 'Effect') = 'Allow' and lower(json_get_json(statement, 'Action')) ~ '"(iam|sts|organizations|sso):\*"'
        then 'allows every identity action'
      when json_as_text(statement, 'Effect') = 'Allow' and json_get_json(statement, 'NotAction') is not null
        then 'allows all but some actions'
      when document is not null and statement = '{}' then 'policy could not be read'
    end as why,
    json_as_text(requestparameters, 'setAsDefault') as is_default
  from split
), attached as (
  select evidence_object, evidence_record, resourcetype, json_as_text(after, 'policyArn') as policy, 'broad AWS policy' as why
  from config_changes
  where path like 'configuration.attached%Policies[%' and after is not null
    and configurationitemcapturetime between $from and $to
  union all
  select
    i.evidence_object, i.evidence_record, i.resourcetype,
    json_as_text(unnest(json_get_array(coalesce(
      json_get_json(i.configuration, 'attachedManagedPolicies'), json_get_json(i.configuration, 'attachedPolicies'), '[]'
    ))), 'policyArn') as policy,
    'broad AWS policy since before the evidence' as why
  from config_states s
  join lake.config_items i
    on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
  where s.changes is null and s.resourcetype in ('AWS::IAM::User', 'AWS::IAM::Role', 'AWS::IAM::Group')
    and s.valid_from between $from and $to
), found as (
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, eventname as action, why, given_to,
    policy, is_default, case when statement <> '{}' then statement end as statement, useridentity.arn as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, useragent as user_agent, error_class, cast(null as text) as class
  from judged
  where why is not null
  union all
  select
    s.evidence_object, s.evidence_record, s.valid_from as event_time, 'config_items' as source, s.awsaccountid as account,
    s.configurationitemstatus as action, attached.why, coalesce(s.resourcename, s.resourceid) as given_to, attached.policy,
    cast(null as text) as is_default, cast(null as text) as statement, a.actor,
    c.useridentity_accesskeyid as access_key, a.sourceipaddress as ip, a.useragent as user_agent,
    cast(null as text) as error_class, a.class
  from attached
  join config_states s
    on s.evidence_object = attached.evidence_object and s.evidence_record = attached.evidence_record
    and s.resourcetype = attached.resourcetype
  left join config_attribution a
    on a.evidence_object = s.evidence_object and a.evidence_record = s.evidence_record
    and a.resourcetype = s.resourcetype and a.configurationitemcapturetime = s.valid_from
  left join lake.cloudtrail c
    on c.evidence_object = a.event_object and c.evidence_record = a.event_record
  where attached.policy ~ ':aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess|AdministratorAccess-.*|AWSOrganizationsFullAccess|job-function/SystemAdministrator)$'
)
select
  evidence_object, evidence_record, event_time, source, account, action, why, given_to, policy, is_default, statement,
  class, actor, access_key, ip, user_agent, error_class
from found
order by event_time, source, evidence_object, evidence_record, policy nulls first, statement nulls first
