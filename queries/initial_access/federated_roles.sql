-- title: Roles taken by federation
-- question: Which outside identities took which roles by SAML or OpenID Connect, and from where?
-- sources: cloudtrail
-- attack: T1199, T1550.001, T1606.002
-- parameter: role text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about role: part of the ARN of the role; null means every role
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Subject and audience come from the token; how far they can be trusted depends on the identity provider and on the conditions in the trust policy (a wildcard in `sub` lets many in).
-- trap: Identity Center takes its AWSReservedSSO roles by AssumeRoleWithSAML too, with the user as session name.
-- next: persistence/trust_policy_changes
-- next: privilege_escalation/assume_role_edges
-- next: triage/key_activity
with logins as (
  select
    *,
    json_as_text(requestparameters, 'roleArn') as role_arn,
    coalesce(
      json_as_text(responseelements, 'subject'), json_as_text(responseelements, 'subjectFromWebIdentityToken'),
      useridentity.username
    ) as subject,
    coalesce(json_as_text(responseelements, 'issuer'), json_as_text(responseelements, 'provider')) as issuer,
    json_as_text(responseelements, 'audience') as audience,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key,
    json_as_text(requestparameters, 'roleSessionName') as asked_session_name,
    json_as_text(responseelements, 'assumedRoleUser', 'arn') as session_arn
  from cloudtrail
  where eventname in ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventname as action,
  role_arn,
  subject,
  issuer,
  audience,
  coalesce(asked_session_name, split_part(session_arn, '/', 3)) as session_name,
  new_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  errorcode as error
from logins
where $role is null or strpos(role_arn, $role) > 0
order by event_time, evidence_object, evidence_record
