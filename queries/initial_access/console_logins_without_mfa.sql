-- title: Console sign-ins without MFA
-- question: Which IAM users or root users tried to sign in to the console without MFA, from where, and did it work?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: only_success boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_success: true leaves failed attempts out
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The result is in responseElements and not in errorCode.
-- trap: MFAUsed is always No for federated users and for Identity Center, whose MFA happens elsewhere; only IAM users and root are listed.
-- trap: A failed sign-in can say MFAUsed No only because it never came to the second factor.
-- trap: The user name of a failed sign-in may read HIDDEN_DUE_TO_SECURITY_REASONS, for instance when somebody typed a password there.
-- trap: A sign-in is recorded in the region of its endpoint, so every region has to be collected.
-- next: triage/ip_activity
-- next: triage/principal_sessions
-- next: initial_access/root_activity
with logins as (
  select
    *,
    json_as_text(responseelements, 'ConsoleLogin') as result,
    json_as_text(additionaleventdata, 'MFAUsed') as mfa_used,
    json_as_text(additionaleventdata, 'LoginTo') as login_to,
    json_as_text(additionaleventdata, 'MobileVersion') as mobile
  from cloudtrail
  where eventname = 'ConsoleLogin'
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  useridentity.type as actor_type,
  coalesce(useridentity.username, case when useridentity.type = 'Root' then 'root' end) as user_name,
  useridentity.arn as actor,
  result,
  mfa_used,
  sourceipaddress as ip,
  useragent as user_agent,
  errormessage as message,
  login_to,
  mobile
from logins
where useridentity.type in ('IAMUser', 'Root')
  and (mfa_used is distinct from 'Yes')
  and ($only_success = false or result = 'Success')
order by event_time, evidence_object, evidence_record
