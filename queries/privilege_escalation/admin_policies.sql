-- title: Administrator rights granted
-- question: Who was given an administrator or wildcard policy, and by whom?
-- sources: cloudtrail, config_items
-- attack: T1098.003, T1078.004
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: A row of Config is a policy that the item before did not have, seen with delay and without the one who did it; where no call stands before it, the call is missing from the evidence (config/changes_without_call).
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
    and event_time between $since and $until
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
), items as (
  select
    *,
    coalesce(
      json_get_json(configuration, 'attachedManagedPolicies'), json_get_json(configuration, 'attachedPolicies')
    ) as attached,
    row_number() over (
      partition by account, resourcetype, resourceid, event_time, configurationstateid
      order by case when item_source = 'history' then 0 else 1 end, evidence_object, evidence_record
    ) as copy
  from config_items
  where resourcetype in ('AWS::IAM::User', 'AWS::IAM::Role', 'AWS::IAM::Group')
    and configuration is not null
), states as (
  select
    *,
    lag(attached) over (
      partition by account, resourcetype, resourceid
      order by event_time, try_cast(configurationstateid as bigint), configurationstateid, evidence_object, evidence_record
    ) as attached_before
  from items
  where copy = 1
), attachments as (
  select *, json_as_text(unnest(json_get_array(coalesce(attached, '[]'))), 'policyArn') as policy
  from states
  where event_time between $since and $until
), found as (
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, eventname as action, why, given_to,
    policy, is_default, case when statement <> '{}' then statement end as statement, useridentity.arn as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, useragent as user_agent, error_class
  from judged
  where why is not null
  union all
  select
    evidence_object, evidence_record, event_time, 'config_items' as source, account, configurationitemstatus as action,
    case when attached_before is null then 'broad AWS policy since before the evidence' else 'broad AWS policy' end as why,
    coalesce(resourcename, resourceid) as given_to, policy, cast(null as text) as is_default,
    cast(null as text) as statement, cast(null as text) as actor, cast(null as text) as access_key,
    cast(null as text) as ip, cast(null as text) as user_agent, error_class
  from attachments
  where policy ~ ':aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess|AdministratorAccess-.*|AWSOrganizationsFullAccess|job-function/SystemAdministrator)$'
    and (attached_before is null or strpos(attached_before, concat('"', policy, '"')) = 0)
)
select
  evidence_object, evidence_record, event_time, source, account, action, why, given_to, policy, is_default, statement,
  actor, access_key, ip, user_agent, error_class
from found
order by event_time, source, evidence_object, evidence_record, policy nulls first, statement nulls first
