-- title: Activity of the root user
-- question: Did anybody act as root, ask for a root password, or get a root session from the management account?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Events that a service made in root's name (invokedBy, AwsServiceEvent) are not a person and are left out.
-- trap: AssumeRoot is recorded as the act of the caller in the management account, while what the session then does is of type Root in the member account.
-- trap: The access key column tells a root access key (AKIA…) from a console session (ASIA… or empty).
-- next: triage/ip_activity
-- next: initial_access/console_logins_without_mfa
-- next: triage/successful_writes
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  case
    when eventname = 'AssumeRoot' then 'root session asked for'
    when eventname in ('PasswordRecoveryRequested', 'PasswordRecoveryCompleted') then 'root password recovery'
    when eventname = 'ConsoleLogin' then 'console sign-in'
    when starts_with(useridentity.accesskeyid, 'AKIA') then 'root access key'
    else 'root session'
  end as kind,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  eventsource as service,
  eventname as action,
  error_class,
  coalesce(errormessage, json_as_text(responseelements, 'ConsoleLogin')) as result,
  is_write,
  requestparameters as request
from cloudtrail
where event_time between $from and $to
  and (
    (
      useridentity.type = 'Root'
      and useridentity.invokedby is null
      and eventtype is distinct from 'AwsServiceEvent'
    )
    or eventname in ('AssumeRoot', 'PasswordRecoveryRequested', 'PasswordRecoveryCompleted')
  )
order by event_time, evidence_object, evidence_record
