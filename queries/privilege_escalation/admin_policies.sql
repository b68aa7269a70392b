-- title: Administrator rights granted
-- question: Who was given an administrator or wildcard policy, and by whom?
-- sources: cloudtrail
-- attack: T1098.003, T1078.004
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about since: the first instant to look at
-- about until: the last instant to look at
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
      'PutInlinePolicyToPermissionSet'
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
        then 'broad AWS policy'
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
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  eventname as action,
  why,
  given_to,
  policy,
  is_default,
  case when statement <> '{}' then statement end as statement,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from judged
where why is not null
order by event_time, evidence_object, evidence_record, statement nulls first
