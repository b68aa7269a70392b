-- title: Sign-ins and tokens of Identity Center
-- question: Which people signed in through Identity Center, from where, which roles did they open, and were devices authorised by code?
-- sources: cloudtrail
-- attack: T1078.004, T1528, T1550.001
-- parameter: user text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: part of the user's name or id; null means everybody
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Recorded in the management or delegated account, in the home region of Identity Center, and nowhere else.
-- trap: A device grant (StartDeviceAuthorization, then CreateToken with device_code) is how a stranger's program gets a token that a person approves: phishing uses it, and so does every aws sso login.
-- trap: CreateToken and GetRoleCredentials name the person only by id (onBehalfOf); Authenticate and UserAuthentication have the name.
-- trap: MFA and wrong passwords of an outside identity provider stand in that provider's log.
-- trap: One line for each person, kind of event, address and outcome; those that were new after the quiet_days first.
-- next: persistence/identity_center_changes
-- next: initial_access/federated_roles
-- next: triage/principal_sessions
with calls as (
  select
    *,
    coalesce(useridentity.onbehalfof.userid, json_as_text(additionaleventdata, 'UserId'), useridentity.principalid) as user_id,
    coalesce(useridentity.username, json_as_text(additionaleventdata, 'UserName'), useridentity.arn) as user_name,
    json_as_text(requestparameters, 'grantType') as grant_type,
    coalesce(json_as_text(requestparameters, 'role_name'), json_as_text(serviceeventdetails, 'role_name')) as role_name,
    coalesce(json_as_text(requestparameters, 'account_id'), json_as_text(serviceeventdetails, 'account_id')) as into_account,
    coalesce(json_as_text(serviceeventdetails, 'CredentialVerification'), json_as_text(serviceeventdetails, 'UserAuthentication'),
      json_as_text(serviceeventdetails, 'CredentialChallenge'), json_as_text(serviceeventdetails, 'Federate')) as outcome,
    coalesce(json_as_text(additionaleventdata, 'CredentialType'), json_as_text(serviceeventdetails, 'CredentialType')) as credential_type
  from cloudtrail
  where eventsource in ('sso.amazonaws.com', 'signin.amazonaws.com', 'sso-oauth.amazonaws.com', 'sso-directory.amazonaws.com')
    and eventname in (
      'Authenticate', 'UserAuthentication', 'CredentialChallenge', 'CredentialVerification', 'Federate', 'CreateToken', 'CreateTokenWithIAM',
      'StartDeviceAuthorization', 'RegisterClient', 'GetRoleCredentials', 'ListProfilesForApplication', 'Logout'
    )
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), folded as (
  select
    account, region, user_id, user_name, eventname as action, grant_type, credential_type, outcome, error_class, sourceipaddress as ip,
    count(*) filter (where event_time between $from and $to) as events,
    array_to_string(array_sort(array_agg(distinct role_name)), ', ') as roles,
    array_to_string(array_sort(array_agg(distinct into_account)), ', ') as into_accounts,
    count(distinct useragent) as user_agents,
    min(useragent) as a_user_agent,
    min(event_time) as first_ever,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where $user is null or strpos(user_name, $user) > 0 or strpos(user_id, $user) > 0
  group by account, region, user_id, user_name, eventname, grant_type, credential_type, outcome, error_class, sourceipaddress
)
select
  folded.first_ever >= begun.quiet_until as is_new,
  user_name, user_id, action, grant_type = 'urn:ietf:params:oauth:grant-type:device_code' as by_device_code, grant_type, credential_type, outcome, error_class,
  ip, events, nullif(roles, '') as roles, nullif(into_accounts, '') as into_accounts, user_agents, a_user_agent, account, region, first_ever, last_time,
  evidence_object, evidence_record
from folded
cross join begun
where events > 0
order by is_new desc, first_ever, user_name nulls first, user_id nulls first, action, ip nulls first, grant_type nulls first, credential_type nulls first,
  outcome nulls first, error_class, account nulls first, region nulls first
