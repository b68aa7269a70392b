-- title: Changes of the organisation
-- question: Which accounts were invited, made, moved, removed or closed, which guardrails taken away, which administrators delegated, and what was shared outside?
-- sources: cloudtrail
-- attack: T1098, T1136.003, T1562.001, T1537
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Organizations is recorded in the management account only, in us-east-1; without that account's logs the answer is "cannot say".
-- trap: LeaveOrganization is recorded in the account that leaves; all guardrails and the organisation's trail end there.
-- trap: A share of Resource Access Manager with allowExternalPrincipals can go to any account.
-- trap: Failed attempts are listed as well; see error_class.
-- next: defense_evasion/guardrails_and_keys
-- next: initial_access/outside_accounts
-- next: triage/principal_sessions
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  eventsource as service,
  eventname as action,
  case
    when eventname ~ '(LeaveOrganization|RemoveAccount|CloseAccount|DeleteOrganization)' then 'account taken out'
    when eventname ~ '(CreateAccount|CreateGovCloudAccount|InviteAccount|AcceptHandshake|MoveAccount|CreateOrganization)' then 'account taken in or moved'
    when eventname ~ '(DetachPolicy|DeletePolicy|DisablePolicyType|DisableAWSServiceAccess|DeregisterDelegated)' then 'guardrail or service taken away'
    when eventname ~ '(RegisterDelegatedAdministrator|EnableAWSServiceAccess|PutResourcePolicy)' then 'administration handed on'
    when eventsource = 'ram.amazonaws.com' then 'shared'
    when eventname ~ '(Contact|Email|Region)' then 'contact or region'
    else 'other'
  end as kind,
  coalesce(
    json_as_text(requestparameters, 'accountId'), json_as_text(requestparameters, 'target', 'id'), json_as_text(requestparameters, 'targetId'),
    json_as_text(responseelements, 'createAccountStatus', 'accountId'), json_as_text(requestparameters, 'accountName'),
    json_get_json(requestparameters, 'principals'), json_as_text(requestparameters, 'handshakeId'), json_as_text(requestparameters, 'RegionName')
  ) as for_whom,
  coalesce(
    json_as_text(requestparameters, 'policyId'), json_as_text(requestparameters, 'servicePrincipal'), json_get_json(requestparameters, 'resourceArns'),
    json_as_text(requestparameters, 'resourceShareArn'), json_as_text(requestparameters, 'policyType'), json_as_text(requestparameters, 'alternateContactType')
  ) as what,
  json_as_text(requestparameters, 'allowExternalPrincipals') as external_allowed,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from cloudtrail
where event_time between $from and $to
  and coalesce(is_write, true)
  and (
    eventsource = 'organizations.amazonaws.com'
    or (eventsource = 'account.amazonaws.com' and eventname !~ '^(Get|List)')
    or (eventsource = 'ram.amazonaws.com' and eventname in (
      'CreateResourceShare', 'UpdateResourceShare', 'AssociateResourceShare', 'EnableSharingWithAwsOrganization', 'AcceptResourceShareInvitation'))
    or (eventsource = 'controltower.amazonaws.com' and eventname in ('DisableControl', 'DeregisterOrganizationalUnit', 'DeleteLandingZone', 'UnmanageOrganizationalUnit'))
  )
order by event_time, evidence_object, evidence_record
