-- title: Changes in Identity Center
-- question: Which users, groups, permission sets and assignments of Identity Center were made or changed, and was its identity source or MFA switched?
-- sources: cloudtrail
-- attack: T1136.003, T1098.003, T1556.006, T1484.002
-- parameter: only_rights boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_rights: true leaves out all but assignments, permission sets and memberships
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Identity Center is recorded in the management or delegated account, in its home region, and nowhere else.
-- trap: CreateAccountAssignment runs later and may fail then; ProvisionPermissionSet is what makes the roles in the accounts.
-- trap: Users that a directory or provider synchronises (SCIM) are made by that provider's token, without a person.
-- trap: Names are mostly hidden; principal and user ids have to be looked up in the identity store.
-- trap: Failed attempts are listed as well; see error_class.
-- next: initial_access/identity_center_signins
-- next: privilege_escalation/admin_policies
-- next: persistence/identity_providers
with calls as (
  select
    *,
    case
      when eventname ~ '(AccountAssignment|PermissionSet|PolicyToPermissionSet|PermissionsBoundary)' then 'rights'
      when eventname ~ '(GroupMembership|AddMemberToGroup|RemoveMemberFromGroup)' then 'rights'
      when eventname ~ '(ExternalIdP|IdentitySource|Directory|TrustedTokenIssuer|SAML)' then 'identity source'
      when eventname ~* '(mfa|password)' then 'mfa or password'
      when eventname ~* '(bearertoken|provisioningtenant|scim)' then 'synchronisation'
      when eventname ~ '(User|Group)' then 'users and groups'
      else 'other'
    end as kind
  from cloudtrail
  where eventsource in ('sso.amazonaws.com', 'identitystore.amazonaws.com', 'sso-directory.amazonaws.com', 'identity-sync.amazonaws.com')
    and coalesce(is_write, true)
    and eventname !~ '^(List|Describe|Get|Search|Authenticate|Federate|CreateToken|StartDeviceAuthorization|RegisterClient|Logout)'
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  kind,
  eventname as action,
  coalesce(json_as_text(requestparameters, 'principalId'), json_as_text(requestparameters, 'userId'), json_as_text(requestparameters, 'memberId', 'userId'),
    json_as_text(requestparameters, 'userName'), json_as_text(responseelements, 'userId')) as for_whom,
  json_as_text(requestparameters, 'principalType') as principal_type,
  coalesce(json_as_text(requestparameters, 'permissionSetArn'), json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'groupId')) as what,
  json_as_text(requestparameters, 'targetId') as target_account,
  coalesce(json_as_text(requestparameters, 'managedPolicyArn'), json_as_text(requestparameters, 'inlinePolicy')) as policy,
  useridentity.arn as actor,
  useridentity.onbehalfof.userid as on_behalf_of,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where $only_rights = false or kind = 'rights'
order by event_time, evidence_object, evidence_record
