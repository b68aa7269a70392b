-- title: Boundaries taken away, groups joined
-- question: Whose permissions boundary was removed or changed, and who was put into which group?
-- sources: cloudtrail
-- attack: T1098.003, T1098.007
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: What a group or a boundary allows does not stand in the call; Config and privilege_escalation/admin_policies say.
-- trap: Without a boundary a user or role may do whatever its policies allow; the policies themselves need not change.
-- trap: for_self is true where the caller is the user in question, which is the classical way up.
-- trap: Deny policies that are detached or deleted widen rights as well; they are listed as policy taken away, whatever they said.
-- trap: Failed attempts are listed as well; see error_class.
-- next: privilege_escalation/admin_policies
-- next: privilege_escalation/policies_at
-- next: triage/key_activity
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'userName'), json_as_text(requestparameters, 'roleName'), json_as_text(requestparameters, 'permissionSetArn')) as for_whom
  from cloudtrail
  where eventsource in ('iam.amazonaws.com', 'sso.amazonaws.com')
    and eventname in (
      'DeleteRolePermissionsBoundary', 'DeleteUserPermissionsBoundary', 'PutRolePermissionsBoundary', 'PutUserPermissionsBoundary',
      'DeletePermissionsBoundaryFromPermissionSet', 'PutPermissionsBoundaryToPermissionSet', 'AddUserToGroup', 'RemoveUserFromGroup',
      'DetachUserPolicy', 'DetachRolePolicy', 'DetachGroupPolicy', 'DeleteUserPolicy', 'DeleteRolePolicy', 'DeleteGroupPolicy',
      'AddRoleToInstanceProfile'
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  case
    when eventname ~ '^Delete.*Boundary' then 'boundary removed'
    when eventname ~ '^Put.*Boundary' then 'boundary set'
    when eventname = 'AddUserToGroup' then 'put into group'
    when eventname = 'RemoveUserFromGroup' then 'taken out of group'
    when eventname = 'AddRoleToInstanceProfile' then 'role given to instance profile'
    else 'policy taken away'
  end as kind,
  eventname as action,
  coalesce(for_whom, json_as_text(requestparameters, 'groupName')) as for_whom,
  coalesce(
    json_as_text(requestparameters, 'permissionsBoundary'), json_as_text(requestparameters, 'policyArn'), json_as_text(requestparameters, 'policyName'),
    json_as_text(requestparameters, 'groupName'), json_as_text(requestparameters, 'instanceProfileName')
  ) as what,
  coalesce(for_whom = useridentity.username or for_whom = useridentity.sessioncontext.sessionissuer.username, false) as for_self,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
order by event_time, evidence_object, evidence_record
