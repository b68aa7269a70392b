-- title: Reports about all identities
-- question: Who pulled the credential report, the authorization details, lists of users, keys and MFA devices, or the password policy, and had they done so before?
-- sources: cloudtrail
-- attack: T1087.004, T1069.003, T1201
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: GetAccountAuthorizationDetails gives every user, role, group and policy in one call: whoever has it needs no other list.
-- trap: The console's IAM pages and auditing tools call these by habit; is_new tells who did not before.
-- trap: One line for each principal, action, address and outcome; those first that were new after the quiet_days, and of these the farthest-reaching.
-- trap: First means first in the collected logs.
-- next: discovery/enumeration_bursts
-- next: triage/user_agents
-- next: triage/principal_sessions
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as reader,
    case
      when eventname in ('GetAccountAuthorizationDetails', 'GenerateCredentialReport', 'GetCredentialReport', 'GenerateOrganizationsAccessReport')
        then 'everything at once'
      when eventname in ('GetAccountPasswordPolicy', 'ListVirtualMFADevices', 'ListMFADevices', 'GetLoginProfile', 'GetAccessKeyLastUsed') then 'how they log in'
      when eventname in ('SimulatePrincipalPolicy', 'SimulateCustomPolicy', 'GenerateServiceLastAccessedDetails', 'GetServiceLastAccessedDetails') then 'what they may do'
      else 'lists of identities'
    end as kind
  from cloudtrail
  where eventsource in ('iam.amazonaws.com', 'access-analyzer.amazonaws.com')
    and eventname in (
      'GetAccountAuthorizationDetails', 'GenerateCredentialReport', 'GetCredentialReport', 'GenerateOrganizationsAccessReport', 'GetAccountPasswordPolicy',
      'ListVirtualMFADevices', 'ListMFADevices', 'GetLoginProfile', 'GetAccessKeyLastUsed', 'SimulatePrincipalPolicy', 'SimulateCustomPolicy',
      'GenerateServiceLastAccessedDetails', 'GetServiceLastAccessedDetails', 'ListUsers', 'ListRoles', 'ListGroups', 'ListPolicies', 'ListAccessKeys',
      'ListSSHPublicKeys', 'ListServiceSpecificCredentials', 'ListSigningCertificates', 'GetAccountSummary', 'ListSAMLProviders', 'ListOpenIDConnectProviders'
    )
    and useridentity.invokedby is null
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), folded as (
  select
    kind, account, reader, eventname as action, sourceipaddress as ip, error_class,
    count(*) filter (where event_time between $from and $to) as reads,
    min(useragent) as a_user_agent,
    min(event_time) as first_ever,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  group by kind, account, reader, eventname, sourceipaddress, error_class
)
select
  folded.first_ever >= begun.quiet_until as is_new, kind, action, reader, ip, error_class, reads, a_user_agent, account, first_ever, last_time,
  evidence_object, evidence_record
from folded
cross join begun
where reads > 0
order by is_new desc, kind = 'everything at once' desc, first_ever desc, action, reader nulls first, ip nulls first, account nulls first, error_class
