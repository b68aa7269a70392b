-- title: Roles handed to services
-- question: Who handed which role to which service or machine?
-- sources: cloudtrail
-- attack: T1548, T1098.003
-- parameter: role text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about role: part of the ARN or name of the role; null means every role
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: There is no event PassRole; the role stands in the parameters of the call that used it, which differ from service to service. The commonest places are read, others are missed.
-- trap: An instance profile usually has the name of its role, but need not; Config knows which role it holds.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- next: privilege_escalation/admin_policies
-- next: config/resource_history
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'iamInstanceProfile', 'arn'),
      json_as_text(requestparameters, 'iamInstanceProfile', 'name'),
      json_as_text(requestparameters, 'AssociateIamInstanceProfileRequest', 'IamInstanceProfile', 'Name'),
      json_as_text(requestparameters, 'ReplaceIamInstanceProfileAssociationRequest', 'IamInstanceProfile', 'Name'),
      json_as_text(requestparameters, 'role'),
      json_as_text(requestparameters, 'roleARN'),
      json_as_text(requestparameters, 'roleArn'),
      json_as_text(requestparameters, 'RoleArn'),
      json_as_text(requestparameters, 'serviceRole'),
      json_as_text(requestparameters, 'serviceRoleArn'),
      json_as_text(requestparameters, 'executionRoleArn'),
      json_as_text(requestparameters, 'taskRoleArn'),
      json_as_text(requestparameters, 'jobRoleArn')
    ) as passed
  from cloudtrail
  where coalesce(is_write, true)
    and eventsource not in ('sts.amazonaws.com', 'iam.amazonaws.com')
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  passed as role,
  resources,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where passed is not null
  and ($role is null or strpos(passed, $role) > 0)
order by event_time, evidence_object, evidence_record
