-- title: Console sign-ins
-- question: Who signed in to the console, or switched role there, from where, with or without MFA, and is the place new for the user?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: user text = null
-- parameter: each boolean = false
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: part of the user's name, ARN or unique id; null means everybody
-- about each: true gives one line for each sign-in; with a user this is always so
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without each, sign-ins of one user from one address with one outcome are one line; those that were first seen after the quiet_days stand first.
-- trap: The result is in responseElements and not in errorCode.
-- trap: MFAUsed is always No for federated users and Identity Center, whose MFA happens elsewhere.
-- trap: A session opened by a sign-in token (GetSigninToken, a URL made out of a key) has a ConsoleLogin too, by an assumed role or a federated user; via says so.
-- trap: The country of an address is in no log here.
-- trap: A sign-in is recorded in the region of its endpoint, so every region has to be collected.
-- next: initial_access/console_login_failures
-- next: initial_access/console_logins_without_mfa
-- next: triage/principal_sessions
with logins as (
  select
    *,
    coalesce(useridentity.username, case when useridentity.type = 'Root' then 'root' end, useridentity.sessioncontext.sessionissuer.arn, useridentity.arn,
      useridentity.principalid) as user_name,
    coalesce(json_as_text(responseelements, 'ConsoleLogin'), json_as_text(responseelements, 'SwitchRole'), json_as_text(responseelements, 'ExitRole'),
      case when error_class = 'success' then 'Success' else 'Failure' end) as result,
    json_as_text(additionaleventdata, 'MFAUsed') as mfa_used,
    case
      when eventname <> 'ConsoleLogin' then eventname
      when useridentity.type in ('IAMUser', 'Root') then 'password'
      when json_as_text(additionaleventdata, 'SamlProviderArn') is not null then 'SAML'
      when useridentity.arn like '%/AWSReservedSSO_%' then 'Identity Center'
      else 'token or federation'
    end as via
  from cloudtrail
  where eventname in ('ConsoleLogin', 'SwitchRole', 'CheckMfa')
    and eventsource = 'signin.amazonaws.com'
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), placed as (
  select *, min(event_time) over (partition by account, user_name, sourceipaddress) as first_here
  from logins
)
select
  user_name,
  useridentity.type as actor_type,
  account,
  via,
  result,
  mfa_used,
  sourceipaddress as ip,
  min(first_here) >= min(begun.quiet_until) as is_new,
  count(*) as sign_ins,
  min(event_time) as first_time,
  max(event_time) as last_time,
  array_to_string(array_sort(array_agg(distinct region)), ', ') as regions,
  nullif(array_to_string(array_sort(array_agg(distinct json_as_text(additionaleventdata, 'SwitchFrom'))), ', '), '') as switched_from,
  count(distinct useragent) as user_agents,
  min(useragent) as a_user_agent,
  min(errormessage) as message,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from placed
cross join begun
where event_time between $from and $to
  and ($user is null or strpos(user_name, $user) > 0 or strpos(useridentity.arn, $user) > 0 or strpos(useridentity.principalid, $user) > 0)
group by user_name, useridentity.type, account, via, result, mfa_used, sourceipaddress,
  case when $each or $user is not null then concat(evidence_object, ' ', cast(evidence_record as text)) else '' end
order by is_new desc, first_time, user_name nulls first, account nulls first, ip nulls first, via, result, mfa_used nulls first, actor_type nulls first,
  evidence_object, evidence_record
