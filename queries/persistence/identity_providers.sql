-- title: Identity providers
-- question: Which SAML or OpenID Connect providers were made, changed or removed, by whom, and were roles taken through them since?
-- sources: cloudtrail
-- attack: T1484.002, T1606.002, T1556.007
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A provider gives nobody anything until a role trusts it; see persistence/trust_policy_changes.
-- trap: New metadata, thumbprints or client ids let other tokens in without a new provider.
-- trap: taken_since counts roles taken by SAML or web identity in that account after the call, by any provider: the log of a sign-in does not always name it.
-- trap: Cognito identity pools hand out roles as well; who may is said by their settings.
-- trap: Failed attempts are listed as well; see error_class.
-- next: initial_access/federated_roles
-- next: persistence/trust_policy_changes
-- next: persistence/identity_center_changes
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'sAMLProviderArn'), json_as_text(requestparameters, 'samlProviderArn'), json_as_text(responseelements, 'sAMLProviderArn'),
      json_as_text(requestparameters, 'openIDConnectProviderArn'), json_as_text(responseelements, 'openIDConnectProviderArn'),
      json_as_text(requestparameters, 'url'), json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'identityPoolId')
    ) as provider,
    coalesce(json_get_json(requestparameters, 'thumbprintList'), json_get_json(requestparameters, 'clientIDList'), json_get_json(requestparameters, 'clientID'),
      json_get_json(requestparameters, 'roles')) as details
  from cloudtrail
  where (
      (eventsource = 'iam.amazonaws.com' and eventname in (
        'CreateSAMLProvider', 'UpdateSAMLProvider', 'DeleteSAMLProvider', 'CreateOpenIDConnectProvider', 'UpdateOpenIDConnectProviderThumbprint',
        'AddClientIDToOpenIDConnectProvider', 'RemoveClientIDFromOpenIDConnectProvider', 'DeleteOpenIDConnectProvider'))
      or (eventsource = 'cognito-identity.amazonaws.com' and eventname in ('CreateIdentityPool', 'UpdateIdentityPool', 'SetIdentityPoolRoles'))
      or (eventsource = 'cognito-idp.amazonaws.com' and eventname in ('CreateIdentityProvider', 'UpdateIdentityProvider'))
    )
    and event_time between $from and $to
), taken as (
  select account, event_time
  from cloudtrail
  where eventname in ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
    and error_class = 'success'
), counted as (
  select calls.evidence_object, calls.evidence_record, count(*) as taken_since
  from calls
  join taken on taken.account = calls.account and taken.event_time >= calls.event_time
  group by calls.evidence_object, calls.evidence_record
)
select
  calls.evidence_object,
  calls.evidence_record,
  calls.event_time,
  calls.account,
  calls.eventname as action,
  calls.provider,
  calls.details,
  coalesce(counted.taken_since, 0) as taken_since,
  calls.useridentity.arn as actor,
  calls.useridentity.accesskeyid as access_key,
  calls.sourceipaddress as ip,
  calls.useragent as user_agent,
  calls.error_class
from calls
left join counted on counted.evidence_object = calls.evidence_object and counted.evidence_record = calls.evidence_record
order by calls.event_time, calls.evidence_object, calls.evidence_record
